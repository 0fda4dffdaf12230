"""The envelope of what is said in a round: record, key, signature. Owns nothing of what the records say.

A firm signs by the key of its epoch, an association by its node's key. Source: ``docs/protocol.md`` §19.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from protocol import canon, keys, shape
from protocol.errors import Misdirected
from protocol.keys import Purpose, SigningKey
from protocol.limits import MAX_JOINT_MESSAGE_BYTES

TAG: Final = "yui/joint-signed/1"


class Signed(NamedTuple):
    """A record, who signed it, and the bytes as they came; not verified before :func:`verify`."""

    record: bytes
    public: bytes
    signature: bytes


def sign(key: SigningKey, tag: str, fields: Sequence[Any]) -> bytes:
    """The bytes that travel of the record ``[tag, *fields]``."""
    record = canon.encode((tag, *fields))
    return canon.encode((TAG, record, key.public, key.sign(Purpose.JOINT, canon.digest(record))))


def parse(data: bytes, max_bytes: int = MAX_JOINT_MESSAGE_BYTES) -> Signed:
    """The envelope."""
    raw = shape.record(canon.decode(data, max_bytes=max_bytes), TAG, 4)
    return Signed(
        shape.binary(raw[1], "record", max_bytes),
        shape.fixed(raw[2], "key", 32),
        shape.fixed(raw[3], "signature", keys.SIGNATURE_BYTES),
    )


def verify(found: Signed, public: bytes) -> bytes:
    """The record, if ``public`` signed it. Raises Misdirected if somebody else did, BadSignature if nobody."""
    if found.public != public:
        raise Misdirected("signed by another key than the one that has to")
    keys.verify(public, Purpose.JOINT, canon.digest(found.record), found.signature)
    return found.record
