"""Two nodes on loopback find each other by multicast DNS, and say goodbye."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from node.aio.clock import Clock
from node.aio.discovery import Discovery
from protocol.keys import NodeId

A, B = NodeId(b"\xaa" * 32), NodeId(b"\xbb" * 32)


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(15):
        while not condition():  # noqa: ASYNC110 - what is awaited happens on the network
            await asyncio.sleep(0.05)


async def test_each_suggests_the_other_and_not_itself() -> None:
    a, b = Discovery(A, 7001, ["127.0.0.1"], Clock()), Discovery(B, 7002, ["127.0.0.1"], Clock())
    try:
        await a.start()
    except OSError as unusable:
        pytest.skip(f"no multicast on loopback here: {unusable}")
    try:
        await b.start()
        await _until(lambda: bool(a.suggestions() and b.suggestions()))
        [seen] = a.suggestions()
        assert (seen.node, str(seen.endpoint)) == (B.hex(), "https://127.0.0.1:7002")
        assert [one.node for one in b.suggestions()] == [A.hex()]
        await b.stop()
        await _until(lambda: not a.suggestions())
    finally:
        await a.stop()
