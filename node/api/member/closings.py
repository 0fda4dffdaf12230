"""A month's closings over the API: each partner with something billed or to be billed; the list of its invoices."""

from __future__ import annotations

import asyncio
from typing import Annotated

from aiohttp import web
from msgspec import Meta
from msgspec.structs import asdict

from node.api.member.desk import Language, day_at
from node.api.member.shapes import Answer, Shape
from node.api.operation import Call, Operation
from node.papers.pdf import Monthly
from node.papers.pdf.monthly import Listed, RateSum
from node.services import addressing, closing, monthly
from node.services.policy import Scope
from node.services.transaction import Tx

PDF = "application/pdf"
MonthText = Annotated[str, Meta(pattern="^20[0-9]{2}-(0[1-9]|1[0-2])$")]
Side = Annotated[str, Meta(pattern="^(sales|purchases)$")]


class ClosingsQuery(Shape, frozen=True):
    """``month``: YYYY-MM."""

    month: MonthText


class ListQuery(Shape, frozen=True):
    """``side``: sales, what the caller billed; purchases, what it stated to have bought. ``lang``: of the PDF."""

    month: MonthText
    side: Side = "sales"
    lang: Language = "ja"


class ClosingLine(Answer, frozen=True):
    """One partner in a month, in minor units. ``agreed_day``: a closing day was agreed, else it is the month's last.

    ``dealings`` to bill: ``agreed`` is inspected, ``open`` is not; ``bills``: papers sent, ``billed`` their sum.
    """

    partner: str
    partner_name: str
    side: str
    closing: str
    agreed_day: bool
    due: str
    currency: str
    dealings: int
    agreed: int
    open: int
    bills: int
    billed: int


class ClosingLines(Answer, frozen=True):
    """By side, closing day and name."""

    closings: list[ClosingLine]


class MonthlyShown(Answer, frozen=True):
    """What was billed in a closing in one currency. Sums in minor units of papers that were each rounded for itself."""

    closing: str
    since: str
    due: str
    currency: str
    listed: list[Listed]
    rates: list[RateSum]
    net: int
    tax: int
    total: int
    payable: int
    before: int


class MonthlyList(Answer, frozen=True):
    """One for each currency."""

    lists: list[MonthlyShown]


async def closings(call: Call) -> object:
    """GET /v1/closings."""
    query: ClosingsQuery = call.query
    member, today = call.member, day_at(call, "")
    found = await call.read(lambda tx: closing.month(tx, member, query.month, today))
    return ClosingLines(closings=[line(one) for one in found])


def line(one: closing.Month) -> ClosingLine:
    """One partner as the API shows it."""
    found = one.found
    return ClosingLine(
        partner=found.partner.hex(),
        partner_name=found.partner_name,
        side="sales" if one.selling else "purchases",
        closing=found.closing,
        agreed_day=one.agreed_day,
        due=found.due,
        currency=found.currency,
        dealings=len(found.dealings),
        agreed=found.agreed,
        open=found.open,
        bills=len(one.bills),
        billed=one.billed,
    )


async def _lists(call: Call) -> list[Monthly]:
    query: ListQuery = call.query
    house, member, selling = call.context.house, call.member, query.side == "sales"

    def work(tx: Tx) -> list[Monthly]:
        partner = addressing.resolve(tx, call.path("partner"), "partner")
        return monthly.of_closing(house, tx, member, partner, query.month, selling=selling, language=query.lang)

    return await call.read(work)


async def listed(call: Call) -> object:
    """GET /v1/partners/{partner}/closing/list."""
    return MonthlyList(lists=[shown(one) for one in await _lists(call)])


def shown(one: Monthly) -> MonthlyShown:
    """A list as the API shows it."""
    fields = {**asdict(one), "closing": one.until}
    return MonthlyShown(**{name: fields[name] for name in MonthlyShown.__struct_fields__})


async def printed(call: Call) -> object:
    """GET /v1/partners/{partner}/closing/list/pdf."""
    found = await _lists(call)
    data = await asyncio.to_thread(call.context.pdf.monthly, found)
    name = f'inline; filename="{found[0].until}.pdf"'
    return web.Response(body=data, content_type=PDF, headers={"Content-Disposition": name})


OPERATIONS = (
    Operation("GET", "/v1/closings", "list_closings", "A month's closings with every partner", closings, Scope.READ,
              query=ClosingsQuery, answer=ClosingLines),
    Operation("GET", "/v1/partners/{partner}/closing/list", "read_closing_list",
              "The invoices of a closing with their sums by rate", listed, Scope.READ,
              query=ListQuery, answer=MonthlyList),
    Operation("GET", "/v1/partners/{partner}/closing/list/pdf", "print_closing_list",
              "The invoices of a closing as one PDF", printed, Scope.READ, query=ListQuery, answer_media=PDF),
)  # fmt: skip
