"""Rules on reports of sales and proposals: weeks and areas are real, items are known, nothing is said twice."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from protocol.errors import CallerFault
from protocol.limits import MAX_REPORT_LINES
from protocol.process import checks
from protocol.process.trade.check.parties import item, party
from protocol.process.trade.check.rules import currency, day, document_id, fail, inside, one_of, scaled, stated
from protocol.process.trade.papers import (
    ReplenishmentAnswer,
    ReplenishmentProposal,
    SalesReport,
    SoldArea,
    SoldLine,
)
from protocol.process.trade.papers.replenishing import ANSWERS, ORDERED

_WEEK: Final = re.compile(r"(\d{4})-W(\d{2})", re.ASCII)
_AREA: Final = re.compile(r"(\d{2})(\d{3})?", re.ASCII)
PREFECTURES: Final = 47


def is_week(value: str) -> bool:
    """An ISO week of the calendar as ``YYYY-Www``."""
    found = _WEEK.fullmatch(value)
    if found is None:
        return False
    try:
        date.fromisocalendar(int(found[1]), int(found[2]), 1)
    except ValueError:
        return False
    return True


def is_area(value: str) -> bool:
    """A prefecture (two digits), or a municipality (five) of one."""
    found = _AREA.fullmatch(value)
    return found is not None and 1 <= int(found[1]) <= PREFECTURES


def sales_report(paper: SalesReport) -> None:
    """販売報告."""
    party(paper.buyer, "buyer")
    party(paper.seller, "seller")
    if not is_week(paper.week):
        fail("week", "must be a week of the calendar as YYYY-Www")
    seen: dict[tuple[str, str], None] = {}
    for index, area in enumerate(paper.areas):
        try:
            _area(area)
        except CallerFault as fault:
            raise inside(fault, f"areas[{index}]") from None
        if (area.area, area.store) in seen:
            fail(f"areas[{index}].area", "occurs more than once")
        seen[area.area, area.store] = None
    if sum(len(area.lines) for area in paper.areas) > MAX_REPORT_LINES:
        fail("areas", f"at most {MAX_REPORT_LINES} lines in all areas together")
    if any(line.amount is not None for area in paper.areas for line in area.lines):
        currency(paper)


def _area(area: SoldArea) -> None:
    if not is_area(area.area):
        fail("area", "must be the code of a prefecture (2 digits) or of a municipality (5 digits)")
    if not area.lines:
        fail("lines", "must not be empty")
    seen: dict[tuple[str, str, str], None] = {}
    for index, line in enumerate(area.lines):
        at = f"lines[{index}]"
        _line(line, at)
        if (known := (line.gtin, line.seller_id, line.unit)) in seen:
            fail(at, "occurs more than once")
        seen[known] = None


def _line(line: SoldLine, at: str) -> None:
    if not (line.gtin or line.seller_id):
        fail(f"{at}.gtin", "must be stated, or the supplier's own number")
    if line.gtin and not checks.is_gtin(line.gtin):
        fail(f"{at}.gtin", "must be 8, 12, 13 or 14 digits with a valid check digit (JAN, GTIN)")
    stated(line.unit, f"{at}.unit")


def replenishment_proposal(paper: ReplenishmentProposal) -> None:
    """補充の提案."""
    party(paper.buyer, "buyer")
    party(paper.seller, "seller")
    day(paper.valid_until, "valid_until")
    if paper.valid_until < paper.issue_date:
        fail("valid_until", "must not be before the day of issue")
    seen: dict[str, None] = {}
    for index, line in enumerate(paper.lines):
        at = f"lines[{index}]"
        item(line.item, f"{at}.item")
        stated(line.item.name, f"{at}.item.name")
        stated(line.item.seller_id, f"{at}.item.seller_id")
        stated(line.unit, f"{at}.unit")
        scaled(line.quantity, f"{at}.quantity")
        if not line.quantity.value:
            fail(f"{at}.quantity", "must be above 0")
        if line.item.seller_id in seen:
            fail(f"{at}.item.seller_id", "occurs more than once")
        seen[line.item.seller_id] = None


def replenishment_answer(paper: ReplenishmentAnswer) -> None:
    """補充の提案への回答."""
    stated(paper.proposal, "proposal")
    document_id(paper.proposal, "proposal")
    one_of(paper.answer, ANSWERS, "answer")
    if (paper.answer == ORDERED) != bool(paper.order):
        fail("order", "must be stated where the proposal was ordered, and only there")
