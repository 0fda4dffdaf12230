"""Exact money: rounding, line amounts, tax once per rate. Integers only; knows no paper.

Amounts are minor units (yen; cents). Quantities and rates are decimals held as (value, scale), and where they are added
or compared they are *nano*: integers of 10^-9 (``MAX_SCALE``). Source: ``docs/process.md``, "Money"; rounding once per
rate and invoice: 消費税法施行令 70条の10 as in the tax agency's questions and answers on qualified invoices.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from protocol.limits import MAX_INT, MAX_SCALE

NANO: Final = 10**MAX_SCALE
_POWERS: Final[tuple[int, ...]] = tuple(10**exponent for exponent in range(MAX_SCALE + 1))
_NANO_POWERS: Final = tuple(reversed(_POWERS))
# ISO 4217: minor units other than two digits.
_NO_MINOR: Final = frozenset(
    {"BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"}
)
_THREE_DIGITS: Final = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})


class Rounding(Enum):
    """The issuer's direction (端数処理): 切捨て, 四捨五入, 切上げ."""

    DOWN = "down"
    HALF_UP = "half_up"
    UP = "up"


def minor_digits(currency: str) -> int:
    """How many decimal places the minor unit of an ISO 4217 currency has (JPY 0, EUR 2)."""
    if currency in _NO_MINOR:
        return 0
    return 3 if currency in _THREE_DIGITS else 2


def minor_factor(currency: str) -> int:
    """How many minor units one major unit of an ISO 4217 currency is (JPY 1, EUR 100)."""
    return _POWERS[minor_digits(currency)]


def nano(value: int, scale: int) -> int:
    """``value`` × 10^-``scale`` as an integer of 10^-9; ``scale`` 0 to 9. Exact."""
    return value * _NANO_POWERS[scale]


def denano(amount: int) -> tuple[int, int]:
    """The shortest (value, scale) of a nano integer."""
    scale = MAX_SCALE
    while scale and amount % 10 == 0:
        amount //= 10
        scale -= 1
    return amount, scale


def divide(numerator: int, denominator: int, rounding: Rounding) -> int:
    """``numerator`` / ``denominator`` rounded once. Both at least 0, the denominator above 0."""
    if rounding is Rounding.DOWN:
        return numerator // denominator
    if rounding is Rounding.UP:
        return -(-numerator // denominator)
    return (2 * numerator + denominator) // (2 * denominator)


def line_fraction(
    quantity: tuple[int, int], price: tuple[int, int], base: tuple[int, int] | None, currency: str
) -> tuple[int, int]:
    """Quantity × unit price / base quantity in minor units, exactly, as (numerator, denominator).

    Each argument is (value, scale); a base quantity of zero counts as one.
    """
    numerator = quantity[0] * price[0] * minor_factor(currency)
    denominator = _POWERS[quantity[1]] * _POWERS[price[1]]
    if base is not None and base[0]:
        numerator *= _POWERS[base[1]]
        denominator *= base[0]
    return numerator, denominator


def line_amount(
    quantity: tuple[int, int],
    price: tuple[int, int],
    rounding: Rounding,
    *,
    base: tuple[int, int] | None = None,
    currency: str = "JPY",
) -> int:
    """The amount of a line in minor units. Raises ``OverflowError`` above 2^53 - 1."""
    amount = divide(*line_fraction(quantity, price, base, currency), rounding)
    if amount > MAX_INT:
        raise OverflowError("the amount of a line is at most 2^53 - 1 minor units")
    return amount


def tax_fraction(basis: int, rate: tuple[int, int], *, included: bool) -> tuple[int, int]:
    """Tax on ``basis`` at ``rate`` percent, exactly, as (numerator, denominator).

    ``included``: the basis contains the tax (税込), so that tax = basis × rate / (100 + rate).
    """
    hundred = 100 * _POWERS[rate[1]]
    return basis * rate[0], hundred + rate[0] if included else hundred


def tax(basis: int, rate: tuple[int, int], rounding: Rounding, *, included: bool = False) -> int:
    """Tax on the sum of one rate, rounded once."""
    return divide(*tax_fraction(basis, rate, included=included), rounding)
