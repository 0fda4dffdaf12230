"""Files of partners with their terms, and of what was owed when the books began."""

from __future__ import annotations

import hashlib
from typing import Any, Final

from msgspec.structs import replace

from node.i18n import N_
from node.papers.tabular import Record
from node.services import terms
from node.services.house import House
from node.services.importing.plan import CHANGED, NEW, SAME, Draft, Firms, Line, Plan, text, whole
from node.services.terms import PartnerTerms
from node.store import BillRow, OpeningRow, Tx
from protocol.process.trade.papers import Contact

KIND: Final = "opening_balance"
TWICE: Final = N_("The firm stands in more than one line.")
NO_SIDE: Final = N_("Enter 売掛 or 買掛, or choose it above.")
BELOW: Final = N_("An opening balance is above zero.")
PAID_MORE: Final = N_("{value} yen of this balance are marked as paid already.")
SAME_NUMBER: Final = N_("{value}: this firm has two balances of this number. Number them.")


# ---- partners


def plan_partners(_house: House, tx: Tx, member: bytes, draft: Draft, records: tuple[Record, ...], _p: bytes) -> None:
    """Each line sets the terms with a firm of the directory; what the file does not state stays."""
    firms = Firms(tx, member)
    found = {record.line: firms.find(draft, record) for record in records}
    known = tx.desk.terms_of(member, {firm for firm in found.values() if firm is not None})
    seen: set[bytes] = set()
    for record in records:
        firm = found[record.line]
        if firm is None:
            continue
        if firm in seen:
            draft.wrong(record.line, "partner", TWICE)
            continue
        seen.add(firm)
        before = terms.read(known[firm]) if firm in known else terms.NONE
        after = replace(before, **_stated(record, before))
        state = NEW if firm not in known else SAME if after == before else CHANGED
        draft.lines.append(Line(record.line, text(record, "partner"), state, (firm, after)))


def _stated(record: Record, before: PartnerTerms) -> dict[str, Any]:
    stated: dict[str, Any] = {
        name: record.values[name]
        for name in ("closing_day", "pay_months", "rounding", "rate", "customer_number", "note")
        if name in record.values
    }
    day = whole(record, "pay_day")
    if day is not None:
        stated["pay_day"] = max(day, 1)
    contact = Contact(
        role="buyer",
        name=text(record, "person"),
        mail=text(record, "mail"),
        telephone=text(record, "telephone"),
        fax=text(record, "fax"),
    )
    if contact != Contact(role="buyer") and contact not in before.contacts:
        same = [one for one in before.contacts if one.name != contact.name]
        stated["contacts"] = (*same, contact)
    return stated


def take_partners(house: House, tx: Tx, member: bytes, plan: Plan, _user: str) -> None:
    """Set the terms that are new or changed."""
    for line in plan.lines:
        if line.state != SAME:
            firm, after = line.action
            terms.put(house, tx, member, firm, after)


# ---- opening balances


def plan_balances(_house: House, tx: Tx, member: bytes, draft: Draft, records: tuple[Record, ...], _p: bytes) -> None:
    """Each line is one open bill of before; it is named by firm, side and number (else the day)."""
    firms = Firms(tx, member)
    known = {(row.partner, row.receivable, row.number): row for row in tx.importing.openings(member)}
    seen: set[tuple[bytes, bool, str]] = set()
    for record in records:
        firm, amount = firms.find(draft, record), whole(record, "amount") or 0
        if not text(record, "side"):
            draft.wrong(record.line, "side", NO_SIDE)
        if amount <= 0:
            draft.wrong(record.line, "amount", BELOW)
        if firm is None or amount <= 0 or not text(record, "side"):
            continue
        row = _opening(tx, member, firm, record, amount)
        key = (row.partner, row.receivable, row.number)
        bill = _bill_of(tx, row)
        if key in seen:
            draft.wrong(record.line, "number", SAME_NUMBER, value=row.number)
        elif bill is not None and bill.marked > amount:
            draft.wrong(record.line, "amount", PAID_MORE, value=f"{bill.marked:,}")
        else:
            before = known.get(key)
            same = before is not None and before._replace(user="", updated=0) == row
            state = SAME if same else NEW if before is None else CHANGED
            draft.lines.append(Line(record.line, f"{text(record, 'partner')} {row.number}", state, row))
        seen.add(key)


def _opening(tx: Tx, member: bytes, firm: bytes, record: Record, amount: int) -> OpeningRow:
    day = text(record, "date")
    number = text(record, "number") or f"OB-{day}"
    due = text(record, "due_date") or terms.payday(terms.of(tx, member, firm), day)
    return OpeningRow(member, firm, text(record, "side") == "receivable", number, day, due, amount, "", 0)


def _thread(row: OpeningRow) -> bytes:
    """The place of a balance among the bills, which are named by dealing and number."""
    side = b"r" if row.receivable else b"p"
    return hashlib.sha256(b"yui/opening" + row.member + row.partner + side).digest()


def is_opening(tx: Tx, member: bytes, thread: bytes) -> bool:
    """Whether this place among the bills is a balance that was brought in: there is no dealing behind it."""
    if tx.threads.get(member, thread) is not None:
        return False
    return any(_thread(row) == thread for row in tx.importing.openings(member))


def _bill_of(tx: Tx, row: OpeningRow) -> BillRow | None:
    return next((bill for bill in tx.books.bills_of(row.member, _thread(row)) if bill.number == row.number), None)


def take_balances(house: House, tx: Tx, member: bytes, plan: Plan, user: str) -> None:
    """Store the balances that are new or changed, and their place among the open bills."""
    changed = [line.action for line in plan.lines if line.state != SAME]
    bills = []
    for row in changed:
        before = _bill_of(tx, row)
        marked = 0 if before is None else before.marked
        bills.append(
            BillRow(
                member, _thread(row), KIND, row.number, row.receivable, row.partner, b"", "JPY", row.day, row.due,
                True, row.amount, 0, 0, marked, row.amount - marked,
            )
        )  # fmt: skip
    tx.importing.put_openings([row._replace(user=user, updated=house.clock()) for row in changed])
    tx.books.put_bills(bills)
