"""A real browser for tests: Debian's chromium by Playwright, at a desk and on a telephone; skips where none is."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from node.services import sessions
from tests.node.web.harness import Web

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, Page

DESK, TELEPHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
#: Where pictures go, if anywhere: for people to look at.
PICTURES = os.environ.get("YUI_SCREENSHOTS", "")


def chromium_path() -> str:
    """The browser, or a skip that says why."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip("no chromium here: apt-get install chromium fonts-noto-cjk")
    pytest.importorskip("playwright.async_api", reason="playwright is not installed")
    return found


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A running browser."""
    from playwright.async_api import async_playwright

    path = chromium_path()
    async with async_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-dev-shm-usage"]
        browser = await playwright.chromium.launch(executable_path=path, args=arguments)
        try:
            yield browser
        finally:
            await browser.close()


def address(web: Web, path: str = "/") -> str:
    """A page's address, by a name: passkeys do not work for numbers."""
    return f"http://localhost:{web.client.port}{path}"


async def window(browser: Browser, web: Web, login: str = "", *, language: str = "ja", telephone: bool = False) -> Page:
    """A new window, in which ``login`` is logged in, and which fails on errors of scripts or of the security policy."""
    size: Any = TELEPHONE if telephone else DESK
    context = await browser.new_context(viewport=size, locale="ja-JP", has_touch=telephone, is_mobile=telephone)
    mark = web.town.house.id.hex()[:8]
    cookies: list[Any] = [{"name": f"lang-{mark}", "value": language, "url": address(web)}]
    if login:
        user = web.town.see(lambda tx: tx.users.by_name(login))
        assert user is not None, login
        opened = web.town.do(lambda tx: sessions.open_for(web.town.house, tx, user, "test"))
        cookies.append({"name": f"yui-{mark}", "value": opened.token, "url": address(web)})
    await context.add_cookies(cookies)
    page = await context.new_page()
    page.complaints = complaints = list[str]()  # type: ignore[attr-defined]
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    return page


async def picture(page: Page, name: str) -> None:
    """A picture of the whole page, where YUI_SCREENSHOTS names a folder."""
    if PICTURES:
        await page.screenshot(path=str(Path(PICTURES) / f"{name}.png"), full_page=True)


async def violations(page: Page) -> list[str]:
    """What axe finds against WCAG 2.1 A and AA and its best practices."""
    from axe_playwright_python.async_playwright import Axe

    found = await Axe().run(page)
    return [
        f"{item['id']}: {item['help']}: {node['html'][:160]}"
        for item in found.response["violations"]
        for node in item["nodes"]
    ]


async def squeezed(page: Page) -> list[str]:
    """Texts squeezed to about one character a line, and a page wider than its window: axe sees neither."""
    found: list[str] = await page.evaluate(SQUEEZED)
    return found


SQUEEZED = """() => {
    const wrong = [], width = document.documentElement.scrollWidth;
    if (width > window.innerWidth + 1) wrong.push('wider than the window: ' + width);
    const places = 'td th dd dt p li label legend h1 h2 h3 a button summary'.split(' ');
    for (const item of document.querySelectorAll(places.join(','))) {
        const texts = [...item.childNodes].filter((node) => node.nodeType === 3);
        const own = texts.map((node) => node.textContent.trim()).join('');
        if (own.length < 4 || item.closest('.sr') || item.closest('details:not([open])')) continue;
        const head = item.closest('thead');
        if (head && getComputedStyle(head).clipPath !== 'none') continue;  // read out, not shown, on a telephone
        const box = item.getBoundingClientRect(), size = parseFloat(getComputedStyle(item).fontSize);
        if (box.width > 0 && box.width < size * 3 && box.height > size * 4) wrong.push(own.slice(0, 30));
    }
    return wrong;
}"""

__all__ = ["BrowserContext", "address", "chromium", "picture", "squeezed", "violations", "window"]
