"""How much of one item is ordered, and how much each firm gets: whole packs, the best tier that tolerances reach.

Owns apportionment (largest remainder) and the fill. Integers only. Source: ``docs/protocol.md`` §19.5.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from protocol.process.joint.pledge import Want
from protocol.process.joint.terms import Item


class Fill(NamedTuple):
    """What is ordered of an item, its price for one unit, and what each firm gets, in the order of the wants."""

    total: int
    price: int
    granted: tuple[int, ...]


def apportion(total: int, weights: Sequence[int], lots: Sequence[bytes]) -> list[int]:
    """``total`` in whole parts as the weights are, exactly: each gets the floor of its part, and what is left goes one
    by one to the largest remainders, of equal ones to the lower lot. Weights that sum to 0 count as 1 each.

    No part is further than one from its exact share, and one of weight 0 gets nothing unless all are 0.
    """
    whole = sum(weights)
    if whole <= 0:
        weights = [1] * len(weights)
        whole = len(weights)
    parts = [total * weight // whole for weight in weights]
    left = total - sum(parts)
    order = sorted(range(len(weights)), key=lambda at: (-(total * weights[at] % whole), lots[at]))
    for at in order[:left]:
        parts[at] += 1
    return parts


def price_at(item: Item, quantity: int) -> int:
    """The price of one unit where ``quantity`` is ordered in all; the first tier's below all tiers."""
    found = item.tiers[0].price
    for tier in item.tiers:
        if tier.since <= quantity:
            found = tier.price
    return found


def to_pack(item: Item, quantity: int) -> int:
    """The least whole number of packs that holds ``quantity``, in units."""
    return -(-quantity // item.pack) * item.pack


def total_of(item: Item, wants: Sequence[Want]) -> int:
    """How much is ordered: of the totals in whole packs that the tolerances allow, those at the best price; of these
    the nearest to what is wanted; of two the lower. 0: there is none."""
    wanted = sum(want.wanted for want in wants)
    least = to_pack(item, max(wanted - sum(want.less for want in wants), item.minimum, item.tiers[0].since))
    most = (wanted + sum(want.more for want in wants)) // item.pack * item.pack
    if most < least:
        return 0
    reached = max(tier.since for tier in item.tiers if tier.since <= most)
    least = max(least, to_pack(item, reached))
    below = min(max(wanted // item.pack * item.pack, least), most)
    above = min(max(to_pack(item, wanted), least), most)
    return below if wanted - below <= above - wanted else above


def fill(item: Item, wants: Sequence[Want], lots: Sequence[bytes], first: Sequence[int] = ()) -> Fill | None:
    """The fill of one item; None where no total is possible. ``first``: places of the firms in whose names the round is
    run, which take up what is missing or too much before the others do, in this order."""
    total = total_of(item, wants)
    if not total:
        return None
    change = (total - sum(want.wanted for want in wants)) // item.step
    sign = 1 if change >= 0 else -1
    rooms = [(want.more if sign > 0 else want.less) // item.step for want in wants]
    taken, left = [0] * len(wants), abs(change)
    for at in first:
        taken[at] = min(rooms[at], left)
        left -= taken[at]
    others = [room if at not in first else 0 for at, room in enumerate(rooms)]
    if left:
        taken = [a + b for a, b in zip(taken, apportion(left, others, lots), strict=True)]
    granted = [want.wanted + sign * more * item.step for want, more in zip(wants, taken, strict=True)]
    return Fill(total, price_at(item, total), tuple(granted))
