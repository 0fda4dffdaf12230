"""The export archive over the API."""

from __future__ import annotations

import asyncio
from typing import Annotated

from aiohttp import web
from msgspec import Meta

from node.api.member.desk import Language
from node.api.member.shapes import Shape
from node.api.operation import Call, Operation
from node.leaving import archive
from node.leaving.archive import Archive, Wish
from node.services import access
from node.services.policy import Scope

ZIP = "application/zip"


class ExportQuery(Shape, frozen=True):
    """``lang``: of PDFs, index and page; ``pdf`` "no": documents are not drawn, which is much quicker."""

    lang: Language = "ja"
    pdf: Annotated[str, Meta(pattern="^(yes|no)$")] = "yes"


async def export(call: Call) -> object:
    """GET /v1/export."""
    query: ExportQuery = call.query
    context, member = call.context, call.member
    begun = await asyncio.to_thread(archive.begin, context, member)
    note = f"export {begun.documents}"
    await asyncio.wrap_future(
        context.submit(lambda tx: access.note(context.house, tx, "exported", member=member, detail=note))
    )
    answer = web.StreamResponse(headers={"Content-Disposition": f'attachment; filename="yui-{member.hex()[:8]}.zip"'})
    answer.content_type = ZIP
    await answer.prepare(call.request)
    pieces = Archive(context, begun, Wish(query.lang, query.pdf == "yes")).pieces()
    while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
        if piece:
            await answer.write(piece)
    await answer.write_eof()
    return answer


OPERATIONS = (
    Operation("GET", "/v1/export", "export_member", "Everything of the member in one zip, with a verifier and a page",
              export, Scope.EXPORT, query=ExportQuery, answer_media=ZIP),
)  # fmt: skip
