"""持ち出し: everything of the member in one file, for its owner."""

from __future__ import annotations

import asyncio

from aiohttp import web

from node.leaving import archive
from node.leaving.archive import Archive, Wish
from node.services import access
from node.web.page import Page
from node.web.sessions import HEADERS
from node.web.visit import Visit

EXPORTS_PER_MINUTE = 2


async def index(visit: Visit) -> web.StreamResponse:
    """What is in the file, and a button."""
    return visit.render("settings/takeaway.html")


async def take(visit: Visit) -> web.StreamResponse:
    """The archive, made while it is sent; the access log says who took it."""
    await visit.form()
    member, who, house, address = visit.member, visit.who, visit.context.house, visit.address
    await visit.site.limit(visit, "takeaway", EXPORTS_PER_MINUTE, key=member.hex())
    begun = await asyncio.to_thread(archive.begin, visit.context, member)
    note = f"export {begun.documents}"
    await visit.write(
        lambda tx: access.note(house, tx, "exported", member=member, user=who.user, detail=note, address=address)
    )
    headers = {
        **HEADERS,
        "Cache-Control": "no-store",
        "Content-Disposition": f'attachment; filename="yui-{member.hex()[:8]}.zip"',
    }
    answer = web.StreamResponse(headers=headers)
    answer.content_type = "application/zip"
    await answer.prepare(visit.request)
    pieces = Archive(visit.context, begun, Wish(visit.language)).pieces()
    while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
        if piece:
            await answer.write(piece)
    await answer.write_eof()
    return answer


PAGES = (
    Page("GET", "/settings/takeaway", "export.take", index),
    Page("POST", "/settings/takeaway", "export.take", take),
)
