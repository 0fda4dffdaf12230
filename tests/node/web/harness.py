"""Pages in tests: a node's pages on a real socket, and browsers that keep cookies and send forms as people do.

``serving(folder)`` gives a :class:`Web` with one firm and a user of each role; ``two_webs(folder)`` two associations
that know each other, with ``deliver()`` between them. A :class:`Browser` follows redirects by hand: each is seen.
"""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import cache
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from aiohttp import DummyCookieJar
from aiohttp.test_utils import TestClient, TestServer

from node.api.context import Context
from node.api.member import app as member
from node.services import sessions, users
from node.web.mount import mount
from tests.node import drawing_town
from tests.node.services.town import Association, two_towns

FIRM = "ぶんぶく商店"
PASSWORD = "correct horse battery"
#: Login name → role, made for each firm (name-…) and association.
MEMBER_LOGINS = {"owner": "owner", "clerk": "clerk", "viewer": "viewer"}
STAFF_LOGINS = {"staff": "staff", "admin": "admin", "supporter": "supporter"}


@cache
def _hashed(password: str) -> str:
    """Hashing takes a third of a second: once for all tests."""
    return users.password_hash(password)


class Shown(NamedTuple):
    """A page that came back."""

    status: int
    headers: Mapping[str, str]
    text: str
    body: bytes = b""

    @property
    def location(self) -> str:
        """Where a redirect leads."""
        return self.headers.get("Location", "")

    @property
    def plain(self) -> str:
        """The page as a person reads it: no tags, entities resolved, spaces collapsed."""
        bare = re.sub(r"<(script|style)\b.*?</\1>|<!--.*?-->", "", self.text, flags=re.DOTALL)
        return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", bare))).strip()

    @property
    def heading(self) -> str:
        """The text of the one h1."""
        found = re.findall(r"<h1\b[^>]*>(.*?)</h1>", self.text, re.DOTALL)
        assert len(found) == 1, f"{len(found)} headings"
        return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", found[0]))).strip()

    @property
    def csrf(self) -> str:
        """The form token of the page."""
        found = re.search(r'data-csrf="([^"]*)"', self.text)
        return html.unescape(found[1]) if found else ""

    def fields(self, action: str) -> dict[str, str]:
        """What a browser would send of the form that posts to ``action`` if nobody typed anything."""
        form = re.search(rf'<form\b[^>]*action="{re.escape(action)}"[^>]*>(.*?)</form>', self.text, re.DOTALL)
        assert form is not None, f"no form posts to {action}"
        found: dict[str, str] = {}
        for tag in re.findall(r"<input\b[^>]*>", form[1]):
            given = {name: html.unescape(value) for name, value in re.findall(r'([\w-]+)="([^"]*)"', tag)}
            kind = given.get("type", "text")
            if kind in ("submit", "file") or (kind in ("radio", "checkbox") and " checked" not in tag):
                continue
            if "name" in given:
                found[given["name"]] = given.get("value", "")
        for name, text in re.findall(r'<textarea\b[^>]*name="([^"]*)"[^>]*>\n?(.*?)</textarea>', form[1], re.DOTALL):
            found[name] = html.unescape(text)
        for name, options in re.findall(r'<select\b[^>]*name="([^"]*)"[^>]*>(.*?)</select>', form[1], re.DOTALL):
            chosen = re.search(r'value="([^"]*)" selected', options) or re.search(r'value="([^"]*)"', options)
            found[name] = html.unescape(chosen[1]) if chosen else ""
        return found


class Browser:
    """One person's browser."""

    def __init__(self, client: TestClient[Any, Any]) -> None:
        self._client = client
        self.cookies: dict[str, str] = {}
        self.last = Shown(0, {}, "")

    async def ask(self, method: str, path: str, *, data: Any = None, headers: Mapping[str, str] | None = None) -> Shown:
        """One request, redirects not followed."""
        sent = {"Accept": "text/html", **(headers or {})}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        async with self._client.request(method, path, data=data, headers=sent, allow_redirects=False) as response:
            for header in response.headers.getall("Set-Cookie", ()):
                for name, morsel in SimpleCookie(header).items():
                    if morsel["max-age"] == "0" or not morsel.value:
                        self.cookies.pop(name, None)
                    else:
                        self.cookies[name] = morsel.value
            body = await response.read()
            text = body.decode("utf-8", "replace")
            shown = Shown(response.status, dict(response.headers), text, body)
        if shown.status != 303:
            self.last = shown  # what the person has before them
        return shown

    async def get(self, path: str, *, follow: bool = True) -> Shown:
        """Open a page, and those that it leads on to."""
        shown = await self.ask("GET", path)
        for _ in range(5):
            if not follow or shown.status != 303:
                break
            shown = await self.ask("GET", _local(shown.location))
        return shown

    async def post(
        self, path: str, fields: Mapping[str, Any] | None = None, *, csrf: str | None = None, follow: bool = False
    ) -> Shown:
        """Send a form with the token of the last page (or the one given)."""
        token = self.last.csrf if csrf is None else csrf
        body = urlencode({"csrf": token, **(fields or {})}, doseq=True)
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        shown = await self.ask("POST", path, data=body.encode(), headers=kind)
        if follow and shown.status == 303:
            return await self.get(_local(shown.location))
        return shown

    async def submit(self, path: str, changes: Mapping[str, Any], *, follow: bool = True) -> Shown:
        """Fill in the form of the page that is shown and send it, as a person does."""
        fields = {**self.last.fields(path), **changes}
        csrf = fields.pop("csrf")
        return await self.post(path, fields, csrf=csrf, follow=follow)

    async def log_in(self, name: str, password: str = PASSWORD) -> Shown:
        """By name and password; the page that comes after."""
        await self.get("/login")
        return await self.post("/login", {"name": name, "password": password}, follow=True)


def _local(location: str) -> str:
    parts = urlsplit(location)
    return parts.path + (f"?{parts.query}" if parts.query else "")


class Web:
    """The pages of one node, and its people. ``firms``: name → member; users of the first are owner, clerk, viewer."""

    def __init__(self, town: Association, context: Context, client: TestClient[Any, Any]) -> None:
        self.town = town
        self.context = context
        self.client = client
        self.firms: dict[str, bytes] = {}

    def browser(self) -> Browser:
        """A browser that has never been here."""
        return Browser(self.client)

    async def logged_in(self, name: str) -> Browser:
        """A browser in which ``name`` has logged in, without the half second that a password takes; 今日 is shown."""
        browser, house = self.browser(), self.town.house
        user = self.town.see(lambda tx: tx.users.by_name(name))
        assert user is not None, name
        opened = self.town.do(lambda tx: sessions.open_for(house, tx, user, "test"))
        browser.cookies[f"yui-{house.id.hex()[:8]}"] = opened.token
        shown = await browser.get("/")
        assert shown.status == 200, shown.plain
        return browser

    def add_user(self, name: str, role: str, member_id: bytes | None, password: str = PASSWORD) -> None:
        """A login."""
        hashed = _hashed(password)
        self.town.do(lambda tx: users.add(self.town.house, tx, member_id, name, role, hashed))

    def settle_in(self, firm: str, member_id: bytes, prefix: str = "") -> None:
        """A firm's people: owner, clerk, viewer (with ``prefix`` before the names)."""
        self.firms[firm] = member_id
        for name, role in MEMBER_LOGINS.items():
            self.add_user(prefix + name, role, member_id)


@asynccontextmanager
async def web_of(town: Association, folder: Path) -> AsyncIterator[Web]:
    """The pages over an association of ours, with its staff and administrator."""
    context = Context(town.house, town.store, folder)
    drawing_town.courier(context)
    app = member.build(context)
    mount(app)
    async with TestClient(TestServer(app), cookie_jar=DummyCookieJar()) as client:
        web = Web(town, context, client)
        for name, role in STAFF_LOGINS.items():
            web.add_user(name, role, None)
        try:
            yield web
        finally:
            context.arrivals.close()
            context.close()


@asynccontextmanager
async def serving(folder: Path) -> AsyncIterator[Web]:
    """One association with one firm and a user of each role."""
    town = Association("豊田")
    async with web_of(town, folder) as web:
        web.settle_in(FIRM, town.enrol(FIRM))
        yield web


class TwoWebs(NamedTuple):
    """Toyota (buyer 金太郎機械: logins owner, clerk, viewer) and Kyoto (seller 花咲堂: the same), peers."""

    toyota: Web
    kyoto: Web
    buyer: bytes
    seller: bytes

    def deliver(self) -> None:
        """Everything that waits, both ways, until nothing does."""
        for _ in range(10):
            if not self.toyota.town.send_all(self.kyoto.town) and not self.kyoto.town.send_all(self.toyota.town):
                return


@asynccontextmanager
async def two_webs(folder: Path) -> AsyncIterator[TwoWebs]:
    """Two associations."""
    toyota, kyoto, buyer, seller = two_towns()
    for name in ("toyota", "kyoto"):
        (folder / name).mkdir()
    async with web_of(toyota, folder / "toyota") as one, web_of(kyoto, folder / "kyoto") as other:
        one.settle_in("金太郎機械", buyer)
        other.settle_in("花咲堂", seller)
        yield TwoWebs(one, other, buyer, seller)
