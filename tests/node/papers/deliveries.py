"""A despatch advice, a receiving advice and a catalogue that state every field UBL has a place for."""

from __future__ import annotations

from protocol.process.trade.papers import (
    Catalogue,
    CatalogueItem,
    Delivery,
    DespatchAdvice,
    DespatchLine,
    Item,
    Location,
    Package,
    Period,
    Price,
    PriceTier,
    ReceivingAdvice,
    ReceivingLine,
    Reference,
    Scaled,
    Shipment,
)
from tests.node.papers import bills, full


def despatch_advice() -> DespatchAdvice:
    return DespatchAdvice(
        number="D-2026-10-26",
        issue_date="2026-10-26",
        issue_time="09:30:00",
        language="ja",
        note="二便に分けます",
        order="TY-1",
        references=(Reference(kind="sales_order", number="SO-1"), Reference(kind="other", number="X-1")),
        buyer=bills.buyer(),
        seller=bills.seller(),
        delivery=Delivery(location=Location(name="第二倉庫", address=full.address("倉庫"))),
        shipment=Shipment(
            despatch_date="2026-10-26",
            despatch_time="10:00:00",
            arrival_date="2026-10-27",
            arrival_time="12:00:00",
            carrier="見本運送",
            tracking="1234-5678",
            vehicle="架空 100 あ 12-34",
            packages=(Package(sscc="049012340000000018", kind="PX"), Package(id="箱2", kind="CT", count=3)),
        ),
        lines=(
            DespatchLine(
                line_id="1",
                order_line_id="10",
                quantity=Scaled(value=700),
                unit="H87",
                item=Item(name="歯車", seller_id="B-1", lot="L7"),
                outstanding=Scaled(value=500),
                reason="残りは11月10日",
                note="第一便",
            ),
            DespatchLine(
                line_id="2",
                order_line_id="20",
                quantity=Scaled(value=5),
                unit="KGM",
                item=Item(name="油", seller_id="O-1"),
            ),
        ),
    )


def receiving_advice() -> ReceivingAdvice:
    return ReceivingAdvice(
        number="K-1",
        issue_date="2026-10-28",
        issue_time="16:00:00",
        note="二枚に染み",
        order="TY-1",
        despatch="D-2026-10-26",
        result="partial",
        received_date="2026-10-27",
        received_time="11:30:00",
        buyer=bills.buyer(),
        seller=bills.seller(),
        lines=(
            ReceivingLine(
                line_id="1",
                order_line_id="10",
                despatch_line_id="1",
                unit="H87",
                received=Scaled(value=695),
                passed=Scaled(value=693),
                failed=Scaled(value=2),
                short=Scaled(value=5),
                reason="染み",
                reason_code="DAM",
            ),
            ReceivingLine(line_id="2", order_line_id="20", unit="KGM", received=Scaled(value=5)),
        ),
    )


def catalogue() -> Catalogue:
    price = Price(value=Scaled(value=230))
    return Catalogue(
        number="C-2026",
        issue_date="2026-10-01",
        currency="JPY",
        name="秋の品目表",
        edition="3",
        validity=Period(start="2026-10-01", end="2027-03-31"),
        seller=bills.seller(),
        buyer=bills.buyer(),
        items=(
            CatalogueItem(
                item=Item(name="歯車 M2×20", seller_id="B-1", gtin="2000000000022", description="S45C"),
                unit="H87",
                price=price,
                tiers=(
                    PriceTier(minimum=Scaled(value=100), price=Price(value=Scaled(value=215))),
                    PriceTier(minimum=Scaled(value=1_000), price=Price(value=Scaled(value=1_985, scale=1))),
                ),
                tax=bills.category("S"),
                pack_size=Scaled(value=10),
                minimum=Scaled(value=10),
                maximum=Scaled(value=5_000),
                step=Scaled(value=10),
                lead_days=7,
                validity=Period(start="2026-10-01", end="2026-12-31"),
                note="端数は箱単位",
            ),
            CatalogueItem(
                item=Item(name="まんじゅう", seller_id="M-1"), unit="XCS", price=price, tax=bills.category("AA")
            ),
        ),
    )
