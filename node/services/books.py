"""The books (帳簿): every document by day, amount, partner and type, in both directions; corrections; who owes what.

Owns the questions; what is in the books is :mod:`node.services.booking`. What 電子帳簿保存法 asks for: search by day,
amount and partner, by ranges and by any combination; the history of corrections; everything to take away at once.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, Final, NamedTuple

from node.services import bankdays, dealings, reading, terms
from node.services.booking import amount_of, day_of, transaction_day
from node.store import BillRow, BookRow, FoundRow, HoldingRow, Month, Tx
from protocol.errors import CallerFault, NotFound
from protocol.process.checks import is_currency
from protocol.process.trade.papers import PAPERS, CorrectiveInvoice, Paper

MAX_LIMIT: Final = 500
SORTS: Final = ("day", "amount")
DIRECTIONS: Final = ("sent", "received")
AGES: Final = (0, 1, 2, 3)  # months since the month of the bill; the last: and more


class Asked(NamedTuple):
    """A question to the books; empty means any. Days YYYY-MM-DD, both included; amounts in minor units."""

    since: str = ""
    until: str = ""
    amount_min: int | None = None
    amount_max: int | None = None
    currency: str = ""
    partner: bytes = b""
    type: str = ""
    direction: str = ""
    number: str = ""
    sort: str = "day"
    descending: bool = True


class Line(NamedTuple):
    """A document found. ``verdict``: applied, waiting, held or refused; ``stored``: µs."""

    document: bytes
    thread: bytes
    type: str
    direction: str
    partner: bytes
    partner_name: str
    number: str
    revision: int
    day: str
    amount: int | None
    currency: str
    verdict: str
    stored: int


class Total(NamedTuple):
    """How many documents, and the sum of their amounts, in one currency (empty: papers that state none)."""

    currency: str
    documents: int
    amount: int


class Page(NamedTuple):
    """A page of the answer. ``next``: what to give as ``behind``; empty when nothing is left."""

    lines: list[Line]
    next: str


def search(tx: Tx, member: bytes, asked: Asked, limit: int, behind: str = "") -> Page:
    """At most ``limit`` documents, in the order asked for."""
    if not 1 <= limit <= MAX_LIMIT:
        raise CallerFault("limit", f"1 to {MAX_LIMIT}")
    filters = filters_of(asked)
    rows = tx.books.page(
        member, filters, limit, sort=asked.sort, descending=asked.descending, behind=_cursor(asked, behind)
    )
    more = _cursor_of(asked, rows[-1].entry) if len(rows) == limit else ""
    return Page(_lines(tx, rows), more)


def totals(tx: Tx, member: bytes, asked: Asked) -> list[Total]:
    """Number and sum of all documents that the question finds, by currency."""
    return [Total(*row) for row in tx.books.totals(member, filters_of(asked))]


def filters_of(asked: Asked) -> dict[str, Any]:
    """The store's filters. CallerFault names what is wrong in the question."""
    for name in ("since", "until"):
        _require_day(name, getattr(asked, name))
    if asked.since and asked.until and asked.since > asked.until:
        raise CallerFault("until", "must not be before the first day")
    low, high = asked.amount_min, asked.amount_max
    if low is not None and high is not None and low > high:
        raise CallerFault("amount_max", "must not be below the lowest amount")
    if asked.currency and not is_currency(asked.currency):
        raise CallerFault("currency", "must be an ISO 4217 code of three capital letters")
    if asked.type and asked.type not in PAPERS:
        raise CallerFault("type", f"one of {', '.join(PAPERS)}")
    if asked.direction and asked.direction not in DIRECTIONS:
        raise CallerFault("direction", f"one of {', '.join(DIRECTIONS)}")
    if asked.sort not in SORTS:
        raise CallerFault("sort", f"one of {', '.join(SORTS)}")
    wanted = {name: getattr(asked, name) for name in ("since", "until", "currency", "partner", "type", "direction")}
    found: dict[str, Any] = {name: value for name, value in {**wanted, "number": asked.number}.items() if value}
    amounts = {"amount_min": low, "amount_max": high}
    return found | {name: value for name, value in amounts.items() if value is not None}


def _require_day(name: str, value: str) -> None:
    try:
        if value and date.fromisoformat(value).isoformat() != value:
            raise ValueError
    except ValueError:
        raise CallerFault(name, "a day as YYYY-MM-DD") from None


def _cursor(asked: Asked, text: str) -> tuple[Any, int] | None:
    if not text:
        return None
    value, _, position = text.rpartition("/")
    try:
        return (value if asked.sort == "day" else int(value)), int(position)
    except ValueError:
        raise CallerFault("behind", "the value of next in the last answer") from None


def _cursor_of(asked: Asked, row: BookRow) -> str:
    value = row.day if asked.sort == "day" else -1 if row.amount is None else row.amount
    return f"{value}/{row.document}"


def _lines(tx: Tx, rows: list[FoundRow]) -> list[Line]:
    names = reading.names_of(tx, {row.entry.partner for row in rows})
    return [_line(row, names.get(row.entry.partner, "")) for row in rows]


def _line(found: FoundRow, name: str) -> Line:
    row = found.entry
    return Line(
        found.id, row.thread, row.type, row.direction, row.partner, name, row.number, row.revision, row.day,
        row.amount, row.currency, found.verdict, found.stored,
    )  # fmt: skip


def walk(tx: Tx, member: bytes, asked: Asked, behind: str = "") -> Iterator[Line]:
    """Everything that the question finds; for small books only: it stays inside one transaction."""
    while True:
        page = search(tx, member, asked, MAX_LIMIT, behind)
        yield from page.lines
        if not page.next:
            return
        behind = page.next


# ---------------------------------------------------------------------- corrections


class Correction(NamedTuple):
    """A document that belongs to another's history. ``relation``: original, revision, correction, credit, change,
    cancellation, answer or response."""

    document: bytes
    relation: str
    type: str
    number: str
    revision: int
    mine: bool
    day: str
    amount: int | None
    stored: int
    outcome: str


_RELATIONS: Final = {
    "order_change": "change",
    "order_cancellation": "cancellation",
    "change_response": "answer",
    "order_response": "response",
    "self_billed_response": "response",
}
_OF_ORDER: Final = frozenset({"order_change", "order_cancellation", "change_response", "order_response"})


def corrections(tx: Tx, member: bytes, document: bytes) -> list[Correction]:
    """What was corrected, changed or taken back of a document, itself included, oldest first.

    Nothing stored is ever overwritten: this list, and the bytes of every document in it, is the history that the law
    asks for. NotFound for a document that the member does not hold.
    """
    holding = reading.require(tx, member, document)
    stored = tx.documents.by_thread(holding.thread)
    held = tx.holdings.get_many(member, [found.row.id for found in stored])
    found: dict[bytes, tuple[str, Paper | None]] = {}
    numbers = {holding.business_key}
    for one in sorted(stored, key=lambda one: one.row.position):
        row, paper = one.row, dealings.paper_of(one)
        relation = ""
        if row.type == holding.type and row.author == holding.author and row.business_key in numbers:
            relation = "revision" if row.revision else "original"
        elif isinstance(paper, CorrectiveInvoice) and holding.type in ("invoice", "corrective_invoice"):
            if paper.corrects in numbers or paper.number in numbers:
                relation = "correction" if paper.effect == "replaced" else "credit"
                numbers.add(paper.number)
        elif (holding.type == "order" and row.type in _OF_ORDER) or (
            getattr(paper, "statement", None) == holding.business_key
        ):
            relation = _RELATIONS[row.type]
        if relation and row.id in held:
            found[row.id] = (relation, paper)
    return [_correction(held[identity], *pair, member) for identity, pair in found.items()]


def _correction(row: HoldingRow, relation: str, paper: Paper | None, member: bytes) -> Correction:
    return Correction(
        row.document, relation, row.type, row.business_key, row.revision, row.author == member,
        day_of(row.document_time) if paper is None else transaction_day(paper),
        None if paper is None else amount_of(paper), row.time, row.verdict,
    )  # fmt: skip


# ---------------------------------------------------------------------- who owes what


class Due(NamedTuple):
    """An open bill. ``pay_on``: its day of payment, moved to a bank day as agreed; ``overdue``: days since then."""

    bill: BillRow
    partner_name: str
    pay_on: str
    overdue: int


class Age(NamedTuple):
    """Open amounts of one partner (年齢表): ``months[n]`` of bills n months old, the last of all that are older."""

    partner: bytes
    partner_name: str
    currency: str
    months: tuple[int, ...]
    total: int
    overdue: int


class Monthly(NamedTuple):
    """A month with one partner."""

    sums: Month
    partner_name: str


def monthly(tx: Tx, member: bytes, since: str, until: str, *, receivable: bool) -> list[Monthly]:
    """Receivables (売掛) or payables (買掛) by month and partner; ``since`` and ``until``: YYYY-MM, both included."""
    for name, month in (("since", since), ("until", until)):
        _require_day(name, f"{month}-01" if month else "")
    rows = tx.books.months(member, f"{since or '0000-00'}-01", f"{until or '9999-12'}-31", receivable=receivable)
    names = reading.names_of(tx, {row.partner for row in rows})
    return [Monthly(row, names.get(row.partner, "")) for row in rows]


def due(tx: Tx, member: bytes, today: str, *, receivable: bool, until: str = "") -> list[Due]:
    """Open bills by day of payment; ``until``: only those to be paid at the latest then (after shifting)."""
    _require_day("until", until)
    rows = tx.books.open_bills(member, receivable=receivable)
    partners = {row.partner for row in rows}
    names, agreed = reading.names_of(tx, partners), terms.many(tx, member, partners)
    found = [_due(row, names.get(row.partner, ""), agreed.get(row.partner, terms.NONE), today) for row in rows]
    return sorted(
        (one for one in found if not until or one.pay_on <= until), key=lambda one: (one.pay_on, one.bill.number)
    )


def due_of(tx: Tx, member: bytes, bill: BillRow, today: str) -> Due:
    """One bill as ``due`` shows it."""
    name = reading.names_of(tx, (bill.partner,)).get(bill.partner, "")
    return _due(bill, name, terms.of(tx, member, bill.partner), today)


def _due(row: BillRow, name: str, agreed: terms.PartnerTerms, today: str) -> Due:
    pay_on = bankdays.shifted(row.due, agreed.shift)
    late = (date.fromisoformat(today) - date.fromisoformat(pay_on)).days
    return Due(row, name, pay_on, max(late, 0))


def ageing(tx: Tx, member: bytes, today: str, *, receivable: bool) -> list[Age]:
    """Open bills by partner and age in months, the largest overdue first."""
    return ages_of(due(tx, member, today, receivable=receivable), today)


def ages_of(open_bills: Iterable[Due], today: str) -> list[Age]:
    """:func:`ageing` of bills that were found before."""
    sums: OrderedDict[tuple[bytes, str], list[int]] = OrderedDict()
    names: dict[bytes, str] = {}
    for one in open_bills:
        row = one.bill
        names[row.partner] = one.partner_name
        cells = sums.setdefault((row.partner, row.currency), [0] * (len(AGES) + 1))
        cells[_age(row.day, today)] += row.open
        cells[-1] += row.open if one.overdue else 0
    found = [
        Age(partner, names[partner], currency, tuple(cells[:-1]), sum(cells[:-1]), cells[-1])
        for (partner, currency), cells in sums.items()
    ]
    return sorted(found, key=lambda age: (-age.overdue, -age.total, age.partner))


def _age(day: str, today: str) -> int:
    """Months between the month of ``day`` and this one, at least 0, at most the last of :data:`AGES`."""
    months = (int(today[:4]) - int(day[:4])) * 12 + int(today[5:7]) - int(day[5:7])
    return min(max(months, 0), AGES[-1])


def bill_of(tx: Tx, member: bytes, thread: bytes, kind: str, number: str) -> BillRow:
    """One bill. NotFound for any that is not the member's."""
    for row in tx.books.bills_of(member, thread):
        if (row.kind, row.number) == (kind, number):
            return row
    raise NotFound("bill", "no such bill")
