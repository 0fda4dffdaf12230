"""What a weekly series of one item says of it: its peak, where it stands, how fast it fades, when it turned.

Owns the arithmetic of trends. No forecasts: on real sales a slope of twelve weeks does not foretell the next four, the
level against the item's own peak does. Source: docs/adr/0056-reports.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

MEAN_WEEKS: Final = 4
FADED_PERCENT: Final = 30
SILENT_WEEKS: Final = 4
MIN_TURN_WEEKS: Final = 8


@dataclass(frozen=True)
class Decay:
    """How an item stands against its own best time. Weeks are numbered from 0, as in the series.

    ``peak_week``: last week of the best four; ``peak``: their sum; ``level_percent``: the last four weeks' sum of it;
    ``half_week``: the first week from which the mean stayed at or under half the peak, or None; ``faded_week``: the
    first week from which it stayed under 30 % of it, or the fourth week without a sale if that came first and lasted,
    or None; ``weeks``: from the peak to there, the item's decay period.
    """

    peak_week: int
    peak: int
    level_percent: int
    half_week: int | None
    faded_week: int | None

    @property
    def weeks(self) -> int | None:
        """The decay period, or None while the item has not faded."""
        return None if self.faded_week is None else self.faded_week - self.peak_week

    @property
    def half_life(self) -> int | None:
        """Weeks from the peak to its half, or None."""
        return None if self.half_week is None else self.half_week - self.peak_week


def decay(weekly: Sequence[int]) -> Decay | None:
    """The decay of a series of weekly quantities without gaps; None where there is no positive four weeks' sum."""
    sums = [sum(weekly[at - MEAN_WEEKS + 1 : at + 1]) for at in range(MEAN_WEEKS - 1, len(weekly))]
    if not sums or max(sums) <= 0:
        return None
    peak = max(sums)
    at = len(sums) - 1 - sums[::-1].index(peak)
    after = sums[at:]
    peak_week = at + MEAN_WEEKS - 1
    half = _stays(after, lambda value: 2 * value <= peak)
    faded = _stays(after, lambda value: 100 * value < FADED_PERCENT * peak)
    silent = _stays(after, lambda value: value <= 0)
    found = min((week for week in (faded, silent) if week is not None), default=None)
    return Decay(
        peak_week,
        peak,
        100 * max(0, sums[-1]) // peak,
        None if half is None else peak_week + half,
        None if found is None else peak_week + found,
    )


def _stays(values: Sequence[int], holds: Callable[[int], bool]) -> int | None:
    """From which position on ``holds`` is true of every value; None if it is not of the last."""
    place: int | None = None
    for at in range(len(values) - 1, -1, -1):
        if not holds(values[at]):
            break
        place = at
    return place


def turning_weeks(weekly: Sequence[int]) -> list[int]:
    """The weeks at which the level changed, the latest last; none in under eight weeks."""
    import numpy
    import ruptures

    if len(weekly) < MIN_TURN_WEEKS or len(set(weekly)) == 1:
        return []
    signal = numpy.asarray(weekly, dtype=float)
    spread = float(numpy.std(signal))
    found = ruptures.KernelCPD(kernel="linear", min_size=MEAN_WEEKS).fit(signal / spread)
    penalty = 2.0 * float(numpy.log(len(weekly)))
    return [int(at) for at in found.predict(pen=penalty)[:-1]]
