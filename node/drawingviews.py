"""What a reader is given of a drawing: marked pages, or the file as it was brought. First the reading is stored.

Owns the order *reading signed and stored → bytes*, and the words of the mark. Memory: a preview holds one file of at
most MAX_DRAWING_PREVIEW_BYTES; a file goes out piece by piece.
"""

from __future__ import annotations

import asyncio
import datetime
from typing import NamedTuple
from urllib.parse import quote

from aiohttp import web

from node.api.context import Context
from node.drawings import Drawings
from node.papers import marking
from node.services import reading
from node.services.drawings import receiving
from node.services.transaction import Tx
from protocol.errors import CallerFault
from protocol.limits import MAX_DRAWING_PREVIEW_BYTES
from protocol.process.drawing.records import How, Version

JAPAN = datetime.timezone(datetime.timedelta(hours=9))


class Preview(NamedTuple):
    """Marked pages."""

    body: bytes
    media_type: str


async def preview(context: Context, courier: Drawings, reader: bytes, version: bytes, person: str) -> Preview:
    """The marked pages of a version. CallerFault where there can be none; nothing is recorded then."""

    def work(tx: Tx) -> tuple[Version, str]:
        found = receiving.look(tx, reader, version)
        return found.version, reading.names_of(tx, {reader}).get(reader, reader.hex()[:12])

    looked, firm = await asyncio.to_thread(context.store.read, work)
    if looked.size > MAX_DRAWING_PREVIEW_BYTES:
        most = MAX_DRAWING_PREVIEW_BYTES >> 20
        raise CallerFault("drawing", f"a file of more than {most} MB has no preview", code="no-preview")
    opened = await courier.open(reader, version, How.VIEW, person)
    plain = await asyncio.to_thread(lambda: b"".join(courier.pieces(opened)))
    day = datetime.datetime.fromtimestamp(opened.time // 1_000_000, JAPAN).strftime("%Y-%m-%d %H:%M")
    lines = [f"{firm}  {person}".strip(), f"{day}  {looked.number}  v{looked.version}"]
    made = await asyncio.to_thread(context.marking.mark, plain, looked.media_type, lines)
    return Preview(made, marking.shown_as(looked.media_type))


async def download(
    request: web.Request, courier: Drawings, reader: bytes, version: bytes, person: str
) -> web.StreamResponse:
    """The file, piece by piece, as a download."""
    opened = await courier.open(reader, version, How.FILE, person)
    answer = web.StreamResponse(headers=_headers(opened.version))
    await answer.prepare(request)
    pieces = courier.pieces(opened)
    while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
        await answer.write(piece)
    await answer.write_eof()
    return answer


def _headers(version: Version) -> dict[str, str]:
    """Of a file that a browser saves and never opens by itself."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in version.name)
    return {
        "Content-Type": "application/octet-stream",
        "Content-Length": str(version.size),
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(version.name, safe='')}",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
