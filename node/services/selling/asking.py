"""Which reports a page of the shop asks, over which days: whole calendar weeks that are over.

Owns the periods. Weeks begin on Monday and end before the week of today, so a figure of others never stands for a part
of a week. Knows no engine: what it makes is answered by ``node.selling.reports``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final, NamedTuple

from node.services.selling.places import Place

WEEK: Final = 7
YEAR_WEEKS: Final = 52  # the same weekdays a year before
CHART_WEEKS: Final = 26
ALL_WEEKS: Final = CHART_WEEKS + YEAR_WEEKS
TREND_WEEKS: Final = 104
SHORT_WEEKS: Final = 4
STOCK_WEEKS: Final = 13
ITEM_PERMILLE: Final = 5
PAIR_PERMILLE: Final = 1
PAIR_LEAST: Final = 5
MOST_ITEMS: Final = 200
MOST_ROWS: Final = 20

Report = tuple[str, Mapping[str, Any], Mapping[str, Any]]


class Period(NamedTuple):
    """``periods`` of ``step`` days from ``first``."""

    first: date
    periods: int
    step: int = WEEK

    @property
    def end(self) -> date:
        """The day after the last."""
        return self.first + timedelta(days=self.periods * self.step)

    def day(self, number: int) -> date:
        """The first day of a period."""
        return self.first + timedelta(days=number * self.step)

    def last(self, count: int) -> Period:
        """Its last ``count`` periods."""
        return Period(self.day(self.periods - count), count, self.step)

    def values(self) -> dict[str, Any]:
        """What a question is given."""
        return {"first": self.first.isoformat(), "end": self.end.isoformat(), "step": self.step}


def weeks(today: date, last_day: str, count: int) -> Period:
    """``count`` whole weeks up to the one of the last sale, at the latest the one before today's."""
    last = min(date.fromisoformat(last_day) if last_day else today, today)
    until = min(_monday(last) + timedelta(days=WEEK), _monday(today))
    return Period(until - timedelta(days=count * WEEK), count)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def days_known(member: bytes) -> Sequence[Report]:
    """The first and the last day of a member's sales."""
    return [("own_days", {"member": member.hex()}, {})]


def overview(member: bytes, period: Period) -> Sequence[Report]:
    """Totals by week, and what sold best in the last four."""
    values = {"member": member.hex()}
    return [
        ("own_totals", {**values, **period.values()}, {}),
        ("best_sellers", {**values, **period.last(SHORT_WEEKS).values()}, {"limit": 10}),
    ]


def own_item(member: bytes, item: str, period: Period) -> Sequence[Report]:
    """In which units a member sells an item."""
    return [*days_known(member), ("own_item", {"member": member.hex(), "item": item, **period.values()}, {})]


def _around(member: bytes, place: Place) -> dict[str, str]:
    return {"member": member.hex(), "street": place.street, "city": place.city, "company": place.company}


def item(member: bytes, place: Place, code: str, unit: str, period: Period) -> Sequence[Report]:
    """An item by week beside others', by day in the last four weeks, and who sells it."""
    values = {**_around(member, place), "item": code, "unit": unit}
    short = period.last(SHORT_WEEKS)
    days = Period(short.first, SHORT_WEEKS * WEEK, 1)
    shown = period.last(CHART_WEEKS)
    return [
        ("beside", {**values, **period.values()}, {"periods": period.periods}),
        ("beside_others", {**values, **days.values()}, {}),
        ("carriers", {**values, **shown.values()}, {}),
    ]


def stock(member: bytes, place: Place, period: Period) -> Sequence[Report]:
    """Best sellers here, what sells elsewhere, what is bought together."""
    values = {**_around(member, place), **period.values()}
    pairs = {"item_permille": ITEM_PERMILLE, "pair_permille": PAIR_PERMILLE, "least": PAIR_LEAST}
    return [
        ("best_sellers", values, {"limit": MOST_ROWS}),
        ("sold_elsewhere", values, {"limit": 3 * MOST_ROWS}),
        ("bought_together", {**values, **pairs}, {"limit": MOST_ROWS, "own": True}),
        ("own_names", values, {}),
    ]


def trends(member: bytes, period: Period) -> Sequence[Report]:
    """The weeks of the strongest items, with the places where they turned."""
    values = {"member": member.hex(), **period.values()}
    return [("trends", values, {"periods": period.periods, "limit": MOST_ITEMS})]
