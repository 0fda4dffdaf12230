"""The SME Common EDI (中小企業共通EDI) over the API: every paper that has a message comes in and goes out as XML.

Owns the translation between XML and a submission, as :mod:`node.api.member.ubl` does for UBL. XML is read in a process
of its own, never in this one.
"""

from __future__ import annotations

import asyncio

from aiohttp import web

from node.api.member import shown, ubl
from node.api.member.shapes import SubmittedList, UblQuery
from node.api.operation import Call, Operation
from node.papers.sme.types import SME_TYPES
from node.services import reading, routing, searching
from node.services.policy import Scope
from node.services.transaction import Tx
from protocol.errors import NotFound
from protocol.process.trade.papers import TYPE_OF, Paper, Personal


async def give(call: Call) -> object:
    """GET /v1/documents/{document}/sme."""
    document, member = call.path_hash("document"), call.member

    def work(tx: Tx) -> tuple[Paper, Personal | None, Paper | None]:
        view = reading.full(tx, member, document)
        paper = with_form(searching.paper_of(view.stored))
        past = routing.past_of(tx, member, paper, view.stored.row.thread)
        return paper, shown.bodies(view)[1], past

    paper, personal, past = await call.read(work)
    xml = await asyncio.to_thread(call.context.ubl.write_sme, paper, personal, past)
    name = f'attachment; filename="{document.hex()[:12]}.xml"'
    return web.Response(body=xml, content_type=ubl.XML, headers={"Content-Disposition": name})


def with_form(paper: Paper | None) -> Paper:
    """The paper, if it is of a type that has a message; else NotFound."""
    if paper is None or TYPE_OF[type(paper)] not in SME_TYPES:
        raise NotFound("document", "has no message of the SME Common EDI")
    return paper


OPERATIONS = (
    Operation(
        "POST",
        "/v1/documents/sme",
        "send_sme",
        "Send a paper written as a message of the SME Common EDI (中小企業共通EDI) ver.4.1",
        ubl.take,
        Scope.WRITE,
        query=UblQuery,
        media=ubl.XML,
        answer=SubmittedList,
        status=201,
        idempotent_key=True,
    ),
    Operation(
        "GET",
        "/v1/documents/{document}/sme",
        "read_sme",
        "A paper as a message of the SME Common EDI (中小企業共通EDI) ver.4.1, made from its fields",
        give,
        Scope.READ,
        answer_media=ubl.XML,
    ),
)
