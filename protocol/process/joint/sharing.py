"""What each firm bears of freight and rebate, and that none pays more than it would have paid alone, or has agreed to.

Owns the shares; every column sums exactly. Yen, net of tax. Source: ``docs/protocol.md`` §19.6.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from protocol import canon
from protocol.process.joint.filling import apportion, price_at, to_pack
from protocol.process.joint.pledge import Pledge
from protocol.process.joint.terms import THOUSAND, Freight, Round, Rule


class Share(NamedTuple):
    """One firm's part. ``granted``: (place of the item, quantity). ``rebates``: (tax in thousandths, yen off), where
    not 0. ``settled``: yen that it pays above (below: less than) the rule's share so that none is worse off than
    agreed; these sum to 0. ``alone``: what it would have paid by itself."""

    pledge: Pledge
    granted: tuple[tuple[int, int], ...]
    goods: int
    rebates: tuple[tuple[int, int], ...]
    freight: int
    settled: int
    alone: int

    @property
    def rebate(self) -> int:
        """Yen off in all."""
        return sum(yen for _, yen in self.rebates)

    @property
    def pays(self) -> int:
        """Yen, net of tax."""
        return self.goods - self.rebate + self.freight + self.settled


def lot(name: bytes, of: bytes) -> bytes:
    """What breaks ties: another order in each round, which nobody chooses."""
    return canon.digest(b"yui/joint-lot/1\0" + name + of)


def goods_by_tax(found: Round, granted: Sequence[tuple[int, int]], prices: Mapping[int, int]) -> dict[int, int]:
    """Yen of goods for each tax rate, in thousandths."""
    sums: dict[int, int] = {}
    for at, quantity in granted:
        tax = found.items[at].tax
        sums[tax] = sums.get(tax, 0) + quantity * prices[at]
    return sums


def rebate_of(found: Round, goods: Mapping[int, int], reached: int | None = None) -> dict[int, int]:
    """Yen off for each tax rate: the last rebate whose value the goods reach (or ``reached`` does), rounded down once
    for each rate."""
    value = sum(goods.values()) if reached is None else reached
    off = max((rebate.thousandths for rebate in found.rebates if rebate.since <= value), default=0)
    return {tax: yen * off // THOUSAND for tax, yen in sorted(goods.items())}


def freight_of(freight: Freight, value: int, drops: int) -> int:
    """Yen for an order of this value to so many drops."""
    return 0 if freight.free and value >= freight.free else freight.flat + drops * freight.drop


def alone(found: Round, granted: Sequence[tuple[int, int]]) -> int:
    """What one firm would pay for these goods by the supplier's own terms: whole packs at the tier of its quantity, the
    rebate on their value, the freight of one delivery. Yen, net of tax. Every firm's home can compute it."""
    packed = [(at, to_pack(found.items[at], max(quantity, found.items[at].tiers[0].since))) for at, quantity in granted]
    prices = {at: price_at(found.items[at], quantity) for at, quantity in packed}
    goods = goods_by_tax(found, packed, prices)
    value = sum(goods.values())
    return value - sum(rebate_of(found, goods).values()) + freight_of(found.alone, value, 1) if packed else 0


def weigh(found: Round, rule: Rule, granted: Sequence[tuple[int, int]], prices: Mapping[int, int]) -> int:
    """A firm's weight under a rule; drops are shared out by :func:`freight_shares`, and within one by quantity."""
    if rule is Rule.VALUE:
        return sum(quantity * prices[at] for at, quantity in granted)
    if rule is Rule.WEIGHT:
        return sum(quantity * found.items[at].grams for at, quantity in granted)
    return sum(quantity for _, quantity in granted)


def freight_shares(
    found: Round, name: bytes, total: int, drops: Sequence[int], weights: Sequence[int], lots: Sequence[bytes]
) -> list[int]:
    """Shares of the freight. By drop: every drop that is used bears the same, its firms by quantity."""
    if found.freight_rule is not Rule.DROP:
        return apportion(total, weights, lots)
    used = sorted(set(drops))
    parts = apportion(total, [1] * len(used), [lot(name, b"drop %d" % drop) for drop in used])
    shares = [0] * len(drops)
    for drop, part in zip(used, parts, strict=True):
        places = [at for at, other in enumerate(drops) if other == drop]
        within = apportion(part, [weights[at] for at in places], [lots[at] for at in places])
        for at, yen in zip(places, within, strict=True):
            shares[at] = yen
    return shares


def settle(pays: Sequence[int], alone_: Sequence[int], extra: Sequence[int], lots: Sequence[bytes]) -> list[int] | None:
    """Yen to add to each so that none pays more than alone + extra, summing to 0; None where that cannot be.

    Who is above its bound comes down to it. Those who save bear the difference as their savings are, at most until they
    save nothing; what is then left is borne as people have agreed to pay extra, at most until that.
    """
    bounds = [yen + more for yen, more in zip(alone_, extra, strict=True)]
    added = [min(0, bound - pay) for pay, bound in zip(pays, bounds, strict=True)]
    missing = -sum(added)
    for limits in (alone_, bounds):
        rooms = [max(0, limit - pay - more) for limit, pay, more in zip(limits, pays, added, strict=True)]
        part = min(missing, sum(rooms))
        if part:
            added = [a + b for a, b in zip(added, apportion(part, rooms, lots), strict=True)]
            missing -= part
    return added if not missing else None
