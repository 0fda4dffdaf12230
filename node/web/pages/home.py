"""今日: what waits for a member today. Owns the first page and the menu of telephones."""

from __future__ import annotations

from aiohttp import web

from node.services import today
from node.services.policy import ASSOCIATION_ROLES
from node.web.page import Page
from node.web.render import as_day
from node.web.visit import Visit


async def home(visit: Visit) -> web.StreamResponse:
    """The first page; the association's people have their own."""
    if visit.role in ASSOCIATION_ROLES:
        return visit.see_other("/association")
    member, now = visit.member, visit.context.house.clock()
    found = await visit.read(lambda tx: today.look(tx, member))
    return visit.render("home.html", found=found, now=now, day=as_day(now))


async def menu(visit: Visit) -> web.StreamResponse:
    """Everything there is, for telephones."""
    return visit.render("menu.html")


PAGES = (Page("GET", "/", "own", home), Page("GET", "/menu", "own", menu))
