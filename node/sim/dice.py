"""Seeded randomness: independent streams by name, so that one more draw here changes nothing there."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


class Dice:
    """One stream. The name's hash seeds it, which does not depend on the interpreter's hash seed."""

    def __init__(self, seed: int, *name: object) -> None:
        text = "/".join(str(part) for part in (seed, *name))
        digest = hashlib.sha256(text.encode()).digest()
        self._random = random.Random(int.from_bytes(digest, "big"))  # noqa: S311 - to be replayed, not to be secret

    def permille(self, rate: int) -> bool:
        """True in ``rate`` of 1,000 cases."""
        return self._random.randrange(1000) < rate

    def between(self, low: int, high: int) -> int:
        """A number, both ends included."""
        return self._random.randint(low, high)

    def pick(self, items: Sequence[T]) -> T:
        """One of ``items``."""
        return items[self._random.randrange(len(items))]

    def take(self, size: int) -> bytes:
        """Bytes, as a House draws its entropy."""
        return self._random.randbytes(size)

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """``items`` in some order."""
        found = list(items)
        self._random.shuffle(found)
        return found


Entropy = Callable[[int], bytes]
