"""UBL over the API: an order or its answer comes in as XML and goes out as XML.

Owns the translation between XML and a submission. XML is read in a process of its own (:mod:`node.papers.ubl.worker`),
never in this one.
"""

from __future__ import annotations

import asyncio
import re

from aiohttp import web

from node.api.member import shown
from node.api.member.documents import submit
from node.api.member.shapes import SubmittedList, UblQuery
from node.api.operation import Call, Operation, Written
from node.services import addressing, reading, searching, trade
from node.services.policy import Scope
from node.services.transaction import Tx
from protocol.errors import CallerFault, NotFound
from protocol.process.trade.papers import Order, OrderResponse, Personal

XML = "application/xml"
_HASH = re.compile(r"[0-9a-f]{64}")


async def take(call: Call) -> object:
    """POST /v1/documents/ubl."""
    asked: UblQuery = call.query
    read = await asyncio.to_thread(call.context.ubl.read, call.raw)
    if asked.thread and not _HASH.fullmatch(asked.thread):
        raise CallerFault("thread", "64 hexadecimal digits")
    member = call.member

    def work(tx: Tx) -> Written:
        to = recipient(tx, read.body, asked.to)
        thread = bytes.fromhex(asked.thread) if asked.thread else thread_of(tx, member, read.body)
        wanted = trade.Submission(to, read.body, personal_or_none(read.personal), thread)
        return submit(call, tx, member, [wanted])

    return await call.write(work)


def personal_or_none(personal: Personal) -> Personal | None:
    """None for one that says nothing."""
    return None if personal == Personal() else personal


def recipient(tx: Tx, paper: Order | OrderResponse, to: str) -> bytes:
    """Whom the paper is for: as stated, else by the endpoint of the seller (order) or buyer (response) in it."""
    if to:
        return addressing.resolve(tx, to, "to")
    party = paper.seller if isinstance(paper, Order) else paper.buyer
    if party.endpoint is None:
        raise CallerFault("to", "the document names no endpoint of the other party: state whom it is for")
    return addressing.resolve(tx, f"{party.endpoint.scheme}:{party.endpoint.value}", "to")


def thread_of(tx: Tx, member: bytes, paper: Order | OrderResponse) -> bytes:
    """The dealing that a response belongs to, by the number of the order that it answers; empty for an order."""
    if isinstance(paper, Order):
        return b""
    found = tx.holdings.before(member, 200, kind="order")
    for row in found:
        if row.business_key == paper.order and row.direction != "sent":
            return row.thread
    raise CallerFault("thread", f"no order numbered {paper.order[:64]} was received: name the dealing")


async def give(call: Call) -> object:
    """GET /v1/documents/{document}/ubl."""
    document, member = call.path_hash("document"), call.member

    def work(tx: Tx) -> tuple[Order | OrderResponse, Personal | None]:
        view = reading.full(tx, member, document)
        paper = searching.paper_of(view.stored)
        if not isinstance(paper, Order | OrderResponse):
            raise NotFound("document", "has no form in UBL here: only orders and order responses have")
        return paper, shown.bodies(view)[1]

    paper, personal = await call.read(work)
    xml = await asyncio.to_thread(call.context.ubl.write, paper, personal)
    name = f'attachment; filename="{document.hex()[:12]}.xml"'
    return web.Response(body=xml, content_type=XML, headers={"Content-Disposition": name})


OPERATIONS = (
    Operation(
        "POST",
        "/v1/documents/ubl",
        "send_ubl",
        "Send an order or order response written in UBL 2.1",
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
        "An order or order response as UBL 2.1, made from its fields",
        give,
        Scope.READ,
        answer_media=XML,
    ),
)
