"""招待: what somebody sees who opens a one-time link: who invites, and a login to make."""

from __future__ import annotations

import asyncio
from typing import Final

from aiohttp import web

from node.services import joining, users
from node.services.joining import Invited
from node.services.preferences import MAX_SHOWN_NAME_CHARS
from node.web.forms import MISSING, Form
from node.web.page import Page
from node.web.pages.people import ROLE_WORDS
from node.web.visit import Visit
from protocol.errors import CallerFault, NotFound

TRIES_PER_MINUTE: Final = 30


async def show(visit: Visit) -> web.StreamResponse:
    """The invitation."""
    return _page(visit, await _look(visit), Form.empty(visit.say))


async def _look(visit: Visit) -> Invited:
    await visit.site.limit(visit, "join", TRIES_PER_MINUTE)
    house, secret = visit.context.house, visit.path("secret")
    return await visit.read(lambda tx: joining.look(house, tx, secret))


def _page(visit: Visit, invited: Invited, form: Form, status: int = 200) -> web.Response:
    role = next(word for role, word in ROLE_WORDS.items() if role.value == invited.row.role)
    path = joining.PATH + visit.path("secret")
    return visit.render("join/join.html", status=status, invited=invited, role=role, form=form, path=path)


async def accept(visit: Visit) -> web.StreamResponse:
    """Make the login."""
    _, invited, form = visit.say, await _look(visit), await visit.form()
    name = shown_name = ""
    if invited.user is None:
        shown_name = form.text("shown_name", _("Your name"), most=MAX_SHOWN_NAME_CHARS)
        name = form.text("name", _("Login name"), most=64)
    hashed = await new_password(visit, form)
    if form.ok:
        house, secret, language = visit.context.house, visit.path("secret"), visit.language
        address, agent = visit.address, visit.agent
        try:
            opened = await visit.write(
                lambda tx: joining.accept(
                    house, tx, secret, name, shown_name, hashed, language=language, address=address, agent=agent
                )
            )
        except NotFound:
            raise
        except CallerFault as fault:
            form.refuse(fault)
        else:
            visit.enter(opened)
            return visit.see_other("/settings" if "/settings" in visit.site.routes.paths else "/", _("Welcome."))
    return _page(visit, invited, form, status=422)


async def new_password(visit: Visit, form: Form) -> str:
    """The hash of a new password that was typed twice; what is wrong with it stands beside the fields."""
    _, password, again = visit.say, form.value("password"), form.value("again")
    if not password:
        form.wrong("password", MISSING, label=_("Password"))
    elif not users.MIN_PASSWORD_CHARS <= len(password) <= users.MAX_PASSWORD_CHARS:
        form.wrong("password", users.BAD_PASSWORD)
    elif password != again:
        form.wrong("again", _("The two passwords differ. Type the same one twice."))
    if not form.ok:
        return ""
    async with visit.site.passwords:
        return await asyncio.to_thread(users.password_hash, password)


PAGES = (
    Page("GET", "/join/{secret}", "public", show),
    Page("POST", "/join/{secret}", "public", accept),
)
