"""Attachments over the API: uploaded in chunks that may come in any order and again, read in chunks.

Owns the order create → chunks → complete. An upload belongs to the member that began it; for every other it does not
exist. Files are written before the store learns of them.
"""

from __future__ import annotations

import asyncio

from aiohttp import web

from node.api.member.shapes import AttachmentGiven, AttachmentState
from node.api.operation import Call, Operation, Written
from node.attachments import Incoming
from node.services import attachments
from node.services.policy import Scope
from node.services.transaction import Tx
from protocol.errors import CallerFault, NotFound
from protocol.limits import CHUNK_BYTES

BYTES = "application/octet-stream"
MAX_OPEN_UPLOADS = 32  # of one member


async def create(call: Call) -> object:
    """POST /v1/attachments."""
    asked: AttachmentGiven = call.body
    if await asyncio.to_thread(call.context.files.open_uploads, call.member) >= MAX_OPEN_UPLOADS:
        raise CallerFault("attachment", f"{MAX_OPEN_UPLOADS} uploads are open: complete them first", code="too-many")
    name = call.context.house.entropy(16).hex()
    found = await asyncio.to_thread(call.context.files.begin, name, call.member, asked.size, asked.media_type)
    return _state(found)


async def state(call: Call) -> object:
    """GET /v1/attachments/uploads/{upload}."""
    return _state(await asyncio.to_thread(_own, call))


async def put_chunk(call: Call) -> object:
    """PUT /v1/attachments/uploads/{upload}/{chunk}."""
    found = await asyncio.to_thread(_own, call)
    return _state(await asyncio.to_thread(call.context.files.put_chunk, found.name, _index(call), call.raw))


async def complete(call: Call) -> object:
    """POST /v1/attachments/uploads/{upload}/complete."""
    found = await asyncio.to_thread(_own, call)
    root = await asyncio.to_thread(call.context.files.finish, found.name)
    house, member = call.context.house, call.member

    def work(tx: Tx) -> Written:
        news = attachments.completed(house, tx, root, found.size, found.media_type)
        attachments.brought(tx, member, root)
        return Written(_state(found._replace(missing=()), root.hex()), 200, news)

    return await call.write(work)


async def read_chunk(call: Call) -> object:
    """GET /v1/attachments/{root}/{chunk}."""
    root, member, index = call.path_hash("root"), call.member, _index(call)
    row = await call.read(lambda tx: attachments.require_readable(tx, member, root))
    data = await asyncio.to_thread(call.context.files.read_chunk, root, index)
    headers = {"X-Content-Type-Options": "nosniff", "Content-Disposition": "attachment"}
    headers["Yui-Media-Type"] = row.media_type
    return web.Response(body=data, content_type=BYTES, headers=headers)


def _own(call: Call) -> Incoming:
    found = call.context.files.find(call.path("upload"))
    if found.owner != call.member.hex():
        raise NotFound("upload", "no such upload")
    return found


def _index(call: Call) -> int:
    text = call.path("chunk")
    if not (text.isascii() and text.isdigit() and len(text) <= 6):
        raise NotFound("chunk", "no such chunk")
    return int(text)


def _state(found: Incoming, root: str = "") -> AttachmentState:
    return AttachmentState(
        upload=found.name,
        size=found.size,
        media_type=found.media_type,
        chunk_bytes=CHUNK_BYTES,
        chunks=found.chunks,
        missing=list(found.missing),
        root=root,
    )


OPERATIONS = (
    Operation(
        "POST",
        "/v1/attachments",
        "begin_attachment",
        "Begin to upload an attachment",
        create,
        Scope.WRITE,
        body=AttachmentGiven,
        answer=AttachmentState,
        status=201,
    ),
    Operation(
        "GET",
        "/v1/attachments/uploads/{upload}",
        "read_upload",
        "How far an upload has come",
        state,
        Scope.WRITE,
        answer=AttachmentState,
    ),
    Operation(
        "PUT",
        "/v1/attachments/uploads/{upload}/{chunk}",
        "put_chunk",
        "Upload one chunk",
        put_chunk,
        Scope.WRITE,
        media=BYTES,
        answer=AttachmentState,
    ),
    Operation(
        "POST",
        "/v1/attachments/uploads/{upload}/complete",
        "complete_attachment",
        "Put the chunks together; gives the root by which documents name it",
        complete,
        Scope.WRITE,
        answer=AttachmentState,
    ),
    Operation(
        "GET",
        "/v1/attachments/{root}/{chunk}",
        "read_chunk",
        "One chunk of an attachment that the member brought or was sent",
        read_chunk,
        Scope.READ,
        answer_media=BYTES,
    ),
)
