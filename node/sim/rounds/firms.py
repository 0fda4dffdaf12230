"""Seeded terms and firms of a round: what is drawn at random, within the rules of the records."""

from __future__ import annotations

from typing import NamedTuple

from node.sim.dice import Dice
from protocol.keys import SigningKey
from protocol.process.joint.pledge import Pledge, Want
from protocol.process.joint.terms import Conductor, Drop, Freight, Item, Market, Rebate, Round, Rule, Tier

DEADLINE = 1_760_500_000_000_000
HOUR = 3_600_000_000


class Firm(NamedTuple):
    """A firm of the simulation: its key and the node that keeps it."""

    key: SigningKey
    member: bytes
    epoch: bytes
    home: int


def terms(dice: Dice, conductors: tuple[Conductor, ...]) -> Round:
    """A round with one to four goods."""
    drops = tuple(
        Drop(f"D{at}", f"Drop {at}", "", dice.between(33_000_000, 36_000_000), dice.between(132_000_000, 138_000_000))
        for at in range(dice.between(1, 6))
    )
    freight = Freight(dice.pick([0, 6_000, 60_000]), dice.between(0, 900), dice.pick([0, 0, 200_000]), 100)
    return Round(
        "test",
        dice.take(16),
        "Simulated round",
        b"",
        "Supplier",
        conductors,
        DEADLINE,
        dice.pick([0, DEADLINE + 24 * HOUR]),
        tuple(item(dice, at) for at in range(dice.between(1, 4))),
        freight,
        Freight(dice.between(0, 4_000), 0, dice.pick([0, 100_000]), 100),
        (Rebate(100_000, 20), Rebate(500_000, 50)) if dice.permille(400) else (),
        dice.pick(list(Rule)),
        dice.pick([Rule.QUANTITY, Rule.VALUE, Rule.WEIGHT]),
        drops[0],
        drops,
        Market("goods of this kind in the prefecture", dice.between(1, 400), "own estimate"),
        DEADLINE - 240 * HOUR,
    )


def item(dice: Dice, at: int) -> Item:
    """Goods with up to four tiers."""
    step = dice.pick([1, 1, 2, 5])
    price, since, tiers = dice.between(50, 9_000), 1, []
    for _ in range(dice.between(1, 4)):
        tiers.append(Tier(since, price))
        since, price = since + dice.between(5, 60), price - max(1, price * dice.between(1, 15) // 100)
    return Item(
        f"G{at}",
        f"Goods {at}",
        "C62",
        dice.between(1, 20_000),
        step * dice.pick([1, 2, 6, 10, 24, 100]),
        step,
        dice.pick([0, 0, 20, dice.between(50, 2_000)]),
        dice.pick([80, 100]),
        tuple(tiers),
    )


def pledge(dice: Dice, found: Round, name: bytes, firm: Firm, revision: int) -> Pledge:
    """What a firm says; one of twelve withdraws."""
    wants = []
    for at, goods in enumerate(found.items):
        if dice.permille(700):
            wanted = goods.step * dice.between(1, 40)
            wants.append(
                Want(
                    at,
                    wanted,
                    goods.step * dice.between(0, min(4, wanted // goods.step)),
                    goods.step * dice.between(0, 4),
                )
            )
    return Pledge(
        name,
        firm.member,
        firm.epoch,
        revision,
        dice.between(0, len(found.drops) - 1),
        () if dice.permille(80) else tuple(wants),
        dice.pick([0, 0, 0, 500, 20_000]),
        dice.permille(30),
        dice.take(16),
        DEADLINE - HOUR,
    )
