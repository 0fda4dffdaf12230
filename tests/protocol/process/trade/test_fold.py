"""The trade process by example: one dealing to its end, and what happens to papers written beside each other."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from protocol.errors import ImpossibleStep
from protocol.process.fact import Fact, Outcome
from protocol.process.thread import Role, State, ThreadState, Verdict, fold, judge, opened
from protocol.process.trade.check import check
from protocol.process.trade.papers import Delivery, Item, Period, PromisedDelivery, ResponseLine, Scaled
from tests.protocol.process.dealings import BUYER, NANO, SELLER, STRANGER, Desk
from tests.protocol.process.moves import MOVES

HELD, SUPERSEDED, REFUSED, EFFECTIVE = Verdict.HELD, Verdict.SUPERSEDED, Verdict.REFUSED, Verdict.EFFECTIVE


@pytest.fixture
def desk() -> Desk:
    return Desk()


def outcome(desk: Desk, fact: Fact) -> Outcome:
    return desk.fold().outcomes[fact.id]


def verdicts(desk: Desk, *facts: Fact) -> list[tuple[Verdict, str]]:
    state = desk.fold()
    return [(state.outcomes[fact.id].verdict, state.outcomes[fact.id].code) for fact in facts]


def shown(desk: Desk) -> tuple[State, Role | None]:
    state = desk.fold()
    return state.state, state.next


def line(state: ThreadState, line_id: str) -> dict[str, int]:
    """The quantities of a line that are not zero, in units."""
    found = next(one for one in state.lines if one.line_id == line_id)
    counted = {name: getattr(found, name) for name in found.__struct_fields__[2:]}
    return {name: amount // NANO for name, amount in counted.items() if amount}


def test_a_dealing_from_the_enquiry_to_the_payment(desk: Desk) -> None:
    enquiry = desk.enquire()
    assert shown(desk) == (State.ENQUIRED, Role.SELLER)
    quotation = desk.quote(enquiry)
    assert shown(desk) == (State.QUOTED, Role.BUYER)
    order = desk.order(quotation)
    assert shown(desk) == (State.ORDERED, Role.SELLER)
    response = desk.respond("accepted", order)
    assert shown(desk) == (State.ACCEPTED, Role.SELLER)
    change = desk.change("buyer", response, lines={"1": 8})
    assert shown(desk) == (State.ACCEPTED, Role.SELLER)
    answer = desk.answer("seller", "accepted", "C-1", change)
    part = desk.despatch(answer, lines={"1": 8})
    assert shown(desk) == (State.PARTLY_SHIPPED, Role.SELLER)
    received = desk.receive(part, passed={"1": 7}, failed={"1": 1}, despatch="D-1", line={"disposition": "returned"})
    again = desk.despatch(received, number="D-2", lines={"1": 1})
    fine = desk.receive(again, number="V-2", passed={"1": 1}, despatch="D-2")
    cancellation = desk.cancel("buyer", fine, lines=("2",))
    assert shown(desk) == (State.PARTLY_SHIPPED, Role.SELLER)
    agreed = desk.answer("seller", "accepted", "X-1", cancellation, number="A-2")
    assert shown(desk) == (State.RECEIVED, Role.SELLER)
    bill = desk.bill(agreed, lines={"1": 8})
    assert shown(desk) == (State.BILLED, Role.BUYER)
    credit = desk.correct("credited", bill, lines={"1": 1})
    desk.pay(770, credit)
    state = desk.fold()
    assert (state.state, state.next, state.agreement) == (State.PAID, None, State.ACCEPTED)
    assert (state.buyer, state.seller, state.currency) == (BUYER, SELLER, "JPY")
    assert (state.billed, state.credited, state.paid) == (880, 110, 770)
    assert line(state, "1") == {
        "ordered": 8, "accepted": 8, "despatched": 9, "received": 9,
        "passed": 8, "failed": 1, "billed": 8, "credited": 1,
    }  # fmt: skip
    assert line(state, "2") == {"ordered": 5}
    assert state.heads == (desk.facts[-1].id,)
    assert all(one == Outcome(EFFECTIVE) for one in state.outcomes.values())
    for fact in desk.facts:
        check(fact.body)


def test_a_refused_order_cannot_be_shipped(desk: Desk) -> None:
    refusal = desk.respond("refused", desk.order())
    despatch = desk.despatch(refusal)
    with pytest.raises(ImpossibleStep, match=r"^type: a refused order cannot be shipped$"):
        judge(desk.facts, despatch).require_possible()
    assert outcome(desk, despatch) == Outcome(REFUSED, "state", "a refused order cannot be shipped")
    assert shown(desk) == (State.REFUSED, None)


def test_a_possible_step_raises_nothing(desk: Desk) -> None:
    judge([], desk.order()).require_possible()


# ---------------------------------------------------------------------- beside each other


def test_change_beside_acceptance_stays_open(desk: Desk) -> None:
    order = desk.order()
    change, response = desk.change("buyer", order), desk.respond("accepted", order)
    assert verdicts(desk, change, response) == [(EFFECTIVE, ""), (EFFECTIVE, "")]
    assert shown(desk) == (State.ACCEPTED, Role.SELLER)
    assert [one.answer for one in desk.fold().questions] == [""]
    desk.answer("seller", "accepted", "C-1", change, response)
    assert line(desk.fold(), "1") == {"ordered": 8, "accepted": 8}


def test_change_beside_refusal_falls(desk: Desk) -> None:
    order = desk.order()
    change, refusal = desk.change("buyer", order), desk.respond("refused", order)
    assert verdicts(desk, change, refusal) == [(SUPERSEDED, "ended"), (EFFECTIVE, "")]
    assert shown(desk) == (State.REFUSED, None)


def test_cancellation_beside_despatch_is_answered_afterwards(desk: Desk) -> None:
    accepted = desk.accepted()
    cancellation, despatch = desk.cancel("buyer", accepted), desk.despatch(accepted, lines={"1": 6})
    assert verdicts(desk, cancellation, despatch) == [(EFFECTIVE, ""), (EFFECTIVE, "")]
    assert shown(desk) == (State.PARTLY_SHIPPED, Role.SELLER)
    desk.answer("seller", "accepted", "X-1", cancellation, despatch)
    state = desk.fold()
    assert (state.state, line(state, "1")) == (State.SHIPPED, {"ordered": 10, "accepted": 6, "despatched": 6})
    assert line(state, "2") == {"ordered": 5}


def test_agreed_cancellation_beside_despatch_is_held_for_the_buyer(desk: Desk) -> None:
    cancellation = desk.cancel("buyer", desk.accepted())
    answer, despatch = (
        desk.answer("seller", "accepted", "X-1", cancellation),
        desk.despatch(cancellation, lines={"1": 6}),
    )
    assert verdicts(desk, answer, despatch) == [(EFFECTIVE, ""), (HELD, "above")]
    assert shown(desk) == (State.CANCELLED, Role.BUYER)
    desk.receive(answer, despatch, passed={"1": 0}, failed={"1": 6}, line={"disposition": "returned"})
    assert verdicts(desk, despatch) == [(EFFECTIVE, "")]
    assert shown(desk) == (State.CANCELLED, None)


def test_cancellation_of_everything(desk: Desk) -> None:
    desk.answer("seller", "accepted", "X-1", desk.cancel("buyer", desk.order()))
    assert shown(desk) == (State.CANCELLED, None)
    despatch = desk.despatch(desk.facts[-1])
    assert outcome(desk, despatch).reason == "a cancelled order cannot be shipped"


def test_cancelled_lines_of_an_order_not_yet_answered(desk: Desk) -> None:
    desk.answer("seller", "accepted", "X-1", desk.cancel("buyer", desk.order(), lines=("2",)))
    state = desk.fold()
    assert (state.state, [one.line_id for one in state.lines]) == (State.ORDERED, ["1"])
    assert state.order is not None
    assert state.order.totals is None


def test_two_clerks_say_the_same(desk: Desk) -> None:
    order = desk.order()
    one, other = desk.respond("accepted", order), desk.respond("accepted", order, number="R-2")
    first, second = sorted((one, other), key=lambda fact: fact.id)
    assert verdicts(desk, first, second) == [(EFFECTIVE, ""), (SUPERSEDED, "same")]
    assert shown(desk) == (State.ACCEPTED, Role.SELLER)


def test_two_clerks_contradict_each_other_until_the_seller_decides(desk: Desk) -> None:
    one, other = desk.held()
    state = desk.fold()
    assert (state.state, state.next, state.held) == (State.HELD, Role.SELLER, tuple(sorted((one.id, other.id))))
    assert state.outcomes[one.id] == Outcome(
        HELD, "contradicted", "a paper written beside it says otherwise", (other.id,), "seller"
    )
    third = desk.respond("accepted", one, other, number="R-3")
    assert verdicts(desk, one, other, third) == [(SUPERSEDED, "decided"), (SUPERSEDED, "decided"), (EFFECTIVE, "")]
    assert shown(desk) == (State.ACCEPTED, Role.SELLER)


def test_a_decision_that_has_not_seen_all_decides_nothing(desk: Desk) -> None:
    order = desk.order()
    answers = [desk.respond(word, order, number=f"R-{word}") for word in ("accepted", "refused", "changed")]
    decision = desk.respond("accepted", *answers[:2], number="R-9")
    assert shown(desk)[0] is State.HELD
    assert [verdict for verdict, _ in verdicts(desk, *answers, decision)] == [HELD, HELD, HELD, HELD]
    desk.respond("accepted", answers[2], decision, number="R-10")
    assert shown(desk)[0] is State.ACCEPTED


def test_promised_dates_are_part_of_what_is_said(desk: Desk) -> None:
    order = desk.order()
    for day in ("2026-12-01", "2026-12-02"):
        promise = PromisedDelivery(quantity=Scaled(10), delivery=Delivery(period=Period(start=day)))
        said = ResponseLine(line_id="1", order_line_id="1", status="accepted", promises=(promise,))
        desk.respond("accepted", order, number=day, lines=(said,))
    assert shown(desk) == (State.HELD, Role.SELLER)


def test_order_revised_beside_its_acceptance_is_held_for_the_buyer(desk: Desk) -> None:
    order = desk.order()
    revised = desk.order(order, lines={"1": 20}, revision=1)
    response = desk.respond("accepted", order)
    contradicted = (HELD, "contradicted")
    assert verdicts(desk, order, revised, response) == [(SUPERSEDED, "replaced"), contradicted, contradicted]
    state = desk.fold()
    assert (state.state, state.next, state.order, state.lines) == (State.HELD, Role.BUYER, None, ())
    desk.order(revised, response, lines={"1": 20}, revision=2)
    assert shown(desk) == (State.ORDERED, Role.SELLER)


def test_revised_order_before_the_answer(desk: Desk) -> None:
    order = desk.order()
    revised = desk.order(order, lines={"1": 20}, revision=1)
    assert verdicts(desk, order, revised) == [(SUPERSEDED, "replaced"), (EFFECTIVE, "")]
    assert line(desk.fold(), "1") == {"ordered": 20}


def test_two_orders_on_one_quotation(desk: Desk) -> None:
    quotation = desk.quote()
    one, other = desk.order(quotation), desk.order(quotation, number="PO-2")
    assert shown(desk) == (State.HELD, Role.BUYER)
    response = desk.respond("accepted", one, other)
    assert outcome(desk, response).code == "one_order"
    desk.order(one, other, revision=1)
    assert shown(desk) == (State.ORDERED, Role.SELLER)


def test_quotation_beside_the_order_on_an_earlier_one(desk: Desk) -> None:
    first = desk.quote()
    order, second = desk.order(first), desk.quote(first, number="Q-2")
    assert verdicts(desk, first, order, second) == [
        (SUPERSEDED, "replaced"),
        (EFFECTIVE, ""),
        (SUPERSEDED, "overtaken"),
    ]


def test_quotations_beside_each_other(desk: Desk) -> None:
    enquiry = desk.enquire()
    one, other = desk.quote(enquiry), desk.quote(enquiry, number="Q-2", lines={"1": 3})
    assert verdicts(desk, one, other) == [(EFFECTIVE, ""), (EFFECTIVE, "")]
    assert shown(desk) == (State.QUOTED, Role.BUYER)
    same = desk.quote(enquiry)
    assert sorted(verdict.value for verdict, _ in verdicts(desk, one, same)) == ["effective", "superseded"]
    differs = desk.quote(enquiry, lines={"1": 4})
    assert outcome(desk, differs).code == "business_key"
    assert shown(desk) == (State.QUOTED, Role.SELLER)  # its writer has to say which


def test_despatch_beside_the_answer(desk: Desk) -> None:
    order = desk.order()
    desk.despatch(order)
    promise = PromisedDelivery(quantity=Scaled(10))
    said = ResponseLine(line_id="1", order_line_id="1", status="accepted", promises=(promise,))
    desk.respond("accepted", order, lines=(said,))
    assert shown(desk) == (State.SHIPPED, Role.BUYER)
    assert desk.fold().promises == (("1", (promise,)),)


def test_despatch_beside_refusal_is_held_for_the_seller(desk: Desk) -> None:
    order = desk.order()
    despatch, refusal = desk.despatch(order), desk.respond("refused", order)
    assert verdicts(desk, despatch, refusal) == [(HELD, "contradicted"), (HELD, "contradicted")]
    assert shown(desk) == (State.HELD, Role.SELLER)
    desk.respond("accepted", despatch, refusal, number="R-2")
    assert shown(desk) == (State.SHIPPED, Role.BUYER)


def test_two_despatches_that_fit_both_count(desk: Desk) -> None:
    accepted = desk.accepted()
    one, other = desk.despatch(accepted, lines={"1": 4}), desk.despatch(accepted, number="D-2", lines={"1": 6})
    assert verdicts(desk, one, other) == [(EFFECTIVE, ""), (EFFECTIVE, "")]
    assert line(desk.fold(), "1")["despatched"] == 10


def test_two_despatches_that_do_not_fit_are_held_but_not_the_one_before(desk: Desk) -> None:
    before = desk.despatch(desk.accepted(), number="D-0", lines={"1": 4})
    one, other = desk.despatch(before, lines={"1": 4}), desk.despatch(before, number="D-2", lines={"1": 4})
    assert verdicts(desk, before, one, other) == [(EFFECTIVE, ""), (HELD, "above"), (HELD, "above")]
    assert line(desk.fold(), "1")["despatched"] == 12
    desk.receive(one, other, passed={"1": 10}, failed={"1": 2})
    assert verdicts(desk, one, other) == [(EFFECTIVE, ""), (EFFECTIVE, "")]


def test_one_despatch_written_twice(desk: Desk) -> None:
    accepted = desk.accepted()
    one, other = desk.despatch(accepted, lines={"1": 4}), desk.despatch(accepted, lines={"1": 6})
    assert verdicts(desk, one, other) == [(HELD, "contradicted"), (HELD, "contradicted")]
    assert line(desk.fold(), "1")["despatched"] == 4  # what both say at least
    right = desk.despatch(one, other, lines={"1": 5}, revision=1)
    assert verdicts(desk, one, other, right) == [(SUPERSEDED, "decided"), (SUPERSEDED, "decided"), (EFFECTIVE, "")]
    assert line(desk.fold(), "1")["despatched"] == 5


def test_the_same_despatch_entered_again_after_a_restore(desk: Desk) -> None:
    accepted = desk.accepted()
    one, other = desk.despatch(accepted), desk.despatch(accepted)
    assert sorted(code for _, code in verdicts(desk, one, other)) == ["", "same"]
    assert line(desk.fold(), "1")["despatched"] == 10


def test_revised_despatch_replaces(desk: Desk) -> None:
    one = desk.despatch(desk.accepted())
    desk.despatch(one, lines={"1": 9}, revision=1)
    assert outcome(desk, one).code == "replaced"
    assert line(desk.fold(), "1")["despatched"] == 9
    assert "despatched" not in line(desk.fold(), "2")


def test_invoice_beside_an_agreed_change(desk: Desk) -> None:
    change = desk.change("buyer", desk.accepted(), lines={"1": 8})
    answer, bill = desk.answer("seller", "accepted", "C-1", change), desk.bill(change)
    assert verdicts(desk, answer, bill) == [(EFFECTIVE, ""), (HELD, "above")]
    assert outcome(desk, bill).decides == "seller"
    desk.correct("replaced", answer, bill)
    assert verdicts(desk, bill) == [(SUPERSEDED, "replaced")]
    assert desk.fold().billed == 1430


def test_two_corrections_of_one_invoice(desk: Desk) -> None:
    bill = desk.bill(desk.accepted())
    one, other = desk.correct("replaced", bill), desk.correct("replaced", bill, number="K-2", lines={"1": 7, "2": 5})
    assert verdicts(desk, one, other) == [(HELD, "contradicted"), (HELD, "contradicted")]
    assert desk.fold().billed == 1320  # what both say at least
    third = desk.correct("replaced", one, other, number="K-3", corrects="K-1", lines={"1": 9, "2": 5})
    assert verdicts(desk, bill, one, third) == [(SUPERSEDED, "replaced"), (SUPERSEDED, "decided"), (EFFECTIVE, "")]
    assert desk.fold().billed == 1540


def test_credits_beside_each_other_above_the_invoice(desk: Desk) -> None:
    bill = desk.bill(desk.accepted())
    one, other = (desk.correct("credited", bill, number=number) for number in ("K-1", "K-2"))
    assert verdicts(desk, one, other) == [(HELD, "above"), (HELD, "above")]
    third = desk.correct("credited", one, other, number="K-3", lines={"1": 1})
    assert outcome(desk, third).code == "corrected_bill"


def test_payment_beside_a_credit(desk: Desk) -> None:
    bill = desk.bill(desk.accepted())
    credit, payment = desk.correct("credited", bill, lines={"1": 1}), desk.pay(1650, bill)
    assert verdicts(desk, credit, payment) == [(HELD, "above"), (HELD, "above")]
    assert [one.due for one in desk.fold().bills] == [-110]
    desk.pay(1540, credit, payment, revision=1)
    assert verdicts(desk, credit, payment) == [(EFFECTIVE, ""), (SUPERSEDED, "replaced")]
    assert shown(desk) == (State.PAID, None)


def test_payment_on_a_replaced_invoice_counts_on_the_original(desk: Desk) -> None:
    replaced = desk.correct("replaced", desk.bill(desk.accepted()))
    desk.pay(1430, replaced, bill="K-1", kind="corrective_invoice")
    assert [(one.number, one.amount, one.paid, one.due) for one in desk.fold().bills] == [("I-1", 1430, 1430, 0)]


def test_answers_to_one_change_that_contradict(desk: Desk) -> None:
    change = desk.change("buyer", desk.accepted(), lines={"1": 8})
    yes = desk.answer("seller", "accepted", "C-1", change)
    no = desk.answer("seller", "refused", "C-1", change, number="A-2")
    assert verdicts(desk, yes, no) == [(HELD, "contradicted")] * 2
    assert shown(desk) == (State.HELD, Role.SELLER)
    assert [one.answer for one in desk.fold().questions] == ["held"]
    decided = desk.answer("seller", "accepted", "C-1", yes, no, number="A-3")
    assert [verdict for verdict, _ in verdicts(desk, yes, no, decided)] == [SUPERSEDED, SUPERSEDED, EFFECTIVE]
    assert line(desk.fold(), "1") == {"ordered": 8, "accepted": 8}


def test_answers_that_contradict_may_be_decided_for_no(desk: Desk) -> None:
    change = desk.change("buyer", desk.accepted(), lines={"1": 8})
    yes = desk.answer("seller", "accepted", "C-1", change)
    no = desk.answer("seller", "refused", "C-1", change, number="A-2")
    desk.answer("seller", "refused", "C-1", yes, no, number="A-3")
    assert shown(desk) == (State.ACCEPTED, Role.SELLER)
    assert line(desk.fold(), "1") == {"ordered": 10, "accepted": 10}


def test_change_spelled_twice_waits_for_its_writer(desk: Desk) -> None:
    accepted = desk.accepted()
    one, other = desk.change("buyer", accepted), desk.change("buyer", accepted, lines={"1": 7})
    assert verdicts(desk, one, other) == [(HELD, "contradicted")] * 2
    answer = desk.answer("seller", "accepted", "C-1", one, other)
    assert outcome(desk, answer).reason == "C-1 contradicts itself; its writer must decide"
    revised = desk.change("buyer", one, other, revision=1)
    assert shown(desk) == (State.ACCEPTED, Role.SELLER)
    desk.answer("seller", "refused", "C-1", revised, number="A-2")
    assert [one.answer for one in desk.fold().questions] == ["refused"]


def test_change_revised_beside_its_answer_is_open_again(desk: Desk) -> None:
    change = desk.change("buyer", desk.accepted())
    answer, revised = desk.answer("seller", "accepted", "C-1", change), desk.change("buyer", change, revision=1)
    assert verdicts(desk, change, answer, revised) == [(SUPERSEDED, "replaced"), (EFFECTIVE, ""), (EFFECTIVE, "")]
    assert [one.answer for one in desk.fold().questions] == [""]
    desk.answer("seller", "refused", "C-1", answer, revised, number="A-2")
    assert [one.answer for one in desk.fold().questions] == ["refused"]
    assert line(desk.fold(), "1") == {"ordered": 8, "accepted": 8}


def test_two_changes_agreed_beside_each_other(desk: Desk) -> None:
    accepted = desk.accepted()
    mine, theirs = desk.change("buyer", accepted), desk.change("seller", accepted, number="C-2", lines={"2": 4})
    desk.answer("seller", "accepted", "C-1", mine, theirs)
    desk.answer("buyer", "accepted", "C-2", mine, theirs, number="A-2")
    assert shown(desk) == (State.HELD, Role.BUYER)
    desk.order(*desk.facts[-2:], lines={"1": 8, "2": 4}, revision=1)
    assert shown(desk) == (State.ORDERED, Role.SELLER)


def test_two_cancellations_agreed_beside_each_other(desk: Desk) -> None:
    """The order is the same, what is left of it is not: of each line the least, until somebody decides."""
    accepted = desk.accepted()
    mine, theirs = (
        desk.cancel("buyer", accepted, lines=("1",)),
        desk.cancel("seller", accepted, number="X-2", lines=("2",)),
    )
    one = desk.answer("seller", "accepted", "X-1", mine, theirs)
    other = desk.answer("buyer", "accepted", "X-2", mine, theirs, number="A-2")
    assert shown(desk) == (State.HELD, Role.SELLER)
    assert [line.accepted for line in desk.fold().lines] == [0, 0]
    desk.respond("accepted", one, other, number="R-2")
    assert [line.accepted for line in desk.fold().lines] == [10 * NANO, 5 * NANO]


def test_confirmations_that_contradict(desk: Desk) -> None:
    statement = desk.state(desk.accepted())
    yes, no = desk.confirm("confirmed", statement), desk.confirm("refused", statement, number="F-2")
    assert verdicts(desk, yes, no) == [(HELD, "contradicted")] * 2
    assert [one.confirmed for one in desk.fold().bills] == ["held"]
    desk.confirm("confirmed", yes, no, number="F-3")
    assert [one.confirmed for one in desk.fold().bills] == ["confirmed"]


def test_refused_statement_bills_nothing(desk: Desk) -> None:
    statement = desk.state(desk.accepted())
    assert shown(desk) == (State.BILLED, Role.SELLER)
    refusal = desk.confirm("refused", statement)
    state = desk.fold()
    assert (state.billed, [one.due for one in state.bills], line(state, "1")) == (
        0,
        [0],
        {"ordered": 10, "accepted": 10},
    )
    desk.state(refusal, number="T-2")
    assert desk.fold().billed == 1650


# ---------------------------------------------------------------------- answers with changes


def test_counter_accepted_by_the_buyer(desk: Desk) -> None:
    added = ResponseLine(line_id="9", order_line_id="", status="added", item=Item(name="座金"), quantity=Scaled(3))
    lines = (
        ResponseLine(line_id="1", order_line_id="1", status="changed", quantity=Scaled(7)),
        ResponseLine(line_id="2", order_line_id="2", status="refused"),
        added,
    )
    counter = desk.respond("changed", desk.order(), lines=lines)
    assert shown(desk) == (State.COUNTERED, Role.BUYER)
    desk.answer("buyer", "accepted", "R-1", counter)
    state = desk.fold()
    assert [line(state, one) for one in ("1", "2", "9")] == [
        {"ordered": 7, "accepted": 7}, {"ordered": 5}, {"ordered": 3, "accepted": 3},
    ]  # fmt: skip
    assert state.order is not None
    assert [one.amount for one in state.order.lines] == [None, 500, None]


def test_counter_refused_by_the_buyer_ends_the_order(desk: Desk) -> None:
    refusal = desk.answer("buyer", "refused", "R-1", desk.countered())
    assert shown(desk) == (State.REFUSED, None)
    desk.order(refusal, number="PO-2")
    assert shown(desk) == (State.ORDERED, Role.SELLER)


def test_counter_answered_by_a_new_order(desk: Desk) -> None:
    desk.order(desk.countered(), lines={"1": 7}, revision=1)
    assert shown(desk) == (State.ORDERED, Role.SELLER)


@pytest.mark.parametrize(("side", "number"), [("seller", "R-1"), ("buyer", "R-7")])
def test_counter_answered_by_its_own_writer_or_under_another_number(desk: Desk, side: str, number: str) -> None:
    answer = desk.answer(side, "accepted", number, desk.countered())
    assert outcome(desk, answer).reason == f"there is no open question {number} of the other side"


def test_change_accepted_while_countered_wants_a_new_answer(desk: Desk) -> None:
    order = desk.order()
    change = desk.change("buyer", order)
    line_1 = ResponseLine(line_id="1", order_line_id="1", status="changed", quantity=Scaled(7))
    counter = desk.respond("changed", order, lines=(line_1,))
    desk.answer("seller", "accepted", "C-1", change, counter)
    assert shown(desk) == (State.ORDERED, Role.SELLER)


def test_received_says_nothing_yet(desk: Desk) -> None:
    received = desk.respond("received", desk.order(), number="R-0")
    assert shown(desk) == (State.ORDERED, Role.SELLER)
    assert outcome(desk, received) == Outcome(EFFECTIVE)


# ---------------------------------------------------------------------- without an order


def test_monthly_invoice_without_an_order(desk: Desk) -> None:
    bill = desk.bill()
    assert shown(desk) == (State.BILLED, Role.BUYER)
    assert outcome(desk, desk.order(bill)).reason.startswith("a dealing without an order cannot be ordered again")
    desk.pay(1650, bill)
    state = desk.fold()
    assert (state.state, state.agreement, state.lines, state.currency) == (State.PAID, State.WITHOUT_ORDER, (), "JPY")


def test_payment_alone_counts_when_the_invoice_comes(desk: Desk) -> None:
    payment = desk.pay(1650)
    assert shown(desk) == (State.WITHOUT_ORDER, None)
    desk.bill(payment)
    assert shown(desk) == (State.PAID, None)


def test_service_billed_without_despatch(desk: Desk) -> None:
    bill = desk.bill(desk.order())
    assert shown(desk) == (State.BILLED, Role.BUYER)
    desk.pay(1650, bill)
    assert shown(desk) == (State.PAID, None)


# ---------------------------------------------------------------------- refused where they were written


def test_nothing(desk: Desk) -> None:
    state = fold([])
    assert (state.state, state.buyer, state.seller, state.heads, state.outcomes) == (State.NEW, b"", b"", (), {})


@pytest.mark.parametrize(
    "paper", ["respond", "change", "despatch", "receive", "correct", "confirm", "answer", "cancel"]
)
def test_what_opens_no_dealing(desk: Desk, paper: str) -> None:
    writers: dict[str, Callable[[], Fact]] = {
        "respond": lambda: desk.respond("accepted"),
        "change": lambda: desk.change("buyer"),
        "despatch": desk.despatch,
        "receive": desk.receive,
        "correct": lambda: desk.correct("credited"),
        "confirm": lambda: desk.confirm("confirmed"),
        "answer": lambda: desk.answer("buyer", "accepted", "C-1"),
        "cancel": lambda: desk.cancel("buyer"),
    }
    first = writers[paper]()
    second = desk.order(first)
    assert verdicts(desk, first, second) == [(REFUSED, "thread")] * 2
    assert (desk.fold().buyer, shown(desk)) == (b"", (State.NEW, None))


@pytest.mark.parametrize("name", list(MOVES))
def test_the_short_way_says_what_the_fold_says(desk: Desk, name: str) -> None:
    first = MOVES[name](desk)
    for fact in (
        first,
        first._replace(author=BUYER, audience=BUYER),
        first._replace(business_key="another"),
        first._replace(type="poem"),
        first._replace(type="order"),
        first._replace(follows=(b"P" * 32,)),
    ):
        short = opened(fact)
        if short is not None:
            assert short == replace(fold([fact]), order=None, lines=())
    opens = first.type in ("request_for_quotation", "quotation", "order")
    assert (opened(first) is not None) == opens


def test_papers_of_strangers_and_of_the_wrong_side(desk: Desk) -> None:
    order = desk.order()
    foreign = desk.respond("accepted", order)._replace(author=STRANGER)
    elsewhere = desk.respond("accepted", order, number="R-2")._replace(audience=STRANGER)
    mine = desk.respond("accepted", order, number="R-3")._replace(author=BUYER, audience=SELLER)
    assert [judge([order], fact).code for fact in (foreign, elsewhere, mine)] == ["party", "party", "role"]
    assert judge([order], mine).reason == "the buyer does not write an order response"
    alone = order._replace(audience=order.author)
    assert judge([], alone).code == "thread"


def test_type_and_body_must_agree(desk: Desk) -> None:
    order = desk.order()
    assert judge([], order._replace(type="invoice")).code == "type"
    assert judge([], order._replace(type="poem")).code == "type"


def test_a_second_paper_that_follows_nothing(desk: Desk) -> None:
    order = desk.order()
    stray = desk.order(number="PO-9")
    state = fold(desk.facts, order.id)
    assert state.outcomes[stray.id].code == "thread"
    assert state.lines == fold([order]).lines
    assert fold([stray], order.id).outcomes[stray.id] == Outcome(
        Verdict.WAITING, "parents", "something that it follows is missing", (order.id,)
    )
    assert len(fold(desk.facts).outcomes) == 2


def test_missing_parents_mean_waiting(desk: Desk) -> None:
    order = desk.order()
    response = desk.respond("accepted", order)
    despatch = desk.despatch(response)
    state = fold([despatch, order])
    assert state.outcomes[despatch.id].others == (response.id,)
    assert (state.waiting, state.heads) == ((despatch.id,), (order.id,))
    assert judge([order], despatch).verdict is Verdict.WAITING
    assert fold([despatch, order, response]).waiting == ()


def test_business_key_is_used_once(desk: Desk) -> None:
    order = desk.order()
    again = desk.order(order)
    assert verdicts(desk, order, again) == [(EFFECTIVE, ""), (HELD, "business_key")]
    assert outcome(desk, again).others == (order.id,)
    assert outcome(desk, again).decides == "buyer"
    revised = desk.order(order, revision=2)
    assert outcome(desk, desk.order(revised, revision=1)).reason == "revision 1 comes after revision 2"
    beside = desk.order(order, revision=2, lines={"1": 9})
    third = desk.order(revised, beside, revision=2)
    assert outcome(desk, third).others == (min(revised.id, beside.id),)
    wrong = desk.order(revised, revision=3, key="PO-7")
    assert outcome(desk, wrong).reason == "the business key is PO-7; the paper's number is PO-1"


def test_an_invoice_is_not_revised(desk: Desk) -> None:
    bill = desk.bill(desk.accepted())
    assert outcome(desk, desk.bill(bill, revision=1)).reason == "an invoice is not revised: write another"


def test_what_its_recipient_refused_has_its_place_and_no_effect(desk: Desk) -> None:
    order = desk.order()
    response = desk.respond("refused", order)
    shipped = desk.despatch(response, lines={"1": 4})
    assert verdicts(desk, shipped) == [(REFUSED, "state")]
    assert desk.fold().state is State.REFUSED
    desk.facts[1] = response._replace(refused="decided by a person")
    state = desk.fold()
    assert verdicts(desk, order, response, shipped) == [(EFFECTIVE, ""), (REFUSED, "recipient"), (EFFECTIVE, "")]
    assert state.state is State.PARTLY_SHIPPED
    assert state.heads == (shipped.id,)
    assert state.waiting == ()


def test_an_order_that_its_recipient_refused_opens_no_dealing(desk: Desk) -> None:
    order = desk.order()._replace(refused="decided by a person")
    desk.facts[0] = order
    response = desk.respond("accepted", order)
    assert opened(order) is None
    assert verdicts(desk, order, response) == [(REFUSED, "recipient"), (REFUSED, "thread")]
    assert desk.fold().state is State.NEW
