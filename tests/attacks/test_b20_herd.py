"""Row 20: a hundred requests at once are served eight at a time; too many of one peer are turned away."""

from __future__ import annotations

import asyncio
from pathlib import Path

import aiohttp

from node.aio.tls import client_context
from node.api.peer.access import Gate
from node.api.peer.messages import MEDIA_TYPE
from protocol.keys import NodeId
from protocol.limits import MAX_REQUESTS_IN_SERVICE
from tests.node.aio.nodes import Node, Recorder, linked, nodes


class Slow(Recorder):
    """Counts how many requests are in service at once."""

    inside = 0
    most = 0

    async def hello(self, node: NodeId, body: bytes) -> bytes:
        self.inside += 1
        self.most = max(self.most, self.inside)
        await asyncio.sleep(0.005)
        self.inside -= 1
        return await super().hello(node, body)


async def _many(a: Node, b: Node, requests: int, connections: int) -> list[int]:
    context = client_context(a.tls, [b.tls.certificate])
    connector = aiohttp.TCPConnector(limit=connections, ssl=context)
    async with aiohttp.ClientSession(connector=connector, headers={"Content-Type": MEDIA_TYPE}) as session:

        async def one() -> int:
            async with session.post(f"{b.endpoint}/peer/v1/hello", data=b"\xc0") as answer:
                return answer.status

        return await asyncio.gather(*(one() for _ in range(requests)))


async def test_a_hundred_at_once(tmp_path: Path) -> None:
    async with nodes(tmp_path, "a", "b") as (a, b):
        slow = b.services = Slow()
        await b.serve()
        b.pins.replace([a.pin()])
        statuses = await _many(a, b, 100, 50)
        assert statuses == [200] * 100
        assert 1 < slow.most <= MAX_REQUESTS_IN_SERVICE


async def test_one_peer_beyond_its_rate(tmp_path: Path) -> None:
    async with linked(tmp_path, "limited") as (a, b, limited):
        await limited.serve(Gate(limited.pins, peer_per_minute=20))
        limited.pins.replace([a.pin(), b.pin()])
        statuses = await _many(a, limited, 40, 4)
        served = statuses.count(200)
        assert 20 <= served <= 25  # the window slides: at the turn of a minute a few more fit
        assert statuses.count(429) == 40 - served
        assert await _many(b, limited, 5, 1) == [200] * 5  # the others do not notice


async def test_strangers_are_limited_by_address(tmp_path: Path) -> None:
    async with linked(tmp_path) as (_, b):
        from node.aio.tls import Meeting

        statuses = []
        async with aiohttp.ClientSession(headers={"Content-Type": MEDIA_TYPE}) as session:
            for _ in range(15):
                url = f"{b.endpoint}/peer/v1/enrol/commit"
                async with session.post(url, data=b"\xc0", ssl=Meeting().context) as answer:
                    statuses.append(answer.status)
        assert statuses == [200] * 10 + [429] * 5
