"""What has to be remembered between two steps of one visitor: challenges, who gave the right password and owes a code.

In memory only, for minutes, once each, bounded: whoever fills it pushes out the oldest, not the node.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, Final

LIFETIME_US: Final = 5 * 60 * 1_000_000
MOST: Final = 5_000


class Ceremonies:
    """Values by (visitor's token, kind)."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str], tuple[int, Any]] = OrderedDict()

    def keep(self, token: str, kind: str, value: Any, now: int) -> None:
        """Remember it for five minutes; an older one of the same kind is gone."""
        self._kept.pop((token, kind), None)
        self._kept[token, kind] = (now + LIFETIME_US, value)
        while len(self._kept) > MOST:
            self._kept.popitem(last=False)

    def see(self, token: str, kind: str, now: int) -> Any:
        """What is remembered, or None."""
        until, value = self._kept.get((token, kind), (0, None))
        return value if now < until else None

    def take(self, token: str, kind: str, now: int) -> Any:
        """What is remembered, once, or None."""
        value = self.see(token, kind, now)
        self._kept.pop((token, kind), None)
        return value
