"""The one order is a paper that the trade's own rules take; a bill passed on is the bill, to the yen."""

import pytest

from protocol.errors import CallerFault
from protocol.process.joint import billing, closing
from protocol.process.joint.closing import Outcome
from protocol.process.joint.pledge import Want
from protocol.process.joint.terms import Freight, Item, Rebate, Tier
from protocol.process.trade import check, papers
from protocol.process.trade.papers.ordering import Order
from protocol.process.trade.papers.parties import Party
from tests.protocol.process.joint import october
from tests.protocol.process.joint.october import SHOPS, pledged
from tests.vectors.world import octets


def outcome_of(*, mixed: bool = False) -> Outcome:
    found, wants = october.bags(), None
    if mixed:
        tea = Item("tea", "お茶", "C62", 100, 1, 1, 0, 80, (Tier(1, 777),))
        rebates = (Rebate(1, 33),)
        found = found._replace(items=(october.BAGS, tea), rebates=rebates, freight=Freight(5_001, 333, 0, 100))
        wants = (Want(0, 10, 0, 0), Want(1, 7, 0, 0))
    pledges = [pledged(shop, **({"wants": wants} if wants else {})) for shop in SHOPS]
    return closing.close(found, october.name(), 0, octets("set"), pledges)


@pytest.mark.parametrize("mixed", [False, True])
def test_one_order_with_a_line_for_each_shop(mixed: bool) -> None:
    outcome = outcome_of(mixed=mixed)
    order = Order(
        number=billing.names_round(october.name()),
        issue_date="2026-10-15",
        currency="JPY",
        buyer=Party(name="すずめ屋"),
        seller=Party(name="わらしべ商会"),
        lines=billing.order_lines(outcome),
        allowances=billing.order_allowances(outcome),
        totals=billing.order_totals(outcome),
    )
    read = check.admit("order", 1, papers.encode(order))
    assert isinstance(read, Order)
    by_drop: dict[str, int] = {}
    for line in read.lines:
        assert line.delivery is not None
        assert line.delivery.location is not None
        by_drop[line.delivery.location.name] = by_drop.get(line.delivery.location.name, 0) + line.quantity.value
    if not mixed:
        assert by_drop == {"ぶんぶく商店": 12, "すずめ屋": 10, "桃の里商店": 8}
    assert read.totals is not None
    assert read.totals.net == sum(share.pays for share in outcome.shares)


def test_the_story_passed_on() -> None:
    passed = billing.pass_on(outcome_of(), {100: 12_480})
    assert sum(part.total for part in passed) == 124_800 + 12_480
    assert {part.share.goods: part.total for part in passed} == {47_520: 54_912, 39_600: 45_760, 31_680: 36_608}


def test_every_rate_sums_to_the_bill() -> None:
    outcome = outcome_of(mixed=True)
    nets = [billing.net_by_tax(outcome, share) for share in outcome.shares]
    basis = {tax: sum(net.get(tax, 0) for net in nets) for tax in (80, 100)}
    taxes = {tax: yen * tax // 1000 for tax, yen in basis.items()}
    passed = billing.pass_on(outcome, taxes)
    for rate in (80, 100):
        assert sum(tax for part in passed for at, _, tax in part.rates if at == rate) == taxes[rate]
        assert sum(net for part in passed for at, net, _ in part.rates if at == rate) == basis[rate]
    for part, share in zip(passed, outcome.shares, strict=True):
        assert sum(net for _, net, _ in part.rates) == share.pays


def test_a_bill_with_other_rates_is_refused() -> None:
    with pytest.raises(CallerFault, match="rates"):
        billing.pass_on(outcome_of(), {80: 1, 100: 12_480})
