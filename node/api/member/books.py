"""The books over the API: search, download, corrections, receivables and payables, payments, closing."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from aiohttp import web
from msgspec import Meta

from node import bookarchive
from node.api.member.desk import Language, Limit, day_at, sent
from node.api.member.shapes import Answer, Hash, Position, Shape, SubmittedList, Sum
from node.api.operation import Call, Operation, Written
from node.i18n import translations
from node.services import addressing, books, closing, payments
from node.services.books import Asked
from node.services.payments import Mark
from node.services.policy import Scope
from node.services.transaction import Tx
from protocol.errors import CallerFault
from protocol.process.trade.papers import Invoice

ZIP = "application/zip"


class BookQuery(Shape, frozen=True):
    """Any combination; empty means any. Days both included, amounts in minor units. ``behind``: ``next`` as it was."""

    since: str = ""
    until: str = ""
    amount_min: Sum | None = None
    amount_max: Sum | None = None
    currency: str = ""
    partner: str = ""
    type: str = ""
    direction: str = ""
    number: str = ""
    sort: str = "day"
    order: Annotated[str, Meta(pattern="^(newest|oldest)$")] = "newest"


class BookPageQuery(BookQuery, frozen=True):
    """A page of it."""

    behind: str = ""
    limit: Limit = 50


class ArchiveQuery(BookQuery, frozen=True):
    """``forms``: which of pdf, ubl, json, proof, separated by commas; ``lang``: of PDFs and index."""

    forms: str = "pdf,proof"
    lang: Language = "ja"


class BookLine(Answer, frozen=True):
    """A document in the books."""

    document: str
    thread: str
    type: str
    direction: str
    partner: str
    partner_name: str
    number: str
    revision: int
    day: str
    amount: int | None
    currency: str
    verdict: str
    stored: int


class TotalShown(Answer, frozen=True):
    """All that the question finds, in one currency."""

    currency: str
    documents: int
    amount: int


class BookPage(Answer, frozen=True):
    """``next``: what to give as ``behind``; empty: nothing is left. ``totals`` are of the whole answer."""

    lines: list[BookLine]
    totals: list[TotalShown]
    next: str


class CorrectionShown(Answer, frozen=True):
    """A document of another's history; ``relation`` says how."""

    document: str
    relation: str
    type: str
    number: str
    revision: int
    mine: bool
    day: str
    amount: int | None
    stored: int
    outcome: str


class CorrectionList(Answer, frozen=True):
    """Oldest first, the document itself included."""

    history: list[CorrectionShown]


def plain(row: Any) -> dict[str, Any]:
    """A named tuple with its ids in hex."""
    return {name: value.hex() if isinstance(value, bytes) else value for name, value in row._asdict().items()}


def _asked(tx: Tx, query: BookQuery) -> Asked:
    partner = addressing.resolve(tx, query.partner, "partner") if query.partner else b""
    return Asked(
        query.since, query.until, query.amount_min, query.amount_max, query.currency, partner, query.type,
        query.direction, query.number, query.sort, query.order == "newest",
    )  # fmt: skip


async def search(call: Call) -> object:
    """GET /v1/books."""
    query: BookPageQuery = call.query
    member = call.member

    def work(tx: Tx) -> BookPage:
        asked = _asked(tx, query)
        page = books.search(tx, member, asked, query.limit, query.behind)
        return BookPage(
            lines=[BookLine(**plain(line)) for line in page.lines],
            totals=[TotalShown(**total._asdict()) for total in books.totals(tx, member, asked)],
            next=page.next,
        )

    return await call.read(work)


async def download(call: Call) -> object:
    """GET /v1/books/archive."""
    query: ArchiveQuery = call.query
    member, forms = call.member, tuple(dict.fromkeys(form for form in query.forms.split(",") if form))
    unknown = [form for form in forms if form not in bookarchive.FORMS]
    if unknown:
        raise CallerFault("forms", f"{unknown[0][:20]!r} is none of {', '.join(bookarchive.FORMS)}")
    asked = await call.read(lambda tx: _asked(tx, query))
    books.filters_of(asked)
    wish = bookarchive.Wish(forms, query.lang, translations(query.lang).gettext)
    answer = web.StreamResponse(headers={"Content-Disposition": 'attachment; filename="books.zip"'})
    answer.content_type = ZIP
    await answer.prepare(call.request)
    pieces = bookarchive.stream(call.context, member, asked, wish)
    while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
        if piece:
            await answer.write(piece)
    await answer.write_eof()
    return answer


async def corrections(call: Call) -> object:
    """GET /v1/documents/{document}/history."""
    document, member = call.path_hash("document"), call.member
    found = await call.read(lambda tx: books.corrections(tx, member, document))
    return CorrectionList(history=[CorrectionShown(**plain(one)) for one in found])


# ---------------------------------------------------------------------- who owes what


class SideQuery(Shape, frozen=True):
    """``side``: receivable (売掛) or payable (買掛); ``today``: the day that ages count to; ``until``: due by then."""

    side: Annotated[str, Meta(pattern="^(receivable|payable)$")] = "receivable"
    today: str = ""
    until: str = ""


class MonthQuery(Shape, frozen=True):
    """Months YYYY-MM, both included."""

    side: Annotated[str, Meta(pattern="^(receivable|payable)$")] = "receivable"
    since: str = ""
    until: str = ""


class BillShown(Answer, frozen=True):
    """A bill. ``open`` = amount − credited − marked; ``announced``: by payment notices."""

    member: str
    thread: str
    kind: str
    number: str
    receivable: bool
    partner: str
    document: str
    currency: str
    day: str
    due: str
    stated: bool
    amount: int
    credited: int
    announced: int
    marked: int
    open: int


class DueShown(Answer, frozen=True):
    """An open bill, the bank day on which it is paid, and for how many days it is overdue."""

    bill: BillShown
    partner_name: str
    pay_on: str
    overdue: int


class DueList(Answer, frozen=True):
    """By day of payment."""

    bills: list[DueShown]


class MonthShown(Answer, frozen=True):
    """A month with one partner."""

    month: str
    partner: str
    partner_name: str
    currency: str
    bills: int
    amount: int
    credited: int
    marked: int
    open: int


class MonthList(Answer, frozen=True):
    """By month and partner."""

    months: list[MonthShown]


class AgeShown(Answer, frozen=True):
    """Open amounts of a partner; ``months[n]``: of bills n months old, the last of all older ones."""

    partner: str
    partner_name: str
    currency: str
    months: tuple[int, ...]
    total: int
    overdue: int


class AgeList(Answer, frozen=True):
    """The largest overdue first."""

    ages: list[AgeShown]


async def due(call: Call) -> object:
    """GET /v1/bills."""
    query: SideQuery = call.query
    member, today = call.member, day_at(call, query.today, "today")
    found = await call.read(
        lambda tx: books.due(tx, member, today, receivable=query.side == "receivable", until=query.until)
    )
    return DueList(
        bills=[
            DueShown(
                bill=BillShown(**plain(one.bill)), partner_name=one.partner_name, pay_on=one.pay_on, overdue=one.overdue
            )
            for one in found
        ]
    )


async def months(call: Call) -> object:
    """GET /v1/bills/months."""
    query: MonthQuery = call.query
    member = call.member
    found = await call.read(
        lambda tx: books.monthly(tx, member, query.since, query.until, receivable=query.side == "receivable")
    )
    return MonthList(months=[MonthShown(**plain(one.sums), partner_name=one.partner_name) for one in found])


async def ages(call: Call) -> object:
    """GET /v1/bills/ages."""
    query: SideQuery = call.query
    member, today = call.member, day_at(call, query.today, "today")
    found = await call.read(lambda tx: books.ageing(tx, member, today, receivable=query.side == "receivable"))
    return AgeList(ages=[AgeShown(**plain(one)) for one in found])


# ---------------------------------------------------------------------- payments


class MarkGiven(Shape, frozen=True):
    """A bill that was paid; without ``amount``: all that is open."""

    thread: Hash
    kind: Annotated[str, Meta(pattern="^(invoice|self_billed_statement)$")]
    number: str
    amount: Annotated[int, Meta(ge=1)] | None = None


class MarksGiven(Shape, frozen=True):
    """Bills that were paid on ``day``, all or none."""

    bills: Annotated[list[MarkGiven], Meta(min_length=1, max_length=payments.MAX_AT_ONCE)]
    day: str
    note: Annotated[str, Meta(max_length=payments.MAX_NOTE)] = ""


class PaymentShown(Answer, frozen=True):
    """Somebody's word that a bill was paid; ``undone``: µs when it was taken back."""

    id: str
    thread: str
    kind: str
    number: str
    day: str
    amount: int
    note: str
    by: str
    time: int
    undone: int | None
    undone_by: str


class PaymentList(Answer, frozen=True):
    """Latest first. ``next`` goes on (as ``before``); 0: nothing is left."""

    payments: list[PaymentShown]
    next: int = 0


class LogQuery(Shape, frozen=True):
    """``before``: µs."""

    before: Position = 2**62
    limit: Limit = 50


class UndoGiven(Shape, frozen=True):
    """Which payment is taken back."""

    id: Annotated[str, Meta(pattern="^[0-9a-f]{32}$")]


class ConfirmGiven(Shape, frozen=True):
    """The money of a payment notice came; ``day``: when, by default as the notice says."""

    document: Hash
    day: str = ""


class FitShown(Answer, frozen=True):
    """An item of a notice. ``verdict``: fits, differs, paid, unknown."""

    kind: str
    number: str
    amount: int
    bill: BillShown | None
    verdict: str


class NoticeShown(Answer, frozen=True):
    """A payment notice beside the bills that it names."""

    document: str
    thread: str
    partner: str
    partner_name: str
    number: str
    day: str
    total: int
    offsets: int
    currency: str
    items: list[FitShown]


class NoticeList(Answer, frozen=True):
    """Latest day first."""

    notices: list[NoticeShown]


class NoticeQuery(Shape, frozen=True):
    """Days of payment, both included."""

    since: str = ""
    until: str = ""
    limit: Limit = 50


def payment(row: Any) -> PaymentShown:
    """A payment as it is shown."""
    found = plain(row)
    del found["member"]
    return PaymentShown(**found)


def by(call: Call) -> str:
    """Who says so: the token's label."""
    return f"api:{call.principal.label}"


async def mark_paid(call: Call) -> object:
    """POST /v1/payments."""
    given: MarksGiven = call.body
    member = call.member
    marks = [Mark(bytes.fromhex(one.thread), one.kind, one.number, one.amount) for one in given.bills]

    def work(tx: Tx) -> Written:
        rows = payments.mark_paid(call.context.house, tx, member, by(call), marks, given.day, given.note)
        return Written(PaymentList(payments=[payment(row) for row in rows]), 201)

    return await call.write(work)


async def undo(call: Call) -> object:
    """POST /v1/payments/undo."""
    given: UndoGiven = call.body
    member = call.member

    def work(tx: Tx) -> Written:
        row = payments.undo(call.context.house, tx, member, by(call), bytes.fromhex(given.id))
        return Written(PaymentList(payments=[payment(row)]), 200)

    return await call.write(work)


async def log(call: Call) -> object:
    """GET /v1/payments."""
    query: LogQuery = call.query
    member = call.member
    rows = await call.read(lambda tx: payments.log(tx, member, query.limit, query.before))
    more = rows[-1].time if len(rows) == query.limit else 0
    return PaymentList(payments=[payment(row) for row in rows], next=more)


async def notices(call: Call) -> object:
    """GET /v1/payment-notices."""
    query: NoticeQuery = call.query
    member = call.member
    found = await call.read(
        lambda tx: payments.notices(tx, member, since=query.since, until=query.until, limit=query.limit)
    )
    return NoticeList(notices=[_notice(one) for one in found])


def _notice(one: payments.Notice) -> NoticeShown:
    fields = plain(one)
    del fields["fits"]
    items = [
        FitShown(
            kind=fit.kind, number=fit.number, amount=fit.amount, verdict=fit.verdict,
            bill=None if fit.bill is None else BillShown(**plain(fit.bill)),
        )
        for fit in one.fits
    ]  # fmt: skip
    return NoticeShown(**fields, items=items)


async def confirm(call: Call) -> object:
    """POST /v1/payment-notices/confirm."""
    given: ConfirmGiven = call.body
    member = call.member

    def work(tx: Tx) -> Written:
        house = call.context.house
        rows = payments.confirm_notice(house, tx, member, by(call), bytes.fromhex(given.document), given.day)
        return Written(PaymentList(payments=[payment(row) for row in rows]), 201)

    return await call.write(work)


# ---------------------------------------------------------------------- closing


class ClosingQuery(Shape, frozen=True):
    """``day``: the closing day."""

    day: str


class ToBillShown(Answer, frozen=True):
    """One dealing at a closing. ``agreed``: inspected; ``why``: what keeps it from being billed."""

    thread: str
    number: str
    delivered: str
    agreed: bool
    invoice: Invoice | None
    why: str


class ClosingShown(Answer, frozen=True):
    """What a partner is billed at its closing. Sums in minor units."""

    partner: str
    partner_name: str
    closing: str
    due: str
    dealings: list[ToBillShown]
    agreed: int
    open: int
    currency: str


class ClosingGiven(Shape, frozen=True):
    """Which dealings to bill at the closing ``day``."""

    day: str
    threads: Annotated[list[Hash], Meta(min_length=1, max_length=closing.MOST)]


async def preview(call: Call) -> object:
    """GET /v1/partners/{partner}/closing."""
    query: ClosingQuery = call.query
    member, today, day = call.member, day_at(call, ""), day_at(call, query.day)
    found = await call.read(
        lambda tx: closing.preview(tx, member, addressing.resolve(tx, call.path("partner"), "partner"), day, today)
    )
    rows = [ToBillShown(**plain(one)) for one in found.dealings]
    return ClosingShown(**{**plain(found), "dealings": rows})


async def close(call: Call) -> object:
    """POST /v1/partners/{partner}/closing."""
    given: ClosingGiven = call.body
    member, today, day = call.member, day_at(call, ""), day_at(call, given.day)

    def work(tx: Tx) -> Written:
        partner = addressing.resolve(tx, call.path("partner"), "partner")
        threads = [bytes.fromhex(thread) for thread in given.threads]
        return sent(call, closing.send(call.context.house, tx, member, partner, day, today, threads))

    return await call.write(work)


OPERATIONS = (
    Operation("GET", "/v1/books", "search_books", "The books: by day, amount, partner and type, in any combination",
              search, Scope.READ, query=BookPageQuery, answer=BookPage),
    Operation("GET", "/v1/books/archive", "download_books", "Documents of the books as one zip with an index in CSV",
              download, Scope.READ, query=ArchiveQuery, answer_media=ZIP),
    Operation("GET", "/v1/documents/{document}/history", "read_history",
              "Corrections, revisions, changes and answers of a document", corrections, Scope.READ,
              answer=CorrectionList),
    Operation("GET", "/v1/bills", "list_bills", "Open bills by day of payment", due, Scope.READ,
              query=SideQuery, answer=DueList),
    Operation("GET", "/v1/bills/months", "list_months", "Receivables or payables by month and partner", months,
              Scope.READ, query=MonthQuery, answer=MonthList),
    Operation("GET", "/v1/bills/ages", "list_ages", "Open bills by partner and age", ages, Scope.READ,
              query=SideQuery, answer=AgeList),
    Operation("GET", "/v1/payments", "list_payments", "What people marked as paid or took back", log, Scope.READ,
              query=LogQuery, answer=PaymentList),
    Operation("POST", "/v1/payments", "mark_paid", "Write down that bills were paid", mark_paid, Scope.PAY,
              body=MarksGiven, answer=PaymentList, status=201, idempotent_key=True),
    Operation("POST", "/v1/payments/undo", "undo_payment", "Take a payment back", undo, Scope.PAY,
              body=UndoGiven, answer=PaymentList, idempotent_key=True),
    Operation("GET", "/v1/payment-notices", "list_payment_notices",
              "Payment notices received, beside the bills that they name", notices, Scope.READ,
              query=NoticeQuery, answer=NoticeList),
    Operation("POST", "/v1/payment-notices/confirm", "confirm_payment_notice",
              "The money of a notice came: mark what fits", confirm, Scope.PAY,
              body=ConfirmGiven, answer=PaymentList, status=201, idempotent_key=True),
    Operation("GET", "/v1/partners/{partner}/closing", "preview_closing", "What a partner is billed at its closing",
              preview, Scope.READ, query=ClosingQuery, answer=ClosingShown),
    Operation("POST", "/v1/partners/{partner}/closing", "close_month", "Send the invoices of a closing", close,
              Scope.WRITE, body=ClosingGiven, answer=SubmittedList, status=201, idempotent_key=True),
)  # fmt: skip
