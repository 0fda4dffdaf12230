"""The choice of what waits for its copies holds on a telephone and at a desk, without complaints of accessibility."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.screens import address, chromium, picture, violations, window
from tests.node.services.guarding.province import Province
from tests.node.web.harness import web_of

pytestmark = pytest.mark.slow


async def test_every_kind_at_390_pixels(tmp_path: Path) -> None:
    province = Province(4)
    async with web_of(province.home_town, tmp_path) as web, chromium() as browser:
        web.settle_in("桃太郎商事", province.member)
        for telephone in (True, False):
            page = await window(browser, web, "owner", telephone=telephone)
            await page.goto(address(web, "/settings/waiting"))
            wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, telephone
            assert await violations(page) == []
            assert page.complaints == []  # type: ignore[attr-defined]
            await picture(page, f"waiting-{'telephone' if telephone else 'desk'}")
