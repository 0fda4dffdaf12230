"""Calls to peers: what may go wrong, and the error each becomes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from federation.endpoint import Endpoint
from node.aio.pins import Pin
from node.aio.request import TransportOptions
from node.aio.server import PeerServer
from node.aio.tls import ServerTls
from node.aio.transport import PeerTransport
from node.api.peer.messages import MEDIA_TYPE
from node.api.peer.routes import peer_app
from protocol import canon
from protocol.errors import Malformed, NotAuthorised, PeerFault, TooLarge, WorldFault
from protocol.limits import MAX_ANSWER_BYTES
from tests.node.aio.nodes import Node, linked, nodes

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
PATH = "/peer/v1/hello"


@asynccontextmanager
async def _peer(
    folder: Path, handler: Handler, options: TransportOptions | None = None
) -> AsyncIterator[tuple[PeerTransport, Node, Node]]:
    """A transport towards a peer with the right certificate that answers as ``handler`` does."""
    async with nodes(folder, "a", "b") as (a, b):
        app = web.Application(client_max_size=1 << 30)
        app.router.add_route("*", "/{any:.*}", handler)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        tls = ServerTls(b.tls, [a.tls.certificate])
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls.context).start()
        a.pins.replace(
            [Pin(b.id, (b.tls.certificate,), (Endpoint("127.0.0.1", runner.addresses[0][1]),), private=True)]
        )
        try:
            yield a.connect(options or TransportOptions(timeout_s=5)), a, b
        finally:
            await a.stop()
            a.transport = None
            await runner.cleanup()


def _answer(status: int = 200, body: bytes = b"\xc0", **headers: str) -> Handler:
    async def handler(_request: web.Request) -> web.StreamResponse:
        named = {"Content-Type": MEDIA_TYPE} | {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=status, body=body, headers=named)

    return handler


async def test_answer_at_the_limit_and_one_byte_more(tmp_path: Path) -> None:
    async with _peer(tmp_path, _answer(body=bytes(MAX_ANSWER_BYTES))) as (transport, _, b):
        assert len(await transport.post(b.id, PATH, b"")) == MAX_ANSWER_BYTES
        with pytest.raises(TooLarge):
            await transport.post(b.id, PATH, b"", max_answer=MAX_ANSWER_BYTES - 1)


async def test_endless_answer_is_cut(tmp_path: Path) -> None:
    sent = 0

    async def endless(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse(headers={"Content-Type": MEDIA_TYPE})
        await response.prepare(request)
        for _ in range(10_000):
            await response.write(bytes(64 * 1024))
            sent += 64 * 1024
            await asyncio.sleep(0)  # one loop for both ends: let it hear that the connection is gone
        return response

    async with _peer(tmp_path, endless) as (transport, _, b):
        with pytest.raises(TooLarge):
            await transport.post(b.id, PATH, b"")
    assert sent < 64 * 1024 * 1024


async def test_redirects_are_not_followed(tmp_path: Path) -> None:
    async with _peer(tmp_path, _answer(302, Location="https://169.254.169.254/")) as (transport, _, b):
        with pytest.raises(PeerFault, match="302"):
            await transport.post(b.id, PATH, b"")


async def test_compressed_answer_is_refused(tmp_path: Path) -> None:
    async with _peer(tmp_path, _answer(Content_Encoding="gzip")) as (transport, _, b):
        with pytest.raises(Malformed, match="compressed"):
            await transport.post(b.id, PATH, b"")


async def test_other_media_type_is_refused(tmp_path: Path) -> None:
    async with _peer(tmp_path, _answer(Content_Type="text/html")) as (transport, _, b):
        with pytest.raises(Malformed, match="media type"):
            await transport.post(b.id, PATH, b"")


ERROR = canon.encode(("yui/error/1", "hello-first", "say hello first"))


@pytest.mark.parametrize(
    ("status", "body", "error", "code"),
    [
        (403, ERROR, NotAuthorised, "hello-first"),
        (401, b"", NotAuthorised, "refused"),
        (422, ERROR, PeerFault, "hello-first"),
        (400, b"\xff not msgpack", PeerFault, "refused"),
        (404, bytes(100_000), PeerFault, "refused"),
        (413, canon.encode(("yui/error/1", "x" * 100, "")), PeerFault, "refused"),
        (429, ERROR, WorldFault, "hello-first"),
        (500, ERROR, WorldFault, "hello-first"),
        (503, b"", WorldFault, "refused"),
        (204, b"", PeerFault, "refused"),
    ],
)
async def test_refusals(tmp_path: Path, status: int, body: bytes, error: type[Exception], code: str) -> None:
    async with _peer(tmp_path, _answer(status, body)) as (transport, _, b):
        with pytest.raises(error) as refused:
            await transport.post(b.id, PATH, b"")
        assert getattr(refused.value, "code", None) == code


async def test_peer_that_does_not_answer(tmp_path: Path) -> None:
    async def silent(_request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(1)
        return web.Response()

    async with _peer(tmp_path, silent, TransportOptions(timeout_s=0.3)) as (transport, _, b):
        with pytest.raises(WorldFault) as late:
            await transport.post(b.id, PATH, b"")
        assert late.value.code == "timeout"


async def test_peer_that_cannot_be_reached(tmp_path: Path) -> None:
    async with linked(tmp_path) as (a, b):
        assert a.transport is not None
        assert b.server is not None
        port = b.server.port
        await b.server.stop()
        with pytest.raises(WorldFault) as refused:
            await a.transport.post(b.id, PATH, b"")
        assert refused.value.code == "connect"
        a.pins.replace([Pin(b.id, (b.tls.certificate,), (Endpoint("no-such-name.invalid", port),))])
        with pytest.raises(WorldFault) as unknown:
            await a.transport.post(b.id, PATH, b"")
        assert unknown.value.code == "name"
        a.pins.replace([Pin(b.id, (b.tls.certificate,), ())])
        with pytest.raises(WorldFault, match="no address"):
            await a.transport.post(b.id, PATH, b"")


async def test_second_address_is_tried_when_the_first_is_dead(tmp_path: Path) -> None:
    async with linked(tmp_path) as (a, b):
        assert a.transport is not None
        dead = Endpoint("127.0.0.1", 9)
        a.pins.replace([Pin(b.id, (b.tls.certificate,), (dead, b.endpoint), private=True)])
        assert await a.transport.post(b.id, PATH, b"\x01") == b"\x01"


async def test_one_request_at_a_time_to_one_peer(tmp_path: Path) -> None:
    inside = most = 0

    async def handler(_request: web.Request) -> web.StreamResponse:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        await asyncio.sleep(0.01)
        inside -= 1
        return web.Response(body=b"\xc0", content_type=MEDIA_TYPE)

    async with _peer(tmp_path, handler) as (transport, _, b):
        await asyncio.gather(*(transport.post(b.id, PATH, b"") for _ in range(10)))
    assert most == 1


async def test_restart_of_the_peer_is_not_noticed(tmp_path: Path) -> None:
    """The kept connection is dead; the request goes out again on a new one."""
    async with linked(tmp_path) as (a, b):
        assert a.transport is not None
        assert await a.transport.post(b.id, PATH, b"\x01") == b"\x01"
        assert b.server is not None
        port = b.server.port
        await b.server.stop()
        b.server = PeerServer(peer_app(b.services, b.pins), b.tls, b.pins)
        await b.server.start("127.0.0.1", port)
        assert await a.transport.post(b.id, PATH, b"\x02") == b"\x02"


async def test_large_body_goes_out_whole(tmp_path: Path) -> None:
    async def measure(request: web.Request) -> web.StreamResponse:
        body = canon.encode((len(await request.read()), request.content_length))
        return web.Response(body=body, content_type=MEDIA_TYPE)

    async with _peer(tmp_path, measure) as (transport, _, b):
        for size in (0, 1, 1 << 20, (1 << 20) + 1):
            assert canon.decode(await transport.post(b.id, PATH, bytes(size))) == [size, size]


DEAD = Endpoint("127.0.0.1", 9)  # nobody listens on the discard port here


def _heard(a: Node, *places: Endpoint) -> PeerTransport:
    a.transport = PeerTransport(a.tls, a.pins, TransportOptions(timeout_s=5), lambda _node: places)
    return a.transport


async def test_a_peer_that_cannot_be_reached_is_found_on_this_network(tmp_path: Path) -> None:
    async with nodes(tmp_path, "a", "b") as (a, b):
        await b.serve()
        b.pins.replace([a.pin()])
        a.pins.replace([Pin(b.id, (b.tls.certificate,), (Endpoint("yui.invalid", 7443),))])
        transport = _heard(a, DEAD, b.endpoint)
        assert await transport.post(b.id, PATH, b"\xc0") == b"\xc0"
        line = transport._line(b.id)
        assert line.near == b.endpoint  # asked first from now on
        assert await transport.post(b.id, PATH, b"\xc3") == b"\xc3"
        await b.stop()
        with pytest.raises(WorldFault):
            await transport.post(b.id, PATH, b"\xc0")
        assert line.near is None


async def test_a_place_that_only_says_it_is_the_peer_learns_nothing(tmp_path: Path) -> None:
    async with nodes(tmp_path, "a", "b", "liar") as (a, b, liar):
        await liar.serve()
        liar.pins.replace([a.pin()])
        a.pins.replace([Pin(b.id, (b.tls.certificate,), (DEAD,), private=True)])
        with pytest.raises(WorldFault) as failed:
            await _heard(a, liar.endpoint).post(b.id, PATH, b"\xc0")
        assert failed.value.code == "connect"  # of the peer's own address
        assert liar.services.asked == []


async def test_nothing_outside_this_network_and_no_third_place_is_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[Endpoint] = []

    async def exchange(_session: object, endpoint: Endpoint, *_rest: object) -> bytes:
        tried.append(endpoint)
        raise WorldFault("no connection", code="connect")

    monkeypatch.setattr("node.aio.transport.exchange", exchange)
    async with nodes(tmp_path, "a", "b") as (a, b):
        a.pins.replace([Pin(b.id, (b.tls.certificate,), (DEAD,))])
        near = [Endpoint(f"192.168.1.{last}", 7443) for last in (1, 2, 3)]
        outside = [Endpoint("8.8.8.8", 7443), Endpoint("yui.example.jp", 7443)]
        with pytest.raises(WorldFault):
            await _heard(a, *outside, *near).post(b.id, PATH, b"\xc0")
    assert tried == [DEAD, *near[:2]]


async def test_a_peer_that_answers_no_is_not_looked_for_elsewhere(tmp_path: Path) -> None:
    async def busy(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=503)

    async with _peer(tmp_path, busy) as (_, a, b):
        asked: list[object] = []
        a.transport = PeerTransport(a.tls, a.pins, TransportOptions(timeout_s=5), lambda node: asked.append(node) or ())
        with pytest.raises(WorldFault):
            await a.transport.post(b.id, PATH, b"\xc0")
        assert asked == []
