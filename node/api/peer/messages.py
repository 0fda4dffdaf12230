"""Reading requests and writing answers of the peer port.

Owns the limits on a body before it is read, and the one form of an error: status and
``["yui/error/1", code, message]``. Must not know what a body means.
"""

from __future__ import annotations

import asyncio
import contextlib

from aiohttp import web

from protocol import canon
from protocol.errors import (
    BadSignature,
    CallerFault,
    Frozen,
    Malformed,
    Misdirected,
    NotAuthorised,
    NotFound,
    PeerFault,
    TooLarge,
    WorldFault,
    YuiError,
)
from protocol.limits import MIB

MEDIA_TYPE = "application/vnd.yui+msgpack"
READ_TIMEOUT_S = 30.0
UNHEARD_BYTES = 16 * MIB  # of an unfit body of a peer that are read and dropped, so that it sees the answer
UNHEARD_S = 5.0

# The first class that fits counts.
STATUS: tuple[tuple[type[YuiError], int], ...] = (
    (TooLarge, 413),
    (NotAuthorised, 403),
    (Misdirected, 421),
    (BadSignature, 422),
    (Malformed, 400),
    (PeerFault, 422),
    (NotFound, 404),
    (CallerFault, 422),
    (Frozen, 409),
    (WorldFault, 503),
)


def answer(body: bytes) -> web.Response:
    """200 with ``body``."""
    return web.Response(body=body, content_type=MEDIA_TYPE)


def refusal(status: int, code: str, message: str, *, hang_up: bool = False) -> web.Response:
    """An error that the peer may read. ``hang_up`` closes the connection after it."""
    body = canon.encode(("yui/error/1", code, message[:500]))
    response = web.Response(status=status, body=body, content_type=MEDIA_TYPE)
    if status in (429, 503):
        response.headers["Retry-After"] = "5"
    if hang_up:
        response.force_close()
    return response


def refusal_of(error: YuiError) -> web.Response:
    """The answer that ``error`` means. A body that was too large is not read to its end: the connection closes."""
    status = next((number for kind, number in STATUS if isinstance(error, kind)), 500)
    message = str(error) if status != 500 else "internal error"
    return refusal(status, error.code, message, hang_up=status in (403, 413))


class UnfitBody(Exception):
    """The request's headers already rule it out; carries the finished refusal."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.response = refusal(status, code, message, hang_up=True)


async def read_body(request: web.Request, limit: int) -> bytes:
    """The body of at most ``limit`` bytes. UnfitBody before a byte is read where the headers say enough."""
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise UnfitBody(415, "content-encoding", "Content-Encoding: bodies are never compressed on this port")
    if request.content_type != MEDIA_TYPE:
        raise UnfitBody(415, "media-type", f"Content-Type: must be {MEDIA_TYPE}")
    if (request.content_length or 0) > limit:
        raise UnfitBody(413, "too-large", f"body: {request.content_length} bytes, the limit is {limit}")
    pieces: list[bytes] = []
    length = 0
    async for piece in request.content.iter_any():
        length += len(piece)
        if length > limit:
            raise UnfitBody(413, "too-large", f"body: more than {limit} bytes")
        pieces.append(piece)
    return b"".join(pieces)


async def answer_unread(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    """Send ``response`` now, then drop what still comes of the body, within bounds.

    Who closes a connection on which bytes wait unread resets it, and the other side may lose the answer.
    """
    with contextlib.suppress(OSError, web.RequestPayloadError, TimeoutError):
        await response.prepare(request)
        await response.write_eof()
        async with asyncio.timeout(UNHEARD_S):
            dropped = 0
            async for piece in request.content.iter_any():
                dropped += len(piece)
                if dropped > UNHEARD_BYTES:
                    break
    return response
