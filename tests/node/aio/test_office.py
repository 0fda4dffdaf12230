"""Two associations become peers, as their staff do it: over real TLS, with real stores."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from federation.effects import LinkWoken, PersonAsked, PinsChanged
from federation.peers import PeerEvent
from node.aio.request import TransportOptions
from protocol.errors import CallerFault, NotAuthorised, NotFound, WorldFault
from tests.node.aio.offices import Branch, branches


async def _until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(10):
        while not await condition():  # noqa: ASYNC110 - what is awaited happens in another node
            await asyncio.sleep(0.02)


async def _become(one: Branch, of: Branch, state: str) -> None:
    async def is_so() -> bool:
        return await one.state_of(of) == state

    await _until(is_so)


async def test_invite_compare_accept_on_both_sides(tmp_path: Path) -> None:
    async with branches(tmp_path, "豊田", "京都") as (toyota, kyoto):
        asked = await toyota.office.invite(kyoto.address)
        [there] = await kyoto.office.all()
        assert asked.code == there.code
        assert len(asked.code) == 9
        assert (asked.name, there.name) == ("京都", "豊田")
        assert (asked.state, there.state) == ("invited", "pending")
        assert (asked.invited_here, there.invited_here) == (True, False)
        assert any(isinstance(effect, PersonAsked) for effect in kyoto.effects)
        assert (await toyota.office.accept("京都")).state == "confirmed"
        with pytest.raises(WorldFault):  # accepted on one side only
            await toyota.transport.post(kyoto.house.id, "/peer/v1/hello", b"\x01")
        await kyoto.office.accept(there.code)
        await _become(kyoto, toyota, "accepted")
        await _become(toyota, kyoto, "accepted")
        assert await toyota.transport.post(kyoto.house.id, "/peer/v1/hello", b"\x01") == b"\x01"
        assert {PinsChanged(toyota.house.id), LinkWoken(toyota.house.id)} <= set(kyoto.effects)


async def test_wrong_code_is_refused_and_nothing_is_pinned(tmp_path: Path) -> None:
    async with branches(tmp_path, "a", "b") as (a, b):
        view = await a.office.invite(b.address)
        wrong = f"{(int(view.code.replace(' ', '')) + 1) % 10**8:08d}"
        with pytest.raises(NotFound, match="compare"):
            await a.office.accept(wrong)
        with pytest.raises(CallerFault, match="not the code"):
            await a.office.accept(b.id, wrong)
        assert a.pins.nodes() == []
        assert await a.state_of(b) == "invited"


async def test_refuse_then_invite_again(tmp_path: Path) -> None:
    async with branches(tmp_path, "a", "b") as (a, b):
        first = await a.office.invite(b.address)
        assert (await b.office.decide("a", PeerEvent.REFUSE)).state == "refused"
        with pytest.raises(CallerFault):
            await b.office.accept("a")
        with pytest.raises(NotFound):
            await b.office.accept(first.code)
        second = await a.office.invite(b.address)
        assert second.code != first.code
        with pytest.raises(NotFound):
            await a.office.accept(first.code)
        assert (await b.office.accept(second.code)).state == "confirmed"


async def test_block_and_unblock(tmp_path: Path) -> None:
    async with branches(tmp_path, "a", "b") as (a, b):
        code = (await a.office.invite(b.address)).code
        await a.office.accept(code)
        await b.office.accept(code)
        await _become(a, b, "accepted")
        assert (await b.office.decide("a", PeerEvent.BLOCK)).state == "blocked"
        with pytest.raises((WorldFault, NotAuthorised)):
            await a.transport.post(b.house.id, "/peer/v1/hello", b"\x01")
        with pytest.raises((NotAuthorised, WorldFault)):
            await a.office.invite(b.address)
        with pytest.raises(NotAuthorised):
            await b.transport.post(a.house.id, "/peer/v1/hello", b"\x01")
        assert (await b.office.decide("a", PeerEvent.UNBLOCK)).state in ("confirmed", "accepted")
        assert await a.transport.post(b.house.id, "/peer/v1/hello", b"\x01") == b"\x01"
        with pytest.raises(CallerFault):
            await b.office.decide("a", PeerEvent.UNBLOCK)


async def test_change_of_address_travels_over_the_link(tmp_path: Path) -> None:
    async with branches(tmp_path, "a", "b") as (a, b):
        code = (await a.office.invite(b.address)).code
        await a.office.accept(code)
        await b.office.accept(code)
        await _become(a, b, "accepted")
        old, version = b.address, (await a.office.view(b.id)).version
        await b.close()
        await b.open()
        assert b.address != old

        async def known() -> bool:
            return (await a.office.view(b.id)).endpoints == (b.address,)

        await _until(known)
        assert (await a.office.view(b.id)).version > version
        assert await a.transport.post(b.house.id, "/peer/v1/hello", b"\x01") == b"\x01"


async def test_both_moved_one_new_address_typed_is_enough(tmp_path: Path) -> None:
    """No code is compared again: the newer descriptor is signed by the accepted key."""
    async with branches(tmp_path, "a", "b") as (a, b):
        code = (await a.office.invite(b.address)).code
        await a.office.accept(code)
        await b.office.accept(code)
        await _become(a, b, "accepted")
        await _become(b, a, "accepted")
        await a.close()
        await b.close()
        await a.open()
        await b.open()
        with pytest.raises(WorldFault):
            await a.transport.post(b.house.id, "/peer/v1/hello", b"\x01")
        await a.office.invite(b.address)
        assert await a.state_of(b) == "accepted"
        assert await a.transport.post(b.house.id, "/peer/v1/hello", b"\x01") == b"\x01"
        assert await b.transport.post(a.house.id, "/peer/v1/hello", b"\x02") == b"\x02"


async def test_accepted_peers_survive_a_restart(tmp_path: Path) -> None:
    async with branches(tmp_path, "a", "b") as (a, b):
        code = (await a.office.invite(b.address)).code
        await a.office.accept(code)
        await b.office.accept(code)
        await _become(b, a, "accepted")
        port, version = b.server.port, (await a.office.view(b.id)).version
        await b.close()
        await b.open(port)
        assert await a.transport.post(b.house.id, "/peer/v1/hello", b"\x01") == b"\x01"
        assert (await a.office.view(b.id)).version == version


async def test_private_name_needs_consent_and_typed_address_is_consent(tmp_path: Path) -> None:
    strict = TransportOptions(allow_private=False, timeout_s=5)
    async with branches(tmp_path, "a", "b", options=strict) as (a, b):
        with pytest.raises(WorldFault, match="private address"):
            await a.office.invite(f"https://localhost:{b.server.port}")
        code = (await a.office.invite(b.address)).code
        assert (await a.office.accept(code)).private
        await b.office.accept(code)
        await _become(a, b, "accepted")


async def test_own_address_and_dead_address(tmp_path: Path) -> None:
    async with branches(tmp_path, "a", "b") as (a, b):
        with pytest.raises(Exception, match="our own"):
            await a.office.invite(a.address)
        address = b.address
        await b.server.stop()
        with pytest.raises(WorldFault) as dead:
            await a.office.invite(address)
        assert dead.value.code == "connect"
        assert await a.office.all() == []


async def test_check_says_what_is_wrong(tmp_path: Path) -> None:
    async with branches(tmp_path, "a", "b") as (a, b):
        code = (await a.office.invite(b.address)).code
        with pytest.raises(CallerFault, match="accept it first"):
            await a.office.check("b")
        await a.office.accept(code)
        half = await a.office.check("b")
        assert [(finding.step.value, finding.good) for finding in half][-1] == ("answer", False)
        await b.office.accept(code)
        await _become(b, a, "accepted")
        found = await a.office.check("b")
        steps = [(finding.step.value, finding.good) for finding in found]
        assert steps == [(name, True) for name in ("name", "address", "connect", "tls", "answer", "clock")]
        await b.server.stop()
        found = await a.office.check("b")
        assert (found[-1].step.value, found[-1].good) == ("connect", False)
