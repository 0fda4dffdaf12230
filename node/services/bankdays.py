"""Days on which banks work in Japan, and shifting a day of payment off the others. Pure; days are ``YYYY-MM-DD``.

Banks rest on Saturdays, Sundays, national holidays and from 31 December to 3 January (銀行法施行令5条).
"""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

import jpholiday

SHIFTS: Final = ("next", "previous", "none")


@lru_cache(maxsize=4096)
def is_bank_day(day: date) -> bool:
    """Do banks transfer money on this day?"""
    if day.weekday() >= 5 or (day.month, day.day) in ((12, 31), (1, 1), (1, 2), (1, 3)):
        return False
    return not jpholiday.is_holiday(day)


def shifted(day: str, shift: str) -> str:
    """The ``next`` or ``previous`` bank day, ``day`` itself if it is one (or ``shift`` is none). Empty stays empty."""
    if not day or shift == "none":
        return day
    found = date.fromisoformat(day)
    step = timedelta(days=1 if shift == "next" else -1)
    while not is_bank_day(found):
        found += step
    return found.isoformat()


def in_month(year: int, month: int, day: int) -> date:
    """That day of the month, the last one where the month is shorter. ``month`` may lie outside 1 to 12."""
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    return date(year, month, min(day, calendar.monthrange(year, month)[1]))
