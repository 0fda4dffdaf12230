"""Shifting a day of payment off the days on which banks rest (:mod:`node.papers.zengin`). Days are ``YYYY-MM-DD``."""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from typing import Final

from node.papers.zengin import is_banking_day as is_banking_day  # noqa: PLC0414 - said again for services

SHIFTS: Final = ("next", "previous", "none")


def shifted(day: str, shift: str) -> str:
    """The ``next`` or ``previous`` bank day, ``day`` itself if it is one (or ``shift`` is none). Empty stays empty."""
    if not day or shift == "none":
        return day
    found = date.fromisoformat(day)
    step = timedelta(days=1 if shift == "next" else -1)
    while not is_banking_day(found):
        found += step
    return found.isoformat()


def in_month(year: int, month: int, day: int) -> date:
    """That day of the month, the last one where the month is shorter. ``month`` may lie outside 1 to 12."""
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    return date(year, month, min(day, calendar.monthrange(year, month)[1]))
