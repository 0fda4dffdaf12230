"""The stops of a concluded round: the drops that are used, in a sensible order."""

from __future__ import annotations

from protocol.process.joint import stops
from protocol.process.joint.closing import Outcome


def plan_of(outcome: Outcome) -> list[tuple[int, int]]:
    """(place of the drop, metres from the stop before), in the order of the stops."""
    found = outcome.round
    used = sorted({share.pledge.drop for share in outcome.shares})
    plan = stops.plan(found.origin, [found.drops[at] for at in used])
    return [(used[at], metres) for at, metres in zip(plan.order, plan.metres, strict=True)]
