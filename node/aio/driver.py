"""Runs the procedures of :mod:`node.runtime` under asyncio: the counterpart of ``node.sim.driver``.

Owns tasks and one timer. A commit is awaited in the store's writer, a request in the transport; in between nothing
blocks. Must not know what a procedure does. A procedure that fails with anything but the errors of
:mod:`protocol.errors` is our bug: it is logged, its link rests, everybody else goes on; a broken invariant stops the
node (``on_fatal``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, TypeVar

import structlog

from node.aio.clock import Clock
from node.aio.transport import PeerTransport
from node.procedure import Ask, Begin, Commit, End, Look, Need, Pause, Steps
from node.runtime import Runtime
from node.store import Store
from protocol.errors import InvariantBroken, WorldFault, YuiError
from protocol.identity.control import Reason
from protocol.keys import NodeId

T = TypeVar("T")
_log = structlog.get_logger("links")


class Driver:
    """The links of a running node. Every method belongs to the event loop, but for :meth:`notice` (any thread)."""

    def __init__(
        self,
        runtime: Runtime,
        store: Store,
        transport: PeerTransport,
        clock: Clock,
        on_fatal: Callable[[BaseException], None] | None = None,
    ) -> None:
        self._runtime = runtime
        self._store = store
        self._transport = transport
        self._clock = clock
        self._on_fatal = on_fatal
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._stopping = False

    async def start(self, doubtful: Reason | None) -> None:
        """Open this start and every link. Raises what the start raises."""
        self._loop = asyncio.get_running_loop()
        await self._drive(self._runtime.start(doubtful))
        self._pump()

    async def stop(self) -> None:
        """Begin nothing more, let go of what is under way: whatever had been committed stays, the rest comes again."""
        self._stopping = True
        if self._timer is not None:
            self._timer.cancel()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def serve(self, peer: NodeId, path: str, body: bytes) -> bytes:
        """Answer one request of a peer; errors as :meth:`node.runtime.Runtime.serve`."""
        if self._stopping:
            raise WorldFault("this node is stopping", code="stopping")
        try:
            return await self._drive(self._runtime.serve(peer, path, body))
        finally:
            self._pump()

    async def run(self, steps: Steps[T]) -> T:
        """Run a procedure that somebody waits for."""
        try:
            return await self._drive(steps)
        finally:
            self._pump()

    async def resolve(self) -> None:
        """A person has made sure that no other copy of this node runs: end the freeze."""
        await self._drive(self._runtime.resolve())
        self._pump()

    async def ask(self, peer: NodeId, path: str, body: bytes) -> bytes:
        """One message of a person's to a peer."""
        return await self._transport.post(peer, path, body)

    async def audit(self) -> dict[str, int]:
        """Look now into what guardians keep: how many pieces they were asked for, and how many were wrong."""
        return await self._drive(self._runtime.guarding.audit())

    def notice(self, peers: Iterable[bytes]) -> None:
        """There is something new in the store for ``peers``. From any thread."""
        found = list(peers)
        if (found or self._runtime.house.uncopied) and self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._tell, self._runtime.notice, found)

    def hint(self, peer: NodeId) -> None:
        """``peer`` may have something for us."""
        self._tell(self._runtime.hint, peer)

    def accept(self, peer: NodeId) -> None:
        """``peer`` is accepted: speak to it."""
        self._tell(self._runtime.accept, peer)

    def block(self, peer: NodeId) -> None:
        """``peer`` is not accepted any more."""
        self._tell(self._runtime.block, peer)

    def retry(self, peer: NodeId) -> None:
        """A person wants the next attempt now."""
        self._tell(self._runtime.retry, peer)

    def _tell(self, what: Callable[[T], None], about: T) -> None:
        if not self._stopping:
            what(about)
            self._pump()

    # --- procedures

    def _pump(self) -> None:
        """Start what is ready and set the timer."""
        if self._stopping or self._loop is None:
            return
        for steps in self._runtime.ready():
            self._spawn(self._run(steps))
        self._arm(self._loop)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, steps: Steps[None]) -> None:
        try:
            await self._drive(steps)
        except asyncio.CancelledError:
            raise
        except YuiError as error:
            _log.warning("link", error=error.code, detail=str(error))
        except Exception:  # noqa: BLE001 - one bug on one link must not end the others
            _log.exception("link")
        self._pump()

    async def _drive(self, steps: Steps[T]) -> T:
        """Run a procedure to its end."""
        try:
            need = next(steps)
            while True:
                try:
                    outcome = await self._satisfy(need)
                except asyncio.CancelledError:
                    raise
                except Exception as error:  # noqa: BLE001 - the procedure decides what an error means
                    self._watch(error)
                    need = steps.throw(error)
                else:
                    need = steps.send(outcome)
        except StopIteration as end:
            result: T = end.value
            return result
        finally:
            steps.close()

    async def _satisfy(self, need: Need) -> Any:
        match need:
            case Commit():
                return await asyncio.wrap_future(self._store.submit(need.work))
            case Begin():
                begun = asyncio.wrap_future(self._store.submit(need.commit.work))
                begun.add_done_callback(_look_at)
                return begun
            case End():
                return await need.begun
            case Look():
                return await asyncio.to_thread(self._store.read, need.work)
            case Ask():
                return await self._transport.post(need.peer, need.path, need.body)
            case Pause():
                self._pump()  # what it waits for may have to be begun
                return await asyncio.sleep(need.delay / 1_000_000)

    def _watch(self, error: BaseException) -> None:
        if isinstance(error, InvariantBroken) and self._on_fatal is not None:
            self._on_fatal(error)

    # --- time

    def _arm(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due = self._runtime.next_deadline()
        if due is not None:
            delay_us = max(0, due - self._clock.monotonic_us())
            self._timer = loop.call_later(delay_us / 1_000_000, self._ring)

    def _ring(self) -> None:
        self._timer = None
        self._runtime.tick()
        self._pump()


def _look_at(begun: asyncio.Future[Any]) -> None:
    """Nobody may come for the result: the link was closed meanwhile."""
    if not begun.cancelled():
        begun.exception()
