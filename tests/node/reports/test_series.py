"""What a weekly series says: worked by hand."""

from __future__ import annotations

import pytest

from node.reports.series import Decay, decay, turning_weeks


def test_an_item_that_rose_and_faded() -> None:
    weekly = [0, 0, 5, 8, 9, 10, 9, 7, 5, 4, 3, 2, 1, 1, 0, 0, 0, 0]
    found = decay(weekly)
    assert found == Decay(peak_week=6, peak=36, level_percent=0, half_week=11, faded_week=12)
    assert (found.weeks, found.half_life) == (6, 5)  # four weeks' sums: 36 35 31 25 19 14 10 7 4 2 1 0


def test_one_that_holds_has_not_faded() -> None:
    found = decay([5] * 20)
    assert found == Decay(19, 20, 100, None, None)
    assert (found.weeks, found.half_life) == (None, None)


def test_a_low_week_that_was_made_good_is_no_end() -> None:
    found = decay([10] * 8 + [0] * 3 + [10] * 4)
    assert found is not None
    assert (found.faded_week, found.half_week) == (None, None)


def test_four_weeks_without_a_sale_are_the_end() -> None:
    assert decay([10, 10, 10, 10, 0, 0, 0, 0]) == Decay(3, 40, 0, 5, 6)
    assert decay([7, 0, 0, 0, 0]) == Decay(3, 7, 0, 4, 4)


@pytest.mark.parametrize("weekly", [[], [3, 4, 5], [0] * 10, [-2, -1, 0, 0]])
def test_what_never_sold_has_no_decay(weekly: list[int]) -> None:
    assert decay(weekly) is None


def test_returns_do_not_make_a_level_negative() -> None:
    found = decay([10, 10, 10, 10, 0, 0, 0, -3])
    assert found is not None
    assert found.level_percent == 0


def test_a_step_is_found_and_noise_is_not() -> None:
    assert turning_weeks([10, 11, 9, 10, 12, 10, 11, 10, 3, 2, 3, 2, 4, 3, 2, 3]) == [8]
    assert turning_weeks([10, 11, 9, 10, 12, 10, 11, 10, 9, 11, 12, 10, 11]) == []
    assert turning_weeks([4] * 30) == turning_weeks([1, 2, 3]) == []
