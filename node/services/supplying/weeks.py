"""ISO weeks as papers write them (``2026-W40``). Owns that form and which weeks are over. Pure."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

HALF: Final = 26  # weeks of the first half year


def week_of(day: date) -> str:
    """The week that a day is in."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def monday(week: str) -> date:
    """The first day of a week."""
    return date.fromisocalendar(int(week[:4]), int(week[6:]), 1)


def before(week: str, count: int) -> str:
    """The week ``count`` weeks earlier."""
    return week_of(monday(week) - timedelta(weeks=count))


def last_closed(today: date) -> str:
    """The last week that is over on ``today``."""
    return week_of(today - timedelta(weeks=1))


def half_of(week: str) -> str:
    """The half year that a week is in, such as ``2026-1``: weeks 1 to 26, and the rest."""
    return f"{week[:4]}-{1 if int(week[6:]) <= HALF else 2}"


def between(first: str, last: str) -> list[str]:
    """All weeks from ``first`` to ``last``, both included."""
    found, day = [], monday(first)
    while day <= monday(last):
        found.append(week_of(day))
        day += timedelta(weeks=1)
    return found
