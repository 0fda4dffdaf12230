"""What comes of a round: the story's numbers, extension, calling off, shares under every rule, slips."""

from itertools import permutations

import pytest

from protocol.errors import Malformed
from protocol.keys import Step
from protocol.process.joint import closing, sharing
from protocol.process.joint.closing import Caution, Outcome, Reason, State
from protocol.process.joint.pledge import Pledge, Want
from protocol.process.joint.terms import Freight, Item, Market, Rebate, Round, Rule, Tier
from tests.protocol.process.joint import october
from tests.protocol.process.joint.october import SHOPS, member, pledged
from tests.vectors.world import octets

WORDS = octets("some set")


def close(found: Round, *pledges: Pledge, attempt: int = 0) -> Outcome:
    return closing.close(found, october.name(), attempt, WORDS, pledges)


def paid(outcome: Outcome, shop: str) -> sharing.Share:
    return next(share for share in outcome.shares if share.pledge.member == member(shop))


def test_october() -> None:
    """29 boxes are one short of the tier; the organiser's tolerance gives it."""
    outcome = close(october.bags(), *(pledged(shop) for shop in SHOPS))
    result = outcome.result
    assert (result.state, result.items, result.goods, result.freight) == (
        State.CONCLUDED, ((30, 3_960),), 118_800, 6_000,
    )  # fmt: skip
    rows = {shop: paid(outcome, shop) for shop in SHOPS}
    told = {shop: (row.granted[0][1], row.goods, row.freight, row.alone) for shop, row in rows.items()}
    assert {shop: (*row, rows[shop].alone - rows[shop].pays) for shop, row in told.items()} == {
        "bunbuku": (12, 47_520, 2_400, 55_440, 5_520),
        "suzumeya": (10, 39_600, 2_000, 46_800, 5_200),
        "momonosato": (8, 31_680, 1_600, 42_000, 8_720),
    }  # fmt: skip
    assert result.cautions == ()


def test_any_order_comes_to_the_same_bytes() -> None:
    found = {close(october.bags(), *order).record for order in permutations([pledged(shop) for shop in SHOPS])}
    assert len(found) == 1


def test_a_round_that_is_short_is_extended_then_called_off() -> None:
    found = october.bags()._replace(items=(october.BAGS._replace(minimum=40),))
    pledges = [pledged(shop) for shop in SHOPS]
    first, second = close(found, *pledges), close(found, *pledges, attempt=1)
    assert (first.result.state, first.result.reason) == (State.EXTENDED, Reason.SHORT)
    assert (second.result.state, second.result.reason) == (State.CALLED_OFF, Reason.SHORT)
    assert (second.shares, second.result.goods, second.result.slips, second.slips) == ((), 0, b"", ())
    only = close(found._replace(extended=0), *pledges)
    assert only.result.state is State.CALLED_OFF
    assert close(october.bags()).result.reason is Reason.NOBODY


def two_goods() -> Round:
    tape = Item("T", "tape", "C62", 500, 10, 1, 1_000, 80, (Tier(1, 90),))
    return october.bags()._replace(items=(october.BAGS, tape))


def test_at_the_last_deadline_goods_that_cannot_be_ordered_are_left_out() -> None:
    wants = (Want(0, 12, 2, 2), Want(1, 20, 0, 0))
    pledges = [pledged("bunbuku", wants=wants), pledged("suzumeya"), pledged("momonosato", wants=wants[1:])]
    assert close(two_goods(), *pledges).result.state is State.EXTENDED
    outcome = close(two_goods(), *pledges, attempt=1)
    assert (outcome.result.state, outcome.result.reason) == (State.CONCLUDED, Reason.SHORT)
    assert outcome.result.items == ((21, 4_320), (0, 0))
    assert {share.pledge.member for share in outcome.shares} == {member("bunbuku"), member("suzumeya")}


def test_who_would_be_worse_off_is_brought_down_to_what_it_would_pay_alone() -> None:
    """Freight by value weighs on the large one; alone it has its freight free."""
    alone = Freight(500, 0, 50_000, 100)
    found = october.bags()._replace(alone=alone, freight=Freight(9_000, 0, 0, 100), freight_rule=Rule.QUANTITY)
    pledges = [pledged("bunbuku", wants=(Want(0, 30, 0, 0),)), pledged("suzumeya"), pledged("momonosato")]
    outcome = close(found, *pledges)
    large = paid(outcome, "bunbuku")
    assert large.settled == -large.freight  # at its own tier already, freight free alone: it bears none
    assert large.pays == large.alone
    assert sum(share.settled for share in outcome.shares) == 0
    assert all(share.pays <= share.alone for share in outcome.shares)


def test_where_somebody_had_to_be_worse_off_nothing_is_ordered_unless_agreed() -> None:
    found = october.bags()._replace(freight=Freight(100_000, 0, 0, 100))
    pledges = [pledged(shop) for shop in SHOPS]
    outcome = close(found, *pledges, attempt=1)
    assert (outcome.result.state, outcome.result.reason) == (State.CALLED_OFF, Reason.DEARER)
    net = 118_800 + 100_000
    missing = net - (55_440 + 46_800 + 42_000)
    agreed = close(found, pledged("bunbuku", extra=missing), *pledges[1:], attempt=1)
    assert agreed.result.state is State.CONCLUDED
    assert paid(agreed, "bunbuku").pays == 55_440 + missing
    assert close(found, pledged("bunbuku", extra=missing - 1), *pledges[1:]).result.reason is Reason.DEARER


@pytest.mark.parametrize("rule", list(Rule))
def test_freight_by_each_rule(rule: Rule) -> None:
    tape = Item("T", "tape", "C62", 500, 1, 1, 0, 80, (Tier(1, 90),))
    found = october.bags()._replace(items=(october.BAGS, tape), freight_rule=rule, freight=Freight(5_000, 400, 0, 100))
    pledges = [
        pledged("bunbuku", wants=(Want(0, 30, 0, 0),)),
        pledged("suzumeya", wants=(Want(1, 90, 0, 0),)),
        pledged("momonosato", wants=(Want(1, 30, 0, 0),), drop=1),
    ]
    outcome = close(found, *pledges)
    shares = [paid(outcome, shop).freight for shop in SHOPS]
    weights = {
        Rule.QUANTITY: [30, 90, 30],
        Rule.VALUE: [118_800, 8_100, 2_700],
        Rule.WEIGHT: [270_000, 45_000, 15_000],
    }
    assert sum(shares) == 5_800
    if rule is Rule.DROP:
        assert shares == [2_900, 2_175, 725]
    else:
        whole = sum(weights[rule])
        assert all(abs(part - 5_800 * weight / whole) < 1 for part, weight in zip(shares, weights[rule], strict=True))


def test_rebates_are_rounded_once_for_each_tax_rate() -> None:
    tape = Item("T", "tape", "C62", 500, 1, 1, 0, 80, (Tier(1, 93),))
    found = october.bags()._replace(items=(october.BAGS, tape), rebates=(Rebate(1_000, 15),))
    outcome = close(found, *(pledged(shop, wants=(Want(0, 10, 0, 0), Want(1, 7, 0, 0))) for shop in SHOPS))
    assert outcome.result.rebate == 118_800 * 15 // 1000 + 21 * 93 * 15 // 1000
    assert sum(share.rebate for share in outcome.shares) == outcome.result.rebate


def test_what_competition_law_wants_looked_at_is_said() -> None:
    found = october.bags()._replace(market=Market("bags in three cities", 200, "estimate"))
    outcome = close(found, pledged("bunbuku", wants=(Want(0, 40, 0, 0),), large=True), pledged("suzumeya"))
    assert outcome.result.cautions == (Caution.MARKET_SHARE, Caution.LARGE_FIRM, Caution.ONE_FIRM)
    assert close(october.bags(), pledged("bunbuku")).result.cautions == ()


def test_a_firm_verifies_its_slip_and_sees_no_other() -> None:
    outcome = close(october.bags(), *(pledged(shop) for shop in SHOPS))
    result = closing.parse_result(outcome.record)
    assert result == outcome.result
    for at, share in enumerate(outcome.shares):
        slip = closing.verify_slip(result, outcome.slips[at], outcome.paths[at])
        assert (slip.member, slip.granted, slip.pays) == (share.pledge.member, share.granted, share.pays)
        assert slip.salt == share.pledge.salt
    with pytest.raises(Malformed, match="not one of this result"):
        closing.verify_slip(result, outcome.slips[0], outcome.paths[1])
    with pytest.raises(Malformed, match="not one of this result"):
        closing.verify_slip(result, outcome.slips[0], [Step(True, bytes(32))] * 21)
    with pytest.raises(Malformed, match="attempt"):
        closing.verify_slip(result._replace(attempt=1), outcome.slips[0], outcome.paths[0])
    told = closing.tell(b"closed", outcome.slips[0], outcome.paths[0])
    assert closing.parse_told(told) == (b"closed", outcome.slips[0], outcome.paths[0])
    everything = b"".join((outcome.record, told))
    assert member("suzumeya") not in everything.replace(outcome.slips[0], b"")


def test_sums_above_the_limit_of_papers_are_not_ordered() -> None:
    dear = october.BAGS._replace(tiers=(Tier(1, 10**9),))
    found = october.bags()._replace(items=tuple(dear._replace(code=str(at)) for at in range(10)))
    wants = tuple(Want(at, 10**6, 0, 0) for at in range(10))
    assert close(found, pledged("bunbuku", wants=wants), attempt=1).result.reason is Reason.TOO_LARGE


def test_alone_is_in_whole_packs_from_the_suppliers_smallest_order() -> None:
    found = october.bags()._replace(items=(october.BAGS._replace(pack=5, tiers=(Tier(10, 100), Tier(20, 90))),))
    assert sharing.alone(found, [(0, 3)]) == 10 * 100 + 3_600
    assert sharing.alone(found, [(0, 16)]) == 20 * 90 + 3_600
    assert sharing.alone(found, []) == 0
