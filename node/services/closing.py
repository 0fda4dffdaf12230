"""Closing (締め): the invoices for a partner's closing day, from what was inspected or shipped in all dealings.

Owns which dealings are billed at a closing and whether their amounts are agreed. The text of an invoice is
:mod:`node.services.drafting`; sending is ``services.trade``. One dealing, one invoice; the sum is for the page.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from node.services import booking, dealings, drafting, reading, terms, trade
from node.services.dealings import Folded
from node.services.desk import numbering
from node.services.desk.parties import party_of
from node.services.drafting import Context, Step
from node.services.drafting.steps import to_bill
from node.services.house import House
from node.services.trade import Outcome, Submission
from node.store import ThreadRow, Tx
from protocol.errors import CallerFault, ImpossibleStep, NotFound
from protocol.process.thread import ThreadState
from protocol.process.trade.papers import DespatchAdvice, Invoice, ReceivingAdvice
from protocol.process.trade.table import Role

OPEN_STATES: Final = ("partly_shipped", "shipped", "received", "accepted")
MOST: Final = 200  # dealings of one closing
DRAFT: Final = "-"


class ToBill(NamedTuple):
    """One dealing at a closing. ``agreed``: everything billed was inspected; ``invoice``: as it would be sent.

    ``why`` names what keeps it from being billed, empty when nothing does; ``delivered``: the last day of delivery.
    """

    thread: bytes
    number: str
    delivered: str
    agreed: bool
    invoice: Invoice | None
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


def preview(tx: Tx, member: bytes, partner: bytes, day: str, today: str) -> Closing:
    """What ``partner`` would be billed for deliveries up to the closing ``day``; nothing is written."""
    agreed = terms.of(tx, member, partner)
    due = terms.payday(agreed, day)
    found = [_to_bill(tx, row, agreed, day, today, DRAFT, due) for row in _candidates(tx, member, partner)]
    rows = tuple(one for one in found if one is not None)
    names = reading.names_of(tx, (partner,))
    currency = next((one.invoice.currency for one in rows if one.invoice is not None), "JPY")
    return Closing(
        partner, names.get(partner, ""), day, due, rows, _sum(rows, agreed=True), _sum(rows, agreed=False), currency
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


def _to_bill(
    tx: Tx, row: ThreadRow, agreed: terms.PartnerTerms, day: str, today: str, number: str, due: str
) -> ToBill | None:
    """The dealing at this closing; None if the member buys in it, or nothing delivered by then is left to bill."""
    folded = dealings.fold(tx, row.thread)
    state = folded.state
    if state.seller != row.member or not any(to_bill(line) for line in state.lines):
        return None
    first, last = _delivered(folded)
    if not first or first > day:
        return None
    order = "" if state.order is None else state.order.number
    try:
        paper = drafting.draft(Step.BILL, state, folded.facts, _context(tx, row, agreed, today, number, due))
    except ImpossibleStep as fault:
        return ToBill(row.thread, order, last, False, None, str(fault))
    assert isinstance(paper, Invoice)
    why = "delivered in part after the closing" if last > day else ""
    return ToBill(row.thread, order, last, _is_agreed(state), paper, why)


def _context(tx: Tx, row: ThreadRow, agreed: terms.PartnerTerms, today: str, number: str, due: str) -> Context:
    return Context(
        today,
        number,
        Role.SELLER,
        party_of(tx, row.partner),
        party_of(tx, row.member),
        terms.rounding(agreed),
        due,
    )


def _is_agreed(state: ThreadState) -> bool:
    """Was everything that would be billed inspected by the buyer?"""
    return all(line.received + line.short >= line.despatched for line in state.lines if to_bill(line))


def _delivered(folded: Folded) -> tuple[str, str]:
    """First and last day on which goods were received, or shipped where nothing was received; empty: never."""
    days = []
    for fact in folded.facts:
        if folded.state.outcomes[fact.id].verdict.value not in ("effective", "held"):
            continue
        if isinstance(fact.body, ReceivingAdvice | DespatchAdvice):
            days.append(booking.transaction_day(fact.body))
    return (min(days), max(days)) if days else ("", "")


def send(
    house: House, tx: Tx, member: bytes, partner: bytes, day: str, today: str, threads: Sequence[bytes]
) -> Outcome:
    """Send the invoices of these dealings, all or none. NotFound for one that is not due at this closing."""
    if not threads:
        raise CallerFault("threads", "name at least one dealing")
    agreed = terms.of(tx, member, partner)
    rows = {row.thread: row for row in _candidates(tx, member, partner)}
    submissions = []
    for thread in dict.fromkeys(threads):
        number = numbering.next_number(tx, member, "invoice", today, partner=partner)
        due = terms.payday(agreed, day)
        found = _to_bill(tx, rows[thread], agreed, day, today, number, due) if thread in rows else None
        if found is None or found.invoice is None:
            raise NotFound("threads", "a dealing named is not to be billed at this closing")
        submissions.append(Submission(partner, found.invoice, thread=thread))
    return trade.submit(house, tx, member, submissions)
