"""Virtual time: one schedule for the whole world, and each machine's own opinion of what time it is."""

from __future__ import annotations

import heapq
from collections.abc import Callable

EPOCH_US = 1_795_300_000_000_000  # 22 November 2026: where every simulated world begins


class Schedule:
    """What happens when. Actions of the same instant run in the order in which they were entered."""

    def __init__(self) -> None:
        self.now = 0
        self._serial = 0
        self._heap: list[tuple[int, int, Callable[[], None]]] = []

    def at(self, time: int, action: Callable[[], None]) -> None:
        """Run ``action`` at ``time`` (µs), or now if that has passed."""
        self._serial += 1
        heapq.heappush(self._heap, (max(time, self.now), self._serial, action))

    def after(self, delay: int, action: Callable[[], None]) -> None:
        """Run ``action`` in ``delay`` µs."""
        self.at(self.now + delay, action)

    def next_time(self) -> int | None:
        """When the next action is due."""
        return self._heap[0][0] if self._heap else None

    def step(self) -> bool:
        """Run the next action; False if there is none."""
        if not self._heap:
            return False
        self.now, _, action = heapq.heappop(self._heap)
        action()
        return True


class Clock:
    """The two clocks of one machine. Same shape as ``node.aio.clock``; ``offset_us`` is how wrong its wall clock is."""

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule
        self.offset_us = 0

    def wall_us(self) -> int:
        """Time since 1970 UTC in µs, as this machine believes."""
        return EPOCH_US + self._schedule.now + self.offset_us

    def monotonic_us(self) -> int:
        """Virtual time; jumps of the wall clock do not touch it."""
        return self._schedule.now
