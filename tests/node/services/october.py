"""A dealing between two associations, carried as far as a test needs it: ordered, shipped, inspected, billed."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from node.services import drafting
from node.services.desk import dealing
from node.services.drafting import Step
from node.services.trade import Submission
from protocol.process.trade.papers import (
    Delivery,
    Item,
    Order,
    OrderLine,
    Party,
    PaymentTerms,
    Period,
    Price,
    Scaled,
    TaxCategory,
)
from tests.node.services.town import Association


def order(number: str, quantity: int = 20, price: int = 1150, day: str = "2026-10-05", **more: Any) -> Order:
    """One line of furoshiki."""
    line = OrderLine(
        line_id="1",
        item=Item(name="風呂敷", gtin="2900000501010"),
        quantity=Scaled(quantity),
        unit="H87",
        price=Price(value=Scaled(price)),
        amount=price * quantity,
        tax=TaxCategory(category="S", rate=Scaled(10)),
    )
    seller = Party(name="花咲堂", corporate_number="7000012050002", registration_number="T7000012050002")
    parties = {"buyer": Party(name="金太郎機械"), "seller": seller}
    return Order(number=number, issue_date=day, currency="JPY", **parties, lines=(line,), **more)


def step(town: Association, member: bytes, thread: bytes, what: Step, today: str, **fields: Any) -> bytes:
    """The next paper of a dealing as it is drafted, with some ``fields`` written over, sent."""
    paper = replace(town.do(lambda tx: dealing.write_draft(tx, member, thread, what, today)), **fields)
    row = town.see(lambda tx: tx.threads.get(member, thread))
    assert row is not None
    return town.submit(member, Submission(row.partner, paper, thread=thread))[0].id


def start(buyer_town: Association, seller_town: Association, buyer: bytes, seller: bytes, paper: Order) -> bytes:
    """An order that arrived; its thread."""
    thread = buyer_town.submit(buyer, Submission(seller, paper))[0].thread
    buyer_town.send_all(seller_town)
    return thread


def billed(
    buyer_town: Association,
    seller_town: Association,
    buyer: bytes,
    seller: bytes,
    paper: Order,
    *,
    until: Step = Step.BILL,
    day: str = "2026-10-20",
) -> bytes:
    """A dealing from the order to the step ``until``, each paper arrived; its thread."""
    thread = start(buyer_town, seller_town, buyer, seller, paper)
    steps = ((Step.ANSWER, True), (Step.SHIP, True), (Step.INSPECT, False), (Step.BILL, True), (Step.PAY, False))
    for what, sold in steps:
        town, other, member = (seller_town, buyer_town, seller) if sold else (buyer_town, seller_town, buyer)
        step(town, member, thread, what, day)
        town.send_all(other)
        if what is until:
            break
    return thread


__all__ = ["Delivery", "PaymentTerms", "Period", "billed", "drafting", "order", "start", "step"]
