"""Days on which banks transfer money."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path

import pytest

from node.papers.zengin import following, is_banking_day, preceding
from tests.conftest import ROOT

HOLIDAYS = ROOT.parent / "shared" / "data" / "zengin" / "japanese-holidays.csv"


@pytest.mark.parametrize(
    ("day", "open_"),
    [
        (date(2026, 11, 30), True),
        (date(2026, 10, 31), False),  # Saturday
        (date(2026, 11, 1), False),  # Sunday
        (date(2026, 11, 3), False),  # 文化の日
        (date(2026, 5, 6), False),  # substitute holiday
        (date(2026, 9, 22), False),  # between two holidays
        (date(2026, 12, 30), True),
        (date(2026, 12, 31), False),
        (date(2027, 1, 1), False),
        (date(2028, 1, 3), False),
        (date(2028, 1, 4), True),
    ],
)
def test_banking_days(day: date, open_: bool) -> None:
    assert is_banking_day(day) is open_


def test_the_banking_day_before_and_after() -> None:
    assert preceding(date(2026, 10, 31)) == date(2026, 10, 30)
    assert following(date(2026, 10, 31)) == date(2026, 11, 2)
    assert preceding(date(2027, 1, 3)) == date(2026, 12, 30)
    assert following(date(2026, 12, 31)) == date(2027, 1, 4)
    assert following(date(2026, 11, 30)) == preceding(date(2026, 11, 30)) == date(2026, 11, 30)


@pytest.mark.skipif(not Path(HOLIDAYS).exists(), reason="the published list of holidays is not beside the project")
def test_holidays_are_those_that_were_published() -> None:
    rows = [row for row in csv.reader(HOLIDAYS.read_text("utf-8").splitlines()) if row and row[0][:1].isdigit()]
    published = {date.fromisoformat(row[0]) for row in rows}
    day = date(2016, 1, 1)
    while day.year < 2028:
        year_end = (day.month, day.day) in {(12, 31), (1, 1), (1, 2), (1, 3)}
        assert is_banking_day(day) == (day.weekday() < 5 and day not in published and not year_end), day
        day += timedelta(days=1)
