"""Closings without a network: a round and its pledges drawn from a seed, closed twice, and judged.

Owns the drawing; what is fair is :mod:`node.sim.rounds.checking`. Thousands are closed
in the time of one world.
"""

from __future__ import annotations

from node.sim.dice import Dice
from node.sim.rounds import checking, firms
from node.sim.rounds.firms import Firm
from protocol.keys import SigningKey
from protocol.process.joint import closing
from protocol.process.joint.closing import Outcome
from protocol.process.joint.terms import Conductor

KEY = SigningKey(bytes(32))
NAME = bytes(32)


def close(seed: int, most: int) -> Outcome:
    """What up to ``most`` firms come to. Raises where the sums, a promise or an agreement do not hold, or where the
    same pledges in another order come to something else."""
    dice = Dice(seed, "closing")
    cast = [Firm(KEY, dice.take(32), bytes(32), 0) for _ in range(dice.between(0, most))]
    buyers = [firm.member for firm in cast[:3]] or [bytes(32)]
    found = firms.terms(dice, tuple(Conductor(bytes([at]) * 32, buyer) for at, buyer in enumerate(buyers)))
    pledges = [each for firm in cast if (each := firms.pledge(dice, found, NAME, firm, 0)).wants]
    attempt = dice.between(0, found.attempts - 1)
    outcome = closing.close(found, NAME, attempt, NAME, pledges)
    checking.require_fair(outcome, pledges)
    again = closing.close(found, NAME, attempt, NAME, dice.shuffled(pledges))
    checking.require((again.record, again.slips) == (outcome.record, outcome.slips), "the order of pledges is nothing")
    return outcome
