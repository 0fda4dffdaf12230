"""Files for the member's bank (総合振込): chosen bills to payments, the file that was made, and that a person paid it.

Owns the state of a file (made, paid, withdrawn) and who is told. The bytes are :mod:`node.papers.zengin`, the marks on
bills :mod:`node.services.payments`. A file pays nothing: a person says afterwards that the bank did.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final, NamedTuple

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from node.i18n import N_
from node.papers import zengin
from node.papers.zengin import Account, Payment, Preview, Problem
from node.services import banking, books, payments, terms, trade
from node.services.books import Due
from node.services.desk import dealing
from node.services.drafting import Step
from node.services.house import House
from node.services.payments import Mark
from node.services.terms import PartnerTerms
from node.services.trade import Submission
from node.store import BillRow, PaymentRow, TransferRow, Tx
from protocol.errors import CallerFault, ImpossibleStep, NotFound
from protocol.process.trade.papers import BankAccount, PaymentNotice

CURRENCY: Final = "JPY"
MOST_LOOKED_AT: Final = 200  # files in which a bill is looked for
NO_ACCOUNT: Final = N_("no bank account is known")
PAST: Final = N_("the day has passed: choose today or later")
WITHOUT: Final = BankAccount()

Chosen = tuple[bytes, str, str]  # dealing, kind, number of a bill


class Paid(Struct, frozen=True, array_like=True):
    """One bill in a file; ``amount`` in yen."""

    thread: bytes
    kind: str
    number: str
    partner: bytes
    amount: int


class Payee(Struct, frozen=True, array_like=True):
    """One data record: who, to which account (bank, branch, kind, number), in which writing."""

    partner: bytes
    name: str
    holder: str
    account: tuple[str, str, str, str]
    amount: int


class Record(Struct, frozen=True, array_like=True):
    """Everything of a file: ``data`` byte for byte, as the bank gets it."""

    name: str
    data: bytes
    bills: tuple[Paid, ...]
    payees: tuple[Payee, ...]


class Made(NamedTuple):
    """A file that was made. ``state``: made, paid, withdrawn; ``time`` and ``ended`` in µs."""

    id: bytes
    time: int
    by: str
    day: str
    total: int
    state: str
    ended: int
    ended_by: str
    record: Record


class Listed(NamedTuple):
    """A bill to be paid, and the file that it already stands in, if any."""

    due: Due
    file: Made | None

    @property
    def key(self) -> Chosen:
        """What names the bill."""
        return self.due.bill.thread, self.due.bill.kind, self.due.bill.number


class Prepared(NamedTuple):
    """What a file would hold. ``seen`` changes when somebody else prepares or pays one of these bills.

    ``partners``: of each payment in the preview, in its order; ``again``: bills that stand in another file already.
    """

    bills: tuple[Listed, ...]
    preview: Preview
    partners: tuple[bytes, ...]
    again: tuple[Listed, ...]
    own_missing: bool
    seen: str


class MadeMeanwhile(CallerFault):
    """Somebody else made a file with one of these bills, or paid one, since the preview was shown."""

    def __init__(self, seen: str, file: Made | None) -> None:
        super().__init__("bills", "somebody changed one of these bills meanwhile", code="somebody-was-faster")
        self.seen = seen
        self.file = file


_READ: Final = msgspec.msgpack.Decoder(Record)


def to_pay(tx: Tx, member: bytes, today: str, until: str = "") -> list[Listed]:
    """What has to be paid, by bank day, with the files in which it stands."""
    files = _standing(tx, member)
    return [Listed(one, files.get(_key(one.bill))) for one in payments.to_pay(tx, member, today, until)]


def _key(bill: BillRow) -> Chosen:
    return bill.thread, bill.kind, bill.number


def _standing(tx: Tx, member: bytes) -> dict[Chosen, Made]:
    """Bill → the latest file that is made and neither paid nor withdrawn."""
    found: dict[Chosen, Made] = {}
    for made in files(tx, member, MOST_LOOKED_AT):
        for paid in made.record.bills if made.state == "made" else ():
            found.setdefault((paid.thread, paid.kind, paid.number), made)
    return found


def files(tx: Tx, member: bytes, limit: int = 50) -> list[Made]:
    """The files that were made, latest first."""
    return [_made(row) for row in tx.money.transfers(member, limit)]


def file(tx: Tx, member: bytes, identity: bytes) -> Made:
    """One file. NotFound for any that is not the member's."""
    row = tx.money.transfer(member, identity)
    if row is None:
        raise NotFound("file", "no such file")
    return _made(row)


def _made(row: TransferRow) -> Made:
    return Made(
        row.id, row.time, row.by, row.day, row.total, row.state, row.ended, row.ended_by, _READ.decode(row.data)
    )


# ---------------------------------------------------------------------- made


def prepare(tx: Tx, member: bytes, chosen: Iterable[Chosen], day: str, today: str) -> Prepared:
    """What a file of these bills would hold on banking day ``day``, and all that hinders it; nothing is written.

    One payment to each partner. NotFound for a bill that is not the member's to pay; CallerFault for one in another
    currency, or where nothing is open.
    """
    wanted = list(dict.fromkeys(chosen))
    open_bills = {one.key: one for one in to_pay(tx, member, today)}
    bills = tuple(_wanted(tx, member, open_bills, key) for key in wanted)
    partners = tuple(dict.fromkeys(one.due.bill.partner for one in bills))
    agreed, before = terms.many(tx, member, partners), _accounts_before(tx, member)
    rows = [
        _payment([one for one in bills if one.due.bill.partner == partner], agreed.get(partner, terms.NONE), before)
        for partner in partners
    ]
    own, version = banking.of(tx, member)
    preview = zengin.preview(banking.payer(own), rows, date.fromisoformat(day))
    without = {at for at, partner in enumerate(partners) if agreed.get(partner, terms.NONE).account in (None, WITHOUT)}
    problems = [one for one in preview.problems if one.place not in without or one.field == "amount"]
    problems = [one for one in problems if version or not one.field.startswith("payer.")]
    problems += [Problem("account", NO_ACCOUNT, (), at, rows[at].payee) for at in sorted(without)]
    if day < today:
        problems.append(Problem("day", PAST))
    return Prepared(
        bills,
        Preview(preview.day, preview.rows, preview.count, preview.total, tuple(problems)),
        partners,
        tuple(one for one in bills if one.file is not None),
        not version,
        _seen(bills),
    )


def _wanted(tx: Tx, member: bytes, open_bills: dict[Chosen, Listed], key: Chosen) -> Listed:
    found = open_bills.get(key)
    if found is None:
        bill = books.bill_of(tx, member, *key)
        raise CallerFault("bills", f"nothing is to be paid on {bill.number} any more", code="paid")
    if found.due.bill.currency != CURRENCY:
        raise CallerFault("bills", f"{found.due.bill.number} is not in yen: no bank file", code="currency")
    return found


def _payment(bills: Sequence[Listed], agreed: PartnerTerms, before: dict[bytes, tuple[str, ...]]) -> Payment:
    found = agreed.account or WITHOUT
    account = banking.account(found)
    last = before.get(bills[0].due.bill.partner)
    return Payment(
        bills[0].due.partner_name,
        account,
        agreed.account_kana or found.holder,
        sum(one.due.bill.open for one in bills),
        first=last is None,
        changed=last is not None and last != _place(account),
        references=tuple(one.due.bill.number for one in bills),
    )


def _place(account: Account) -> tuple[str, str, str, str]:
    return account.bank, account.branch, account.kind, account.number


def _accounts_before(tx: Tx, member: bytes) -> dict[bytes, tuple[str, ...]]:
    """Partner → the account of its last transfer that was not withdrawn."""
    found: dict[bytes, tuple[str, ...]] = {}
    for made in files(tx, member, MOST_LOOKED_AT):
        for payee in made.record.payees if made.state != "withdrawn" else ():
            found.setdefault(payee.partner, payee.account)
    return found


def _seen(bills: Iterable[Listed]) -> str:
    told = [(*one.key, one.due.bill.open, one.file.id if one.file else b"") for one in bills]
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


def make(
    house: House,
    tx: Tx,
    member: bytes,
    by: str,
    chosen: Iterable[Chosen],
    day: str,
    today: str,
    *,
    seen: str = "",
    again: bool = False,
) -> Made:
    """Make the file and keep it. ``again``: also with bills that stand in another file.

    CallerFault names the first problem; MadeMeanwhile if the bills are not as ``seen`` (of a preview; empty: any).
    """
    found = prepare(tx, member, chosen, day, today)
    if seen and seen != found.seen:
        raise MadeMeanwhile(found.seen, found.again[0].file if found.again else None)
    if found.again and not again:
        raise CallerFault("again", f"{found.again[0].due.bill.number} stands in another file already", code="again")
    own = banking.of(tx, member)[0]
    if found.own_missing:
        raise CallerFault("payer", "the member's own account is not known", code="zengin")
    for problem in found.preview.problems:
        raise CallerFault(problem.field, problem.text(str), code="zengin")
    written = zengin.write(banking.payer(own), [row.payment for row in found.preview.rows], found.preview.day)
    record = Record(written.name, written.data, _paid(found), _payees(found))
    row = TransferRow(
        house.entropy(16), member, house.clock(), by, day, written.total, "made", 0, "", msgspec.msgpack.encode(record)
    )
    tx.money.add_transfer(row)
    return _made(row)


def _paid(found: Prepared) -> tuple[Paid, ...]:
    rows = (one.due.bill for one in found.bills)
    return tuple(Paid(row.thread, row.kind, row.number, row.partner, row.open) for row in rows)


def _payees(found: Prepared) -> tuple[Payee, ...]:
    return tuple(
        Payee(partner, row.payment.payee, row.holder, _place(row.payment.account), row.payment.amount)
        for partner, row in zip(found.partners, found.preview.rows, strict=True)
    )


# ---------------------------------------------------------------------- ended


def withdraw(house: House, tx: Tx, member: bytes, by: str, identity: bytes) -> None:
    """The file was not given to the bank. CallerFault if it was paid or withdrawn before."""
    file(tx, member, identity)
    if not tx.money.end_transfer(identity, "withdrawn", house.clock(), by):
        raise CallerFault("file", "it was paid or withdrawn before", code="ended")


class Settled(NamedTuple):
    """What was marked, how many payment notices went out, and the peers that have something new to fetch."""

    marked: list[PaymentRow]
    notices: int
    news: frozenset[bytes]


def settle(
    house: House, tx: Tx, member: bytes, by: str, identity: bytes, day: str, today: str, *, notify: bool
) -> Settled:
    """The bank paid the file on ``day``: mark its bills, and tell the partners on their dealings if ``notify``.

    CallerFault if it ended before, or if a bill in it is not open to that amount any more.
    """
    made = file(tx, member, identity)
    if not tx.money.end_transfer(identity, "paid", house.clock(), by):
        raise CallerFault("file", "it was paid or withdrawn before", code="ended")
    marks = [Mark(one.thread, one.kind, one.number, one.amount) for one in made.record.bills]
    marked = payments.mark_paid(house, tx, member, by, marks, day, made.record.name)
    if not notify:
        return Settled(marked, 0, frozenset())
    written = [_notice(tx, member, thread, made, day, today) for thread in dict.fromkeys(one.thread for one in marks)]
    submissions = [one for one in written if one is not None]
    news = trade.submit(house, tx, member, submissions).news if submissions else frozenset()
    return Settled(marked, len(submissions), news)


def _notice(tx: Tx, member: bytes, thread: bytes, made: Made, day: str, today: str) -> Submission | None:
    """The payment notice on one dealing; None where a notice has told of everything before."""
    try:
        draft = dealing.write_draft(tx, member, thread, Step.PAY, today)
    except ImpossibleStep:
        return None
    assert isinstance(draft, PaymentNotice)
    paid = {(one.kind, one.number): one for one in made.record.bills if one.thread == thread}
    items = tuple(
        replace(item, amount=min(paid[item.kind, item.number].amount, item.amount))
        for item in draft.items
        if (item.kind, item.number) in paid
    )
    if not items:
        return None
    paper = replace(draft, items=items, total=sum(item.amount for item in items), payment_date=day)
    return Submission(next(iter(paid.values())).partner, paper, thread=thread)
