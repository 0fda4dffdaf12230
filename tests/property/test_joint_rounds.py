"""Closings as a property: shares sum, promises hold, nobody is worse off than agreed, whatever the pledges.

The pledges are drawn by the simulator's dice from a seed, since what is asked of them (steps, tolerances) is narrow.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.sim.dice import Dice
from node.sim.rounds import checking, firms
from node.sim.rounds.firms import Firm
from protocol.keys import SigningKey
from protocol.process.joint import closing
from protocol.process.joint.closing import State
from protocol.process.joint.terms import Conductor

KEY = SigningKey(bytes(32))
NAME = bytes(32)


def close_at_random(seed: int, most: int) -> State:
    dice = Dice(seed, "closing")
    cast = [Firm(KEY, dice.take(32), bytes(32), 0) for _ in range(dice.between(0, most))]
    buyers = [firm.member for firm in cast[:3]] or [bytes(32)]
    found = firms.terms(dice, tuple(Conductor(bytes([at]) * 32, buyer) for at, buyer in enumerate(buyers)))
    pledges = [each for firm in cast if (each := firms.pledge(dice, found, NAME, firm, 0)).wants]
    attempt = dice.between(0, found.attempts - 1)
    outcome = closing.close(found, NAME, attempt, NAME, pledges)
    checking.require_fair(outcome, pledges)
    again = closing.close(found, NAME, attempt, NAME, dice.shuffled(pledges))
    assert (again.record, again.slips) == (outcome.record, outcome.slips)
    return outcome.result.state


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**62))
def test_every_closing_keeps_its_promises(seed: int) -> None:
    close_at_random(seed, 12)


def test_all_ends_come_up() -> None:
    assert {close_at_random(seed, 8) for seed in range(60)} == set(State)


@pytest.mark.slow
def test_many_rounds() -> None:
    for seed in range(30_000):
        close_at_random(seed, 10 if seed % 100 else 200)
