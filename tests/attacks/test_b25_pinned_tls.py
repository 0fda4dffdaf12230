"""Row 25: only the pinned key of an accepted peer is spoken to, in both directions."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import aiohttp
import pytest

from node.aio.pins import Pin
from node.aio.tls import Meeting, client_context
from node.certificate import require_profile
from protocol.errors import Malformed, NotAuthorised, WorldFault
from tests.node.aio.nodes import linked, make_node

MEDIA = {"Content-Type": "application/vnd.yui+msgpack"}
CLOSED = ["hello", "introduction", "link/batches", "link/next", "link/receipts", "news", "check", "nothing-here"]


async def test_accepted_peer_is_named_by_its_certificate(tmp_path: Path) -> None:
    async with linked(tmp_path) as (a, b):
        assert a.transport is not None
        assert await a.transport.post(b.id, "/peer/v1/hello", b"\x01") == b"\x01"
        assert b.services.asked == [("hello", a.id, b"\x01")]


async def test_stranger_is_refused(tmp_path: Path) -> None:
    async with linked(tmp_path, "stranger") as (_, b, stranger):
        stranger.pins.replace([b.pin()])
        with pytest.raises(WorldFault, match="may not accept this node") as refused:
            await stranger.connect().post(b.id, "/peer/v1/hello", b"\x01")
        assert refused.value.code in ("broken", "tls")
        assert b.services.asked == []


async def test_wrong_server_is_refused_before_a_byte_is_said(tmp_path: Path) -> None:
    async with linked(tmp_path, "impostor") as (a, b, impostor):
        await impostor.serve()
        impostor.pins.replace([a.pin()])
        a.pins.replace([Pin(b.id, (b.tls.certificate,), (impostor.endpoint,), private=True)])
        assert a.transport is not None
        with pytest.raises(WorldFault, match="not the pinned one") as refused:
            await a.transport.post(b.id, "/peer/v1/hello", b"\x01")
        assert refused.value.code == "tls"
        assert impostor.services.asked == []


async def test_without_certificate_only_enrolment_answers(tmp_path: Path) -> None:
    async with linked(tmp_path) as (_, b), aiohttp.ClientSession(headers=MEDIA) as session:
        for path in CLOSED:
            url = f"{b.endpoint}/peer/v1/{path}"
            async with session.post(url, data=b"\xc0", ssl=Meeting().context) as answer:
                assert answer.status == 403, path
        url = f"{b.endpoint}/peer/v1/enrol/commit"
        async with session.post(url, data=b"\xc0", ssl=Meeting().context) as answer:
            assert answer.status == 200
        assert [name for name, _, _ in b.services.asked] == ["enrol_commit"]


async def test_plain_http_is_refused(tmp_path: Path) -> None:
    async with linked(tmp_path) as (_, b):
        reader, writer = await asyncio.open_connection("127.0.0.1", b.endpoint.port)
        writer.write(b"POST /peer/v1/enrol/commit HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
        assert b"HTTP" not in await asyncio.wait_for(reader.read(1000), 5)
        writer.close()
        await writer.wait_closed()
        assert b.services.asked == []


@pytest.mark.parametrize(("version", "served"), [(ssl.TLSVersion.TLSv1_2, False), (ssl.TLSVersion.TLSv1_3, True)])
async def test_tls_1_2_is_refused(tmp_path: Path, version: ssl.TLSVersion, served: bool) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.maximum_version = version
    async with linked(tmp_path) as (_, b), aiohttp.ClientSession(headers=MEDIA) as session:
        url = f"{b.endpoint}/peer/v1/enrol/commit"
        if served:
            async with session.post(url, data=b"\xc0", ssl=context) as answer:
                assert answer.status == 200
        else:
            with pytest.raises((aiohttp.ClientConnectorSSLError, aiohttp.ClientOSError)):
                await session.post(url, data=b"\xc0", ssl=context)
            assert b.services.asked == []


async def test_peer_accepted_later_is_served_without_a_restart(tmp_path: Path) -> None:
    async with linked(tmp_path, "late") as (a, b, late):
        late.pins.replace([b.pin()])
        transport = late.connect()
        with pytest.raises(WorldFault):
            await transport.post(b.id, "/peer/v1/hello", b"\x01")
        b.pins.replace([a.pin(), late.pin()])
        assert await transport.post(b.id, "/peer/v1/hello", b"\x02") == b"\x02"


async def test_an_anchor_that_is_not_pinned_is_refused_by_the_application(tmp_path: Path) -> None:
    """The comparison on every request does not rest on the TLS library."""
    async with linked(tmp_path) as (a, b):
        assert b.server is not None
        assert a.transport is not None
        b.pins._listeners.clear()  # the TLS layer hears nothing: its anchors stay as they are
        b.pins.replace([])
        with pytest.raises(NotAuthorised, match="only accepted peers"):
            await a.transport.post(b.id, "/peer/v1/hello", b"\x01")
        assert b.services.asked == []


async def test_node_without_pins_calls_nobody(tmp_path: Path) -> None:
    async with linked(tmp_path) as (a, b):
        a.pins.replace([])
        assert a.transport is not None
        with pytest.raises(NotAuthorised, match="not an accepted peer"):
            await a.transport.post(b.id, "/peer/v1/hello", b"\x01")
        assert b.services.asked == []


async def test_nobody_takes_anothers_certificate_name(tmp_path: Path) -> None:
    """OpenSSL looks anchors up by subject: a peer that could choose it would lock another peer out."""
    a, b = make_node(tmp_path, "a"), make_node(tmp_path, "b")
    require_profile(a.tls.certificate, a.id)
    with pytest.raises(Malformed, match="subject and issuer"):
        require_profile(a.tls.certificate, b.id)
    again = make_node(tmp_path, "a")  # the same node with its next certificate: one name, two keys
    async with linked(tmp_path) as (_, server):
        both = Pin(a.id, (a.tls.certificate, again.tls.certificate), (), private=True)
        server.pins.replace([both])
        for one in (a, again):
            one.pins.replace([server.pin()])
            transport = one.connect()
            assert await transport.post(server.id, "/peer/v1/hello", b"\x07") == b"\x07"
            await transport.close()


def test_context_offers_nothing_below_1_3(tmp_path: Path) -> None:
    node = make_node(tmp_path, "n")
    context = client_context(node.tls, [node.tls.certificate])
    assert context.minimum_version is ssl.TLSVersion.TLSv1_3
    assert context.verify_mode is ssl.CERT_REQUIRED
