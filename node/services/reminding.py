"""お支払いのお願い: a letter about an overdue bill, drafted for a person to send as a message beside the dealing.

Owns the letter's text and when one may be written. What was sent is a message like any other, signed, that names the
bill; whether money came is for ``payments``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from node.i18n import N_
from node.papers.pdf.wording import Wording
from node.services import banking, books, dealings, reading, talking
from node.services.books import Due
from node.services.house import House
from node.services.trade import Outcome
from node.store import BillRow, Tx
from protocol.errors import CallerFault, NotFound
from protocol.process.checks import is_date
from protocol.process.trade.papers import BankAccount, Message, Reference

KINDS = ("invoice", "self_billed_statement")
OPENING = N_(
    "To {partner}\n\nThank you for your business. According to our books, as of {today} the following bill is past its"
    " day of payment and has not been paid."
)
FACTS = N_("Bill number: {number}\nDate of the bill: {day}\nDay of payment: {due}\nOpen amount: {amount}")
ACCOUNT = N_("Please pay to: {account}")
CLOSING = N_(
    "We would be grateful if you checked this and arranged the payment. If your payment has crossed this message,"
    " please accept our thanks and disregard it.\n\n{own}"
)


class Reminder(NamedTuple):
    """A bill that can be reminded of, the letter's draft, and the days on which it was reminded of before."""

    due: Due
    text: str
    sent: tuple[str, ...]


def draft(tx: Tx, member: bytes, thread: bytes, kind: str, number: str, today: str, language: str) -> Reminder:
    """The letter in ``language``. NotFound for a bill that is not the member's; CallerFault for one not overdue."""
    due = _overdue(tx, member, thread, kind, number, today)
    own = reading.names_of(tx, (member,)).get(member, "")
    text = letter(due, own, today, language, banking.of(tx, member)[0].account)
    return Reminder(due, text, tuple(_sent(tx, member, due.bill)))


def letter(due: Due, own: str, today: str, language: str, account: BankAccount) -> str:
    """The text, from ``own`` to the partner; the account only where one is known."""
    bill = due.bill
    words = Wording(language, bill.currency)
    facts = {
        "partner": due.partner_name,
        "own": own,
        "number": bill.number,
        "day": words.day(bill.day),
        "due": words.day(due.pay_on),
        "today": words.day(today),
        "amount": words.money(bill.open),
        "account": words.account(account),
    }
    parts = (OPENING, FACTS, ACCOUNT, CLOSING) if account.number or account.iban else (OPENING, FACTS, CLOSING)
    return "\n\n".join(words.say(part) for part in parts).format(**facts)


def send(house: House, tx: Tx, member: bytes, thread: bytes, kind: str, number: str, text: str, today: str) -> Outcome:
    """Send the letter as it was looked over. As ``draft``, and as ``talking.say``."""
    bill = _overdue(tx, member, thread, kind, number, today).bill
    names = (Reference(kind=bill.kind, number=bill.number, date=bill.day if is_date(bill.day) else ""),)
    return talking.say(house, tx, member, thread, text, today, references=names)


def _overdue(tx: Tx, member: bytes, thread: bytes, kind: str, number: str, today: str) -> Due:
    bill = books.bill_of(tx, member, thread, kind, number)
    if not bill.receivable or kind not in KINDS:
        raise NotFound("bill", "no such bill")
    found = books.due_of(tx, member, bill, today)
    if bill.open <= 0 or not found.overdue:
        raise CallerFault("bill", N_("This bill is not overdue."))
    return found


def _sent(tx: Tx, member: bytes, bill: BillRow) -> Sequence[str]:
    """The days of messages that named the bill."""
    papers = [dealings.paper_of(one) for one in tx.documents.by_thread(bill.thread) if one.row.author == member]
    return [
        paper.issue_date
        for paper in papers
        if isinstance(paper, Message)
        and any((ref.kind, ref.number) == (bill.kind, bill.number) for ref in paper.references)
    ]
