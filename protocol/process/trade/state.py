"""What a dealing has come to, for people and programs: the result of the fold. Owns shapes and the words of progress.

Knows how to read a :class:`Dealing`, not how it came about.
"""

from __future__ import annotations

from msgspec import Struct

from protocol.process.fact import Outcome
from protocol.process.trade.dealing import BILLS, SOFT, Dealing, Question
from protocol.process.trade.papers import Order, OrderChange, OrderLine
from protocol.process.trade.registers import Count
from protocol.process.trade.table import Role, State
from protocol.process.trade.terms import Agreement, Promises, quantity


class LineState(Struct, frozen=True, gc=False):
    """One line of the order as agreed. Quantities in nano (10^-9 of ``unit``)."""

    line_id: str
    unit: str
    ordered: int
    accepted: int
    despatched: int = 0
    received: int = 0
    passed: int = 0
    failed: int = 0
    short: int = 0
    returned: int = 0
    billed: int = 0
    credited: int = 0


class QuestionState(Struct, frozen=True):
    """A change or cancellation: who asked, the paper's id, and ``answer``: "" while open, accepted, refused, held."""

    type: str
    number: str
    asked_by: Role
    id: bytes
    answer: str = ""


class BillState(Struct, frozen=True):
    """An invoice or statement, in minor units. ``confirmed``: the seller's answer to a statement, else empty."""

    type: str
    number: str
    amount: int
    credited: int
    paid: int
    due: int
    confirmed: str = ""


class ThreadState(Struct, frozen=True):
    """The fold of a thread. Ids are 32 bytes; amounts are minor units of ``currency``.

    ``order`` is the order as it stands, with agreed changes; None before there is one, or while two contradict.
    ``agreement`` is the state of the table, ``state`` the same with progress. ``next`` is who acts next, if anybody
    must. ``heads`` are the placed facts that none follows: what the next paper has to follow. ``promises``: per line id
    ("" for the whole order) the deliveries that the seller promised.
    """

    state: State
    agreement: State
    buyer: bytes
    seller: bytes
    order: Order | None
    currency: str
    lines: tuple[LineState, ...]
    questions: tuple[QuestionState, ...]
    bills: tuple[BillState, ...]
    billed: int
    credited: int
    paid: int
    next: Role | None
    outcomes: dict[bytes, Outcome]
    heads: tuple[bytes, ...]
    held: tuple[bytes, ...]
    waiting: tuple[bytes, ...]
    promises: Promises = ()


def lines(dealing: Dealing, agreement: Agreement) -> tuple[LineState, ...]:
    """Every line of the order as it stands, in its order."""
    if agreement.order is None:
        return ()
    accepted = dict(agreement.accepted)
    if not dealing.ledger.sums:
        return tuple(
            [
                LineState(line.line_id, line.unit, quantity(line.quantity), accepted.get(line.line_id, 0))
                for line in agreement.order.lines
            ]
        )
    return tuple([_line(dealing, line, accepted.get(line.line_id, 0)) for line in agreement.order.lines])


def _line(dealing: Dealing, line: OrderLine, accepted: int) -> LineState:
    get, line_id = dealing.ledger.get, line.line_id
    return LineState(
        line_id=line_id,
        unit=line.unit,
        ordered=quantity(line.quantity),
        accepted=accepted,
        despatched=get("despatched", line_id),
        received=get("received", line_id),
        passed=get("passed", line_id),
        failed=get("failed", line_id),
        short=get("short", line_id),
        returned=get("returned", line_id),
        billed=dealing.billed(line_id),
        credited=get("uncharged", line_id),
    )


def questions(dealing: Dealing) -> tuple[QuestionState, ...]:
    """Changes and cancellations, by who asked and number."""
    found = []
    for (role, number), question in sorted(dealing.questions.items(), key=lambda pair: (pair[0][0].value, pair[0][1])):
        asked = min(question.asked.live, key=lambda claim: dealing.facts[claim.place].id)
        kind = "order_change" if isinstance(asked.value, OrderChange) else "order_cancellation"
        found.append(QuestionState(kind, number, role, dealing.facts[asked.place].id, _answer(question)))
    return tuple(found)


def _answer(question: Question) -> str:
    if question.asked.is_held or question.answers.is_held:
        return "held"
    return "" if question.is_open else question.answers.live[0].value[0]


def bills(dealing: Dealing) -> tuple[BillState, ...]:
    """Invoices and statements, by type and number."""
    found = []
    for kind, number in sorted(dealing.ledger.entries):
        if kind not in BILLS:
            continue
        name = f"{kind} {number}"
        amount, credited = dealing.ledger.get("billed_amount", name), dealing.ledger.get("credited_amount", name)
        confirmed = _confirmed(dealing, number) if kind == "self_billed_statement" else ""
        found.append(BillState(kind, number, amount, credited, dealing.paid(name), dealing.due(name), confirmed))
    return tuple(found)


def _confirmed(dealing: Dealing, number: str) -> str:
    answers = dealing.confirmations.get(number)
    if answers is None:
        return ""
    return "held" if answers.is_held else answers.live[0].value


def over(dealing: Dealing, agreement: Agreement) -> dict[Count, tuple[Count, ...]]:
    """What is counted above what is agreed, and with it all counts that made it so."""
    found: dict[Count, tuple[Count, ...]] = {}
    for line_id, accepted in agreement.accepted:
        if dealing.on_the_way(line_id) > accepted:
            found["despatched", line_id] = (("despatched", line_id),)
        if dealing.charged(line_id) > accepted:
            found["billed", line_id] = (("billed", line_id),)
    for kind, number in dealing.ledger.entries:
        name = f"{kind} {number}"
        if kind in BILLS and dealing.due(name) < 0:
            later = [one for one, original in dealing.replaced.items() if kind == "invoice" and original == number]
            paid = [("paid_amount", name), *(("paid_amount", f"invoice {one}") for one in later)]
            lowering = (*paid, ("credited_amount", name))
            found |= dict.fromkeys(lowering, (*lowering, ("billed_amount", name)))
    return found


def progress(agreement: Agreement, of_lines: tuple[LineState, ...], of_bills: tuple[BillState, ...]) -> State:
    """The word that is shown: the state of the agreement, and of an accepted order how far it has come."""
    standing = [bill for bill in of_bills if bill.confirmed != "refused"]
    settled = all(bill.due <= 0 for bill in standing)
    if agreement.state is State.WITHOUT_ORDER and standing:
        return State.PAID if settled else State.BILLED
    if agreement.state is not State.ACCEPTED:
        return agreement.state
    wanted = [line for line in of_lines if line.accepted]
    moved = any(line.despatched or line.received for line in wanted)
    shipped = all(max(line.despatched, line.received) >= line.accepted for line in wanted)
    billed = standing and all(line.billed >= line.accepted - line.failed for line in wanted)
    whole = standing and not any(line.billed for line in of_lines)  # bills that name no line of the order
    if (billed or whole) and (shipped or not moved):
        return State.PAID if settled else State.BILLED
    if moved and all(line.passed >= line.accepted for line in wanted):
        return State.RECEIVED
    if moved:
        return State.SHIPPED if shipped else State.PARTLY_SHIPPED
    return State.ACCEPTED


NEXT = {
    State.ENQUIRED: Role.SELLER,
    State.QUOTED: Role.BUYER,
    State.ORDERED: Role.SELLER,
    State.COUNTERED: Role.BUYER,
    State.ACCEPTED: Role.SELLER,
    State.PARTLY_SHIPPED: Role.SELLER,
    State.SHIPPED: Role.BUYER,
    State.RECEIVED: Role.SELLER,
    State.BILLED: Role.BUYER,
}


def next_role(
    state: State, asked: tuple[QuestionState, ...], of_bills: tuple[BillState, ...], decides: tuple[Role, ...]
) -> Role | None:
    """Who acts next: who has to decide what is held, who is asked, whose turn it is. None: nobody must."""
    if decides:
        return decides[0]
    if state not in (State.REFUSED, State.CANCELLED):
        for question in asked:
            if not question.answer:
                return question.asked_by.other
    if state is State.BILLED and any(bill.type == "self_billed_statement" and not bill.confirmed for bill in of_bills):
        return Role.SELLER
    return NEXT.get(state)


def is_soft(agreement: Agreement) -> bool:
    """Enquiries and offers bind nobody."""
    return agreement.state in SOFT
