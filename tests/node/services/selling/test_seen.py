"""What a shop sees of rows with known answers: periods, averages, what is withheld, combinations, trends."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from node.reports.rings import ALL, CITY, STREET
from node.services.selling import asking, seen
from node.services.selling.asking import CHART_WEEKS, Period

TODAY = date(2026, 11, 25)  # a Wednesday


def cell(*sums: int) -> list[int]:
    sizes = sorted(sums, reverse=True)
    return [len(sums), sum(sums), 10 * sum(sums), sum(sums), sizes[0], sizes[1] if len(sizes) > 1 else 0]


@pytest.mark.parametrize(
    ("last", "until"),
    [
        ("2026-11-25", "2026-11-23"),  # this week is not over
        ("2026-11-22", "2026-11-23"),
        ("2026-11-11", "2026-11-16"),  # up to the week of the last sale
        ("2027-01-01", "2026-11-23"),
        ("", "2026-11-23"),
    ],
)
def test_weeks_are_whole_and_over(last: str, until: str) -> None:
    period = asking.weeks(TODAY, last, 4)
    assert period.end.isoformat() == until
    assert (period.end - period.first).days == 28
    assert period.first.weekday() == 0
    assert period.last(1).values() == {"first": period.day(3).isoformat(), "end": until, "step": 7}


@pytest.mark.parametrize(
    ("now", "before", "per_cent"), [(58, 100, -42), (0, 5, -100), (3, 2, 50), (1, 3, -67), (5, 0, None)]
)
def test_changes_in_per_cent(now: int, before: int, per_cent: int | None) -> None:
    assert seen.change(now, before) == per_cent


def test_totals_beside_those_of_a_year_before() -> None:
    period = asking.weeks(TODAY, "2026-11-22", asking.ALL_WEEKS)
    rows = [[0, 500, 5], [asking.ALL_WEEKS - 1, 900, 9], [asking.ALL_WEEKS - 1 - 52, 600, 6]]
    totals, weeks = seen.totals(rows, period, period.day(CHART_WEEKS - 1).isoformat())
    assert totals[-1] == (900, 9)
    assert len(weeks) == CHART_WEEKS
    assert weeks[-1] == (period.day(asking.ALL_WEEKS - 1), 900, 600, None)
    assert weeks[-2].before is None  # before the first sale that is known


def test_an_item_is_shown_ring_by_ring() -> None:
    period = asking.weeks(TODAY, "2026-11-22", asking.TREND_WEEKS)
    last = period.periods - 1
    rows: list[list[Any]] = [[last, 0, *cell(4000)], [last - 4, 0, *cell(8000)]]
    rows += [[week, STREET, *cell(1000, 1000)] for week in (last, last - 4)]
    rows += [[week, CITY, *cell(3000, 4000, 5000)] for week in (last, last - 4)]
    days = [[27, STREET, *cell(1000, 1000, 1000)]]
    answers: list[Any] = [[rows, [[last - 4]]], days, [[0, 1], [1, 2], [2, 3]]]
    street = seen.item(answers, period, "", STREET)
    assert {week.others for week in street.weeks} == {None}  # two shops: not even a nought is shown
    assert dict(street.shops) == {CITY: 5, ALL: 5}
    city = seen.item(answers, period, "", CITY)
    assert city.weeks[-1].others == 14_000 // 5
    assert city.weeks[-2].others == 0
    assert (city.change, city.others_change) == (-50, 0)
    assert city.season is None
    assert city.turned == [period.day(last - 4)]
    assert city.decay is not None
    assert (city.decay.peak, city.decay.level_percent) == (8000, 50)
    assert city.peak_day == period.day(last - 1)
    assert city.days[-1].others == 3000 // 5


def test_what_sells_elsewhere_is_shown_where_it_may_be_and_roughly() -> None:
    rows = [
        ["a", "C62", "A", 1, STREET, *cell(500, 400)],
        ["a", "C62", "A", 1, CITY, *cell(300)],
        ["b", "C62", "B", 1, ALL, *cell(900, 900)],
        ["c", "C62", "C", 1, STREET, *cell(1000, 1, 1)],
    ]
    (only,) = seen.elsewhere(rows, 20)
    assert only == ("a", "C62", "A", CITY, 3, 4000)


def test_combinations() -> None:
    (pair,) = seen.pairs([["x", "y", 30, 60, 50, 1000, 1]], {"x": "お茶"})
    assert (pair.first_name, pair.second_name) == ("お茶", "y")
    assert (pair.support, pair.confidence, pair.lift) == (30, 500, 1000)  # 3 %, 50 %, ten times


def test_trends_name_what_faded_and_what_turned() -> None:
    period = Period(date(2024, 11, 25), asking.TREND_WEEKS)
    faded = [10] * 40 + [1] * 64
    steady = [10] * 104
    turned = [10] * 100 + [30] * 4
    rows = [["f", "C62", "F", faded, [40]], ["s", "C62", "S", steady, []], ["t", "C62", "T", turned, [100]],
            ["n", "C62", "N", [0] * 104, []]]  # fmt: skip
    found = {one.item: one for one in seen.trends(rows, period, "2024-11-25")}
    assert set(found) == {"f", "s", "t"}
    assert [one.faded for one in found.values()] == [True, False, False]
    assert found["f"].turned is None  # long ago
    assert found["t"].turned == period.day(100)
    assert (found["t"].season, found["s"].season) == (200, 0)
