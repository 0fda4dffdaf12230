"""What may be shown within one node; an attacker who subtracts learns no cell that is withheld."""

from __future__ import annotations

import random

import pytest

from node.reports.rings import ALL, CITY, STREET, STREET_ONLY
from node.reports.shown import NOTHING, Cell, by_period, may_be_shown, rings_shown, series_shown, together


def cell(*sums: int) -> Cell:
    sizes = sorted((abs(value) for value in sums if value), reverse=True)
    largest, second = [*sizes, 0, 0][:2]
    return Cell(len(sizes), sum(sums), 0, sum(sizes), largest, second)


@pytest.mark.parametrize(
    ("sums", "open_"),
    [
        ((), True),
        ((5,), False),
        ((5, 5), False),
        ((5, 5, 5), True),
        ((100, 50, 10), True),
        ((100, 50, 9), False),  # the rest is under a tenth of the largest
        ((100, 50, 5, 5), True),
        ((-100, 50, 9), False),  # a return counts by its size
    ],
)
def test_one_cell(sums: tuple[int, ...], open_: bool) -> None:
    assert may_be_shown(cell(*sums)) is open_


def test_two_groups_make_the_cell_of_all() -> None:
    for seed in range(200):
        drawn = random.Random(seed)
        one = [drawn.randrange(-50, 100) for _ in range(drawn.randrange(5))]
        two = [drawn.randrange(-50, 100) for _ in range(drawn.randrange(5))]
        assert together(cell(*one), cell(*two)) == cell(*one, *two)


def test_a_ring_that_would_tell_what_another_hides_is_hidden() -> None:
    three = cell(5, 6, 7)
    assert rings_shown({STREET: three}) == {STREET: three, CITY: three, ALL: three}
    # the city has one firm more: city minus street would be that firm
    shown = rings_shown({STREET: three, CITY: cell(4)})
    assert shown == {STREET: three, CITY: None, ALL: None}
    shown = rings_shown({STREET: cell(4), CITY: three, ALL: cell(9)})
    assert shown == {STREET: None, CITY: cell(4, 5, 6, 7), ALL: None}
    assert rings_shown({}) == {STREET: NOTHING, CITY: NOTHING, ALL: NOTHING}


def test_no_difference_of_shown_figures_is_one_that_may_not_be_shown() -> None:
    """Exhaustively: of two shown figures, what only the one holds passes by itself, and what only the other."""
    within = {STREET: {STREET, STREET_ONLY}, CITY: {STREET, CITY}, ALL: {STREET, CITY, ALL}, 0: set[int]()}
    hidden = opened = 0
    for seed in range(4000):
        drawn = random.Random(seed)
        firms = {
            ring: [drawn.choice((1, 5, 20, 300)) for _ in range(drawn.randrange(6))]
            for ring in (STREET, CITY, ALL, STREET_ONLY)
        }
        if seed % 2:
            firms[STREET_ONLY] = []
        shown = rings_shown({ring: cell(*sums) for ring, sums in firms.items()})
        known = [0, *(ring for ring, found in shown.items() if found is not None)]
        hidden, opened = hidden + (len(known) < 4), opened + (len(known) == 4)
        for ring, found in shown.items():
            assert found is None or found == cell(*(one for part in within[ring] for one in firms[part]))
        for one in known:
            for two in known:
                beyond = [firm for part in within[one] - within[two] for firm in firms[part]]
                assert may_be_shown(cell(*beyond)), (seed, one, two)
    assert hidden > 500
    assert opened > 100


def test_the_days_of_a_week_are_shown_all_or_none() -> None:
    days = [{STREET: cell(5, 6, 7)} for _ in range(14)]
    days[9] = {STREET: cell(5)}
    shown = series_shown(days, 7)
    assert all(day[STREET] is not None for day in shown[:7])
    assert all(day[STREET] is None for day in shown[7:])
    assert sum(day[STREET] is None for day in series_shown(days)) == 1


def test_rows_become_periods() -> None:
    rows = [(0, 0, 1, 7, 70, 7, 7, 0), (0, STREET, 3, 9, 90, 9, 4, 3), (2, ALL, 4, 8, 80, 8, 3, 2)]
    own, cells = by_period(rows, 3)
    assert own == [7, 0, 0]
    assert cells == [{STREET: Cell(3, 9, 90, 9, 4, 3)}, {}, {ALL: Cell(4, 8, 80, 8, 3, 2)}]
