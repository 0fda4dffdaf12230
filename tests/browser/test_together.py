"""Joint orders on a telephone and at a desk, in both languages: open, with totals, closed, for firms and for staff."""

from __future__ import annotations

import pytest

from protocol.process.joint.pledge import Want
from tests.browser.screens import address, chromium, picture, violations, window
from tests.node.web.test_together import KYOTO, NEW, Street, filled, pledged, street

WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
pytestmark = pytest.mark.slow
__all__ = ["street"]


async def test_every_page_of_a_round(street: Street) -> None:
    town, web = street.town, street.web
    open_, closed = town.open(), town.open()
    clerk = await web.logged_in("clerk")
    for name in (open_, closed):
        await pledged(clerk, name, wanted="9", least="8", most="10")
        street.pledge_elsewhere(name)
        town.carry(name)
    await clerk.get(f"/together/{open_.hex()}")
    await street.settled()
    staff = await web.logged_in("staff")
    await staff.get(NEW)
    async with chromium() as browser:
        shown = [("owner", "/together", "list"), ("owner", f"/together/{open_.hex()}", "open")]
        shown += [("staff", "/association/together", "staff"), ("staff", NEW, "new")]
        await every_one(browser, street, shown)
        town.later()
        town.call(closed, KYOTO)
        town.carry(closed)
        await staff.get(f"/association/together/{closed.hex()}")
        shown = [("owner", f"/together/{closed.hex()}", "closed"), ("owner", f"/together/{open_.hex()}", "closing")]
        shown += [("staff", f"/association/together/{closed.hex()}", "shares")]
        await every_one(browser, street, shown)


async def every_one(browser: object, street: Street, shown: list[tuple[str, str, str]]) -> None:
    for language in ("ja", "en"):
        for telephone in (True, False):
            for login, path, name in shown:
                page = await window(browser, street.web, login, language=language, telephone=telephone)  # type: ignore[arg-type]
                await page.goto(address(street.web, path))
                assert await page.evaluate(WIDER) <= 0, (telephone, path)
                assert await violations(page) == [], path
                assert page.complaints == []  # type: ignore[attr-defined]
                await picture(page, f"together-{name}-{language}-{'telephone' if telephone else 'desk'}")
                await page.context.close()


async def test_a_pledge_and_a_round_by_hand(street: Street) -> None:
    """Typed and pressed: the shop's pledge, the association's form with its preview."""
    name = street.town.open()
    street.town.pledge(name, 1, Want(0, 8, 0, 0))
    async with chromium() as browser:
        page = await window(browser, street.web, "clerk", telephone=True)
        await page.goto(address(street.web, f"/together/{name.hex()}"))
        await page.fill('input[name="wants.0.wanted"]', "９")
        await page.click("button[data-main]")
        await page.wait_for_selector("text=自社の申し込み")
        page = await window(browser, street.web, "staff")
        await page.goto(address(street.web, NEW))
        for field, value in filled(street).items():
            box = page.locator(f'[name="{field}"]')
            if await box.evaluate("element => element.tagName") == "SELECT":
                await box.select_option(value)
            else:
                await box.fill(value)
        await page.click("button[data-main]")
        await page.wait_for_selector("text=会員にはこう見えます")
        await picture(page, "together-preview-ja-desk")
        await page.click("button[data-main]")
        await page.wait_for_selector("text=つながっているすべての団体に知らせました")
