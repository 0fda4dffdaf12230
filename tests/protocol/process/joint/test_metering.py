"""The meter of an open round: totals from three firms on, the next tier, and who may say it."""

from __future__ import annotations

import pytest

from protocol import canon
from protocol.errors import BadSignature, Malformed, Misdirected, NotAuthorised
from protocol.process.joint import closing, metering, signed
from protocol.process.joint.metering import Meter
from protocol.process.joint.terms import Freight, Rebate, Rule
from tests.protocol.process.joint import october
from tests.protocol.process.joint.october import BAGS, DEADLINE, SHOPS, bags, name
from tests.vectors import world

NOW = DEADLINE - 1_000_000


def meter(count: int) -> Meter:
    return metering.of(bags(), name(), [october.pledged(shop) for shop in SHOPS[:count]], NOW)


def test_no_totals_of_two() -> None:
    assert meter(0) == Meter(name(), 0, (), NOW)
    assert meter(2) == Meter(name(), 2, (), NOW)
    assert meter(3) == Meter(name(), 3, (29,), NOW)


@pytest.mark.parametrize(
    ("total", "price", "more", "following"),
    [(0, 4_800, 10, 4_320), (9, 4_800, 1, 4_320), (10, 4_320, 20, 3_960), (29, 4_320, 1, 3_960), (30, 3_960, 0, 0)],
)
def test_the_next_price(total: int, price: int, more: int, following: int) -> None:
    assert metering.reached(BAGS, total) == (price, more, following)


def test_packs_count_as_whole_ones() -> None:
    assert metering.reached(BAGS._replace(pack=10), 21) == (3_960, 0, 0)
    assert metering.reached(BAGS._replace(pack=10), 20) == (4_320, 10, 3_960)


def test_it_comes_back_as_it_was_signed() -> None:
    for at, association in enumerate(october.ASSOCIATIONS):
        data = metering.sign(world.key(association), meter(3))
        assert metering.verify(data, bags(), name()) == (meter(3), at)


def test_who_may_not_say_it_and_what_it_may_not_say() -> None:
    key = world.key("kyoto")
    with pytest.raises(NotAuthorised):
        metering.verify(metering.sign(world.key("ryugu"), meter(3)), bags(), name())
    with pytest.raises(Misdirected):
        metering.verify(metering.sign(key, meter(3)._replace(round=bytes(32))), bags(), name())
    for wrong in (meter(2)._replace(wanted=(21,)), meter(3)._replace(wanted=()), meter(3)._replace(wanted=(1, 2))):
        with pytest.raises(Malformed):
            metering.verify(metering.sign(key, wrong), bags(), name())
    good = metering.sign(key, meter(3))
    envelope = signed.parse(good)
    forged = canon.encode((signed.TAG, envelope.record[:-1] + b"\x00", envelope.public, envelope.signature))
    with pytest.raises((BadSignature, Malformed)):
        metering.verify(forged, bags(), name())


@pytest.mark.parametrize("rule", list(Rule))
def test_the_estimate_is_what_the_closing_gives_when_nothing_is_balanced(rule: Rule) -> None:
    """With exact wants, and a freight that leaves everybody better off than alone."""
    found = bags()._replace(
        freight_rule=rule, freight=Freight(900, 0, 0, 100), rebates=(Rebate(1, 20),), rebate_rule=Rule.VALUE
    )
    pledges = [october.pledged(shop)._replace(drop=at) for at, shop in enumerate(SHOPS)]
    pledges = [each._replace(wants=tuple(want._replace(less=0, more=0) for want in each.wants)) for each in pledges]
    outcome = closing.close(found, name(), 0, bytes(32), pledges)
    seen = metering.of(found, name(), pledges, NOW)
    for share in outcome.shares:
        assert share.settled == 0
        assert abs(metering.estimate(found, seen, share.pledge) - share.pays) <= 2  # each share is rounded by itself
    assert metering.estimate(found, meter(2), pledges[0]) == 0
