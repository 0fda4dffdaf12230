"""A passkey, made and used, by chromium's virtual authenticator."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.screens import address, window
from tests.node.web.harness import Web

pytestmark = pytest.mark.slow


async def authenticator(page: Any) -> tuple[Any, str]:
    session = await page.context.new_cdp_session(page)
    await session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    made = await session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return session, made["authenticatorId"]


async def test_a_passkey_is_made_used_and_removed(browser: Any, web: Web) -> None:
    page = await window(browser, web, "owner")
    session, _ = await authenticator(page)
    await page.goto(address(web, "/settings"))
    await page.fill("#passkey-label", "店のPC")
    await page.click("[data-passkey-new] button")
    await page.wait_for_selector("text=店のPC")
    await page.click("details.me summary")
    await page.click(".me-box button")
    await page.wait_for_url("**/login")
    await page.click("[data-passkey-login] button")
    await page.wait_for_selector("h1:has-text('今日')")
    assert page.complaints == []
    rows = web.town.see(lambda tx: [row.method for user in tx.users.all() for row in tx.sessions.of(user.id)])
    assert "passkey" in rows
    await page.goto(address(web, "/settings"))
    await page.click("form[action*='/remove'] button")
    await page.wait_for_selector("#flash .banner")
    await page.click("details.me summary")
    await page.click(".me-box button")
    await page.wait_for_url("**/login")
    await page.click("[data-passkey-login] button")
    await page.wait_for_function("document.querySelector('[data-passkey-login] [role=alert]').textContent.length > 5")
    assert "/login" in page.url
    await session.detach()


async def test_a_passkey_without_finger_or_face_is_no_proof(browser: Any, web: Web) -> None:
    page = await window(browser, web, "owner")
    session, made = await authenticator(page)
    await page.goto(address(web, "/settings"))
    await page.click("[data-passkey-new] button")
    await page.wait_for_selector("form[action*='/remove']")
    await session.send("WebAuthn.setUserVerified", {"authenticatorId": made, "isUserVerified": False})
    await page.context.clear_cookies()
    await page.goto(address(web, "/login"))
    await page.click("[data-passkey-login] button")
    await page.wait_for_function("document.querySelector('[data-passkey-login] [role=alert]').textContent.length > 5")
    assert "/login" in page.url
