"""Rounding once per rate, exact line amounts, minor units."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.limits import MAX_INT
from protocol.process.money import (
    NANO,
    Rounding,
    denano,
    divide,
    line_amount,
    line_fraction,
    minor_digits,
    nano,
    tax,
    tax_fraction,
)

DOWN, HALF_UP, UP = Rounding.DOWN, Rounding.HALF_UP, Rounding.UP


@pytest.mark.parametrize(
    ("basis", "rate", "included", "down", "half_up", "up"),
    [
        (60_000, (10, 0), True, 5_454, 5_455, 5_455),  # the tax agency's worked example
        (40_000, (8, 0), True, 2_962, 2_963, 2_963),  # the same
        (3_490, (8, 0), False, 279, 279, 280),
        (3_490, (80, 1), False, 279, 279, 280),
        (25, (10, 0), False, 2, 3, 3),
        (24, (10, 0), False, 2, 2, 3),
        (100, (10, 0), False, 10, 10, 10),
        (0, (10, 0), True, 0, 0, 0),
        (100, (0, 0), True, 0, 0, 0),
        (MAX_INT, (10, 0), False, 900719925474099, 900719925474099, 900719925474100),
    ],
)
def test_tax(basis: int, rate: tuple[int, int], included: bool, down: int, half_up: int, up: int) -> None:
    assert [tax(basis, rate, way, included=included) for way in (DOWN, HALF_UP, UP)] == [down, half_up, up]


def test_rounding_each_line_is_not_rounding_once() -> None:
    """Why the rule matters: ten lines of 105 yen at 8 % lose 4 yen when each is rounded down."""
    assert sum(tax(105, (8, 0), DOWN) for _ in range(10)) == 80
    assert tax(1_050, (8, 0), DOWN) == 84


@given(st.integers(0, MAX_INT), st.integers(0, 10**6), st.integers(0, 9), st.booleans())
def test_tax_lies_beside_the_exact_value(basis: int, rate: int, scale: int, included: bool) -> None:
    exact = Fraction(*tax_fraction(basis, (rate, scale), included=included))
    percent = Fraction(rate, 10**scale)
    assert exact == (basis * percent / (100 + percent) if included else basis * percent / 100)
    down, half, up = (tax(basis, (rate, scale), way, included=included) for way in (DOWN, HALF_UP, UP))
    assert down <= exact <= up <= down + 1
    assert half == (up if exact - down >= Fraction(1, 2) else down)


@given(st.integers(0, 10**12), st.integers(1, 10**6))
def test_divide(numerator: int, denominator: int) -> None:
    exact = Fraction(numerator, denominator)
    assert divide(numerator, denominator, DOWN) == exact // 1
    assert divide(numerator, denominator, UP) == -(-exact // 1)
    assert abs(divide(numerator, denominator, HALF_UP) - exact) <= Fraction(1, 2)


@pytest.mark.parametrize(
    ("quantity", "price", "base", "currency", "amount"),
    [
        ((10, 0), (12_000, 2), None, "JPY", 1_200),
        ((3, 0), (3333, 1), None, "JPY", 999),
        ((15, 1), (100, 0), None, "JPY", 150),
        ((1, 0), (150, 2), None, "EUR", 150),
        ((1, 0), (1, 0), None, "KWD", 1_000),
        ((1_000, 0), (980, 0), (100, 0), "JPY", 9_800),
        ((7, 0), (100, 0), (3, 0), "JPY", 233),
        ((7, 0), (100, 0), (0, 0), "JPY", 700),
        ((7, 0), (0, 0), None, "JPY", 0),
        ((25, 1), (10, 0), (5, 1), "JPY", 50),
    ],
)
def test_line_amount(
    quantity: tuple[int, int], price: tuple[int, int], base: tuple[int, int] | None, currency: str, amount: int
) -> None:
    assert line_amount(quantity, price, DOWN, base=base, currency=currency) == amount


def test_line_amount_overflows() -> None:
    with pytest.raises(OverflowError, match="2\\^53"):
        line_amount((MAX_INT, 0), (2, 0), DOWN)


def test_line_fraction_is_exact() -> None:
    assert Fraction(*line_fraction((1, 9), (1, 9), None, "JPY")) == Fraction(1, 10**18)


def test_minor_digits() -> None:
    assert [minor_digits(code) for code in ("JPY", "KRW", "EUR", "USD", "KWD")] == [0, 0, 2, 2, 3]


@given(st.integers(0, MAX_INT), st.integers(0, 9))
def test_nano_and_back(value: int, scale: int) -> None:
    amount = nano(value, scale)
    assert Fraction(amount, NANO) == Fraction(value, 10**scale)
    short, digits = denano(amount)
    assert Fraction(short, 10**digits) == Fraction(value, 10**scale)
    assert digits == 0 or short % 10
