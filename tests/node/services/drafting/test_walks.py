"""Walks through dealings by their own drafts: whatever step is offered can be drafted, is correct, and is possible.

Each walk is a random choice among the offered steps of both sides, sometimes with part of the quantities only.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from node.services.drafting import Context, Step, draft, main_step, possible
from protocol.errors import ImpossibleStep
from protocol.process.fact import Fact
from protocol.process.money import Rounding
from protocol.process.thread import judge
from protocol.process.trade.check import check
from protocol.process.trade.papers import (
    ChangeLine,
    CorrectiveInvoice,
    DespatchAdvice,
    Invoice,
    Item,
    OrderCancellation,
    OrderChange,
    OrderLine,
    OrderResponse,
    Paper,
    Price,
    ReceivingAdvice,
    RequestForQuotation,
    Scaled,
    TaxCategory,
)
from protocol.process.trade.table import Role, State
from tests.protocol.process.dealings import DAY, PARTIES, Desk

LINES = (
    OrderLine(
        line_id="1",
        item=Item(name="竹ざる", gtin="2900000701014"),
        quantity=Scaled(40),
        unit="H87",
        price=Price(value=Scaled(780)),
        tax=TaxCategory(category="S", rate=Scaled(10)),
    ),
    OrderLine(
        line_id="2",
        item=Item(name="だし"),
        quantity=Scaled(35, 1),
        unit="KGM",
        price=Price(value=Scaled(421)),
        tax=TaxCategory(category="AA", rate=Scaled(8)),
    ),
)


class Walk:
    """A dealing that goes on by its own drafts."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.desk = Desk(str(seed))
        self.steps: list[tuple[Role, Step]] = []
        paper = RequestForQuotation(number="E-1", issue_date=DAY, currency="JPY", **PARTIES, lines=LINES)
        self.ends = (self.desk.write("buyer", paper),)

    def offered(self) -> list[tuple[Role, Step]]:
        state = self.desk.fold()
        return [(role, step) for role in Role for step in possible(state, role)]

    def context(self, me: Role = Role.BUYER) -> Context:
        number = f"N-{len(self.steps) + 1}"
        rounding = self.dice.choice(list(Rounding))
        return Context(DAY, number, me, PARTIES["buyer"], PARTIES["seller"], rounding, due="2026-12-25")

    def take(self, role: Role, step: Step) -> Fact:
        paper = self.filled(draft(step, self.desk.fold(), self.desk.facts, self.context(role)))
        check(paper)
        follows = [fact for fact in self.desk.facts if fact.id in self.desk.fold().heads]
        before = list(self.desk.facts)
        fact = self.desk.write(role.value, paper, *follows, time=len(self.steps) + 1)
        judge(before, fact).require_possible()
        self.steps.append((role, step))
        return fact

    def filled(self, paper: Paper) -> Paper:
        """What only a person can say: reasons, what to change, and now and then less than everything."""
        part = self.dice.random() < 0.4
        match paper:
            case OrderCancellation():
                return replace(paper, reason="もう要らなくなりました")
            case OrderChange():
                order = self.desk.fold().order
                assert order is not None
                later = replace(order.lines[0], note="10月19日に")
                return replace(paper, lines=(ChangeLine(action="changed", line=later),))
            case OrderResponse() if part:
                lines = (replace(paper.lines[0], status="changed", quantity=Scaled(24)), *paper.lines[1:])
                return replace(paper, response="changed", lines=lines)
            case DespatchAdvice() if part:
                return replace(paper, lines=paper.lines[:1])
            case ReceivingAdvice() if part:
                line = paper.lines[0]
                worse = replace(line, passed=Scaled(0), failed=line.received, returned=line.received)
                return replace(paper, result="partial", lines=(worse, *paper.lines[1:]))
            case CorrectiveInvoice():
                return replace(paper, reason="返品のため")
            case _:
                return paper


def walk(seed: int, length: int = 14) -> Walk:
    going = Walk(seed)
    for _ in range(length):
        offered = going.offered()
        if not offered:
            break
        going.take(*going.dice.choice(offered))
    return going


def walks() -> Iterator[Walk]:
    return (walk(seed) for seed in range(60))


@pytest.mark.parametrize("block", range(6))
def test_every_offered_step_can_be_taken(block: int) -> None:
    for seed in range(block * 40, block * 40 + 40):
        walk(seed)


def test_the_walks_go_everywhere() -> None:
    taken: set[Step] = set()
    states: set[State] = set()
    for going in walks():
        taken |= {step for _, step in going.steps}
        states.add(going.desk.fold().state)
    assert taken == set(Step)
    assert {State.PAID, State.CANCELLED, State.BILLED} <= states


def test_the_straight_way_is_seven_papers_and_nothing_waits_at_its_end() -> None:
    going = Walk(1)
    going.filled = lambda paper: paper  # type: ignore[method-assign]
    taken = []
    for _ in range(10):
        state = going.desk.fold()
        waiting = [(role, step) for role in Role if (step := main_step(state, role)) is not None]
        if not waiting:
            break
        assert len(waiting) == 1 or waiting[1][1] in (Step.BILL, Step.INSPECT)
        taken.append(waiting[0][1])
        going.take(*waiting[0])
    assert going.desk.fold().state is State.PAID
    assert taken[:3] == [Step.QUOTE, Step.ORDER, Step.ANSWER]
    assert set(taken[3:]) == {Step.SHIP, Step.INSPECT, Step.BILL, Step.PAY}
    assert len(taken) == 7


def test_an_invoice_is_footed_once_per_rate() -> None:
    going = Walk(2)
    going.filled = lambda paper: paper  # type: ignore[method-assign]
    for role, step in (
        (Role.SELLER, Step.QUOTE),
        (Role.BUYER, Step.ORDER),
        (Role.SELLER, Step.ANSWER),
        (Role.SELLER, Step.SHIP),
        (Role.BUYER, Step.INSPECT),
    ):
        going.take(role, step)
    context = Context(DAY, "I-1", Role.SELLER, PARTIES["buyer"], PARTIES["seller"], Rounding.DOWN, "2026-12-25")
    invoice = draft(Step.BILL, going.desk.fold(), going.desk.facts, context)
    assert isinstance(invoice, Invoice)
    assert [(one.category, one.basis, one.tax) for one in invoice.taxes] == [("AA", 1_473, 117), ("S", 31_200, 3_120)]
    assert invoice.totals.payable == 1_473 + 117 + 31_200 + 3_120
    assert invoice.kind == "380"
    assert invoice.terms is not None
    assert invoice.terms.due_date == "2026-12-25"


def test_what_came_back_is_credited() -> None:
    going = Walk(3)
    going.filled = lambda paper: paper  # type: ignore[method-assign]
    for role, step in (
        (Role.SELLER, Step.QUOTE),
        (Role.BUYER, Step.ORDER),
        (Role.SELLER, Step.ANSWER),
        (Role.SELLER, Step.SHIP),
        (Role.SELLER, Step.BILL),
    ):
        going.take(role, step)
    paper = draft(Step.INSPECT, going.desk.fold(), going.desk.facts, going.context())
    assert isinstance(paper, ReceivingAdvice)
    first = paper.lines[0]
    bad = replace(first, passed=Scaled(38), failed=Scaled(2), returned=Scaled(2))
    ends = [fact for fact in going.desk.facts if fact.id in going.desk.fold().heads]
    going.desk.write("buyer", replace(paper, result="partial", lines=(bad, *paper.lines[1:])), *ends, time=99)
    state = going.desk.fold()
    assert Step.SHIP in possible(state, Role.SELLER), "if both want it"
    assert main_step(state, Role.SELLER) is Step.CREDIT, "it is billed: what came back is owed, not what to ship again"
    credit = draft(Step.CREDIT, state, going.desk.facts, going.context())
    assert isinstance(credit, CorrectiveInvoice)
    assert [(line.order_line_id, line.quantity, line.amount) for line in credit.lines] == [("1", Scaled(2), 1_560)]
    assert credit.totals.payable == 1_560 + 156
    ends = [fact for fact in going.desk.facts if fact.id in going.desk.fold().heads]
    going.desk.write("seller", replace(credit, reason="返品"), *ends, time=100)
    assert main_step(going.desk.fold(), Role.SELLER) is None


def test_a_dealing_without_an_order_has_nothing_to_ship() -> None:
    going = Walk(4)
    with pytest.raises(ImpossibleStep, match="no order"):
        draft(Step.SHIP, going.desk.fold(), going.desk.facts, going.context())
