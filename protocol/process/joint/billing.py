"""Papers from a result: the one order to the supplier with its delivery lines, and the tax that each firm bears when
one bill is passed on (立替金精算書).

Owns the lines and the parts; the papers' own forms and rules are the trade's. Source: ``docs/protocol.md`` §19.9.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from protocol.errors import CallerFault
from protocol.process.joint import sharing
from protocol.process.joint.closing import Outcome
from protocol.process.joint.filling import apportion
from protocol.process.joint.sharing import Share
from protocol.process.trade.papers.base import Identifier, Scaled
from protocol.process.trade.papers.goods import AllowanceCharge, Item, Price, TaxCategory, Totals
from protocol.process.trade.papers.ordering import OrderLine
from protocol.process.trade.papers.parties import Delivery, Location

REDUCED: Final = 80  # thousandths; 軽減税率


class Passed(NamedTuple):
    """What one firm pays back of the supplier's bill: (tax in thousandths, net, tax in yen) for each rate, and all
    together."""

    share: Share
    rates: tuple[tuple[int, int, int], ...]

    @property
    def total(self) -> int:
        """Yen with tax."""
        return sum(net + tax for _, net, tax in self.rates)


def category(tax: int) -> TaxCategory:
    """The category of a rate in thousandths."""
    if not tax:
        return TaxCategory(category="Z")
    value, scale = (tax // 10, 0) if tax % 10 == 0 else (tax, 1)
    return TaxCategory(category="AA" if tax == REDUCED else "S", rate=Scaled(value=value, scale=scale))


def order_lines(outcome: Outcome) -> tuple[OrderLine, ...]:
    """The lines of the order: one for each firm and item, in the order of the shares, with the drop where it is set
    down. The supplier reads drops, not firms: ``line_id`` says which slip it belongs to."""
    found = outcome.round
    lines = []
    for number, share in enumerate(outcome.shares, 1):
        drop = found.drops[share.pledge.drop]
        where = Delivery(location=Location(name=drop.name, id=Identifier(value=drop.code)))
        for at, quantity in share.granted:
            item, price = found.items[at], outcome.result.items[at][1]
            lines.append(
                OrderLine(
                    line_id=f"{number}-{at + 1}",
                    item=Item(name=item.name, seller_id=item.code),
                    quantity=Scaled(value=quantity, scale=0),
                    unit=item.unit,
                    price=Price(value=Scaled(value=price, scale=0)),
                    amount=quantity * price,
                    tax=category(item.tax),
                    delivery=where,
                )
            )
    return tuple(lines)


def order_allowances(outcome: Outcome) -> tuple[AllowanceCharge, ...]:
    """Rebates (by tax rate) and freight of the whole order."""
    off: dict[int, int] = {}
    for share in outcome.shares:
        for tax, yen in share.rebates:
            off[tax] = off.get(tax, 0) + yen
    found = [AllowanceCharge(amount=yen, reason="rebate", tax=category(tax)) for tax, yen in sorted(off.items())]
    if outcome.result.freight:
        freight = category(outcome.round.freight.tax)
        found.append(AllowanceCharge(charge=True, amount=outcome.result.freight, reason="freight", tax=freight))
    return tuple(found)


def order_totals(outcome: Outcome) -> Totals:
    """The sums at the foot, net of tax."""
    result = outcome.result
    net = result.goods - result.rebate + result.freight
    return Totals(lines=result.goods, allowances=result.rebate, charges=result.freight, net=net)


def net_by_tax(outcome: Outcome, share: Share) -> dict[int, int]:
    """What a firm pays, net, for each tax rate in thousandths. What is settled goes with the freight."""
    found = outcome.round
    prices = {at: price for at, (_, price) in enumerate(outcome.result.items)}
    nets = sharing.goods_by_tax(found, share.granted, prices)
    for tax, off in share.rebates:
        nets[tax] -= off
    if share.freight or share.settled:
        nets[found.freight.tax] = nets.get(found.freight.tax, 0) + share.freight + share.settled
    return dict(sorted(nets.items()))


def pass_on(outcome: Outcome, taxes: Mapping[int, int]) -> tuple[Passed, ...]:
    """The supplier's bill passed on: each firm's net as in its slip, and its part of the tax that the bill has for each
    rate (``taxes``: thousandths → yen), so that all parts together are the bill, to the yen.

    CallerFault where the bill has a rate that the round has not, or lacks one, or taxes one that comes to nothing.
    """
    nets = [net_by_tax(outcome, share) for share in outcome.shares]
    rates = sorted({tax for net in nets for tax in net})
    untaxed = [tax for tax in rates if not sum(net.get(tax, 0) for net in nets)]  # only settled between the firms
    if rates != sorted(taxes) or any(taxes[tax] for tax in untaxed):
        raise CallerFault("taxes", f"the bill's rates are not the round's: {rates}")
    lots = [sharing.lot(outcome.result.round, share.pledge.member) for share in outcome.shares]
    parts = {tax: apportion(taxes[tax], [net.get(tax, 0) for net in nets], lots) for tax in rates}
    return tuple(
        Passed(share, tuple((tax, net[tax], parts[tax][at]) for tax in net))
        for at, (share, net) in enumerate(zip(outcome.shares, nets, strict=True))
    )


def names_round(name: bytes) -> str:
    """The number of the order and its reference to the round. The supplier's node takes the first order with it and
    refuses another: whoever of the conductors sends it, it is the same order."""
    return f"J-{name.hex()[:24]}"


def names_settlement(name: bytes, member: bytes) -> str:
    """The number of a firm's settlement: the same whoever of the conductors makes it."""
    return f"{names_round(name)}-{member.hex()[:12]}"
