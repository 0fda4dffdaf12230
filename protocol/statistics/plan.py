"""Which counts a question needs, and which of its cells may be opened: the rules applied to differences as well.

Owns the geometry of cells (class of goods × period) and the choice. Knows no node and no encoding.

Two opened sums of which one contains the other also show their difference; so the difference must pass the rules *as
a cell*. Beside each cell that contains others of the same question, the counts of its *rest* (what lies in none of
them) are opened, and beside each cell of a later version the counts of its *change*. Cells must not cross. Then the
opened sums are sums over disjoint atoms (cells that contain none, and rests), and a union of disjoint sets that pass
p % passes: for x the largest company of the union and y any other, X − x − y is the sum over the atoms of Xa − xa − ya
≥ Xa − x1a − x2a ≥ p x1a ≥ p xa. So whatever differences are made, what comes out passes.
Source: ``docs/statistics.md`` §3.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from typing import NamedTuple

from protocol.errors import CallerFault
from protocol.statistics import rules
from protocol.statistics.rules import Parameters


class Cell(NamedTuple):
    """Goods whose class code begins with ``code`` (empty: all), on business days ``since`` ≤ day < ``until``.

    Days are counted from 1970-01-01.
    """

    code: str
    since: int
    until: int

    def contains(self, other: Cell) -> bool:
        """Is everything of ``other`` in this one?"""
        return other.code.startswith(self.code) and self.since <= other.since and other.until <= self.until

    def touches(self, other: Cell) -> bool:
        """Can one sale lie in both?"""
        nested = other.code.startswith(self.code) or self.code.startswith(other.code)
        return nested and self.since < other.until and other.since < self.until


class Kind(Enum):
    """What is counted."""

    CELL = "cell"
    REST = "rest"  # what of a cell lies in none of the question's cells that it contains
    CHANGE = "change"  # by how much each unit's contribution differs from that of the version before


class Row(NamedTuple):
    """One line of counts of step 1: of ``cell``, the question's number of which is ``at``."""

    kind: Kind
    at: int
    cell: Cell
    without: tuple[Cell, ...] = ()


def require_nested(cells: Sequence[Cell]) -> None:
    """CallerFault naming the first cell that is there twice, or that crosses another one."""
    if len(frozenset(cells)) != len(cells):
        at = next(at for at, cell in enumerate(cells) if cell in cells[:at])
        raise CallerFault(f"cells[{at}]", "is asked twice", code="twice")
    by_code = _by_code(cells)
    for at, cell in enumerate(cells):
        for other in _above(cell, by_code):
            if cell.touches(other) and not cell.contains(other) and not other.contains(cell):
                raise CallerFault(f"cells[{at}]", "crosses another cell: their difference cannot be judged")


def _by_code(cells: Sequence[Cell]) -> Mapping[str, list[Cell]]:
    found: dict[str, list[Cell]] = {}
    for cell in cells:
        found.setdefault(cell.code, []).append(cell)
    return found


def _above(cell: Cell, by_code: Mapping[str, list[Cell]]) -> Iterator[Cell]:
    """The cells of the same class of goods or a wider one."""
    for length in range(len(cell.code) + 1):
        yield from by_code.get(cell.code[:length], ())


class Near:
    """Cells, found by what they share with another one without a look at each."""

    def __init__(self, cells: Iterable[Cell]) -> None:
        self._by_code: dict[str, list[Cell]] = {}
        self._below: dict[str, list[Cell]] = {}
        for cell in cells:
            self._by_code.setdefault(cell.code, []).append(cell)
            for length in range(len(cell.code)):
                self._below.setdefault(cell.code[:length], []).append(cell)

    def touching(self, cell: Cell) -> Iterator[Cell]:
        """Those in which one of this cell's sales can lie too."""
        for one in (*_above(cell, self._by_code), *self._below.get(cell.code, ())):
            if cell.touches(one):
                yield one


def largest(cells: Sequence[Cell]) -> list[Cell]:
    """Those that lie in no other one of them."""
    by_code = _by_code(cells)
    return [cell for cell in cells if not any(one != cell and one.contains(cell) for one in _above(cell, by_code))]


def rows_of(cells: Sequence[Cell], version: int) -> tuple[Row, ...]:
    """The lines of step 1, cells first in the question's order, then rests, then changes."""
    rows = [Row(Kind.CELL, at, cell) for at, cell in enumerate(cells)]
    by_code, within = _by_code(cells), dict[Cell, list[Cell]]()
    for cell in cells:
        for other in _above(cell, by_code):
            if other != cell and other.contains(cell):
                within.setdefault(other, []).append(cell)
    rows += [Row(Kind.REST, at, cell, tuple(within[cell])) for at, cell in enumerate(cells) if cell in within]
    if version > 1:
        rows += [Row(Kind.CHANGE, row.at, row.cell, row.without) for row in tuple(rows)]
    return tuple(rows)


def open_cells(
    cells: Sequence[Cell], rows: Sequence[Row], counts: Sequence[Sequence[int]], parameters: Parameters, missing: int
) -> tuple[int, ...]:
    """The numbers of the cells that may be opened, ascending.

    A cell passes by itself and with each of its rests and changes. One that contains others is opened only if each of
    them is opened too, or empty: else what lies in a closed one would be mixed with the rest, uncounted.
    """
    good = [
        rules.classes_pass(counts[at], parameters, missing)
        if row.kind is Kind.CELL
        else rules.may_open(counts[at], parameters, missing)
        for at, row in enumerate(rows)
    ]
    empty = {row.cell for at, row in enumerate(rows) if row.kind is Kind.CELL and not any(counts[at])}
    passing = {row.cell for row in rows if row.kind is Kind.CELL}
    passing -= {row.cell for at, row in enumerate(rows) if not good[at]}
    within = {row.cell: row.without for row in rows if row.kind is Kind.REST}
    found: dict[Cell, int] = {}
    for at in sorted(range(len(cells)), key=lambda at: (-len(cells[at].code), cells[at].until - cells[at].since)):
        cell = cells[at]
        if cell in passing and all(other in found or other in empty for other in within.get(cell, ())):
            found[cell] = at
    return tuple(sorted(found.values()))
