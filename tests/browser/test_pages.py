"""Every page in a real browser, in both languages, at a desk and on a telephone: axe finds nothing, nothing squeezed.

Pages without a variable in their path are found by themselves. With YUI_SCREENSHOTS=folder each leaves a picture there.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from node.services import consent
from node.services.policy import PUBLIC, Role, allows
from node.web.app import AREAS
from tests.browser.screens import address, picture, squeezed, violations, window
from tests.node.web.harness import FIRM, Web

pytestmark = pytest.mark.slow
# They are saved or listened to, not shown.
FILES = ("/area/download", "/books/archive", "/books/download", "/live", "/worker.js")
PATHS = [
    page
    for area in AREAS
    for page in area.PAGES
    if page.method == "GET" and "{" not in page.path and page.path not in FILES
]
LOGINS = {"": None, "owner": Role.OWNER, "viewer": Role.VIEWER, "admin": Role.ADMIN}
EXPECTED = ("the server responded with a status of 4",)  # what chromium says of a form's own 422


def paths_of(role: Role | None) -> list[str]:
    """The pages that a role may open, each once over all roles where it looks the same."""
    return [page.path for page in PATHS if page.operation == PUBLIC or allows(page.operation, role)]


async def look(page: Any, name: str) -> list[str]:
    """What is wrong with the page that is shown. Axe looks once: the other language has the same tags."""
    await picture(page, name)
    found = await squeezed(page)
    if "-ja-" in name:
        found += await violations(page)
    found += [said for said in page.complaints if not any(word in said for word in EXPECTED)]
    page.complaints.clear()
    return [f"{name}: {item}" for item in found]


def named(path: str, *more: str) -> str:
    return "-".join((re.sub(r"\W+", "_", path.strip("/")) or "home", *more))


@pytest.mark.parametrize("telephone", [False, True], ids=["desk", "telephone"])
@pytest.mark.parametrize("login", LOGINS)
async def test_every_page(browser: Any, web: Web, login: str, telephone: bool) -> None:
    wrong: list[str] = []
    for language in ("ja", "en"):
        page = await window(browser, web, login, language=language, telephone=telephone)
        for path in paths_of(LOGINS[login]):
            shown = await page.goto(address(web, path))
            assert shown.status < 500, path
            wrong += await look(page, named(path, login or "guest", language, "telephone" if telephone else "desk"))
        await page.context.close()
    assert wrong == []


@pytest.mark.parametrize("telephone", [False, True], ids=["desk", "telephone"])
async def test_pages_in_the_middle_of_something(browser: Any, web: Web, telephone: bool) -> None:
    """Errors beside fields, what is shown once, one member, a leave to look."""
    wrong: list[str] = []
    size = "telephone" if telephone else "desk"
    for language in ("ja", "en"):
        owner = await window(browser, web, "owner", language=language, telephone=telephone)
        guest = await window(browser, web, language=language, telephone=telephone)
        staff = await window(browser, web, "admin", language=language, telephone=telephone)

        await guest.goto(address(web, "/login"))
        await guest.click("button[data-main]")
        wrong += await look(guest, named("login-errors", language, size))
        assert await guest.evaluate("document.activeElement.id") == "errors"

        await owner.goto(address(web, "/people"))
        await owner.fill("#f-note", "田中さん")
        await owner.click("button[data-main]")
        wrong += await look(owner, named("people-link", language, size))
        link = await owner.inner_text(".secret")
        await guest.goto(link)
        wrong += await look(guest, named("join", language, size))
        await owner.goto(address(web, "/people"))
        await owner.click(".table a")
        wrong += await look(owner, named("person", language, size))
        await owner.goto(address(web, "/settings/code"))
        if await owner.query_selector("form[action='/settings/code/begin']"):
            await owner.click("button[data-main]")
        wrong += await look(owner, named("settings-code-setup", language, size))
        await owner.goto(address(web, "/people/consent"))
        await owner.click("button[data-main]")
        wrong += await look(owner, named("consent-code", language, size))
        code = await owner.inner_text(".code")

        await staff.goto(address(web, f"/association/members/{web.firms[FIRM].hex()}"))
        wrong += await look(staff, named("member", language, size))
        await staff.fill("#f-code", code)
        await staff.click("form[action$='/view'] button")
        wrong += await look(staff, named("member-papers", language, size))
        await staff.goto(address(web, "/association/members/new"))
        await staff.fill("#f-name", f"金太郎機械 {language}")
        await staff.click("button[data-main]")
        wrong += await look(staff, named("words", language, size))
        for page in (owner, guest, staff):
            await page.context.close()
        web.town.now += consent.VIEW_US
    assert wrong == []


async def test_the_keyboard_alone_is_enough_to_log_in_and_out(browser: Any, web: Web) -> None:
    page = await window(browser, web)
    await page.goto(address(web, "/menu"))
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.className") == "skip"
    await page.focus("#f-name")
    await page.keyboard.type("owner")
    await page.keyboard.press("Tab")
    await page.keyboard.type("correct horse battery")
    await page.keyboard.press("Control+Enter")
    await page.wait_for_selector("h1:has-text('メニュー')")
    await page.focus("details.me summary")
    await page.keyboard.press("Enter")
    assert await page.is_visible(".me-box")
    await page.keyboard.press("Escape")
    assert not await page.is_visible(".me-box")


async def test_pages_read_without_javascript_and_at_double_size(browser: Any, web: Web) -> None:
    page = await window(browser, web, "owner")
    bare = await browser.new_context(java_script_enabled=False, viewport={"width": 640, "height": 450})
    await bare.add_cookies(await page.context.cookies())
    quiet = await bare.new_page()
    for path in paths_of(Role.OWNER):
        await quiet.goto(address(web, path))
        assert (await quiet.inner_text("h1")).strip(), path
    await bare.close()
    narrow = await window(browser, web, "owner", telephone=True)
    for path in paths_of(Role.OWNER):
        await narrow.goto(address(web, path))
        await narrow.evaluate("document.documentElement.style.fontSize = '200%'")
        width = await narrow.evaluate("document.documentElement.scrollWidth")
        assert width <= 780, f"{path} is {width} px wide at 200 %"
