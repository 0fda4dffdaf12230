"""Tables of the area as people get them: made once a month is over, kept, and revised only where that tells of nobody.

Owns the versions. A month is shown from ``LAG_DAYS`` after its end on. A later look (bills that came late, corrections,
a member that came in or went) may give other sums; the difference of two published sums is a sum too, so a version
follows only if in every cell that both show the changes keep the rules by themselves. Source: ``docs/statistics.md``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

import msgspec

from node.services import datause
from node.services.area import counting
from node.services.area.counting import COMPANIES, Kind
from node.services.datause import Data, Reach
from node.services.house import House
from node.store import AreaRow, Tx
from node.zones import JAPAN
from protocol.statistics import rules
from protocol.statistics.rules import Parameters
from protocol.statistics.tables import TOTAL, Cell, Measure, protect

LAG_DAYS: Final = 10
MONTHS: Final = 13  # offered: the same month of last year is among them
AGAIN: Final = 86_400_000_000  # µs between two looks for a later version
UNITS: Final = 3
_RULES: Final = "area/rules"


class Shown(NamedTuple):
    """A published table. ``sums``: what (amount in yen, bills, companies) → cell → value, of the cells that are shown;
    TOTAL is the row and the column of totals. ``withheld``: cells that are not shown; any other that is missing is
    empty. ``made``: µs UTC."""

    kind: Kind
    month: str
    version: int
    made: int
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    sums: Mapping[str, Mapping[Cell, int]]
    withheld: frozenset[Cell]


class Coverage(NamedTuple):
    """How many members' bills may be counted, of how many there are."""

    counted: int
    members: int


def months(now: int) -> tuple[str, ...]:
    """The months that can be shown at ``now`` (µs), the latest first."""
    day = datetime.fromtimestamp(now / 1_000_000, UTC).astimezone(JAPAN).date() - timedelta(days=LAG_DAYS)
    found = []
    first = day.replace(day=1)
    for _ in range(MONTHS):
        first = (first - timedelta(days=1)).replace(day=1)
        found.append(f"{first:%Y-%m}")
    return tuple(found)


def table(house: House, tx: Tx, kind: Kind, month: str, asker: str) -> Shown | None:
    """A month's table for ``asker``, whom the members counted will read of; made, or revised, if it is time to. None
    for a month that is not over, or of which nothing may be shown."""
    if month not in months(house.clock()):
        return None
    row = _current(house, tx, kind, month)
    found = _shown(row)
    if not found.sums[counting.AMOUNT]:
        return None
    datause.note_use(house, tx, Data.DEALINGS, Reach.AREA, asker, f"{kind.value} {month}")
    return found


def coverage(tx: Tx) -> Coverage:
    """How much of the association's trade the tables can speak of."""
    members = [row for row in tx.members.all(local=True) if not row.suspended]
    return Coverage(len(datause.contributors(tx, Data.DEALINGS, Reach.AREA)), len(members))


def _current(house: House, tx: Tx, kind: Kind, month: str) -> AreaRow:
    before, now = tx.area.latest(kind.value, month), house.clock()
    if before is not None and now < before.tried + AGAIN:
        return before
    made = _make(house, tx, kind, month, before.version + 1 if before is not None else 1)
    if before is None:
        tx.area.put(made)
        return made
    if made.basis == before.basis or not _may_follow(_rules(house, tx), before, made):
        kept = before._replace(tried=now)
        tx.area.put(kept)
        return kept
    tx.area.put(made)
    return made


def _make(house: House, tx: Tx, kind: Kind, month: str, version: int) -> AreaRow:
    found = counting.measures(tx, kind, month)
    result = protect(found, _rules(house, tx))
    behind = counting.companies(found[0].values, result.shown)
    said = {counting.AMOUNT: result.sums[counting.AMOUNT], counting.BILLS: result.sums[counting.BILLS]}
    sums = [[name, _listed(of)] for name, of in (*said.items(), (COMPANIES, behind))]
    cells = {cell for one in found for cell in one.values}
    every = {place for row, column in cells for place in ((row, column), (row, TOTAL), (TOTAL, column), (TOTAL, TOTAL))}
    shown = msgspec.msgpack.encode([list(result.rows), list(result.columns), sums, sorted(every - result.shown)])
    basis = msgspec.msgpack.encode(
        [[one.name, _listed({c: sorted(v.items()) for c, v in one.values.items()})] for one in found]
    )
    now = house.clock()
    return AreaRow(kind.value, month, version, now, now, shown, basis)


def _listed(cells: Mapping[Cell, Any]) -> list[Any]:
    return [[row, column, value] for (row, column), value in sorted(cells.items())]


def _shown(row: AreaRow) -> Shown:
    rows, columns, sums, withheld = msgspec.msgpack.decode(row.shown)
    found = {name: {(at, column): value for at, column, value in cells} for name, cells in sums}
    hidden = frozenset((at, column) for at, column in withheld)
    return Shown(Kind(row.kind), row.month, row.version, row.made, tuple(rows), tuple(columns), found, hidden)


def _basis(row: AreaRow) -> list[Measure]:
    raw = msgspec.msgpack.decode(row.basis)
    return [Measure(name, {(at, column): dict(of) for at, column, of in cells}) for name, cells in raw]


def _may_follow(parameters: Parameters, before: AreaRow, after: AreaRow) -> bool:
    """Do the changes keep the rules in every cell that both versions show?"""
    both = _shown(before).sums[counting.AMOUNT].keys() & _shown(after).sums[counting.AMOUNT].keys()
    for old, new in zip(_basis(before), _basis(after), strict=True):
        changes: dict[Cell, dict[str, int]] = {}
        for sign, values in ((-1, old.values), (1, new.values)):
            for (row, column), of in values.items():
                for cell in ((row, column), (row, TOTAL), (TOTAL, column), (TOTAL, TOTAL)):
                    there = changes.setdefault(cell, {})
                    for unit, value in of.items():
                        there[unit] = there.get(unit, 0) + sign * value
        moved = (changes[cell].values() for cell in both if any(changes.get(cell, {}).values()))
        if not all(rules.passes(values, parameters) for values in moved):
            return False
    return True


def _rules(house: House, tx: Tx) -> Parameters:
    """This node's own parameters, drawn once. p (10 to 15) is published nowhere: who knew it could turn it round."""
    stored = tx.meta.get(_RULES)
    if stored is None:
        stored = house.entropy(17)
        tx.meta.set(_RULES, stored)
    return Parameters(UNITS, 10 + stored[0] % 6, stored[1:])
