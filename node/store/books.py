"""The books: documents by day, partner, amount and type; bills and what is open on them; payments marked by people.

Tables ``books``, ``bills``, ``payments``.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any, NamedTuple

import sqlalchemy as sa

from node.store.repository import Repository
from node.store.schema import documents, holdings
from node.store.schema_desk import OPEN, bills, books, payments
from node.store.sql import Query, Statement, insert_rows, plain, upsert
from node.store.tables import INT, TEXT


class BookRow(NamedTuple):
    """One document in a member's books. ``day``: of the transaction, YYYY-MM-DD; ``amount``: minor units, if any."""

    member: bytes
    document: int
    thread: bytes
    direction: str
    type: str
    partner: bytes
    number: str
    revision: int
    day: str
    amount: int | None
    currency: str


class FoundRow(NamedTuple):
    """A document found in the books: its entry, its id, and what became of it here."""

    entry: BookRow
    id: bytes
    verdict: str
    stored: int


class BillRow(NamedTuple):
    """A bill as one side sees it, in minor units. ``document``: id of the paper that says what is owed now.

    ``announced``: paid by papers (payment notices); ``marked``: paid as a person says; ``open``: amount − credited −
    marked.
    """

    member: bytes
    thread: bytes
    kind: str
    number: str
    receivable: bool
    partner: bytes
    document: bytes
    currency: str
    day: str
    due: str
    stated: bool
    amount: int
    credited: int
    announced: int
    marked: int
    open: int


class PaymentRow(NamedTuple):
    """A person said that a bill was paid. ``undone``: µs when that was taken back, by whom; None: it stands."""

    id: bytes
    member: bytes
    thread: bytes
    kind: str
    number: str
    day: str
    amount: int
    note: str
    by: str
    time: int
    undone: int | None
    undone_by: str


class Month(NamedTuple):
    """Bills of one month with one partner, summed."""

    month: str
    partner: bytes
    currency: str
    bills: int
    amount: int
    credited: int
    marked: int
    open: int


def _bind(name: str, kind: Any = None) -> sa.BindParameter[Any]:
    return sa.bindparam(name, type_=kind)


_BOOK_PUT = upsert(books, BookRow._fields)
_OWN = books.c.member == _bind("member")
_BOOK = sa.select(*(books.c[name] for name in BookRow._fields))
#: A filter's name → its condition; the values have the same names.
_FILTERS: dict[str, sa.ColumnElement[bool]] = {
    "since": books.c.day >= _bind("since"),
    "until": books.c.day <= _bind("until"),
    "partner": books.c.partner == _bind("partner"),
    "type": books.c.type == _bind("type"),
    "direction": books.c.direction == _bind("direction"),
    "amount_min": books.c.amount >= _bind("amount_min"),
    "amount_max": books.c.amount <= _bind("amount_max"),
    "currency": books.c.currency == _bind("currency"),
    "number": books.c.number == _bind("number"),
}
_SORTS: dict[str, tuple[Any, Any]] = {
    "day": (books.c.day, TEXT),
    "amount": (sa.func.coalesce(books.c.amount, sa.literal_column("-1")), INT),
}


_FOUND = (
    sa.select(*(books.c[name] for name in BookRow._fields), documents.c.id, holdings.c.verdict, holdings.c.time)
    .join(documents, documents.c.position == books.c.document)
    .join(holdings, sa.and_(holdings.c.document == books.c.document, holdings.c.member == books.c.member))
)


def _found(row: Any) -> FoundRow:
    return FoundRow(BookRow._make(row[:-3]), *row[-3:])


@cache
def _page(chosen: frozenset[str], sort: str, descending: bool) -> Query[FoundRow]:
    column, kind = _SORTS[sort]
    place = sa.tuple_(column, books.c.document)
    seen = sa.tuple_(_bind("at", kind), _bind("document", INT))
    wanted = [_FILTERS[name] for name in sorted(chosen)]
    behind = place < seen if descending else place > seen
    order = (column.desc(), books.c.document.desc()) if descending else (column, books.c.document)
    return Query(_found, _FOUND.where(_OWN, *wanted, behind).order_by(*order).limit(_bind("limit")))


@cache
def _totals(chosen: frozenset[str]) -> Query[tuple[str, int, int]]:
    wanted = [_FILTERS[name] for name in sorted(chosen)]
    columns = (books.c.currency, sa.func.count(), sa.cast(sa.func.coalesce(sa.func.sum(books.c.amount), 0), INT))
    return Query(plain, sa.select(*columns).where(_OWN, *wanted).group_by(books.c.currency).order_by(books.c.currency))


# By the documents' own indexes: one by dealing here would have random keys, a page to write for each document.
_POSITIONS = sa.union_all(
    sa.select(documents.c.position).where(documents.c.id == _bind("thread")),
    sa.select(documents.c.position).where(documents.c.thread == _bind("thread")),
)
_IN_THREAD = Query(BookRow._make, _BOOK.where(_OWN, books.c.document.in_(_POSITIONS)).order_by(books.c.document))

_BILL = sa.select(*(bills.c[name] for name in BillRow._fields))
_OWN_BILLS = bills.c.member == _bind("member")
_BILL_PUT = upsert(bills, BillRow._fields)
_BILLS_OF = Query(
    BillRow._make,
    _BILL.where(_OWN_BILLS, bills.c.thread == _bind("thread")).order_by(bills.c.kind, bills.c.number),
)
_SIDE = sa.and_(_OWN_BILLS, bills.c.receivable == _bind("receivable"))
_OPEN = Query(
    BillRow._make,
    _BILL.where(OPEN, _SIDE, bills.c.due <= _bind("until"))
    .order_by(bills.c.due, bills.c.partner, bills.c.number, bills.c.thread)
    .limit(_bind("limit")),
)
_OPEN_WITH = Query(
    BillRow._make,
    _BILL.where(OPEN, _OWN_BILLS, bills.c.partner == _bind("partner"))
    .order_by(bills.c.day, bills.c.number, bills.c.thread)
    .limit(_bind("limit")),
)
_BETWEEN = Query(
    BillRow._make,
    _BILL.where(_SIDE, bills.c.day >= _bind("since"), bills.c.day <= _bind("until"))
    .order_by(bills.c.day, bills.c.number, bills.c.thread)
    .limit(_bind("limit")),
)
_MONTH = sa.func.substr(bills.c.day, 1, 7)
_MONTHS = Query(
    Month._make,
    sa.select(
        _MONTH.label("month"),
        bills.c.partner,
        bills.c.currency,
        sa.func.count(),
        *(sa.cast(sa.func.sum(bills.c[name]), INT) for name in ("amount", "credited", "marked", "open")),
    )
    .where(_SIDE, bills.c.day >= _bind("since"), bills.c.day <= _bind("until"))
    .group_by(sa.text("1"), bills.c.partner, bills.c.currency)
    .order_by(sa.text("1"), bills.c.partner, bills.c.currency),
)

_PAYMENT = sa.select(*(payments.c[name] for name in PaymentRow._fields))
_PAYMENT_ADD = insert_rows(payments, PaymentRow._fields)
_PAYMENT_GET = Query(PaymentRow._make, _PAYMENT.where(payments.c.id == _bind("id")))
_PAYMENTS_OF = Query(
    PaymentRow._make,
    _PAYMENT.where(payments.c.member == _bind("member"), payments.c.thread == _bind("thread")).order_by(
        payments.c.time, payments.c.id
    ),
)
_PAYMENTS = Query(
    PaymentRow._make,
    _PAYMENT.where(payments.c.member == _bind("member"), payments.c.time < _bind("before"))
    .order_by(payments.c.time.desc(), payments.c.id)
    .limit(_bind("limit")),
)
_UNDO = Statement(
    sa.update(payments)
    .where(payments.c.id == _bind("which"), payments.c.undone.is_(None))
    .values(undone=_bind("undone"), undone_by=_bind("undone_by"))
)
MOST = 10_000


class Books(Repository):
    """A member's books. ``books`` and ``bills`` can be made again from the documents; ``payments`` cannot."""

    def enter(self, rows: Iterable[BookRow]) -> None:
        """Add or replace documents."""
        self._db.run_many(_BOOK_PUT, rows)

    def positions(self, documents: Iterable[bytes]) -> dict[bytes, int]:
        """The positions under which documents are entered, by id."""
        wanted = tuple(documents)
        found = self._session.find_positions(wanted)
        return {document: found[document] for document in wanted if document in found}

    def page(
        self,
        member: bytes,
        filters: dict[str, Any],
        limit: int,
        *,
        sort: str = "day",
        descending: bool = True,
        behind: tuple[Any, int] | None = None,
    ) -> list[FoundRow]:
        """At most ``limit`` documents that pass all ``filters`` (names of ``_FILTERS``), behind (value, position)."""
        ends: dict[tuple[str, bool], Any] = {("day", True): "~", ("day", False): "", ("amount", True): 2**62}
        end = ends.get((sort, descending), -2)
        at, document = behind or (end, 2**62 if descending else 0)
        query = _page(frozenset(filters), sort, descending)
        return self._db.all(query, member=member, at=at, document=document, limit=limit, **filters)

    def totals(self, member: bytes, filters: dict[str, Any]) -> list[tuple[str, int, int]]:
        """(currency, documents, sum of amounts) of everything that passes ``filters``."""
        return self._db.all(_totals(frozenset(filters)), member=member, **filters)

    def in_thread(self, member: bytes, thread: bytes) -> list[BookRow]:
        """The documents of one dealing, oldest first."""
        return self._db.all(_IN_THREAD, member=member, thread=thread)

    # ------------------------------------------------------------------ bills

    def put_bills(self, rows: Iterable[BillRow]) -> None:
        """Add or replace bills."""
        self._db.run_many(_BILL_PUT, rows)

    def bills_of(self, member: bytes, thread: bytes) -> list[BillRow]:
        """The bills of a dealing."""
        return self._db.all(_BILLS_OF, member=member, thread=thread)

    def open_bills(
        self, member: bytes, *, receivable: bool, until: str = "9999-12-31", limit: int = MOST
    ) -> list[BillRow]:
        """Bills on which something is open, by day of payment; ``until``: due at the latest then."""
        return self._db.all(_OPEN, member=member, receivable=receivable, until=until, limit=limit)

    def open_with(self, member: bytes, partner: bytes, limit: int = MOST) -> list[BillRow]:
        """Open bills with one partner, in both directions."""
        return self._db.all(_OPEN_WITH, member=member, partner=partner, limit=limit)

    def bills_between(
        self, member: bytes, since: str, until: str, *, receivable: bool, limit: int = MOST
    ) -> list[BillRow]:
        """Bills by day of the bill."""
        return self._db.all(_BETWEEN, member=member, receivable=receivable, since=since, until=until, limit=limit)

    def months(self, member: bytes, since: str, until: str, *, receivable: bool) -> list[Month]:
        """Sums by month, partner and currency."""
        return self._db.all(_MONTHS, member=member, receivable=receivable, since=since, until=until)

    # ------------------------------------------------------------------ payments

    def add_payments(self, rows: Iterable[PaymentRow]) -> None:
        """Somebody says that bills were paid."""
        self._db.run_many(_PAYMENT_ADD, rows)

    def payment(self, identity: bytes) -> PaymentRow | None:
        """One entry, or None."""
        return self._db.one(_PAYMENT_GET, id=identity)

    def payments_of(self, member: bytes, thread: bytes) -> list[PaymentRow]:
        """Everything that was said of a dealing's bills, taken back or not."""
        return self._db.all(_PAYMENTS_OF, member=member, thread=thread)

    def payments(self, member: bytes, limit: int, before: int = 2**62) -> list[PaymentRow]:
        """Latest first, behind the moment ``before``."""
        return self._db.all(_PAYMENTS, member=member, limit=limit, before=before)

    def undo_payment(self, identity: bytes, time: int, by: str) -> bool:
        """Take it back; False if it was taken back before."""
        return self._db.run(_UNDO, which=identity, undone=time, undone_by=by) > 0
