"""Server-sent events: an open page hears that something of its member changed, and of nothing else."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from node.services import sessions
from node.services.sessions import HOUR_US
from node.services.trade import Submission
from node.web.pages import live
from tests.node.services.town import order
from tests.node.web.harness import Browser, TwoWebs, Web

EVENTS = {"Accept": "text/event-stream"}


class Ear:
    """The events of one connection."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self.answer = answer

    async def next(self, seconds: float = 5.0) -> tuple[str, Any]:
        """The next event and its data; comments are left out. ('', None) at the end, ('silence', None) for nothing."""
        name = ""
        try:
            async with asyncio.timeout(seconds):
                while line := (await self.answer.content.readline()).decode():
                    if line.startswith("event: "):
                        name = line[7:].strip()
                    elif line.startswith("data:") and name:
                        text = line[5:].strip()
                        return name, json.loads(text) if text else None
        except TimeoutError:
            return "silence", None
        return "", None


@asynccontextmanager
async def listening(web: Web, browser: Browser, query: str = "") -> AsyncIterator[Ear]:
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    async with web.client.get(f"/live{query}", headers={**EVENTS, "Cookie": cookies}) as answer:
        yield Ear(answer)


def new_order(webs: TwoWebs, number: str = "PO-1") -> str:
    sent = webs.toyota.town.submit(webs.buyer, Submission(webs.seller, order(number)))
    webs.deliver()
    webs.kyoto.context.arrivals.notify()
    return sent[0].id.hex()


async def test_an_order_is_heard_with_the_number_that_waits_and_nothing_else(webs: TwoWebs) -> None:
    browser = await webs.kyoto.logged_in("clerk")
    async with listening(webs.kyoto, browser) as ear:
        assert ear.answer.headers["Content-Type"] == "text/event-stream"
        assert "default-src 'none'" in ear.answer.headers["Content-Security-Policy"]
        name, first = await ear.next()
        assert (name, first["waits"], first["changed"]) == ("changed", 0, False)
        new_order(webs)
        name, told = await ear.next()
        assert (name, told["waits"], told["changed"]) == ("changed", 1, True)
        assert set(told) == {"waits", "mark", "changed"}


async def test_a_page_that_was_made_before_the_change_hears_of_it_at_once(webs: TwoWebs) -> None:
    browser = await webs.kyoto.logged_in("clerk")
    async with listening(webs.kyoto, browser) as ear:
        mark = (await ear.next())[1]["mark"]
    new_order(webs)
    async with listening(webs.kyoto, browser, f"?seen={mark}") as ear:
        assert (await ear.next())[1]["changed"]


async def test_the_marks_of_a_paper_change_the_page_of_its_dealing(webs: TwoWebs) -> None:
    sent = webs.toyota.town.submit(webs.buyer, Submission(webs.seller, order("PO-1")))
    browser = await webs.toyota.logged_in("clerk")
    async with listening(webs.toyota, browser, f"?thread={sent[0].id.hex()}") as ear:
        await ear.next()
        webs.deliver()
        webs.toyota.context.arrivals.notify()
        assert (await ear.next())[1]["changed"]


async def test_what_another_member_does_is_not_heard(webs: TwoWebs) -> None:
    kyoto = webs.kyoto
    other = kyoto.town.enrol("すずめ屋")
    kyoto.settle_in("すずめ屋", other, "suzume-")
    stranger = await kyoto.logged_in("suzume-owner")
    thread = new_order(webs)
    for query in ("", f"?thread={thread}"):
        async with listening(kyoto, stranger, query) as ear:
            first = await ear.next()
            assert first[1]["waits"] == 0
            new_order(webs, f"PO-{len(query) + 2}")
            assert await ear.next(1.5) == ("silence", None)


async def test_a_foreign_dealing_answers_like_none(webs: TwoWebs) -> None:
    kyoto = webs.kyoto
    thread = new_order(webs)
    kyoto.settle_in("すずめ屋", kyoto.town.enrol("すずめ屋"), "suzume-")
    stranger = await kyoto.logged_in("suzume-owner")
    marks = []
    for query in (f"?thread={thread}", f"?thread={'0' * 64}", ""):
        async with listening(kyoto, stranger, query) as ear:
            marks.append((await ear.next())[1])
    assert marks[0] == marks[1] == marks[2]


async def test_it_ends_with_the_session_and_does_not_lengthen_it(webs: TwoWebs) -> None:
    browser, town = await webs.kyoto.logged_in("clerk"), webs.kyoto.town
    user = town.see(lambda tx: tx.users.by_name("clerk"))
    assert user is not None
    async with listening(webs.kyoto, browser) as ear:
        await ear.next()
        town.now += 11 * HOUR_US
        await browser.ask("GET", "/", headers={"X-Live": "1"})
        assert town.see(lambda tx: town.now - sessions.last_login(tx, user.id)) >= 11 * HOUR_US
        for row in town.see(lambda tx: tx.sessions.of(user.id)):
            town.do(lambda tx, row=row: tx.sessions.revoke(row.hash, town.now))  # type: ignore[misc]
        webs.kyoto.context.arrivals.notify()
        assert (await ear.next())[0] == "end"
        assert (await ear.next())[0] == ""


async def test_connections_of_a_session_are_bounded_and_given_back(
    webs: TwoWebs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "PER_SESSION", 2)
    browser = await webs.kyoto.logged_in("clerk")
    async with listening(webs.kyoto, browser) as one, listening(webs.kyoto, browser) as two:
        assert (await one.next(), await two.next())[0][0] == "changed"
        third = await browser.ask("GET", "/live", headers=EVENTS)
        assert third.status == 204
    new_order(webs)
    await asyncio.sleep(1.2)
    async with listening(webs.kyoto, browser) as again:
        assert (await again.next())[0] == "changed"


async def test_a_node_that_stops_lets_everybody_go_at_once(webs: TwoWebs) -> None:
    browser = await webs.kyoto.logged_in("clerk")
    async with listening(webs.kyoto, browser) as ear:
        await ear.next()
        webs.kyoto.context.arrivals.close()
        assert await ear.next(2) == ("", None)


async def test_nobody_without_a_session_and_no_staff(webs: TwoWebs) -> None:
    assert (await webs.kyoto.browser().ask("GET", "/live", headers=EVENTS)).status == 303
    staff = await webs.kyoto.logged_in("staff")
    assert (await staff.ask("GET", "/live", headers=EVENTS)).status == 404


async def test_a_page_that_reads_itself_again_opens_nothing(webs: TwoWebs) -> None:
    thread = new_order(webs)
    browser, town = await webs.kyoto.logged_in("clerk"), webs.kyoto.town
    again = await browser.ask("GET", f"/dealings/{thread}", headers={"X-Live": "1"})
    assert "未読" in again.plain
    holding = town.see(lambda tx: tx.holdings.get(webs.seller, bytes.fromhex(thread)))
    assert holding is not None
    assert not holding.read
    assert "未読" in (await browser.get(f"/dealings/{thread}")).plain
    assert "未読" not in (await browser.get(f"/dealings/{thread}")).plain


async def test_the_menu_says_how_many_wait(webs: TwoWebs) -> None:
    new_order(webs)
    browser = await webs.kyoto.logged_in("viewer")
    assert "data-waits>1</span>" in browser.last.text
