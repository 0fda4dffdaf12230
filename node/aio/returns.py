"""Returns of members under way at this node: one task for each, and the counter where people sign.

Owns the tasks, in memory, with the words of those that were typed on a page; how far each has come is in the store, and
begun again it goes on from there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

import structlog

from node import homecoming
from node.aio.driver import Driver
from node.homecoming import Home, Homecoming
from node.procedure import commit
from node.services.claiming import State
from node.services.guarding import choosing
from node.services.house import House
from node.signing import Counter, Elsewhere, Signer, Wanted, by_words
from node.store import Store, Tx
from protocol.errors import CallerFault, NotFound, YuiError
from protocol.identity.control import Proof
from protocol.identity.genesis import Rank, Role
from protocol.keys import NodeId, SigningKey

MAX_AT_ONCE: Final = 8  # returns that read and claim at the same time; the others wait for their turn
RANKS: Final = {"words": Rank.WORDS, "association": Rank.GUARDIANS}
log = structlog.get_logger("returns")


class Returns:
    """One per running node. Every method belongs to the event loop."""

    def __init__(self, house: House, store: Store, driver: Driver) -> None:
        self._house = house
        self._store = store
        self._driver = driver
        self._counter = Counter()
        self._tasks: dict[bytes, asyncio.Task[None]] = {}
        self._places = asyncio.Semaphore(MAX_AT_ONCE)
        self._ended: dict[bytes, dict[str, Any]] = {}

    async def find(self, peer: NodeId, body: bytes) -> tuple[list[bytes], bool]:
        """Whose key it is, asked of one peer with a question that its holder signed."""
        said = await self._driver.run(homecoming.ask_whose(self._house, peer, body))
        return list(said.members), said.more

    def begin(self, member: bytes, by: str) -> None:
        """Bring a member back, or go on with it. ``by``: words or association."""
        if by not in RANKS:
            raise CallerFault("by", f"one of {', '.join(RANKS)}")
        self._begin(member, Elsewhere(RANKS[by], self._counter, member))

    async def find_by(self, words: SigningKey) -> list[bytes]:
        """Members whose words these are, asked of every accepted peer. WorldFault where none answers."""
        rows = await asyncio.to_thread(self._store.read, lambda tx: tx.peers.all("accepted"))
        peers = [NodeId(row.node) for row in rows]
        return await self._driver.run(homecoming.find(self._house, peers, Role.WORDS.value, words))

    def begin_with(self, member: bytes, words: SigningKey) -> None:
        """The same with the member's words at hand; they are in memory as long as this try lasts, and nowhere else."""
        self._begin(member, by_words(words), partial(choosing.renew, self._house, member=member, words=words))

    def is_under_way(self, member: bytes) -> bool:
        """Whether something is being done for it now; what was reached before a restart waits for a new beginning."""
        task = self._tasks.get(member)
        return task is not None and not task.done()

    async def wait(self, member: bytes) -> None:
        """Until what is under way for it has ended, in whichever way."""
        task = self._tasks.get(member)
        if task is not None:
            await asyncio.wait([task])

    def _begin(self, member: bytes, signer: Signer, behind: Callable[[Tx], object] | None = None) -> None:
        if self.is_under_way(member):
            return
        self._ended.pop(member, None)
        coming = Homecoming(self._house, member, signer, self._driver.notice)
        self._tasks[member] = asyncio.get_running_loop().create_task(self._run(member, coming, behind))

    async def _run(self, member: bytes, coming: Homecoming, behind: Callable[[Tx], object] | None) -> None:
        async with self._places:
            try:
                home: Home = await self._driver.run(coming.run())
                if behind is not None:
                    await self._settle(member, behind, home)
            except YuiError as error:
                self._ended[member] = {"ended": error.code, "error": str(error)}
                log.warning("return", member=member.hex()[:12], error=error.code, detail=str(error)[:300])
            except asyncio.CancelledError:
                raise
            except Exception:
                self._ended[member] = {"ended": "internal", "error": "internal error: see the log"}
                log.exception("return", member=member.hex()[:12])
            else:
                self._ended[member] = {
                    "ended": "open",
                    "error": "",
                    "documents": home.returned.documents,
                    "asked": home.returned.asked,
                    "bad": home.rebuilt.bad,
                }
                log.info("returned", member=member.hex()[:12], documents=home.returned.documents)

    async def _settle(self, member: bytes, behind: Callable[[Tx], object], home: Home) -> None:
        """What else the keys at hand are good for. The member is at home, whether or not this succeeds."""
        try:
            await self._driver.run(commit(behind))
        except YuiError as error:
            self._house.forget_caches()
            log.warning("guardians_not_renewed", member=member.hex()[:12], error=error.code, detail=str(error)[:300])
        self._driver.notice(home.returned.news)

    def wanted(self, members: Sequence[bytes]) -> list[Wanted]:
        """What people have to sign or open for these members now."""
        return self._counter.of(members)

    def bring(self, member: bytes, kind: str, found: tuple[Proof, ...] | dict[bytes, bytes]) -> None:
        """What a person signed or opened."""
        self._counter.bring(member, kind, found)

    def describe(self, member: bytes) -> dict[str, Any]:
        """How far a return has come."""
        ended = self._ended.get(member)
        try:
            shown = self._store.read(lambda tx: homecoming.describe(self._house, tx, member))
        except NotFound:
            shown = {"member": member.hex(), "state": State.BEGUN.value, "note": ""}
        return {**shown, **(ended or {"ended": "", "error": ""})}

    def all(self) -> list[bytes]:
        """Members that are or were brought back here."""
        return [row.member for row in self._store.read(lambda tx: tx.returning.all())]

    async def stop(self) -> None:
        """Let go; what was reached is in the store."""
        tasks = [task for task in self._tasks.values() if not task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
