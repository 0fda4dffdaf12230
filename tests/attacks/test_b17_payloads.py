"""Row 17, at the entrances: attacks typed into every parameter, variable and field of every page that people see.

A second walk afterwards looks for what was stored. The attacker is logged in: an owner, a clerk, the association's
administrator and staff, a guest with a link, and nobody.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from aiohttp import FormData

from node.web import site
from node.web.app import AREAS
from node.web.page import Routes
from tests.attacks.payloads import ALL_IN_ONE, PAYLOADS, Form, attacked_fields, attacked_links, forms_of, wrong_with
from tests.node.web.farm import farm_of
from tests.node.web.harness import Browser, Shown, TwoWebs, Web, two_webs
from tests.node.web.walking import deal, let_look, walk

ROUTES = Routes(tuple(page for area in AREAS for page in area.PAGES))
ENDS = ("/live", "/books/archive", "/logout")


class Attacker:
    """One person's browser, their walk, and what they achieved."""

    def __init__(self, web: Web, login: str, start: list[str]) -> None:
        self.web, self.login, self.start = web, login, start
        self.wrong: list[str] = []
        self.statuses: dict[int, int] = {}
        self.browser: Browser = web.browser()

    async def open(self) -> None:
        self.browser = await self.web.logged_in(self.login) if self.login else self.web.browser()
        await self.browser.get("/" if self.login else "/login")

    async def attack(self) -> None:
        """Walk, attack what was found, walk again."""
        seen = await walk(self.web, self.login, self.start)
        await self.open()
        for link in attacked_links(seen, ROUTES):
            if not urlsplit(link).path.startswith(ENDS):
                self.note("GET", link, await self.browser.ask("GET", link))
        for form in forms_of(seen, ROUTES):
            if urlsplit(form.action).path not in ENDS:
                await self.fill_in(form)

    async def look_again(self) -> None:
        for one in await walk(self.web, self.login, self.start):
            self.note("then", one.link, one.shown)

    async def fill_in(self, form: Form) -> None:
        for fields in attacked_fields(form):
            if form.method == "GET":
                shown = await self.browser.ask("GET", f"{urlsplit(form.action).path}?{urlencode(fields)}")
            else:
                shown = await self.send(form, fields)
            self.note(form.method, f"{form.action} {[name for name in fields if fields[name] in PAYLOADS]}", shown)
            if self.login and shown.location.startswith("/login"):
                await self.open()

    async def send(self, form: Form, fields: dict[str, str]) -> Shown:
        fields = {**fields, "csrf": self.browser.last.csrf or fields.get("csrf", "")}
        data: Any = urlencode(fields, errors="surrogatepass").encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if form.parts:
            data, headers = FormData(default_to_multipart=True), {}
            for name, value in fields.items():
                data.add_field(name, value)
            for name in form.files:
                data.add_field(name, ALL_IN_ONE.encode(), filename=f"{ALL_IN_ONE}.csv", content_type="text/csv")
        return await self.browser.ask("POST", form.action, data=data, headers=headers)

    def note(self, method: str, what: str, shown: Shown) -> None:
        self.statuses[shown.status] = self.statuses.get(shown.status, 0) + 1
        if wrong := wrong_with(shown, self.browser.cookies):
            self.wrong.append(f"{self.login or 'nobody'}: {method} {what[:200]}: {wrong}")


async def attackers(webs: TwoWebs) -> list[Attacker]:
    guest = await (await farm_of(webs)).link()
    threads = [f"/dealings/{thread}" for thread in deal(webs)]
    let_look(webs.kyoto, webs.seller)
    firm = f"/association/members/{webs.seller.hex()}"
    return [
        Attacker(webs.toyota, "clerk", ["/", "/menu", *threads]),
        Attacker(webs.kyoto, "owner", ["/", "/menu", "/books?since.year=2025&low=x", *threads]),
        Attacker(webs.kyoto, "staff", ["/", "/menu", firm]),
        Attacker(webs.kyoto, "admin", ["/", "/menu", firm]),
        Attacker(webs.kyoto, "", ["/login", guest]),
    ]


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_nothing_that_is_typed_comes_alive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PER_VISITOR", "PER_GUEST"):
        monkeypatch.setattr(site, name, 1_000_000)  # else most of it would be refused unread
    async with two_webs(tmp_path) as webs:
        people = await attackers(webs)
        for one in people:
            await one.attack()
        for one in people:
            await one.look_again()
        for one in people:
            assert one.wrong == []
            assert one.statuses.get(429, 0) * 5 < sum(one.statuses.values()), f"{one.login}: {one.statuses}"
            assert sum(one.statuses.values()) > 50, one.statuses


@pytest.mark.parametrize(
    ("text", "headers", "wrong"),
    [
        ("<p>zq<zqx>", {}, "an element"),
        ('<p title="zq" onzq="1">', {}, "an attribute"),
        ('<a href="javascript:zq(1)">', {}, "an address"),
        ("<p>zq49zq", {}, "a template"),
        ("", {"X-Zq": "1"}, "a header"),
        ("", {"Location": "//zq.example/"}, "leads to"),
        ("", {"Location": "https://zq.example/"}, "leads to"),
    ],
)
def test_the_attack_would_be_seen(text: str, headers: dict[str, str], wrong: str) -> None:
    """Planted faults: the check finds each, and nothing in the same text escaped."""
    kind = {"Content-Type": "text/html"}
    assert wrong in wrong_with(Shown(200, {**kind, **headers}, text), ())
    escaped = "<p>" + re.sub("[<>\"'&]", lambda found: f"&#{ord(found[0])};", ALL_IN_ONE)
    assert wrong_with(Shown(200, kind, escaped), ()) == ""
