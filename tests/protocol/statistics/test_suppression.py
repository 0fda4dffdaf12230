"""What is withheld, against linear algebra: no closed cell of any nested table lies in the span of the shown sums."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from protocol.statistics import plan, suppression
from protocol.statistics.plan import Cell, Kind, Row


def rank(rows: list[list[Fraction]]) -> int:
    """Gauss, exactly."""
    found, left = 0, [list(row) for row in rows]
    for column in range(len(left[0]) if left else 0):
        pivot = next((row for row in left[found:] if row[column]), None)
        if pivot is None:
            continue
        left.remove(pivot)
        left.insert(found, pivot)
        for row in left[found + 1 :]:
            if row[column]:
                factor = row[column] / pivot[column]
                row[:] = [a - factor * b for a, b in zip(row, pivot, strict=True)]
        found += 1
    return found


def atoms(rows: tuple[Row, ...], empty: frozenset[int]) -> dict[int, list[Fraction]]:
    """Each cell as a sum of its atoms: leaves and rests in which somebody has something."""
    rests = {row.at for row in rows if row.kind is Kind.REST}
    cells = [row for row in rows if row.kind is Kind.CELL]
    own = [row.at for at, row in enumerate(rows) if at not in empty and (row.kind is Kind.REST or row.at not in rests)]
    return {cell.at: [Fraction(cell.cell.contains(cells[other].cell)) for other in sorted(own)] for cell in cells}


CODES = st.lists(
    st.sampled_from(["", "1", "2", "11", "12", "13", "21", "22", "111", "112", "121"]), unique=True, min_size=1
)


@given(CODES, st.sets(st.integers(0, 10)), st.sets(st.integers(0, 25)))
def test_no_closed_cell_inside_a_shown_one_follows(codes: list[str], chosen: set[int], none: set[int]) -> None:
    rows = plan.rows_of([Cell(code, 0, 7) for code in codes], 1)
    opened = frozenset(at for at in chosen if at < len(codes))
    empty = frozenset(at for at in none if at < len(rows))
    shown = opened - suppression.withheld(rows, opened, empty)
    vectors = atoms(rows, empty)
    known = [vectors[at] for at in sorted(shown)]
    for closed in range(len(codes)):
        inside = any(rows[outer].cell.contains(rows[closed].cell) for outer in shown if outer != closed)
        if closed not in shown and inside and any(vectors[closed]):
            assert rank([*known, vectors[closed]]) > rank(known), (codes, opened, shown, closed)


def test_the_one_closed_cell_of_an_opened_sum_withholds_it() -> None:
    rows = plan.rows_of([Cell("1", 0, 7), Cell("11", 0, 7), Cell("12", 0, 7)], 1)
    assert rows[3].kind is Kind.REST
    assert suppression.withheld(rows, frozenset({0, 1}), frozenset({3})) == {0}
    assert suppression.withheld(rows, frozenset({0, 1}), frozenset()) == frozenset()
    assert suppression.withheld(rows, frozenset({1, 2}), frozenset({3})) == frozenset()


def test_what_the_plan_opens_is_never_withheld() -> None:
    rows = plan.rows_of([Cell("1", 0, 7), Cell("11", 0, 7), Cell("12", 0, 7)], 1)
    for opened, empty in (({0, 1, 2}, {3}), ({0, 1, 2}, set()), ({0, 1}, {2}), ({1}, {3})):
        assert suppression.withheld(rows, frozenset(opened), frozenset(empty)) == frozenset()
