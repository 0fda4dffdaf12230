"""A document with everything that proves it, out of the store. What a proof is: :mod:`protocol.proof`."""

from __future__ import annotations

from node.services import dealings
from node.services.house import House
from node.store import Tx
from protocol import proof
from protocol.document import envelope
from protocol.document.header import AudienceKind
from protocol.errors import NotFound, YuiError
from protocol.identity import control, log
from protocol.identity.log import ControlLog
from protocol.link import receipt as receipts


def export(house: House, tx: Tx, member: bytes, document: bytes) -> bytes:
    """The proof file of a document that ``member`` holds: with the recipient's receipt where one is here.

    NotFound for any other document.
    """
    stored = tx.documents.full(document) if tx.holdings.get(member, document) is not None else None
    if stored is None:
        raise NotFound("document", "no such document")
    found = dealings.document_of(stored)
    author = _log(tx, found.header.author)
    receipt = _receipt(house, tx, found)
    if receipt:
        try:
            return proof.build(envelope.encode(found), author, _log(tx, found.header.audience.id), receipt)
        except YuiError:
            pass  # a receipt that a later epoch of the recipient cut back proves nothing: without it, the rest does
    return proof.build(envelope.encode(found), author)


def _receipt(house: House, tx: Tx, found: envelope.Document) -> bytes:
    """The recipient's receipt for a document that was sent to another node, or that we gave; empty without one."""
    if found.header.audience.kind != AudienceKind.MEMBER:
        return b""
    recipient = found.header.audience.id
    numbers = [mark.receipt for mark in tx.outgoing.marks([found.id]).get(found.id, ()) if mark.receipt is not None]
    for row in tx.receipts.get_many(numbers).values():
        proven = receipts.prove(row.wire, found.id, recipient)
        if proven:
            return proven
    return _own_receipt(house, tx, found, recipient)


def _own_receipt(house: House, tx: Tx, found: envelope.Document, recipient: bytes) -> bytes:
    """A receipt of our own for a document that a member of this node received: signed again over the first verdict."""
    given = tx.given.get_many([found.id]).get((found.id, recipient))
    row = tx.members.get(recipient)
    if given is None or not given.epoch or row is None or not row.local or house.frozen:
        return b""
    leaf = receipts.Leaf(found.id, recipient, given.epoch, given.seq, given.verdict, False, given.reason)
    wire = receipts.sign(house.node, house.network, house.id, bytes(16), 0, [leaf], house.clock())
    return receipts.prove(wire, found.id, recipient) or b""


def _log(tx: Tx, member: bytes) -> ControlLog:
    row = tx.members.get(member)
    if row is None:
        raise NotFound("member", "no such member is known here")
    found = log.start(row.genesis)
    for stored in sorted(tx.controls.by_member(member), key=lambda item: item.first_seen):
        found = log.admit(found, control.parse(stored.wire), stored.first_seen)
    return found
