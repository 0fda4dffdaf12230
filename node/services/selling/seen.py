"""What a shop sees of the reports' rows: own figures, averages of others where they may be shown, and what fades.

Owns the way from rows to what a page states. What may be shown is decided in :mod:`node.reports.shown`; here nothing
that was withheld is put together again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Any, Final, NamedTuple

from node.reports.rings import ALL, CITY, STREET, STREET_ONLY
from node.reports.series import Decay, decay
from node.reports.shown import Cell, by_period, rings_shown, series_shown
from node.services.selling.asking import CHART_WEEKS, SHORT_WEEKS, WEEK, YEAR_WEEKS, Period

OTHERS: Final = (STREET, CITY, ALL)
RECENT_WEEKS: Final = 8
Rows = Sequence[Sequence[Any]]


class Week(NamedTuple):
    """Own figure of a period, a year before (None: no sales were known then), and the others' average (None: withheld).

    Quantities in thousandths, amounts in yen.
    """

    day: date
    own: int
    before: int | None
    others: int | None = None


def change(now: int, before: int) -> int | None:
    """Per cent from ``before`` to ``now``, rounded half away from zero; None from nothing."""
    if before <= 0:
        return None
    exact = Fraction(100 * (now - before), before)
    return int(exact + Fraction(1, 2)) if exact >= 0 else -int(-exact + Fraction(1, 2))


class Total(NamedTuple):
    """A week's sales: yen, purchases."""

    amount: int
    purchases: int


def totals(rows: Rows, period: Period, first_day: str) -> tuple[list[Total], list[Week]]:
    """(every week's total, the last weeks with those of a year before)."""
    found = [Total(0, 0)] * period.periods
    for number, amount, purchases in rows:
        found[number] = Total(amount, purchases)
    return found, _beside([one.amount for one in found], period, first_day, [None] * period.periods)


def _beside(own: Sequence[int], period: Period, first_day: str, others: Sequence[int | None]) -> list[Week]:
    """The last weeks with those of a year before, as far as sales were known then."""
    shown = []
    for at in range(period.periods - CHART_WEEKS, period.periods):
        earlier = at - YEAR_WEEKS
        known = earlier >= 0 and bool(first_day) and period.day(earlier).isoformat() >= first_day
        shown.append(Week(period.day(at), own[at], own[earlier] if known else None, others[at]))
    return shown


class Item(NamedTuple):
    """One item beside others'. ``shops``: how many sell it, by ring, where its figures are shown at all.

    ``ring``: whose average stands in the weeks; ``change``, ``others_change``: the last four weeks against the four
    before, in per cent; ``season``: against the same four of last year; ``turned``: days from which the level differs.
    """

    weeks: list[Week]
    days: list[Week]
    shops: Mapping[int, int]
    ring: int
    decay: Decay | None
    peak_day: date | None
    change: int | None
    others_change: int | None
    season: int | None
    turned: list[date]


def item(answers: Sequence[Rows], period: Period, first_day: str, ring: int) -> Item:
    """An item's page, of the answers to :func:`node.services.selling.asking.item`."""
    (rows, (turning,)), day_rows, carriers = answers
    own, cells = by_period(rows, period.periods)
    short = period.last(SHORT_WEEKS)
    own_days, day_cells = by_period(day_rows, SHORT_WEEKS * WEEK)
    shown, shown_days = series_shown(cells), series_shown(day_cells, WEEK)
    seen = {r for r in OTHERS for week in shown[-CHART_WEEKS:] if _told(week[r]) is not None}
    # where no week may be shown, not even a nought is: it would be that of one or two shops
    sellers = {r: count for r, count in _sellers(carriers).items() if r in seen}
    others = [_average(week[ring], sellers.get(ring, 0)) for week in shown]
    day_others = [_average(one[ring], sellers.get(ring, 0)) for one in shown_days]
    weeks = _beside(own, period, first_day, others)
    days = [
        Week(date.fromordinal(short.first.toordinal() + at), own_days[at], None, day_others[at])
        for at in range(len(own_days))
    ]
    found = decay(own)
    return Item(
        weeks, days, sellers, ring, found,
        None if found is None else period.day(found.peak_week), _recent(own), _recent(others),
        _season(weeks), [period.day(at) for at in turning],
    )  # fmt: skip


def _sellers(carriers: Rows) -> dict[int, int]:
    """How many shops sell it in each ring with those inside it."""
    counted, found = dict[int, int](map(tuple, carriers)), dict[int, int]()
    for at, ring in enumerate(OTHERS):
        total = sum(counted.get(inner, 0) for inner in OTHERS[: at + 1])
        total += counted.get(STREET_ONLY, 0) if ring == STREET else 0
        if total:
            found[ring] = total
    return found


def _told(cell: Cell | None) -> Cell | None:
    """A cell in which somebody sold something."""
    return cell if cell is not None and cell.companies else None


def _average(cell: Cell | None, sellers: int) -> int | None:
    return None if cell is None or not sellers else cell.quantity // sellers


def _recent(weekly: Sequence[int | None]) -> int | None:
    """The last four weeks against the four before; None where one of them is not known."""
    last = [value for value in weekly[-2 * SHORT_WEEKS :] if value is not None]
    if len(last) < 2 * SHORT_WEEKS:
        return None
    return change(sum(last[SHORT_WEEKS:]), sum(last[:SHORT_WEEKS]))


def _season(weeks: Sequence[Week]) -> int | None:
    """The last four weeks against the same of a year before."""
    last = [(week.own, week.before) for week in weeks[-SHORT_WEEKS:] if week.before is not None]
    if len(last) < SHORT_WEEKS:
        return None
    return change(sum(own for own, _ in last), sum(before or 0 for _, before in last))


class Elsewhere(NamedTuple):
    """An item that others sell: how many of them in the narrowest ring that may be shown, and their average in yen.

    The average has two significant digits: it stands for other periods than the figures by week.
    """

    item: str
    unit: str
    name: str
    ring: int
    shops: int
    average: int


def elsewhere(rows: Rows, most: int) -> list[Elsewhere]:
    """What sells elsewhere and not here, as far as it may be shown; the greatest average first."""
    cells: dict[tuple[str, str, str], dict[int, Cell]] = {}
    for code, unit, name, _, ring, *cell in rows:
        cells.setdefault((code, unit, name), {})[ring] = Cell(*cell)
    found = []
    for (code, unit, name), by_ring in cells.items():
        for ring, shown in rings_shown(by_ring).items():
            told = _told(shown)
            if told is not None:
                found.append(Elsewhere(code, unit, name, ring, told.companies, _rough(told.amount // told.companies)))
                break
    return sorted(found, key=lambda one: (-one.average, one.item))[:most]


def _rough(value: int) -> int:
    """Two significant digits, rounded down."""
    least: int = 10 ** max(0, len(str(value)) - 2)
    return value // least * least


class Pair(NamedTuple):
    """Two items bought together. ``support``, ``confidence`` in tenths of a per cent, ``lift`` in hundredths."""

    first: str
    second: str
    first_name: str
    second_name: str
    both: int
    support: int
    confidence: int
    lift: int


def pairs(rows: Rows, names: Mapping[str, str]) -> list[Pair]:
    """Combinations with how often, how surely, how much oftener than by chance."""
    return [
        Pair(
            first, second, names.get(first, first), names.get(second, second), both, 1000 * both // purchases,
            1000 * both // of_first, 100 * both * purchases // (of_first * of_second),
        )
        for first, second, both, of_first, of_second, purchases, _ in rows
    ]  # fmt: skip


class Trend(NamedTuple):
    """How an item stands: see :class:`Item`. ``turned``: the latest change of its level in the last eight weeks."""

    item: str
    unit: str
    name: str
    decay: Decay
    peak_day: date
    season: int | None
    turned: date | None

    @property
    def faded(self) -> bool:
        """It stays under 30 % of its best time, or does not sell any more."""
        return self.decay.faded_week is not None


def trends(rows: Rows, period: Period, first_day: str) -> list[Trend]:
    """Every item with a best time, the lowest level first."""
    found = []
    for code, unit, name, weekly, turning in rows:
        level = decay(weekly)
        if level is None:
            continue
        season = _season(_beside(weekly, period, first_day, [None] * period.periods))
        recent = [at for at in turning if at >= period.periods - RECENT_WEEKS]
        turned = period.day(recent[-1]) if recent else None
        found.append(Trend(code, unit, name, level, period.day(level.peak_week), season, turned))
    return sorted(found, key=lambda one: (one.decay.level_percent, one.name, one.item))
