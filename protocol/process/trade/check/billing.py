"""Rules on the papers that move money."""

from __future__ import annotations

from protocol.errors import CallerFault
from protocol.process.money import Rounding
from protocol.process.trade.check.parties import delivery, involved, item, party
from protocol.process.trade.check.rules import (
    amount,
    currency,
    day,
    day_or_none,
    fail,
    inside,
    one_of,
    period,
    scaled,
    stated,
)
from protocol.process.trade.check.sums import (
    ROUNDINGS,
    allowances,
    category,
    line_sum,
    means,
    price,
    rate_key,
    taxes,
    terms,
    totals,
)
from protocol.process.trade.papers import (
    Billing,
    CorrectiveInvoice,
    InvoiceLine,
    PaymentNotice,
    SelfBilledResponse,
)

EFFECTS = ("replaced", "credited")
UNREGISTERED = "480"  # UNCL1001: the invoice of a seller that is not registered; its papers may state no tax at all
CONFIRMATIONS = ("confirmed", "refused")


def billing(paper: Billing) -> None:
    """請求, 仕入明細: every line taxed, each rate once, the bases the sums of their lines, the tax rounded once."""
    currency(paper)
    party(paper.buyer, "buyer")
    party(paper.seller, "seller")
    involved(paper.involved)
    delivery(paper.delivery, "delivery")
    period(paper.period, "period")
    day_or_none(paper.transaction_date, "transaction_date")
    terms(paper.terms)
    one_of(paper.rounding, ROUNDINGS, "rounding")
    bases: dict[tuple[str, int], int] = {}
    total = _lines(paper, bases)
    allowances(paper.allowances, "allowances")
    _spread(paper, bases)
    tax = taxes(
        paper.taxes,
        included=paper.tax_included,
        rounding=Rounding(paper.rounding),
        signed=any(line.negative for line in paper.lines),
        untaxed=paper.kind == UNREGISTERED,
    )
    for index, subtotal in enumerate(paper.taxes):
        basis = bases.pop(rate_key(subtotal), 0)
        if subtotal.basis != basis:
            fail(f"taxes[{index}].basis", f"must be the sum of what is taxed at this rate: {basis}")
    if bases:
        fail("taxes", f"lacks the total for {next(iter(bases))[0]}: one for each category and rate of the lines")
    totals(paper.totals, total, paper.allowances, tax, paper.tax_included)
    if paper.totals.payable is None:
        fail("totals.payable", "must be stated")
    if paper.totals.gross is None:
        fail("totals.gross", "must be stated")


def corrective_invoice(paper: CorrectiveInvoice) -> None:
    """訂正・返還請求書."""
    stated(paper.corrects, "corrects")
    day(paper.corrects_date, "corrects_date")
    one_of(paper.effect, EFFECTS, "effect")
    stated(paper.reason, "reason")
    billing(paper)


def self_billed_response(paper: SelfBilledResponse) -> None:
    """仕入明細回答."""
    stated(paper.statement, "statement")
    one_of(paper.response, CONFIRMATIONS, "response")


def payment_notice(paper: PaymentNotice) -> None:
    """支払通知."""
    currency(paper)
    party(paper.buyer, "buyer")
    party(paper.seller, "seller")
    day(paper.payment_date, "payment_date")
    means(paper.means, "means")
    amount(paper.total, "total")
    if not paper.items:
        fail("items", "must hold at least one item")
    due = 0
    for index, one in enumerate(paper.items):
        stated(one.number, f"items[{index}].number")
        amount(one.amount, f"items[{index}].amount")
        amount(one.billed, f"items[{index}].billed")
        day_or_none(one.date, f"items[{index}].date")
        due += one.amount
    for index, offset in enumerate(paper.offsets):
        amount(offset.amount, f"offsets[{index}].amount")
        stated(offset.reason, f"offsets[{index}].reason")
        due -= offset.amount
    if paper.total != due:
        fail("total", f"must be the items less the offsets: {due}")


def _lines(paper: Billing, bases: dict[tuple[str, int], int]) -> int:
    if not paper.lines:
        fail("lines", "must hold at least one line")
    seen: dict[str, None] = {}
    total = 0
    for index, line in enumerate(paper.lines):
        try:
            if line.line_id in seen:
                fail("line_id", f"line {line.line_id} stands twice")
            _line(line, paper)
        except CallerFault as fault:
            raise inside(fault, f"lines[{index}]") from None
        seen[line.line_id] = None
        counted = -line.amount if line.negative else line.amount
        total += counted
        key = rate_key(line.tax)
        bases[key] = bases.get(key, 0) + counted
    if total < 0:
        fail("lines", "more is taken off than charged: that is a corrective invoice")
    return total


def _line(line: InvoiceLine, paper: Billing) -> None:
    stated(line.line_id, "line_id")
    item(line.item, "item")
    scaled(line.quantity, "quantity")
    amount(line.amount, "amount")
    category(line.tax, "tax")
    day_or_none(line.transaction_date, "transaction_date")
    period(line.period, "period")
    if line.negative and line.order_line_id:
        fail("order_line_id", "must be empty on a line taken off: what goes back of an order is a corrective invoice")
    extra = allowances(line.allowances, "allowances") if line.allowances else 0
    if line.price is not None:
        price(line.price, "price")
        line_sum(line.quantity, line.unit, line.price, line.amount, extra, paper.currency)
    whole = paper.period
    if whole is not None and line.transaction_date:
        early = whole.start and line.transaction_date < whole.start
        if early or (whole.end and line.transaction_date > whole.end):
            fail("transaction_date", "must lie within the paper's period")


def _spread(paper: Billing, bases: dict[tuple[str, int], int]) -> None:
    """Allowances and charges of the whole paper count to the basis of their own rate."""
    for index, one in enumerate(paper.allowances):
        if one.tax is None:
            fail(f"allowances[{index}].tax", "must be stated: it counts to the basis of its rate")
        key = rate_key(one.tax)
        bases[key] = bases.get(key, 0) + (one.amount if one.charge else -one.amount)
        if bases[key] < 0 and not any(line.negative for line in paper.lines):
            fail(f"allowances[{index}].amount", "is more than what is charged at its rate")
