"""UBL over the API: a paper comes in as XML and goes out as XML.

Owns the translation between XML and a submission. XML is read in a process of its own (:mod:`node.papers.ubl.worker`),
never in this one.
"""

from __future__ import annotations

import asyncio
import re

from aiohttp import web

from node.api.member import shown
from node.api.member.documents import submit
from node.api.member.shapes import SubmittedList, UblForm, UblQuery, Warned
from node.api.operation import Call, Operation, Written
from node.papers.ubl import TYPES
from node.services import reading, routing, searching, trade
from node.services.policy import Scope
from node.services.transaction import Tx
from protocol.errors import CallerFault, NotFound
from protocol.process.trade.papers import TYPE_OF, Paper, Personal

XML = "application/xml"
_HASH = re.compile(r"[0-9a-f]{64}")


async def take(call: Call) -> object:
    """POST /v1/documents/ubl."""
    asked: UblQuery = call.query
    read = await asyncio.to_thread(call.context.ubl.read, call.raw)
    if asked.thread and not _HASH.fullmatch(asked.thread):
        raise CallerFault("thread", "64 hexadecimal digits")
    member = call.member
    warnings = [Warned(field=one.field, rule=one.rule) for one in read.warnings]

    def work(tx: Tx) -> Written:
        to = routing.recipient(tx, read.body, asked.to)
        thread = bytes.fromhex(asked.thread) if asked.thread else routing.thread_of(tx, member, to, read.body)
        wanted = trade.Submission(to, read.body, personal_or_none(read.personal), thread)
        return submit(call, tx, member, [wanted], 1, warnings=warnings)

    return await call.write(work)


def personal_or_none(personal: Personal) -> Personal | None:
    """None for one that says nothing."""
    return None if personal == Personal() else personal


async def give(call: Call) -> object:
    """GET /v1/documents/{document}/ubl."""
    document, member, asked = call.path_hash("document"), call.member, call.query

    def work(tx: Tx) -> tuple[Paper, Personal | None]:
        view = reading.full(tx, member, document)
        return with_form(searching.paper_of(view.stored)), shown.bodies(view)[1]

    paper, personal = await call.read(work)
    xml = await asyncio.to_thread(call.context.ubl.write, paper, personal, asked.form)
    name = f'attachment; filename="{document.hex()[:12]}.xml"'
    return web.Response(body=xml, content_type=XML, headers={"Content-Disposition": name})


def with_form(paper: Paper | None) -> Paper:
    """The paper, if it is of a type that has a form in UBL here; else NotFound."""
    if paper is None or TYPE_OF[type(paper)] not in TYPES:
        raise NotFound("document", f"has no form in UBL here: only {', '.join(TYPES)} have")
    return paper


OPERATIONS = (
    Operation(
        "POST",
        "/v1/documents/ubl",
        "send_ubl",
        "Send a paper written in UBL 2.1: an order, a response, a bill, …",
        take,
        Scope.WRITE,
        query=UblQuery,
        media=XML,
        answer=SubmittedList,
        status=201,
        idempotent_key=True,
    ),
    Operation(
        "GET",
        "/v1/documents/{document}/ubl",
        "read_ubl",
        "A paper as UBL 2.1, made from its fields",
        give,
        Scope.READ,
        query=UblForm,
        answer_media=XML,
    ),
)
