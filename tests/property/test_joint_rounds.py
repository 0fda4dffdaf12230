"""Closings as a property: shares sum, promises hold, nobody is worse off than agreed, whatever the pledges.

The pledges are drawn by the simulator's dice from a seed, since what is asked of them (steps, tolerances) is narrow.
Every bill of such a round is passed on to the yen too, whatever tax it states.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.sim.rounds import drawn
from protocol.errors import CallerFault
from protocol.process.joint import billing
from protocol.process.joint.closing import Outcome, State


def require_passed_on(outcome: Outcome, seed: int) -> None:
    """The parts of any bill are the bill: each rate's tax, and every firm's net as in its slip."""
    nets = [billing.net_by_tax(outcome, share) for share in outcome.shares]
    rates = {tax: sum(net.get(tax, 0) for net in nets) for net in nets for tax in net}
    bill = {tax: (seed + tax * 7919) % 1_000_003 if net else 0 for tax, net in rates.items()}
    for tax in [tax for tax, net in rates.items() if not net]:  # free of freight, and settled between the firms
        with pytest.raises(CallerFault, match="rates"):
            billing.pass_on(outcome, bill | {tax: 1})
    passed = billing.pass_on(outcome, bill)
    for tax, yen in bill.items():
        assert sum(own for part in passed for rate, _, own in part.rates if rate == tax) == yen
    for part in passed:
        assert sum(net for _, net, _ in part.rates) == part.share.pays


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**62))
def test_every_closing_keeps_its_promises(seed: int) -> None:
    require_passed_on(drawn.close(seed, 12), seed)


def test_all_ends_come_up() -> None:
    assert {drawn.close(seed, 8).result.state for seed in range(60)} == set(State)


@pytest.mark.slow
def test_many_rounds() -> None:
    for seed in range(30_000):
        require_passed_on(drawn.close(seed, 10 if seed % 100 else 200), seed)
