"""Enquiries over the API: one request to several suppliers, their answers side by side, orders, reminders."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from node.api.member.desk import day_at
from node.api.member.documents import read_paper
from node.api.member.shapes import Answer, Body, Hash, Shape, Submitted
from node.api.operation import Call, Operation, Written
from node.services import addressing, enquiries
from node.services.enquiries import Enquiry
from node.services.policy import Scope
from node.services.trade import Outcome
from node.services.transaction import Tx
from protocol.errors import CallerFault, NotFound
from protocol.process.trade.papers import Quotation, RequestForQuotation, Scaled

Words = Annotated[str, Meta(min_length=1, max_length=2_000)]
EnquiryId = Annotated[str, Meta(pattern="^[0-9a-f]{32}$")]


class EnquiryLine(Answer, frozen=True):
    """An enquiry in the list. ``deadline``: YYYY-MM-DD or empty; ``created``: µs."""

    id: str
    title: str
    deadline: str
    created: int
    asked: int
    answered: int


class EnquiryList(Answer, frozen=True):
    """Latest first."""

    enquiries: list[EnquiryLine]


class SupplierShown(Answer, frozen=True):
    """A supplier that was asked. ``answered``, ``reminded``, ``declined``: µs, 0 never; ``late``: after the day."""

    thread: str
    partner: str
    name: str
    outside: bool
    quotation: Quotation | None
    answered: int
    late: bool
    expired: bool
    ordered: bool
    reminded: int
    declined: int


class CellShown(Answer, frozen=True):
    """A supplier's word on a line: which line of its quotation; ``day`` of delivery, YYYY-MM-DD or empty."""

    thread: str
    line_id: str
    day: str
    cheapest: bool
    fastest: bool


class ComparedLine(Answer, frozen=True):
    """A line that was asked for."""

    line_id: str
    answers: list[CellShown]


class EnquiryShown(Answer, frozen=True):
    """An enquiry with every answer. ``over``: the deadline has passed."""

    id: str
    title: str
    deadline: str
    created: int
    over: bool
    request: RequestForQuotation
    suppliers: list[SupplierShown]
    lines: list[ComparedLine]


class EnquiryGiven(Shape, frozen=True):
    """Whom to ask, and for what. The request's own number and seller are set for each."""

    partners: Annotated[
        list[Annotated[str, Meta(min_length=1, max_length=200)]],
        Meta(min_length=enquiries.LEAST_PARTNERS, max_length=enquiries.MOST_PARTNERS),
    ]
    request: Body


class Begun(Answer, frozen=True):
    """The enquiry, and one request for each supplier."""

    id: str
    documents: list[Submitted]


class QuantityGiven(Shape, frozen=True):
    """How much of a line of the supplier's quotation."""

    line_id: Annotated[str, Meta(min_length=1, max_length=128)]
    quantity: Scaled


class OrderGiven(Shape, frozen=True):
    """What to order from the supplier of a dealing of the enquiry."""

    thread: Hash
    lines: Annotated[list[QuantityGiven], Meta(min_length=1, max_length=1_000)]


class OrdersGiven(Shape, frozen=True):
    """Orders to one supplier or several, all or none."""

    orders: Annotated[list[OrderGiven], Meta(min_length=1, max_length=enquiries.MOST_PARTNERS)]


class WordsGiven(Shape, frozen=True):
    """A message. ``threads``: to these suppliers; of a reminder to all that have not answered."""

    text: Words
    threads: Annotated[list[Hash], Meta(max_length=enquiries.MOST_PARTNERS)] = []


def _submitted(done: Outcome) -> list[Submitted]:
    return [
        Submitted(id=one.id.hex(), thread=one.thread.hex(), verdict=one.verdict, reason=one.reason)
        for one in done.submitted
    ]


def _id(call: Call) -> bytes:
    text = call.path("enquiry")
    if len(text) != 2 * enquiries.ID_BYTES or set(text) - set("0123456789abcdef"):
        raise NotFound("enquiry", "no such enquiry")
    return bytes.fromhex(text)


async def listed(call: Call) -> object:
    """GET /v1/enquiries."""
    member = call.member
    rows = await call.read(lambda tx: enquiries.listed(tx, member))
    return EnquiryList(enquiries=[line(one) for one in rows])


def line(one: enquiries.Listed) -> EnquiryLine:
    """An enquiry as the list shows it."""
    row = one.row
    return EnquiryLine(
        id=row.id.hex(),
        title=row.title,
        deadline=row.deadline,
        created=row.created,
        asked=one.asked,
        answered=one.answered,
    )


async def look(call: Call) -> object:
    """GET /v1/enquiries/{enquiry}."""
    member, enquiry, today = call.member, _id(call), day_at(call, "")
    return shown(await call.read(lambda tx: enquiries.look(tx, member, enquiry, today)))


def shown(found: Enquiry) -> EnquiryShown:
    """As the API shows it."""
    suppliers = [
        SupplierShown(
            thread=one.row.thread.hex(),
            partner=one.row.partner.hex(),
            name=one.name,
            outside=one.guest,
            quotation=one.quotation,
            answered=one.answered,
            late=one.late,
            expired=one.expired,
            ordered=one.ordered,
            reminded=one.row.reminded or 0,
            declined=one.row.declined or 0,
        )
        for one in found.suppliers
    ]
    lines = [
        ComparedLine(
            line_id=item.line.line_id,
            answers=[
                CellShown(
                    thread=suppliers[place].thread,
                    line_id=cell.line.line_id,
                    day=cell.day,
                    cheapest=cell.cheapest,
                    fastest=cell.fastest,
                )
                for place, cell in sorted(item.cells.items())
            ],
        )
        for item in found.items
    ]
    row = found.row
    return EnquiryShown(
        id=row.id.hex(),
        title=row.title,
        deadline=row.deadline,
        created=row.created,
        over=found.over,
        request=found.request,
        suppliers=suppliers,
        lines=lines,
    )


async def begin(call: Call) -> object:
    """POST /v1/enquiries."""
    given: EnquiryGiven = call.body
    house, member, today = call.context.house, call.member, day_at(call, "")
    paper = read_paper("request_for_quotation", given.request, "request")
    assert isinstance(paper, RequestForQuotation)

    def work(tx: Tx) -> Written:
        chosen = [addressing.resolve(tx, one, f"partners[{at}]") for at, one in enumerate(given.partners)]
        enquiry, done = enquiries.begin(house, tx, member, chosen, paper, today)
        return Written(Begun(id=enquiry.hex(), documents=_submitted(done)), 201, done.news)

    return await call.write(work)


async def order(call: Call) -> object:
    """POST /v1/enquiries/{enquiry}/orders."""
    given: OrdersGiven = call.body
    house, member, enquiry, today = call.context.house, call.member, _id(call), day_at(call, "")

    def work(tx: Tx) -> Written:
        found = enquiries.look(tx, member, enquiry, today)
        drafts = enquiries.drafts(tx, member, found, _chosen(found, given), today)
        orders = [(supplier.row.thread, paper, supplier.seen) for supplier, paper in drafts]
        done = enquiries.order(house, tx, member, enquiry, orders)
        return Written(Begun(id=enquiry.hex(), documents=_submitted(done)), 201, done.news)

    return await call.write(work)


def _chosen(found: Enquiry, given: OrdersGiven) -> dict[int, dict[int, Scaled]]:
    """Place of the supplier → line of its quotation → quantity. NotFound for a dealing or line that is not there."""
    places = {one.row.thread: place for place, one in enumerate(found.suppliers)}
    chosen: dict[int, dict[int, Scaled]] = {}
    for at, one in enumerate(given.orders):
        place = places.get(bytes.fromhex(one.thread))
        if place is None:
            raise NotFound(f"orders[{at}].thread", "no such dealing in this enquiry")
        quotation = found.suppliers[place].quotation
        lines = {} if quotation is None else {line.line_id: number for number, line in enumerate(quotation.lines)}
        for wanted in one.lines:
            if quotation is not None and wanted.line_id not in lines:
                raise CallerFault(f"orders[{at}].lines", f"the quotation has no line {wanted.line_id}")
            chosen.setdefault(place, {})[lines.get(wanted.line_id, 0)] = wanted.quantity
    return chosen


async def remind(call: Call) -> object:
    """POST /v1/enquiries/{enquiry}/reminder."""
    return await _say(call, declining=False)


async def decline(call: Call) -> object:
    """POST /v1/enquiries/{enquiry}/declining."""
    return await _say(call, declining=True)


async def _say(call: Call, *, declining: bool) -> Any:
    given: WordsGiven = call.body
    house, member, enquiry, today = call.context.house, call.member, _id(call), day_at(call, "")
    threads = [bytes.fromhex(one) for one in given.threads]

    def work(tx: Tx) -> Written:
        if declining:
            done = enquiries.decline(house, tx, member, enquiry, threads, given.text, today)
        else:
            done = enquiries.remind(house, tx, member, enquiry, given.text, today)
        return Written(Begun(id=enquiry.hex(), documents=_submitted(done)), 201, done.news)

    return await call.write(work)


_ONE = "/v1/enquiries/{enquiry}"
OPERATIONS = (
    Operation("GET", "/v1/enquiries", "list_enquiries", "Enquiries, latest first", listed, Scope.READ,
              answer=EnquiryList),
    Operation("POST", "/v1/enquiries", "begin_enquiry", "Ask several suppliers for a quotation at once", begin,
              Scope.WRITE, body=EnquiryGiven, answer=Begun, status=201, idempotent_key=True),
    Operation("GET", _ONE, "read_enquiry", "The answers of an enquiry side by side", look, Scope.READ,
              answer=EnquiryShown),
    Operation("POST", f"{_ONE}/orders", "order_from_enquiry", "Order from one supplier, or split", order, Scope.WRITE,
              body=OrdersGiven, answer=Begun, status=201, idempotent_key=True),
    Operation("POST", f"{_ONE}/reminder", "remind_suppliers", "A message to all that have not answered", remind,
              Scope.WRITE, body=WordsGiven, answer=Begun, status=201, idempotent_key=True),
    Operation("POST", f"{_ONE}/declining", "decline_suppliers", "A message to suppliers that get no order", decline,
              Scope.WRITE, body=WordsGiven, answer=Begun, status=201, idempotent_key=True),
)  # fmt: skip
