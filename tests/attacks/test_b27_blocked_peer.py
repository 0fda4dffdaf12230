"""Row 27: a blocked peer gets nothing more, also on connections that were open before."""

from __future__ import annotations

from pathlib import Path

import pytest

from federation import introduction as introductions
from federation.peers import Peer, PeerEvent, PeerState, decided, introduced
from node.aio.request import TransportOptions
from node.certificate import require_profile
from protocol.errors import NotAuthorised, WorldFault, YuiError
from tests.node.aio.nodes import linked, make_node


async def test_refused_on_the_next_request_of_an_open_connection(tmp_path: Path) -> None:
    async with linked(tmp_path) as (a, b):
        assert a.transport is not None
        await a.transport.post(b.id, "/peer/v1/hello", b"\x01")
        listeners, b.pins._listeners = b.pins._listeners, []  # keep the connection open on purpose
        b.pins.replace([])
        with pytest.raises(NotAuthorised, match="only accepted peers"):
            await a.transport.post(b.id, "/peer/v1/hello", b"\x02")
        b.pins._listeners = listeners
        assert [body for _, _, body in b.services.asked] == [b"\x01"]


async def test_open_connections_are_closed_and_new_ones_refused(tmp_path: Path) -> None:
    async with linked(tmp_path) as (a, b):
        assert a.transport is not None
        await a.transport.post(b.id, "/peer/v1/hello", b"\x01")
        b.pins.replace([])
        for _ in range(3):
            with pytest.raises((NotAuthorised, WorldFault)):
                await a.transport.post(b.id, "/peer/v1/hello", b"\x02")
        assert len(b.services.asked) == 1


async def test_every_path_is_closed_to_it(tmp_path: Path) -> None:
    async with linked(tmp_path) as (a, b):
        assert a.transport is not None
        await a.transport.post(b.id, "/peer/v1/hello", b"\x01")
        b.pins.replace([])
        asked = 0
        for path in ("hello", "introduction", "link/batches", "link/next", "link/receipts", "news", "check"):
            with pytest.raises(YuiError):
                await a.transport.post(b.id, f"/peer/v1/{path}", b"\xc0")
            asked += 1
        for path in ("directory", f"members/{'0' * 64}/history", f"attachments/{'0' * 64}/0"):
            with pytest.raises(YuiError):
                await a.transport.get(b.id, f"/peer/v1/{path}")
            asked += 1
        assert asked == 10
        assert len(b.services.asked) == 1


async def test_blocking_closes_our_own_line_to_it(tmp_path: Path) -> None:
    async with linked(tmp_path) as (a, b):
        transport = a.connect(TransportOptions(timeout_s=5))
        await transport.post(b.id, "/peer/v1/hello", b"\x01")
        assert b.id in transport._lines
        a.pins.replace([])
        assert b.id not in transport._lines
        with pytest.raises(NotAuthorised):
            await transport.post(b.id, "/peer/v1/hello", b"\x02")


def test_blocked_node_cannot_introduce_itself_again(tmp_path: Path) -> None:
    node = make_node(tmp_path, "m")
    first = introductions.parse(node.introduction(1), "test", require_profile)
    newer = introductions.parse(node.introduction(2), "test", require_profile)
    blocked = decided(Peer(first, PeerState.ACCEPTED, vouched=True), PeerEvent.BLOCK).peer
    assert not blocked.pinned
    for event in (PeerEvent.INTRODUCED, PeerEvent.INVITE_ANSWERED):
        with pytest.raises(NotAuthorised):
            introduced(blocked, newer, event)
