"""A member's sales and others', through the process that reads them: known lines, known answers."""

from __future__ import annotations

import asyncio
import datetime
from pathlib import Path
from typing import Any

from node import selling
from node.services import datause, directory
from node.services.directory import Profile
from tests.node.api.town import administering

TITLES = "営業日,レシート番号,行,JANコード,商品コード,商品名,数量,単位,小計\n"
JAN = "2900000101012"
FIRST = datetime.date(2025, 8, 4)  # a Monday


def lines(*rows: tuple[int, str, str, str, int, int]) -> str:
    """[day from FIRST, receipt, code (JAN, or the shop's own), name, pieces, yen] of each line."""
    text = TITLES
    for number, (day, receipt, code, name, pieces, yen) in enumerate(rows, 1):
        jan, own = (code, "") if len(code) == 13 else ("", code)
        at = FIRST + datetime.timedelta(days=day)
        text += f"{at.isoformat()},{receipt},{number},{jan},{own},{name},{pieces},個,{yen}\n"
    return text


async def test_reports_over_what_is_stored(tmp_path: Path) -> None:
    async with administering(tmp_path) as (town, context):
        shops = [town.enrol(name) for name in ("ぶんぶく商店", "二", "三", "四", "五")]

        def bring(shop: int, text: str) -> None:
            file = tmp_path / "pos.csv"
            file.write_text(text, encoding="utf-8")
            sold = selling.Sold(file, file.name, shops[shop], "test", "本店")
            told = selling.bring(context.store, context.warehouse, context.house.clock, sold)
            assert (told["bad"], told["stored"]) == (0, True), told

        def ask(*asked: Any) -> list[list[list[Any]]]:
            return selling.reports(context.store, context.warehouse, asked)

        def work() -> None:
            bring(0, lines((0, "1", JAN, "金具", 2, 460), (0, "1", "8", "飴", 1, 100), (8, "2", JAN, "金具", 3, 690)))
            for shop in (1, 2, 3, 4):
                bring(shop, lines((1, "9", JAN, "金具 B", shop, 230 * shop), (1, "9", "8", "傘", 1, 900)))
            values: dict[str, Any] = {
                "member": shops[0].hex(), "street": "本通り", "city": "232114", "company": "k0", "item": JAN,
                "unit": "C62", "first": FIRST.isoformat(), "end": "2025-08-18", "step": 7,
            }  # fmt: skip
            beside = ("beside_others", values, {})
            ((*own,),) = ask(beside)
            # nobody said that its sales count beside another's
            assert own == [[0, 0, 1, 2000, 460, 2000, 2000, 0], [1, 0, 1, 3000, 690, 3000, 3000, 0]]
            for at, shop in enumerate(shops[1:], 1):
                profile = Profile(name=f"店{at}", area="232114")
                town.do(lambda tx, m=shop, p=profile: directory.publish(town.house, tx, m, p))
                town.do(lambda tx, m=shop: datause.choose(town.house, tx, m, datause.CHOICES, "owner"))
                street = "本通り" if at < 4 else "裏通り"
                town.do(lambda tx, m=shop, s=street: datause.set_street(tx, m, s))
            (rows, carriers, own_code, elsewhere, trends, days) = ask(
                beside, ("carriers", values, {}), ("beside_others", {**values, "item": "#8"}, {}),
                ("sold_elsewhere", {**values, "member": "none"}, {"limit": 5}),
                ("trends", values, {"periods": 2, "limit": 5}), ("own_days", values, {}),
            )  # fmt: skip
            assert rows[:3] == [own[0], [0, 1, 3, 6000, 1380, 6000, 3000, 2000], [0, 2, 1, 4000, 920, 4000, 4000, 0]]
            assert carriers == [[0, 1], [1, 3], [2, 1]]
            assert [row[1] for row in own_code] == [0]
            assert [row[:5] for row in elsewhere] == [[JAN, "C62", "金具 B", 2300, 1], [JAN, "C62", "金具 B", 2300, 2]]
            assert trends == [["#8", "C62", "飴", [1000, 0], []], [JAN, "C62", "金具", [2000, 3000], []]]
            assert days == [["2025-08-04", "2025-08-12"]]

        try:
            await asyncio.to_thread(work)
        finally:
            context.close()
