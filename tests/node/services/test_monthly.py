"""The list of a closing: the sums of the papers and nothing else, credits taken off, one list for each currency."""

from __future__ import annotations

import re

import pytest
from msgspec.structs import replace

from node.papers.pdf import monthly as sheets
from node.papers.pdf import render_monthly
from node.papers.pdf.worker import Worker
from node.services import dealings, monthly, terms
from node.services.drafting import Step
from node.services.terms import PartnerTerms
from protocol.errors import CallerFault, NotFound
from protocol.process.trade.papers import Invoice, Scaled, TaxCategory
from tests.node.papers.pdf.test_papers import texts_in
from tests.node.services import october
from tests.node.services.desk.test_desk import Pair

MONTH = "2026-10"


def billed(pair: Pair, number: str, price: int, day: str = "2026-10-20", *, rate: int = 10) -> bytes:
    order = october.order(number, 3, price)
    if rate != 10:
        line = replace(order.lines[0], tax=TaxCategory(category="AA", rate=Scaled(rate)))
        order = replace(order, lines=(line,))
    return october.billed(pair.here, pair.there, pair.buyer, pair.seller, order, day=day)


def listed(pair: Pair, month: str = MONTH) -> sheets.Monthly:
    house, seller, buyer = pair.there.house, pair.seller, pair.buyer
    (found,) = pair.there.see(lambda tx: monthly.of_closing(house, tx, seller, buyer, month, selling=True))
    return found


def invoice_of(pair: Pair, thread: bytes) -> tuple[str, Invoice]:
    folded = pair.there.see(lambda tx: dealings.fold(tx, thread))
    return next((fact.id.hex(), fact.body) for fact in folded.facts if isinstance(fact.body, Invoice))


def closing_on(pair: Pair, day: int) -> None:
    agreed = PartnerTerms(closing_day=day)
    pair.there.do(lambda tx: terms.put(pair.there.house, tx, pair.seller, pair.buyer, agreed))


def test_sums_are_those_of_invoices_that_were_each_rounded_for_itself() -> None:
    pair = Pair()
    closing_on(pair, 31)
    threads = [billed(pair, "PO-1", 335), billed(pair, "PO-2", 335), billed(pair, "PO-3", 101, rate=8)]
    invoices = dict(invoice_of(pair, thread) for thread in threads)
    found = listed(pair)
    assert (found.since, found.until, found.due) == ("2026-10-01", "2026-10-31", "2026-11-30")
    assert [row.order for row in found.listed] == ["PO-1", "PO-2", "PO-3"]
    assert {row.document: row.total for row in found.listed} == {
        document: paper.totals.payable for document, paper in invoices.items()
    }
    rates = [(rate.category, rate.basis, rate.tax) for rate in found.rates]
    assert rates == [("S", 2_010, 200), ("AA", 303, 24)], (
        "1,005 yen at 10 %, rounded down twice: 201 would be taxed anew"
    )
    assert (found.net, found.tax, found.total, found.payable, found.before) == (2_313, 224, 2_537, 2_537, 0)


def test_a_closing_has_what_was_billed_up_to_its_day_and_names_what_is_open_from_before() -> None:
    pair = Pair()
    closing_on(pair, 20)
    billed(pair, "PO-1", 1_000, "2026-10-20")
    billed(pair, "PO-2", 2_000, "2026-10-21")
    assert [row.order for row in listed(pair).listed] == ["PO-1"]
    later = listed(pair, "2026-11")
    assert (later.since, later.until) == ("2026-10-21", "2026-11-20")
    assert [row.order for row in later.listed] == ["PO-2"]
    assert later.before == 3_300


def test_what_was_credited_is_taken_off() -> None:
    pair = Pair()
    closing_on(pair, 31)
    thread = billed(pair, "PO-1", 1_000)
    october.step(pair.there, pair.seller, thread, Step.CREDIT, "2026-10-25", reason="返品")
    found = listed(pair)
    assert [(row.kind, row.total) for row in found.listed] == [("invoice", 3_300), ("corrective_invoice", -3_300)]
    assert (found.total, found.payable, [(one.basis, one.tax) for one in found.rates]) == (0, 0, [(0, 0)])


def test_nothing_billed_is_no_list_and_no_other_firm_sees_it() -> None:
    pair = Pair()
    billed(pair, "PO-1", 1_000)
    house, stranger = pair.there.house, pair.there.enrol("すずめ屋")
    for member, partner, selling in (
        (pair.seller, b"x" * 32, True),
        (pair.seller, pair.buyer, False),
        (stranger, pair.buyer, True),
    ):
        with pytest.raises(NotFound):
            pair.there.see(
                lambda tx, m=member, p=partner, s=selling: monthly.of_closing(house, tx, m, p, MONTH, selling=s)  # type: ignore[misc]
            )


def test_the_sheet_says_what_it_is_and_the_other_process_prints_the_same() -> None:
    pair = Pair()
    closing_on(pair, 31)
    billed(pair, "PO-1", 333)
    found = listed(pair)
    said = re.sub(r"\s", "", "".join(texts_in(sheets.sheet(found))))
    for text in ("合計請求書", "PO-1", "¥1,098", "税率ごとの合計", "請求書ごとに端数処理", "署名がありません"):
        assert text in said, text
    english = " ".join(texts_in(sheets.sheet(replace(found, language="en"))))
    assert "Monthly Invoice" in english
    assert "each its own" not in english
    worker = Worker()
    try:
        assert worker.monthly([found]) == render_monthly([found])
        with pytest.raises(CallerFault):
            worker.monthly([replace(found, language="fr")])
    finally:
        worker.close()
