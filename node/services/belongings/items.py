"""The items of a member's belongings and how they are packed. Owns their names and shapes; reads no store.

What proves itself (documents, histories, heads) stands here in its own bytes; the rest is the home's word to itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import Enum
from typing import Any, NamedTuple

from protocol import canon, shape
from protocol.document import envelope
from protocol.document.envelope import Document
from protocol.errors import Malformed
from protocol.journal import MAX_SEQ
from protocol.limits import MAX_FRAME_PLAIN_BYTES, MAX_INT

MAX_PIECE_BYTES = 200 * 1024
_MAX_KIND_CHARS = 16


class What(Enum):
    """Kinds of items. Readers leave out others and say so."""

    MEMBER = "member"  # its name here
    HISTORY = "history"  # a control log: its own, a partner's
    DOCUMENT = "document"  # an envelope
    HOLDING = "holding"  # what it has to do with a document
    GIVEN = "given"  # the first verdict that was given on a document
    ENTRIES = "entries"  # of its journal
    HEAD = "head"  # the journal's end, signed
    FILE = "file"  # an attachment that is kept in chunks
    STATE = "state"  # a row that cannot be made again from documents
    PIECE = "piece"  # of an item that is too large for one


class Item(NamedTuple):
    """One item; ``payload`` is canonical."""

    kind: str
    payload: bytes


class Held(NamedTuple):
    """A member's relation to a document; fields as in the store's holdings, times µs UTC."""

    document: bytes
    direction: str
    verdict: str
    reason: str
    partner: bytes
    time: int
    read: int


def file_of(item: Item) -> tuple[bytes, int]:
    """Root and size of the attachment that an item names; empty and 0 for items of other kinds."""
    if item.kind != What.FILE.value:
        return b"", 0
    _, root, size, _ = shape.exactly(canon.decode(item.payload), "file", 4)
    return shape.hash32(root, "file.root"), shape.integer(size, "file.size", 0, MAX_INT)


def pack(items: Sequence[Item]) -> bytes:
    """What stands in a frame."""
    return canon.encode(list(items))


def unpack(plain: bytes) -> list[Item]:
    """The items in a frame."""
    found = []
    for raw in shape.array(canon.decode(plain, max_bytes=MAX_FRAME_PLAIN_BYTES), "items", 10_000):
        kind, payload = shape.exactly(raw, "items", 2)
        payload = shape.binary(payload, "items.payload", MAX_FRAME_PLAIN_BYTES)
        found.append(Item(shape.text(kind, "items.kind", _MAX_KIND_CHARS), payload))
    return found


def split(item: Item) -> Iterator[Item]:
    """``item``, in pieces if it is large."""
    if len(item.payload) <= MAX_PIECE_BYTES:
        yield item
        return
    whole = canon.digest(item.payload)
    total = -(-len(item.payload) // MAX_PIECE_BYTES)
    for at in range(total):
        part = item.payload[at * MAX_PIECE_BYTES : (at + 1) * MAX_PIECE_BYTES]
        yield Item(What.PIECE.value, canon.encode((item.kind, whole, at, total, part)))


class Joiner:
    """Puts pieces together again, over as many frames as they came in."""

    def __init__(self) -> None:
        self._parts: dict[bytes, dict[int, bytes]] = {}

    @property
    def is_whole(self) -> bool:
        """No item has come in part."""
        return not self._parts

    def feed(self, items: Sequence[Item]) -> Iterator[Item]:
        """The items, whole ones in place of the last of their pieces. Malformed for pieces that do not fit."""
        for item in items:
            if item.kind != What.PIECE.value:
                yield item
                continue
            raw = shape.exactly(canon.decode(item.payload, max_bytes=2 * MAX_PIECE_BYTES), "piece", 5)
            whole, total = shape.hash32(raw[1], "piece.hash"), shape.integer(raw[3], "piece.total", 1, 10_000)
            parts = self._parts.setdefault(whole, {})
            at = shape.integer(raw[2], "piece.at", 0, total - 1)
            parts[at] = shape.binary(raw[4], "piece.part", MAX_PIECE_BYTES)
            if len(parts) == total:
                payload = b"".join(self._parts.pop(whole)[number] for number in range(total))
                if canon.digest(payload) != whole:
                    raise Malformed("piece: the whole is another than was split")
                yield Item(shape.text(raw[0], "piece.kind", _MAX_KIND_CHARS), payload)


def held(item: Item) -> Held:
    """The holding in an item."""
    raw = shape.exactly(canon.decode(item.payload), "holding", 7)
    return Held(
        shape.hash32(raw[0], "holding.document"),
        shape.text(raw[1], "holding.direction", 16),
        shape.text(raw[2], "holding.verdict", 16),
        shape.text(raw[3], "holding.reason", 300),
        shape.hash32(raw[4], "holding.partner"),
        shape.integer(raw[5], "holding.time", 0, MAX_INT),
        shape.integer(raw[6], "holding.read", 0, MAX_INT),
    )


class Given(NamedTuple):
    """The first verdict on a document, and where the journal entered it."""

    document: bytes
    verdict: str
    epoch: bytes
    seq: int
    reason: str


def given(item: Item) -> Given:
    """The verdict in an item."""
    raw = shape.exactly(canon.decode(item.payload), "given", 5)
    return Given(
        shape.hash32(raw[0], "given.document"),
        shape.text(raw[1], "given.verdict", 16),
        shape.hash_or_empty(raw[2], "given.epoch"),
        shape.integer(raw[3], "given.seq", 0, MAX_SEQ),
        shape.text(raw[4], "given.reason", 300),
    )


def of(kind: What, value: Any) -> Item:
    """An item of ``kind``."""
    return Item(kind.value, canon.encode(value))


def document(found: Document) -> Item:
    """A document as it travels."""
    return Item(What.DOCUMENT.value, envelope.encode(found))
