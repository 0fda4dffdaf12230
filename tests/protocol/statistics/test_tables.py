"""Two-way tables: what is withheld cannot be worked out of what is shown, tried by trying every table there is."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.errors import Malformed
from protocol.statistics.rules import Parameters, passes
from protocol.statistics.tables import TOTAL, Cell, Measure, Table, protect

RULES = Parameters(3, 10, bytes(16))
GRAND = (TOTAL, TOTAL)


def measure(cells: Mapping[tuple[str, str], Mapping[str, int]], name: str = "amount") -> Measure:
    return Measure(name, cells)


def many(value: int, at: str) -> dict[str, int]:
    """Five companies alike."""
    return {f"{at}{number}": value for number in range(5)}


def test_a_table_that_breaks_no_rule_is_shown_whole() -> None:
    cells = {(row, column): many(10, row + column) for row in "AB" for column in "xy"}
    found = protect([measure(cells)], RULES)
    assert len(found.shown) == 9
    assert found.primary == 0
    assert found.sums["amount"][GRAND] == 200
    assert found.sums["amount"]["A", TOTAL] == 100


def test_a_cell_of_two_companies_takes_others_with_it() -> None:
    cells = {(row, column): many(10, row + column) for row in "ABC" for column in "xyz"}
    cells["A", "x"] = {"one": 7, "two": 5}
    found = protect([measure(cells)], RULES)
    assert found.primary == 1
    assert ("A", "x") not in found.shown
    assert sum(("A", column) not in found.shown for column in ["x", "y", "z", TOTAL]) >= 2
    assert sum((row, "x") not in found.shown for row in ["A", "B", "C", TOTAL]) >= 2
    assert GRAND in found.shown
    assert ("A", "x") not in found.sums["amount"]


def test_two_lone_companies_side_by_side_do_not_read_each_other() -> None:
    """Their sum would follow from the total, and each knows its own."""
    cells: dict[Cell, dict[str, int]] = {(row, column): many(10, row + column) for row in "AB" for column in "xyz"}
    cells["A", "x"], cells["A", "y"] = {"one": 40}, {"two": 50}
    found = protect([measure(cells)], RULES)
    hidden = [column for column in "xyz" if ("A", column) not in found.shown]
    assert set("xy") < set(hidden) or ("A", TOTAL) not in found.shown


def test_a_dominant_company_is_withheld_and_every_measure_counts() -> None:
    cells = {(row, column): many(10, row + column) for row in "AB" for column in "xy"}
    cells["A", "x"] = {"great": 1000, "small": 10, "least": 1}
    assert ("A", "x") not in protect([measure(cells)], RULES).shown
    bills = {cell: dict.fromkeys(of, 2) for cell, of in cells.items()}
    found = protect([measure(bills, "bills"), measure(cells)], RULES)
    assert ("A", "x") not in found.shown
    assert set(found.sums) == {"bills", "amount"}
    assert set(found.sums["bills"]) == set(found.sums["amount"]) == found.shown


def test_one_row_and_nothing_at_all() -> None:
    lone = protect([measure({("A", "x"): {"one": 5}})], RULES)
    assert lone.shown == frozenset()
    assert protect([measure({})], RULES) == Table((), (), frozenset(), {"amount": {}}, 0)


def test_what_is_no_table_is_refused() -> None:
    for cells in ({("A", "x"): {"one": -1}}, {("", "x"): {"one": 1}}, {(f"{n}", "x"): {"o": 1} for n in range(101)}):
        with pytest.raises(Malformed):
            protect([measure(cells)], RULES)


# --- the attack: every table of small numbers that agrees with what is shown


def _inner(table: Table) -> list[Cell]:
    return [(row, column) for row in table.rows for column in table.columns]


def _with_totals(inner: Mapping[Cell, int], rows: tuple[str, ...], columns: tuple[str, ...]) -> dict[Cell, int]:
    found = dict(inner)
    for row in rows:
        found[row, TOTAL] = sum(inner.get((row, column), 0) for column in columns)
    for column in columns:
        found[TOTAL, column] = sum(inner.get((row, column), 0) for row in rows)
    found[GRAND] = sum(inner.values())
    return found


def _tables(table: Table, truth: Mapping[Cell, int], empty: set[Cell], most: int) -> Iterator[dict[Cell, int]]:
    """All that somebody could believe who sees what is shown and knows which cells are empty; up to ``most`` a cell."""
    free = [cell for cell in _inner(table) if cell not in table.shown and cell not in empty]
    fixed = {cell: truth.get(cell, 0) for cell in _inner(table) if cell not in free}
    for values in itertools.product(range(most + 1), repeat=len(free)):
        whole = _with_totals({**fixed, **dict(zip(free, values, strict=True))}, table.rows, table.columns)
        if all(whole[cell] == truth[cell] for cell in table.shown):
            yield whole


_COMPANIES = st.dictionaries(st.sampled_from([f"c{n}" for n in range(9)]), st.integers(1, 3), max_size=4)
_TABLES = st.dictionaries(st.tuples(st.sampled_from("AB"), st.sampled_from("xyz")), _COMPANIES, min_size=2, max_size=5)


@settings(max_examples=30, deadline=None)
@given(_TABLES)
def test_nobody_works_out_a_cell_that_breaks_a_rule(cells: dict[Cell, dict[str, int]]) -> None:
    table = protect([measure(cells)], RULES)
    inner = {cell: sum(of.values()) for cell, of in cells.items() if of}
    truth = _with_totals(inner, table.rows, table.columns)
    empty = {cell for cell in _inner(table) if not inner.get(cell)}
    hidden = [cell for cell in inner if cell not in table.shown]
    assert all(cell in hidden for cell, of in cells.items() if of and not passes(of.values(), RULES))
    if len(hidden) > 5:
        return  # trying them all would take too long; fewer are harder to hide
    believed = list(_tables(table, truth, empty, 14))
    for cell, of in cells.items():
        if of and not passes(of.values(), RULES):
            values = {whole[cell] for whole in believed}
            assert min(values) < truth[cell] < max(values), (cell, sorted(values))
            for insider in {company for other in hidden for company in cells[other] if len(cells[other]) == 1}:
                if set(of) == {insider}:
                    continue
                own = [other for other in hidden if set(cells[other]) == {insider}]
                left = {w[cell] for w in believed if all(w[other] == truth[other] for other in own)}
                assert min(left) < truth[cell] < max(left), (cell, insider, sorted(left))
