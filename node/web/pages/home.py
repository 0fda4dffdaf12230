"""今日: what waits for a member today. Owns the first page and the menu of telephones."""

from __future__ import annotations

import datetime

from aiohttp import web

from node.services import held, keywatch, sharing
from node.services.desk import duties, live, today
from node.services.joint import overview
from node.services.policy import STAFF_ROLES, Role
from node.web.page import Page
from node.web.render import as_day
from node.web.visit import Visit

SOON_DAYS = 7
MOST_HELD = 50


async def home(visit: Visit) -> web.StreamResponse:
    """The first page; the association's people have their own."""
    if visit.role is Role.SUPPORTER:
        return visit.see_other("/area")
    if visit.role in STAFF_ROLES:
        return visit.see_other("/association")
    member, now = visit.member, visit.context.house.clock()
    day = as_day(now)
    week = day + datetime.timedelta(days=SOON_DAYS)
    mark = await visit.read(lambda tx: live.mark(tx, member))  # before what it stands for: nothing is missed between
    found = await visit.read(lambda tx: today.of(tx, member, day.isoformat(), week.isoformat()))
    waiting = await visit.read(lambda tx: duties.of(tx, member, day.isoformat(), week.isoformat()))
    undecided = await visit.read(lambda tx: len(held.waiting(tx, member, MOST_HELD)))
    first = not found.mine and not found.theirs and not await visit.read(lambda tx: tx.threads.partners(member, 1))
    house = visit.context.house
    together = await visit.read(lambda tx: overview.today(house, tx, member))
    asked = await visit.read(lambda tx: sharing.owed(tx, member))
    changes = await visit.read(lambda tx: keywatch.recent(house, tx, member))
    may_write = visit.allows("dealings.write")
    return visit.render(
        "home.html",
        found=found,
        duties=waiting,
        held=undecided,
        first=first,
        changes=changes,
        together=together,
        asked=asked,
        now=now,
        day=day,
        new_fits=await visit.read(lambda tx: tx.offers.new_fits(member)),
        deeds=await visit.read(lambda tx: tx.deeds.turns(member)),
        may_write=may_write,
        may_pay=visit.allows("payments.pay"),
        live=mark,
    )


async def menu(visit: Visit) -> web.StreamResponse:
    """Everything there is, for telephones."""
    return visit.render("menu.html")


PAGES = (Page("GET", "/", "own", home), Page("GET", "/menu", "own", menu))
