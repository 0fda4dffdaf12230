"""Days in the Japanese calendar, written and read."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node import wareki

CASES = (
    (date(2026, 10, 5), "令和8年"),
    (date(2019, 5, 1), "令和元年"),
    (date(2019, 4, 30), "平成31年"),
    (date(1989, 1, 8), "平成元年"),
    (date(1989, 1, 7), "昭和64年"),
    (date(1926, 12, 24), "大正15年"),
    (date(1912, 7, 29), "明治45年"),
    (date(1873, 1, 1), "明治6年"),
)


@pytest.mark.parametrize(("day", "year"), CASES)
def test_the_year_of_the_era(day: date, year: str) -> None:
    assert wareki.era_year(day) == year


def test_a_day_in_words() -> None:
    assert wareki.text(date(2026, 10, 5)) == "令和8年10月5日"


@pytest.mark.parametrize(
    "text",
    [
        "2026/10/05", "2026-10-5", "2026.10.5", "20261005", "2026年10月5日", "２０２６年１０月５日",
        "R8.10.5", "R8/10/05", "r8-10-5", "令和8年10月5日", "Ｒ８．１０．５",
    ],
)  # fmt: skip
def test_every_spelling_of_one_day(text: str) -> None:
    assert wareki.parse(text) == date(2026, 10, 5)


@pytest.mark.parametrize("text", ["", "R8", "10/5", "2026-13-01", "2026-02-30", "X8.1.1", "2026-10-05 12:30"])
def test_what_is_no_day_is_none(text: str) -> None:
    assert wareki.parse(text) is None


@given(st.dates(date(1873, 1, 1), date(2099, 12, 31)))
def test_what_is_written_is_read(day: date) -> None:
    assert wareki.parse(wareki.text(day)) == day
