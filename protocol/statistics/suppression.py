"""Secondary suppression of opened sums, exactly: no closed cell may be worked out from opened ones by differencing.

Owns the check that stands between opened sums and people. :func:`protocol.statistics.plan.open_cells` opens nothing
that this would withhold; it is checked again, by another argument, before anything is shown. Source:
``docs/statistics.md`` §3, ``docs/adr/0051-masked-sums.md``.

Cells that lie inside each other or apart are unions of *atoms*: what of a cell lies in none of the others. Opened sums
are then a linear system over atoms, and its solutions have a basis of disjoint parts: each opened cell less the
largest opened ones inside it. A closed cell can be worked out if and only if it is a union of such parts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from protocol.statistics.plan import Kind, Row


def withheld(rows: Sequence[Row], opened: frozenset[int], empty: frozenset[int]) -> frozenset[int]:
    """Numbers of opened cells that must not be shown, so that no closed cell inside one of them follows from the rest.

    ``rows``: the lines of counts of version 1; ``empty``: numbers of the lines in which nobody has anything, which is
    known and harms nobody. A closed cell that is the sum of opened cells is no secret: a union of sets that pass p %
    passes it too.
    """
    inside = _inside(rows)
    atoms = _atoms(rows, inside, empty)
    shown = set(opened)
    while (worst := _worst(inside, atoms, shown)) is not None:
        shown.remove(worst)
    return opened - shown


def _inside(rows: Sequence[Row]) -> Mapping[int, frozenset[int]]:
    """The cells of the question that lie inside each cell, by number."""
    number = {row.cell: row.at for row in rows if row.kind is Kind.CELL}
    found = {at: frozenset[int]() for at in number.values()}
    for row in rows:
        if row.kind is Kind.REST:
            found[row.at] = frozenset(number[other] for other in row.without)
    return found


def _atoms(rows: Sequence[Row], inside: Mapping[int, frozenset[int]], empty: frozenset[int]) -> dict[int, set[int]]:
    """Of each cell its atoms, named by the cell whose own one each is; an atom in which nobody has anything is none."""
    own = {row.at for at, row in enumerate(rows) if row.kind is Kind.REST and at not in empty}
    own |= {row.at for at, row in enumerate(rows) if row.kind is Kind.CELL and at not in empty and not inside[row.at]}
    return {at: own & {at, *within} for at, within in inside.items()}


def _worst(inside: Mapping[int, frozenset[int]], atoms: Mapping[int, set[int]], shown: set[int]) -> int | None:
    """The smallest opened cell by which a closed one can be worked out."""
    parts = {at: atoms[at].difference(*(atoms[other] for other in inside[at] & shown)) for at in shown}
    for outer in sorted(shown, key=lambda at: (len(atoms[at]), at)):
        for closed in inside[outer] - shown:
            if atoms[closed] and _is_union(atoms[closed], parts):
                return outer
    return None


def _is_union(wanted: set[int], parts: Mapping[int, set[int]]) -> bool:
    """Is this set of atoms a union of some of these disjoint parts?"""
    covered: set[int] = set()
    for part in parts.values():
        if part <= wanted:
            covered |= part
    return covered == wanted
