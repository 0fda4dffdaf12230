"""Group commit: works that arrive while one transaction runs share the next one's fsync.

Owns the order of works, their savepoints and futures, and fail-stop. Knows no engine: a :class:`WriteSession` does.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from queue import Empty, SimpleQueue
from typing import Any, Protocol, TypeVar

from node.store.tx import Tx
from protocol.errors import InvariantBroken, WorldFault

T = TypeVar("T")
#: A transaction takes no further work after this long: latency of the first one in it. Small works share an fsync; a
#: large one commits alone, so that its caller prepares the next while others are done.
GROUP_SECONDS = 0.01
GROUP_WORKS = 256


class WriteSession(Protocol):
    """The writing connection of an engine."""

    tx: Tx

    def begin(self) -> None: ...
    def commit(self) -> None: ...
    def rollback(self) -> None: ...
    def savepoint(self) -> None: ...
    def release(self) -> None: ...
    def undo(self) -> None:
        """Back to the savepoint, and release it."""

    def alive(self) -> bool:
        """Is the transaction still open? An engine ends it by itself after some errors."""

    def tell(self, error: BaseException) -> BaseException:
        """What an engine's error means: WorldFault, InvariantBroken, or the error itself."""

    def relieve(self) -> None:
        """After a WorldFault, perhaps for want of room: free what can be freed."""

    def abandon(self) -> None:
        """Leave everything as it is, for ever: what is durable is in doubt, not even closing may write."""

    def settle(self) -> None:
        """After a commit whose futures are done: what may be done at leisure (a checkpoint)."""

    def close(self) -> None: ...


class Work:
    """A function of a transaction and the future of its result."""

    __slots__ = ("error", "function", "future", "result")

    def __init__(self, function: Callable[[Tx], Any]) -> None:
        self.function = function
        self.future: Future[Any] = Future()
        self.result: Any = None
        self.error: BaseException | None = None


class GroupCommit:
    """Runs works in transactions of a session, on whatever thread calls it, one at a time."""

    def __init__(self, session: WriteSession) -> None:
        self._session = session
        self.broken: Exception | None = None

    def run(self, first: Work, more: Callable[[], Work | None]) -> None:
        """One transaction: ``first``, then what ``more`` gives until it gives None. Then every future is done."""
        works = [first]
        if self.broken is not None:
            _refuse(first, self.broken)
            return
        try:
            self._run(works, more)
        except BaseException as error:  # noqa: BLE001 - whatever a work raises belongs to its future
            self._fail(works, self._told(error))
            return
        for work in works:
            if work.error is None:
                work.future.set_result(work.result)
            else:
                _refuse(work, work.error)
        self._at_leisure(self._session.settle)

    def _run(self, works: list[Work], more: Callable[[], Work | None]) -> None:
        session = self._session
        session.begin()
        done = 0
        following = more()
        while done < len(works) or following is not None:
            if following is not None:
                works.append(following)
            self._do(works[done], alone=len(works) == 1)
            done += 1
            following = more()
        session.commit()

    def _do(self, work: Work, *, alone: bool) -> None:
        """Run one work; its error stays with it if the others can go on."""
        session = self._session
        if not work.future.set_running_or_notify_cancel():
            work.error = CancelledWork()
            return
        try:
            if not alone:
                session.savepoint()
            work.result = work.function(session.tx)
            if not alone:
                session.release()
        except BaseException as error:  # noqa: BLE001 - whatever a work raises belongs to its future
            work.error = told = self._told(error)
            if alone or isinstance(told, InvariantBroken) or not session.alive():
                raise told from told.__cause__
            session.undo()
        finally:
            session.tx.forget()

    def _told(self, error: BaseException) -> BaseException:
        told = self._session.tell(error)
        if told is not error:
            told.__cause__ = error
        return told

    def _fail(self, works: list[Work], error: BaseException) -> None:
        if isinstance(error, InvariantBroken):
            self.broken = error
        try:
            self._session.rollback()
        except Exception as second:  # noqa: BLE001 - of any kind: we do not know where we stand
            self.broken = self.broken or InvariantBroken(f"store: cannot roll back: {second}")
        for work in works:
            _refuse(work, work.error or error)
        if self.broken is None and isinstance(error, WorldFault):
            self._at_leisure(self._session.relieve)

    def _at_leisure(self, chore: Callable[[], None]) -> None:
        try:
            chore()
        except Exception as error:  # noqa: BLE001 - the works are durable; what follows is between us and the disk
            told = self._told(error)
            if not isinstance(told, WorldFault):
                self.broken = told if isinstance(told, InvariantBroken) else InvariantBroken(f"store: {told}")


class CancelledWork(Exception):
    """A work whose future was cancelled before it began: it leaves nothing."""


def _refuse(work: Work, error: BaseException) -> None:
    with contextlib.suppress(InvalidStateError):  # it was cancelled
        work.future.set_exception(error)


class WriterThread:
    """The one thread that writes."""

    def __init__(self, session: WriteSession, name: str) -> None:
        self._session = session
        self._commits = GroupCommit(session)
        self._queue: SimpleQueue[Work | None] = SimpleQueue()
        self._stopping = False
        self._deadline = 0.0
        self._taken = 0
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._loop, name=name, daemon=True)
        self._thread.start()

    @property
    def broken(self) -> Exception | None:
        """Why nothing more is written, or None."""
        return self._commits.broken

    def submit(self, function: Callable[[Tx], T]) -> Future[T]:
        """Queue a work."""
        work = Work(function)
        with self._lock:
            if self._stopping:
                work.future.set_exception(WorldFault("store: closed"))
            else:
                self._queue.put(work)
        return work.future

    def close(self) -> None:
        """Do what is queued, then end the thread."""
        with self._lock:
            if not self._stopping:
                self._stopping = True
                self._queue.put(None)
        self._thread.join()

    def _loop(self) -> None:
        try:
            while (work := self._queue.get()) is not None:
                self._deadline = time.monotonic() + GROUP_SECONDS
                self._taken = 1
                self._commits.run(work, self._more)
                del work
        finally:
            if self._commits.broken is None:
                self._session.close()
            else:
                self._session.abandon()

    def _more(self) -> Work | None:
        if self._taken >= GROUP_WORKS or time.monotonic() > self._deadline:
            return None
        try:
            work = self._queue.get_nowait()
        except Empty:
            return None
        if work is None:
            self._queue.put(None)  # closing: seen again when this transaction is done
            return None
        self._taken += 1
        return work
