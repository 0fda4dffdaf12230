"""The papers of replenishment: their rules, and how large they get."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from protocol.errors import CallerFault
from protocol.limits import MAX_DOCUMENT_BYTES, MAX_REPORT_LINES
from protocol.process.trade.check import admit, check, issue
from protocol.process.trade.papers import (
    Item,
    Paper,
    ProposedLine,
    ReplenishmentAnswer,
    ReplenishmentProposal,
    SalesReport,
    Scaled,
    SoldArea,
    SoldLine,
)
from protocol.process.trade.retention import NONE, term_of
from tests.protocol.process.dealings import PARTIES, head
from tests.protocol.process.replenishment.desk import JAN, ReplenishmentDesk, sold


def report(**more: Any) -> SalesReport:
    fields: dict[str, Any] = {"week": "2026-W40", "areas": (sold(12),), **more}
    return SalesReport(**head("SL-1"), **PARTIES, **fields)


def area(code: str = "26104", **line: Any) -> SalesReport:
    fields: dict[str, Any] = {"gtin": JAN, "unit": "H87", "sold": 1000, **line}
    return report(areas=(SoldArea(area=code, lines=(SoldLine(**fields),)),))


def proposal(*lines: ProposedLine, **more: Any) -> ReplenishmentProposal:
    fields: dict[str, Any] = {"valid_until": "2026-12-31", **more}
    return ReplenishmentProposal(**head("RP-1"), **PARTIES, lines=lines, **fields)


def line(**more: Any) -> ProposedLine:
    fields: dict[str, Any] = {"item": Item(name="あめ", seller_id="P-2"), "quantity": Scaled(1), "unit": "H87", **more}
    return ProposedLine(**fields)


def answer(**more: Any) -> ReplenishmentAnswer:
    fields: dict[str, Any] = {"proposal": "ab" * 32, "answer": "declined", **more}
    return ReplenishmentAnswer(**head("RR-1"), **fields)


BAD: list[tuple[str, Paper]] = [
    ("week", report(week="2026-W54")),
    ("week", report(week="2025-W53")),
    ("week", report(week="2026-40")),
    ("areas[1].area", report(areas=(sold(1), sold(2)))),
    ("areas[0].area", area("48")),
    ("areas[0].area", area("261")),
    ("areas[0].lines", report(areas=(SoldArea(area="26"),))),
    ("areas[0].lines[0].gtin", area(gtin="")),
    ("areas[0].lines[0].gtin", area(gtin="2900000401014")),
    ("areas[0].lines[0].unit", area(unit="")),
    ("areas[0].lines[1]", report(areas=(replace(sold(1), lines=sold(1).lines * 2),))),
    ("currency", replace(report(areas=(sold(1, amount=100),)), currency="")),
    ("valid_until", proposal(line(), valid_until="2026-01-01")),
    ("lines[0].item.seller_id", proposal(line(item=Item(name="あめ")))),
    ("lines[1].item.seller_id", proposal(line(), line())),
    ("lines[0].quantity", proposal(line(quantity=Scaled(0)))),
    ("proposal", answer(proposal="")),
    ("answer", answer(answer="perhaps")),
    ("order", answer(order="PO-1")),
    ("order", answer(answer="ordered")),
]


@pytest.mark.parametrize(("field", "paper"), BAD, ids=[f"{at}-{field}" for at, (field, _) in enumerate(BAD)])
def test_rules(field: str, paper: Paper) -> None:
    with pytest.raises(CallerFault) as refused:
        check(paper)
    assert refused.value.field == field


def test_too_many_lines_over_all_areas() -> None:
    lines = tuple(SoldLine(seller_id=f"P-{number}", unit="H87", sold=1) for number in range(MAX_REPORT_LINES // 2 + 1))
    with pytest.raises(CallerFault) as refused:
        check(report(areas=(SoldArea(area="26", lines=lines), SoldArea(area="27", lines=lines))))
    assert refused.value.field == "areas"


def test_they_read_back_as_they_were_written() -> None:
    desk = ReplenishmentDesk()
    first = desk.report()
    asked = desk.propose(first)
    for fact in (first, asked, desk.answer_proposal(asked, order="PO-1")):
        assert admit(fact.type, 1, issue(fact.body)) == fact.body


def test_the_largest_report_fits_into_a_document() -> None:
    lines = tuple(
        SoldLine(gtin=JAN, seller_id=f"P-{number:05}", unit="H87", sold=123_000, amount=45_678)
        for number in range(MAX_REPORT_LINES)
    )
    paper = replace(report(areas=(SoldArea(area="26104", lines=lines),)), currency="JPY")
    assert len(issue(paper)) < MAX_DOCUMENT_BYTES - 16 * 1024


def test_nothing_keeps_them() -> None:
    for name in ("sales_report", "replenishment_proposal", "replenishment_answer"):
        assert term_of(name, None) == NONE
