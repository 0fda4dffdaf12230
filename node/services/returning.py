"""A member whose belongings are here becomes a member of this node: the new epoch is opened, everybody is told.

Owns the last step of a return or a move. Before it nothing of the member works here; after it partners' nodes send
here, give back what the copies lacked, and get what they lack. Source: rules 7 and 8 of the continuity protocol.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from node.services import claiming, dealings, guests, intake, members, outbox, recovery
from node.services.claiming import State
from node.services.custody import Custody
from node.services.erasing import asking
from node.services.guarding import framing
from node.services.house import House
from node.services.intake import ADOPTED, RECEIVED, SENT, Arrival, Restored
from node.store import GivenRow, HoldingRow, Tx
from protocol.errors import CallerFault, InvariantBroken
from protocol.identity import words
from protocol.identity.control import Signed
from protocol.journal import Kind
from protocol.keys import SigningKey
from protocol.link import receipt


class Returned(NamedTuple):
    """``epoch``: the new one; ``documents``: held now; ``asked``: partners' nodes that were asked what they hold."""

    member: bytes
    epoch: bytes
    documents: int
    asked: int
    news: frozenset[bytes]


def open_here(
    house: House, tx: Tx, member: bytes, record: Signed, copied: Mapping[bytes, str] | None = None
) -> Returned:
    """Admit the record, which makes this node the member's home, and go on where its journal ended.

    ``copied``: the documents, with verdicts, in the frames behind which the next ones hang. Whatever else is here (of
    an earlier stay, say) no guardian has to have, and is copied anew.
    """
    house.require_signing()
    here = tx.members.get(member)
    if here is not None and here.local and here.epoch == record.record.hash:
        raise CallerFault("member", "is at home here", code="at-home")  # two who brought it back at this node at once
    row = tx.wrapped_keys.get(members.EPOCH_KEY, record.record.hash)
    if row is None:
        raise InvariantBroken("the key of a new epoch is not here")
    house.keyring[record.record.hash] = SigningKey(
        house.wrap.unwrap(members.EPOCH_KEY, record.record.hash, row.wrapped)
    )
    members.admit(house, tx, members.require_log(house, tx, member), [record], opened=True)
    came = tx.returning.get(member)
    if came is not None:
        framing.adopt(house, tx, member, list(claiming.chain(house, tx, member)), came.vault, copied or {})
    custody = Custody(house, tx)
    custody.begin(member, record.record.hash)
    custody.enter(member, Kind.CONTROL, record.record.hash)
    custody.close()
    recovery.adopt_tail(house, tx, member)
    held = _settle_in(house, tx, member)
    asking.settle(house, tx, member)
    _bring_guests(house, tx, member)
    asked = recovery.announce_holdings(house, tx, [member])
    recovery.reroute(house, tx, members.require_log(house, tx, member))
    _offer_all(house, tx, member)
    if tx.returning.get(member) is not None:
        claiming.close(house, tx, member, State.OPEN)
    news = frozenset(peer.node for peer in tx.peers.all("accepted"))
    return Returned(member, record.record.hash, held, len(asked), news)


def meet_neighbours(house: House, tx: Tx, member: bytes) -> None:
    """Between members of one node no link brings what one of them lacks: both ways, from hand to hand."""
    custody = Custody(house, tx)
    _take_from_neighbours(house, tx, custody, member)
    _give_to_neighbours(house, tx, custody, member)
    custody.close()


def _settle_in(house: House, tx: Tx, member: bytes) -> int:
    """What others here hold of its dealings, and everything that is folded from documents; how many it holds."""
    meet_neighbours(house, tx, member)
    held = tx.holdings.dealings_of(member)
    _fold(house, tx, [document for _, document in held])
    return len(held)


def _bring_guests(house: House, tx: Tx, owner: bytes) -> None:
    """Partners without a node come along: their words came with what is ``owner``'s, their papers are its own."""
    for row in tx.guests.of(owner):
        wrapped = tx.wrapped_keys.get(guests.WORDS_KEY, row.guest)
        known = tx.members.get(row.guest)
        if wrapped is None or known is None or known.local or row.enrolled is not None:
            continue
        held = words.key_of(house.wrap.unwrap(guests.WORDS_KEY, row.guest, wrapped.wrapped))
        members.bring_here(house, tx, row.guest, held)
        tx.members.put(members.require_local(tx, row.guest)._replace(name=row.name))
        _settle_in(house, tx, row.guest)
        if known.home and tx.peers.get(known.home) is not None:
            members.tell_history(house, tx, known.home, row.guest)


def _take_from_neighbours(house: House, tx: Tx, custody: Custody, member: bytes) -> None:
    """What members of this node hold of their dealings with ``member``, and its copies lacked."""
    own = {document for _, document in tx.holdings.dealings_of(member)}
    lacking = [document for _, document in tx.holdings.dealings_with(member) if document not in own]
    restored = []
    for stored in tx.documents.full_many(lacking).values():
        document = dealings.document_of(stored)
        mine = document.header.author == member
        other = document.header.audience.id if mine else document.header.author
        theirs = tx.holdings.get(other, document.id)
        if theirs is None:
            continue
        direction = SENT if mine else RECEIVED
        restored.append(
            Restored(Arrival(document, member, direction, other), theirs.verdict, theirs.reason, theirs.time, 0)
        )
        custody.enter(member, Kind(ADOPTED), document.id, theirs.verdict)
    intake.restore(tx, restored)


def _give_to_neighbours(house: House, tx: Tx, custody: Custody, member: bytes) -> None:
    """What ``member`` had sent to members of this node, and never reached them: no link does that within one house."""
    after = 0
    while rows := tx.holdings.after(member, after, _PAGE):
        local = {key for key, row in tx.members.get_many([row.partner for row in rows]).items() if row.local}
        sent = [row for row in rows if row.author == member and row.partner in local and row.verdict in _DELIVERED]
        lacking = [row for row in sent if tx.holdings.get(row.partner, row.document) is None]
        hand_over(house, tx, custody, lacking)
        after = rows[-1].position


def hand_over(house: House, tx: Tx, custody: Custody, rows: Sequence[HoldingRow]) -> None:
    """Give documents that are here to their recipients, members of this node, with the verdict of their authors."""
    documents = tx.documents.full_many([row.document for row in rows])
    restored, given = [], []
    for row in rows:
        document = dealings.document_of(documents[row.document])
        entry = custody.enter(row.partner, Kind.RECEIVED, row.document, row.verdict)
        arrival = Arrival(document, row.partner, RECEIVED, row.author)
        restored.append(Restored(arrival, row.verdict, row.reason, house.clock(), 0))
        given.append(GivenRow(row.document, row.partner, None, row.verdict, entry.epoch, entry.seq, row.reason))
    intake.restore(tx, restored)
    tx.given.put_many(given)


_PAGE = 500
_DELIVERED = (receipt.APPLIED, receipt.WAITING)


def _fold(house: House, tx: Tx, documents: Sequence[bytes]) -> None:
    """The list of dealings and the books, from what is here."""
    rows = tx.documents.get_many(documents).values()
    dealings.refresh(house, tx, dict.fromkeys(row.thread for row in rows))


def _offer_all(house: House, tx: Tx, member: bytes) -> None:
    """Everything that was sent is offered once more: known ids get their first verdict, and so the marks come back."""
    by_home: dict[bytes, list[bytes]] = {}
    after = 0
    while rows := tx.holdings.after(member, after, 500):
        for row in rows:
            if row.author != member or row.verdict in recovery.NOT_SENT:
                continue
            partner = members.find_log(house, tx, row.partner)
            home = partner.standing.epoch.home if partner is not None and partner.standing.epoch is not None else b""
            if home and home != house.id:
                by_home.setdefault(home, []).append(row.document)
        after = rows[-1].position
    for home, documents in by_home.items():
        outbox.requeue(tx, home, documents)
