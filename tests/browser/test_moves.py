"""The pages of moves hold on a telephone and at a desk, without complaints of scripts, policy or accessibility."""

from __future__ import annotations

from pathlib import Path

import pytest

from node.services.moving import leaving
from tests.browser.screens import address, chromium, picture, violations, window
from tests.node.services.town import two_towns
from tests.node.web.harness import web_of

pytestmark = pytest.mark.slow


async def test_a_code_and_the_list_at_390_pixels(tmp_path: Path) -> None:
    toyota, kyoto, buyer, _seller = two_towns()
    async with web_of(toyota, tmp_path) as web, chromium() as browser:
        web.settle_in("金太郎機械", buyer)
        toyota.do(lambda tx: leaving.ask(toyota.house, tx, buyer, kyoto.house.id, "owner"))
        for login, path in (("owner", "/settings/move"), ("staff", "/association/moves")):
            for telephone in (True, False):
                page = await window(browser, web, login, telephone=telephone)
                await page.goto(address(web, path))
                wide = await page.evaluate(
                    "document.documentElement.scrollWidth - document.documentElement.clientWidth"
                )
                assert wide <= 0, (path, telephone)
                assert await violations(page) == [], path
                assert page.complaints == [], path  # type: ignore[attr-defined]
                await picture(page, f"move-{login}-{'telephone' if telephone else 'desk'}")
