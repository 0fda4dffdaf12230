"""Bank days and days of payment."""

from __future__ import annotations

from datetime import date

import pytest

from node.services import bankdays
from node.services.terms import PartnerTerms, closing_of, payday


@pytest.mark.parametrize(
    ("day", "works"),
    [
        ("2026-10-30", True), ("2026-10-31", False), ("2026-11-01", False), ("2026-11-03", False),
        ("2026-11-23", False), ("2026-12-30", True), ("2026-12-31", False), ("2027-01-01", False),
        ("2027-01-02", False), ("2027-01-03", False), ("2027-01-04", True), ("2026-05-06", False),
        ("2026-09-22", False), ("2027-03-22", False),
    ],
)  # fmt: skip
def test_bank_days(day: str, works: bool) -> None:
    """Weekends, holidays, the turn of the year; a substitute holiday; a day between two holidays."""
    assert bankdays.is_banking_day(date.fromisoformat(day)) is works


@pytest.mark.parametrize(
    ("day", "shift", "wanted"),
    [
        ("2026-10-31", "next", "2026-11-02"), ("2026-10-31", "previous", "2026-10-30"),
        ("2026-10-31", "none", "2026-10-31"), ("2026-12-31", "next", "2027-01-04"),
        ("2026-12-31", "previous", "2026-12-30"), ("2026-11-30", "next", "2026-11-30"), ("", "next", ""),
    ],
)  # fmt: skip
def test_shifting(day: str, shift: str, wanted: str) -> None:
    assert bankdays.shifted(day, shift) == wanted


@pytest.mark.parametrize(
    ("terms", "day", "closing", "paid"),
    [
        (PartnerTerms(closing_day=31, pay_months=1), "2026-10-01", "2026-10-31", "2026-11-30"),
        (PartnerTerms(closing_day=31, pay_months=1), "2026-10-31", "2026-10-31", "2026-11-30"),
        (PartnerTerms(closing_day=20, pay_months=2, pay_day=10), "2026-10-21", "2026-11-20", "2027-01-10"),
        (PartnerTerms(closing_day=31, pay_months=1), "2027-01-31", "2027-01-31", "2027-02-28"),
        (PartnerTerms(closing_day=30, pay_months=0), "2027-02-28", "2027-02-28", "2027-02-28"),
        (PartnerTerms(closing_day=31, pay_months=2), "2026-12-31", "2026-12-31", "2027-02-28"),
        (PartnerTerms(closing_day=0, pay_months=1, pay_day=15), "2026-10-05", "2026-10-05", "2026-11-15"),
    ],
)
def test_closing_and_payment(terms: PartnerTerms, day: str, closing: str, paid: str) -> None:
    assert closing_of(terms, day) == closing
    assert payday(terms, day) == paid
