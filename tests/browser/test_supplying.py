"""What suppliers see, and where goods sell, on a telephone and at a desk: nothing is wider than the screen."""

from __future__ import annotations

from pathlib import Path

import pytest

from node.services.supplying import grants
from tests.browser.screens import address, chromium, picture, violations, window
from tests.node.web.harness import TwoWebs, two_webs
from tests.node.web.test_supplying import SUPPLIED, SUPPLIERS, bring, granted, offered

WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
pytestmark = pytest.mark.slow


async def told(webs: TwoWebs, folder: Path) -> str:
    """Up to a proposal; its path."""
    owner, seller = await webs.toyota.logged_in("owner"), await webs.kyoto.logged_in("clerk")
    await offered(webs, seller)
    await bring(webs.toyota, webs.buyer, folder)
    await granted(webs, owner)
    assert webs.toyota.town.see(grants.active)
    await owner.get(SUPPLIERS)
    await owner.submit(f"{SUPPLIERS}/{webs.seller.hex()}/report", {})
    webs.deliver()
    form = f"{SUPPLIED}/{webs.buyer.hex()}"
    await seller.get(form)
    await seller.submit(form, {"lines.0.quantity": "30"})
    webs.deliver()
    page = await owner.get(SUPPLIERS)
    (path,) = {part for part in page.text.split('"') if part.startswith("/sales/proposals/")}
    return path


async def test_the_pages_at_390_pixels(tmp_path: Path) -> None:
    async with two_webs(tmp_path) as webs, chromium() as browser:
        proposal = await told(webs, tmp_path)
        shown = [(webs.toyota, SUPPLIERS), (webs.toyota, proposal), (webs.kyoto, f"{SUPPLIED}?item=M-1&unit=C62")]
        shown.append((webs.kyoto, f"{SUPPLIED}/{webs.buyer.hex()}"))
        for telephone in (True, False):
            for at, (web, path) in enumerate(shown):
                page = await window(browser, web, "owner", telephone=telephone)
                await page.goto(address(web, path))
                wide = await page.evaluate(
                    "document.documentElement.scrollWidth - document.documentElement.clientWidth"
                )
                assert wide <= 0, (telephone, path)
                assert await violations(page) == [], path
                assert page.complaints == []  # type: ignore[attr-defined]
                await picture(page, f"supplying-{at}-{'telephone' if telephone else 'desk'}")
