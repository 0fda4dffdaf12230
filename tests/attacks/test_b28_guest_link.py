"""Row 28: the link of a partner without a node: guessed, used too late, again, for another dealing, by a crawler.

Whoever has the link may answer; nobody else may, it opens one dealing alone, and looking at it does nothing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from node.services import guests
from node.web.pages.guestpage import MISSES_PER_MINUTE
from tests.node.web.farm import Farm, farm_of, order_from
from tests.node.web.harness import Shown, two_webs


@pytest.fixture
async def farm(tmp_path: Path) -> AsyncIterator[Farm]:
    async with two_webs(tmp_path) as webs:
        yield await farm_of(webs)


def _same(shown: Shown) -> tuple[int, str, frozenset[str]]:
    return shown.status, shown.plain, frozenset(shown.headers) - {"Set-Cookie", "Content-Length", "Date"}


def documents(farm: Farm) -> int:
    return farm.web.town.see(lambda tx: tx.documents.last_position())


async def test_wrong_expired_and_withdrawn_links_look_alike(farm: Farm) -> None:
    withdrawn = await farm.link()
    expired = await farm.link()
    farm.web.town.now += guests.LIFETIME_US + 1
    wrong = "/g/" + "a" * 32
    seen = set()
    for path in (withdrawn, expired, wrong, "/g/x"):
        for rest in ("", "/answer", f"/documents/{farm.thread}/pdf"):
            seen.add(_same(await farm.phone.ask("GET", path + rest)))
    assert len(seen) == 1
    assert next(iter(seen))[0] == 404


async def test_guessing_is_slowed_down(farm: Farm) -> None:
    statuses = [(await farm.phone.ask("GET", f"/g/{n:032d}")).status for n in range(MISSES_PER_MINUTE + 3)]
    assert statuses == [404] * MISSES_PER_MINUTE + [429] * 3


async def test_a_link_opens_nothing_else_of_the_buyer(farm: Farm) -> None:
    other = await order_from(farm.buyer, farm.guest, "さつまいも")
    path = await farm.link()
    page = await farm.phone.get(path)
    assert "さつまいも" not in page.plain
    unknown = await farm.phone.ask("GET", f"{path}/documents/{'0' * 64}/pdf")
    for kind in ("pdf", "ubl"):
        assert _same(await farm.phone.ask("GET", f"{path}/documents/{other}/{kind}")) == _same(unknown)
    for inside in (f"/dealings/{other}", f"/dealings/{farm.thread}", "/partners", f"/documents/{other}/pdf"):
        assert (await farm.phone.ask("GET", inside)).location.startswith("/login")


async def test_looking_does_nothing_whatever_a_crawler_follows(farm: Farm) -> None:
    path = await farm.link()
    before = documents(farm)
    for _ in range(2):
        for rest in (
            "",
            "/answer",
            "/ship",
            "/bill",
            "/message",
            "?action=send",
            "/answer?action=send&lines.0.status=accepted",
        ):
            shown = await farm.phone.ask("GET", path + rest)
            assert shown.status in (200, 303, 404)
            assert "noindex" in shown.headers["X-Robots-Tag"]
            assert shown.headers["Cache-Control"] == "no-store"
        assert (await farm.phone.ask("HEAD", path + "/answer")).status == 200
    assert documents(farm) == before
    first = await farm.phone.get(f"{path}/answer")
    again = await farm.phone.get(f"{path}/answer")
    assert first.fields(f"{path}/answer")["base"] == again.fields(f"{path}/answer")["base"]  # no number was taken


async def test_a_forged_form_is_refused(farm: Farm) -> None:
    path = await farm.link()
    await farm.phone.get(f"{path}/answer")
    fields = farm.phone.last.fields(f"{path}/answer")
    csrf = fields.pop("csrf")
    before = documents(farm)
    stranger = farm.web.browser()
    await stranger.get("/login")
    for browser, token in ((farm.phone, ""), (farm.phone, "x"), (stranger, csrf)):
        shown = await browser.post(f"{path}/answer", {**fields, "action": "send"}, csrf=token)
        assert shown.status == 403
    body = "&".join(f"{name}=" for name in fields) + f"&csrf={csrf}&action=send"
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": "https://evil.example"}
    assert (await farm.phone.ask("POST", f"{path}/answer", data=body.encode(), headers=headers)).status == 403
    assert documents(farm) == before


async def test_an_answer_that_is_sent_again_is_seen(farm: Farm) -> None:
    path = await farm.link()
    await farm.phone.get(f"{path}/answer")
    fields = farm.phone.last.fields(f"{path}/answer")
    csrf = fields.pop("csrf")
    first = await farm.phone.post(f"{path}/answer", {**fields, "action": "send"}, csrf=csrf)
    assert first.status == 303
    before = documents(farm)
    second = await farm.phone.post(f"{path}/answer", {**fields, "action": "send"}, csrf=csrf)
    assert second.status == 409
    assert documents(farm) == before


async def test_a_form_of_one_dealing_answers_no_other(farm: Farm) -> None:
    first = await farm.link()
    await farm.phone.get(f"{first}/answer")
    fields = farm.phone.last.fields(f"{first}/answer")
    csrf = fields.pop("csrf")
    other = await order_from(farm.buyer, farm.guest, "さつまいも")
    second = await farm._replace(thread=other).link()
    before = documents(farm)
    shown = await farm.phone.post(f"{second}/answer", {**fields, "action": "send"}, csrf=csrf)
    assert shown.status == 409  # made for another state of another dealing
    assert documents(farm) == before


async def test_a_draft_that_was_changed_in_the_form_is_still_the_guests_and_marked(farm: Farm) -> None:
    path = await farm.link()
    await farm.phone.get(f"{path}/answer")
    fields = farm.phone.last.fields(f"{path}/answer")
    base = fields["base"].replace('"number":"', '"origin":"ubl-2.1","number":"')
    assert base != fields["base"]
    sent = await farm.phone.submit(f"{path}/answer", {"base": base, "action": "send"})
    assert sent.status == 200, sent.plain
    shown = await farm.buyer.get(farm.dealing)
    assert "相手先用ページから" in shown.plain


async def test_steps_of_a_buyer_and_of_owners_are_not_there(farm: Farm) -> None:
    path = await farm.link()
    gone = _same(await farm.phone.ask("GET", "/g/x"))
    for step in ("pay", "cancel", "change", "credit", "order", "agree", "state", "inspect"):
        assert _same(await farm.phone.ask("GET", f"{path}/{step}")) == gone


async def test_many_answers_through_one_link_are_too_many(farm: Farm) -> None:
    path = await farm.link()
    await farm.phone.get(path)
    csrf = farm.phone.last.csrf
    shown = [await farm.phone.post(f"{path}/message", {"text": f"{n}"}, csrf=csrf) for n in range(12)]
    assert [one.status for one in shown].count(429) == 2


async def test_nothing_of_the_link_leaves_with_a_referrer(farm: Farm) -> None:
    shown = await farm.phone.get(await farm.link())
    assert shown.headers["Referrer-Policy"] in ("same-origin", "no-referrer")
    assert "http://" not in shown.text.replace("http://www.w3.org", "")
    assert "https://" not in shown.text
