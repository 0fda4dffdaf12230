"""Row 9: nobody makes this node connect to where it must not; a name that changes its mind included."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from federation.addresses import address_problem, is_private
from federation.endpoint import Endpoint, parse_endpoint
from node.aio.pins import Pin
from node.aio.request import TransportOptions
from node.aio.resolver import AddressRefused, CheckedResolver
from protocol.errors import Malformed, WorldFault
from tests.node.aio.nodes import nodes

PUBLIC, PRIVATE, NEVER = "public", "private", "never"

ADDRESSES = [
    ("8.8.8.8", PUBLIC),
    ("133.242.0.1", PUBLIC),
    ("1.1.1.1", PUBLIC),
    ("9.255.255.255", PUBLIC),
    ("11.0.0.0", PUBLIC),
    ("172.15.255.255", PUBLIC),
    ("172.32.0.0", PUBLIC),
    ("192.167.255.255", PUBLIC),
    ("192.169.0.0", PUBLIC),
    ("126.255.255.255", PUBLIC),
    ("128.0.0.0", PUBLIC),
    ("100.63.255.255", PUBLIC),
    ("100.128.0.0", PUBLIC),
    ("169.253.255.255", PUBLIC),
    ("223.255.255.255", PUBLIC),
    ("2400:cb00::1", PUBLIC),
    ("2606:4700:4700::1111", PUBLIC),
    ("2001:4860:4860::8888", PUBLIC),
    ("2001:200::1", PUBLIC),
    ("10.0.0.1", PRIVATE),
    ("10.255.255.255", PRIVATE),
    ("172.16.0.1", PRIVATE),
    ("172.31.255.255", PRIVATE),
    ("192.168.0.1", PRIVATE),
    ("192.168.255.255", PRIVATE),
    ("100.64.0.1", PRIVATE),
    ("100.127.255.255", PRIVATE),
    ("127.0.0.1", PRIVATE),
    ("127.255.255.254", PRIVATE),
    ("::1", PRIVATE),
    ("fc00::1", PRIVATE),
    ("fd12:3456:789a::1", PRIVATE),
    ("0.0.0.0", NEVER),
    ("0.1.2.3", NEVER),
    ("169.254.169.254", NEVER),
    ("169.254.170.2", NEVER),
    ("169.254.0.1", NEVER),
    ("100.100.100.200", NEVER),
    ("168.63.129.16", NEVER),
    ("192.0.0.192", NEVER),
    ("192.0.2.1", NEVER),
    ("192.88.99.1", NEVER),
    ("198.18.0.1", NEVER),
    ("198.19.255.255", NEVER),
    ("198.51.100.1", NEVER),
    ("203.0.113.1", NEVER),
    ("224.0.0.1", NEVER),
    ("239.255.255.255", NEVER),
    ("240.0.0.1", NEVER),
    ("255.255.255.255", NEVER),
    ("::", NEVER),
    ("::ffff:127.0.0.1", NEVER),
    ("::ffff:8.8.8.8", NEVER),
    ("::ffff:169.254.169.254", NEVER),
    ("::127.0.0.1", NEVER),
    ("64:ff9b::7f00:1", NEVER),
    ("64:ff9b:1::1", NEVER),
    ("2002:7f00:1::", NEVER),
    ("2002:c0a8:101::1", NEVER),
    ("2001::1", NEVER),
    ("2001:0:4136:e378:8000:63bf:3fff:fdd2", NEVER),
    ("2001:10::1", NEVER),
    ("2001:db8::1", NEVER),
    ("3fff::1", NEVER),
    ("fe80::1", NEVER),
    ("fec0::1", NEVER),
    ("ff02::1", NEVER),
    ("100::1", NEVER),
    ("fd00:ec2::254", NEVER),
    ("fd20:ce::254", NEVER),
    ("5f00::1", NEVER),
    ("not an address", NEVER),
    ("127.0.0.1%lo", NEVER),
]


@pytest.mark.parametrize(("address", "kind"), ADDRESSES)
def test_table(address: str, kind: str) -> None:
    assert (address_problem(address, private_agreed=False) == "") is (kind == PUBLIC)
    assert (address_problem(address, private_agreed=True) == "") is (kind in (PUBLIC, PRIVATE))


def test_table_is_long_enough_and_private_is_told() -> None:
    assert len(ADDRESSES) >= 60
    assert is_private("192.168.1.1")
    assert is_private("::1")
    assert not is_private("8.8.8.8")
    assert not is_private("node.example")


@pytest.mark.parametrize("spelling", ["0x7f000001", "2130706433", "0177.0.0.1", "127.1", "0", "[::ffff:7f00:1]"])
def test_odd_spellings_are_no_endpoints(spelling: str) -> None:
    with pytest.raises(Malformed):
        parse_endpoint(f"https://{spelling}:7443")


@asynccontextmanager
async def _trap() -> AsyncIterator[tuple[int, list[object]]]:
    """A listener on loopback that nobody may reach; counts who does."""
    reached: list[object] = []

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.append(writer.get_extra_info("peername"))
        writer.close()

    server = await asyncio.start_server(note, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], reached
    finally:
        server.close()
        await server.wait_closed()


async def _call(folder: Path, endpoint: Endpoint, options: TransportOptions, *, private: bool = False) -> str:
    async with nodes(folder, "a", "b") as (a, b):
        a.pins.replace([Pin(b.id, (b.tls.certificate,), (endpoint,), private=private)])
        with pytest.raises(WorldFault) as failed:
            await a.connect(options).post(b.id, "/peer/v1/hello", b"\x01")
        return failed.value.code


async def test_literal_private_address_without_consent(tmp_path: Path) -> None:
    async with _trap() as (port, reached):
        code = await _call(tmp_path, Endpoint("127.0.0.1", port), TransportOptions(timeout_s=5))
        assert code == "address"
        assert reached == []


async def test_name_that_leads_inside(tmp_path: Path) -> None:
    async def inside(host: str, port: int, family: socket.AddressFamily) -> list[str]:
        return ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1"]

    async with _trap() as (port, reached):
        options = TransportOptions(timeout_s=5, lookup=inside)
        assert await _call(tmp_path, Endpoint("evil.example", port), options) == "address"
        assert reached == []


async def test_metadata_is_refused_even_where_private_is_agreed(tmp_path: Path) -> None:
    async def metadata(host: str, port: int, family: socket.AddressFamily) -> list[str]:
        return ["169.254.169.254"]

    options = TransportOptions(allow_private=True, timeout_s=5, lookup=metadata)
    assert await _call(tmp_path, Endpoint("evil.example", 80), options, private=True) == "address"
    assert await _call(tmp_path, Endpoint("169.254.169.254", 80), options, private=True) == "address"


async def test_rebinding_name_is_asked_once_and_used_as_answered(tmp_path: Path) -> None:
    """A name server that says *public* to the check and *loopback* to the connection finds no second question."""
    asked: list[str] = []

    async def flipping(host: str, port: int, family: socket.AddressFamily) -> list[str]:
        asked.append(host)
        return ["192.0.2.200"] if len(asked) % 2 == 0 else ["127.0.0.1"]

    async with _trap() as (port, reached):
        options = TransportOptions(timeout_s=2, lookup=flipping)
        for _ in range(4):
            assert await _call(tmp_path, Endpoint("evil.example", port), options) == "address"
        assert len(asked) == 4
        assert reached == []


async def test_resolver_passes_on_exactly_what_it_checked() -> None:
    answers = [["8.8.8.8", "127.0.0.1", "::ffff:8.8.4.4", "2606:4700:4700::1111"], ["127.0.0.1"], []]

    async def lookup(host: str, port: int, family: socket.AddressFamily) -> list[str]:
        return answers.pop(0)

    resolver = CheckedResolver(private_agreed=False, lookup=lookup)
    found = await resolver.resolve("node.example", 7443)
    assert [entry["host"] for entry in found] == ["8.8.8.8", "2606:4700:4700::1111"]
    for _ in range(2):
        with pytest.raises(AddressRefused):
            await resolver.resolve("node.example", 7443)


def test_last_gate_checks_the_address_of_the_socket_itself() -> None:
    resolver = CheckedResolver(private_agreed=False)
    with pytest.raises(AddressRefused, match="private"):
        resolver.socket_for((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 80)))
    made = resolver.socket_for((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("8.8.8.8", 80)))
    assert made.getblocking() is False
    made.close()
