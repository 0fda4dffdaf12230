"""Conditions on a step beyond the state: the right order, lines that exist, no more than is agreed.

Each guard sees the dealing as its writer saw it and returns a reason, or an empty text when there is nothing to say.
The table names the guards of each type; their names are its words. Must not look at anything written beside the paper.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

from protocol.limits import MAX_MESSAGES
from protocol.process.money import denano
from protocol.process.trade.papers import (
    Billing,
    DespatchAdvice,
    InvoiceLine,
    OrderCancellation,
    OrderChange,
    OrderResponse,
    Paper,
    ReceivingAdvice,
)
from protocol.process.trade.table import Role
from protocol.process.trade.terms import Agreement, quantity

if TYPE_CHECKING:
    from protocol.process.trade.dealing import Dealing

Guard = Callable[["Dealing", Agreement, Any, Role], str]


def check_guards(
    dealing: Dealing, agreement: Agreement, paper: Paper, role: Role, names: tuple[str, ...]
) -> tuple[str, str]:
    """The name of the first guard that objects, and its reason; two empty texts when none does."""
    for name in names:
        reason = GUARDS[name](dealing, agreement, paper, role)
        if reason:
            return name, reason
    return "", ""


def show(nano: int) -> str:
    """A quantity as people write it."""
    value, scale = denano(nano)
    digits = str(value).rjust(scale + 1, "0")
    return f"{digits[:-scale]}.{digits[-scale:]}" if scale else digits


def _order(dealing: Dealing, agreement: Agreement, paper: Any, role: Role) -> str:
    order = agreement.order
    if order is not None and paper.order and paper.order != order.number:
        return f"it names order {paper.order}; the order of this dealing is {order.number}"
    return ""


def _one_order(dealing: Dealing, agreement: Agreement, paper: Any, role: Role) -> str:
    return (
        "" if agreement.order is not None else "the orders of this dealing contradict each other; the buyer must decide"
    )


def _contradicting_orders(dealing: Dealing, agreement: Agreement, paper: Any, role: Role) -> str:
    order = agreement.order
    if agreement.state.value in ("ordered", "countered") and order is not None and paper.number != order.number:
        return f"this dealing has order {order.number}; revise it, or start a new dealing"
    if agreement.state.value == "held" and order is not None:
        return "it is not the order that is contradicted"
    return ""


def _currency(dealing: Dealing, agreement: Agreement, paper: Any, role: Role) -> str:
    currency = dealing.currency(agreement)
    if currency and paper.currency and paper.currency != currency:
        return f"its currency is {paper.currency}; this dealing is in {currency}"
    return ""


def _order_lines(dealing: Dealing, agreement: Agreement, paper: OrderResponse, role: Role) -> str:
    assert agreement.order is not None  # the guard before this one
    known = {line.line_id for line in agreement.order.lines}
    for line in paper.lines:
        if line.status == "added":
            if line.line_id in known:
                return f"added line {line.line_id} is a line of the order already"
        elif line.order_line_id not in known:
            return f"the order has no line {line.order_line_id}"
    return ""


def _changed_lines(dealing: Dealing, agreement: Agreement, paper: OrderChange, role: Role) -> str:
    assert agreement.order is not None  # the guard before this one
    known = {line.line_id for line in agreement.order.lines}
    for change in paper.lines:
        if change.action == "added" and change.line.line_id in known:
            return f"added line {change.line.line_id} is a line of the order already"
        if change.action != "added" and change.line.line_id not in known:
            return f"the order has no line {change.line.line_id}"
    return ""


def _cancelled_lines(dealing: Dealing, agreement: Agreement, paper: OrderCancellation, role: Role) -> str:
    assert agreement.order is not None  # the guard before this one
    known = {line.line_id for line in agreement.order.lines}
    return next((f"the order has no line {line_id}" for line_id in paper.lines if line_id not in known), "")


def _unanswered(dealing: Dealing, agreement: Agreement, paper: OrderChange | OrderCancellation, role: Role) -> str:
    question = dealing.questions.get((role, paper.number))
    return "" if question is None or question.is_open else f"{paper.number} has been answered already"


def _line_units(dealing: Dealing, agreement: Agreement, paper: Any, role: Role) -> str:
    order = agreement.order
    if order is None:
        return ""
    units = {line.line_id: line.unit for line in order.lines}
    lines: Iterable[Any] = billed_lines(paper, order.number) if isinstance(paper, Billing) else paper.lines
    for line in lines:
        if line.order_line_id not in units:
            return f"the order has no line {line.order_line_id}"
        unit = units[line.order_line_id]
        if unit != line.unit:
            return f"line {line.order_line_id} is ordered in {unit or 'no unit'}, not in {line.unit or 'none'}"
    return ""


def billed_lines(paper: Billing, number: str) -> Iterator[InvoiceLine]:
    """The lines of a bill that belong to the order of the dealing; it may have others (freight, other orders)."""
    for line in paper.lines:
        if line.order_line_id and (line.order or paper.order or number) == number:
            yield line


def _shipped_above_accepted(dealing: Dealing, agreement: Agreement, paper: DespatchAdvice, role: Role) -> str:
    now: dict[str, int] = {}
    for line in paper.lines:
        now[line.order_line_id] = now.get(line.order_line_id, 0) + quantity(line.quantity)
    before = dealing.ledger.value(("despatch_advice", paper.number))
    accepted = dict(agreement.accepted)
    for line_id, amount in now.items():
        left = accepted.get(line_id, 0) - dealing.on_the_way(line_id) + before.get(("despatched", line_id), 0)
        if amount > left:
            return f"line {line_id}: {show(amount)} shipped, {show(max(left, 0))} are left to ship"
    return ""


def _known_despatch(dealing: Dealing, agreement: Agreement, paper: ReceivingAdvice, role: Role) -> str:
    if paper.despatch and ("despatch_advice", paper.despatch) not in dealing.ledger.entries:
        return f"there is no despatch advice {paper.despatch} in what it follows"
    return ""


def _changed_below_shipped(dealing: Dealing, agreement: Agreement, paper: Any, role: Role) -> str:
    """``agreement`` is here what would be agreed."""
    for line_id, amount in agreement.accepted:
        if dealing.on_the_way(line_id) > amount:
            return f"line {line_id}: {show(dealing.on_the_way(line_id))} are shipped already, more than {show(amount)}"
    return ""


def _billed_above_accepted(dealing: Dealing, agreement: Agreement, paper: Billing, role: Role) -> str:
    order = agreement.order
    if order is None or getattr(paper, "effect", "") == "credited":
        return ""
    now: dict[str, int] = {}
    for line in billed_lines(paper, order.number):
        now[line.order_line_id] = now.get(line.order_line_id, 0) + quantity(line.quantity)
    before = dealing.ledger.value(dealing.bill_entry(paper))
    accepted = dict(agreement.accepted)
    for line_id, amount in now.items():
        left = accepted.get(line_id, 0) - dealing.charged(line_id) + before.get(("billed", line_id), 0)
        if amount > left:
            return f"line {line_id}: {show(amount)} billed, {show(max(left, 0))} are left to bill"
    return ""


def _corrected_bill(dealing: Dealing, agreement: Agreement, paper: Any, role: Role) -> str:
    name = dealing.bill_name("invoice", paper.corrects)
    if name is None:
        return f"there is no invoice {paper.corrects} in what it follows"
    if paper.effect == "credited":
        due = dealing.ledger.get("billed_amount", name) - dealing.ledger.get("credited_amount", name)
        if paper.totals.payable > due:
            return f"{paper.totals.payable} credited on invoice {paper.corrects}, of which {due} stand"
        for line in billed_lines(paper, "" if agreement.order is None else agreement.order.number):
            if quantity(line.quantity) > dealing.charged(line.order_line_id):
                return f"line {line.order_line_id}: more credited than is billed"
    return ""


def _unconfirmed(dealing: Dealing, agreement: Agreement, paper: Any, role: Role) -> str:
    return "" if paper.number not in dealing.confirmations else f"statement {paper.number} has been answered already"


def _stated(dealing: Dealing, agreement: Agreement, paper: Any, role: Role) -> str:
    if ("self_billed_statement", paper.statement) not in dealing.ledger.entries:
        return f"there is no statement {paper.statement} in what it follows"
    answers = dealing.confirmations.get(paper.statement)
    if answers is not None and not answers.is_held:
        return f"statement {paper.statement} has been answered already"
    return ""


def _paid_above_billed(dealing: Dealing, agreement: Agreement, paper: Any, role: Role) -> str:
    """What the writer knows no bill for may be paid all the same: it may be in another dealing, or on its way."""
    now: dict[str, int] = {}
    for item in paper.items:
        name = dealing.bill_name(item.kind, item.number)
        if name is not None:
            now[name] = now.get(name, 0) + item.amount
    for (_, paid), amount in dealing.ledger.value(("payment_notice", paper.number)).items():
        kind, _, number = paid.partition(" ")
        name = dealing.bill_name(kind, number)
        if name in now:
            now[name] -= amount
    for name, amount in now.items():
        if amount > max(dealing.due(name), 0):
            return f"{amount} paid on {name.partition(' ')[2]}, of which {max(dealing.due(name), 0)} are due"
    return ""


def _messages(dealing: Dealing, agreement: Agreement, paper: Any, role: Role) -> str:
    if dealing.messages.get(role, 0) < MAX_MESSAGES:
        return ""
    return f"one side writes at most {MAX_MESSAGES} messages in a dealing"


GUARDS: Final[dict[str, Guard]] = {
    "order": _order,
    "one_order": _one_order,
    "contradicting_orders": _contradicting_orders,
    "currency": _currency,
    "order_lines": _order_lines,
    "changed_lines": _changed_lines,
    "cancelled_lines": _cancelled_lines,
    "unanswered": _unanswered,
    "line_units": _line_units,
    "shipped_above_accepted": _shipped_above_accepted,
    "known_despatch": _known_despatch,
    "changed_below_shipped": _changed_below_shipped,
    "billed_above_accepted": _billed_above_accepted,
    "corrected_bill": _corrected_bill,
    "unconfirmed": _unconfirmed,
    "stated": _stated,
    "paid_above_billed": _paid_above_billed,
    "messages": _messages,
}
"""Name in the table → condition."""
