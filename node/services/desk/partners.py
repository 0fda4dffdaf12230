"""A member's partners: whom it deals with, who else there is, and the first paper to one of them.

Reads, numbers and drafts; sending goes through ``services.trade``. What a member sees of others is their public card.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from node.services import dealings, directory, guests, members, reading, terms, trade
from node.services.desk import conditions, numbering
from node.services.desk.parties import party_of
from node.services.guests import Guest
from node.services.house import House
from node.services.trade import Outcome, Submission
from node.store import CardRow, ThreadRow, Tx
from protocol.document.header import AttachmentRef
from protocol.errors import NotFound
from protocol.identity.card import Card
from protocol.process.trade.papers import Order, OrderLine, Paper, RequestForQuotation

MOST_SHOWN: Final = 50
MOST_LOOKED_AT: Final = 20  # of the latest dealings with a partner, for the last order


class Partner(NamedTuple):
    """Somebody the member deals with. ``dealings``: how many; ``last``: µs of the latest change."""

    member: bytes
    name: str
    dealings: int
    last: int


class Known(NamedTuple):
    """A firm as its card shows it: ``association``: the name of its home; ``last_order``: of this member, if any;
    ``guest``: it is a partner outside the association."""

    member: bytes
    card: Card | None
    name: str
    association: str
    reachable: bool
    dealings: list[ThreadRow]
    last_order: bytes | None
    guest: Guest | None = None


def mine(tx: Tx, member: bytes) -> list[Partner]:
    """The member's partners, latest first."""
    rows = tx.threads.partners(member, MOST_SHOWN)
    names = reading.names_of(tx, {row[0] for row in rows})
    return [Partner(partner, names.get(partner, ""), count, last) for partner, count, last in rows]


def search(tx: Tx, member: bytes, text: str, *, area: str = "", industry: str = "") -> list[CardRow]:
    """Firms of the whole federation that are known here, without the member itself."""
    found = directory.find(tx, text, area=area, industry=industry, limit=MOST_SHOWN + 1)
    return [row for row in found if row.member != member][:MOST_SHOWN]


def look(house: House, tx: Tx, member: bytes, partner: bytes) -> Known:
    """One firm. NotFound for an unknown one, or for the member itself."""
    if partner == member or members.find_log(house, tx, partner) is None or guests.hidden(tx, member, partner):
        raise NotFound("partner", "no such firm is known here")
    log = members.require_log(house, tx, partner)
    home = log.epoch.home
    peer = None if home == house.id else tx.peers.get(home)
    rows = tx.threads.latest(member, MOST_LOOKED_AT, partner=partner)
    name = reading.names_of(tx, (partner,)).get(partner, partner.hex()[:12])
    association = house.name if home == house.id else peer.name if peer is not None else ""
    reachable = home == house.id or (peer is not None and peer.state == "accepted")
    last = next((row.thread for row in rows if row.first_type == "order" and _mine(tx, member, row)), None)
    guest = guests.find(tx, member, partner)
    return Known(partner, directory.card_of(tx, partner), name, association, reachable, rows, last, guest)


def _mine(tx: Tx, member: bytes, row: ThreadRow) -> bool:
    found = tx.documents.get(row.thread)
    return found is not None and found.author == member


def first_paper(
    house: House, tx: Tx, member: bytes, partner: bytes, kind: type[Order] | type[RequestForQuotation], today: str,
    like: bytes | None = None,
) -> Order | RequestForQuotation:  # fmt: skip
    """An empty order or request to ``partner``, numbered; with the lines of the order in thread ``like``, if given."""
    look(house, tx, member, partner)
    name = "order" if kind is Order else "request_for_quotation"
    number = numbering.next_number(tx, member, name, today, partner=partner)
    lines = () if like is None else _lines_of(tx, member, partner, like)
    buyer, seller = party_of(tx, member), party_of(tx, partner)
    currency = terms.of(tx, member, partner).currency
    paper = kind(number=number, issue_date=today, currency=currency, buyer=buyer, seller=seller, lines=lines)
    return conditions.by_terms(tx, member, partner, paper) if isinstance(paper, Order) else paper


def _lines_of(tx: Tx, member: bytes, partner: bytes, thread: bytes) -> tuple[OrderLine, ...]:
    row = tx.threads.get(member, thread)
    if row is None or row.partner != partner:
        raise NotFound("like", "no such dealing")
    folded = dealings.fold(tx, thread)
    first = next((fact.body for fact in folded.facts if isinstance(fact.body, Order)), None)
    order = folded.state.order or first
    return () if order is None else order.lines


def begin(
    house: House, tx: Tx, member: bytes, partner: bytes, paper: Paper, attachments: tuple[AttachmentRef, ...] = ()
) -> Outcome:
    """Send the first paper of a new dealing."""
    return trade.submit(house, tx, member, [Submission(partner, paper, attachments=attachments)])
