"""Papers whose bytes are golden vectors: a catalogue in two sheets, what leads to it and ends it, a message, and a
report of sales with a proposal and its answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from protocol.process.trade.papers import (
    Catalogue,
    CatalogueItem,
    CatalogueRequest,
    CatalogueWithdrawal,
    DeedAnswer,
    DeedProposal,
    DeedReport,
    Item,
    Message,
    Paper,
    Party,
    Period,
    Price,
    PriceTier,
    ProposedLine,
    ReplenishmentAnswer,
    ReplenishmentProposal,
    SalesReport,
    Scaled,
    SoldArea,
    SoldLine,
    TaxCategory,
)

_PARTIES: dict[str, Any] = {"buyer": Party(name="金太郎機械"), "seller": Party(name="わらしべ商会")}


def _head(number: str) -> dict[str, Any]:
    return {"number": number, "issue_date": "2026-10-05"}


def _price(value: int) -> Price:
    return Price(value=Scaled(value))


def _bags() -> CatalogueItem:
    return CatalogueItem(
        item=Item(name="紙袋 大", description="200枚入り", gtin="2900000401013", seller_id="P-1"),
        unit="BX",
        price=_price(4800),
        tiers=(
            PriceTier(minimum=Scaled(10), price=_price(4320)),
            PriceTier(minimum=Scaled(30), price=_price(3960)),
        ),
        tax=TaxCategory(category="S", rate=Scaled(10)),
        pack_size=Scaled(200),
        minimum=Scaled(1),
        maximum=Scaled(500),
        step=Scaled(1),
        lead_days=3,
    )


def _tea() -> CatalogueItem:
    return CatalogueItem(
        item=Item(name="抹茶あめ", seller_id="P-2"),
        unit="H87",
        price=_price(240),
        tax=TaxCategory(category="AA", rate=Scaled(8)),
        validity=Period(end="2026-12-31"),
        note="冬まで",
    )


def _sheet(number: int, *items: CatalogueItem) -> Catalogue:
    validity = Period(start="2026-10-01")
    more = {"edition": "2026-10", "sheets": 2, "validity": validity, "currency": "JPY", "name": "秋の品目表"}
    return Catalogue(**_head(f"2026-10/{number}"), **_PARTIES, **more, sheet=number, items=items)


def papers() -> Iterator[tuple[str, Paper]]:
    """Name and paper."""
    yield "message", Message(**_head("M-1"), kind="note", text="納期を相談したいです。", line_id="1")
    talk = Message(**_head("M-2"), kind="price_talk", text="材料が上がりました。", currency="JPY", price=_price(245))
    yield "price talk", talk
    yield "request for a catalogue", CatalogueRequest(**_head("Q-1"), **_PARTIES, words="紙袋", reply_by="2026-10-09")
    yield "catalogue, sheet 1 of 2", _sheet(1, _bags())
    yield "catalogue, sheet 2 of 2", _sheet(2, _tea())
    yield "withdrawal of one version", CatalogueWithdrawal(**_head("W-1"), edition="2026-10", reason="改定")
    yield "withdrawal of everything", CatalogueWithdrawal(**_head("W-2"))
    yield "report of sales", _report("SL-1", _sold(48_000), _sold(-1_000, "P-2"))
    yield (
        "report of sales with prices",
        _report("SL-2", _sold(48_000, amount=11_520), currency="JPY", tax_included=True),
    )
    yield "report of a week without sales", SalesReport(**_head("SL-3"), **_PARTIES, week="2026-W40")
    line = ProposedLine(
        item=Item(name="抹茶あめ", seller_id="P-2"), quantity=Scaled(30), unit="H87", reason="品切れ前に"
    )
    yield "proposal", ReplenishmentProposal(**_head("RP-1"), **_PARTIES, lines=(line,), valid_until="2026-10-15")
    answer = {"proposal": "ab" * 32}
    yield "proposal ordered", ReplenishmentAnswer(**_head("RR-1"), **answer, answer="ordered", order="PO-7")
    terms = {"offer": "cd" * 32, "kind": "capacity", "subject": "45tプレスの空き", "until": 1_790_000_000_000_000}
    hours = {"starts": 1_791_000_000_000_000, "ends": 1_791_014_400_000_000}
    yield (
        "terms",
        DeedProposal(**_head("DP-1"), **_PARTIES, **terms, **hours, amount=48_000, currency="JPY", tax_included=True),
    )
    yield (
        "other terms",
        DeedProposal(
            **_head("DP-2"),
            **_PARTIES,
            **terms,
            provides=True,
            answers="ab" * 32,
            terms="段取りは当社",
            thing="プレス1号機",
        ),
    )
    yield "terms accepted", DeedAnswer(**_head("DR-1"), **answer, answer="accepted")
    yield "agreement cancelled", DeedReport(**_head("DF-2"), **answer, word="cancelled", reason="機械の故障")
    done = {"word": "fulfilled", "day": "2026-10-20", "on_time": True, "passed": True}
    yield "agreement fulfilled", DeedReport(**_head("DF-1"), **answer, **done)
    yield "proposal declined", ReplenishmentAnswer(**_head("RR-2"), **answer, answer="declined", reason="在庫あり")


def _sold(sold: int, number: str = "", amount: int | None = None) -> SoldLine:
    gtin = "" if number else "2900000401013"
    return SoldLine(gtin=gtin, seller_id=number, unit="H87", sold=sold, amount=amount)


def _report(number: str, *lines: SoldLine, **more: Any) -> SalesReport:
    areas = (SoldArea(area="26104", lines=lines), SoldArea(area="26", store="駅前店", lines=lines[:1]))
    return SalesReport(**_head(number), **_PARTIES, week="2026-W40", areas=areas, **more)
