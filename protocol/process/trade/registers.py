"""Two ways to remember what was said, both independent of the order in which it is told.

:class:`Register` holds one value, overwritten by whoever has seen it. :class:`Ledger` adds up entries, each of which is
such a register of its own. Knows no paper; pasts are bit sets of :mod:`protocol.process.history`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Generic, NamedTuple, TypeVar

Value = TypeVar("Value")
Count = tuple[str, str]
"""What is counted, and of which line or bill: ("despatched", "1")."""


class Claim(NamedTuple, Generic[Value]):
    """What the fact at ``place`` says, having seen ``past``."""

    place: int
    past: int
    value: Value


class Register(Generic[Value]):
    """The last word that has seen all others; several, where they have not seen each other.

    ``claims`` are all that were made, ``live`` those that no later one has seen. ``rivals``: place of a claim → those
    (bits) that were written beside it and contradict it. ``beside``: all claims (bits) written beside another.
    """

    __slots__ = ("_agree", "beside", "claims", "live", "places", "rivals")

    def __init__(self, agree: Callable[[Value, Value], bool]) -> None:
        self._agree = agree
        self.claims: list[Claim[Value]] = []
        self.live: list[Claim[Value]] = []
        self.rivals: dict[int, int] = {}
        self.beside = 0
        self.places = 0

    def add(self, place: int, past: int, value: Value) -> None:
        """A fact says ``value``. Facts are added after those in their past."""
        claim = Claim(place, past, value)
        unseen = self.places & ~past
        if unseen:
            self.beside |= unseen | 1 << place
            for other in self.claims:
                if unseen >> other.place & 1 and not self._agree(other.value, value):
                    self.rivals[other.place] = self.rivals.get(other.place, 0) | 1 << place
                    self.rivals[place] = self.rivals.get(place, 0) | 1 << other.place
        self.claims.append(claim)
        self.live = (
            [other for other in self.live if not past >> other.place & 1] if self.places & past else [*self.live]
        )
        self.live.append(claim)
        self.places |= 1 << place

    @property
    def is_held(self) -> bool:
        """Do live claims contradict each other?"""
        return len(self.live) > 1 and any(not self._agree(self.live[0].value, one.value) for one in self.live[1:])

    def unsettled(self, place: int, deciders: Iterable[Claim[Any]] = ()) -> int:
        """The rivals (bits) of a claim; 0 if it has none, or a live claim (or decider) has seen it and all of them."""
        rivals = self.rivals.get(place, 0)
        both = rivals | 1 << place
        if not rivals or any(claim.past & both == both for claim in (*self.live, *deciders)):
            return 0
        return rivals


class Entry(NamedTuple):
    """One spelling of an entry: what it counts, and the paper that says so."""

    counts: dict[Count, int]
    paper: object


def _same(one: Entry, other: Entry) -> bool:
    return one == other


class Ledger:
    """Sums over entries. An entry whose live claims contradict each other counts with what all of them say at least."""

    __slots__ = ("entries", "sums")

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], Register[Entry]] = {}
        self.sums: dict[Count, int] = {}

    def add(self, entry: tuple[str, str], place: int, past: int, value: Entry) -> None:
        """A fact spells the entry named (type, number)."""
        register = self.entries.get(entry)
        if register is None:
            register = self.entries[entry] = Register(_same)
        else:
            self._count(register, -1)
        register.add(place, past, value)
        self._count(register, 1)

    def get(self, what: str, of: str) -> int:
        """One sum; 0 if nothing was counted."""
        return self.sums.get((what, of), 0)

    def value(self, entry: tuple[str, str]) -> dict[Count, int]:
        """What an entry counts now; nothing, if it was never written."""
        register = self.entries.get(entry)
        return {} if register is None else _least(register)

    def _count(self, register: Register[Entry], sign: int) -> None:
        for count, amount in _least(register).items():
            self.sums[count] = self.sums.get(count, 0) + sign * amount


def _least(register: Register[Entry]) -> dict[Count, int]:
    first, *others = register.live
    least = first.value.counts
    for other in others:
        theirs = other.value.counts
        least = {count: min(amount, theirs[count]) for count, amount in least.items() if count in theirs}
    return least
