"""Idempotency-Key: a POST that is repeated with the same key is done once and answered with the same bytes.

Owns reading the key and what happens while the first request is still being done (409). The record itself is written by
:mod:`node.services.idempotency` in the transaction of the work, so neither is ever there without the other. Same key
with another body: 422. A request that was refused leaves no record: it may be repeated when the reason is gone.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from typing import Final

from aiohttp import web

from node.api.context import Context
from node.api.problem import Refused
from node.services import idempotency
from node.services.idempotency import Done
from node.services.transaction import Tx
from protocol.errors import CallerFault

MAX_KEY_CHARS: Final = 128


def key_of(request: web.Request) -> str:
    """The request's key, empty without one. CallerFault if it is not 1 to 128 printable ASCII characters."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return ""
    if not 1 <= len(key) <= MAX_KEY_CHARS or not key.isascii() or not key.isprintable():
        raise CallerFault("Idempotency-Key", f"1 to {MAX_KEY_CHARS} printable ASCII characters")
    return key


def fingerprint_of(request: web.Request, body: bytes) -> bytes:
    """SHA-256 over method, address, media type and body: what must be the same for a repetition."""
    head = f"{request.method}\0{request.rel_url}\0{request.content_type}\0".encode()
    return hashlib.sha256(head + body).digest()


async def once(request: web.Request, context: Context, token: bytes, body: bytes, work: Callable[[Tx], Done]) -> Done:
    """Do ``work`` in one durable transaction, or give what it gave before under the same key."""
    key = key_of(request)
    if not key:
        return await asyncio.wrap_future(context.submit(work))
    if (token, key) in context.in_flight:
        raise Refused(409, "in-flight", "a request with this key is still being done", field="Idempotency-Key")
    context.in_flight.add((token, key))
    fingerprint, now = fingerprint_of(request, body), context.house.clock()
    job = context.submit(lambda tx: idempotency.once(tx, token, key, fingerprint, now, work))
    # released by the work itself, not by the request: a caller that hangs up does not make it repeatable half-way
    loop = asyncio.get_running_loop()
    job.add_done_callback(lambda _: loop.call_soon_threadsafe(context.in_flight.discard, (token, key)))
    return await asyncio.wrap_future(job)
