"""Conditions beyond the state: each one, the reason it gives, and the nearest paper that passes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from protocol.process.fact import Fact
from protocol.process.thread import State, Verdict, judge
from protocol.process.trade.guards import show
from protocol.process.trade.papers import (
    ChangeLine,
    Delivery,
    Inspection,
    Item,
    OrderChange,
    PaymentTerms,
    Period,
    ResponseLine,
    Scaled,
    Undecided,
)
from tests.protocol.process.dealings import Desk, head, order_lines


@pytest.fixture
def desk() -> Desk:
    return Desk()


def refused(desk: Desk, fact: Fact) -> tuple[str, str]:
    """Code and reason of the fact, which was written last."""
    outcome = judge(desk.facts[:-1], fact)
    assert outcome.verdict is Verdict.REFUSED
    assert desk.facts.pop() is fact
    return outcome.code, outcome.reason


def possible(desk: Desk, fact: Fact) -> Fact:
    assert judge(desk.facts[:-1], fact).verdict is Verdict.EFFECTIVE
    return fact


def with_body(desk: Desk, fact: Fact, **more: Any) -> Fact:
    """The fact that was written last, with other words in its paper."""
    desk.facts[-1] = fact._replace(body=replace(fact.body, **more))
    return desk.facts[-1]


@pytest.mark.parametrize("paper", ["respond", "change", "cancel", "despatch", "receive"])
def test_it_names_the_order_of_this_dealing(desk: Desk, paper: str) -> None:
    order = desk.order()
    writers: dict[str, Callable[[], Fact]] = {
        "respond": lambda: desk.respond("accepted", order),
        "change": lambda: desk.change("buyer", order),
        "cancel": lambda: desk.cancel("seller", order),
        "despatch": lambda: desk.despatch(order),
        "receive": lambda: desk.receive(order),
    }
    write = writers[paper]
    other = with_body(desk, write(), order="PO-7")
    assert refused(desk, other) == ("order", "it names order PO-7; the order of this dealing is PO-1")
    possible(desk, write())


def test_another_order_in_the_same_dealing(desk: Desk) -> None:
    order = desk.order()
    reason = "this dealing has order PO-1; revise it, or start a new dealing"
    assert refused(desk, desk.order(order, number="PO-2")) == ("contradicting_orders", reason)
    one, other = desk.respond("accepted", order), desk.respond("refused", order, number="R-2")
    again = desk.order(one, other, revision=1)
    assert refused(desk, again) == ("contradicting_orders", "it is not the order that is contradicted")


def test_two_orders_can_be_neither_changed_nor_answered(desk: Desk) -> None:
    quotation = desk.quote()
    two = desk.order(quotation), desk.order(quotation, number="PO-2")
    reason = "the orders of this dealing contradict each other; the buyer must decide"
    assert refused(desk, desk.respond("accepted", *two)) == ("one_order", reason)
    assert refused(desk, desk.change("buyer", *two)) == ("one_order", reason)
    assert refused(desk, desk.cancel("buyer", *two)) == ("one_order", reason)
    assert refused(desk, desk.receive(*two)) == ("one_order", reason)
    possible(desk, desk.pay(5, *two))


def test_change_accepted_when_the_orders_contradict(desk: Desk) -> None:
    order = desk.order()
    change, revised = desk.change("buyer", order), desk.order(order, lines={"1": 20}, revision=1)
    response = desk.respond("accepted", order)
    answer = desk.answer("seller", "accepted", "C-1", change, revised, response)
    assert refused(desk, answer)[0] == "one_order"
    possible(desk, desk.answer("seller", "refused", "C-1", change, revised, response))


@pytest.mark.parametrize("paper", ["change", "bill", "correct", "state", "pay"])
def test_currency_of_the_dealing(desk: Desk, paper: str) -> None:
    bill = desk.bill(desk.accepted(), lines={"1": 1})
    writers: dict[str, Callable[[], Fact]] = {
        "change": lambda: desk.change("buyer", bill),
        "bill": lambda: desk.bill(bill, number="I-2", lines={"1": 1}),
        "correct": lambda: desk.correct("replaced", bill),
        "state": lambda: desk.state(bill, lines={"1": 1}),
        "pay": lambda: desk.pay(5, bill),
    }
    write = writers[paper]
    assert refused(desk, with_body(desk, write(), currency="EUR")) == (
        "currency",
        "its currency is EUR; this dealing is in JPY",
    )
    possible(desk, write())


def test_currency_without_an_order_is_that_of_the_first_paper(desk: Desk) -> None:
    bill = desk.bill()
    assert refused(desk, with_body(desk, desk.pay(5, bill), currency="EUR"))[0] == "currency"


def test_answers_name_lines_of_the_order(desk: Desk) -> None:
    order = desk.order()
    for bad, reason in (
        (ResponseLine(line_id="1", order_line_id="8", status="changed"), "the order has no line 8"),
        (
            ResponseLine(line_id="2", order_line_id="", status="added", item=Item(name="x"), quantity=Scaled(1)),
            "added line 2 is a line of the order already",
        ),
    ):
        assert refused(desk, desk.respond("changed", order, lines=(bad,))) == ("order_lines", reason)


def test_changes_name_lines_of_the_order(desk: Desk) -> None:
    order = desk.order()
    (line,) = order_lines({"1": 4})
    for change, reason in (
        (ChangeLine(action="changed", line=replace(line, line_id="8")), "the order has no line 8"),
        (ChangeLine(action="removed", line=replace(line, line_id="8")), "the order has no line 8"),
        (ChangeLine(action="added", line=line), "added line 1 is a line of the order already"),
    ):
        assert refused(desk, with_body(desk, desk.change("buyer", order), lines=(change,))) == ("changed_lines", reason)
    assert refused(desk, desk.cancel("buyer", order, lines=("8",))) == ("cancelled_lines", "the order has no line 8")


def test_line_added_twice_by_changes_beside_each_other(desk: Desk) -> None:
    accepted = desk.accepted()
    added = ChangeLine(action="added", line=replace(order_lines({"1": 4})[0], line_id="9"))
    mine = with_body(desk, desk.change("buyer", accepted), lines=(added,))
    theirs = with_body(desk, desk.change("seller", accepted, number="C-2"), lines=(added,))
    first = possible(desk, desk.answer("seller", "accepted", "C-1", mine, theirs))
    second = desk.answer("buyer", "accepted", "C-2", first, theirs, number="A-2")
    assert refused(desk, second) == ("changed_lines", "added line 9 is a line of the order already")


def test_a_question_is_answered_once(desk: Desk) -> None:
    change = desk.change("buyer", desk.accepted())
    answer = desk.answer("seller", "accepted", "C-1", change)
    again = desk.answer("seller", "refused", "C-1", answer, number="A-2")
    assert refused(desk, again) == ("answers", "C-1 has been answered already")
    assert refused(desk, desk.change("buyer", answer, revision=1)) == ("unanswered", "C-1 has been answered already")
    assert refused(desk, desk.answer("buyer", "accepted", "C-1", change))[0] == "answers"


def test_an_answer_where_the_order_has_ended(desk: Desk) -> None:
    order = desk.order()
    change, refusal = desk.change("buyer", order), desk.respond("refused", order)
    answer = desk.answer("seller", "accepted", "C-1", change, refusal)
    assert refused(desk, answer) == ("state", "a refused order has no question to answer")


def test_units_and_lines_of_deliveries_and_bills(desk: Desk) -> None:
    accepted = desk.accepted()
    for write in (desk.despatch, desk.receive, desk.bill, desk.state):
        fact = write(accepted)
        lines = fact.body.lines  # type: ignore[attr-defined]  # all four have lines
        bad = replace(lines[0], unit="KGM"), *lines[1:]
        assert refused(desk, with_body(desk, fact, lines=bad)) == ("line_units", "line 1 is ordered in H87, not in KGM")
        bad = replace(lines[0], unit=""), *lines[1:]
        fact = write(accepted)
        assert refused(desk, with_body(desk, fact, lines=bad)) == (
            "line_units",
            "line 1 is ordered in H87, not in none",
        )
        fact = write(accepted)
        bad = replace(lines[0], order_line_id="8"), *lines[1:]
        assert refused(desk, with_body(desk, fact, lines=bad)) == ("line_units", "the order has no line 8")


def test_bills_may_have_lines_of_no_order_and_of_others(desk: Desk) -> None:
    bill = desk.bill(desk.accepted())
    freight, other = bill.body.lines  # type: ignore[attr-defined]  # an invoice
    lines = (replace(freight, order_line_id="", unit="KMT"), replace(other, order="PO-7", order_line_id="8"))
    possible(desk, with_body(desk, bill, lines=lines))
    assert [line.billed for line in desk.fold().lines] == [0, 0]


def test_shipped_above_accepted(desk: Desk) -> None:
    accepted = desk.accepted()
    assert refused(desk, desk.despatch(accepted, lines={"1": 11})) == (
        "shipped_above_accepted",
        "line 1: 11 shipped, 10 are left to ship",
    )
    part = possible(desk, desk.despatch(accepted, lines={"1": 6}))
    assert (
        refused(desk, desk.despatch(part, number="D-2", lines={"1": 5}))[1] == "line 1: 5 shipped, 4 are left to ship"
    )
    assert refused(desk, desk.despatch(part, lines={"1": 11}, revision=1))[0] == "shipped_above_accepted"
    possible(desk, desk.despatch(part, lines={"1": 10}, revision=1))


@pytest.mark.parametrize(
    ("line", "failed", "left"),
    [
        ({}, 2, 2),
        ({"disposition": "returned"}, 2, 2),
        ({"disposition": "kept"}, 2, 0),
        ({"disposition": "kept", "returned": Scaled(1)}, 2, 1),
        ({"short": Scaled(3)}, 2, 5),
    ],
)
def test_what_comes_back_may_be_shipped_again(desk: Desk, line: dict[str, Any], failed: int, left: int) -> None:
    shipped = desk.despatch(desk.accepted())
    received = desk.receive(shipped, passed={"1": 5}, failed={"1": failed}, line=line)
    over = desk.despatch(received, number="D-2", lines={"1": left + 1})
    assert refused(desk, over)[1] == f"line 1: {left + 1} shipped, {left} are left to ship"
    possible(desk, desk.despatch(received, number="D-2", lines={"1": left}))


def test_known_despatch(desk: Desk) -> None:
    order = desk.order()
    unknown = desk.receive(order, despatch="D-7")
    assert refused(desk, unknown) == ("known_despatch", "there is no despatch advice D-7 in what it follows")


def test_change_below_what_is_shipped(desk: Desk) -> None:
    shipped = desk.despatch(desk.accepted(), lines={"1": 6})
    change = desk.change("buyer", shipped, lines={"1": 5})
    answer = desk.answer("seller", "accepted", "C-1", change)
    assert refused(desk, answer) == ("changed_below_shipped", "line 1: 6 are shipped already, more than 5")
    possible(desk, desk.answer("seller", "refused", "C-1", change))


def test_billed_above_accepted(desk: Desk) -> None:
    accepted = desk.accepted()
    over = desk.bill(accepted, lines={"1": 11})
    assert refused(desk, over) == ("billed_above_accepted", "line 1: 11 billed, 10 are left to bill")
    bill = possible(desk, desk.bill(accepted, lines={"1": 6}))
    assert refused(desk, desk.state(bill, lines={"1": 5}))[0] == "billed_above_accepted"
    assert refused(desk, desk.correct("replaced", bill, lines={"1": 11}))[0] == "billed_above_accepted"
    possible(desk, desk.correct("replaced", bill, lines={"1": 10}))


def test_corrections_of_what_was_billed(desk: Desk) -> None:
    bill = desk.bill(desk.accepted(), lines={"1": 6})
    unknown = desk.correct("credited", bill, corrects="I-7")
    assert refused(desk, unknown) == ("corrected_bill", "there is no invoice I-7 in what it follows")
    over = desk.correct("credited", bill, lines={"1": 7})
    assert refused(desk, over)[1] == "770 credited on invoice I-1, of which 660 stand"
    other_line = desk.correct("credited", bill, lines={"2": 1})
    assert refused(desk, other_line)[1] == "line 2: more credited than is billed"
    possible(desk, desk.correct("credited", bill, lines={"1": 6}))


def test_correction_without_an_order(desk: Desk) -> None:
    bill = desk.bill()
    possible(desk, desk.correct("credited", bill, lines={"1": 1}))
    assert [(one.amount, one.credited, one.due) for one in desk.fold().bills] == [(1_650, 110, 1_540)]


def test_statements_are_answered_once(desk: Desk) -> None:
    statement = desk.state(desk.accepted())
    unknown = desk.confirm("confirmed", statement, statement="T-7")
    assert refused(desk, unknown) == ("stated", "there is no statement T-7 in what it follows")
    answer = possible(desk, desk.confirm("confirmed", statement))
    again = desk.confirm("refused", answer, number="F-2")
    assert refused(desk, again) == ("stated", "statement T-1 has been answered already")
    revised = desk.state(answer, lines={"1": 1}, revision=1)
    assert refused(desk, revised) == ("unconfirmed", "statement T-1 has been answered already")
    possible(desk, desk.state(statement, lines={"1": 1}, revision=1))


def test_paid_above_billed(desk: Desk) -> None:
    bill = desk.bill(desk.accepted())
    assert refused(desk, desk.pay(1_651, bill)) == ("paid_above_billed", "1651 paid on I-1, of which 1650 are due")
    part = possible(desk, desk.pay(1_000, bill))
    over = desk.pay(651, part, number="P-2")
    assert refused(desk, over)[1] == "651 paid on I-1, of which 650 are due"
    assert refused(desk, desk.pay(1_651, part, revision=1))[0] == "paid_above_billed"
    possible(desk, desk.pay(1_650, part, revision=1))


def test_payment_on_a_refused_statement(desk: Desk) -> None:
    refusal = desk.confirm("refused", desk.state(desk.accepted()))
    payment = desk.pay(1, refusal, bill="T-1", kind="self_billed_statement")
    assert refused(desk, payment)[1] == "1 paid on T-1, of which 0 are due"


def test_a_change_may_state_everything_else(desk: Desk) -> None:
    undecided = (Undecided(field="lines[0].price", reason="x"), Undecided(field="terms", reason="x"))
    accepted = desk.respond("accepted", with_body(desk, desk.order(), undecided=undecided))
    (line,) = order_lines({"9": 3})
    paper = OrderChange(
        **head("C-1"),
        order="PO-1",
        lines=(
            ChangeLine(action="added", line=line),
            ChangeLine(action="removed", line=order_lines({"2": 5})[0]),
        ),
        delivery=Delivery(period=Period(start="2026-12-01")),
        inspection=Inspection(waived=True),
        terms=PaymentTerms(due_date="2027-01-31"),
        decided=(Undecided(field="terms", reason="agreed"),),
    )
    change = desk.write("seller", paper, accepted)
    possible(desk, desk.answer("buyer", "accepted", "C-1", change))
    state = desk.fold()
    order = state.order
    assert order is not None
    assert [(one.line_id, one.accepted) for one in state.lines] == [("1", 10 * 10**9), ("2", 0), ("9", 3 * 10**9)]
    assert (order.delivery, order.inspection, order.terms) == (paper.delivery, paper.inspection, paper.terms)
    assert [one.field for one in order.undecided] == ["lines[0].price"]
    assert (order.totals, order.taxes) == (None, ())


def test_change_of_terms_alone_leaves_the_lines(desk: Desk) -> None:
    accepted = desk.accepted()
    change = with_body(desk, desk.change("buyer", accepted), lines=(), terms=PaymentTerms(due_date="2027-01-31"))
    desk.answer("seller", "accepted", "C-1", change)
    assert [line.accepted // 10**9 for line in desk.fold().lines] == [10, 5]


def test_cancellation_while_held(desk: Desk) -> None:
    one, other = desk.held()
    cancellation = desk.cancel("buyer", one, other, lines=("2",))
    possible(desk, desk.answer("seller", "accepted", "X-1", cancellation))
    state = desk.fold()
    assert (state.state, [line.line_id for line in state.lines]) == (State.ORDERED, ["1"])


@pytest.mark.parametrize(
    ("nano", "text"), [(0, "0"), (10**9, "1"), (1_500_000_000, "1.5"), (1, "0.000000001"), (5 * 10**10, "50")]
)
def test_quantities_as_people_write_them(nano: int, text: str) -> None:
    assert show(nano) == text
