"""What a member's home signs under an export archive: where the journal stood, and the list of the archive's files.

Owns the record ``["yui/export/1", network, member, epoch, seq, hash, H(list of files)]`` and its signed form. Knows no
file. Source: ``docs/protocol.md`` §16.
"""

from __future__ import annotations

from typing import NamedTuple

from protocol import canon, keys, shape
from protocol.journal import MAX_SEQ, Position
from protocol.keys import Purpose, SigningKey

TAG = "yui/export/1"
SIGNED_TAG = "yui/export-signed/1"
MAX_NETWORK_CHARS = 8


class Export(NamedTuple):
    """``at``: the journal's end when the export began; ``files``: SHA-256 of the list of files."""

    network: str
    at: Position
    files: bytes


def sign(key: SigningKey, export: Export) -> bytes:
    """The signed record, by the key of the epoch that ``export.at`` names."""
    record = canon.encode((TAG, export.network, *export.at, export.files))
    return canon.encode((SIGNED_TAG, record, key.sign(Purpose.EXPORT, canon.digest(record))))


def parse(data: bytes) -> Export:
    """What is claimed; nothing is verified yet."""
    record = _parts(data)[0]
    raw = shape.record(canon.decode(record), TAG, 7)
    at = Position(
        shape.hash32(raw[2], "member"),
        shape.hash32(raw[3], "epoch"),
        shape.integer(raw[4], "seq", 0, MAX_SEQ),
        shape.hash_or_empty(raw[5], "hash"),
    )
    return Export(shape.text(raw[1], "network", MAX_NETWORK_CHARS), at, shape.hash32(raw[6], "files"))


def verify(data: bytes, public: bytes) -> Export:
    """The same, signed by the epoch's key; BadSignature otherwise."""
    record, signature = _parts(data)
    keys.verify(public, Purpose.EXPORT, canon.digest(record), signature)
    return parse(data)


def _parts(data: bytes) -> tuple[bytes, bytes]:
    raw = shape.record(canon.decode(data), SIGNED_TAG, 3)
    return shape.binary(raw[1], "record", 1_024), shape.fixed(raw[2], "signature", 64)
