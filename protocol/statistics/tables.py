"""Two-way tables with totals, within one house: which cells are shown so that no withheld one can be worked out.

Owns primary and secondary suppression of one table. Knows no member and no store: a contribution has a company's name,
and the table whatever words its rows and columns have. Pure integers.

A table with its totals is a circulation: from the column of totals to each row (its total), from each row to each
column (a cell), from each column to the row of totals (its total), and back (the grand total); at every row and
column as much comes in as goes out. What is withheld is an edge whose flow is not known but not negative. How far a
withheld value may lie from the true one, for somebody who knows everything that is shown, is therefore a maximum flow
between the ends of its edge through the other withheld edges (Cox 1995, network methods of cell suppression).

Withheld are:

1. cells that break a rule (:func:`protocol.statistics.rules.passes`), judged by every way of counting (amounts of
   sellers, numbers of bills, amounts of buyers …), totals included;
2. further cells, the cheapest first, until each of those can be wrong by as much as its rule asks for, upwards and
   downwards: for p % as much as is missing to it, for too few companies ``SPREAD`` percent of the value. That holds for
   a stranger, and for every company that stands alone in a withheld cell and so knows it;
3. further cells in a row or column whose withheld ones together, which anybody can work out, break a rule themselves:
   else one of two companies that are withheld side by side would read the other's value.

Source: Handbook on Statistical Disclosure Control, 2nd ed. 2024, ch. 4.2 and 5; ``docs/statistics.md`` §2.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from itertools import count
from typing import Final, NamedTuple

from protocol.errors import Malformed
from protocol.statistics import rules
from protocol.statistics.rules import Parameters

TOTAL: Final = ""  # the row, and the column, of totals
SPREAD: Final = 30  # percent of a value that too few companies stand behind
MAX_SIDE: Final = 100  # rows, and columns

Cell = tuple[str, str]  # row, column; TOTAL for the totals


class Measure(NamedTuple):
    """One way of counting: inner cell → company → value ≥ 0. A company may stand in several cells."""

    name: str
    values: Mapping[Cell, Mapping[str, int]]


class Table(NamedTuple):
    """What may be shown. ``rows``, ``columns``: without totals, sorted. ``shown``: cells, totals included, that may be
    shown; every other cell of the table that is not empty is withheld. ``sums``: measure → cell → value, of the cells
    that may be shown only. ``primary``: how many cells break a rule themselves."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    shown: frozenset[Cell]
    sums: Mapping[str, Mapping[Cell, int]]
    primary: int


def protect(measures: Sequence[Measure], parameters: Parameters) -> Table:
    """Judge a table by all its measures at once. Malformed for a negative value, a cell named as a total, or too many
    rows or columns."""
    rules.require(parameters)
    cells = sorted({cell for measure in measures for cell, of in measure.values.items() if any(of.values())})
    rows, columns = sorted({row for row, _ in cells}), sorted({column for _, column in cells})
    if TOTAL in rows or TOTAL in columns or max(len(rows), len(columns)) > MAX_SIDE:
        raise Malformed(f"table: rows and columns have names, at most {MAX_SIDE} of each")
    grids = [_Grid(measure, rows, columns, parameters) for measure in measures]
    withheld = {cell for grid in grids for cell in grid.values if not grid.passes([cell])}
    primary = len(withheld)
    while any(grid.extend(withheld) for grid in grids):
        pass
    shown = frozenset(cell for grid in grids for cell in grid.values) - withheld
    sums = {grid.name: {cell: grid.sum(cell) for cell in sorted(shown)} for grid in grids}
    return Table(tuple(rows), tuple(columns), shown, sums, primary)


class _Grid:
    """One measure of a table, with its totals."""

    def __init__(self, measure: Measure, rows: Sequence[str], columns: Sequence[str], parameters: Parameters) -> None:
        self.name = measure.name
        self._parameters = parameters
        self.values: dict[Cell, dict[str, int]] = {}
        for cell, of in measure.values.items():
            for company, value in of.items():
                if value < 0:
                    raise Malformed("table: a value is not negative")
                if value:
                    for place in _with_totals(cell):
                        there = self.values.setdefault(place, {})
                        there[company] = there.get(company, 0) + value
        self._lines = [[(row, column) for column in columns] + [(row, TOTAL)] for row in [*rows, TOTAL]]
        self._lines += [[(row, column) for row in rows] + [(TOTAL, column)] for column in [*columns, TOTAL]]

    def sum(self, cell: Cell) -> int:
        """A cell's value; 0 where nobody has anything."""
        return sum(self.values.get(cell, {}).values())

    def passes(self, cells: Iterable[Cell]) -> bool:
        """Do cells, taken together, keep the rules?"""
        together: dict[str, int] = {}
        for cell in cells:
            for company, value in self.values.get(cell, {}).items():
                together[company] = together.get(company, 0) + value
        return not together or rules.passes(together.values(), self._parameters)

    def extend(self, withheld: set[Cell]) -> bool:
        """Withhold what else this measure needs; whether that was anything."""
        before = len(withheld)
        for cell in sorted(cell for cell in withheld if cell in self.values and not self.passes([cell])):
            need = self._need(cell)
            for source, sink in (_ends(cell)[::-1], _ends(cell)):
                self._open_to_doubt(cell, source, sink, withheld, need)
        for line in self._lines:
            self._widen(line, withheld)
        return len(withheld) > before

    def _open_to_doubt(self, cell: Cell, source: str, sink: str, withheld: set[Cell], need: int) -> None:
        """Withhold what it takes for ``need`` to flow past ``cell``: for a stranger, and for each company that stands
        alone in one of the cells through which it flows, past all cells in which that company stands alone."""
        slack, used = self._slack(source, sink, withheld - {cell}, need)
        if slack < need:
            withheld.update(self._way(source, sink, withheld, {cell}, need))
            return
        own = self.values[cell].keys()
        for company in sorted({next(iter(self.values[other])) for other in used if len(self.values[other]) == 1}):
            known = {cell, *(other for other in withheld if self.values.get(other, {}).keys() == {company})}
            left = self._need(cell, company) if own != {company} else 0
            if left and self._slack(source, sink, withheld - known, left)[0] < left:
                withheld.update(self._way(source, sink, withheld, known, left))

    def _need(self, cell: Cell, knower: str = "") -> int:
        """By how much a withheld value must at least be open to doubt, either way; at most the value itself. For a
        company that stands in it: what it leaves when its own part is taken off."""
        sizes = sorted((value for company, value in self.values[cell].items() if company != knower), reverse=True)
        whole = sum(sizes)
        near = -(-self._parameters.percent * sizes[0] // 100) - sum(sizes[2:])
        spread = -(-SPREAD * whole // 100) if len(sizes) < self._parameters.units else 0
        return min(max(near, spread, 1), whole)

    def _slack(self, source: str, sink: str, hidden: set[Cell], enough: int) -> tuple[int, set[Cell]]:
        """How much can flow from ``source`` to ``sink`` through hidden cells, up to ``enough``, and through which."""
        room: dict[str, dict[str, int]] = {}
        between: dict[tuple[str, str], Cell] = {}
        for other in hidden:
            if other in self.values:
                start, end = _ends(other)
                between[start, end] = between[end, start] = other
                room.setdefault(start, {})[end] = enough  # may grow without bounds
                room.setdefault(end, {})[start] = self.sum(other)
        found, used = 0, set[Cell]()
        while found < enough and (path := _shortest(room, source, sink)):
            pushed = min(enough - found, *(room[start][end] for start, end in path))
            for start, end in path:
                room[start][end] -= pushed
                room[end][start] += pushed
                used.add(between[start, end])
            found += pushed
        return found, used

    def _way(self, source: str, sink: str, withheld: set[Cell], known: set[Cell], need: int) -> list[Cell]:
        """The cheapest cells to withhold so that ``need`` can flow past those that are ``known``; every one if there is
        no such way."""
        edges: dict[str, list[tuple[str, Cell, int]]] = {}
        for other in self.values:
            if other not in known:
                start, end = _ends(other)
                cost = 0 if other in withheld else self.sum(other) + 1
                edges.setdefault(start, []).append((end, other, cost))
                if self.sum(other) >= need:
                    edges.setdefault(end, []).append((start, other, cost))
        return _cheapest(edges, source, sink) or list(self.values)

    def _widen(self, line: Sequence[Cell], withheld: set[Cell]) -> None:
        """A line whose total is shown tells the sum of its withheld cells: it has to keep the rules too. If the total
        is withheld and nothing else, the shown ones tell it."""
        *inner, total = [cell for cell in line if cell in self.values] or [line[-1]]
        while True:
            hidden = [cell for cell in inner if cell in withheld]
            open_cells = [cell for cell in inner if cell not in withheld]
            if total in withheld and not hidden and open_cells:
                withheld.add(min(open_cells, key=lambda cell: (self.sum(cell), cell)))
            elif total not in withheld and hidden and not self.passes(hidden):
                withheld.add(min(open_cells, key=lambda cell: (self.sum(cell), cell)) if open_cells else total)
            else:
                return


def _with_totals(cell: Cell) -> tuple[Cell, Cell, Cell, Cell]:
    row, column = cell
    return cell, (row, TOTAL), (TOTAL, column), (TOTAL, TOTAL)


def _ends(cell: Cell) -> tuple[str, str]:
    """Where the edge of a cell begins and ends: the circulation runs totals' column → row → column → totals' row."""
    row, column = cell
    if row == TOTAL and column == TOTAL:
        return "row of totals", "column of totals"
    if column == TOTAL:
        return "column of totals", f"row {row}"
    if row == TOTAL:
        return f"column {column}", "row of totals"
    return f"row {row}", f"column {column}"


def _shortest(room: Mapping[str, Mapping[str, int]], source: str, sink: str) -> list[tuple[str, str]]:
    """The steps of a shortest way with room on it, or none."""
    before: dict[str, str] = {source: source}
    ahead = deque([source])
    while ahead and sink not in before:
        at = ahead.popleft()
        for near, left in room.get(at, {}).items():
            if left > 0 and near not in before:
                before[near] = at
                ahead.append(near)
    steps = []
    at = sink if sink in before else source
    while at != source:
        steps.append((before[at], at))
        at = before[at]
    return steps


def _cheapest(edges: Mapping[str, Sequence[tuple[str, Cell, int]]], source: str, sink: str) -> list[Cell]:
    """The cells on a cheapest way (Dijkstra)."""
    order = count()
    best: dict[str, tuple[int, str, Cell | None]] = {source: (0, source, None)}
    ahead = [(0, next(order), source)]
    while ahead:
        cost, _, at = heapq.heappop(ahead)
        if cost > best[at][0]:
            continue
        for near, cell, more in edges.get(at, ()):
            if near not in best or cost + more < best[near][0]:
                best[near] = (cost + more, at, cell)
                heapq.heappush(ahead, (cost + more, next(order), near))
    found: list[Cell] = []
    at = sink if sink in best else source
    while at != source:
        _, at, by = best[at]
        if by is not None:
            found.append(by)
    return found
