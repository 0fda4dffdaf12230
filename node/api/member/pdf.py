"""Documents as PDF over the API. Owns the translation of the query; the PDF is made in a process of its own."""

from __future__ import annotations

import asyncio

from aiohttp import web

from node.api.member.shapes import PdfQuery
from node.api.operation import Call, Operation
from node.papers.pdf import require
from node.services import printing
from node.services.policy import Scope

PDF = "application/pdf"


async def give(call: Call) -> object:
    """GET /v1/documents/{document}/pdf."""
    asked: PdfQuery = call.query
    document, member, house = call.path_hash("document"), call.member, call.context.house
    wish = printing.Wish(asked.lang, asked.form, bool(asked.fax))
    paper, context = await call.read(lambda tx: printing.prepare(house, tx, member, document, wish))
    require(context)
    data = await asyncio.to_thread(call.context.pdf.render, paper, context)
    name = f'inline; filename="{document.hex()[:12]}.pdf"'
    return web.Response(body=data, content_type=PDF, headers={"Content-Disposition": name})


OPERATIONS = (
    Operation(
        "GET",
        "/v1/documents/{document}/pdf",
        "read_pdf",
        "A document as a PDF to print, file or fax",
        give,
        Scope.READ,
        query=PdfQuery,
        answer_media=PDF,
    ),
)
