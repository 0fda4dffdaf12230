"""Days on which banks transfer money: not Saturdays, Sundays, public holidays, or 31 December to 3 January.

Pure functions of a day; the holidays come from jpholiday's rules. Source: 銀行法施行令 5条.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

YEAR_END = frozenset({(12, 31), (1, 1), (1, 2), (1, 3)})


@cache
def is_banking_day(day: date) -> bool:
    """Do banks transfer money on ``day``?"""
    import jpholiday

    return day.weekday() < 5 and (day.month, day.day) not in YEAR_END and not jpholiday.is_holiday(day)


def following(day: date) -> date:
    """``day``, or the first banking day after it."""
    while not is_banking_day(day):
        day += timedelta(days=1)
    return day


def preceding(day: date) -> date:
    """``day``, or the last banking day before it: never later than what was promised."""
    while not is_banking_day(day):
        day -= timedelta(days=1)
    return day
