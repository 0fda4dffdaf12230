"""Row 10: bodies that are too large, compressed, lying or slow cost this node next to nothing."""

from __future__ import annotations

import asyncio
import gzip
import resource
import socket
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from node.aio.tls import client_context
from node.api.peer import access
from node.api.peer.messages import MEDIA_TYPE
from protocol.keys import NodeId
from protocol.limits import MAX_BATCH_BYTES, MIB
from protocol.link import batch
from tests.node.aio.nodes import Node, Recorder, linked

BATCHES = "/peer/v1/link/batches"


def _context(a: Node, b: Node) -> ssl.SSLContext:
    return client_context(a.tls, [b.tls.certificate])


async def _post(
    a: Node, b: Node, data: bytes | AsyncIterator[bytes], path: str = BATCHES, **headers: str
) -> tuple[int, bytes]:
    sent = {"Content-Type": MEDIA_TYPE} | {name.replace("_", "-"): value for name, value in headers.items()}
    async with aiohttp.ClientSession(auto_decompress=False) as session:
        url = f"{b.endpoint}{path}"
        async with session.post(url, data=data, headers=sent, ssl=_context(a, b)) as answer:
            return answer.status, await answer.read()


async def test_batch_at_the_limit_passes(tmp_path: Path) -> None:
    async with linked(tmp_path) as (a, b):
        status, _ = await _post(a, b, bytes(MAX_BATCH_BYTES))
        assert status == 200
        assert b.services.asked[-1][2] == MAX_BATCH_BYTES


async def test_announced_length_is_refused_before_a_byte_is_read(tmp_path: Path) -> None:
    async with linked(tmp_path) as (a, b):
        reader, writer = await asyncio.open_connection("127.0.0.1", b.endpoint.port, ssl=_context(a, b))
        head = f"POST {BATCHES} HTTP/1.1\r\nHost: x\r\nContent-Type: {MEDIA_TYPE}\r\nContent-Length: {10**12}\r\n\r\n"
        writer.write(head.encode())
        answer = await asyncio.wait_for(reader.read(300), 5)  # not one byte of the body was sent
        assert answer.startswith(b"HTTP/1.1 413")
        writer.close()
        assert b.services.asked == []


def _send_first(context: ssl.SSLContext, port: int, length: int) -> tuple[int, bytes]:
    """As a client that writes its whole request before it reads: bytes of the body written, the answer."""
    head = f"POST {BATCHES} HTTP/1.1\r\nHost: x\r\nContent-Type: {MEDIA_TYPE}\r\nContent-Length: {length}\r\n\r\n"
    written, heard = 0, b""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as plain, context.wrap_socket(plain) as line:
        try:
            line.sendall(head.encode())
            while written < length:
                line.sendall(bytes(min(64 * 1024, length - written)))
                written += 64 * 1024
            while got := line.recv(4096):
                heard += got
        except OSError:  # the other side has closed
            pass
    return written, heard


@pytest.mark.parametrize("length", [batch.MAX_BYTES + 8192, batch.MAX_BYTES + 5 * MIB])
async def test_a_peer_that_sends_its_whole_body_first_sees_why_it_is_refused(tmp_path: Path, length: int) -> None:
    async with linked(tmp_path) as (a, b):
        _, heard = await asyncio.to_thread(_send_first, _context(a, b), b.endpoint.port, length)
        assert heard.startswith(b"HTTP/1.1 413")
        assert b"the limit is" in heard
        assert b.services.asked == []


async def test_what_is_dropped_of_such_a_body_is_bounded(tmp_path: Path) -> None:
    async with linked(tmp_path) as (a, b):
        written, _ = await asyncio.to_thread(_send_first, _context(a, b), b.endpoint.port, 640 * MIB)
        assert written < 64 * MIB
        assert b.services.asked == []


async def test_unannounced_length_is_cut_at_the_limit(tmp_path: Path) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(10_000):
            sent += 64 * 1024
            yield bytes(64 * 1024)

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    async with linked(tmp_path) as (a, b):
        try:
            status, _ = await _post(a, b, endless())
            assert status == 413
        except aiohttp.ClientError:
            pass  # the connection was closed while we were still sending: as good
        assert b.services.asked == []
    assert sent < 64 * MIB  # of 640 MB
    grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown_kib < 64 * 1024


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "identity, gzip", "GZIP"])
async def test_compressed_bodies_are_refused(tmp_path: Path, coding: str) -> None:
    bomb = gzip.compress(bytes(20 * MIB))
    async with linked(tmp_path) as (a, b):
        status, body = await _post(a, b, bomb, Content_Encoding=coding)
        assert status == 415
        assert b"never compressed" in body
        assert b.services.asked == []


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "multipart/form-data; boundary=x", "x"])
async def test_other_media_types_are_refused(tmp_path: Path, kind: str) -> None:
    async with linked(tmp_path) as (a, b):
        status, _ = await _post(a, b, b"\xc0", Content_Type=kind)
        assert status == 415
        assert b.services.asked == []


@pytest.mark.parametrize(
    ("path", "size"),
    [
        ("/peer/v1/news", 2),
        ("/peer/v1/check", 2_000),
        ("/peer/v1/introduction", 100_000),
        ("/peer/v1/link/next", 100_000),
        ("/peer/v1/hello", 100_000),
        ("/peer/v1/enrol/commit", 100_000),
        ("/peer/v1/enrol/reveal", 100_000),
    ],
)
async def test_every_endpoint_has_its_own_limit(tmp_path: Path, path: str, size: int) -> None:
    async with linked(tmp_path) as (a, b):
        status, _ = await _post(a, b, bytes(size), path)
        assert status == 413
        assert b.services.asked == []


async def test_oversized_headers_are_refused(tmp_path: Path) -> None:
    async with linked(tmp_path) as (a, b):
        status, _ = await _post(a, b, b"\xc0", X_Long="a" * 7000)
        assert status == 400
        assert b.services.asked == []


async def test_slow_body_does_not_hold_a_place_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "READ_TIMEOUT_S", 0.2)
    async with linked(tmp_path) as (a, b):
        reader, writer = await asyncio.open_connection("127.0.0.1", b.endpoint.port, ssl=_context(a, b))
        head = f"POST {BATCHES} HTTP/1.1\r\nHost: x\r\nContent-Type: {MEDIA_TYPE}\r\nContent-Length: 1000\r\n\r\nabc"
        writer.write(head.encode())
        answer = await asyncio.wait_for(reader.read(300), 5)
        assert answer.startswith(b"HTTP/1.1 503")
        writer.close()
        status, _ = await _post(a, b, b"\xc0")  # and the next one is served
        assert status == 200


async def test_silent_connections_are_closed(tmp_path: Path) -> None:
    async with linked(tmp_path, "silent") as (a, b, other):
        await other.serve(first_request_s=0.1)
        assert other.server is not None
        other.pins.replace([a.pin()])
        reader, writer = await asyncio.open_connection("127.0.0.1", other.endpoint.port, ssl=_context(a, other))
        with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
            await asyncio.wait_for(reader.readexactly(1), 5)
        writer.close()
        assert b.services.asked == []


async def test_a_long_first_answer_is_not_taken_for_silence(tmp_path: Path) -> None:
    class Slow(Recorder):
        async def hello(self, node: NodeId, body: bytes) -> bytes:
            await asyncio.sleep(0.5)
            return body

    async with linked(tmp_path, "slow") as (a, _, slow):
        slow.services = Slow()
        await slow.serve(first_request_s=0.1)
        slow.pins.replace([a.pin()])
        assert await _post(a, slow, b"\xc0", "/peer/v1/hello") == (200, b"\xc0")
