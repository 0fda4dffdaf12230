"""ログイン: the way in by name and password, and out. Owns the pages; ``node.services.login`` decides who comes in."""

from __future__ import annotations

import asyncio
from typing import Final

from aiohttp import web

from node.services import codes, login, users
from node.services.login import Attempt
from node.services.passkeys import Site
from node.services.sessions import Opened
from node.services.transaction import Tx
from node.web.forms import MISSING, Form
from node.web.links import absolute
from node.web.page import Page
from node.web.visit import Visit
from protocol.errors import CallerFault

ATTEMPTS_PER_MINUTE: Final = 30  # of one address, whatever the names


async def show(visit: Visit) -> web.StreamResponse:
    """The form."""
    if visit.visitor is not None:
        return visit.see_other(local(visit.query.get("next", "")))
    return _page(visit, Form.empty(visit.say), visit.query.get("next", ""))


def _page(visit: Visit, form: Form, wanted: str, status: int = 200) -> web.Response:
    return visit.render("login.html", status=status, form=form, next=local(wanted), site=Site(absolute(visit, "")))


async def enter(visit: Visit) -> web.StreamResponse:
    """Name and password."""
    _ = visit.say
    await visit.site.limit(visit, "login", ATTEMPTS_PER_MINUTE)
    form = await visit.form()
    name = form.text("name", _("Login name"), most=64)
    password = form.value("password")
    if not password:
        form.wrong("password", MISSING, label=_("Password"))
    if form.ok:
        try:
            opened = await attempt(visit, name, password, local(form.value("next")))
        except CallerFault as fault:
            form.refuse(fault)
        else:
            if opened is None:
                return visit.see_other("/login/code")
            visit.enter(opened)
            return visit.see_other(local(form.value("next")))
    return _page(visit, form, form.value("next"), status=422)


async def attempt(visit: Visit, name: str, password: str, wanted: str) -> Opened | None:
    """A session for the right password (None: a code is owed too); CallerFault for anything else, as slowly."""
    house, address, agent = visit.context.house, visit.address, visit.agent
    now = house.clock()
    tried = await visit.read(lambda tx: login.begin(tx, name, now))
    if not await verified(visit, tried.hashed, password) or tried.user is None:
        raise await visit.write(lambda tx: login.failed(house, tx, tried, address))
    user_id = tried.user.id
    if await visit.read(lambda tx: codes.is_on(tx, user_id)):
        visit.site.ceremonies.keep(visit.token, "owes-code", (tried, wanted), now)
        return None
    renewed = await _renewed(visit, tried, password)

    def work(tx: Tx) -> Opened:
        user = users.require_active(tx, tried.name, tried.hashed)
        if renewed:
            users.renew(tx, user.id, renewed)
        return login.succeeded(house, tx, user, "password", address=address, agent=agent)

    return await visit.write(work)


async def verified(visit: Visit, hashed: str, password: str) -> bool:
    """Whether the password is right; computed in a thread, a few at a time."""
    async with visit.site.passwords:
        return await asyncio.to_thread(users.verifies, hashed, password)


async def _renewed(visit: Visit, tried: Attempt, password: str) -> str:
    if not users.outdated(tried.hashed):
        return ""
    async with visit.site.passwords:
        return await asyncio.to_thread(users.password_hash, password)


async def leave(visit: Visit) -> web.StreamResponse:
    """Log out."""
    who, house, address = visit.who, visit.context.house, visit.address
    await visit.write(lambda tx: login.leave(house, tx, who, address))
    visit.cookies["yui"] = None
    return visit.see_other("/login")


def local(path: str) -> str:
    """A path of ours to go on to; the first page for anything else."""
    good = path.startswith("/") and not path.startswith(("//", "/\\", "/login")) and path.isprintable()
    return path if good and "\\" not in path else "/"


PAGES = (
    Page("GET", "/login", "public", show),
    Page("POST", "/login", "public", enter),
    Page("POST", "/logout", "own", leave),
)
