"""The rules of a 総合振込: every problem at once, each with its payee, field and rule. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

from node.i18n import N_
from node.papers.zengin import kana
from node.papers.zengin.banking_days import is_banking_day
from node.papers.zengin.payments import Account, Payer, Payment, Preview, Problem, Row

MAX_AMOUNT: Final = 9_999_999_999
MAX_TOTAL: Final = 999_999_999_999
MAX_COUNT: Final = 999_999
HOLDER_BYTES: Final = 30
PAYER_BYTES: Final = 40
NAME_BYTES: Final = 15
EDI_BYTES: Final = 20
PAYER_KINDS: Final = frozenset("129")
PAYEE_KINDS: Final = frozenset("1249")

DIGITS = N_("must be {count} digits: {value}")
UP_TO_DIGITS = N_("must be at most {count} digits: {value}")
KIND = N_("must be one of the kinds of account {kinds}: {value}")
CHARACTERS = N_("holds characters that banks do not take: {characters}. Write the name in kana.")
EMPTY = N_("must not be empty")
TOO_LONG = N_("is {bytes} bytes long, at most {count} fit (a voiced kana counts as two)")
AMOUNT = N_("must be from 1 to 9,999,999,999 yen: {value}")
NOTHING = N_("there is nothing to pay")
COUNT = N_("at most 999,999 payments fit into a file")
TOTAL = N_("the total must be below 1,000,000,000,000 yen: {value}")
DAY = N_("banks are closed on {day}: choose a banking day, such as {other}")
FIRST_OR_CHANGED = N_("an account is either new or changed")


def preview(payer: Payer, payments: Sequence[Payment], day: date) -> Preview:
    """What the bank will read, the sums, and all that hinders the file."""
    rows = tuple(_row(payment) for payment in payments)
    total = sum(payment.amount for payment in payments)
    problems = (*_whole(payments, total, day), *_payer(payer))
    for place, (payment, row) in enumerate(zip(payments, rows, strict=True)):
        for field, rule, values in _payment(payment, row):
            problems += (Problem(field, rule, values, place, payment.payee),)
    return Preview(day, rows, len(payments), total, problems)


Found = tuple[str, str, tuple[tuple[str, str], ...]]


def _row(payment: Payment) -> Row:
    whole = kana.party(payment.holder)
    holder = kana.fit(whole, HOLDER_BYTES)
    names = (payment.account.bank_name, payment.account.branch_name)
    bank, branch = (kana.fit(kana.narrow(name), NAME_BYTES) for name in names)
    return Row(payment, holder, bank, branch, cut=holder != whole)


def _whole(payments: Sequence[Payment], total: int, day: date) -> Iterator[Problem]:
    from node.papers.zengin.banking_days import preceding

    if not payments:
        yield Problem("payments", NOTHING)
    if len(payments) > MAX_COUNT:
        yield Problem("payments", COUNT)
    if total > MAX_TOTAL:
        yield Problem("payments", TOTAL, (("value", f"{total:,}"),))
    if not is_banking_day(day):
        yield Problem("day", DAY, (("day", day.isoformat()), ("other", preceding(day).isoformat())))


def _payer(payer: Payer) -> Iterator[Problem]:
    found = [
        *_digits("payer.code", payer.code, 10, exact=False),
        *_account("payer.account", payer.account, PAYER_KINDS),
    ]
    name = kana.party(payer.name)
    found += _text("payer.name", name, kana.PARTY, PAYER_BYTES)
    if not name:
        found.append(("payer.name", EMPTY, ()))
    for field, rule, values in found:
        yield Problem(field, rule, values)


def _payment(payment: Payment, row: Row) -> Iterator[Found]:
    yield from _account("account", payment.account, PAYEE_KINDS)
    if not row.holder:
        yield "holder", EMPTY, ()
    yield from _text("holder", row.holder, kana.PARTY, HOLDER_BYTES)
    if not 1 <= payment.amount <= MAX_AMOUNT:
        yield "amount", AMOUNT, (("value", f"{payment.amount:,}"),)
    if payment.first and payment.changed:
        yield "first", FIRST_OR_CHANGED, ()
    yield from _text("edi", kana.narrow(payment.edi), kana.EDI, EDI_BYTES)
    for code in payment.customer_codes:
        yield from _text("customer_codes", code, kana.EDI, 10)


def _account(field: str, account: Account, kinds: frozenset[str]) -> Iterator[Found]:
    yield from _digits(f"{field}.bank", account.bank, 4)
    yield from _digits(f"{field}.branch", account.branch, 3)
    yield from _digits(f"{field}.number", account.number, 7, exact=False)
    if account.kind not in kinds:
        yield f"{field}.kind", KIND, (("kinds", ", ".join(sorted(kinds))), ("value", account.kind))
    for name in ("bank_name", "branch_name"):
        text = kana.fit(kana.narrow(getattr(account, name)), NAME_BYTES)
        yield from _text(f"{field}.{name}", text, kana.BANK, NAME_BYTES)


def _digits(field: str, value: str, count: int, *, exact: bool = True) -> Iterator[Found]:
    fits = len(value) == count if exact else 1 <= len(value) <= count
    if not (fits and value.isascii() and value.isdigit()):
        yield field, DIGITS if exact else UP_TO_DIGITS, (("count", str(count)), ("value", value))


def _text(field: str, text: str, allowed: frozenset[str], size: int) -> Iterator[Found]:
    foreign = kana.foreign(text, allowed)
    if foreign:
        yield field, CHARACTERS, (("characters", " ".join(foreign)),)
    elif len(text) > size:
        yield field, TOO_LONG, (("bytes", str(len(text))), ("count", str(size)))
