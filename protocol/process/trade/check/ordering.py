"""Rules on the papers that make the contract."""

from __future__ import annotations

from collections.abc import Sequence

from protocol.errors import CallerFault
from protocol.limits import MAX_INT, MAX_SCALE
from protocol.process.checks import is_gtin
from protocol.process.money import minor_factor
from protocol.process.trade.check.parties import delivery, involved, item, party
from protocol.process.trade.check.rules import (
    amount,
    currency,
    day_or_none,
    fail,
    inside,
    one_of,
    period,
    scaled,
    stated,
)
from protocol.process.trade.check.sums import TAXED, allowances, category, line_sum, price, taxes, terms, totals
from protocol.process.trade.papers import (
    ChangeResponse,
    Inspection,
    Order,
    OrderCancellation,
    OrderChange,
    OrderLine,
    OrderResponse,
    Quotation,
    RequestForQuotation,
    ResponseLine,
    SuppliedMaterial,
    Undecided,
)

RESPONSES = ("received", "accepted", "changed", "refused")
LINE_STATUSES = ("accepted", "changed", "refused", "added", "delivered")
ACTIONS = ("added", "changed", "removed")
ANSWERS = ("accepted", "refused")


def request_for_quotation(paper: RequestForQuotation) -> None:
    """見積依頼."""
    if any(line.price or line.amount is not None for line in paper.lines):
        currency(paper)
    _parties(paper)
    order_lines(paper.lines, paper.currency)
    day_or_none(paper.reply_by, "reply_by")
    terms(paper.terms)


def quotation(paper: Quotation) -> None:
    """見積回答."""
    currency(paper)
    _parties(paper)
    period(paper.validity, "validity")
    _offer(paper)


def order(paper: Order) -> None:
    """注文."""
    currency(paper)
    _parties(paper)
    if paper.validity is not None:
        period(paper.validity, "validity")
    _offer(paper)
    _conditions(paper.inspection, paper.supplied, paper.undecided, "undecided")


def order_response(paper: OrderResponse) -> None:
    """注文回答."""
    one_of(paper.response, RESPONSES, "response")
    stated(paper.order, "order")
    _parties(paper)
    seen: dict[str, None] = {}
    if any(line.price is not None for line in paper.lines):
        currency(paper)
    for index, line in enumerate(paper.lines):
        try:
            _once(line.line_id, seen)
            _response_line(line, paper.response)
        except CallerFault as fault:
            raise inside(fault, f"lines[{index}]") from None


def order_change(paper: OrderChange) -> None:
    """注文変更."""
    currency(paper)
    stated(paper.order, "order")
    seen: dict[str, None] = {}
    for index, change in enumerate(paper.lines):
        one_of(change.action, ACTIONS, f"lines[{index}].action")
        try:
            _once(change.line.line_id, seen)
            order_line(change.line, paper.currency)
        except CallerFault as fault:
            raise inside(fault, f"lines[{index}].line") from None
    delivery(paper.delivery, "delivery")
    terms(paper.terms)
    allowances(paper.allowances, "allowances")
    tax = taxes(paper.taxes, included=paper.tax_included, rounding=None) if paper.taxes else None
    if paper.totals is not None:
        totals(paper.totals, None, paper.allowances, tax, paper.tax_included)
    _conditions(paper.inspection, paper.supplied, paper.decided, "decided")


def order_cancellation(paper: OrderCancellation) -> None:
    """注文取消."""
    stated(paper.order, "order")
    stated(paper.reason, "reason")
    seen: dict[str, None] = {}
    for index, line_id in enumerate(paper.lines):
        try:
            _once(line_id, seen)
        except CallerFault as fault:
            raise inside(fault, f"lines[{index}]") from None


def change_response(paper: ChangeResponse) -> None:
    """Answer to a change, a cancellation or a response with changes."""
    one_of(paper.response, ANSWERS, "response")
    stated(paper.answers, "answers")


def order_lines(lines: Sequence[OrderLine], money: str) -> int | None:
    """Every line, ids unique. Returns the sum of the amounts, or None where a line states none."""
    if not lines:
        fail("lines", "must hold at least one line")
    seen: dict[str, None] = {}
    total: int | None = 0
    factor = minor_factor(money)
    for index, line in enumerate(lines):
        try:
            _once(line.line_id, seen)
            if not _is_plain(line, factor):
                order_line(line, money)
        except CallerFault as fault:
            raise inside(fault, f"lines[{index}]") from None
        total = None if total is None or line.amount is None else total + line.amount
    return total


def _is_plain(line: OrderLine, factor: int) -> bool:
    """The line that most orders consist of, right in everything: whole pieces at a price that gives the amount exactly.

    False only means that :func:`order_line` must look: it is four times as slow, and there is no other difference.
    """
    goods, price_, tax, stated_amount = line.item, line.price, line.tax, line.amount
    if price_ is None or tax is None or stated_amount is None:
        return False
    if line.allowances or line.delivery is not None or line.originator is not None:
        return False
    if goods.best_before or goods.standard_id is not None or goods.properties:
        return False
    if price_.base_quantity is not None or price_.unit or price_.allowance is not None:
        return False
    rate, pieces, each = tax.rate, line.quantity, price_.value
    if rate is None or pieces.scale or each.scale or tax.category not in TAXED:
        return False
    if not (0 <= rate.value <= MAX_INT and 0 <= rate.scale <= MAX_SCALE):
        return False
    if not (0 <= pieces.value <= MAX_INT and 0 <= each.value <= MAX_INT and stated_amount <= MAX_INT):
        return False
    return pieces.value * each.value * factor == stated_amount and (not goods.gtin or is_gtin(goods.gtin))


def order_line(line: OrderLine, money: str) -> None:
    """One line asked for, offered or ordered. Its faults are named as within the line."""
    item(line.item, "item")
    scaled(line.quantity, "quantity")
    extra = allowances(line.allowances, "allowances") if line.allowances else 0
    amount(line.amount, "amount")
    if line.tax is not None:
        category(line.tax, "tax")
    if line.delivery is not None:
        delivery(line.delivery, "delivery")
    if line.originator is not None:
        party(line.originator, "originator")
    if line.price is not None:
        price(line.price, "price")
        if line.amount is not None:
            line_sum(line.quantity, line.unit, line.price, line.amount, extra, money)


def _once(line_id: str, seen: dict[str, None]) -> None:
    if not line_id:
        fail("line_id", "must be stated")
    if line_id in seen:
        fail("line_id", f"line {line_id} stands twice")
    seen[line_id] = None


def _parties(paper: RequestForQuotation | Quotation | Order | OrderResponse) -> None:
    party(paper.buyer, "buyer")
    party(paper.seller, "seller")
    if paper.involved:
        involved(paper.involved)
    delivery(paper.delivery, "delivery")


def _offer(paper: Quotation | Order) -> None:
    total = order_lines(paper.lines, paper.currency)
    terms(paper.terms)
    if paper.allowances:
        allowances(paper.allowances, "allowances")
    tax = taxes(paper.taxes, included=paper.tax_included, rounding=None) if paper.taxes else None
    if paper.totals is not None:
        totals(paper.totals, total, paper.allowances, tax, paper.tax_included)


def _conditions(
    inspection: Inspection | None, supplied: tuple[SuppliedMaterial, ...], undecided: tuple[Undecided, ...], name: str
) -> None:
    if inspection is not None:
        day_or_none(inspection.completion_date, "inspection.completion_date")
    for index, material in enumerate(supplied):
        at = f"supplied[{index}]"
        stated(material.name, f"{at}.name")
        scaled(material.quantity, f"{at}.quantity")
        amount(material.amount, f"{at}.amount")
        day_or_none(material.handover_date, f"{at}.handover_date")
        day_or_none(material.settlement_date, f"{at}.settlement_date")
    for index, one in enumerate(undecided):
        stated(one.field, f"{name}[{index}].field")
        stated(one.reason, f"{name}[{index}].reason")
        day_or_none(one.expected_date, f"{name}[{index}].expected_date")


def _response_line(line: ResponseLine, response: str) -> None:
    one_of(line.status, LINE_STATUSES, "status")
    if line.status == "added":
        if line.item is None or line.quantity is None:
            fail("", "an added line must state its item and its quantity")
    else:
        stated(line.order_line_id, "order_line_id")
    if response == "accepted" and line.status in ("changed", "refused", "added"):
        fail("status", f"an accepted order has no {line.status} line: answer `changed`")
    item(line.item, "item")
    item(line.substitute, "substitute")
    scaled(line.quantity, "quantity")
    scaled(line.max_backorder, "max_backorder")
    if line.price is not None:
        price(line.price, "price")
    if line.substitute_tax is not None:
        category(line.substitute_tax, "substitute_tax")
    for index, promise in enumerate(line.promises):
        scaled(promise.quantity, f"promises[{index}].quantity")
        delivery(promise.delivery, f"promises[{index}].delivery")
