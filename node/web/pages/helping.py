"""ヘルプ: the guides, for everybody who can reach the node: also for whoever holds an invitation and no login yet."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from node.services.policy import ASSOCIATION_ROLES
from node.web import guides
from node.web.page import Page
from node.web.visit import Visit
from protocol.errors import NotFound

KEPT = "public, max-age=86400"


async def start(visit: Visit) -> web.StreamResponse:
    """The guide of whoever asks."""
    staff = visit.visitor is not None and visit.visitor.role in ASSOCIATION_ROLES
    return visit.see_other("/help/operate" if staff else "/help/join")


async def first(visit: Visit) -> web.StreamResponse:
    """A guide's first page."""
    return _shown(visit, guides.START)


async def chapter(visit: Visit) -> web.StreamResponse:
    """One chapter."""
    return _shown(visit, visit.path("chapter"))


def _shown(visit: Visit, name: str) -> web.Response:
    guide = visit.path("guide")
    found = guides.chapter(guide, name, visit.language)
    if found is None:
        raise NotFound("page", "no such chapter")
    return visit.render("help.html", chapter=found, guide=guide, first=name == guides.START)


async def picture(visit: Visit) -> web.StreamResponse:
    """A picture of a guide."""
    guide = visit.path("guide")
    path = f"img/{visit.path('language')}/{visit.path('name')}"
    if path not in guides.pictures(guide):
        raise NotFound("page", "no such picture")
    return web.FileResponse(
        guides.folder(guide) / path, headers={"Content-Type": guides.PICTURES[Path(path).suffix], "Cache-Control": KEPT}
    )


PAGES = (
    Page("GET", "/help", "public", start),
    Page("GET", "/help/{guide}", "public", first),
    Page("GET", "/help/{guide}/{chapter}", "public", chapter),
    Page("GET", "/help/{guide}/img/{language}/{name}", "public", picture),
)
