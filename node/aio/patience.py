"""When somebody who failed is asked again: full jitter, from 5 s to 15 min, forgotten at the first success.

Owns that arithmetic for the errands beside the links (which have their own machine, :mod:`federation.links`).
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field

from protocol.keys import NodeId
from protocol.limits import RETRY_MAX_US, RETRY_MIN_US

MIN_S = RETRY_MIN_US / 1_000_000
MAX_S = RETRY_MAX_US / 1_000_000


@dataclass
class Patience:
    """By node: failures in a row, and the loop's time before which it is left alone."""

    _failures: dict[NodeId, int] = field(default_factory=dict)
    _not_before: dict[NodeId, float] = field(default_factory=dict)

    def failed(self, node: NodeId) -> None:
        """It did not work."""
        failures = self._failures[node] = self._failures.get(node, 0) + 1
        longest = min(MAX_S, MIN_S * 2 ** min(failures, 16))
        pause = random.uniform(MIN_S, longest)  # noqa: S311 - jitter, not a secret
        self._not_before[node] = asyncio.get_running_loop().time() + pause

    def forget(self, node: NodeId) -> None:
        """It worked, or there is a new reason to try."""
        self._failures.pop(node, None)
        self._not_before.pop(node, None)

    def may(self, node: NodeId) -> bool:
        """Whether it may be asked now."""
        return asyncio.get_running_loop().time() >= self._not_before.get(node, 0.0)
