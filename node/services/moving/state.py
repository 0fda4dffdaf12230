"""How far a move has come. The same words at both homes, as people see them."""

from __future__ import annotations

from enum import Enum
from typing import Final

MINUTE_US: Final = 60 * 1_000_000
DAY_US: Final = 24 * 60 * MINUTE_US
CODE_US: Final = DAY_US  # how long a code is good
MAX_TRIES: Final = 5  # wrong codes before it is good for nothing
FRESH_US: Final = MINUTE_US  # the new home must have asked within this time when a person signs
FORGET_US: Final = 90 * DAY_US  # after which the old home forgets


class State(Enum):
    """Of a move, at either side."""

    ASKED = "asked"  # a code was given out (old home)
    COPYING = "copying"
    READY = "ready"  # everything is at the new home: the member's words have to sign
    SWITCHED = "switched"  # the new home is the home; it puts in order what it has
    FORWARDING = "forwarding"  # it works there; the old home tells whoever still comes (old home)
    OPEN = "open"  # the member works here (new home)
    SETTLED = "settled"  # and the old home knows it (new home)
    FORGOTTEN = "forgotten"  # the old home has removed what was the member's
    CANCELLING = "cancelling"  # the old home has not heard of it yet (new home)
    CANCELLED = "cancelled"


BEFORE: Final = frozenset({State.ASKED.value, State.COPYING.value, State.READY.value})
COMING: Final = frozenset({State.COPYING.value, State.READY.value, State.SWITCHED.value, State.CANCELLING.value})
GONE: Final = frozenset({State.SWITCHED.value, State.FORWARDING.value})
ARRIVED: Final = frozenset({State.OPEN.value, State.SETTLED.value})
