"""立替金精算書 of a joint order: one for each firm, out of the result that the conductors agreed on and one bill.

Owns what stands in them. The parts are :mod:`protocol.process.joint.billing`'s, the sheet is the papers'.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import NamedTuple

from msgspec.structs import replace

from node.papers.pdf.settling import Line, Part, Settlement
from node.services import reading
from node.services.desk import parties
from node.services.house import TEST_NETWORK, House
from node.store import Tx
from protocol.process.joint import billing
from protocol.process.joint.closing import Outcome
from protocol.process.trade.papers import Party

JAPAN = datetime.timezone(datetime.timedelta(hours=9))


class Bill(NamedTuple):
    """The supplier's qualified invoice: its number and day, whose it is, and its tax in yen by rate in thousandths."""

    number: str
    day: str
    registration: str
    taxes: Mapping[int, int]


def settlements(
    house: House, tx: Tx, name: bytes, outcome: Outcome, bill: Bill, language: str
) -> tuple[Settlement, ...]:
    """One for each firm, in the order of the shares. CallerFault where the bill's rates are not the round's."""
    found, result = outcome.round, outcome.result
    passed = billing.pass_on(outcome, bill.taxes)
    now = house.clock()
    supplier = parties.party_of(tx, found.supplier) if found.supplier else Party(name=found.supplier_name)
    if bill.registration:
        supplier = replace(supplier, registration_number=bill.registration)
    buyer = parties.party_of(tx, found.conductors[found.number_of(house.node.public)].buyer)
    names = reading.names_of(tx, {share.pledge.member for share in outcome.shares})
    nets: dict[int, int] = {}
    for part in passed:
        for tax, net, _ in part.rates:
            nets[tax] = nets.get(tax, 0) + net
    made = []
    for at, part in enumerate(passed, 1):
        share = part.share
        made.append(
            Settlement(
                number=f"{billing.names_round(name)}-{at}",
                round=found.name,
                to=names.get(share.pledge.member, share.pledge.member.hex()[:12]),
                by=buyer,
                supplier=supplier,
                invoice=bill.number,
                invoice_day=bill.day,
                drop=found.drops[share.pledge.drop].name,
                firms=result.firms,
                lines=tuple(_line(outcome, item, quantity) for item, quantity in share.granted),
                rebate=(share.rebate, result.rebate),
                freight=(share.freight, result.freight),
                settled=share.settled,
                parts=tuple(_part(tax, net, own, nets[tax], bill.taxes[tax]) for tax, net, own in part.rates),
                issue_date=datetime.datetime.fromtimestamp(now / 1_000_000, JAPAN).date().isoformat(),
                made_us=now,
                language=language,
                sample=house.network == TEST_NETWORK,
            )
        )
    return tuple(made)


def _line(outcome: Outcome, at: int, quantity: int) -> Line:
    item, (total, price) = outcome.round.items[at], outcome.result.items[at]
    tax = billing.category(item.tax)
    return Line(
        name=item.name,
        unit=item.unit,
        quantity=quantity,
        total=total,
        price=price,
        category=tax.category,
        rate=tax.rate,
    )


def _part(tax: int, net: int, own: int, bill_net: int, bill_tax: int) -> Part:
    said = billing.category(tax)
    return Part(category=said.category, rate=said.rate, net=net, tax=own, bill_net=bill_net, bill_tax=bill_tax)
