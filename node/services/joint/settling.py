"""立替金精算書 of a joint order: one for each firm, out of the result that was agreed on, what came, and one bill.

Owns what stands in them, and the bills by which they reach the firms. The parts are
:mod:`protocol.process.joint.billing`'s, the sheet is the papers'.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import NamedTuple

from msgspec.structs import replace

from node.papers.pdf.settling import PASSED_ON, Line, Part, Settlement
from node.papers.pdf.wording import Wording
from node.services import reading, trade
from node.services.desk import parties
from node.services.house import TEST_NETWORK, House
from node.services.joint import receiving, rounds
from node.services.joint.seats import Seats
from node.services.trade import Submission
from node.store import Tx
from protocol.errors import CallerFault
from protocol.process.joint import billing
from protocol.process.joint.closing import Outcome
from protocol.process.trade import footing
from protocol.process.trade.papers import (
    Invoice,
    InvoiceLine,
    Item,
    Party,
    PaymentTerms,
    Price,
    Reference,
    Scaled,
    TaxCategory,
    Totals,
)

JAPAN = datetime.timezone(datetime.timedelta(hours=9))
NOT_TAXED = "480"  # UNCL1001: outside the tax; it claims to be no qualified invoice


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
    for part in passed:
        share = part.share
        made.append(
            Settlement(
                number=billing.names_settlement(name, share.pledge.member),
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


class Sent(NamedTuple):
    """Settlements that went out now, by member, with their yen; ``own``: the buyer's own part, ``bill``: all parts, as
    the supplier's bill has them; the peers that have news."""

    documents: dict[bytes, bytes]
    amounts: dict[bytes, int]
    own: int
    bill: int
    news: frozenset[bytes]


def send(
    house: House, tx: Tx, machines: Seats, name: bytes, bill: Bill, *, due: str = "", assume: bool = False
) -> Sent:
    """Send every firm its settlement as a bill of this conductor's buyer, which opens a dealing between the two.

    Only where the order went out from here, or went outside; once for each firm. ``assume``: firms that have not said
    what came are taken to have got everything; CallerFault without it. ``due``: YYYY-MM-DD.
    """
    outcome, row = rounds.require_outcome(house, tx, machines, name), tx.joint.get(name)
    assert row is not None
    if outcome.round.supplier and not row.ordered:
        raise CallerFault("round", "the order was sent by another association: it has the bill and settles")
    said = receiving.known(tx, name)
    silent = [share.pledge.member for share in outcome.shares if share.pledge.member not in said]
    if silent and not assume:
        names = reading.names_of(tx, set(silent))
        listed = ", ".join(sorted(names.get(one, one.hex()[:12]) for one in silent))
        raise CallerFault("arrivals", f"have not said what came: {listed}", code="silent")
    settled = receiving.arrived(tx, name, outcome)
    buyer = outcome.round.conductors[outcome.round.number_of(house.node.public)].buyer
    done = tx.joint.settled(name)
    made = settlements(house, tx, name, settled, bill, "ja")
    fresh = [
        (share.pledge.member, one)
        for share, one in zip(settled.shares, made, strict=True)
        if share.pledge.member not in done and share.pledge.member != buyer
    ]
    if not fresh:
        raise CallerFault("round", "every firm has its settlement")
    submissions = [Submission(member, paper_of(tx, member, one, due)) for member, one in fresh]
    out = trade.submit(house, tx, buyer, submissions)
    documents = {member: sent.id for (member, _), sent in zip(fresh, out.submitted, strict=True)}
    for member, document in documents.items():
        tx.joint.put_settled(name, member, document)
    amounts = {share.pledge.member: one.net + one.tax for share, one in zip(settled.shares, made, strict=True)}
    sent = {member: amounts[member] for member in documents}
    return Sent(documents, sent, amounts.get(buyer, 0), sum(amounts.values()), out.news)


def paper_of(tx: Tx, member: bytes, one: Settlement, due: str) -> Invoice:
    """The bill: outside the tax (不課税), since it passes on what was paid; the supplier's tax is lines of its own."""
    words = Wording(one.language)
    say = words.say
    facts = (
        (say("Supplier"), one.supplier.name),
        (say("Registration number"), one.supplier.registration_number or say("none")),
        (say("Supplier's invoice"), f"{one.invoice} {words.day(one.invoice_day)}"),
    )
    note = f"{say(PASSED_ON)} " + words.join(f"{label}: {value}" for label, value in facts)
    lines = [
        _bill_line(line.name, line.amount, line.quantity, line.unit, line.price, words.taxed(line.category, line.rate))
        for line in one.lines
    ]
    own, every = one.rebate
    lines.append(_bill_line(say("Discount"), -own, detail=f"{words.money(own)} / {words.money(every)}"))
    own, every = one.freight
    lines.append(_bill_line(say("Freight"), own, detail=f"{words.money(own)} / {words.money(every)}"))
    lines.append(_bill_line(say("Balanced between the firms"), one.settled))
    for part in one.parts:
        detail = f"{words.money(part.tax)} / {words.money(part.bill_tax)}"
        name = f"{say('Consumption tax')} {words.taxed(part.category, part.rate)}"
        lines.append(_bill_line(name, part.tax, detail=detail))
    kept = [line for line in lines if line.amount]
    seller = replace(one.by, registration_number="")  # it is no invoice of its own, and claims to be none
    paper = Invoice(
        number=one.number,
        issue_date=one.issue_date,
        currency="JPY",
        note=note,
        references=(Reference(kind="other", number=one.invoice, date=one.invoice_day, description=one.round),),
        buyer=parties.party_of(tx, member),
        seller=seller,
        lines=tuple(replace(line, line_id=str(at)) for at, line in enumerate(kept, 1)),
        taxes=(),
        totals=Totals(),
        rounding="down",
        kind=NOT_TAXED,
        transaction_date=one.invoice_day,
        terms=PaymentTerms(due_date=due) if due else None,
    )
    return footing.bill(paper)


def _bill_line(
    name: str, amount: int, quantity: int = 1, unit: str = "C62", price: int | None = None, detail: str = ""
) -> InvoiceLine:
    return InvoiceLine(
        line_id="0",
        item=Item(name=name, description=detail),
        quantity=Scaled(value=quantity, scale=0),
        unit=unit,
        price=Price(value=Scaled(value=price, scale=0)) if price is not None else None,
        amount=abs(amount),
        tax=TaxCategory(category="O"),
        negative=amount < 0,
    )
