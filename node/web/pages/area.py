"""地域の数字: how much is traded in the area, by industry, municipality and month, for supporters and staff.

Shows published tables only (:mod:`node.services.area.publishing`); what is withheld stands as a dash, never as a zero.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from aiohttp import web

from node import prefectures
from node.i18n import N_
from node.prefectures import PREFECTURES
from node.services.area import publishing
from node.services.area.counting import AMOUNT, BILLS, COMPANIES, NOWHERE, Kind
from node.services.area.industries import DEPARTMENTS, DIVISIONS, UNKNOWN
from node.services.area.publishing import Shown
from node.services.transaction import Tx
from node.web.forms import Form
from node.web.page import Page
from node.web.visit import Visit
from protocol.statistics.tables import TOTAL, Cell

PATH: Final = "/area"
AVERAGE: Final = "average"
WHAT: Final = {
    AMOUNT: N_("Amount billed (yen)"),
    BILLS: N_("Number of bills"),
    AVERAGE: N_("Yen for each bill"),
    COMPANIES: N_("Number of firms"),
}
KINDS: Final = {
    Kind.PLACE.value: N_("by industry and municipality"),
    Kind.FLOW.value: N_("by industry of seller and buyer"),
}
UNKNOWN_WORD: Final = N_("not stated")
TOTAL_WORD: Final = N_("Total")
BESIDE: Final = 3  # months beside each other, and the same month of last year
TILE: Final = 40


class Line(NamedTuple):
    """A row of the table: its words, its values (None: withheld), the last of them its total; ``share``: its bar."""

    word: str
    values: tuple[int | None, ...]
    share: int


class Tile(NamedTuple):
    """A prefecture on the map: where, what it is called, its value; ``shade``: 0 (nothing known) to 4."""

    x: int
    y: int
    short: str
    name: str
    value: int | None
    shade: int


class Asked(NamedTuple):
    """What the visitor wants to see."""

    kind: Kind
    month: str
    what: str
    department: str


async def index(visit: Visit) -> web.StreamResponse:
    """The table of a month, its bars, its map, and other months beside it."""
    form, asked = _asked(visit)
    months = publishing.months(visit.context.house.clock())
    beside = tuple(month for month in (*months[:BESIDE], months[12]) if month != asked.month)
    found = await _tables(visit, asked, (asked.month, *beside))
    table = found[asked.month]
    coverage = await visit.read(publishing.coverage)
    departments = [(name, visit.say(words[0])) for name, words in DEPARTMENTS.items()]
    return visit.render(
        "area/index.html",
        form=form,
        asked=asked,
        months=[(month, _month(visit, month)) for month in months],
        heading=_month(visit, asked.month),
        kinds=[(name, visit.say(word)) for name, word in KINDS.items()],
        whats=[(name, visit.say(word)) for name, word in WHAT.items()],
        departments=departments,
        coverage=coverage,
        table=table,
        columns=_columns(visit, table, asked.kind) if table else (),
        lines=_lines(visit, table, asked) if table else [],
        tiles=_tiles(visit, table, asked) if table and asked.kind is Kind.PLACE else [],
        beside=_beside(visit, found, asked),
        question=visit.request.query_string,
        tile=TILE,
    )


def _asked(visit: Visit) -> tuple[Form, Asked]:
    months = publishing.months(visit.context.house.clock())
    usual = {"kind": Kind.PLACE.value, "month": months[0], "what": AMOUNT, "department": ""}
    values = {name: visit.query.get(name, "") or value for name, value in usual.items()}
    known = {"kind": KINDS, "month": months, "what": WHAT, "department": ("", *DEPARTMENTS)}
    values = {name: value if value in known[name] else usual[name] for name, value in values.items()}
    return Form.of(visit.say, values), Asked(
        Kind(values["kind"]), values["month"], values["what"], values["department"]
    )


async def _tables(visit: Visit, asked: Asked, months: tuple[str, ...]) -> dict[str, Shown | None]:
    """The tables of several months, in one step: whoever is counted reads that this visitor asked."""
    house, user = visit.context.house, visit.who.user

    def work(tx: Tx) -> dict[str, Shown | None]:
        return {month: publishing.table(house, tx, asked.kind, month, user.name) for month in months}

    return await visit.write(work)


def _value(table: Shown, cell: Cell, what: str) -> int | None:
    """A cell's value; 0 where nobody has anything, None where it is withheld."""
    if cell in table.withheld:
        return None
    if what == AVERAGE:
        count = table.sums[BILLS].get(cell, 0)
        return (table.sums[AMOUNT].get(cell, 0) + count // 2) // count if count else 0
    return table.sums[what].get(cell, 0)


def _rows(table: Shown, department: str) -> list[str]:
    """The industries that are shown: all, or those of a department."""
    if not department:
        return list(table.rows)
    return [row for row in table.rows if row in DEPARTMENTS[department][1]]


def _industry(visit: Visit, code: str) -> str:
    return visit.say(UNKNOWN_WORD) if code == UNKNOWN else visit.say(DIVISIONS[code].name)


def _columns(visit: Visit, table: Shown, kind: Kind) -> list[str]:
    if kind is Kind.FLOW:
        return [_industry(visit, column) for column in table.columns]
    return [_place(visit, column) for column in table.columns]


def _place(visit: Visit, code: str) -> str:
    if code == NOWHERE:
        return visit.say(UNKNOWN_WORD)
    return f"{prefectures.name_of(code, visit.language)} {code}".strip()


def _lines(visit: Visit, table: Shown, asked: Asked) -> list[Line]:
    rows = _rows(table, asked.department)
    totals = {row: _value(table, (row, TOTAL), asked.what) for row in rows}
    most = max((value for value in totals.values() if value), default=0)
    found = []
    for row in rows:
        values = tuple(_value(table, (row, column), asked.what) for column in table.columns)
        share = 100 * (totals[row] or 0) // most if most else 0
        found.append(Line(_industry(visit, row), (*values, totals[row]), share))
    if not asked.department:
        values = tuple(_value(table, (TOTAL, column), asked.what) for column in (*table.columns, TOTAL))
        found.append(Line(visit.say(TOTAL_WORD), values, 0))
    return found


def _tiles(visit: Visit, table: Shown, asked: Asked) -> list[Tile]:
    """Every prefecture; a value only where all its municipalities are shown."""
    found: dict[str, int | None] = {}
    for column in table.columns:
        code = column[:2]
        value = _value(table, (TOTAL, column), AMOUNT if asked.what == AVERAGE else asked.what)
        before = found.get(code, 0)
        found[code] = None if value is None or before is None else before + value
    most = max((value for value in found.values() if value), default=0)
    return [
        Tile(
            place.column * TILE,
            place.row * TILE,
            place.short,
            place.name if visit.language == "ja" else place.english,
            found.get(code),
            _shade(found.get(code), most),
        )
        for code, place in PREFECTURES.items()
    ]


def _shade(value: int | None, most: int) -> int:
    return min(4, 1 + 4 * value // most) if value and most else 0


def _beside(visit: Visit, found: Mapping[str, Shown | None], asked: Asked) -> dict[str, Any]:
    """Industries by month: the totals of each month's table, the latest month last."""
    months = sorted(found)
    rows = sorted({row for table in found.values() if table for row in _rows(table, asked.department)})

    def value(month: str, row: str) -> int | None:
        table = found[month]
        return None if table is None else _value(table, (row, TOTAL), asked.what)

    lines = [(_industry(visit, row), [value(month, row) for month in months]) for row in rows]
    return {"months": [_month(visit, month) for month in months], "lines": lines}


def _month(visit: Visit, month: str) -> str:
    return f"{int(month[:4])}年{int(month[5:])}月" if visit.language == "ja" else month


async def download(visit: Visit) -> web.StreamResponse:
    """The table as CSV for spreadsheets (UTF-8 with a mark): all that may be shown, one line for each cell."""
    _, asked = _asked(visit)
    table = (await _tables(visit, asked, (asked.month,)))[asked.month]
    text = io.StringIO()
    writer = csv.writer(text)
    heading = (N_("Month"), N_("Industry"), N_("Municipality or buyer's industry"), *list(WHAT.values()), N_("Version"))
    writer.writerow([visit.say(word) for word in heading])
    rows = [*_rows(table, asked.department), *([] if asked.department else [TOTAL])] if table else []
    for row in rows:
        for column in (*table.columns, TOTAL) if table else ():
            if table and ((row, column) in table.withheld or (row, column) in table.sums[AMOUNT]):
                writer.writerow(_csv(visit, table, asked, (row, column)))
    headers = {"Content-Disposition": f'attachment; filename="area-{asked.month}.csv"'}
    body = b"\xef\xbb\xbf" + text.getvalue().encode("utf-8")
    return web.Response(body=body, content_type="text/csv", charset="utf-8", headers=headers)


def _csv(visit: Visit, table: Shown, asked: Asked, cell: Cell) -> list[str]:
    row, column = cell
    total = visit.say(TOTAL_WORD)
    place = total if column == TOTAL else (_industry if asked.kind is Kind.FLOW else _place)(visit, column)
    values = [_value(table, cell, what) for what in WHAT]
    words = ["－" if value is None else str(value) for value in values]
    return [table.month, total if row == TOTAL else _industry(visit, row), place, *words, str(table.version)]


PAGES = (
    Page("GET", PATH, "area.read", index),
    Page("GET", f"{PATH}/download", "area.read", download),
)
