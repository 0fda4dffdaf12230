"""Advice: an order statement that lacks nothing gives none; take one item away, and it is named."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from protocol.process.trade.advice import TEXTS, Advice, advise
from protocol.process.trade.check import check
from protocol.process.trade.papers import (
    Delivery,
    Inspection,
    Invoice,
    Item,
    Location,
    Order,
    Party,
    PaymentMeans,
    PaymentTerms,
    Period,
    Scaled,
    SuppliedMaterial,
    Undecided,
)
from tests.protocol.process.dealings import Desk

STEEL = SuppliedMaterial(
    name="SUS304", quantity=Scaled(3), unit="KGM", amount=900, handover_date="2026-11-25",
    settlement_date="2027-01-31", settlement_method="相殺",
)  # fmt: skip
RECORD = PaymentMeans(
    method="electronic_record", institution="でんさいネット", percent=Scaled(100), maturity="2027-01-31"
)


def order(**more: Any) -> Order:
    """An order statement with every item of 取適法 4条."""
    body = Desk().order().body
    assert isinstance(body, Order)
    complete = replace(
        body,
        delivery=Delivery(period=Period(end="2026-12-10"), location=Location(name="第二工場")),
        inspection=Inspection(completion_date="2026-12-20"),
        terms=PaymentTerms(due_date="2027-01-31"),
    )
    return replace(complete, **more)


def invoice(**more: Any) -> Invoice:
    body = Desk().bill().body
    assert isinstance(body, Invoice)
    return replace(body, **more)


def texts(paper: Any) -> list[tuple[str, str]]:
    check(paper)
    return [(advice.field, advice.text) for advice in advise(paper)]


def test_a_complete_order_statement() -> None:
    assert advise(order()) == ()
    assert advise(order(supplied=(STEEL,), terms=PaymentTerms(due_date="2027-02-06", means=(RECORD,)))) == ()


@pytest.mark.parametrize(
    ("more", "field", "text"),
    [
        ({"buyer": Party(corporate_number="7180001044022")}, "buyer.name", "order.parties"),
        ({"seller": Party(corporate_number="7180001044022")}, "seller.name", "order.parties"),
        ({"inspection": None}, "inspection.completion_date", "order.inspection"),
        ({"inspection": Inspection(method="抜取り")}, "inspection.completion_date", "order.inspection"),
        ({"terms": None}, "terms.due_date", "order.due_date"),
        ({"terms": PaymentTerms(description="末締め翌月末")}, "terms.due_date", "order.due_date"),
        ({"supplied": (replace(STEEL, amount=None),)}, "supplied[0]", "order.supplied"),
        ({"supplied": (replace(STEEL, settlement_method=""),)}, "supplied[0]", "order.supplied"),
        ({"undecided": (Undecided(field="note", reason="x"),)}, "undecided[0].expected_date", "order.undecided"),
    ],
)
def test_what_is_missing(more: dict[str, Any], field: str, text: str) -> None:
    assert texts(order(**more)) == [(field, text)]


@pytest.mark.parametrize("inspection", [Inspection(days_after_receipt=10), Inspection(waived=True)])
def test_other_ways_to_state_the_inspection(inspection: Inspection) -> None:
    assert advise(order(inspection=inspection)) == ()


def test_lines() -> None:
    first, second = order().lines
    bare = replace(first, price=None, amount=None, item=Item(name=""))
    assert texts(order(lines=(bare, second), delivery=None)) == [
        ("lines[0].item", "order.content"),
        ("lines[0].delivery", "order.delivery_date"),
        ("lines[0].delivery.location", "order.place"),
        ("lines[0].amount", "order.amount"),
        ("lines[1].delivery", "order.delivery_date"),
        ("lines[1].delivery.location", "order.place"),
    ]
    formula = replace(bare, item=first.item, formula="時間単価 4,000円 × 実績時間")
    place = Delivery(period=Period(description="2026年12月上旬"), party=Party(name="倉庫"))
    assert advise(order(lines=(replace(formula, delivery=place), replace(second, delivery=place)), delivery=None)) == ()


def test_undecided_items_are_not_missed() -> None:
    first, second = order().lines
    lines = (replace(first, price=None, amount=None), second)
    undecided = (Undecided(field="lines[0].amount", reason="原料価格が未定", expected_date="2026-12-01"),)
    assert advise(order(lines=lines, undecided=undecided)) == ()
    other = (Undecided(field="lines[1]", reason="x", expected_date="2026-12-01"),)
    assert texts(order(lines=lines, undecided=other)) == [("lines[0].amount", "order.amount")]
    whole = (Undecided(field="terms", reason="x", expected_date="2026-12-01"),)
    assert advise(order(terms=None, undecided=whole)) == ()


@pytest.mark.parametrize(("due", "late"), [("2027-02-07", False), ("2027-02-08", True)])
def test_sixty_days_count_the_day_of_receipt(due: str, late: bool) -> None:
    """Received on 10 December: day 1. Day 60 is 7 February."""
    found = texts(order(terms=PaymentTerms(due_date=due)))
    assert found == ([("terms.due_date", "order.due_date_late")] if late else [])


def test_sixty_days_count_from_the_last_delivery() -> None:
    first, second = order().lines
    later = replace(second, delivery=Delivery(period=Period(start="2026-12-20")))
    assert advise(order(lines=(first, later), terms=PaymentTerms(due_date="2027-02-17"))) == ()


@pytest.mark.parametrize(
    "means", [PaymentMeans(method="promissory_note"), PaymentMeans(code="60"), PaymentMeans(code="20")]
)
def test_promissory_notes(means: PaymentMeans) -> None:
    found = texts(order(terms=PaymentTerms(due_date="2027-01-31", means=(means,))))
    assert found == [("terms.means[0].method", "order.promissory_note")]


def test_electronic_records() -> None:
    bare = PaymentMeans(method="lump_settlement")
    late = replace(RECORD, maturity="2027-03-31")
    found = texts(order(terms=PaymentTerms(due_date="2027-01-31", means=(bare, late, PaymentMeans(method="transfer")))))
    assert found == [("terms.means[0]", "order.settlement"), ("terms.means[1].maturity", "order.settlement_late")]


def test_a_qualified_invoice() -> None:
    assert advise(invoice()) == ()
    assert advise(invoice(transaction_date="", period=Period(start="2026-11-01"))) == ()


SELLER = Party(name="京都電子工業株式会社")


@pytest.mark.parametrize(
    ("more", "field", "text"),
    [
        ({"seller": SELLER}, "seller.registration_number", "invoice.registration_number"),
        (
            {"seller": replace(SELLER, registration_number="T1234567890123")},
            "seller.registration_number",
            "invoice.registration_check",
        ),
        (
            {"seller": replace(SELLER, registration_number="T7000012050002", corporate_number="7180001044022")},
            "seller.registration_number",
            "invoice.registration_check",
        ),
        (
            {"kind": "480", "seller": replace(SELLER, registration_number="T7000012050002")},
            "seller.registration_number",
            "invoice.unregistered",
        ),
        ({"transaction_date": ""}, "transaction_date", "invoice.transaction_date"),
        ({"buyer": Party(corporate_number="7180001044022")}, "buyer.name", "invoice.recipient"),
        (
            {"seller": Party(registration_number="T7000012050002", corporate_number="7000012050002")},
            "seller.name",
            "invoice.issuer",
        ),
    ],
)
def test_what_a_qualified_invoice_lacks(more: dict[str, Any], field: str, text: str) -> None:
    assert texts(invoice(**more)) == [(field, text)]


def test_content_and_dates_of_lines() -> None:
    first, second = invoice().lines
    dated = tuple(replace(line, transaction_date="2026-11-20") for line in (first, second))
    assert advise(invoice(transaction_date="", lines=dated)) == ()
    nameless = (replace(first, item=Item(name="")), second)
    assert texts(invoice(lines=nameless)) == [("lines[0].item.name", "invoice.content")]


def test_unregistered_seller() -> None:
    assert advise(invoice(kind="480", seller=SELLER)) == ()


def test_statements_and_corrections_are_invoices() -> None:
    assert advise(Desk().state().body) == ()
    assert advise(Desk().correct("credited").body) == ()


def test_other_papers_get_none() -> None:
    assert advise(Desk().enquire().body) == ()


def test_every_text_is_used_and_known() -> None:
    """Each advice above has a text; each text stands in the module that gives it."""
    from pathlib import Path

    from protocol.process.trade import advice

    source = Path(advice.__file__).read_text(encoding="utf-8")
    assert all(source.count(f'"{name}"') == 2 for name in TEXTS)
    assert isinstance(advise(order(terms=None))[0], Advice)
