"""What is known of attachments in the store: which are complete, and which member may read which. Knows no file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from node.services import intake
from node.services.custody import Custody
from node.services.house import House
from node.store import AttachmentRow, Tx
from protocol.document import attachment
from protocol.document.header import AttachmentRef
from protocol.errors import NotFound
from protocol.process.trade.papers import Paper


def completed(house: House, tx: Tx, root: bytes, size: int, media_type: str) -> frozenset[bytes]:
    """Every byte of an attachment is here: documents that waited for it go on. The peers that have news to fetch."""
    chunks = attachment.chunk_count(size)
    have = bytes([0xFF]) * (chunks // 8) + (bytes([0xFF << (8 - chunks % 8) & 0xFF]) if chunks % 8 else b"")
    tx.attachments.put(AttachmentRow(root, size, media_type, chunks, True, house.clock(), have))
    if not tx.waiting.for_missing([root]):
        return frozenset()
    from node.services import receipting

    custody = Custody(house, tx)
    settled = intake.settle_waiting(house, tx, custody, [root])
    custody.close()
    return frozenset(receipting.tell_later(house, tx, settled))


class File(NamedTuple):
    """A file with a document. ``here``: all of it has arrived."""

    root: bytes
    name: str
    size: int
    here: bool


def files_of(tx: Tx, refs: Sequence[AttachmentRef], paper: Paper | None) -> tuple[File, ...]:
    """The files that a document names, called as its paper calls them."""
    if not refs:
        return ()
    names = {one.attachment: one.description for one in (() if paper is None else paper.references) if one.attachment}
    rows = tx.attachments.get_many(ref.root for ref in refs)
    return tuple(
        File(ref.root, names.get(ref.root.hex(), ""), ref.size, ref.root in rows and bool(rows[ref.root].complete))
        for ref in refs
    )


def owner_key(member: bytes, root: bytes) -> str:
    """Where the store remembers that a member brought an attachment that no document of it names yet."""
    return f"attachment/{root.hex()}/{member.hex()}"


def brought(tx: Tx, member: bytes, root: bytes) -> None:
    """``member`` uploaded it: it may read it and use it."""
    tx.meta.set(owner_key(member, root), b"")


def require_readable(tx: Tx, member: bytes, root: bytes) -> AttachmentRow:
    """The attachment, if ``member`` brought it or holds a document that names it. NotFound for every other."""
    allowed = tx.meta.get(owner_key(member, root)) is not None or tx.attachments.is_named_to(root, member)
    row = tx.attachments.get(root) if allowed else None  # looked for last: somebody else's costs what nothing costs
    if row is None or not row.complete:
        raise NotFound("attachment", "no such attachment")
    return row
