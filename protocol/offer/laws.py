"""The laws for whose sake a field stands in a form. Names only: what applies to a dealing is for people to judge."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

LAWS: Final[Mapping[str, str]] = {
    "antimonopoly": "独占禁止法",
    "carriage": "貨物自動車運送事業法",
    "subcontract": "取適法(中小受託取引適正化法)",
    "food": "食品衛生法",
    "regulated": "食品衛生法・酒税法・古物営業法・薬機法・消防法",
    "labour": "職業安定法44条・労働者派遣法",
    "dispatch": "労働者派遣法",
    "consent": "労働契約法14条・民法625条",
    "securities": "金融商品取引法",
    "equipment": "食品衛生法・倉庫業法・労働安全衛生法・消防法",
    "export": "外為法・輸出貿易管理令",
}
