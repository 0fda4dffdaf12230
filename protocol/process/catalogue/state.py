"""What a catalogue's thread has come to: the result of its fold. Owns shapes, and what is in force on a day."""

from __future__ import annotations

from msgspec import Struct

from protocol.process.catalogue.table import Role, State
from protocol.process.fact import Outcome
from protocol.process.trade.papers import Period


class Edition(Struct, frozen=True):
    """A version. ``ids``: its sheets in order, as far as there are any (empty where one is missing).

    ``whole``: every sheet is there once and all agree. ``over``: the names of the versions that it is later than.
    ``validity`` in days ``YYYY-MM-DD``, both included, empty ends open.
    """

    name: str
    ids: tuple[bytes, ...]
    start: str
    end: str
    whole: bool
    withdrawn: bool
    over: tuple[str, ...]

    @property
    def stands(self) -> bool:
        """Is it offered, on whatever days?"""
        return self.whole and not self.withdrawn

    def is_valid(self, day: str) -> bool:
        """Is ``day`` (YYYY-MM-DD) in its validity?"""
        return (not self.start or self.start <= day) and (not self.end or day <= self.end)

    def overlaps(self, other: Edition) -> bool:
        """Is there a day on which both are valid?"""
        return not (self.end and other.start and self.end < other.start) and not (
            other.end and self.start and other.end < self.start
        )

    def covers(self, other: Edition) -> bool:
        """Is it valid on every day on which ``other`` is?"""
        begins = not self.start or (bool(other.start) and self.start <= other.start)
        ends = not self.end or (bool(other.end) and other.end <= self.end)
        return begins and ends


class CatalogueState(Struct, frozen=True):
    """The fold of a catalogue's thread. Ids are 32 bytes; ``editions`` in the order in which they were written.

    ``requests``: ids of requests that no paper of the seller has seen. The rest as in a dealing's state.
    """

    state: State
    buyer: bytes
    seller: bytes
    editions: tuple[Edition, ...]
    requests: tuple[bytes, ...]
    next: Role | None
    outcomes: dict[bytes, Outcome]
    heads: tuple[bytes, ...]
    held: tuple[bytes, ...]
    waiting: tuple[bytes, ...]

    def in_force(self, day: str) -> Edition | None:
        """The catalogue of ``day``: the latest standing version valid on it; None if there is none, or they contradict.

        >>> found = state.in_force("2026-10-05")
        """
        valid = [one for one in self.editions if one.stands and one.is_valid(day)]
        latest = [one for one in valid if all(one.name not in other.over for other in valid)]
        return latest[0] if len(latest) == 1 else None


def ends(period: Period | None) -> tuple[str, str]:
    """Start and end of a period, empty where open."""
    return ("", "") if period is None else (period.start, period.end)
