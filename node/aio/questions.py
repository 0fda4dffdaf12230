"""Questions between regions as people of a running node begin them: cohorts offered, questions announced and gathered.

Owns nothing: a seam between the admin API and the procedures of :mod:`node.questioning`. Every method belongs to the
event loop.
"""

from __future__ import annotations

from node.aio.driver import Driver
from node.questioning import Questioning
from node.services.questions.cohorts import Published
from protocol.statistics.post import Told


class Questions:
    """One per running node."""

    def __init__(self, driver: Driver, questioning: Questioning) -> None:
        self._driver = driver
        self._questioning = questioning

    async def offer(self, made: Published) -> dict[bytes, str]:
        """Give a new cohort to its nodes: how each of them stands to it, by key."""
        return await self._driver.run(self._questioning.offer(made))

    async def announce(self, question: bytes) -> dict[bytes, Told]:
        """Show a question to everybody whom it asks."""
        return await self._driver.run(self._questioning.announce(question))

    async def gather(self, text: str, patience_s: int, wait_s: float) -> bytes:
        """Begin a round, and wait until it is over, at most ``wait_s``; it goes on by itself."""
        question = await self._driver.run(self._questioning.gather(text, patience_s))
        await self._driver.run(self._questioning.until_over(question, wait_s))
        return question
