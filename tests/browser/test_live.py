"""Pages that change by themselves, in two real browsers at two associations. Nobody presses reload."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from node.services.trade import Submission
from tests.browser.screens import address, picture, window
from tests.node.services.town import accept_order, order
from tests.node.web.harness import TwoWebs, two_webs

pytestmark = pytest.mark.slow


def tell(webs: TwoWebs) -> None:
    """Deliver, and let the nodes notice as a running driver does."""
    webs.deliver()
    webs.toyota.context.arrivals.notify()
    webs.kyoto.context.arrivals.notify()


async def test_the_partner_answers_and_the_page_changes_without_reload(browser: Any, tmp_path: Path) -> None:
    async with two_webs(tmp_path) as webs:
        paper = order("PO-1")
        sent = webs.toyota.town.submit(webs.buyer, Submission(webs.seller, paper))
        thread = sent[0].id
        page = await window(browser, webs.toyota, "clerk")
        await page.goto(address(webs.toyota, f"/dealings/{thread.hex()}"))
        step = page.locator("#live-timeline ol.steps li").nth(2)
        assert "相手に到着" in await step.inner_text()
        assert "step-open" in (await step.get_attribute("class") or "")
        await page.evaluate("window.untouched = true")
        await page.fill("#f-text", "書きかけの文")
        await page.focus("#f-text")
        tell(webs)
        await page.locator("#live-timeline ol.steps li.step-done").nth(1).wait_for(timeout=10_000)
        assert "受け取りました" in await step.inner_text() or "到着証明" in await step.inner_text()
        answer = accept_order("R-1", paper)
        webs.kyoto.town.submit(webs.seller, Submission(webs.buyer, answer, thread=thread))
        tell(webs)
        await page.locator("#live-timeline h3", has_text="R-1").wait_for(timeout=10_000)
        assert await page.evaluate("window.untouched"), "the page was loaded again"
        assert await page.input_value("#f-text") == "書きかけの文"
        assert await page.evaluate("document.activeElement.id") == "f-text"
        assert "新しいものが届きました" in await page.locator("#live-status").inner_text()
        await picture(page, "live-dealing")
        assert not page.complaints
        await page.context.close()


async def test_a_new_order_comes_to_the_bottom_of_today_and_is_counted(browser: Any, tmp_path: Path) -> None:
    async with two_webs(tmp_path) as webs:
        webs.toyota.town.submit(webs.buyer, Submission(webs.seller, order("PO-1")))
        webs.deliver()
        page = await window(browser, webs.kyoto, "clerk")
        await page.goto(address(webs.kyoto, "/"))
        assert await page.locator(".menu [data-waits]").inner_text() == "1"
        await page.locator("ul[data-rows=mine] > li:first-child a").last.focus()
        focused = await page.evaluate("document.activeElement.href")
        webs.toyota.town.submit(webs.buyer, Submission(webs.seller, order("PO-2")))
        tell(webs)
        await page.locator("ul[data-rows=mine] > li", has_text="PO-2").wait_for(timeout=10_000)
        rows = await page.locator("ul[data-rows=mine] > li").all_inner_texts()
        assert "PO-1" in rows[0]
        assert "PO-2" in rows[1]
        assert "新着" in rows[1]
        assert await page.locator(".menu [data-waits]").inner_text() == "2"
        assert await page.evaluate("document.activeElement.href") == focused
        await picture(page, "live-today")
        webs.kyoto.context.arrivals.close()
        assert not page.complaints
        await page.context.close()
