"""さがす: one line of text over the member's own dealings, papers, partners and items."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from node import units
from node.services import finding
from node.web.page import Page
from node.web.visit import Visit

MOST_CHARS: Final = 100


async def index(visit: Visit) -> web.StreamResponse:
    """What fits, grouped."""
    member, asked = visit.member, visit.query.get("q", "").strip()[:MOST_CHARS]
    found = await visit.read(lambda tx: finding.find(tx, member, asked)) if asked else None
    return visit.render("search/index.html", asked=asked, found=found, unit=units.word)


PAGES = (Page("GET", "/search", "dealings.read", index),)
