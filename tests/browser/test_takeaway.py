"""The page in an export archive, opened from the disk: found by date, amount and partner, without any server."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest

from node.leaving.archive import Wish
from tests.browser.screens import violations
from tests.node.leaving.leaver import leaver, write

pytestmark = pytest.mark.slow


async def numbers(page: Any) -> list[str]:
    """The numbers of the papers that are shown."""
    found: list[str] = await page.locator("#rows tr td:nth-child(4)").all_inner_texts()
    return found


async def test_documents_are_found_without_a_server(browser: Any, tmp_path: Path) -> None:
    (tmp_path / "node").mkdir()
    with leaver(tmp_path / "node") as world:
        path = write(world, tmp_path / "all.zip", Wish())
    with zipfile.ZipFile(path) as file:
        file.extractall(tmp_path / "all")
    page, complaints, asked = await browser.new_page(locale="ja-JP"), list[str](), list[str]()
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    await page.goto((tmp_path / "all" / "search.html").as_uri())
    everything = await numbers(page)
    assert len(everything) == 6
    await page.get_by_label("取引先").fill("花咲")
    await page.get_by_label("取引日（この日から）").fill("2026-10-07")
    await page.get_by_label("金額（これ以上）").fill("２５,０００")
    await page.get_by_role("button", name="さがす").click()
    found = await numbers(page)
    assert len(found) == 1
    assert await page.locator("#rows").inner_text() != ""
    assert "25,300 JPY" in await page.locator("#rows tr td:nth-child(5)").inner_text()
    assert (await page.locator("#count").inner_text()).startswith("1 件")
    await page.get_by_label("金額（これ以下）").fill("25000")
    await page.keyboard.press("Enter")
    assert await numbers(page) == []
    await page.get_by_role("button", name="条件を消す").click()
    await page.locator("#rows tr:nth-child(6)").wait_for()
    assert await page.locator("#rows tr").count() == 6
    await page.get_by_role("button", name="English").click()
    await page.get_by_label("Partner").fill("隣の店")
    await page.get_by_role("button", name="Find").click()
    assert await numbers(page) == ["PO-2"]
    link = await page.locator("#rows a").first.get_attribute("href")
    assert (tmp_path / "all" / link).exists()
    assert await violations(page) == []
    assert complaints == []
    assert [url for url in asked if not url.startswith("file://")] == []
