"""The figures of the area and the choice of data use hold on a telephone and at a desk, and are accessible."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.screens import address, chromium, picture, violations, window
from tests.node.services.area.test_area import ANJO, TOYOTA, District
from tests.node.web.harness import web_of

pytestmark = pytest.mark.slow
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


async def test_the_area_at_390_pixels(tmp_path: Path) -> None:
    district = District()
    for industry in "EIM":
        for area in (TOYOTA, ANJO):
            district.firms(2 if (industry, area) == ("M", ANJO) else 5, industry, area)
    async with web_of(district.town, tmp_path) as web, chromium() as browser:
        web.settle_in("会社", district.buyers[0])
        for who, path, name in (("supporter", "/area", "area"), ("owner", "/settings/data-use", "datause")):
            for telephone in (True, False):
                page = await window(browser, web, who, telephone=telephone)
                await page.goto(address(web, path))
                wide = await page.evaluate(WIDER)
                assert wide <= 0, (path, telephone)
                assert await violations(page) == []
                assert page.complaints == []  # type: ignore[attr-defined]
                await picture(page, f"{name}-{'telephone' if telephone else 'desk'}")
