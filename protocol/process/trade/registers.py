"""Two ways to remember what was said, both independent of the order in which it is told.

:class:`Register` holds one value, overwritten by whoever has seen it. :class:`Ledger` adds up entries, each of which is
such a register of its own. Knows no paper; pasts are bit sets of :mod:`protocol.process.history`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

from protocol.process.history import places

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

    ``claims`` are all that were made, by place; ``live`` those that no later one has seen. ``beside``: all claims
    (bits) written beside another.
    """

    __slots__ = ("_agree", "_classes", "beside", "claims", "live", "places")

    def __init__(self, agree: Callable[[Value, Value], bool]) -> None:
        self._agree = agree
        self._classes: list[tuple[Value, int]] = []
        self.claims: dict[int, Claim[Value]] = {}
        self.live: list[Claim[Value]] = []
        self.beside = 0
        self.places = 0

    def add(self, place: int, past: int, value: Value) -> None:
        """A fact says ``value``. Facts are added after those in their past."""
        claim = Claim(place, past, value)
        unseen = self.places & ~past
        if unseen:
            self.beside |= unseen | 1 << place
            self._classes = []
        if self.places & past:
            self.live = [other for other in self.live if not past >> other.place & 1]
        self.live.append(claim)
        self.claims[place] = claim
        self.places |= 1 << place

    @property
    def is_held(self) -> bool:
        """Do live claims contradict each other?"""
        return len(self.live) > 1 and any(not self._agree(self.live[0].value, one.value) for one in self.live[1:])

    def rivals(self, place: int, beside: int) -> int:
        """The claims (bits) that contradict the one at ``place``, of those written ``beside`` it."""
        if not self.beside >> place & 1:
            return 0
        mine, found = self.claims[place].value, 0
        for value, members in self._said():
            if members & beside and not self._agree(mine, value):
                found |= members & beside
        return found

    def same(self, place: int, beside: int) -> int:
        """The claims (bits) of exactly the same value, of those written ``beside`` it."""
        mine = 1 << place
        return next((members & beside for _, members in self._said() if members & mine), 0)

    def _said(self) -> list[tuple[Value, int]]:
        """What was said beside something else: each value once, with all claims of it (bits)."""
        if not self._classes:
            for place in places(self.beside):
                value, bit = self.claims[place].value, 1 << place
                for index, (other, members) in enumerate(self._classes):
                    if other == value:
                        self._classes[index] = (other, members | bit)
                        break
                else:
                    self._classes.append((value, bit))
        return self._classes


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
