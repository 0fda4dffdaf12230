"""What is agreed, as a value: how an answer, a change or a cancellation turns one agreement into the next.

Owns the text of the order as it stands and how much of each line is accepted. Knows no graph of papers, no table.
Quantities are nano: integers of 10^-9 of the line's unit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from msgspec.structs import replace

from protocol.process.money import nano
from protocol.process.trade.papers import (
    Order,
    OrderCancellation,
    OrderChange,
    OrderLine,
    OrderResponse,
    Price,
    PromisedDelivery,
    ResponseLine,
    Scaled,
)
from protocol.process.trade.table import State

Promises = tuple[tuple[str, tuple[PromisedDelivery, ...]], ...]


class Agreement(NamedTuple):
    """What is agreed now.

    ``accepted`` pairs line ids with quantities, in the order of the lines; empty until the order is accepted.
    ``proposal`` is the seller's answer while the buyer has not agreed to it, without number and date. ``promises``: per
    line id ("" for the whole order) the deliveries the seller promised. ``performed``: accepted by doing it, not by a
    paper that says so.
    """

    state: State
    order: Order | None = None
    accepted: tuple[tuple[str, int], ...] = ()
    proposal: OrderResponse | None = None
    promises: Promises = ()
    performed: bool = False

    def says_the_same(self, other: Agreement) -> bool:
        """Is the same agreed? What was accepted by doing it agrees with any answer that accepts as much."""
        if self.performed or other.performed:
            return self[:3] == other[:3]
        return self == other


NOTHING: Final = Agreement(State.NEW)


def quantity(value: Scaled | None) -> int:
    """A quantity in nano; absent counts as 0."""
    return 0 if value is None else nano(value.value, value.scale)


def ordered(order: Order) -> Agreement:
    """The order as written, not answered."""
    return Agreement(State.ORDERED, order)


def performed(agreement: Agreement) -> Agreement:
    """The order accepted as written by shipping, receiving or billing it (民法527条: 意思実現)."""
    return Agreement(State.ACCEPTED, agreement.order, _as_ordered(agreement.order), performed=True)


def answered(agreement: Agreement, response: OrderResponse) -> Agreement:
    """The order with the seller's answer."""
    order = agreement.order
    if response.response == "accepted":
        return Agreement(State.ACCEPTED, order, _as_ordered(order), promises=_promises(response))
    if response.response == "refused":
        return Agreement(State.REFUSED, order)
    bare = replace(
        response, number="", issue_date="", issue_time="", language="", note="", references=(), origin="", kept=()
    )
    return Agreement(State.COUNTERED, order, proposal=bare)


def countersigned(agreement: Agreement) -> Agreement:
    """The seller's changes accepted by the buyer: they are now the text of the order."""
    order, response = agreement.order, agreement.proposal
    assert order is not None  # the state COUNTERED has both
    assert response is not None
    answers = {line.order_line_id: line for line in response.lines if line.status != "added"}
    lines = [_as_answered(line, answers.get(line.line_id)) for line in order.lines]
    lines += [_as_added(line) for line in response.lines if line.status == "added"]
    refused = {line.order_line_id for line in response.lines if line.status == "refused"}
    accepted = tuple((line.line_id, 0 if line.line_id in refused else quantity(line.quantity)) for line in lines)
    return Agreement(State.ACCEPTED, _retext(order, lines), accepted, promises=_promises(response))


def declined(agreement: Agreement) -> Agreement:
    """The seller's changes refused by the buyer: there is no contract (民法528条)."""
    return Agreement(State.REFUSED, agreement.order)


def changed(agreement: Agreement, change: OrderChange, state: State) -> Agreement:
    """The order with an agreed change; ``state`` is what the table says it becomes."""
    order = agreement.order
    assert order is not None  # guards let no change pass without an order
    actions = {one.line.line_id: one for one in change.lines}
    lines = [actions[line.line_id].line if line.line_id in actions else line for line in order.lines]
    lines += [one.line for one in change.lines if one.action == "added"]
    held = dict(agreement.accepted)
    accepted = tuple(
        (line.line_id, _after(line, actions[line.line_id].action))
        if line.line_id in actions
        else (line.line_id, held.get(line.line_id, quantity(line.quantity)))
        for line in lines
    )
    touched = set(actions)
    promises = tuple(promise for promise in agreement.promises if promise[0] not in touched)
    text = _rehead(_retext(order, lines), change)
    return Agreement(state, text, accepted if state is State.ACCEPTED else (), promises=promises)


def cancelled(agreement: Agreement, paper: OrderCancellation, shipped: Mapping[str, int]) -> Agreement:
    """The order without what is cancelled: of each line named (all, if none is) what was shipped remains.

    ``shipped``: line id → nano. Nothing left makes the order cancelled; else it goes on with the rest.
    """
    accepted = agreement.accepted or _as_ordered(agreement.order)
    named = dict.fromkeys(paper.lines)
    left = tuple(
        (line_id, min(amount, shipped.get(line_id, 0)) if not named or line_id in named else amount)
        for line_id, amount in accepted
    )
    if not any(amount for _, amount in left):
        return Agreement(State.CANCELLED, agreement.order, left)
    if agreement.accepted:
        return Agreement(State.ACCEPTED, agreement.order, left, promises=agreement.promises)
    state = State.ORDERED if agreement.state is State.HELD else agreement.state
    return Agreement(state, _without(agreement.order, named), proposal=agreement.proposal)


def common(agreements: Sequence[Agreement]) -> Agreement:
    """What agreements that contradict each other have in common: the order, if it is one; of each line the least."""
    first = agreements[0]
    one_order = all(other.order == first.order for other in agreements)
    least = dict(first.accepted)
    for other in agreements[1:]:
        theirs = dict(other.accepted)
        least = {line_id: min(amount, theirs[line_id]) for line_id, amount in least.items() if line_id in theirs}
    return Agreement(State.HELD, first.order if one_order else None, tuple(least.items()))


def _as_ordered(order: Order | None) -> tuple[tuple[str, int], ...]:
    return () if order is None else tuple([(line.line_id, quantity(line.quantity)) for line in order.lines])


def _promises(response: OrderResponse) -> Promises:
    found: list[tuple[str, tuple[PromisedDelivery, ...]]] = []
    if response.delivery is not None:
        found.append(("", (PromisedDelivery(delivery=response.delivery),)))
    found += [(line.order_line_id or line.line_id, line.promises) for line in response.lines if line.promises]
    return tuple(found)


def _as_answered(line: OrderLine, answer: ResponseLine | None) -> OrderLine:
    if answer is None or answer.status != "changed":
        return line
    new_price: Price | None = answer.price or line.price
    same_sum = answer.price is None and answer.quantity is None
    return replace(
        line,
        item=answer.substitute or answer.item or line.item,
        quantity=answer.quantity or line.quantity,
        unit=answer.unit or line.unit,
        price=new_price,
        tax=answer.substitute_tax or line.tax,
        amount=line.amount if same_sum else None,
    )


def _as_added(answer: ResponseLine) -> OrderLine:
    assert answer.item is not None  # checked: an added line states both
    assert answer.quantity is not None
    return OrderLine(
        line_id=answer.line_id, item=answer.item, quantity=answer.quantity, unit=answer.unit, price=answer.price
    )


def _after(line: OrderLine, action: str) -> int:
    return 0 if action == "removed" else quantity(line.quantity)


def _retext(order: Order, lines: list[OrderLine]) -> Order:
    """The order with these lines; its sums, if the lines are others, are no longer known."""
    if tuple(lines) == order.lines:
        return order
    return replace(order, lines=tuple(lines), taxes=(), totals=None)


def _rehead(order: Order, change: OrderChange) -> Order:
    """The order with what the change says about the whole of it. ``decided`` strikes out what was undecided."""
    decided = {one.field for one in change.decided}
    return replace(
        order,
        delivery=change.delivery or order.delivery,
        delivery_terms=change.delivery_terms or order.delivery_terms,
        inspection=change.inspection or order.inspection,
        terms=change.terms or order.terms,
        supplied=change.supplied or order.supplied,
        undecided=tuple(one for one in order.undecided if one.field not in decided),
        allowances=change.allowances or order.allowances,
        taxes=change.taxes or order.taxes,
        totals=change.totals or order.totals,
    )


def _without(order: Order | None, line_ids: Mapping[str, None]) -> Order | None:
    if order is None:
        return None
    return _retext(order, [line for line in order.lines if line.line_id not in line_ids])
