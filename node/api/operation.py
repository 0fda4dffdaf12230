"""One operation of an HTTP API: a row from which the route, the checks and the OpenAPI page are made.

Owns the row, and the way of one request through it: size and media type, token, rate, scope, query, body, handler,
answer. Must not know what any operation does.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar

import msgspec
from aiohttp import ETag, web

from node.api import auth, idempotency
from node.api.context import CONTEXT, Context
from node.api.problem import Refused, fault_of, problem_of
from node.services.idempotency import Done
from node.services.policy import Scope
from node.services.tokens import Principal
from node.services.transaction import Tx
from protocol.errors import CallerFault, Malformed, NotFound, YuiError
from protocol.limits import MAX_API_BODY_BYTES

JSON = "application/json"
T = TypeVar("T")


class Written(msgspec.Struct, frozen=True):
    """What a write gives back: the answer, its status, the nodes for which something is now waiting."""

    answer: object
    status: int = 201
    news: frozenset[bytes] = frozenset()


@dataclass(frozen=True)
class Call:
    """One request on its way to a handler. ``query`` and ``body`` are of the types that the operation names."""

    request: web.Request
    context: Context
    operation: Operation
    principal: Principal
    query: Any = None
    body: Any = None
    raw: bytes = b""

    @property
    def member(self) -> bytes:
        """The member for whom the token speaks."""
        return self.principal.require_member()

    def path(self, name: str) -> str:
        """A variable of the path."""
        return self.request.match_info[name]

    def path_hash(self, name: str) -> bytes:
        """A 32-byte id in the path. NotFound when it is none: no such thing can exist."""
        return parse_hash(self.path(name), name)

    async def read(self, work: Callable[[Tx], T]) -> T:
        """Run a read-only piece of work outside the event loop."""
        return await asyncio.to_thread(self.context.store.read, work)

    async def write(self, work: Callable[[Tx], Written]) -> web.Response:
        """Run a write in one durable transaction, once per Idempotency-Key, and answer when it is on the disk."""
        done = await idempotency.once(self.request, self.context, self.principal.token, self.raw, encoding(work))
        if done.news:
            self.context.news(done.news)
        if not done.replayed:
            self.context.arrivals.notify()
        headers = {"Idempotent-Replayed": "true"} if done.replayed else None
        return web.Response(body=done.body, status=done.status, content_type=JSON, headers=headers)


def encoding(work: Callable[[Tx], Written]) -> Callable[[Tx], Done]:
    """``work`` with its answer encoded inside the transaction, so that a repetition gives the same bytes."""

    def run(tx: Tx) -> Done:
        written = work(tx)
        return Done(written.status, msgspec.json.encode(written.answer), written.news)

    return run


def parse_hash(text: str, name: str) -> bytes:
    """A 32-byte id from its 64 hexadecimal digits, or NotFound."""
    try:
        value = bytes.fromhex(text)
    except ValueError:
        value = b""
    if len(value) != 32 or text != text.lower():
        raise NotFound(name, "no such thing")
    return value


Handle = Callable[[Call], Awaitable[object]]


@dataclass(frozen=True)
class Operation:
    """A row. ``scope`` None: no token is asked for. ``media``: type of a body that is not JSON.

    ``answer``: the struct of a JSON answer; ``answer_media``: the type of any other. ``etag``: the answer to a GET
    carries a hash of itself, and who has it already is given 304.
    """

    method: str
    path: str
    name: str
    summary: str
    handle: Handle
    scope: Scope | None
    query: type[msgspec.Struct] | None = None
    body: type[msgspec.Struct] | None = None
    media: str = ""
    answer: Any = None
    answer_media: str = JSON
    status: int = 200
    etag: bool = False
    idempotent_key: bool = False
    errors: Sequence[int] = field(default=(401, 403, 422, 429))


# An id's place in a path matches hexadecimal digits only, so that it never covers a fixed word beside it.
_HASHES = re.compile(r"\{(document|thread|root|upload|guest|enquiry|drawing|version|group|offer)\}")


@cache
def _decoder(struct: type[msgspec.Struct]) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(struct)


def route(operation: Operation) -> web.RouteDef:
    """The aiohttp route that serves ``operation``."""

    async def handler(request: web.Request) -> web.StreamResponse:
        context = request.app[CONTEXT]
        started = time.perf_counter()
        status = 500
        try:
            answer = await _serve(operation, context, request)
            status = answer.status
            return answer
        except web.HTTPException as error:
            status = error.status
            raise
        except YuiError as error:
            status = problem_of(error).status
            raise
        finally:
            context.metrics.request(operation.method, operation.path, status, time.perf_counter() - started)

    return web.route(operation.method, _HASHES.sub(r"{\1:[0-9a-f]+}", operation.path), handler)


async def _serve(operation: Operation, context: Context, request: web.Request) -> web.StreamResponse:
    principal = await auth.principal(context, request, operation.scope)
    query = _query(operation, request)
    raw, body = await _body(operation, request)
    answer = await operation.handle(Call(request, context, operation, principal, query, body, raw))
    if isinstance(answer, web.StreamResponse):
        return answer
    found = web.Response(body=msgspec.json.encode(answer), status=operation.status, content_type=JSON)
    if operation.etag:
        return _tagged(request, found)
    return found


def _tagged(request: web.Request, found: web.Response) -> web.Response:
    assert isinstance(found.body, bytes)
    tag = hashlib.sha256(found.body).hexdigest()[:32]
    wanted = request.if_none_match or ()
    if any(item.value in (tag, "*") for item in wanted):
        found = web.Response(status=304)
    found.etag = ETag(tag)
    found.headers["Cache-Control"] = "private, no-cache"
    return found


def _query(operation: Operation, request: web.Request) -> Any:
    given = request.rel_url.query
    if operation.query is None:
        if given:
            raise CallerFault(next(iter(given)), "this operation takes no query parameters")
        return None
    for name in given:
        if len(given.getall(name)) > 1:
            raise CallerFault(name, "given more than once")
    try:
        return msgspec.convert(dict(given), operation.query, strict=False)
    except msgspec.ValidationError as error:
        raise fault_of(error) from None


async def _body(operation: Operation, request: web.Request) -> tuple[bytes, Any]:
    wanted = JSON if operation.body is not None else operation.media
    if not wanted:
        return b"", None
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Refused(415, "content-encoding", "bodies are taken as they are: no Content-Encoding")
    if request.content_type != wanted:
        raise Refused(415, "media-type", f"the body must be {wanted}", field="Content-Type")
    if (request.content_length or 0) > MAX_API_BODY_BYTES:
        raise Refused(413, "too-large", f"a body of {request.content_length} bytes; at most {MAX_API_BODY_BYTES}")
    raw = await request.read()
    if operation.body is None:
        return raw, None
    try:
        return raw, _decoder(operation.body).decode(raw)
    except msgspec.ValidationError as error:
        raise fault_of(error) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(f"not JSON: {error}") from None
