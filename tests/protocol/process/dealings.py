"""A desk that writes the papers of one dealing, so that a test reads like the dealing it tells of."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from protocol.process.fact import Fact
from protocol.process.thread import ThreadState, fold
from protocol.process.trade.papers import (
    TYPE_OF,
    ChangeLine,
    ChangeResponse,
    CorrectiveInvoice,
    DespatchAdvice,
    DespatchLine,
    Invoice,
    InvoiceLine,
    Item,
    Message,
    Order,
    OrderCancellation,
    OrderChange,
    OrderLine,
    OrderResponse,
    PaidItem,
    Paper,
    Party,
    PaymentNotice,
    Price,
    Quotation,
    ReceivingAdvice,
    ReceivingLine,
    RequestForQuotation,
    Scaled,
    SelfBilledResponse,
    SelfBilledStatement,
    TaxCategory,
    TaxSubtotal,
    Totals,
)

BUYER, SELLER, STRANGER = b"B" * 32, b"S" * 32, b"X" * 32
NANO = 10**9
DAY = "2026-11-22"
PARTIES: dict[str, Any] = {
    "buyer": Party(name="豊田精機株式会社", corporate_number="7180001044022"),
    "seller": Party(
        name="京都電子工業株式会社", corporate_number="7000012050002", registration_number="T7000012050002"
    ),
}
Lines = dict[str, int]
TEN_AND_FIVE: Lines = {"1": 10, "2": 5}


class Desk:
    """Writes facts with ids that depend on nothing but the order of writing and the ``salt``."""

    def __init__(self, salt: str = "") -> None:
        self.salt = salt
        self.facts: list[Fact] = []

    def write(
        self, side: str, paper: Paper, *follows: Fact, revision: int = 0, time: int = 0, key: str | None = None
    ) -> Fact:
        """One fact; it follows the given ones."""
        author, audience = (BUYER, SELLER) if side == "buyer" else (SELLER, BUYER)
        fact = Fact(
            id=hashlib.sha256(f"{self.salt}{len(self.facts)}".encode()).digest(),
            author=author,
            audience=audience,
            type=TYPE_OF[type(paper)],
            version=1,
            follows=tuple(sorted({one.id for one in follows})),
            body=paper,
            business_key=paper.number if key is None else key,
            revision=revision,
            time=time,
        )
        self.facts.append(fact)
        return fact

    def fold(self) -> ThreadState:
        """The fold of all that was written."""
        return fold(self.facts)

    # ------------------------------------------------------------------ one method per paper

    def enquire(self, *follows: Fact, number: str = "E-1", **more: Any) -> Fact:
        paper = RequestForQuotation(**head(number), **PARTIES, lines=order_lines(TEN_AND_FIVE))
        return self.write("buyer", paper, *follows, **more)

    def quote(self, *follows: Fact, number: str = "Q-1", lines: Lines = TEN_AND_FIVE, **more: Any) -> Fact:
        return self.write("seller", Quotation(**head(number), **PARTIES, lines=order_lines(lines)), *follows, **more)

    def order(self, *follows: Fact, number: str = "PO-1", lines: Lines = TEN_AND_FIVE, **more: Any) -> Fact:
        return self.write("buyer", Order(**head(number), **PARTIES, lines=order_lines(lines)), *follows, **more)

    def respond(self, word: str, *follows: Fact, number: str = "R-1", lines: Any = (), **fields: Any) -> Fact:
        paper = OrderResponse(**head(number), **PARTIES, order=fields.pop("order", "PO-1"), response=word, lines=lines)
        return self.write("seller", paper, *follows, **fields)

    def change(self, side: str, *follows: Fact, number: str = "C-1", lines: Lines | None = None, **more: Any) -> Fact:
        lines = {"1": 8} if lines is None else lines
        changes = tuple(ChangeLine(action="changed", line=line) for line in order_lines(lines))
        paper = OrderChange(**head(number), order="PO-1", lines=changes, **more.pop("fields", {}))
        return self.write(side, paper, *follows, **more)

    def cancel(self, side: str, *follows: Fact, number: str = "X-1", lines: tuple[str, ...] = (), **more: Any) -> Fact:
        paper = OrderCancellation(**head(number), order="PO-1", reason="no longer needed", lines=lines)
        return self.write(side, paper, *follows, **more)

    def answer(self, side: str, word: str, answers: str, *follows: Fact, number: str = "A-1", **more: Any) -> Fact:
        return self.write(side, ChangeResponse(**head(number), response=word, answers=answers), *follows, **more)

    def despatch(self, *follows: Fact, number: str = "D-1", lines: Lines = TEN_AND_FIVE, **more: Any) -> Fact:
        shipped = tuple(
            DespatchLine(line_id=one, order_line_id=one, quantity=Scaled(amount), unit="H87")
            for one, amount in lines.items()
        )
        paper = DespatchAdvice(**head(number), order=more.pop("order", "PO-1"), lines=shipped)
        return self.write("seller", paper, *follows, **more)

    def receive(
        self,
        *follows: Fact,
        number: str = "V-1",
        passed: Lines = TEN_AND_FIVE,
        failed: Lines | None = None,
        despatch: str = "",
        **more: Any,
    ) -> Fact:
        failed = failed or {}
        fields = more.pop("line", {})
        found = tuple(
            ReceivingLine(
                line_id=one,
                order_line_id=one,
                unit="H87",
                passed=Scaled(amount),
                failed=Scaled(failed[one]) if one in failed else None,
                **fields,
            )
            for one, amount in passed.items()
        )
        result = "partial" if failed else "accepted"
        paper = ReceivingAdvice(
            **head(number), order="PO-1", result=result, received_date=DAY, lines=found, despatch=despatch
        )
        return self.write("buyer", paper, *follows, **more)

    def bill(self, *follows: Fact, number: str = "I-1", lines: Lines = TEN_AND_FIVE, **more: Any) -> Fact:
        return self.write("seller", Invoice(**billing(number, lines, **more.pop("fields", {}))), *follows, **more)

    def correct(
        self,
        effect: str,
        *follows: Fact,
        number: str = "K-1",
        corrects: str = "I-1",
        lines: Lines | None = None,
        **more: Any,
    ) -> Fact:
        lines = {"1": 8, "2": 5} if lines is None else lines
        paper = CorrectiveInvoice(
            **billing(number, lines), corrects=corrects, corrects_date=DAY, effect=effect, reason="wrong quantity"
        )
        return self.write("seller", paper, *follows, **more)

    def state(self, *follows: Fact, number: str = "T-1", lines: Lines = TEN_AND_FIVE, **more: Any) -> Fact:
        return self.write("buyer", SelfBilledStatement(**billing(number, lines)), *follows, **more)

    def confirm(self, word: str, *follows: Fact, number: str = "F-1", statement: str = "T-1", **more: Any) -> Fact:
        return self.write(
            "seller", SelfBilledResponse(**head(number), statement=statement, response=word), *follows, **more
        )

    def pay(self, amount: int, *follows: Fact, number: str = "P-1", bill: str = "I-1", **more: Any) -> Fact:
        items = (PaidItem(number=bill, kind=more.pop("kind", "invoice"), amount=amount),)
        paper = PaymentNotice(**head(number), payment_date=DAY, items=items, total=amount)
        return self.write("buyer", paper, *follows, **more)

    def say(self, side: str, *follows: Fact, number: str = "M-1", kind: str = "note", **more: Any) -> Fact:
        paper = Message(**head(number), kind=kind, text="納期を相談したいです。", **more.pop("fields", {}))
        return self.write(side, paper, *follows, **more)

    # ------------------------------------------------------------------ dealings that tests start from

    def accepted(self) -> Fact:
        """An order, accepted."""
        return self.respond("accepted", self.order())

    def countered(self, **more: Any) -> Fact:
        """An order, answered with changes."""
        from protocol.process.trade.papers import ResponseLine

        line = ResponseLine(line_id="1", order_line_id="1", status="changed", quantity=Scaled(7))
        return self.respond("changed", self.order(), lines=(line,), **more)

    def held(self) -> tuple[Fact, Fact]:
        """An order that two clerks of the seller answered, each not knowing of the other."""
        order = self.order()
        return self.respond("accepted", order), self.respond("refused", order, number="R-2")


def head(number: str) -> dict[str, Any]:
    return {"number": number, "issue_date": DAY, "currency": "JPY"}


def order_lines(lines: Lines) -> tuple[OrderLine, ...]:
    return tuple(
        OrderLine(
            line_id=one,
            item=Item(name=f"軸受 {one}"),
            quantity=Scaled(amount),
            unit="H87",
            price=Price(value=Scaled(100)),
            amount=100 * amount,
            tax=TaxCategory(category="S", rate=Scaled(10)),
        )
        for one, amount in lines.items()
    )


def billing(number: str, lines: Lines, **more: Any) -> dict[str, Any]:
    net = 100 * sum(lines.values())
    billed = tuple(
        InvoiceLine(
            line_id=one,
            item=Item(name=f"軸受 {one}"),
            quantity=Scaled(amount),
            unit="H87",
            amount=100 * amount,
            price=Price(value=Scaled(100)),
            tax=TaxCategory(category="S", rate=Scaled(10)),
            order="PO-1",
            order_line_id=one,
        )
        for one, amount in lines.items()
    )
    return {
        **head(number),
        **PARTIES,
        "lines": billed,
        "taxes": (TaxSubtotal(category="S", rate=Scaled(10), basis=net, tax=net // 10),),
        "totals": Totals(lines=net, net=net, tax=net // 10, gross=net + net // 10, payable=net + net // 10),
        "rounding": "down",
        "transaction_date": DAY,
        **more,
    }


def shuffles(facts: Iterable[Fact], count: int, seed: int = 1) -> Iterable[list[Fact]]:
    """Reversed, and some seeded shuffles: orders of arrival."""
    import random

    facts = list(facts)
    yield facts[::-1]
    generator = random.Random(seed)
    for _ in range(count):
        yield generator.sample(facts, len(facts))
