"""Vectors of numbers modulo 2^64, added as a whole: what is masked, sent and summed.

Owns the form (little-endian words, one after the other), the addition, and four counts of 16 bits in a word.
Knows no key.

A vector is added as two large integers, of its even and of its odd words, each word in a lane of 128 bits: a hundred
thousand words in some microseconds each, and carries have 64 bits of room.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Final

from protocol.errors import Malformed

WORD_BYTES: Final = 8
COUNTS_PER_WORD: Final = 4
MODULUS: Final = 1 << 64
_HALF: Final = 1 << 63
_LIMIT: Final = 1 << 32  # additions that a lane has room for; never reached


class Sum:
    """A running sum of vectors of ``words`` words."""

    __slots__ = ("_even", "_less_even", "_less_odd", "_odd", "words")

    def __init__(self, words: int) -> None:
        self.words = words
        self._even = self._odd = self._less_even = self._less_odd = 0

    def add(self, vector: bytes) -> None:
        """Add a vector."""
        even, odd = self._split(vector)
        self._even += even
        self._odd += odd

    def subtract(self, vector: bytes) -> None:
        """Subtract a vector."""
        even, odd = self._split(vector)
        self._less_even += even
        self._less_odd += odd

    def vector(self) -> bytes:
        """The sum modulo 2^64, word by word."""
        lanes = _lanes(self.words)
        full = lanes << 64  # one more 2^64 in each lane than what is taken away, so no lane borrows
        even = (self._even & lanes) + (full & ~lanes) - (self._less_even & lanes)
        odd = (self._odd & lanes) + (full & ~lanes) - (self._less_odd & lanes)
        whole = (even & lanes) | ((odd & lanes) << 64)
        return whole.to_bytes(_room(self.words), "little")[: self.words * WORD_BYTES]

    def _split(self, vector: bytes) -> tuple[int, int]:
        if len(vector) != self.words * WORD_BYTES:
            raise Malformed(f"words: must be {self.words * WORD_BYTES} bytes")
        value, lanes = int.from_bytes(vector, "little"), _lanes(self.words)
        return value & lanes, (value >> 64) & lanes


def _room(words: int) -> int:
    return (words + 1) // 2 * 2 * WORD_BYTES + 2 * WORD_BYTES


@cache
def _lanes(words: int) -> int:
    """Ones in every other word."""
    return int.from_bytes((b"\xff" * 8 + bytes(8)) * ((words + 1) // 2), "little")


def of_values(values: Sequence[int]) -> bytes:
    """Signed numbers as words."""
    return struct.pack(f"<{len(values)}Q", *(value % MODULUS for value in values))


def to_values(vector: bytes) -> tuple[int, ...]:
    """The signed numbers of a vector: −2^63 … 2^63 − 1."""
    if len(vector) % WORD_BYTES:
        raise Malformed("words: not a whole number of words")
    found = struct.unpack(f"<{len(vector) // WORD_BYTES}Q", vector)
    return tuple(value - MODULUS if value >= _HALF else value for value in found)


def of_counts(rows: Iterable[Sequence[int]]) -> bytes:
    """Rows of counts 0…65535, four to a word; a row fills whole words."""
    packed = bytearray()
    for row in rows:
        filled = [*row, *[0] * (-len(row) % COUNTS_PER_WORD)]
        packed += struct.pack(f"<{len(filled)}H", *filled)
    return bytes(packed)


def to_counts(vector: bytes, each: int) -> tuple[tuple[int, ...], ...]:
    """The rows of ``each`` counts in a vector."""
    width = (each + (-each % COUNTS_PER_WORD)) * 2
    if not width or len(vector) % width:
        raise Malformed("words: not a whole number of rows")
    unpack = struct.Struct(f"<{width // 2}H").unpack_from
    return tuple(unpack(vector, at)[:each] for at in range(0, len(vector), width))


def words_of_row(each: int) -> int:
    """How many words a row of ``each`` counts fills."""
    return (each + COUNTS_PER_WORD - 1) // COUNTS_PER_WORD
