"""What must hold of every closing: sums to the yen, promises kept, nobody worse off than agreed.

Recomputed here from the pledges and the terms; shares no code with the closing but the supplier's own prices.
"""

from __future__ import annotations

from collections.abc import Sequence

from node.sim.invariants import Violation
from protocol.process.joint import closing, deciding, sharing
from protocol.process.joint.closing import Outcome, State
from protocol.process.joint.pledge import Pledge


def require(holds: bool, rule: str) -> None:
    """Violation unless it holds."""
    if not holds:
        raise Violation(rule)


def require_fair(outcome: Outcome, pledges: Sequence[Pledge]) -> None:
    """The promises of a closing to the firms whose pledges stand."""
    found, result = outcome.round, outcome.result
    if result.state is not State.CONCLUDED:
        require(not outcome.shares and not result.goods, "a round that is not concluded costs nothing")
        return
    got = {(share.pledge.member, at): quantity for share in outcome.shares for at, quantity in share.granted}
    for at, (total, price) in enumerate(result.items):
        granted = [
            (want, got.get((pledge.member, at), 0)) for pledge in pledges for want in pledge.wants if want.item == at
        ]
        item = found.items[at]
        require(sum(quantity for _, quantity in granted) == total, "granted sums to what is ordered")
        if not total:
            continue
        require(total % item.pack == 0 and total >= item.minimum, "whole packs, at least the minimum")
        require(price == [tier.price for tier in item.tiers if tier.since <= total][-1], "the tier of the total")
        for want, quantity in granted:
            require(want.wanted - want.less <= quantity <= want.wanted + want.more, "within the tolerance")
            require(quantity % item.step == 0, "in steps")
    require(result.goods == sum(total * price for total, price in result.items), "goods sum")
    require(result.rebate == sum(share.rebate for share in outcome.shares), "rebates sum")
    require(result.freight == sum(share.freight for share in outcome.shares), "freight sums")
    require(sum(share.settled for share in outcome.shares) == 0, "what is settled sums to 0")
    used = {share.pledge.drop for share in outcome.shares}
    require(result.freight == sharing.freight_of(found.freight, result.goods, len(used)), "freight is the supplier's")
    net = result.goods - result.rebate + result.freight
    require(sum(share.pays for share in outcome.shares) == net, "what firms pay is what the supplier gets")
    for share in outcome.shares:
        require(share.pays <= share.alone + share.pledge.extra, "never worse than alone unless agreed")


def require_told(outcome: Outcome, told: bytes, name: bytes, member: bytes) -> None:
    """A firm reads its own numbers in what it is sent, and they belong to what a majority signed."""
    record, slip, path = closing.parse_told(told)
    result = deciding.verify_closed(record, outcome.round, name)
    read = closing.verify_slip(result, slip, path)
    share = next(share for share in outcome.shares if share.pledge.member == member)
    require((read.member, read.pays, read.granted) == (member, share.pays, share.granted), "a slip is its firm's")
