"""A round as announced: what contradicts itself is refused by name."""

import pytest

from protocol.errors import CallerFault, Malformed, PeerFault
from protocol.process.joint import terms
from protocol.process.joint.terms import Conductor, Drop, Freight, Rebate, Round, Rule, Tier
from tests.protocol.process.joint import october
from tests.vectors import world


def test_a_round_is_read_as_it_was_written() -> None:
    found, name = terms.verify(october.announced())
    assert found == october.bags()
    assert name == october.name()
    assert (found.majority, found.attempts, found.due(0), found.due(1)) == (2, 2, found.deadline, found.extended)


def changed(**fields: object) -> Round:
    return october.bags()._replace(**fields)  # type: ignore[arg-type]


def bags(**fields: object) -> tuple[terms.Item, ...]:
    return (october.BAGS._replace(**fields),)  # type: ignore[arg-type]


two = october.bags().conductors[:2]


@pytest.mark.parametrize(
    ("found", "field"),
    [
        (changed(network="other"), "network"),
        (changed(conductors=two), "conductors: at least 3"),
        (changed(conductors=(*two, two[0])), "conductors: no key twice"),
        (changed(conductors=(*two, Conductor(bytes(32), bytes(32)))), "Ed25519"),
        (changed(extended=october.DEADLINE), "extended"),
        (changed(items=()), "items"),
        (changed(items=(october.BAGS, october.BAGS)), "items: at least one, no code twice"),
        (changed(items=bags(tiers=())), "items.tiers: at least one"),
        (changed(items=bags(tiers=(Tier(1, 100), Tier(1, 90)))), "items.tiers.since"),
        (changed(items=bags(tiers=(Tier(1, 100), Tier(10, 110)))), "a larger quantity is cheaper"),
        (changed(items=bags(tiers=(Tier(1, 0),))), "items.tiers.price"),
        (changed(items=bags(pack=10, step=4)), "items.pack: a multiple of the step"),
        (changed(items=bags(tax=1001)), "items.tax"),
        (changed(items=bags(grams=0), freight_rule=Rule.WEIGHT), "items.grams"),
        (changed(rebate_rule=Rule.DROP), "rebate_rule"),
        (changed(rebates=(Rebate(10, 20), Rebate(20, 10))), "rebates.thousandths"),
        (changed(alone=Freight(1, 1, 0, 100)), "alone.drop"),
        (changed(freight=Freight(-1, 0, 0, 100)), "freight"),
        (changed(drops=()), "drops"),
        (changed(drops=(october.DROPS[0],) * 2), "drops: at least one, no code twice"),
        (changed(drops=(Drop("a", "b", "", 90_000_001, 0),)), "drops.latitude"),
        (changed(name=""), "name"),
    ],
)
def test_terms_that_contradict_each_other_are_refused(found: Round, field: str) -> None:
    with pytest.raises(Malformed, match=field):
        terms.sign(world.key("kyoto"), found)


def test_only_the_organiser_signs_its_round() -> None:
    with pytest.raises(CallerFault, match="organiser"):
        terms.sign(world.key("shikoku"), october.bags())
    with pytest.raises(PeerFault):
        terms.verify(october.announced()[:-1] + b"\0")


def test_other_terms_are_another_round() -> None:
    other = terms.verify(terms.sign(world.key("kyoto"), changed(name="another name")))[1]
    assert other != october.name()
