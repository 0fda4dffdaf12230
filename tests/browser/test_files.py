"""Files, drafts and search in a real browser, at a desk and on a telephone; what is typed is kept by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from node.services import drafts
from tests.browser.screens import address, picture, squeezed, violations, window
from tests.node.web.harness import two_webs

pytestmark = pytest.mark.slow
ORDERS = (
    "注文番号,仕入先,品番,品名,数量,単位,単価,税率,納期\nP-1,花咲堂,M-1,抹茶あめ,48,袋,240,8,R8.11.6\n"
    "P-1,花咲堂,M-2,風呂敷,2,枚,1150,10,\nP-2,花咲堂,,かご,三,,780,10,\nP-3,だれか,,ざる,4.90123E+12,,780,10,\n"
)


async def looked_at(page: Any, name: str) -> list[str]:
    """A picture, and what is wrong with the page."""
    await picture(page, name)
    return [f"{name}: {wrong}" for wrong in (await violations(page)) + (await squeezed(page))]


@pytest.mark.parametrize("telephone", [False, True])
async def test_from_a_file_to_a_draft_to_an_order_that_is_found(browser: Any, tmp_path: Path, telephone: bool) -> None:
    async with two_webs(tmp_path) as webs:
        end = "telephone" if telephone else "desk"
        page, wrong = await window(browser, webs.toyota, "clerk", telephone=telephone), list[str]()
        await page.goto(address(webs.toyota, "/import?kind=orders"))
        wrong += await looked_at(page, f"import-{end}")
        file = {"name": "注文.csv", "mimeType": "text/csv", "buffer": ORDERS.encode("cp932")}
        await page.set_input_files("input[type=file]", files=file)
        await page.click("text=ファイルを読む")
        await page.wait_for_selector("text=取り込むとどうなるか")
        wrong += await looked_at(page, f"import-preview-{end}")
        await page.click("text=下書きにする")
        await page.wait_for_selector("text=続きを書く")
        wrong += await looked_at(page, f"drafts-{end}")
        await page.click("text=続きを書く")
        await page.fill('[name="lines.0.quantity"]', "50")
        await page.wait_for_selector("text=下書きに残しました", timeout=10_000)
        (kept,) = webs.toyota.town.see(lambda tx: drafts.mine(tx, webs.buyer, "clerk"))
        assert drafts.fields_of(kept)["lines.0.quantity"] == ["50"]
        wrong += await looked_at(page, f"draft-{end}")
        await page.click("button[data-main][value=check]")  # 確認へ
        await page.click("button[data-main][value=send]")
        await page.wait_for_url("**/dealings/*")
        await page.click("text=ほかの形式 >> nth=0")
        wrong += await looked_at(page, f"files-{end}")
        await page.goto(address(webs.toyota, "/search?q=抹茶"))
        wrong += await looked_at(page, f"search-{end}")
        assert "P-1" in await page.inner_text("main")
        assert not page.complaints
        assert not wrong
        await page.context.close()
