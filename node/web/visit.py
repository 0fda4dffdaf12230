"""What a page's handler is given: who visits, what was typed, and the ways to read, write, show and go on.

Owns nothing durable. A handler calls one function of a service for each step of a person; never the store.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from aiohttp import web

from node.api.context import Context
from node.api.operation import parse_hash
from node.services import drafts
from node.services import sessions as logins
from node.services.policy import Role, allows
from node.services.sessions import Visitor
from node.services.transaction import Tx
from node.web import drafting
from node.web.forms import Form
from node.web.sessions import caller, csrf_of, seal
from protocol.errors import Malformed, NotAuthorised, NotFound

if TYPE_CHECKING:
    from node.web.page import Page
    from node.web.site import Site

T = TypeVar("T")


@dataclass
class Visit:
    """One request of a person. ``token``: of the session, or of a browser in which nobody is logged in."""

    site: Site
    request: web.Request
    page: Page
    match: Mapping[str, str]
    token: str
    visitor: Visitor | None
    language: str
    flash: str = ""
    posted: Form | None = None
    waits: int = 0  # dealings that wait for the visitor's member
    cookies: dict[str, str | None] = field(default_factory=dict)  # kind → value to keep, None to forget

    # --- who and where

    @property
    def context(self) -> Context:
        """The node: house, store, whom to tell."""
        return self.site.context

    @property
    def role(self) -> Role | None:
        """The visitor's role; None when nobody is logged in."""
        return None if self.visitor is None else self.visitor.role

    @property
    def who(self) -> Visitor:
        """The visitor of a page that is not public."""
        if self.visitor is None:
            raise NotAuthorised("nobody is logged in")
        return self.visitor

    @property
    def member(self) -> bytes:
        """The member for whom the visitor acts."""
        member = self.who.user.member
        if member is None:
            raise NotAuthorised("this page belongs to a member")
        return member

    @property
    def by_itself(self) -> bool:
        """The page asks again because something changed; no person did anything."""
        return "X-Live" in self.request.headers or self.page.path == "/live"

    @property
    def csrf(self) -> str:
        """The value of the hidden field of every form."""
        return csrf_of(self.token)

    @property
    def address(self) -> str:
        """Where the request came from."""
        return caller(self.context, self.request)

    @property
    def agent(self) -> str:
        """The browser's name for itself."""
        return self.request.headers.get("User-Agent", "")

    @property
    def query(self) -> Mapping[str, str]:
        """What stands behind the question mark."""
        return self.request.query

    def allows(self, operation: str) -> bool:
        """Whether the visitor may do it: for buttons that others need not see."""
        return allows(operation, self.role)

    def path(self, name: str) -> str:
        """A variable of the path."""
        return self.match[name]

    def path_hash(self, name: str) -> bytes:
        """A 32-byte id in the path. NotFound when it is none."""
        return parse_hash(self.match[name], name)

    # --- words

    def say(self, message: str, /, **values: object) -> str:
        """A message in the visitor's language; in a handler: ``_ = visit.say``, then ``_("…")`` is extracted."""
        return self.site.renderer.say(self.language, message, **values)

    # --- what was sent

    async def form(self) -> Form:
        """What was posted. On a GET with ``?draft=``: what the visitor had typed here before, else nothing."""
        if self.posted is not None:
            return self.posted
        identity = drafting.id_of(self.query.get("draft", ""))
        if self.visitor is None or not identity:
            return Form.empty(self.say)
        user = self.visitor.user
        draft = await self.read(lambda tx: drafts.get(tx, user.member or b"", user.name, identity))
        if draft.form != self.request.path:
            raise NotFound("draft", "no such draft")
        return Form(self.say, {**drafts.fields_of(draft), drafting.ID: [identity.hex()]})

    async def json(self, shape: type[T]) -> T:
        """A JSON body of a script of ours. Malformed if it is none of that shape."""
        try:
            return msgspec.json.decode(await self.request.read(), type=shape)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Malformed(str(error)) from None

    # --- the store, never in the loop

    async def read(self, work: Callable[[Tx], T]) -> T:
        """Run a read-only piece of work outside the event loop."""
        return await asyncio.to_thread(self.context.store.read, work)

    async def write(self, work: Callable[[Tx], T]) -> T:
        """Run a write in one durable transaction. Nodes in the result's ``news`` (as trade.submit gives) are told."""
        result = await asyncio.wrap_future(self.context.submit(work))
        news = getattr(result, "news", None)
        if isinstance(news, frozenset) and news:
            self.context.news(news)
        self.context.arrivals.notify()
        return result

    # --- answers

    def render(self, template: str, /, status: int = 200, **data: Any) -> web.Response:
        """A page from a template, which is given ``data``, ``visit`` and the frame's values."""
        text = self.site.renderer.render(self.language, template, {"visit": self, **self.site.frame(self), **data})
        return web.Response(text=text, status=status, content_type="text/html", charset="utf-8")

    def see_other(self, path: str, flash: str = "") -> web.Response:
        """Go on to another page (after a POST), which shows ``flash`` once."""
        if flash:
            self.cookies["flash"] = seal(self.token, flash)
        return web.Response(status=303, headers={"Location": path})

    def enter(self, opened: logins.Opened) -> None:
        """From now on the browser has this session; everything before it is forgotten."""
        self.token = opened.token
        self.cookies |= {"yui": opened.token, "guest": None}
