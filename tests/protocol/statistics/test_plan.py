"""Cells and their differences: whatever can be worked out from opened sums passes the rules as a cell."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import CallerFault
from protocol.statistics import plan, rules
from protocol.statistics.plan import Cell, Kind
from protocol.statistics.rules import Parameters

P10 = Parameters(3, 10, bytes(16))
TREE = [Cell("", 0, 14), Cell("1", 0, 14), Cell("1", 0, 7), Cell("11", 0, 7), Cell("2", 0, 14)]
ATOMS = [("11", 0), ("12", 0), ("11", 7), ("12", 7), ("2", 0), ("3", 0)]  # goods, day


def test_cells_must_nest_or_lie_apart() -> None:
    plan.require_nested(TREE)
    with pytest.raises(CallerFault, match="crosses") as crossing:
        plan.require_nested([Cell("", 0, 7), Cell("1", 0, 14)])
    assert crossing.value.field == "cells[1]"
    with pytest.raises(CallerFault, match="crosses"):
        plan.require_nested([Cell("1", 0, 7), Cell("1", 3, 14)])
    with pytest.raises(CallerFault, match="twice"):
        plan.require_nested([Cell("1", 0, 7), Cell("1", 0, 7)])


def test_each_cell_that_contains_others_has_its_rest_counted_and_later_versions_their_change() -> None:
    rows = plan.rows_of(TREE, 1)
    assert [row.kind for row in rows] == [Kind.CELL] * 5 + [Kind.REST] * 3
    assert {row.cell: set(row.without) for row in rows[5:]} == {
        TREE[0]: set(TREE[1:]),
        TREE[1]: {TREE[2], TREE[3]},
        TREE[2]: {TREE[3]},
    }
    later = plan.rows_of(TREE, 2)
    assert [row.kind for row in later[8:]] == [Kind.CHANGE] * 8


def inside(cell: Cell, atom: tuple[str, int]) -> bool:
    return cell.contains(Cell(atom[0], atom[1], atom[1] + 1))


companies = st.lists(
    st.tuples(*[st.integers(0, 3).flatmap(lambda bits: st.integers(0, 4**bits)) for _ in ATOMS]), min_size=1, max_size=9
)


@given(companies, st.permutations(TREE))
def test_no_union_or_difference_of_opened_cells_breaks_the_rules(
    firms: list[tuple[int, ...]], cells: list[Cell]
) -> None:
    """Brute force: every set of goods that is a sum or difference of opened cells, company by company."""
    rows = plan.rows_of(cells, 1)

    def of(firm: tuple[int, ...], cell: Cell, without: tuple[Cell, ...] = ()) -> int:
        return sum(
            value
            for value, atom in zip(firm, ATOMS, strict=True)
            if inside(cell, atom) and not any(inside(other, atom) for other in without)
        )

    counts = [rules.class_counts([of(firm, row.cell, row.without) for firm in firms], 99) for row in rows]
    opened = [cells[at] for at in plan.open_cells(cells, rows, counts, P10, 0)]
    for factors in itertools.product((-1, 0, 1), repeat=len(opened)):
        scope = [
            sum(factor for factor, cell in zip(factors, opened, strict=True) if inside(cell, atom)) for atom in ATOMS
        ]
        if set(scope) <= {0, 1} and any(scope):
            shown = [sum(v for v, taken in zip(firm, scope, strict=True) if taken) for firm in firms]
            assert not any(shown) or rules.passes(shown, P10), (opened, factors)


def test_a_cell_waits_for_its_children() -> None:
    """Two firms in 11: it stays closed, and so does what contains it, however many firms that has."""
    firms = [
        (50, 0, 0, 0, 9, 0),
        (50, 0, 0, 0, 9, 0),
        (0, 50, 40, 0, 9, 30),
        (0, 50, 40, 0, 9, 30),
        (0, 50, 40, 0, 9, 30),
    ]
    cells = TREE
    rows = plan.rows_of(cells, 1)
    counts = []
    for row in rows:
        values = [
            sum(
                v
                for v, atom in zip(firm, ATOMS, strict=True)
                if inside(row.cell, atom) and not any(inside(other, atom) for other in row.without)
            )
            for firm in firms
        ]
        counts.append(rules.class_counts(values, 99))
    assert [cells[at] for at in plan.open_cells(cells, rows, counts, P10, 0)] == [Cell("2", 0, 14)]
