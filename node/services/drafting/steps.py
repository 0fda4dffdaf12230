"""What a side of a dealing can do next, from its folded state: the buttons of the page and the rows of today's work.

Owns the choice only. The fold still judges whatever is sent; a step offered here that it would refuse is a bug.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from protocol.process.trade.state import LineState, ThreadState
from protocol.process.trade.table import Role, State


class Step(StrEnum):
    """One thing a person can do; each leads to one paper (``papers.TYPES``)."""

    QUOTE = "quote"
    ORDER = "order"
    ANSWER = "answer"
    AGREE = "agree"  # to an answer with changes
    DECIDE = "decide"  # on a change or cancellation that the other side asks for
    SHIP = "ship"
    INSPECT = "inspect"
    BILL = "bill"
    CREDIT = "credit"
    STATE = "state"  # what was bought, by the buyer: self-billing
    CONFIRM = "confirm"  # such a statement
    PAY = "pay"
    CHANGE = "change"
    CANCEL = "cancel"


#: Steps that somebody waits for, most urgent first; the others are offered, not asked for.
DUE = (
    Step.DECIDE,
    Step.AGREE,
    Step.ANSWER,
    Step.QUOTE,
    Step.ORDER,
    Step.CONFIRM,
    Step.INSPECT,
    Step.SHIP,
    Step.BILL,
    Step.CREDIT,
    Step.PAY,
)
_TALKS = (State.ENQUIRED, State.QUOTED, State.REFUSED)
_RUNS = (State.ACCEPTED, State.PARTLY_SHIPPED, State.SHIPPED, State.RECEIVED, State.BILLED, State.PAID)


def possible(state: ThreadState, me: Role) -> tuple[Step, ...]:
    """Every step that ``me`` can take now, in the order of :data:`DUE`, then the rest."""
    found = set(_of_seller(state) if me is Role.SELLER else _of_buyer(state)) | set(_of_both(state, me))
    return tuple(step for step in (*DUE, *(one for one in Step if one not in DUE)) if step in found)


def main_step(state: ThreadState, me: Role) -> Step | None:
    """The one step the other side, or the goods, wait for; None when nothing waits for ``me``."""
    offered = possible(state, me)
    for step in DUE:
        if step in offered and _waits(step, state, me):
            return step
    return None


def to_ship(line: LineState) -> int:
    """Accepted and not on the way, nano; what failed, came back or did not arrive is to be shipped again."""
    return max(line.accepted - line.despatched + line.failed + line.short, 0)


def to_inspect(line: LineState) -> int:
    """Shipped and neither received nor missed, nano."""
    return max(line.despatched - line.received - line.short, 0)


def to_bill(line: LineState) -> int:
    """What can be billed, nano: what passed, or what was shipped where nobody inspects, less what is billed."""
    basis = line.passed if line.passed or line.failed else line.despatched - line.short - line.returned
    return max(min(basis, line.accepted) - line.billed + line.credited, 0)


def _of_seller(state: ThreadState) -> Iterator[Step]:
    if state.agreement in _TALKS:
        yield Step.QUOTE
    if state.agreement is State.ORDERED:
        yield Step.ANSWER
    if state.agreement is State.ACCEPTED and any(to_ship(line) for line in state.lines):
        yield Step.SHIP
    if state.agreement in (State.ACCEPTED, State.CANCELLED) and any(to_bill(line) for line in state.lines):
        yield Step.BILL
    if _creditable(state):
        yield Step.CREDIT
    if any(bill.type == "self_billed_statement" and not bill.confirmed for bill in state.bills):
        yield Step.CONFIRM


def _of_buyer(state: ThreadState) -> Iterator[Step]:
    if state.agreement in _TALKS:
        yield Step.ORDER
    if state.agreement is State.COUNTERED:
        yield Step.AGREE
    if state.agreement in (State.ACCEPTED, State.CANCELLED) and state.order is not None:
        if any(to_inspect(line) for line in state.lines):
            yield Step.INSPECT
        if any(to_bill(line) for line in state.lines):
            yield Step.STATE
    if any(bill.due > 0 for bill in state.bills):
        yield Step.PAY


def _of_both(state: ThreadState, me: Role) -> Iterator[Step]:
    ended = state.agreement in (State.REFUSED, State.CANCELLED)
    if not ended and any(not one.answer and one.asked_by is not me for one in state.questions):
        yield Step.DECIDE
    mine_open = any(not one.answer and one.asked_by is me for one in state.questions)
    if state.order is not None and not mine_open:
        if state.agreement in (State.ORDERED, State.ACCEPTED):
            yield Step.CHANGE
        if state.agreement in (State.ORDERED, State.COUNTERED, State.ACCEPTED) and not _moved(state):
            yield Step.CANCEL


def _moved(state: ThreadState) -> bool:
    return any(line.despatched or line.received for line in state.lines)


def _waits(step: Step, state: ThreadState, me: Role) -> bool:
    """Is it ``me`` that everybody waits for? Offers bind nobody and inspected goods are billed when they are due."""
    match step:
        case Step.QUOTE:
            return state.state is State.ENQUIRED
        case Step.ORDER:
            return state.state is State.QUOTED
        case Step.BILL:
            return state.state in (State.RECEIVED, State.CANCELLED)
        case Step.SHIP:  # what came back and is not billed is shipped again only if both want that
            return state.state not in (State.BILLED, State.PAID)
        case Step.CREDIT:
            return any(line.returned and line.billed - line.credited > line.passed for line in state.lines)
        case Step.PAY:
            return state.state in _RUNS or state.agreement is State.WITHOUT_ORDER
        case _:
            return True


def _creditable(state: ThreadState) -> bool:
    """Is there an invoice with something left to take off?"""
    standing = [bill for bill in state.bills if bill.type == "invoice" and bill.amount > bill.credited]
    untouched = any(not bill.credited for bill in standing)
    return untouched or (bool(standing) and any(line.billed > line.credited for line in state.lines))
