"""Rules on money: prices, line amounts, taxes, totals, terms of payment. What is stated agrees; nothing is added."""

from __future__ import annotations

from collections.abc import Sequence

from protocol.limits import MAX_INT, MAX_SCALE
from protocol.process.money import Rounding, divide, line_fraction, tax_fraction
from protocol.process.trade.check.rules import amount, day_or_none, fail, one_of, scaled
from protocol.process.trade.papers import (
    AllowanceCharge,
    PaymentMeans,
    PaymentTerms,
    Price,
    Scaled,
    TaxCategory,
    TaxSubtotal,
    Totals,
)
from protocol.process.trade.papers.goods import PAYMENT_METHODS

ROUNDINGS = tuple(rounding.value for rounding in Rounding)
UNTAXED = frozenset({"E", "G", "O", "Z"})  # UNCL5305: exempt, export, outside, zero
TAXED = frozenset({"S", "AA"})  # standard, reduced
_SUMS = tuple(name for name in Totals.__struct_fields__ if name != "rounding")


def price(value: Price, field: str) -> None:
    """A unit price: absent and zero are legal."""
    if not 0 <= value.value.value <= MAX_INT or not 0 <= value.value.scale <= MAX_SCALE:
        scaled(value.value, f"{field}.value")
    if value.base_quantity is not None:
        scaled(value.base_quantity, f"{field}.base_quantity")
    if value.allowance is not None:
        scaled(value.allowance.amount, f"{field}.allowance.amount")
        scaled(value.allowance.base, f"{field}.allowance.base")


def category(value: TaxCategory | TaxSubtotal, field: str) -> None:
    """A tax category with its rate: those without tax have none or zero."""
    if not value.category:
        fail(f"{field}.category", "must be stated")
    rate = value.rate
    if rate is None:
        return
    if not 0 <= rate.value <= MAX_INT or not 0 <= rate.scale <= MAX_SCALE:
        scaled(rate, f"{field}.rate")
    if rate.value and value.category in UNTAXED:
        fail(f"{field}.rate", f"must be absent or 0 for category {value.category}")


def allowances(values: tuple[AllowanceCharge, ...], field: str) -> int:
    """Checks each and returns charges minus allowances, minor units."""
    total = 0
    for index, value in enumerate(values):
        at = f"{field}[{index}]"
        amount(value.amount, f"{at}.amount")
        amount(value.base, f"{at}.base")
        scaled(value.percent, f"{at}.percent")
        if value.tax is not None:
            category(value.tax, f"{at}.tax")
        total += value.amount if value.charge else -value.amount
    return total


def line_sum(quantity: Scaled, unit: str, value: Price, stated_amount: int, extra: int, currency: str) -> None:
    """The stated amount is quantity × price ± allowances, rounded to a neighbouring minor unit."""
    if value.unit and value.unit != unit:
        return  # priced in another unit: only the parties know the factor
    base = value.base_quantity
    numerator, denominator = line_fraction(
        (quantity.value, quantity.scale),
        (value.value.value, value.value.scale),
        None if base is None else (base.value, base.scale),
        currency,
    )
    if numerator > MAX_INT * denominator:
        fail("amount", "quantity × price is above 2^53 - 1 minor units")
    low = numerator // denominator + extra
    if stated_amount != low and not (stated_amount == low + 1 and numerator % denominator):
        fail("amount", f"must be quantity × price, less allowances and plus charges: {low} here")


def taxes(
    values: tuple[TaxSubtotal, ...],
    *,
    included: bool,
    rounding: Rounding | None,
    signed: bool = False,
    untaxed: bool = False,
) -> int:
    """Checks each rate and returns the sum of the taxes.

    With ``rounding`` the tax is exactly the basis times the rate, rounded once that way; without it (papers before the
    invoice) either neighbouring unit will do. ``signed``: a basis may be below zero. ``untaxed``: a rate may have no
    tax, because its seller may charge none.
    """
    seen: dict[tuple[str, int], None] = {}
    total = 0
    for index, value in enumerate(values):
        at = f"taxes[{index}]"
        category(value, at)
        amount(abs(value.basis) if signed else value.basis, f"{at}.basis")
        amount(-value.tax if signed and value.basis < 0 else value.tax, f"{at}.tax")
        key = rate_key(value)
        if key in seen:
            fail(at, "each category and rate stands once: tax is rounded once per rate")
        seen[key] = None
        total += value.tax
        if value.tax or not untaxed:
            _tax(value, at, included, rounding)
    return total


def _tax(value: TaxSubtotal, at: str, included: bool, rounding: Rounding | None) -> None:
    if value.category in UNTAXED:
        if value.tax:
            fail(f"{at}.tax", f"must be 0 for category {value.category}")
        return
    if value.rate is None:
        if rounding is not None:
            fail(f"{at}.rate", "must be stated")
        return
    numerator, denominator = tax_fraction(abs(value.basis), (value.rate.value, value.rate.scale), included=included)
    if rounding is not None:
        right = divide(numerator, denominator, rounding) * (-1 if value.basis < 0 else 1)
        if value.tax != right:
            fail(f"{at}.tax", f"must be {right}: basis × rate, rounded {rounding.value} once per rate")
    elif not 0 <= value.tax - numerator // denominator <= (1 if numerator % denominator else 0):
        fail(f"{at}.tax", f"must be basis × rate rounded once: about {numerator // denominator}")


def rate_key(value: TaxCategory | TaxSubtotal) -> tuple[str, int]:
    """Category and rate in 10^-9 percent; an absent rate counts as 0."""
    rate = value.rate
    return value.category, 0 if rate is None else rate.value * 10 ** (9 - rate.scale)


def totals(
    value: Totals, line_total: int | None, extras: tuple[AllowanceCharge, ...], tax: int | None, included: bool
) -> None:
    """Those sums that are stated agree with the lines, the allowances and each other.

    ``line_total`` None: not every line states an amount. ``tax`` None: the paper lists no taxes.
    """
    for name in _SUMS:
        found = getattr(value, name)
        if found is not None and not 0 <= found <= MAX_INT:
            amount(found, f"totals.{name}")
    if value.rounding is not None and not -MAX_INT <= value.rounding <= MAX_INT:
        fail("totals.rounding", "is at most 2^53 - 1 minor units either way")
    _same(value.lines, line_total, "lines", "the sum of the line amounts")
    if extras:
        _same(value.allowances, sum(one.amount for one in extras if not one.charge), "allowances", "their sum")
        _same(value.charges, sum(one.amount for one in extras if one.charge), "charges", "their sum")
    _same(value.tax, tax, "tax", "the sum of the taxes per rate")
    if value.lines is not None:
        footed = value.lines - (value.allowances or 0) + (value.charges or 0)
        name, stated_sum = ("gross", value.gross) if included else ("net", value.net)
        _same(stated_sum, footed, name, "lines - allowances + charges")
    if value.net is not None and value.tax is not None:
        _same(value.gross, value.net + value.tax, "gross", "net + tax")
    if value.gross is not None:
        due = value.gross - (value.prepaid or 0) + (value.rounding or 0)
        _same(value.payable, due, "payable", "gross - prepaid + rounding")


def _same(found: int | None, wanted: int | None, name: str, what: str) -> None:
    if found is not None and wanted is not None and found != wanted:
        fail(f"totals.{name}", f"must be {what}: {wanted}")


def terms(value: PaymentTerms | None) -> None:
    """Terms of payment."""
    if value is None:
        return
    day_or_none(value.due_date, "terms.due_date")
    means(value.means, "terms.means")


def means(values: Sequence[PaymentMeans], field: str) -> None:
    """Ways of payment."""
    for index, value in enumerate(values):
        at = f"{field}[{index}]"
        if value.method:
            one_of(value.method, PAYMENT_METHODS, f"{at}.method")
        amount(value.amount, f"{at}.amount")
        scaled(value.percent, f"{at}.percent")
        day_or_none(value.start_date, f"{at}.start_date")
        day_or_none(value.maturity, f"{at}.maturity")
