"""売掛・買掛: who owes what, by partner and age (月齢表), by month, bill by bill; each also as CSV."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from aiohttp import web

from node import bookarchive, words
from node.i18n import N_
from node.papers import tabular
from node.papers.tabular.writing import Cell
from node.services import books
from node.services.bankdays import in_month
from node.services.transaction import Tx
from node.web.page import Page
from node.web.render import as_day
from node.web.visit import Visit
from protocol.errors import NotFound
from protocol.process.money import minor_digits

SIDES: Final = {"receivable": N_("Receivables"), "payable": N_("Payables")}
MONTHS_SHOWN: Final = 12
AGES: Final = (N_("This month"), N_("1 month old"), N_("2 months old"), N_("3 months and older"))
BILLS: Final = (
    N_("Day of payment"),
    N_("Partner"),
    N_("Paper"),
    N_("Number"),
    N_("Date"),
    N_("Amount"),
    N_("Credited"),
    N_("Paid"),
    N_("Open amount"),
    N_("Currency"),
    N_("Days late"),
)
OLD: Final = (N_("Partner"), *AGES, N_("Total"), N_("Overdue"), N_("Currency"))
BY_MONTH: Final = (
    N_("Month"),
    N_("Partner"),
    N_("Bills"),
    N_("Amount"),
    N_("Credited"),
    N_("Paid"),
    N_("Open amount"),
    N_("Currency"),
)


def _side(visit: Visit) -> str:
    if visit.path("side") not in SIDES:
        raise NotFound("side", "no such page")
    return visit.path("side")


def _found(visit: Visit, tx: Tx, side: str) -> dict[str, Any]:
    member, today, receivable = visit.member, as_day(visit.context.house.clock()), side == "receivable"
    day = today.isoformat()
    since = in_month(today.year, today.month - MONTHS_SHOWN + 1, 1).isoformat()[:7]
    asked = visit.query.get("since", "")
    since = asked if re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", asked) else since
    return {
        "due": books.due(tx, member, day, receivable=receivable),
        "ageing": books.ageing(tx, member, day, receivable=receivable),
        "months": books.monthly(tx, member, since, "", receivable=receivable),
        "since": since,
    }


async def show(visit: Visit) -> web.StreamResponse:
    """Everything that is open on one side."""
    side = _side(visit)
    found = await visit.read(lambda tx: _found(visit, tx, side))
    totals: dict[str, list[int]] = {}
    for age in found["ageing"]:
        sums = totals.setdefault(age.currency, [0] * (len(AGES) + 2))
        for at, amount in enumerate((*age.months, age.total, age.overdue)):
            sums[at] += amount
    return visit.render("books/ledger.html", side=side, sides=SIDES, ages=AGES, totals=totals, **found)


async def download(visit: Visit) -> web.StreamResponse:
    """One of the three lists as CSV."""
    side, name = _side(visit), visit.path("list")
    found = await visit.read(lambda tx: _found(visit, tx, side))
    makers = {"bills": (BILLS, _bills), "ageing": (OLD, _ages), "months": (BY_MONTH, _months)}
    if name not in makers:
        raise NotFound("list", "no such list")
    heads, rows = makers[name]
    body = tabular.write_csv([visit.say(head) for head in heads], rows(visit, found))
    headers = {"Content-Disposition": f'attachment; filename="{side}-{name}.csv"'}
    return web.Response(body=body, content_type="text/csv", charset="utf-8", headers=headers)


def _money(amount: int, currency: str) -> Cell:
    """A number where the currency has no decimals, so that spreadsheets add it up."""
    return bookarchive.amount_text(amount, currency) if minor_digits(currency) else amount


def _bills(visit: Visit, found: dict[str, Any]) -> Iterable[Sequence[Cell]]:
    for one in found["due"]:
        row = one.bill
        amounts = (row.amount, row.credited, row.marked, row.open)
        yield [
            one.pay_on,
            one.partner_name,
            words.paper(row.kind, visit.say),
            row.number,
            row.day,
            *(_money(amount, row.currency) for amount in amounts),
            row.currency,
            one.overdue,
        ]


def _ages(_visit: Visit, found: dict[str, Any]) -> Iterable[Sequence[Cell]]:
    for age in found["ageing"]:
        amounts = (*age.months, age.total, age.overdue)
        yield [age.partner_name, *(_money(amount, age.currency) for amount in amounts), age.currency]


def _months(_visit: Visit, found: dict[str, Any]) -> Iterable[Sequence[Cell]]:
    for one in found["months"]:
        row = one.sums
        amounts = (row.amount, row.credited, row.marked, row.open)
        sums = (_money(amount, row.currency) for amount in amounts)
        yield [row.month, one.partner_name, row.bills, *sums, row.currency]


PAGES = (
    Page("GET", "/books/ledger/{side}", "books.read", show),
    Page("GET", "/books/ledger/{side}/{list}", "books.read", download),
)
