"""Pages of the books in a real browser: closing, ledger, reminder, other files, a draft; a chosen file is attached."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.browser.screens import address, picture, squeezed, violations, window
from tests.node.web.harness import TwoWebs, two_webs
from tests.node.web.test_reminders import overdue

pytestmark = pytest.mark.slow


def paths(webs: TwoWebs) -> dict[str, str]:
    """Name of a picture → page of the seller."""
    thread, number = overdue(webs)
    document = webs.kyoto.town.see(lambda tx: tx.documents.by_thread(thread))[-1].row.id.hex()
    partner = webs.buyer.hex()
    return {
        "closing": f"/closing/{partner}/sales?month=2025-08",
        "ledger-receivable": "/books/ledger/receivable",
        "ledger-payable": "/books/ledger/payable",
        "document-files": f"/documents/{document}/files",
        "reminder": f"/dealings/{thread.hex()}/reminder?kind=invoice&number={number}",
    }


@pytest.mark.parametrize("telephone", [False, True], ids=["desk", "telephone"])
@pytest.mark.parametrize("language", ["ja", "en"])
async def test_the_pages_of_the_books(browser: Any, tmp_path: Path, language: str, telephone: bool) -> None:
    wrong = list[str]()
    async with two_webs(tmp_path) as webs:
        page = await window(browser, webs.kyoto, "owner", language=language, telephone=telephone)
        for name, path in paths(webs).items():
            shown = await page.goto(address(webs.kyoto, path))
            assert shown.status == 200, path
            await picture(page, f"{name}-{language}-{'telephone' if telephone else 'desk'}")
            wrong += [f"{name}: {one}" for one in (*await violations(page), *await squeezed(page), *page.complaints)]
    assert wrong == []


@pytest.mark.parametrize("telephone", [False, True], ids=["desk", "telephone"])
async def test_a_file_that_is_chosen_is_attached_and_stays_in_the_draft(
    browser: Any, tmp_path: Path, telephone: bool
) -> None:
    async with two_webs(tmp_path) as webs:
        page = await window(browser, webs.toyota, "clerk", telephone=telephone)
        await page.goto(address(webs.toyota, f"/partners/{webs.seller.hex()}/order"))
        await page.fill('[name="lines.0.name"]', "竹ざる")
        await page.fill('[name="lines.0.quantity"]', "2")
        file = {"name": "図面.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 " * 1000}
        await page.set_input_files("input[type=file]", files=file)
        await page.wait_for_selector("text=図面.pdf")
        assert await page.input_value('[name="lines.0.name"]') == "竹ざる"
        wrong = [*await violations(page), *await squeezed(page), *page.complaints]
        await page.fill('[name="lines.0.price"]', "780")
        await page.wait_for_selector("text=下書きに残しました", timeout=10_000)
        await page.goto(address(webs.toyota, "/drafts"))
        await page.click("text=続きを書く")
        await page.wait_for_selector("text=図面.pdf")
        wrong += [*await violations(page), *await squeezed(page)]
        await page.click("button[data-main][value=check]")  # 確認へ
        await page.click("button[data-main][value=send]")
        await page.wait_for_url("**/dealings/*")
        assert "図面.pdf" in await page.inner_text("main")
        assert wrong == []
