"""The foot of a paper: line amounts, tax once per rate, totals, worked out from quantities, prices and rates.

Owns sums only. What a writer states is checked by ``check``; this is how a form or an importer finds what to state, so
that the two always agree. Amounts are minor units of the paper's currency; a line without a price has no amount, and a
paper with such a line has no totals.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, TypeVar

from msgspec.structs import replace

from protocol.process.money import Rounding, line_amount, tax
from protocol.process.trade.check.sums import UNTAXED, rate_key
from protocol.process.trade.papers import (
    AllowanceCharge,
    Billing,
    InvoiceLine,
    Order,
    OrderLine,
    Quotation,
    Scaled,
    TaxCategory,
    TaxSubtotal,
    Totals,
)

AnyLine = TypeVar("AnyLine", OrderLine, InvoiceLine)
AnyOffer = TypeVar("AnyOffer", Order, Quotation)
AnyBill = TypeVar("AnyBill", bound=Billing)
NO_RATE: Final = Scaled(0)


def line(value: AnyLine, currency: str, rounding: Rounding) -> AnyLine:
    """The line with its amount: quantity × price, rounded once, less its allowances and plus its charges.

    A line without a price keeps the amount it has; one that is priced in another unit too. Raises OverflowError above
    2^53 - 1 minor units.
    """
    price = value.price
    if price is None or (price.unit and price.unit != value.unit):
        return value
    base = price.base_quantity
    amount = line_amount(
        (value.quantity.value, value.quantity.scale),
        (price.value.value, price.value.scale),
        rounding,
        base=None if base is None else (base.value, base.scale),
        currency=currency,
    )
    return replace(value, amount=amount + _extra(value.allowances))


def subtotals(
    lines: Iterable[OrderLine | InvoiceLine],
    allowances: Sequence[AllowanceCharge],
    rounding: Rounding,
    *,
    included: bool,
) -> tuple[TaxSubtotal, ...]:
    """One row per category and rate: the sum taxed and the tax on it, rounded once. Sorted by category and rate.

    Lines without a tax category or an amount count nowhere.
    """
    bases: dict[tuple[str, int], int] = {}
    rates: dict[tuple[str, int], TaxCategory] = {}
    parts = [(one.tax, _counted(one)) for one in lines]
    parts += [(one.tax, one.amount if one.charge else -one.amount) for one in allowances]
    for category, amount in parts:
        if category is None:
            continue
        key = rate_key(category)
        rates[key] = category
        bases[key] = bases.get(key, 0) + amount
    return tuple(_subtotal(rates[key], bases[key], rounding, included) for key in sorted(bases))


def offer(paper: AnyOffer, rounding: Rounding = Rounding.DOWN) -> AnyOffer:
    """An order or quotation with its amounts, taxes and totals worked out anew.

    Without totals where a line has no amount; without taxes where a line has no category.
    """
    lines = tuple(line(one, paper.currency, rounding) for one in paper.lines)
    if any(one.amount is None for one in lines):
        return replace(paper, lines=lines, taxes=(), totals=None)
    taxes: tuple[TaxSubtotal, ...] = ()
    if all(one.tax is not None for one in lines):
        taxes = subtotals(lines, paper.allowances, rounding, included=paper.tax_included)
    sums = totals(lines, paper.allowances, taxes, included=paper.tax_included)
    return replace(paper, lines=lines, taxes=taxes, totals=sums)


def bill(paper: AnyBill) -> AnyBill:
    """An invoice or statement with its amounts, taxes and totals worked out anew, in its own rounding."""
    rounding = Rounding(paper.rounding)
    lines = tuple(line(one, paper.currency, rounding) for one in paper.lines)
    taxes = subtotals(lines, paper.allowances, rounding, included=paper.tax_included)
    prepaid, adjusted = paper.totals.prepaid, paper.totals.rounding
    sums = totals(lines, paper.allowances, taxes, included=paper.tax_included, prepaid=prepaid, adjusted=adjusted)
    return replace(paper, lines=lines, taxes=taxes, totals=sums)


def totals(
    lines: Iterable[OrderLine | InvoiceLine],
    allowances: Sequence[AllowanceCharge],
    taxes: Sequence[TaxSubtotal],
    *,
    included: bool,
    prepaid: int | None = None,
    adjusted: int | None = None,
) -> Totals:
    """The sums at the foot, in minor units. ``adjusted``: the rounding of the payable amount, may be below zero."""
    goods = sum(_counted(one) for one in lines)
    taken = sum(one.amount for one in allowances if not one.charge)
    added = sum(one.amount for one in allowances if one.charge)
    footed, tax_sum = goods - taken + added, sum(one.tax for one in taxes)
    gross = footed if included else footed + tax_sum
    return Totals(
        lines=goods,
        allowances=taken if allowances else None,
        charges=added if allowances else None,
        net=gross - tax_sum,
        tax=tax_sum if taxes else None,
        gross=gross,
        prepaid=prepaid,
        rounding=adjusted,
        payable=gross - (prepaid or 0) + (adjusted or 0),
    )


def _subtotal(category: TaxCategory, basis: int, rounding: Rounding, included: bool) -> TaxSubtotal:
    rate = category.rate or NO_RATE
    owed = 0
    if category.category not in UNTAXED:
        owed = tax(abs(basis), (rate.value, rate.scale), rounding, included=included) * (-1 if basis < 0 else 1)
    return TaxSubtotal(category=category.category, rate=category.rate, basis=basis, tax=owed)


def _counted(value: OrderLine | InvoiceLine) -> int:
    """What a line adds to the sum: less than nothing where it is taken off."""
    amount = value.amount or 0
    return -amount if isinstance(value, InvoiceLine) and value.negative else amount


def _extra(allowances: Sequence[AllowanceCharge]) -> int:
    return sum(one.amount if one.charge else -one.amount for one in allowances)
