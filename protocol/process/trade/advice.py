"""What is unwise or incomplete in law: advice to the writer, never a refusal. Owns the rules; knows no state.

The statement that a Japanese order has to make (取適法 4条, in force since 2026-01-01), its rules of payment (3条, 5条)
and what a qualified invoice has to say (適格請求書, 消費税法57条の4). This is a reading aid, not legal judgement:
whether the law applies depends on capital and staff of both firms, which no paper states.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final, NamedTuple

from protocol.process.checks import is_corporate_number, is_date
from protocol.process.trade.papers import (
    Billing,
    CorrectiveInvoice,
    Order,
    OrderLine,
    Paper,
    PaymentMeans,
    PaymentTerms,
    SelfBilledStatement,
    SuppliedMaterial,
)

PAYMENT_DAYS: Final = 60  # 取適法 3条: counting the day of receipt as the first
NOTES: Final = frozenset({"20", "60", "61", "62"})  # UNCL4461: cheques and promissory notes


class Advice(NamedTuple):
    """One piece of advice: the ``rule`` (law, article), the ``field``, the id of the ``text`` in :data:`TEXTS`."""

    rule: str
    field: str
    text: str


TEXTS: Final[dict[str, str]] = {
    "order.parties": "State the names of both parties.",
    "order.content": "State what is ordered: the name of the item, and how much.",
    "order.delivery_date": "State the day or period of delivery.",
    "order.place": "State the place of delivery.",
    "order.inspection": "State by when the inspection ends, or that there is none.",
    "order.amount": "State the price, or the formula by which it is found.",
    "order.due_date": "State the day of payment.",
    "order.due_date_late": "The day of payment is later than day 60, counting the last day of delivery as day 1.",
    "order.settlement": "For lump settlement or an electronic record state institution, amount and due date.",
    "order.settlement_late": "An electronic record or lump settlement must be cash by the day of payment.",
    "order.promissory_note": "Promissory notes and cheques may not be used for payment.",
    "order.supplied": "For paid-supplied material state item, quantity, price, handover and settlement.",
    "order.undecided": "Say why an item is undecided and by when it will be decided.",
    "invoice.issuer": "State the name of the issuer.",
    "invoice.registration_number": "State the registration number (T and 13 digits).",
    "invoice.registration_check": "The registration number should be T and the corporate number; check it.",
    "invoice.recipient": "State the name of the recipient.",
    "invoice.transaction_date": "State the day of the transaction, or the period.",
    "invoice.content": "State what was supplied.",
    "invoice.unregistered": "An invoice of kind 480 (not registered) must not carry a registration number.",
}
"""Text id → English text, the message id for translation."""


def advise(paper: Paper) -> tuple[Advice, ...]:
    """All advice on a paper that passed its checks, in the order of its fields; empty when there is none."""
    if isinstance(paper, Order):
        return tuple(_order(paper))
    if isinstance(paper, Billing):
        return tuple(_billing(paper))
    return ()


# ---------------------------------------------------------------------- 取適法


def _order(order: Order) -> Iterator[Advice]:
    undecided = {one.field for one in order.undecided}
    for advice in _statement(order):
        if not any(_covers(field, advice.field) for field in undecided):
            yield advice
    yield from _due(order)
    yield from _means(order.terms)
    for index, one in enumerate(order.undecided):
        if not one.expected_date:
            yield Advice("取適法4条1項但書", f"undecided[{index}].expected_date", "order.undecided")


def _covers(undecided: str, field: str) -> bool:
    """`lines[0].amount` is covered by itself and by `lines`."""
    return field == undecided or field.startswith((f"{undecided}.", f"{undecided}["))


def _statement(order: Order) -> Iterator[Advice]:
    for side, party in (("buyer", order.buyer), ("seller", order.seller)):
        if not party.name:
            yield Advice("取適法4条 当事者", f"{side}.name", "order.parties")
    for index, line in enumerate(order.lines):
        yield from _line(order, line, f"lines[{index}]")
    if order.inspection is None or not (
        order.inspection.completion_date or order.inspection.days_after_receipt is not None or order.inspection.waived
    ):
        yield Advice("取適法4条 検査完了期日", "inspection.completion_date", "order.inspection")
    if order.terms is None or not order.terms.due_date:
        yield Advice("取適法4条 支払期日", "terms.due_date", "order.due_date")
    for index, material in enumerate(order.supplied):
        if not _is_complete(material):
            yield Advice("取適法4条 有償支給", f"supplied[{index}]", "order.supplied")


def _line(order: Order, line: OrderLine, field: str) -> Iterator[Advice]:
    if not line.item.name or not line.quantity.value:
        yield Advice("取適法4条 給付の内容", f"{field}.item", "order.content")
    deliveries = [one for one in (line.delivery, order.delivery) if one is not None]
    if not any(one.period and (one.period.start or one.period.end or one.period.description) for one in deliveries):
        yield Advice("取適法4条 給付の期日", f"{field}.delivery", "order.delivery_date")
    if not any(one.location or one.party for one in deliveries):
        yield Advice("取適法4条 給付の場所", f"{field}.delivery.location", "order.place")
    if line.price is None and line.amount is None and not line.formula:
        yield Advice("取適法4条 代金の額", f"{field}.amount", "order.amount")


def _is_complete(material: SuppliedMaterial) -> bool:
    settled = material.settlement_date and material.settlement_method
    return bool(material.quantity and material.amount is not None and material.handover_date and settled)


def _due(order: Order) -> Iterator[Advice]:
    """Day of payment at most 59 days after the last day of delivery that is stated."""
    if order.terms is None or not is_date(order.terms.due_date):
        return
    deliveries = [order.delivery, *(line.delivery for line in order.lines)]
    days = [one.period.end or one.period.start for one in deliveries if one is not None and one.period is not None]
    known = [day for day in days if is_date(day)]
    if not known:
        return
    latest = date.fromisoformat(max(known)).toordinal() + PAYMENT_DAYS - 1
    if date.fromisoformat(order.terms.due_date).toordinal() > latest:
        yield Advice("取適法3条", "terms.due_date", "order.due_date_late")


def _means(terms: PaymentTerms | None) -> Iterator[Advice]:
    for index, means in enumerate(() if terms is None else terms.means):
        field = f"terms.means[{index}]"
        if means.method == "promissory_note" or means.code in NOTES:
            yield Advice("取適法5条1項2号", f"{field}.method", "order.promissory_note")
        if means.method in ("lump_settlement", "electronic_record"):
            if not _is_settled(means):
                yield Advice("取適法4条 一括決済方式・電子記録債権", field, "order.settlement")
            if terms is not None and terms.due_date and means.maturity > terms.due_date:
                yield Advice("取適法5条1項2号", f"{field}.maturity", "order.settlement_late")


def _is_settled(means: PaymentMeans) -> bool:
    return bool(means.institution and means.maturity and (means.amount is not None or means.percent is not None))


# ---------------------------------------------------------------------- 適格請求書


def _billing(bill: Billing) -> Iterator[Advice]:
    if not bill.seller.name:
        yield Advice("消費税法57条の4 1号", "seller.name", "invoice.issuer")
    yield from _registration(bill)
    if not (bill.transaction_date or bill.period or all(line.transaction_date or line.period for line in bill.lines)):
        yield Advice("消費税法57条の4 2号", "transaction_date", "invoice.transaction_date")
    for index, line in enumerate(bill.lines):
        if not line.item.name:
            yield Advice("消費税法57条の4 3号", f"lines[{index}].item.name", "invoice.content")
    if not bill.buyer.name:
        yield Advice("消費税法57条の4 6号", "buyer.name", "invoice.recipient")


def _registration(bill: Billing) -> Iterator[Advice]:
    number, corporate = bill.seller.registration_number, bill.seller.corporate_number
    if bill.kind == "480" and not isinstance(bill, SelfBilledStatement | CorrectiveInvoice):
        if number:
            yield Advice("JP PINT nontaxinvoice", "seller.registration_number", "invoice.unregistered")
        return
    if not number:
        yield Advice("消費税法57条の4 1号", "seller.registration_number", "invoice.registration_number")
    elif number[1:] != corporate and (corporate or not is_corporate_number(number[1:])):
        yield Advice("消費税法57条の4 1号", "seller.registration_number", "invoice.registration_check")
