"""Which attachments this node still needs, from whom, and who may have which from here. Knows no file and no network.

Owns the rules of attachments between nodes. A waiting document's attachment is fetched from the home of its author;
a node that nobody can call pushes instead. A member that came back here gets those of its documents from its partners'
homes. A peer reads an attachment only if a document that names it was sent there, or if the document's other side is at
home there now, or has moved there from here; what one peer may make us keep before it is complete is bounded.
"""

from __future__ import annotations

from typing import NamedTuple

from node.services import members
from node.services.house import House
from node.services.moving.state import ARRIVED
from node.store import Tx
from protocol.document import header as headers
from protocol.document.header import AttachmentRef
from protocol.errors import NotFound, TooLarge
from protocol.keys import NodeId
from protocol.limits import MAX_WAITING_ATTACHMENT_BYTES_PER_PEER

ATTACHMENT = "attachment"  # the kind of a waiting row
MAX_WANTED = 1_000  # waiting rows looked at in one round


class Wanted(NamedTuple):
    """An attachment that a document here names. ``source``: the home of that document's author, or other side."""

    ref: AttachmentRef
    source: NodeId


class Offered(NamedTuple):
    """An attachment that ``target`` waits for, as its receipt said."""

    ref: AttachmentRef
    target: NodeId


def wanted(house: House, tx: Tx) -> list[Wanted]:
    """What is missing here, within each source's quota: each attachment once, or from two sources after a move."""
    found: dict[tuple[bytes, bytes], Wanted] = {}
    used: dict[NodeId, int] = {}
    named = [(row.missing, row.document, True) for row in tx.waiting.by_kind(ATTACHMENT, MAX_WANTED)]
    if tx.returning.all():
        named += [(root, document, False) for root, document in tx.attachments.lacking(MAX_WANTED)]
    known: set[bytes] = set()
    for root, document, waits in named:
        if root in known:
            continue
        first = _wanted(house, tx, document, root) if waits else _lost(house, tx, document, root)
        for one in (None if waits else _left_behind(tx, document, root), first):
            if one is None or one.source == house.id:
                continue
            known.add(root)
            used[one.source] = used.get(one.source, 0) + one.ref.size
            if used[one.source] <= MAX_WAITING_ATTACHMENT_BYTES_PER_PEER:
                found[root, one.source] = one
    return list(found.values())


def _left_behind(tx: Tx, document: bytes, root: bytes) -> Wanted | None:
    """An attachment of a member that has moved here: its old home has it, as long as it has not forgotten."""
    row = tx.documents.get(document)
    ref = ref_in(row.header, root) if row is not None else None
    for held in tx.holdings.by_document(document) if ref is not None else ():
        coming = tx.moving.coming(held.member)
        if ref is not None and coming is not None and coming.state in ARRIVED:
            return Wanted(ref, NodeId(coming.source))
    return None


def _wanted(house: House, tx: Tx, document: bytes, root: bytes) -> Wanted | None:
    row = tx.documents.get(document)
    author = members.find_log(house, tx, row.author) if row is not None else None
    if row is None or author is None or author.standing.epoch is None:
        return None
    ref = ref_in(row.header, root)
    return Wanted(ref, NodeId(author.epoch.home)) if ref is not None else None


def _lost(house: House, tx: Tx, document: bytes, root: bytes) -> Wanted | None:
    """An attachment that did not come along with a member: the other side of its document has it too."""
    row = tx.documents.get(document)
    if row is None:
        return None
    for held in tx.holdings.by_document(document):
        partner = members.find_log(house, tx, held.partner)
        ref = ref_in(row.header, root)
        if ref is not None and partner is not None and partner.standing.epoch is not None:
            return Wanted(ref, NodeId(partner.epoch.home))
    return None


def ref_in(header: bytes, root: bytes) -> AttachmentRef | None:
    """How a document names the attachment, or None."""
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
    uses = [document for _, document in tx.attachments.uses([root])]
    marks = tx.outgoing.marks(uses)
    if any(mark.node == node for each in marks.values() for mark in each):
        return True
    rows = tx.documents.get_many(uses).values()
    sides = tx.members.get_many({side for row in rows for side in (row.author, row.audience)})
    there = {side.member for side in sides.values() if side.home == node}
    moved = {member for member in there if tx.moving.leaving(member) is not None}
    return any(
        row.author in there or row.audience in moved or (row.audience in there and marks.get(row.id)) for row in rows
    )


def offered(tx: Tx) -> list[Offered]:
    """Attachments that are complete here and that a node's receipt says it waits for."""
    found: dict[tuple[bytes, bytes], Offered] = {}
    for node, root, document in tx.attachments.awaited(MAX_WANTED):
        known, row = tx.attachments.get(root), tx.documents.get(document)
        ref = ref_in(row.header, root) if row is not None else None
        if known is not None and known.complete and ref is not None:
            found[node, root] = Offered(ref, NodeId(node))
    return list(found.values())
