"""What is settled when less came than was ordered: nobody pays for what did not come, and the sums stay exact.

Owns the rule: prices, the step of the rebate and free freight stay as the round closed; goods count as they came; the
freight is that of the drops to which something came. Source: ``docs/protocol.md`` §19.12.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from protocol.process.joint import closing
from protocol.process.joint.closing import Outcome


class Missing(NamedTuple):
    """``quantity`` of the item with this place did not come to the drop with that place."""

    drop: int
    item: int
    quantity: int


def missing(outcome: Outcome, came: Mapping[bytes, Mapping[int, int]]) -> tuple[Missing, ...]:
    """What did not come, by drop and item, of the firms that have said what came (``came``: by member)."""
    sums: dict[tuple[int, int], int] = {}
    for share in outcome.shares:
        said = came.get(share.pledge.member)
        for at, quantity in share.granted if said is not None else ():
            short = quantity - (said or {}).get(at, 0)
            if short:
                key = share.pledge.drop, at
                sums[key] = sums.get(key, 0) + short
    return tuple(Missing(drop, at, short) for (drop, at), short in sorted(sums.items()))


def arrived(outcome: Outcome, came: Mapping[bytes, Mapping[int, int]]) -> Outcome:
    """The outcome as it is settled: firms that are not in ``came`` got everything. Firms to which nothing came have no
    share in it. It is computed by whoever settles, and is no record: its ``slips`` are empty.

    Nobody pays more than alone where that can be; where less came so that it cannot, nothing is balanced.
    """
    found, result = outcome.round, outcome.result
    grants = []
    for share in outcome.shares:
        said = came.get(share.pledge.member, dict(share.granted))
        got = tuple((at, said[at]) for at, _ in share.granted if said.get(at))
        if got:
            grants.append((share.pledge, got))
    prices = {at: price for at, (total, price) in enumerate(result.items) if total}
    shares, _ = closing.shares_of(found, result.round, grants, prices, result.goods)
    totals = [0] * len(found.items)
    for share in shares:
        for at, quantity in share.granted:
            totals[at] += quantity
    settled = result._replace(
        firms=len(shares),
        items=tuple((total, prices[at] if total else 0) for at, total in enumerate(totals)),
        goods=sum(share.goods for share in shares),
        rebate=sum(share.rebate for share in shares),
        freight=sum(share.freight for share in shares),
        slips=b"",
    )
    return Outcome(found, settled, shares)
