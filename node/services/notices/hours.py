"""Business hours: 9:00 to 17:00 on days on which banks work, where the node is. Pure but for the table of holidays.

Moments are µs UTC; hours are whole numbers.
"""

from __future__ import annotations

import datetime
from typing import Final

from node.zones import JAPAN

OPENS: Final = datetime.time(9)
CLOSES: Final = datetime.time(17)
_MOST_DAYS: Final = 400


def after(moment: int, hours: int) -> int:
    """The moment when ``hours`` business hours have gone by since ``moment``."""
    from node.services.bankdays import is_banking_day  # the table of holidays is only loaded where something waits

    at = datetime.datetime.fromtimestamp(moment / 1_000_000, JAPAN)
    left = datetime.timedelta(hours=hours)
    for _ in range(_MOST_DAYS):
        day = at.date()
        begin, end = (datetime.datetime.combine(day, time, JAPAN) for time in (OPENS, CLOSES))
        begin = max(begin, at)
        if is_banking_day(day) and begin < end:
            if left <= end - begin:
                return int((begin + left).timestamp()) * 1_000_000
            left -= end - begin
        at = datetime.datetime.combine(day + datetime.timedelta(days=1), datetime.time(), JAPAN)
    return int(at.timestamp()) * 1_000_000
