"""団体の今日: what waits for the association's staff. The same facts as `yui status`; no content of any paper."""

from __future__ import annotations

from aiohttp import web

from node.services import status
from node.web.page import Page
from node.web.visit import Visit


async def today(visit: Visit) -> web.StreamResponse:
    """How the node is."""
    house = visit.context.house
    found = await visit.read(lambda tx: status.summary(house, tx))
    return visit.render("association/today.html", found=found, now=house.clock())


PAGES = (Page("GET", "/association", "association.read", today),)
