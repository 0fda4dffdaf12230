"""団体に見せる: an owner lets the association's staff look at the firm's papers for thirty minutes, and ends it."""

from __future__ import annotations

from aiohttp import web

from node.services import consent
from node.web.page import Page
from node.web.visit import Visit


async def index(visit: Visit) -> web.StreamResponse:
    """Who may look, until when, and who looked before."""
    member, now = visit.member, visit.context.house.clock()
    rows = await visit.read(lambda tx: consent.list_of(tx, member))
    running = [row for row in rows if consent.in_force(row, now)]
    return visit.render("people/consent.html", rows=rows, running=running, code="", until=0)


async def allow(visit: Visit) -> web.StreamResponse:
    """A code, shown once."""
    who, house, address = visit.who, visit.context.house, visit.address
    made = await visit.write(lambda tx: consent.allow(house, tx, who.user, address))
    code = f"{made.code[:3]} {made.code[3:]}"
    return visit.render("people/consent.html", status=201, rows=[], running=[], code=code, until=made.row.expires)


async def end(visit: Visit) -> web.StreamResponse:
    """Nobody may look any more."""
    _, who, house, address = visit.say, visit.who, visit.context.house, visit.address
    await visit.write(lambda tx: consent.end(house, tx, who.user, address))
    return visit.see_other("/people/consent", _("Nobody of the association can look any more."))


PAGES = (
    Page("GET", "/people/consent", "consent.manage", index),
    Page("POST", "/people/consent", "consent.manage", allow),
    Page("POST", "/people/consent/end", "consent.manage", end),
)
