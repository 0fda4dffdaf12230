"""The envelope of a node's word in a question: record, key, signature. Owns nothing of what the records say.

Source: ``docs/protocol.md`` §18.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from protocol import canon, keys, shape
from protocol.errors import Misdirected
from protocol.keys import Purpose, SigningKey
from protocol.limits import MAX_STATS_MESSAGE_BYTES

TAG: Final = "yui/stats-signed/1"


class Signed(NamedTuple):
    """A record and who signed it; not verified before :func:`verify`."""

    record: bytes
    public: bytes
    signature: bytes


def sign(key: SigningKey, tag: str, fields: Sequence[Any]) -> bytes:
    """The bytes that travel of the record ``[tag, *fields]``."""
    record = canon.encode((tag, *fields))
    return canon.encode((TAG, record, key.public, key.sign(Purpose.STATISTICS, canon.digest(record))))


def parse(data: bytes, max_bytes: int = MAX_STATS_MESSAGE_BYTES) -> Signed:
    """The envelope; the signature is looked at by :func:`verify`, since of 2,000 a node needs 64."""
    raw = shape.record(canon.decode(data, max_bytes=max_bytes), TAG, 4)
    return Signed(
        shape.binary(raw[1], "record", max_bytes),
        shape.fixed(raw[2], "key", 32),
        shape.fixed(raw[3], "signature", keys.SIGNATURE_BYTES),
    )


def verify(found: Signed, public: bytes) -> bytes:
    """The record, if ``public`` signed it. Raises Misdirected if somebody else did, BadSignature if nobody."""
    if found.public != public:
        raise Misdirected("signed by another node than the one that has to")
    keys.verify(public, Purpose.STATISTICS, canon.digest(found.record), found.signature)
    return found.record
