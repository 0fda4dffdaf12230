"""The two clocks of a running node. Same shape as the simulator's clock.

``wall_us`` is information for people and records, and may jump; ``monotonic_us`` drives every timer and never does.
"""

from __future__ import annotations

import asyncio
import time


class Clock:
    """The operating system's clocks, in integer microseconds."""

    def wall_us(self) -> int:
        """Time since 1970 UTC in µs, as this machine believes."""
        return time.time_ns() // 1_000

    def monotonic_us(self) -> int:
        """Time since an arbitrary start in µs; only differences mean anything."""
        return time.monotonic_ns() // 1_000

    async def sleep_until(self, monotonic_us: int) -> None:
        """Return once ``monotonic_us()`` has reached the given value (at once if it has passed)."""
        await asyncio.sleep(max(0, monotonic_us - self.monotonic_us()) / 1_000_000)
