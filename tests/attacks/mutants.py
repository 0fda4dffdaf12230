"""Mutants of canonical records: bytes changed, and values changed inside records inside records, spelled canonically.

The second kind is what an attacker would make who knows the format: everything is well-formed, and only signatures,
hashes and rules are left to notice.
"""

from random import Random
from typing import Any

from protocol import canon
from protocol.errors import Malformed, TooLarge


def unfold(data: bytes) -> Any:
    """The value of ``data``, with every binary that is itself a canonical array unfolded as ``Nested``."""
    return _unfold(canon.decode(data, max_bytes=10**7))


class Nested(list[Any]):
    """An array that stands inside a record as a binary."""


def _unfold(value: Any) -> Any:
    if isinstance(value, list):
        return [_unfold(item) for item in value]
    if isinstance(value, bytes) and len(value) > 10:
        try:
            inner = canon.decode(value, max_bytes=10**7)
        except (Malformed, TooLarge):
            return value
        if isinstance(inner, list):
            return Nested(_unfold(item) for item in inner)
    return value


def fold(value: Any) -> bytes:
    """The bytes of an unfolded record."""
    return canon.encode(_fold(value))


def _fold(value: Any) -> Any:
    if isinstance(value, Nested):
        return canon.encode([_fold(item) for item in value])
    if isinstance(value, list):
        return [_fold(item) for item in value]
    return value


def places(value: Any, at: tuple[int, ...] = ()) -> list[tuple[int, ...]]:
    """Where something stands inside ``value``."""
    found = [at] if at else []
    if isinstance(value, list):
        for index, inner in enumerate(value):
            found += places(inner, (*at, index))
    return found


def _of(value: Any, place: tuple[int, ...]) -> Any:
    for index in place:
        value = value[index]
    return value


class Mutator:
    """Mutants of ``records`` (name → bytes). ``dice`` makes them repeatable."""

    def __init__(self, records: dict[str, bytes], dice: Random) -> None:
        self._dice = dice
        self._wires = records
        self._values = {name: unfold(data) for name, data in records.items()}
        self._places = {name: places(value) for name, value in self._values.items()}
        self._pool = [_of(value, place) for name, value in self._values.items() for place in self._places[name]]

    def mutant(self, name: str) -> bytes:
        """One mutant of the record called ``name``; now and then it is the record itself."""
        if self._dice.random() < 0.3:
            return self._bytes(self._wires[name])
        value, found = self._values[name], self._places[name]
        for _ in range(self._dice.choice((1, 1, 1, 2, 3))):
            if found:
                value = self._change(value, self._dice.choice(found))
                found = places(value)
        return fold(value)

    def _bytes(self, data: bytes) -> bytes:
        dice = self._dice
        at, to = sorted(dice.sample(range(len(data) + 1), 2))
        match dice.randrange(5):
            case 0:
                at = min(at, len(data) - 1)
                return data[:at] + bytes([data[at] ^ (1 << dice.randrange(8))]) + data[at + 1 :]
            case 1:
                return data[:at] + dice.randbytes(dice.randrange(1, 5)) + data[at:]
            case 2:
                return data[:at] + data[to:]
            case 3:
                return data[:to] + data[at:]
            case _:
                other = self._wires[dice.choice(sorted(self._wires))]
                return data[:at] + other[at:to] + data[to:]

    def _change(self, value: Any, place: tuple[int, ...]) -> Any:
        copy, at, dice = type(value)(value), place[0], self._dice
        if len(place) > 1:
            copy[at] = self._change(value[at], place[1:])
            return copy
        match dice.randrange(6):
            case 0:
                copy[at] = self._near(copy[at])
            case 1:
                copy[at] = dice.choice(self._pool)
            case 2:
                del copy[at]
            case 3:
                copy.insert(at, copy[at])
            case 4:
                other = dice.randrange(len(copy))
                copy[at], copy[other] = copy[other], copy[at]
            case _:
                copy[at] = self._near(self._near(copy[at]))
        return copy

    def _near(self, item: Any) -> Any:
        """Something that differs a little from ``item``."""
        dice = self._dice
        match item:
            case bool():
                return not item
            case int():
                return max(-(2**63), min(2**64 - 1, item + dice.choice((-1, 1, 256, -item, 2**53))))
            case bytes() if item:
                at = dice.randrange(len(item))
                return item[:at] + bytes([item[at] ^ (1 << dice.randrange(8))]) + item[at + 1 :]
            case bytes():
                return dice.randbytes(dice.choice((1, 16, 32)))
            case str():
                return dice.choice((item + "x", item[:-1], item.upper(), item.swapcase(), "live", "test", ""))
            case list():
                return type(item)(dice.sample(item, len(item)))
            case _:
                return 0
