"""Closing (締め): the invoices for a partner's closing day, from what was inspected or shipped in all dealings.

Owns which dealings are billed at a closing and whether their amounts are agreed. The text of an invoice is
:mod:`node.services.drafting`; sending is ``services.trade``. One dealing, one invoice; the sum is for the page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from functools import cache, partial
from typing import Final, NamedTuple

from node.i18n import N_
from node.services import bankdays, booking, dealings, drafting, reading, terms, trade
from node.services.dealings import Folded
from node.services.desk import numbering
from node.services.desk.parties import party_of
from node.services.drafting import Context, Step
from node.services.drafting.steps import to_bill
from node.services.house import House
from node.services.trade import Outcome, Submission
from node.store import BillRow, ThreadRow, Tx
from protocol.errors import CallerFault, ImpossibleStep, NotFound
from protocol.process.thread import ThreadState
from protocol.process.trade.papers import Billing, DespatchAdvice, ReceivingAdvice
from protocol.process.trade.table import Role

OPEN_STATES: Final = ("partly_shipped", "shipped", "received", "accepted")
MOST: Final = 200  # dealings of one closing
MOST_DEALINGS: Final = 5_000  # of one month, in one state
MOST_PARTNERS: Final = 100  # of one month
DRAFT: Final = "-"
PARTLY_LATER: Final = N_("delivered in part after the closing")


class ToBill(NamedTuple):
    """One dealing at a closing. ``agreed``: everything billed was inspected; ``invoice``: as it would be sent (of a
    buyer: its self-billed statement).

    ``why`` names what keeps it from being billed, empty when nothing does; ``delivered``: the last day of delivery.
    """

    thread: bytes
    number: str
    delivered: str
    agreed: bool
    invoice: Billing | None
    why: str


class Closing(NamedTuple):
    """A partner at its closing. Sums in minor units; ``due``: YYYY-MM-DD by the terms."""

    partner: bytes
    partner_name: str
    closing: str
    due: str
    dealings: tuple[ToBill, ...]
    agreed: int
    open: int
    currency: str


def partners_due(tx: Tx, member: bytes, day: str) -> list[bytes]:
    """Partners whose closing day is ``day``."""
    return [row.partner for row in tx.desk.all_terms(member) if _closes(terms.read(row), day)]


def _closes(agreed: terms.PartnerTerms, day: str) -> bool:
    return bool(agreed.closing_day) and terms.closing_of(agreed, day) == day


class _Look:
    """What one look at a member's closings reads: each thing once, however many partners and sides ask for it."""

    def __init__(self, tx: Tx, member: bytes) -> None:
        self.tx = tx
        self.member = member
        self.terms = cache(partial(terms.of, tx, member))
        self.name = cache(lambda partner: reading.names_of(tx, (partner,)).get(partner, ""))
        self.party = cache(partial(party_of, tx))
        self.fold = cache(partial(dealings.fold, tx))
        self.bills = cache(self._bills)
        self.candidates: Callable[[bytes], list[ThreadRow]] = cache(partial(_candidates, tx, member))

    def everybody(self) -> None:
        """Read the dealings of all partners at once."""
        found: dict[bytes, list[ThreadRow]] = {}
        for state in OPEN_STATES:
            for row in self.tx.threads.latest(self.member, MOST_DEALINGS, state=state):
                found.setdefault(row.partner, []).append(row)
        self.candidates = lambda partner: found.get(partner, [])[:MOST]

    def _bills(self, since: str, until: str, selling: bool) -> dict[bytes, list[BillRow]]:
        found: dict[bytes, list[BillRow]] = {}
        for row in self.tx.books.bills_between(self.member, since, until, receivable=selling):
            found.setdefault(row.partner, []).append(row)
        return found


def preview(tx: Tx, member: bytes, partner: bytes, day: str, today: str, *, buying: bool = False) -> Closing:
    """What ``partner`` would be billed for deliveries up to the closing ``day``; nothing is written.

    ``buying``: what the member itself would state to have bought from it (仕入明細書).
    """
    return _preview(_Look(tx, member), partner, day, today, buying=buying)


def _preview(look: _Look, partner: bytes, day: str, today: str, *, buying: bool) -> Closing:
    role = Role.BUYER if buying else Role.SELLER
    due = terms.payday(look.terms(partner), day)
    found = [_to_bill(look, row, role, day, today, DRAFT, due) for row in look.candidates(partner)]
    rows = tuple(one for one in found if one is not None)
    currency = next((one.invoice.currency for one in rows if one.invoice is not None), "JPY")
    return Closing(
        partner, look.name(partner), day, due, rows, _sum(rows, agreed=True), _sum(rows, agreed=False), currency
    )


def _sum(rows: Iterable[ToBill], *, agreed: bool) -> int:
    return sum(
        row.invoice.totals.payable or 0
        for row in rows
        if row.invoice is not None and not row.why and row.agreed is agreed
    )


def _candidates(tx: Tx, member: bytes, partner: bytes) -> list[ThreadRow]:
    rows = [row for state in OPEN_STATES for row in tx.threads.latest(member, MOST, state=state, partner=partner)]
    return rows[:MOST]


def _to_bill(look: _Look, row: ThreadRow, role: Role, day: str, today: str, number: str, due: str) -> ToBill | None:
    """The dealing at this closing; None if the member is the other side, or nothing delivered by then is left."""
    folded = look.fold(row.thread)
    state = folded.state
    side = state.buyer if role is Role.BUYER else state.seller
    if side != row.member or not any(to_bill(line) for line in state.lines):
        return None
    first, last = delivered(folded)
    if not first or first > day:
        return None
    order = "" if state.order is None else state.order.number
    try:
        step = Step.STATE if role is Role.BUYER else Step.BILL
        paper = drafting.draft(step, state, folded.facts, _context(look, row, role, today, number, due))
    except ImpossibleStep as fault:
        return ToBill(row.thread, order, last, False, None, str(fault))
    assert isinstance(paper, Billing)
    why = PARTLY_LATER if last > day else ""
    return ToBill(row.thread, order, last, _is_agreed(state), paper, why)


def _context(look: _Look, row: ThreadRow, role: Role, today: str, number: str, due: str) -> Context:
    buyer, seller = (row.member, row.partner) if role is Role.BUYER else (row.partner, row.member)
    return Context(
        today,
        number,
        role,
        look.party(buyer),
        look.party(seller),
        terms.rounding(look.terms(row.partner)),
        due,
    )


def _is_agreed(state: ThreadState) -> bool:
    """Was everything that would be billed inspected by the buyer?"""
    return all(line.received + line.short >= line.despatched for line in state.lines if to_bill(line))


def delivered(folded: Folded) -> tuple[str, str]:
    """First and last day on which goods were received, or shipped where nothing was received; empty: never."""
    days = []
    for fact in folded.facts:
        if folded.state.outcomes[fact.id].verdict.value not in ("effective", "held"):
            continue
        if isinstance(fact.body, ReceivingAdvice | DespatchAdvice):
            days.append(booking.transaction_day(fact.body))
    return (min(days), max(days)) if days else ("", "")


class Month(NamedTuple):
    """One partner in a month: its closing with what is left to bill, and what was billed in it. ``selling``: to it.

    ``closing`` is the last day of the month where none was agreed; ``billed``: sum in minor units of ``bills``.
    """

    found: Closing
    agreed_day: bool
    selling: bool
    bills: tuple[BillRow, ...]
    billed: int


def month(tx: Tx, member: bytes, month: str, today: str) -> list[Month]:
    """Every partner with something to bill or billed in ``month`` (YYYY-MM), both as seller and as buyer."""
    rows, look = [], _Look(tx, member)
    look.everybody()
    for partner, _count, _last in tx.threads.partners(member, MOST_PARTNERS):
        for selling in (True, False):
            one = _in_month(look, partner, month, today, selling=selling)
            if one.found.dealings or one.bills:
                rows.append(one)
    return sorted(rows, key=lambda one: (not one.selling, one.found.closing, one.found.partner_name))


def in_month(tx: Tx, member: bytes, partner: bytes, month: str, today: str, *, selling: bool) -> Month:
    """One partner's closing in a month."""
    return _in_month(_Look(tx, member), partner, month, today, selling=selling)


def _in_month(look: _Look, partner: bytes, month: str, today: str, *, selling: bool) -> Month:
    agreed = look.terms(partner)
    day = _day_in(agreed, month)
    before = _day_in(agreed, _previous(month))
    found = _preview(look, partner, day, today, buying=not selling)
    bills = tuple(
        row
        for row in look.bills(before, day, selling).get(partner, ())
        if before < row.day <= day and (selling or row.kind == "self_billed_statement")
    )
    billed = sum(row.amount - row.credited for row in bills if row.currency == found.currency)
    return Month(found, bool(agreed.closing_day), selling, bills, billed)


def first_day(tx: Tx, member: bytes, partner: bytes, month: str) -> str:
    """The day after the closing before that of ``month``; YYYY-MM-DD."""
    before = _day_in(terms.of(tx, member, partner), _previous(month))
    return (date.fromisoformat(before) + timedelta(days=1)).isoformat()


def _day_in(agreed: terms.PartnerTerms, month: str) -> str:
    return bankdays.in_month(int(month[:4]), int(month[5:7]), agreed.closing_day or terms.LAST_DAY).isoformat()


def _previous(month: str) -> str:
    return bankdays.in_month(int(month[:4]), int(month[5:7]) - 1, 1).isoformat()[:7]


def send(
    house: House,
    tx: Tx,
    member: bytes,
    partner: bytes,
    day: str,
    today: str,
    threads: Sequence[bytes],
    *,
    buying: bool = False,
) -> Outcome:
    """Send the invoices (of a buyer: the statements) of these dealings, all or none.

    NotFound for one that is not due at this closing.
    """
    kind, role = ("self_billed_statement", Role.BUYER) if buying else ("invoice", Role.SELLER)
    if not threads:
        raise CallerFault("threads", "name at least one dealing")
    look = _Look(tx, member)
    rows = {row.thread: row for row in look.candidates(partner)}
    submissions = []
    for thread in dict.fromkeys(threads):
        number = numbering.next_number(tx, member, kind, today, partner=partner)
        due = terms.payday(look.terms(partner), day)
        found = _to_bill(look, rows[thread], role, day, today, number, due) if thread in rows else None
        if found is None or found.invoice is None:
            raise NotFound("threads", "a dealing named is not to be billed at this closing")
        submissions.append(Submission(partner, found.invoice, thread=thread))
    return trade.submit(house, tx, member, submissions)
