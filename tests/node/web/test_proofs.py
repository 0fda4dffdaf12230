"""Codes of an app beside the password; what a passkey's answer must not be."""

from __future__ import annotations

import re

import pyotp
import pytest

from node.services.passkeys import Site
from tests.node.web.harness import PASSWORD, Browser, Web

STEP_US = 30_000_000


async def set_up(web: Web, browser: Browser) -> pyotp.TOTP:
    await browser.get("/settings/code")
    await browser.submit("/settings/code/begin", {})
    found = re.search(r'<code class="secret">([A-Z2-7 ]+)</code>', browser.last.text)
    assert found is not None
    assert "<svg" in browser.last.text
    return pyotp.TOTP(found[1].replace(" ", ""))


def code(web: Web, app: pyotp.TOTP, steps: int = 0) -> str:
    return app.at(web.town.now // 1_000_000 + 30 * steps)


async def test_a_code_is_asked_for_after_the_password_and_counts_once(web: Web) -> None:
    browser = await web.logged_in("owner")
    app = await set_up(web, browser)
    wrong = await browser.submit("/settings/code", {"code": "000000"})
    assert (wrong.status, "正しくありません" in wrong.plain) == (422, True)
    assert (await web.browser().log_in("owner")).heading.startswith("今日")  # not before it is confirmed
    first = code(web, app)
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in first)
    assert (await browser.submit("/settings/code", {"code": f" {wide[:3]} {wide[3:]} "})).heading == "設定"
    other = web.browser()
    asked = await other.log_in("owner")
    assert asked.heading == "アプリの確認コードを入力してください"
    assert (await other.ask("GET", "/people")).status == 303
    replayed = await other.submit("/login/code", {"code": first})
    assert replayed.status == 422
    web.town.now += STEP_US
    assert (await other.submit("/login/code", {"code": code(web, app)})).heading.startswith("今日")
    user = web.town.see(lambda tx: tx.users.by_name("owner"))
    assert user is not None
    assert "totp" in [row.method for row in web.town.see(lambda tx: tx.sessions.of(user.id))]


async def test_wrong_codes_lock_like_wrong_passwords(web: Web) -> None:
    browser = await web.logged_in("clerk")
    app = await set_up(web, browser)
    await browser.submit("/settings/code", {"code": code(web, app)})
    other = web.browser()
    await other.log_in("clerk")
    for _ in range(8):
        shown = await other.submit("/login/code", {"code": "000000"})
        assert shown.status == 422
    assert "15分間" in shown.plain
    web.town.now += STEP_US
    assert (await other.submit("/login/code", {"code": code(web, app)})).status == 422


async def test_a_code_without_the_password_is_nothing(web: Web) -> None:
    browser = web.browser()
    assert (await browser.ask("GET", "/login/code")).location == "/login"
    page = await browser.get("/login")
    assert (await browser.post("/login/code", {"code": "123456"}, csrf=page.csrf)).location.startswith("/login")


async def test_the_code_app_goes_only_with_the_password(web: Web) -> None:
    browser = await web.logged_in("viewer")
    app = await set_up(web, browser)
    await browser.submit("/settings/code", {"code": code(web, app)})
    await browser.get("/settings/code")
    assert (await browser.submit("/settings/code/remove", {"password": "wrong"})).status == 422
    await browser.submit("/settings/code/remove", {"password": PASSWORD})
    assert (await web.browser().log_in("viewer")).heading.startswith("今日")


async def test_the_secret_is_shown_only_while_it_is_set_up(web: Web) -> None:
    browser = await web.logged_in("viewer")
    app = await set_up(web, browser)
    await browser.submit("/settings/code", {"code": code(web, app)})
    assert app.secret not in (await browser.get("/settings/code")).text.replace(" ", "")


@pytest.mark.parametrize(
    "answer",
    ["{}", "null", '{"credential": {}}', '{"credential": {"id": "!!", "response": 1}}', '{"credential": []}', "x",
     '{"credential": {"id": "AAAA", "rawId": "AAAA", "type": "public-key", "response": {}}}'],
)  # fmt: skip
async def test_odd_answers_of_passkeys_open_nothing(web: Web, answer: str) -> None:
    web.context.base_url = "http://localhost:7080"
    browser = web.browser()
    csrf = (await browser.get("/login")).csrf
    headers = {"Content-Type": "application/json", "X-CSRF-Token": csrf}
    options = await browser.ask("POST", "/login/passkey/options", data=b"{}", headers=headers)
    assert (options.status, '"userVerification": "required"' in options.text) == (200, True)
    shown = await browser.ask("POST", "/login/passkey", data=answer.encode(), headers=headers)
    assert shown.status in (400, 422)
    assert (await browser.ask("GET", "/menu")).status == 303


async def test_passkeys_need_a_name(web: Web) -> None:
    browser = web.browser()
    csrf = (await browser.get("/login")).csrf
    headers = {"Content-Type": "application/json", "X-CSRF-Token": csrf}
    refused = await browser.ask("POST", "/login/passkey/options", data=b"{}", headers=headers)
    assert (refused.status, "message" in refused.text) == (422, True)
    assert "data-passkey-login" not in (await browser.get("/login")).text


@pytest.mark.parametrize(
    ("origin", "usable"),
    [
        ("https://yui.example.jp", True), ("http://localhost:7080", True), ("http://yui.example.jp", False),
        ("https://192.0.2.1", False), ("https://[2001:db8::1]:7080", False),
    ],
)  # fmt: skip
def test_where_passkeys_work(origin: str, usable: bool) -> None:
    assert Site(origin).usable is usable
