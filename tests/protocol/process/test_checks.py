"""Check digits: published numbers, and what one wrong or exchanged digit does to them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import ean
from stdnum.jp import cn

from protocol.process import checks

CORPORATE = ["7000012050002", "7180001044022", "9180001105466"]
GTINS = ["4912345678904", "4569951116179", "49123456", "614141000036", "05704066204093"]


@pytest.mark.parametrize("number", CORPORATE)
def test_corporate_numbers(number: str) -> None:
    assert checks.is_corporate_number(number)
    for place in range(13):
        wrong = number[:place] + str((int(number[place]) + 1) % 10) + number[place + 1 :]
        assert not checks.is_corporate_number(wrong)


@pytest.mark.parametrize(
    "number", ["1234567890123", "3210987654321", "", "700001205000", "７000012050002", "70000120500０2"]
)
def test_what_is_no_corporate_number(number: str) -> None:
    assert not checks.is_corporate_number(number)


@given(st.from_regex(r"[0-9]{13}", fullmatch=True))
def test_corporate_numbers_as_others_see_them(number: str) -> None:
    assert checks.is_corporate_number(number) == cn.is_valid(number)


@given(st.from_regex(r"[0-9]{13}", fullmatch=True))
def test_gtins_as_others_see_them(number: str) -> None:
    assert checks.is_gtin(number) == ean.is_valid(number)
    assert checks.is_gln(number) == ean.is_valid(number)


@pytest.mark.parametrize("number", GTINS[:2] + GTINS[3:])
def test_gtins(number: str) -> None:
    assert checks.is_gtin(number)
    assert not checks.is_gtin(number[:-1] + str((int(number[-1]) + 1) % 10))


@pytest.mark.parametrize("number", ["", "4912345678905", "491234567890", "49123456789041", "4912345x78904", "4"])
def test_what_is_no_gtin(number: str) -> None:
    assert not checks.is_gtin(number)


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (checks.is_gln, ["7300010000001", "7598000000128"], ["7300010000002", "05704066204093", ""]),
        (checks.is_sscc, ["006141411234567890", "340123450000000000"], ["006141411234567891", "00614141123456789", ""]),
        (
            checks.is_registration_number,
            ["T1234567890123", "T7000012050002"],
            ["7000012050002", "T-7000012050002", "T"],
        ),
        (
            checks.is_date,
            ["2026-11-22", "2028-02-29"],
            ["2026-02-29", "2026-W01-1", "20261122", "2026-1-02", "", "２026-11-22"],
        ),
        (
            checks.is_time,
            ["00:00:00", "23:59:60", "12:30:00.5", "12:30:00Z", "12:30:00+09:00"],
            ["24:00:00", "12:30", "١2:30:00"],
        ),
        (checks.is_currency, ["JPY", "EUR"], ["jpy", "JP", "JPYX", "", "ＪPY"]),
    ],
)
def test_forms(check: Callable[[str], bool], good: list[str], bad: list[str]) -> None:
    assert [one for one in good if not check(one)] == []
    assert [one for one in bad if check(one)] == []
