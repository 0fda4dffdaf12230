"""Which attachments this node still needs, from whom, and who may have which from here. Knows no file and no network.

Owns the rules of attachments between nodes. A waiting document's attachment is fetched from the home of its author;
a node that nobody can call pushes instead. A peer reads an attachment only if a document that names it is for that
peer; what one peer may make us keep before it is complete is bounded.
"""

from __future__ import annotations

from typing import NamedTuple

from node.services import members
from node.services.house import House
from node.store import Tx
from protocol.document import header as headers
from protocol.document.header import AttachmentRef
from protocol.errors import NotFound, TooLarge
from protocol.keys import NodeId
from protocol.limits import MAX_WAITING_ATTACHMENT_BYTES_PER_PEER

ATTACHMENT = "attachment"  # the kind of a waiting row
MAX_WANTED = 1_000  # waiting rows looked at in one round


class Wanted(NamedTuple):
    """An attachment that a waiting document names. ``source``: the home of that document's author."""

    ref: AttachmentRef
    source: NodeId


class Offered(NamedTuple):
    """An attachment that ``target`` waits for, as its receipt said."""

    ref: AttachmentRef
    target: NodeId


def wanted(house: House, tx: Tx) -> list[Wanted]:
    """What is missing here, each attachment once, within each source's quota."""
    found: dict[bytes, Wanted] = {}
    used: dict[NodeId, int] = {}
    for row in tx.waiting.by_kind(ATTACHMENT, MAX_WANTED):
        one = None if row.missing in found else _wanted(house, tx, row.document, row.missing)
        if one is None:
            continue
        used[one.source] = used.get(one.source, 0) + one.ref.size
        if used[one.source] <= MAX_WAITING_ATTACHMENT_BYTES_PER_PEER:
            found[row.missing] = one
    return list(found.values())


def _wanted(house: House, tx: Tx, document: bytes, root: bytes) -> Wanted | None:
    row = tx.documents.get(document)
    author = members.find_log(house, tx, row.author) if row is not None else None
    if row is None or author is None or author.standing.epoch is None:
        return None
    ref = _ref(row.header, root)
    return Wanted(ref, NodeId(author.epoch.home)) if ref is not None else None


def _ref(header: bytes, root: bytes) -> AttachmentRef | None:
    return next((ref for ref in headers.parse(header).attachments if ref.root == root), None)


def require_wanted_from(house: House, tx: Tx, node: NodeId, root: bytes) -> Wanted:
    """What a peer may push: an attachment that waits here for it. NotFound otherwise, TooLarge beyond its quota."""
    mine = [one for one in (_wanted(house, tx, row.document, root) for row in tx.waiting.for_missing([root])) if one]
    for one in mine:
        if one.source == node:
            if one not in wanted(house, tx):
                raise TooLarge("attachment: too much of this peer is waiting here already")
            return one
    raise NotFound("attachment", "nothing here waits for it")


def require_readable_by(tx: Tx, node: NodeId, root: bytes) -> int:
    """The size of an attachment that is complete here and that a document for ``node`` names. NotFound otherwise."""
    row = tx.attachments.get(root)
    if row is None or not row.complete or not _is_for(tx, node, root):
        raise NotFound("attachment", "no such attachment")
    return row.size


def _is_for(tx: Tx, node: NodeId, root: bytes) -> bool:
    marks = tx.outgoing.marks(document for _, document in tx.attachments.uses([root]))
    return any(mark.node == node for each in marks.values() for mark in each)


def offered(tx: Tx) -> list[Offered]:
    """Attachments that are complete here and that a node's receipt says it waits for."""
    found: dict[tuple[bytes, bytes], Offered] = {}
    for node, root, document in tx.attachments.awaited(MAX_WANTED):
        known, row = tx.attachments.get(root), tx.documents.get(document)
        ref = _ref(row.header, root) if row is not None else None
        if known is not None and known.complete and ref is not None:
            found[node, root] = Offered(ref, NodeId(node))
    return list(found.values())
