"""Documents over the API: send, search, read. Owns decoding and encoding; what is allowed is the services' word."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Any

import msgspec

from node.api.member import shown
from node.api.member.shapes import (
    AttachmentUse,
    DocumentFull,
    DocumentList,
    DocumentQuery,
    Submission,
    Submissions,
    Submitted,
    SubmittedList,
    Warned,
)
from node.api.operation import Call, Operation, Written
from node.api.problem import fault_of
from node.services import addressing, attachments, reading, searching, trade
from node.services.policy import Scope
from node.services.searching import Filters
from node.services.transaction import Tx
from protocol.document.header import AttachmentRef
from protocol.errors import CallerFault, NotFound
from protocol.process.trade.papers import PAPERS, Paper


@cache
def _decoder(kind: str) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(PAPERS[kind])


def read_paper(kind: str, body: msgspec.Raw | bytes, field: str) -> Paper:
    """The paper of type ``kind`` in JSON. CallerFault names the field below ``field``."""
    if kind not in PAPERS:
        raise CallerFault(
            f"{field.rpartition('.')[0]}.type".lstrip("."), f"{kind[:64]!r} is none of {', '.join(PAPERS)}"
        )
    try:
        paper: Paper = _decoder(kind).decode(body)
    except msgspec.ValidationError as error:
        raise fault_of(error, field) from None
    return paper


async def send(call: Call) -> object:
    """POST /v1/documents."""
    asked: Submissions = call.body
    member = call.member

    def work(tx: Tx) -> Written:
        named: dict[str, bytes] = {}
        wanted = (submission(tx, member, item, at, named) for at, item in enumerate(asked.documents))
        return submit(call, tx, member, wanted, len(asked.documents), together=asked.together)

    return await call.write(work)


def submit(
    call: Call,
    tx: Tx,
    member: bytes,
    wanted: Iterable[trade.Submission],
    total: int,
    *,
    together: bool = False,
    warnings: list[Warned] | None = None,
) -> Written:
    """One service call for everything that was given, and its answer."""
    house = call.context.house
    try:
        done = trade.submit(house, tx, member, wanted, total=total, together=together)
    except CallerFault as fault:
        raise _placed(fault, total) from None
    documents = [
        Submitted(id=item.id.hex(), thread=item.thread.hex(), verdict=item.verdict, reason=item.reason)
        for item in done.submitted
    ]
    answer = SubmittedList(documents=documents, stored=house.clock(), warnings=warnings or [])
    return Written(answer, 201, done.news)


def _placed(fault: CallerFault, count: int) -> CallerFault:
    """The same fault with the path that the request has."""
    if count == 1 and not fault.field.startswith("documents["):
        kind = type(fault)
        return kind(f"documents[0].{fault.field}".rstrip("."), fault.rule, code=fault.code)
    return fault


def submission(tx: Tx, member: bytes, item: Submission, at: int, named: dict[str, bytes]) -> trade.Submission:
    """What the service takes, its paper read here and now. ``named``: who was looked up, for requests of 250."""
    field = f"documents[{at}]"
    to = named.get(item.to)
    if to is None:
        to = named[item.to] = addressing.resolve(tx, item.to, f"{field}.to")
    return trade.Submission(
        to=to,
        paper=read_paper(item.type, item.body, f"{field}.body"),
        personal=item.personal,
        thread=_hash(item.thread, f"{field}.thread") if item.thread else b"",
        follows=_follows(tx, member, item, field) if item.follows else None,
        key=item.business_key,
        revision=item.revision,
        attachments=_attachments(tx, member, item.attachments, field) if item.attachments else (),
    )


_HASH = re.compile(r"[0-9a-f]{64}")


def _hash(text: str, field: str) -> bytes:
    if not _HASH.fullmatch(text):
        raise CallerFault(field, "64 hexadecimal digits")
    return bytes.fromhex(text)


def _follows(tx: Tx, member: bytes, item: Submission, field: str) -> tuple[bytes, ...]:
    """What the paper follows: documents that the member holds, all of the dealing that it names."""
    wanted = tuple(bytes.fromhex(parent) for parent in item.follows)
    held = tx.holdings.get_many(member, wanted)
    for at, parent in enumerate(wanted):
        if parent not in held or held[parent].thread.hex() != item.thread:
            raise CallerFault(f"{field}.follows[{at}]", "names a document that is not of this dealing")
    return wanted


def _attachments(tx: Tx, member: bytes, uses: tuple[AttachmentUse, ...], field: str) -> tuple[AttachmentRef, ...]:
    found = []
    for at, use in enumerate(uses):
        try:
            row = attachments.require_readable(tx, member, bytes.fromhex(use.root))
        except NotFound:
            rule = "no attachment with this root has been uploaded"
            raise CallerFault(f"{field}.attachments[{at}].root", rule) from None
        found.append(AttachmentRef(row.root, row.size, row.media_type))
    return tuple(found)


async def search(call: Call) -> object:
    """GET /v1/documents."""
    asked: DocumentQuery = call.query
    member = call.member

    def work(tx: Tx) -> DocumentList:
        partner = addressing.resolve(tx, asked.partner, "partner") if asked.partner else b""
        filters = Filters(
            asked.text,
            asked.type,
            partner,
            asked.verdict,
            asked.direction,
            asked.since,
            asked.until,
            asked.amount_min,
            asked.amount_max,
        )
        page = searching.search(tx, member, filters, asked.limit, asked.before)
        return DocumentList(documents=[shown.item(view) for view in page.found], next=page.next)

    return await call.read(work)


async def read(call: Call) -> object:
    """GET /v1/documents/{document}."""
    document, member = call.path_hash("document"), call.member
    return await call.read(lambda tx: shown.full(reading.full(tx, member, document)))


OPERATIONS = (
    Operation(
        "POST",
        "/v1/documents",
        "send_documents",
        "Send papers: order, answer, despatch advice, invoice, …",
        send,
        Scope.WRITE,
        body=Submissions,
        answer=SubmittedList,
        status=201,
        idempotent_key=True,
    ),
    Operation(
        "GET",
        "/v1/documents",
        "search_documents",
        "Search the member's documents, newest first",
        search,
        Scope.READ,
        query=DocumentQuery,
        answer=DocumentList,
    ),
    Operation(
        "GET",
        "/v1/documents/{document}",
        "read_document",
        "One document with body, marks and links",
        read,
        Scope.READ,
        answer=DocumentFull,
        etag=True,
    ),
)
