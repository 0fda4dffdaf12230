"""What is settled when less came: sums stay exact in random rounds, and nobody pays for what did not come."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.errors import Malformed
from protocol.process.joint import arrival, billing, closing, shortage
from protocol.process.joint.pledge import Want
from protocol.process.joint.terms import Freight, Item, Rebate, Rule, Tier
from tests.protocol.process.joint import october
from tests.protocol.process.joint.october import SHOPS, pledged
from tests.vectors.world import octets

TEA = Item("tea", "お茶", "C62", 100, 1, 1, 0, 80, (Tier(1, 777), Tier(20, 701)))


@settings(deadline=None, max_examples=300)
@given(
    st.lists(st.tuples(st.integers(1, 40), st.integers(1, 30)), min_size=3, max_size=3),
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 30)), min_size=3, max_size=3),
    st.sampled_from(list(Rule)),
    st.tuples(st.integers(0, 9_000), st.integers(0, 900), st.sampled_from([0, 60_000])),
    st.tuples(st.integers(0, 30_000), st.integers(0, 5_000)),
)
def test_sums_are_the_bill(
    wanted: list[tuple[int, int]],
    short: list[tuple[int, int]],
    rule: Rule,
    freight: tuple[int, int, int],
    tax: tuple[int, int],
) -> None:
    found = october.bags()._replace(
        items=(october.BAGS, TEA), rebates=(Rebate(1, 33), Rebate(90_000, 55)), freight=Freight(*freight, 100),
        freight_rule=rule, extended=0,
    )  # fmt: skip
    pledges = [
        pledged(shop, drop=at % 2, extra=10**6, wants=(Want(0, wanted[at][0], 0, 0), Want(1, wanted[at][1], 0, 0)))
        for at, shop in enumerate(SHOPS)
    ]
    outcome = closing.close(found, october.name(), 0, octets("set"), pledges)
    assert outcome.shares
    assert shortage.arrived(outcome, {}).shares == outcome.shares  # everything came: nothing is other
    came = {
        share.pledge.member: {at: max(0, quantity - short[place][at]) for at, quantity in share.granted}
        for place, share in enumerate(outcome.shares)
    }
    for share in outcome.shares:
        arrival.require_of(share.granted, tuple(came[share.pledge.member].items()))
    settled = shortage.arrived(outcome, came)
    result = settled.result
    assert sum(share.settled for share in settled.shares) == 0
    assert sum(share.pays for share in settled.shares) == result.goods - result.rebate + result.freight
    got = {member: {at: n for at, n in each.items() if n} for member, each in came.items()}
    assert {share.pledge.member: dict(share.granted) for share in settled.shares} == {
        member: each for member, each in got.items() if each
    }
    for at, (total, price) in enumerate(result.items):
        assert total == sum(each.get(at, 0) for each in came.values())
        assert price == (outcome.result.items[at][1] if total else 0)
    assert sum(one.quantity for one in shortage.missing(outcome, came)) == sum(
        quantity - came[share.pledge.member][at] for share in outcome.shares for at, quantity in share.granted
    )
    if settled.shares:
        nets: dict[int, int] = {}
        for share in settled.shares:
            for rate, net in billing.net_by_tax(settled, share).items():
                nets[rate] = nets.get(rate, 0) + net
        taxes = {rate: tax[rate == 80] if net else 0 for rate, net in nets.items()}
        passed = billing.pass_on(settled, taxes)
        assert sum(part.total for part in passed) == sum(nets.values()) + sum(taxes.values())


def test_only_what_was_granted_can_come() -> None:
    for came in (((0, 9),), ((1, 1),), (), ((0, 1), (1, 1))):
        try:
            arrival.require_of(((0, 8),), came)
        except Malformed:
            continue
        raise AssertionError(came)
