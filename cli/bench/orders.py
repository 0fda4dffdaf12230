"""Orders to load a node with: ten lines, about 3 kB as a document, as a shop in Japan writes them.

Owns the goods and the JSON of the member API. Firms and goods are invented. An order is a template with its own number
put in, so that writing thousands costs the sending side next to nothing. Knows no HTTP and no node.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

LINES = 10
TEMPLATES = 8
_NUMBER = "@NUMBER@"

_GOODS = (
    ("だしパック", "8g×30袋", "UD-030", 420, 8),
    ("ちりめんじゃこ", "上干し 80g 要冷蔵", "UC-080", 350, 8),
    ("焼きのり", "全形10枚 一番摘み", "UN-010", 280, 8),
    ("竹かご", "六つ目編み 直径24cm", "KB-024", 780, 10),
    ("花かご", "手付き 高さ32cm", "KF-032", 1400, 10),
    ("風呂敷", "綿 二四幅 松葉色", "TF-090", 1150, 10),
    ("抹茶あめ", "個包装 120g", "HM-120", 240, 8),
    ("手提げ紙袋", "200枚入り 無地", "WB-200", 4800, 10),
    ("ブラケット B-1", "図面 B-1 第2版", "IB-001", 230, 10),
    ("座金 W-6", "SUS304 M6用", "IW-006", 14, 10),
    ("干し柿", "500g 化粧箱", "SK-500", 310, 8),
    ("湯のみ", "白磁 180ml 5客組", "YN-180", 960, 10),
)


class Firm(NamedTuple):
    """A party as the order names it: registered name, corporate number, prefecture, city."""

    name: str
    corporate_number: str
    region: str
    city: str


def template(buyer: Firm, seller: Firm, variant: int) -> dict[str, Any]:
    """The order's JSON body with ``@NUMBER@`` where its number goes. ``variant`` picks goods and quantities."""
    lines = [_line(at, variant) for at in range(LINES)]
    net = sum(line["amount"] for line in lines)
    taxes = [_tax(lines, category, rate) for category, rate in (("S", 10), ("AA", 8))]
    tax = sum(item["tax"] for item in taxes)
    return {
        "number": _NUMBER,
        "issue_date": "2026-10-05",
        "currency": "JPY",
        "note": "納品書を同梱してください。欠品・遅延が見込まれる場合は、出荷前にご連絡をお願いします。",
        "buyer": _party(buyer),
        "seller": _party(seller),
        "lines": lines,
        "delivery": {
            "period": {"start": "2026-10-14", "end": "2026-10-16"},
            "location": {"name": "通り沿いの搬入口", "address": {"region": buyer.region, "city": buyer.city}},
        },
        "inspection": {"days_after_receipt": 5, "method": "受入時に数量と外観を全数確認"},
        "terms": {"due_date": "2026-11-30", "description": "月末締め翌月末払い", "means": [{"method": "transfer"}]},
        "taxes": [item for item in taxes if item["basis"]],
        "totals": {"lines": net, "net": net, "tax": tax, "gross": net + tax, "payable": net + tax},
    }


class Submissions:
    """Request bodies of POST /v1/documents for orders from one buyer to one seller, numbered without end."""

    def __init__(self, buyer: Firm, seller: Firm, to: str, prefix: str) -> None:
        self._parts: list[tuple[bytes, bytes]] = []
        for variant in range(TEMPLATES):
            body = {"type": "order", "to": to, "body": template(buyer, seller, variant)}
            text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
            before, _, after = text.partition(_NUMBER)
            self._parts.append((before.encode(), after.encode()))
        self._prefix = prefix

    def numbers(self, first: int, count: int) -> list[str]:
        """The numbers of orders ``first`` to ``first + count - 1``."""
        return [f"{self._prefix}-{at:07d}" for at in range(first, first + count)]

    def body(self, numbers: Sequence[str], *, together: bool = False) -> bytes:
        """One request with the orders of these numbers."""
        items = []
        for at, number in enumerate(numbers):
            before, after = self._parts[at % TEMPLATES]
            items.append(before + number.encode() + after)
        mode = b',"together":true}' if together else b"}"
        return b'{"documents":[' + b",".join(items) + b"]" + mode


def _line(at: int, variant: int) -> dict[str, Any]:
    name, description, code, price, rate = _GOODS[(at + variant * 5) % len(_GOODS)]
    quantity = 2 + (at * 7 + variant * 3) % 46
    return {
        "line_id": str(at + 1),
        "item": {"name": name, "description": description, "seller_id": code, "gtin": _jan(at, variant)},
        "quantity": {"value": quantity},
        "unit": "C62",
        "price": {"value": {"value": price}},
        "amount": quantity * price,
        "tax": {"category": "AA" if rate == 8 else "S", "rate": {"value": rate}},
    }


def _tax(lines: Sequence[dict[str, Any]], category: str, rate: int) -> dict[str, Any]:
    basis = sum(line["amount"] for line in lines if line["tax"]["category"] == category)
    return {"category": category, "rate": {"value": rate}, "basis": basis, "tax": basis * rate // 100}


def _party(firm: Firm) -> dict[str, Any]:
    return {
        "name": firm.name,
        "corporate_number": firm.corporate_number,
        "registration_number": f"T{firm.corporate_number}",
        "address": {"country": "JP", "postcode": "000-0000", "region": firm.region, "city": firm.city},
    }


def _jan(at: int, variant: int) -> str:
    """An in-store JAN (prefix 29) with its check digit."""
    digits = f"29{variant:04d}{at:06d}"
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return digits + str(-total % 10)
