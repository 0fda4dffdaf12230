"""Reaching partners, in a real browser: the compared quotations, the page that a guest opens by a link, letters."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.screens import address, window
from tests.browser.test_pages import look
from tests.node.web.farm import farm_of
from tests.node.web.harness import TwoWebs, two_webs
from tests.node.web.test_enquiries import ask

pytestmark = pytest.mark.slow


@pytest.fixture
async def webs(tmp_path: Path) -> AsyncIterator[TwoWebs]:
    async with two_webs(tmp_path) as found:
        yield found


@pytest.mark.parametrize("telephone", [False, True], ids=["desk", "telephone"])
@pytest.mark.parametrize("language", ["ja", "en"])
async def test_what_a_buyer_sees_of_an_enquiry(browser: Any, webs: TwoWebs, language: str, telephone: bool) -> None:
    asked = await ask(webs)
    kind = f"{language}-{'telephone' if telephone else 'desk'}"
    page = await window(browser, webs.toyota, "clerk", language=language, telephone=telephone)
    wrong: list[str] = []
    await page.goto(address(webs.toyota, asked.path))
    wrong += await look(page, f"compare_none-{kind}")
    await asked.quote(asked.near, asked.threads[0], "14", "10", "23")
    await asked.quote(asked.far, asked.threads[1], "13", "11", "6")
    await page.goto(address(webs.toyota, asked.path))
    wrong += await look(page, f"compare-{kind}")
    for field in await page.query_selector_all("input[name^='q.']"):
        await field.fill("1000")
    await page.click("button[data-main]")
    wrong += await look(page, f"compare_review-{kind}")
    await page.click("button[data-main]")
    wrong += await look(page, f"compare_sent-{kind}")
    chosen = f"partner={webs.seller.hex()}"
    await page.goto(address(webs.toyota, f"/enquiries/new?{chosen}"))
    wrong += await look(page, f"enquiry_choose-{kind}")
    assert wrong == []


@pytest.mark.parametrize("telephone", [False, True], ids=["desk", "telephone"])
@pytest.mark.parametrize("language", ["ja", "en"])
async def test_a_guest_answers_by_a_link(browser: Any, webs: TwoWebs, language: str, telephone: bool) -> None:
    farm = await farm_of(webs)
    kind = f"{language}-{'telephone' if telephone else 'desk'}"
    buyer = await window(browser, farm.web, "clerk", language=language, telephone=telephone)
    wrong: list[str] = []
    for path in (f"/partners/{farm.guest}", "/partners/outside", f"/partners/outside/edit?guest={farm.guest}"):
        await buyer.goto(address(farm.web, path))
        wrong += await look(buyer, f"guest{path.count('/')}{len(path)}-{kind}")
    await buyer.goto(address(farm.web, farm.dealing))
    await buyer.click(f"form[action='{farm.dealing}/link'] button")
    wrong += await look(buyer, f"guest_link-{kind}")
    secret = (await buyer.inner_text("code.secret")).rpartition("/")[2]
    page = await window(browser, farm.web, "", language=language, telephone=telephone)
    await page.goto(address(farm.web, f"/g/{secret}"))
    wrong += await look(page, f"guest_page-{kind}")
    await page.click("a.button.filled")
    wrong += await look(page, f"guest_answer-{kind}")
    await page.click("button[data-main]")
    wrong += await look(page, f"guest_answered-{kind}")
    assert ("このページからの回答" if language == "ja" else "given on this page") in await page.inner_text("main")
    await page.goto(address(farm.web, "/g/unknown"))
    wrong += await look(page, f"guest_gone-{kind}")
    await buyer.goto(address(farm.web, farm.dealing))
    wrong += await look(buyer, f"guest_dealing-{kind}")
    staff = await window(browser, farm.web, "staff", language=language, telephone=telephone)
    for path in ("/association/guests", "/association/letters"):
        await staff.goto(address(farm.web, path))
        wrong += await look(staff, f"{path.rpartition('/')[2]}-{kind}")
    assert wrong == []
