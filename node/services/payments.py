"""What was paid, as a person says it: marking bills as paid, taking that back, and fitting payment notices to bills.

Marks are local: they are no papers and no partner sees them. A payment notice is the buyer's word that it pays; whether
the money came is for a person to say. Everything that was marked stays in the log, also when it is taken back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from node.services import books, dealings, reading
from node.services.books import Due
from node.services.house import House
from node.store import BillRow, PaymentRow, Tx
from protocol.errors import CallerFault, NotFound
from protocol.process.checks import is_date
from protocol.process.trade.papers import PaymentNotice

MAX_NOTE: Final = 500
MAX_AT_ONCE: Final = 500


class Mark(NamedTuple):
    """A bill to be marked. ``amount`` None: all that is open on it."""

    thread: bytes
    kind: str
    number: str
    amount: int | None = None


class Fit(NamedTuple):
    """An item of a payment notice beside the bill that it names. ``verdict``: fits, differs, paid or unknown."""

    kind: str
    number: str
    amount: int
    bill: BillRow | None
    verdict: str


class Notice(NamedTuple):
    """A payment notice that came in (or went out), item by item."""

    document: bytes
    thread: bytes
    partner: bytes
    partner_name: str
    number: str
    day: str
    total: int
    offsets: int
    currency: str
    fits: tuple[Fit, ...]

    @property
    def is_open(self) -> bool:
        """Does it name a bill that nobody has said to be paid?"""
        return any(fit.verdict in ("fits", "differs") for fit in self.fits)


def mark_paid(
    house: House, tx: Tx, member: bytes, by: str, marks: Sequence[Mark], day: str, note: str = ""
) -> list[PaymentRow]:
    """Write down that these bills were paid on ``day`` (YYYY-MM-DD), all or none.

    CallerFault if an amount is not above 0 or is above what is open; NotFound for a bill that is not the member's.
    """
    if not is_date(day):
        raise CallerFault("day", "must be a day of the calendar as YYYY-MM-DD")
    if len(note) > MAX_NOTE:
        raise CallerFault("note", f"at most {MAX_NOTE} characters")
    if not 1 <= len(marks) <= MAX_AT_ONCE:
        raise CallerFault("bills", f"1 to {MAX_AT_ONCE} at once")
    rows: list[PaymentRow] = []
    for at, mark in enumerate(marks):
        bill = books.bill_of(tx, member, mark.thread, mark.kind, mark.number)
        amount = bill.open if mark.amount is None else mark.amount
        if amount <= 0:
            raise CallerFault(f"bills[{at}].amount", "must be above 0: nothing is open on a bill that is paid")
        if amount > bill.open:
            raise CallerFault(f"bills[{at}].amount", f"is above what is open on {bill.number}: {bill.open}")
        row = PaymentRow(
            house.entropy(16),
            member,
            bill.thread,
            bill.kind,
            bill.number,
            day,
            amount,
            note,
            by,
            house.clock(),
            None,
            "",
        )
        rows.append(row)
        tx.books.put_bills([_with(bill, amount)])
    tx.books.add_payments(rows)
    return rows


def undo(house: House, tx: Tx, member: bytes, by: str, identity: bytes) -> PaymentRow:
    """Take a mark back; the log keeps both. NotFound for one that is not the member's; CallerFault the second time."""
    row = tx.books.payment(identity)
    if row is None or row.member != member:
        raise NotFound("payment", "no such payment")
    now = house.clock()
    if not tx.books.undo_payment(identity, now, by):
        raise CallerFault("payment", "was taken back already", code="undone")
    bill = books.bill_of(tx, member, row.thread, row.kind, row.number)
    tx.books.put_bills([_with(bill, -row.amount)])
    return row._replace(undone=now, undone_by=by)


def _with(bill: BillRow, amount: int) -> BillRow:
    return bill._replace(marked=bill.marked + amount, open=bill.open - amount)


def log(tx: Tx, member: bytes, limit: int = 100, before: int = 2**62) -> list[PaymentRow]:
    """What was marked and taken back, latest first."""
    if not 1 <= limit <= books.MAX_LIMIT:
        raise CallerFault("limit", f"1 to {books.MAX_LIMIT}")
    return tx.books.payments(member, limit, before)


def to_pay(tx: Tx, member: bytes, today: str, until: str = "") -> list[Due]:
    """What has to be paid, by bank day."""
    return books.due(tx, member, today, receivable=False, until=until)


# ---------------------------------------------------------------------- payment notices


def notices(tx: Tx, member: bytes, *, since: str = "", until: str = "", limit: int = 100) -> list[Notice]:
    """Payment notices received, latest day first, each item beside the bill that it names (消し込み)."""
    asked = books.Asked(since=since, until=until, type="payment_notice", direction="received")
    return [notice(tx, member, line.document) for line in books.search(tx, member, asked, limit).lines]


def notice(tx: Tx, member: bytes, document: bytes) -> Notice:
    """One payment notice. NotFound for what the member does not hold or what is none."""
    holding = reading.require(tx, member, document)
    stored = tx.documents.full(document)
    paper = None if stored is None else dealings.paper_of(stored)
    if not isinstance(paper, PaymentNotice):
        raise NotFound("document", "no such payment notice")
    bills = {(row.kind, row.number): row for row in tx.books.bills_of(member, holding.thread)}
    other = {row.number: row for row in tx.books.open_with(member, holding.partner)}
    fits = []
    for item in paper.items:
        kind = item.kind if item.kind == "self_billed_statement" else "invoice"
        bill = bills.get((kind, item.number)) or other.get(item.number)
        fits.append(Fit(kind, item.number, item.amount, bill, _verdict(bill, item.amount)))
    names = reading.names_of(tx, (holding.partner,))
    return Notice(
        document, holding.thread, holding.partner, names.get(holding.partner, ""), paper.number, paper.payment_date,
        paper.total, sum(one.amount for one in paper.offsets), paper.currency, tuple(fits),
    )  # fmt: skip


def _verdict(bill: BillRow | None, amount: int) -> str:
    if bill is None:
        return "unknown"
    if bill.open <= 0:
        return "paid"
    return "fits" if bill.open == amount else "differs"


def confirm_notice(house: House, tx: Tx, member: bytes, by: str, document: bytes, day: str = "") -> list[PaymentRow]:
    """The money of a notice came: mark what fits as paid on ``day``, by default the day that the notice states.

    Items that differ, are unknown or paid are left for a person. CallerFault if nothing fits.
    """
    found = notice(tx, member, document)
    marks = [
        Mark(fit.bill.thread, fit.bill.kind, fit.bill.number, fit.amount)
        for fit in found.fits
        if fit.bill is not None and fit.verdict == "fits"
    ]
    if not marks:
        raise CallerFault("document", "no item of this notice fits an open bill: mark the bills one by one")
    return mark_paid(house, tx, member, by, marks, day or found.day, note=found.number)
