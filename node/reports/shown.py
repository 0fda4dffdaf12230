"""What of a report a member may see: never what tells one other firm's figure, never a gap that a difference fills.

Owns the rules inside one node, where they run exactly on its members' sums. Rings are nested: the figure of a city is
shown only where what it has beyond the street may be shown too, and so on outwards, or else subtracting two shown
figures would tell a third. The days of a week are shown all or none. Source: docs/adr/0056-reports.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from node.reports.rings import ALL, CITY, OWN, STREET, STREET_ONLY
from protocol.statistics.rules import MIN_UNITS, Parameters, sums_pass

INSIDE: Final = Parameters(MIN_UNITS, 10, bytes(16))
"""Within one node, which sees its members' sums: no salt, because nothing is promised to others."""


class Cell(NamedTuple):
    """Other firms' sums: as a question gives them, without its keys. ``size`` and after: of absolute values."""

    companies: int
    quantity: int
    amount: int
    size: int
    largest: int
    second: int


NOTHING: Final = Cell(0, 0, 0, 0, 0, 0)


def together(one: Cell, two: Cell) -> Cell:
    """The cell of two groups that share no member."""
    sizes = sorted((one.largest, one.second, two.largest, two.second), reverse=True)
    return Cell(
        one.companies + two.companies,
        one.quantity + two.quantity,
        one.amount + two.amount,
        one.size + two.size,
        sizes[0],
        sizes[1],
    )


def may_be_shown(cell: Cell) -> bool:
    """At least three firms, and the second largest learns no other's figure to within p percent.

    An empty cell may: that nobody sold anything is nobody's figure.
    """
    if cell.companies == 0:
        return True
    return sums_pass(cell.companies, cell.size, cell.largest, cell.second, INSIDE)


def rings_shown(cells: Mapping[int, Cell]) -> dict[int, Cell | None]:
    """For street, city and all (each with those inside it): its cell, or None where it is withheld.

    A ring is shown when its whole and what it adds to the last ring that was shown both may be. Firms that count in
    their street only are in the street's figure and in no wider one: beside it a wider one is shown only when they,
    too, might be shown by themselves, for the difference of both figures holds them.
    """
    only = cells.get(STREET_ONLY, NOTHING)
    whole = cells.get(STREET, NOTHING)
    street = together(whole, only)
    shown: dict[int, Cell | None] = {STREET: street if may_be_shown(street) else None}
    apart = shown[STREET] is None or may_be_shown(only)
    added = NOTHING if shown[STREET] is not None else whole
    for ring in (CITY, ALL):
        cell = cells.get(ring, NOTHING)
        whole, added = together(whole, cell), together(added, cell)
        shown[ring] = whole if apart and may_be_shown(whole) and may_be_shown(added) else None
        if shown[ring] is not None:
            added = NOTHING
    return shown


def series_shown(periods: Sequence[Mapping[int, Cell]], group: int = 1) -> list[dict[int, Cell | None]]:
    """:func:`rings_shown` for each period; of each ``group`` periods in a row a ring is shown in all or in none.

    Days, whose week is shown elsewhere, come in groups of seven.
    """
    each = [rings_shown(cells) for cells in periods]
    for start in range(0, len(each), group):
        part = each[start : start + group]
        for ring in (STREET, CITY, ALL):
            if any(cells[ring] is None for cells in part):
                for cells in part:
                    cells[ring] = None
    return each


def by_period(rows: Iterable[Sequence[int]], periods: int) -> tuple[list[int], list[dict[int, Cell]]]:
    """(own quantities, cells of the other rings) of :func:`~node.reports.questions.beside_others`, for each period."""
    own = [0] * periods
    cells: list[dict[int, Cell]] = [{} for _ in range(periods)]
    for period, ring, *cell in rows:
        if ring == OWN:
            own[period] = cell[1]
        else:
            cells[period][ring] = Cell(*cell)
    return own, cells
