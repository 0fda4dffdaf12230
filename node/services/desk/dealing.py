"""One dealing with everything on it: state, next steps, timeline with marks, quantities line by line.

Owns what the page of a dealing shows. Writes nothing but numbers; whoever is no side of the dealing hears NotFound.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final, NamedTuple

from node.services import dealings, drafting, reading, terms
from node.services.attachments import File, files_of
from node.services.dealings import Folded
from node.services.desk import conditions, numbering, standing
from node.services.desk.parties import party_of
from node.services.drafting import Context, Step
from node.services.drafting.papers import PAPER_OF
from node.services.drafting.steps import to_ship
from node.services.reading import View
from node.store import ThreadRow, Tx
from protocol.document import header as headers
from protocol.errors import NotFound
from protocol.process.fact import Outcome
from protocol.process.money import Rounding
from protocol.process.thread import ThreadState, fold
from protocol.process.trade.papers import TYPE_OF, Billing, CorrectiveInvoice, Order, Paper
from protocol.process.trade.table import Role

BUYERS: Final = frozenset({"request_for_quotation", "order"})  # first papers that a buyer writes


class Entry(NamedTuple):
    """One document of the timeline. ``outcome`` None: it is no fact of the dealing (held, refused, not understood)."""

    view: View
    paper: Paper | None
    author_name: str
    mine: bool
    outcome: Outcome | None
    files: tuple[File, ...] = ()


class Dealing(NamedTuple):
    """A dealing as ``member`` sees it. ``steps``: what it can do now; ``main``: what everybody waits for, if for it.

    ``amount``: what it comes to now, minor units, see :mod:`standing`; ``expected``: the day of the next goods, if any.
    """

    row: ThreadRow
    role: Role
    partner_name: str
    state: ThreadState
    steps: tuple[Step, ...]
    main: Step | None
    timeline: tuple[Entry, ...]  # latest first
    amount: int | None
    expected: str
    guest: bool = False  # the partner is outside the association
    link: int = 0  # until when its link is good, µs; 0: there is none


def require(tx: Tx, member: bytes, thread: bytes) -> ThreadRow:
    """The dealing's row; NotFound for one that is not the member's, known here or not."""
    row = tx.threads.get(member, thread)
    if row is None:
        raise NotFound("thread", "no such dealing")
    return row


def open_dealing(tx: Tx, member: bytes, thread: bytes) -> Dealing:
    """The dealing; NotFound as :func:`require`."""
    row = require(tx, member, thread)
    folded = _folded(tx, thread)
    role = Role.BUYER if (folded.state.buyer or _first_buyer(tx, row)) == member else Role.SELLER
    names = reading.names_of(tx, (member, row.partner))
    offer = standing.offer_of(folded.state, folded.facts)
    return Dealing(
        row,
        role,
        names.get(row.partner, ""),
        folded.state,
        drafting.possible(folded.state, role) if folded.facts else (),
        drafting.main_step(folded.state, role) if folded.facts else None,
        _timeline(tx, member, thread, folded.state, names),
        standing.amount(folded.state, offer),
        standing.delivery_day(folded.state, offer) if any(to_ship(line) for line in folded.state.lines) else "",
        *_link_of(tx, member, row),
    )


def _folded(tx: Tx, thread: bytes) -> Folded:
    """The dealing; without any fact while all of its papers are held, or set aside by the partner's association."""
    try:
        return dealings.fold(tx, thread)
    except NotFound:
        return Folded(fold((), thread), ())


def _first_buyer(tx: Tx, row: ThreadRow) -> bytes:
    """Who buys in a dealing of which nothing is in effect yet: whoever ordered or enquired."""
    first = tx.documents.get(row.thread)
    return b"" if first is None else first.author if row.first_type in BUYERS else first.audience


def _link_of(tx: Tx, member: bytes, row: ThreadRow) -> tuple[bool, int]:
    guest = tx.guests.get(row.partner)
    if guest is None or guest.owner != member or guest.enrolled is not None:
        return False, 0
    good = [link.expires for link in tx.guests.links_in(row.thread) if link.revoked is None]
    return True, max(good, default=0)


def _timeline(tx: Tx, member: bytes, thread: bytes, state: ThreadState, names: dict[bytes, str]) -> tuple[Entry, ...]:
    stored = tx.documents.by_thread(thread)
    holdings = tx.holdings.get_many(member, [item.row.id for item in stored])
    views = {view.holding.document: view for view in reading.views(tx, member, [holdings[key] for key in holdings])}
    entries = [
        Entry(
            views[item.row.id],
            dealings.paper_of(item),
            names.get(item.row.author, ""),
            item.row.author == member,
            state.outcomes.get(item.row.id),
            files_of(tx, headers.parse(item.row.header).attachments, dealings.paper_of(item)),
        )
        for item in stored
        if item.row.id in views
    ]
    return tuple(reversed(entries))


def write_draft(
    tx: Tx, member: bytes, thread: bytes, step: Step, today: str, *, rounding: Rounding | None = None, due: str = ""
) -> Paper:
    """The next paper of the dealing, prefilled and numbered. NotFound; ImpossibleStep where it cannot be written now.

    ``today`` and ``due``: YYYY-MM-DD at the writer; ``due`` and ``rounding`` by the terms with the partner where they
    are not given and any were set.
    """
    row = require(tx, member, thread)
    folded = dealings.fold(tx, thread)
    role = Role.BUYER if folded.state.buyer == member else Role.SELLER
    agreed = terms.many(tx, member, (row.partner,)).get(row.partner)
    if agreed is not None:
        rounding = rounding or terms.rounding(agreed)
    number = numbering.next_number(tx, member, TYPE_OF[PAPER_OF[step]], today, partner=row.partner)
    context = Context(
        today,
        number,
        role,
        party_of(tx, folded.state.buyer),
        party_of(tx, folded.state.seller),
        rounding or Rounding.DOWN,
        due,
    )
    paper = drafting.draft(step, folded.state, folded.facts, context)
    if isinstance(paper, Order):
        return conditions.by_terms(tx, member, row.partner, paper)
    if agreed is None or due or not isinstance(paper, Billing) or isinstance(paper, CorrectiveInvoice):
        return paper
    agreed_due = terms.payday(agreed, paper.transaction_date or today)
    return drafting.draft(step, folded.state, folded.facts, replace(context, due=agreed_due))
