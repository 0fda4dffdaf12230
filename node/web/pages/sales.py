"""売上: how trade goes, one item beside others', what to stock, what fades. Figures with a chart, the same in a table.

Owns what these pages show. Reports are asked outside the event loop, in a process of their own; others' figures come
only where they may be shown (:mod:`node.services.selling.seen`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final
from unicodedata import normalize

from aiohttp import web
from markupsafe import Markup

from node import selling
from node.i18n import N_
from node.reports.rings import ALL, CITY, STREET
from node.services.selling import asking, places, seen
from node.services.selling.asking import Report
from node.services.selling.seen import Week
from node.web import charts
from node.web.page import Page
from node.web.render import as_day
from node.web.visit import Visit

RING_WORDS: Final = {STREET: N_("street"), CITY: N_("city"), ALL: N_("all shops")}
RING_NAMES: Final = {"street": STREET, "city": CITY, "all": ALL}
UNIT_WORDS: Final = {"C62": N_("pieces"), "KGM": N_("kg"), "LTR": N_("litres"), "MTR": N_("metres")}
BATCHES: Final = 20
LABEL_EVERY: Final = 6
MILLE: Final = 1000
JAN_DIGITS: Final = (8, 12, 13)


async def _ask(visit: Visit, asked: Sequence[Report]) -> list[Any]:
    context = visit.context
    async with context.report_turn:
        return await asyncio.to_thread(selling.reports, context.store, context.warehouse, asked)


async def _days(visit: Visit) -> tuple[str, str]:
    """The first and the last day of the visitor's sales; empty where there are none."""
    (((first, last),),) = await _ask(visit, asking.days_known(visit.member))
    return first or "", last or ""


async def _place(visit: Visit) -> places.Place:
    """Where the visitor's shop is. That others are compared with it is written down; nobody waits for that."""
    context, member = visit.context, visit.member
    if not visit.by_itself:
        context.submit(lambda tx: places.note_use(context.house, tx))
    return await visit.read(lambda tx: places.own(tx, member))


def _today(visit: Visit) -> date:
    return as_day(visit.context.house.clock())


def _labels(weeks: Sequence[Week], every: int = LABEL_EVERY) -> list[str]:
    """Below some of the periods: month and day."""
    return ["" if at % every else f"{week.day.month}/{week.day.day}" for at, week in enumerate(weeks)]


async def index(visit: Visit) -> web.StreamResponse:
    """The last whole week, the half year beside the one before, what was brought in."""
    member = visit.member
    batches = await visit.read(lambda tx: tx.pos.of_member(member, BATCHES))
    if not batches:
        return visit.render("sales/none.html")
    first, last = await _days(visit)
    period = asking.weeks(_today(visit), last, asking.ALL_WEEKS)
    rows, best = await _ask(visit, asking.overview(member, period))
    totals, weeks = seen.totals(rows, period, first)
    return visit.render(
        "sales/index.html",
        batches=batches,
        best=best,
        day=period.day(period.periods - 1),
        week=totals[-1],
        change=seen.change(totals[-1].amount, totals[-2].amount),
        season=None if weeks[-1].before is None else seen.change(totals[-1].amount, weeks[-1].before),
        last=last,
        weeks=weeks,
        chart=_money_chart(visit, weeks),
        units=UNIT_WORDS,
        thousandths=_thousandths,
    )


def _money_chart(visit: Visit, weeks: list[Week]) -> Markup:
    say = visit.say
    lines = [charts.Line("own", say(N_("This year")), [week.own for week in weeks])]
    if any(week.before is not None for week in weeks):
        lines.append(charts.Line("before", say(N_("The year before")), [week.before for week in weeks]))
    return charts.chart(say(N_("Sales by week, in yen")), lines, _labels(weeks))


def _thousandths(value: int | None) -> Decimal | None:
    """A quantity as people write it, to two places at most."""
    return None if value is None else (Decimal(value) / MILLE).quantize(Decimal("0.01"))


def _code(text: str) -> str:
    """An item as lines name it: a JAN with 13 digits, or # and a code of the shop's own."""
    plain = normalize("NFKC", text).strip()[:60]
    if plain.isascii() and plain.isdigit() and len(plain) in JAN_DIGITS:
        return plain.zfill(13)
    return plain if not plain or plain.startswith("#") else f"#{plain}"


async def item(visit: Visit) -> web.StreamResponse:
    """One item: mine and others', by week and by day; how it stands; the same weeks of last year."""
    member, code = visit.member, _code(visit.query.get("item", ""))
    if not code:
        return visit.render("sales/unknown.html", code="")
    first_look = asking.weeks(_today(visit), "", asking.TREND_WEEKS)
    asked = asking.own_item(member, code, asking.Period(first_look.first, first_look.periods + 1))
    ((first, last),), mine = await _ask(visit, asked)
    place = await _place(visit)
    unit = next((row[0] for row in mine if row[0] == visit.query.get("unit")), mine[0][0] if mine else "C62")
    period = asking.weeks(_today(visit), last or "", asking.TREND_WEEKS)
    answers = await _ask(visit, asking.item(member, place, code, unit, period))
    ring = RING_NAMES.get(visit.query.get("ring", ""), STREET)
    found = seen.item(answers, period, first or "", ring)
    if not mine and not found.shops:
        return visit.render("sales/unknown.html", code=code)
    return visit.render(
        "sales/item.html",
        code=code,
        name=next((row[1] for row in mine if row[0] == unit and row[1]), code),
        unit=unit,
        unit_word=visit.say(UNIT_WORDS.get(unit, unit)),
        item=found,
        ring=ring,
        rings=[(name, ring, visit.say(RING_WORDS[ring])) for name, ring in RING_NAMES.items()],
        ring_word=visit.say(RING_WORDS[ring]),
        chart=_chart(visit, visit.say(N_("By week")), found.weeks, before=True),
        day_chart=_chart(visit, visit.say(N_("By day")), found.days, before=False),
        thousandths=_thousandths,
    )


def _chart(visit: Visit, title: str, weeks: list[Week], *, before: bool) -> Markup:
    say = visit.say
    lines = [charts.Line("own", say(N_("My shop")), [week.own for week in weeks])]
    if any(week.others is not None for week in weeks):
        lines.append(charts.Line("others", say(N_("Average of others")), [week.others for week in weeks]))
    if before and any(week.before is not None for week in weeks):
        lines.append(charts.Line("before", say(N_("My shop, the year before")), [week.before for week in weeks]))
    return charts.chart(title, lines, _labels(weeks, LABEL_EVERY if before else 7), per=MILLE)


async def stock(visit: Visit) -> web.StreamResponse:
    """Best sellers here, what sells elsewhere and not here, what is bought together: thirteen weeks."""
    member = visit.member
    _, last = await _days(visit)
    place = await _place(visit)
    period = asking.weeks(_today(visit), last, asking.STOCK_WEEKS)
    best, elsewhere, pairs, names = await _ask(visit, asking.stock(member, place, period))
    return visit.render(
        "sales/stock.html",
        period=period,
        best=best,
        elsewhere=seen.elsewhere(elsewhere, asking.MOST_ROWS),
        pairs=seen.pairs(pairs, dict(names)),
        rings=RING_WORDS,
        units=UNIT_WORDS,
        thousandths=_thousandths,
        tenths=lambda value: Decimal(value) / 10,
        hundredths=lambda value: Decimal(value) / 100,
    )


async def trends(visit: Visit) -> web.StreamResponse:
    """Which items fade, which turned lately, which do better or worse than a year ago."""
    member = visit.member
    first, last = await _days(visit)
    period = asking.weeks(_today(visit), last, asking.TREND_WEEKS)
    (rows,) = await _ask(visit, asking.trends(member, period))
    found = seen.trends(rows, period, first)
    seasons = sorted((one for one in found if one.season is not None), key=lambda one: one.season or 0)
    half = asking.MOST_ROWS // 2
    return visit.render(
        "sales/trends.html",
        period=period,
        faded=[one for one in found if one.faded][: asking.MOST_ROWS],
        turned=sorted((one for one in found if one.turned), key=lambda one: str(one.turned), reverse=True),
        seasons=seasons if len(seasons) <= 2 * half else [*seasons[:half], *seasons[-half:]],
        looked=len(found),
    )


PAGES = (
    Page("GET", "/sales", "sales.read", index),
    Page("GET", "/sales/item", "sales.read", item),
    Page("GET", "/sales/stock", "sales.read", stock),
    Page("GET", "/sales/trends", "sales.read", trends),
)
