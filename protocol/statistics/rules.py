"""When a sum may be shown: minimum frequency and p %, exactly and by size classes, and for differences of sums.

Owns arithmetic on contributions; knows no node, no question, no encoding. Integers only. A *unit* is one company (or
one node, where the question says so) with a contribution other than zero; negative ones (returns) count by magnitude.
Source: ``docs/statistics.md`` §2; Handbook on Statistical Disclosure Control, 2nd ed., ch. 4.2.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from protocol.errors import Malformed
from protocol.limits import STATS_CAP

CLASSES: Final = STATS_CAP.bit_length()  # class b holds magnitudes 2**b … 2**(b+1) - 1
MIN_UNITS: Final = 3  # below this no parameters may go


class Parameters(NamedTuple):
    """``units``: minimum frequency n ≥ 3. ``percent``: p of the p % rule, 1…100. ``salt``: 16 bytes.

    p is known to the nodes of a cohort and not published: a concentration rule whose parameter is known can be turned
    round. What is published is :meth:`digest`.
    """

    units: int
    percent: int
    salt: bytes

    def digest(self) -> bytes:
        """The hash by which a cohort names its parameters."""
        require(self)
        return hashlib.sha256(b"yui/stats-rules/1\0" + self.salt + bytes((self.units, self.percent))).digest()


def require(parameters: Parameters) -> None:
    """Malformed unless these are parameters that protect somebody."""
    if not MIN_UNITS <= parameters.units <= 100 or not 1 <= parameters.percent <= 100 or len(parameters.salt) != 16:
        raise Malformed("rules: at least 3 units, p from 1 to 100, 16 bytes of salt")


def passes(contributions: Iterable[int], parameters: Parameters) -> bool:
    """May this sum be shown? Where every contribution is known: within one node.

    n units at least, and p %: whoever gave the second largest contribution cannot work out the largest one to within
    p %, that is X − x1 − x2 ≥ p/100 · x1, here 100 (X − x1 − x2) ≥ p x1 without a division.
    """
    sizes = sorted((abs(value) for value in contributions if value), reverse=True)
    return bool(sizes) and sums_pass(len(sizes), sum(sizes), sizes[0], sum(sizes[1:2]), parameters)


def sums_pass(units: int, size: int, largest: int, second: int, parameters: Parameters) -> bool:
    """:func:`passes`, from the number of units, the sum of their magnitudes and the two largest of these."""
    return units >= parameters.units and 100 * (size - largest - second) >= parameters.percent * largest


def size_class(value: int) -> int:
    """The size class of a contribution other than zero. Malformed above the cap."""
    size = abs(value)
    if not 0 < size <= STATS_CAP:
        raise Malformed(f"value: the magnitude must be from 1 to {STATS_CAP}")
    return size.bit_length() - 1


def class_counts(contributions: Iterable[int], most: int) -> tuple[int, ...]:
    """How many units there are in each class, none counted above ``most`` (so that many nodes' counts fit 16 bits).

    Counting too few keeps :func:`classes_pass` on the safe side as long as no class that has one becomes empty.
    """
    counts = [0] * CLASSES
    for value in contributions:
        if value:
            counts[size_class(value)] += 1
    return tuple(counts) if max(counts) <= most else tuple(min(count, most) for count in counts)


def classes_pass(counts: Sequence[int], parameters: Parameters, missing: int = 0) -> bool:
    """May this sum be shown, judged from the number of units in each size class alone?

    True implies :func:`passes` for every list of contributions with these counts, and, if units are whole nodes, for
    every such list without any ``missing`` of them, company by company too. Proof, with lower bounds l1 ≥ l2 ≥ … of
    the units' classes: if the sum of all l but the first two is at least p/100 · 2 · l1, then X − x1 − x2 is at least
    that sum (leaving out the two largest leaves at least the smallest lower bounds), and x1 < 2 · l1. Without any d
    units, at least the sum of all l but the first d + 2 remains beside the two largest of the rest, and the largest of
    the rest is below 2 · l1. A company x lies in one node N, so it is not larger than N; leaving out two companies
    takes away no more than leaving out the two largest nodes; so p % for nodes implies p % for their companies, and
    each of n nodes has at least one company.
    """
    if sum(counts) < parameters.units + missing:
        return False
    largest = max(at for at, count in enumerate(counts) if count)
    left_out, rest, needed = 2 + missing, 0, parameters.percent * 2 << largest
    for at in range(largest, -1, -1):
        beside = max(0, counts[at] - left_out)
        left_out = max(0, left_out - counts[at])
        rest += beside << at
        if 100 * rest >= needed:
            return True
    return False


def may_open(counts: Sequence[int], parameters: Parameters, missing: int = 0) -> bool:
    """As :func:`classes_pass`; a difference without any unit is nothing and harms nobody (see :mod:`plan`)."""
    return not any(counts) or classes_pass(counts, parameters, missing)
