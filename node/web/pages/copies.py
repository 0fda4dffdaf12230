"""控えの状況: where a member's papers are kept. This version keeps them at one association, and the page says so."""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from node.services.transaction import Tx
from node.web.page import Page
from node.web.visit import Visit

LAST_BACKUP: Final = "backup/last"  # as node.jobs notes it


async def index(visit: Visit) -> web.StreamResponse:
    """One sentence, and what there is instead of copies elsewhere."""
    member = visit.member

    def work(tx: Tx) -> dict[str, Any]:
        return {"backup": tx.meta.get_int(LAST_BACKUP), "papers": bool(tx.holdings.before(member, 1))}

    return visit.render("copies.html", **await visit.read(work))


PAGES = (Page("GET", "/copies", "today.read", index),)
