"""One offer and one request of every kind, as firms of the October story would write them."""

from __future__ import annotations

from typing import Any, Final

from protocol.keys import SigningKey
from protocol.offer.kinds import KINDS
from protocol.offer.signed import Offer, Scope

DAY_US: Final = 24 * 3600 * 1_000_000
NOW: Final = 1_791_849_600_000_000  # 13 October 2026
KEY: Final = SigningKey(bytes([7]) * 32)

OFFERS: Final[dict[str, dict[str, Any]]] = {
    "joint_purchase": {"item": "紙袋 200枚箱", "quantity": 12, "unit": "BX", "decide_until": "2026-10-15"},
    "joint_transport": {"origin": "26100", "destination": "23211", "temperature": "ambient", "weight_kg": 800,
                        "carrier": "general", "permit_number": "近運自貨第123号"},
    "stock": {"item": "ちりめんじゃこ", "quantity": 40, "unit": "KGM", "price_yen": 3200, "regulated": "food",
              "best_before": "2026-11-30", "temperature": "chilled"},
    "goods": {"item": "風呂敷", "unit": "H87", "price_yen": 1150, "lot_least": 10, "lead_days": 5, "regulated": "none",
              "terms": "月末締め翌月末払い、送料別"},
    "capacity": {"process": "pressing", "materials": ("SPCC", "SUS304"), "force_kn": 441, "hours_week": 40,
                 "machine": "45t プレス", "lead_days": 5, "lot_least": 100, "tolerance_um": 50},
    "people": {"trade": "manufacturing", "skill": "プレス段取り", "persons": 2, "form": "secondment",
               "purpose": "keep_jobs", "consent": True},
    "gap_filling": {"theme": "竹の弁当箱", "brings": ("making",), "seeks": ("design", "selling")},
    "overflow": {"process": "pressing", "item": "ブラケット", "quantity": 1000, "force_kn": 441, "lot_least": 100,
                 "certificates": ("iso9001",)},
    "referral": {"specialities": ("薄板の順送プレス", "試作"), "certificates": ("iso9001",)},
    "joint_investment": {"object": "facility", "purpose_text": "共同の瓶詰めライン", "amount_yen": 30_000_000,
                         "share_yen": 2_000_000, "form": "cooperative", "parties_most": 19, "not_solicitation": True},
    "joint_machine": {"process": "inspection", "machine": "三次元測定機", "machines": 1, "amount_yen": 9_000_000},
    "shared_equipment": {"category": "measuring", "equipment": "三次元測定機", "hours_week": 20,
                         "price_hour_yen": 4000, "permit": "none", "operator": "with"},
    "abroad": {"countries": ("FR", "DE"), "activities": ("exhibition", "exporting"), "product": "竹籠",
               "export_class": "not_listed", "languages": ("フランス語",)},
}  # fmt: skip
REQUESTS: Final[dict[str, dict[str, Any]]] = {
    "joint_purchase": {"item": "紙袋 200枚箱", "quantity": 8, "unit": "BX"},
    "joint_transport": {"origin": "26100", "destination": "23211", "temperature": "ambient", "weight_kg": 300},
    "stock": {"item": "ちりめんじゃこ", "quantity": 16, "unit": "KGM", "regulated": "food"},
    "goods": {"item": "風呂敷 大判", "unit": "H87", "price_yen": 1300, "quantity": 20, "regulated": "none"},
    "capacity": {"process": "pressing", "materials": ("SPCC",), "force_kn": 400, "quantity": 500},
    "people": {"trade": "manufacturing", "skill": "プレス", "persons": 1, "form": "secondment", "purpose": "keep_jobs"},
    "gap_filling": {"theme": "弁当箱", "brings": ("design", "selling"), "seeks": ("making",)},
    "overflow": {"process": "pressing", "item": "ブラケット B-1", "quantity": 500, "force_kn": 400, "drawing": True,
                 "customer_consent": "obtained"},
    "referral": {"specialities": ("順送プレス",)},
    "joint_investment": {"object": "facility", "purpose_text": "瓶詰めライン", "amount_yen": 30_000_000,
                         "share_yen": 1_000_000, "not_solicitation": True},
    "joint_machine": {"process": "inspection", "machine": "三次元測定機", "machines": 1},
    "shared_equipment": {"category": "measuring", "equipment": "測定機", "hours_week": 4},
    "abroad": {"countries": ("FR",), "activities": ("exhibition",), "product": "和菓子", "export_class": "not_listed"},
}  # fmt: skip


def details(kind: str, side: str) -> dict[str, Any]:
    """The typed part of the sample."""
    return dict((OFFERS if side == "offer" else REQUESTS)[kind])


def offer(kind: str = "capacity", side: str = "offer", **changes: Any) -> Offer:
    """A sample; ``changes`` replace its fields."""
    return Offer(
        "test", bytes(32), bytes([1]) * 32, b"", 0, kind, side, Scope.FEDERATION, (), "見本", "",
        "38201" if KINDS[kind].placed else "", "24", "2026-10-19", "2026-10-23", NOW + 30 * DAY_US,
        details(kind, side), bytes(16), NOW,
    )._replace(**changes)  # fmt: skip
