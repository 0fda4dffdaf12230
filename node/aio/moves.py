"""Moves to this node under way: one task for each. How far each has come is in the store; a start goes on with all."""

from __future__ import annotations

import asyncio

import structlog

from node import moving
from node.aio.driver import Driver
from node.moving import Moving
from node.services.house import House
from node.services.moving import arriving
from node.store import Store
from protocol.errors import YuiError
from protocol.keys import NodeId

log = structlog.get_logger("moves")
AGAIN_S = 60.0  # after an error that is our bug


class Moves:
    """One per running node. Every method belongs to the event loop."""

    def __init__(self, house: House, store: Store, driver: Driver) -> None:
        self._house = house
        self._store = store
        self._driver = driver
        self._tasks: dict[bytes, asyncio.Task[None]] = {}

    async def start(self) -> None:
        """Go on with every move that is not over."""
        rows = await asyncio.to_thread(self._store.read, lambda tx: tx.moving.all_coming())
        for row in rows:
            if not arriving.is_over(row):
                self._begin(row.member)

    async def come(self, source: NodeId, code: str, by: str) -> bytes:
        """Somebody says a code that the old home gave out; the member that moves here now."""
        member = await self._driver.run(moving.say_code(self._house, source, code, by))
        self._begin(member)
        return member

    def _begin(self, member: bytes) -> None:
        task = self._tasks.get(member)
        if task is None or task.done():
            self._tasks[member] = asyncio.get_running_loop().create_task(self._run(member))

    async def _run(self, member: bytes) -> None:
        while True:
            try:
                done = await self._driver.run(Moving(self._house, member, self._driver.notice).run())
            except asyncio.CancelledError:
                raise
            except YuiError as error:
                log.warning("move", member=member.hex()[:12], error=error.code, detail=str(error)[:300])
            except Exception:
                log.exception("move", member=member.hex()[:12])
            else:
                log.info("moved" if done else "move_cancelled", member=member.hex()[:12])
                return
            await asyncio.sleep(AGAIN_S)

    async def stop(self) -> None:
        """Let go; what was reached is in the store."""
        tasks = [task for task in self._tasks.values() if not task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
