"""The endpoints of the peer port, each a thin translation between HTTP and :class:`PeerServices`.

Owns paths and the limit of each body. Must not know what the bodies mean. Source: ``docs/protocol.md`` §10.
"""

from __future__ import annotations

from aiohttp import web

from node.aio.pins import Pins
from node.api.peer.access import Gate, caller
from node.api.peer.messages import answer, read_body
from node.api.peer.services import PeerServices
from node.services.drawings import travelling as drawings
from node.services.groups import travelling as groups
from node.services.joint import travelling
from node.services.offers import telling
from protocol import canon, move
from protocol.errors import Malformed
from protocol.guardian import forgetting, mail, messages
from protocol.limits import (
    CHUNK_BYTES,
    KIB,
    MAX_ATTACHMENT_CHUNKS,
    MAX_BATCH_BYTES,
    MAX_INT,
    MAX_INTRODUCTION_BYTES,
    MAX_RECORD_BYTES,
)
from protocol.link import batch, delta
from protocol.offer import delta as offer_delta
from protocol.statistics import post

MAX_CHUNK_BODY_BYTES = CHUNK_BYTES + 4 * KIB  # the chunk, its path and framing
NOTHING = canon.encode(None)


def peer_app(services: PeerServices, pins: Pins, gate: Gate | None = None) -> web.Application:
    """The application of the peer port; serve it with :mod:`node.aio.server` only."""
    app = web.Application(middlewares=[(gate or Gate(pins)).guard], client_max_size=messages.MAX_BODY_BYTES)
    handlers = _Handlers(services)
    app.router.add_routes(
        [
            web.post("/peer/v1/enrol/commit", handlers.enrol_commit),
            web.post("/peer/v1/enrol/reveal", handlers.enrol_reveal),
            web.post("/peer/v1/hello", handlers.hello),
            web.post("/peer/v1/histories", handlers.histories),
            web.post("/peer/v1/introduction", handlers.introduce),
            web.post("/peer/v1/link/batches", handlers.receive_batch),
            web.post("/peer/v1/link/next", handlers.next_batch),
            web.post("/peer/v1/link/receipts", handlers.accept_receipt),
            web.post("/peer/v1/news", handlers.news),
            web.get("/peer/v1/members/{member:[0-9a-f]{64}}/history", handlers.history),
            web.get("/peer/v1/directory", handlers.directory),
            web.post("/peer/v1/directory", handlers.directory_put),
            web.get(telling.PATH, handlers.offers),
            web.post(telling.PATH, handlers.offers_put),
            web.get("/peer/v1/attachments/{root:[0-9a-f]{64}}/{chunk:[0-9]{1,4}}", handlers.chunk_get),
            web.put("/peer/v1/attachments/{root:[0-9a-f]{64}}/{chunk:[0-9]{1,4}}", handlers.chunk_put),
            web.post("/peer/v1/check", handlers.check),
            web.post(travelling.PATH, handlers.joint),
            web.post(drawings.PATH, handlers.drawing),
            web.post(groups.PATH, handlers.group),
            *(web.post(path, handlers.guard) for path in (*messages.PATHS, *forgetting.PATHS)),
            *(web.post(path, handlers.guard) for path in move.PATHS),
            *(web.post(path, handlers.mail) for path in mail.PATHS),
            *(web.post(path, handlers.question) for path in post.PATHS),
        ]
    )
    return app


class _Handlers:
    def __init__(self, services: PeerServices) -> None:
        self._services = services

    async def enrol_commit(self, request: web.Request) -> web.Response:
        return answer(await self._services.enrol_commit(await read_body(request, MAX_RECORD_BYTES)))

    async def enrol_reveal(self, request: web.Request) -> web.Response:
        return answer(await self._services.enrol_reveal(await read_body(request, MAX_INTRODUCTION_BYTES + KIB)))

    async def hello(self, request: web.Request) -> web.Response:
        return answer(await self._services.hello(caller(request), await read_body(request, 4 * MAX_RECORD_BYTES)))

    async def histories(self, request: web.Request) -> web.Response:
        body = await read_body(request, 4 * MAX_RECORD_BYTES)
        return answer(await self._services.histories(caller(request), body))

    async def introduce(self, request: web.Request) -> web.Response:
        return answer(await self._services.introduce(caller(request), await read_body(request, MAX_INTRODUCTION_BYTES)))

    async def receive_batch(self, request: web.Request) -> web.Response:
        body = await read_body(request, batch.MAX_BYTES)
        return answer(await self._services.receive_batch(caller(request), body))

    async def next_batch(self, request: web.Request) -> web.Response:
        return answer(await self._services.next_batch(caller(request), await read_body(request, MAX_RECORD_BYTES)))

    async def accept_receipt(self, request: web.Request) -> web.Response:
        body = await read_body(request, MAX_BATCH_BYTES)
        return answer(await self._services.accept_receipt(caller(request), body))

    async def news(self, request: web.Request) -> web.Response:
        if await read_body(request, len(NOTHING)) != NOTHING:
            raise Malformed("news: the body must be nil")
        await self._services.news(caller(request))
        return answer(NOTHING)

    async def history(self, request: web.Request) -> web.Response:
        return answer(await self._services.history(caller(request), bytes.fromhex(request.match_info["member"])))

    async def directory(self, request: web.Request) -> web.Response:
        return answer(await self._services.directory(caller(request), _since(request)))

    async def directory_put(self, request: web.Request) -> web.Response:
        body = await read_body(request, delta.MAX_BYTES)
        return answer(await self._services.directory_put(caller(request), body))

    async def offers(self, request: web.Request) -> web.Response:
        return answer(await self._services.offers(caller(request), _since(request)))

    async def offers_put(self, request: web.Request) -> web.Response:
        body = await read_body(request, offer_delta.MAX_BYTES)
        return answer(await self._services.offers_put(caller(request), body))

    async def chunk_get(self, request: web.Request) -> web.Response:
        root, index = _chunk(request)
        return answer(await self._services.chunk_get(caller(request), root, index))

    async def chunk_put(self, request: web.Request) -> web.Response:
        root, index = _chunk(request)
        body = await read_body(request, MAX_CHUNK_BODY_BYTES)
        return answer(await self._services.chunk_put(caller(request), root, index, body))

    async def guard(self, request: web.Request) -> web.Response:
        body = await read_body(request, messages.MAX_BODY_BYTES)
        return answer(await self._services.guard(caller(request), request.path, body))

    async def mail(self, request: web.Request) -> web.Response:
        body = await read_body(request, mail.MAX_LEFT_BYTES)
        return answer(await self._services.guard(caller(request), request.path, body))

    async def question(self, request: web.Request) -> web.Response:
        body = await read_body(request, post.MAX_BODY_BYTES)
        return answer(await self._services.guard(caller(request), request.path, body))

    async def joint(self, request: web.Request) -> web.Response:
        body = await read_body(request, travelling.MAX_BODY_BYTES)
        return answer(await self._services.joint(caller(request), body))

    async def drawing(self, request: web.Request) -> web.Response:
        body = await read_body(request, drawings.MAX_BODY_BYTES)
        return answer(await self._services.drawing(caller(request), body))

    async def group(self, request: web.Request) -> web.Response:
        body = await read_body(request, groups.MAX_BODY_BYTES)
        return answer(await self._services.group(caller(request), body))

    async def check(self, request: web.Request) -> web.Response:
        return answer(await self._services.check(caller(request), await read_body(request, KIB)))


def _since(request: web.Request) -> int:
    since = request.query.get("since", "0")
    if not (since.isascii() and since.isdigit() and len(since) <= 16 and int(since) <= MAX_INT):
        raise Malformed("since: must be a change number")
    return int(since)


def _chunk(request: web.Request) -> tuple[bytes, int]:
    index = int(request.match_info["chunk"])
    if index >= MAX_ATTACHMENT_CHUNKS:
        raise Malformed(f"chunk: must be below {MAX_ATTACHMENT_CHUNKS}")
    return bytes.fromhex(request.match_info["root"]), index
