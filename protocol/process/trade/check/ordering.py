"""Rules on the papers that make the contract."""

from __future__ import annotations

from collections.abc import Sequence

from protocol.limits import MAX_INT, MAX_SCALE
from protocol.process.checks import is_gtin
from protocol.process.money import minor_digits
from protocol.process.trade.check.parties import delivery, involved, item, party
from protocol.process.trade.check.rules import (
    amount,
    currency,
    day_or_none,
    fail,
    one_of,
    period,
    scaled,
    stated,
)
from protocol.process.trade.check.sums import allowances, category, line_sum, price, taxes, terms, totals
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
    Scaled,
    SuppliedMaterial,
    Undecided,
)

RESPONSES = ("received", "accepted", "changed", "refused")
LINE_STATUSES = ("accepted", "changed", "refused", "added", "delivered")
ACTIONS = ("added", "changed", "removed")
ANSWERS = ("accepted", "refused")
TAXED = frozenset({"S", "AA"})  # UNCL5305: standard and reduced rate


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
    for index, line in enumerate(paper.lines):
        at = f"lines[{index}]"
        _once(line.line_id, seen, at)
        _response_line(line, paper.response, at)
        if line.price is not None:
            currency(paper)


def order_change(paper: OrderChange) -> None:
    """注文変更."""
    currency(paper)
    stated(paper.order, "order")
    seen: dict[str, None] = {}
    for index, change in enumerate(paper.lines):
        at = f"lines[{index}]"
        one_of(change.action, ACTIONS, f"{at}.action")
        _once(change.line.line_id, seen, f"{at}.line")
        order_line(change.line, paper.currency, f"{at}.line")
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
        _once(line_id, seen, f"lines[{index}]")


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
    minor = 10 ** minor_digits(money)
    for index, line in enumerate(lines):
        if line.line_id in seen or not is_plainly_right(line, minor):
            at = f"lines[{index}]"
            _once(line.line_id, seen, at)
            order_line(line, money, at)
        seen[line.line_id] = None
        total = None if total is None or line.amount is None else total + line.amount
    return total


def is_plainly_right(line: OrderLine, minor: int) -> bool:
    """Whether a line of the usual kind (an item, a quantity, a price, an amount) is right, in one pass without names.

    False says nothing: :func:`order_line` looks closely and names what is wrong. ``minor``: minor units in a major one.
    """
    thing, wanted, price_stated, stated_amount = line.item, line.quantity, line.price, line.amount
    if price_stated is None or stated_amount is None or line.allowances or not line.line_id:
        return False
    if line.tax is not None and (line.tax.category not in TAXED or line.tax.rate is not None):
        return False
    if line.delivery is not None or line.originator is not None or thing.properties or thing.standard_id is not None:
        return False
    if price_stated.base_quantity is not None or price_stated.allowance is not None:
        return False
    if (price_stated.unit and price_stated.unit != line.unit) or (thing.gtin and not is_gtin(thing.gtin)):
        return False
    return not thing.best_before and _is_product(wanted, price_stated.value, stated_amount, minor)


def _is_product(wanted: Scaled, per_unit: Scaled, stated_amount: int, minor: int) -> bool:
    if not (0 <= wanted.value <= MAX_INT and 0 <= per_unit.value <= MAX_INT and 0 <= stated_amount <= MAX_INT):
        return False
    if not (0 <= wanted.scale <= MAX_SCALE and 0 <= per_unit.scale <= MAX_SCALE):
        return False
    low, rest = divmod(wanted.value * per_unit.value * minor, 10 ** (wanted.scale + per_unit.scale))
    return stated_amount == low or (stated_amount == low + 1 and rest > 0)


def order_line(line: OrderLine, money: str, at: str) -> None:
    """One line asked for, offered or ordered."""
    item(line.item, f"{at}.item")
    scaled(line.quantity, f"{at}.quantity")
    extra = allowances(line.allowances, f"{at}.allowances") if line.allowances else 0
    amount(line.amount, f"{at}.amount")
    if line.tax is not None:
        category(line.tax, f"{at}.tax")
    if line.delivery is not None:
        delivery(line.delivery, f"{at}.delivery")
    if line.originator is not None:
        party(line.originator, f"{at}.originator")
    if line.price is not None:
        price(line.price, f"{at}.price")
        if line.amount is not None:
            line_sum(line.quantity, line.unit, line.price, line.amount, extra, money, at)


def _once(line_id: str, seen: dict[str, None], at: str) -> None:
    if not line_id:
        fail(f"{at}.line_id", "must be stated")
    if line_id in seen:
        fail(f"{at}.line_id", f"line {line_id} stands twice")
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


def _response_line(line: ResponseLine, response: str, at: str) -> None:
    one_of(line.status, LINE_STATUSES, f"{at}.status")
    if line.status == "added":
        if line.item is None or line.quantity is None:
            fail(at, "an added line must state its item and its quantity")
    else:
        stated(line.order_line_id, f"{at}.order_line_id")
    if response == "accepted" and line.status in ("changed", "refused", "added"):
        fail(f"{at}.status", f"an accepted order has no {line.status} line: answer `changed`")
    item(line.item, f"{at}.item")
    item(line.substitute, f"{at}.substitute")
    scaled(line.quantity, f"{at}.quantity")
    scaled(line.max_backorder, f"{at}.max_backorder")
    if line.price is not None:
        price(line.price, f"{at}.price")
    if line.substitute_tax is not None:
        category(line.substitute_tax, f"{at}.substitute_tax")
    for index, promise in enumerate(line.promises):
        scaled(promise.quantity, f"{at}.promises[{index}].quantity")
        delivery(promise.delivery, f"{at}.promises[{index}].delivery")
