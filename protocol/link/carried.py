"""A carried file: what one node has for another, sealed to that node, on a medium that anybody may find.

Owns the piece: ``["yui/carried/1", network, from, to, file, number, sealed]``. Each piece is sealed alone, so a file
that was cut off is good up to the cut. What is inside is a signed batch, the same bytes as over HTTPS, or a chunk
that its attachment's root proves; nothing is believed because it was sealed. Must not know files.

A file is FILE_MARK, then each piece behind its length (4 bytes, big endian). Source: ``docs/protocol.md`` §8.7.
"""

from __future__ import annotations

from enum import Enum
from typing import Final, NamedTuple

from protocol import canon, sealing, shape
from protocol.errors import Malformed
from protocol.keys import SigningKey
from protocol.limits import MAX_ATTACHMENT_CHUNKS, MAX_INT
from protocol.link import batch
from protocol.link import chunk as chunks

TAG: Final = "yui/carried/1"
FILE_MARK: Final = b"yui carried file 1\n"
FILE_ID_BYTES: Final = 16
MAX_CONTENT_BYTES: Final = max(batch.MAX_BYTES, chunks.MAX_BYTES) + 128
MAX_PIECE_BYTES: Final = MAX_CONTENT_BYTES + 512


class Content(Enum):
    """What a piece brings: a signed batch, one chunk of an attachment that a document in the file names, or the end."""

    BATCH = "batch"
    CHUNK = "chunk"
    END = "end"


class Label(NamedTuple):
    """What is written on a piece: from whom, for whom, which file, and its place there (from 1 on)."""

    network: str
    sender: bytes
    receiver: bytes
    file: bytes
    number: int


class Load(NamedTuple):
    """What is in a piece. ``root`` and ``at`` name a chunk, empty and 0 otherwise; ``wire`` is empty at the end."""

    content: Content
    root: bytes = b""
    at: int = 0
    wire: bytes = b""


def seal(label: Label, load: Load, public: bytes, seed: bytes) -> bytes:
    """The piece for the node with the Ed25519 key ``public``. ``seed``: 32 random bytes, used once."""
    plain = canon.encode((load.content.value, load.root, load.at, load.wire))
    return canon.encode((TAG, *label, sealing.seal(plain, _about(label), public, seed)))


def read_label(piece: bytes) -> Label:
    """What is written on a piece; nothing of it is proved."""
    return _split(piece)[0]


def open_piece(piece: bytes, own: SigningKey) -> tuple[Label, Load]:
    """What is in a piece for the holder of ``own``. Malformed if it was not sealed to that key, or was changed."""
    label, sealed = _split(piece)
    try:
        plain = sealing.unseal(sealed, _about(label), own)
    except Malformed as fault:
        raise Malformed(f"piece {label.number} of the file: {fault}") from None
    return label, _load(plain)


def _about(label: Label) -> bytes:
    return canon.encode((TAG, *label))


def _split(piece: bytes) -> tuple[Label, bytes]:
    raw = shape.record(canon.decode(piece, max_bytes=MAX_PIECE_BYTES), TAG, 7)
    label = Label(
        network=shape.text(raw[1], "network", 8),
        sender=shape.hash32(raw[2], "from"),
        receiver=shape.hash32(raw[3], "to"),
        file=shape.fixed(raw[4], "file", FILE_ID_BYTES),
        number=shape.integer(raw[5], "number", 1, MAX_INT),
    )
    return label, shape.binary(raw[6], "sealed", MAX_PIECE_BYTES)


def _load(plain: bytes) -> Load:
    raw = shape.exactly(canon.decode(plain, max_bytes=MAX_CONTENT_BYTES), "load", 4)
    kinds = {content.value: content for content in Content}
    if raw[0] not in kinds:
        raise Malformed("load: is neither a batch, a chunk nor the end")
    content = kinds[raw[0]]
    root = shape.hash_or_empty(raw[1], "root")
    if bool(root) is not (content is Content.CHUNK):
        raise Malformed("load.root: names the attachment of a chunk, and nothing else")
    at = shape.integer(raw[2], "at", 0, MAX_ATTACHMENT_CHUNKS - 1)
    return Load(content, root, at, shape.binary(raw[3], "wire", MAX_CONTENT_BYTES))
