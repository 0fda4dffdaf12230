"""Server-sent events: tell an open page that something changed, and how many dealings wait; the page reads again.

Owns the connection: how many a session may have, the heartbeat, and its end with the session or the node. An event
carries no content, and nothing that another member does makes one.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import Final, NamedTuple

from aiohttp import web

from node.services import sessions
from node.services.desk import live
from node.services.transaction import Tx
from node.web.page import Page
from node.web.sessions import HEADERS
from node.web.visit import Visit
from protocol.errors import NotFound

PATH: Final = "/live"
KIND: Final = "text/event-stream"
PER_SESSION: Final = 6
PER_NODE: Final = 1_000
HEARTBEAT_S: Final = 20.0
GATHER_S: Final = 0.5  # what changes together is told together
RETRY_MS: Final = 5_000

_open: Counter[bytes] = Counter()  # connections by session


class Told(NamedTuple):
    """What a connection was told last."""

    mark: str
    waits: int


async def connect(visit: Visit) -> web.StreamResponse:
    """One connection. 204 (a browser does not come again) above the limits; 406 to what is no EventSource."""
    session, request = visit.who.session.hash, visit.request
    if KIND not in request.headers.get("Accept", ""):
        return web.Response(status=406, text=KIND)
    if _open[session] >= PER_SESSION or _open.total() >= PER_NODE:
        return web.Response(status=204)
    thread = _thread(visit)
    answer = web.StreamResponse(
        headers={**HEADERS, "Content-Type": KIND, "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    )
    _open[session] += 1
    try:
        await answer.prepare(request)
        await answer.write(f"retry: {RETRY_MS}\n\n".encode())
        await _tell(visit, answer, thread)
    except (ConnectionError, asyncio.CancelledError):
        return answer  # the browser went away, or the node stops
    finally:
        _open[session] -= 1
        if _open[session] <= 0:
            del _open[session]
    return answer


def _thread(visit: Visit) -> bytes:
    text = visit.query.get("thread", "")
    try:
        found = bytes.fromhex(text)
    except ValueError:
        raise NotFound("thread", "no such dealing") from None
    if len(found) not in (0, 32):
        raise NotFound("thread", "no such dealing")
    return found


async def _tell(visit: Visit, answer: web.StreamResponse, thread: bytes) -> None:
    arrivals, seen = visit.context.arrivals, visit.query.get("seen", "")
    last = Told(seen, -1)
    while not arrivals.closing:
        notice = arrivals.next_notice()
        found = await _look(visit, thread)
        if found is None:
            await answer.write(b"event: end\ndata:\n\n")
            return
        if found != last:
            told = {"waits": found.waits, "mark": found.mark, "changed": bool(last.mark) and found.mark != last.mark}
            await answer.write(f"event: changed\ndata: {json.dumps(told)}\n\n".encode())
            last = found
        await arrivals.wait(notice, HEARTBEAT_S)
        if notice.is_set():
            await asyncio.sleep(GATHER_S)
        else:
            await answer.write(b":\n\n")


async def _look(visit: Visit, thread: bytes) -> Told | None:
    """What there is to tell; None when the session has ended."""
    member, now, token = visit.member, visit.context.house.clock(), visit.token

    def work(tx: Tx) -> Told | None:
        if sessions.check(tx, token, now) is None:
            return None
        return Told(live.mark(tx, member, thread), live.waits(tx, member))

    return await visit.read(work)


PAGES = (Page("GET", PATH, "today.read", connect),)
