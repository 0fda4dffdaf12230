"""What every operation of the HTTP APIs is given: the house, its store, and whom to tell when something was stored.

Owns no rule. Made once by ``node.app``; the transport hangs itself in as ``peers`` and ``news``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from aiohttp import web
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter

from node.api.metrics import Metrics
from node.attachments import AttachmentFiles
from node.papers.marking.worker import Worker as MarkingWorker
from node.papers.pdf.worker import Worker as PdfWorker
from node.papers.tabular.worker import Worker as TableWorker
from node.papers.ubl.worker import Worker
from node.pos.process import Warehouse
from node.services.house import House
from node.services.transaction import Store, Tx

T = TypeVar("T")


class Arrivals:
    """Wakes those who wait for something new in the store; lets all go when the node closes."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self.closing = False

    def notify(self) -> None:
        """Something was stored. From any thread; without anybody who waits, nothing happens."""
        loop = self._loop
        if loop is None or loop.is_closed():
            return
        if loop is _running_loop():
            self._wake()
        else:
            loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        event, self._event = self._event, asyncio.Event()
        event.set()

    def close(self) -> None:
        """Nobody waits any longer."""
        self.closing = True
        self.notify()

    def next_notice(self) -> asyncio.Event:
        """Take it before looking, so that nothing that comes while looking is missed."""
        self._loop = asyncio.get_running_loop()
        return self._event

    async def wait(self, notice: asyncio.Event, seconds: float) -> None:
        """Return at the notice, or after ``seconds``."""
        if self.closing:
            return
        try:
            async with asyncio.timeout(seconds):
                await notice.wait()
        except TimeoutError:
            return


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


@dataclass
class Limits:
    """Calls per minute, by token and, for what is refused, by address. Sliding windows in memory."""

    per_token: int = 12_000
    refused_per_address: int = 60
    limiter: SlidingWindowCounterRateLimiter = field(
        default_factory=lambda: SlidingWindowCounterRateLimiter(MemoryStorage())
    )


def _no_news(_nodes: Iterable[bytes]) -> None:
    """Nobody to tell: a node without links."""


@dataclass
class Context:
    """``folder``: the data folder. ``news``: told which nodes have something waiting, after the commit, in the loop.

    ``trusted_proxies``: addresses whose X-Forwarded-For is believed. ``peers``: what the transport offers to the admin
    API (None in a node that does not serve peers). ``returns``, ``moves``: members that come (back) here,
    ``questions``: between regions, ``joint``, ``drawings``, ``groups``: their couriers, likewise.
    ``exports``: archives fetched piece by piece. ``importing``: files of sales at work; ``sales_turn``,
    ``report_turn``: one of them, and one question, at a time, so that who waits takes no thread from the others.
    ``drill``: the last one since the start.
    """

    house: House
    store: Store
    folder: Path
    metrics: Metrics = field(default_factory=Metrics)
    news: Callable[[Iterable[bytes]], None] = _no_news
    arrivals: Arrivals = field(default_factory=Arrivals)
    limits: Limits = field(default_factory=Limits)
    peers: Any = None
    returns: Any = None
    moves: Any = None
    questions: Any = None
    joint: Any = None
    drawings: Any = None
    groups: Any = None
    base_url: str = ""
    cluster: tuple[str, str] = ("", "")  # of reports: spark://host:port, and this node's address for it
    trusted_proxies: frozenset[str] = frozenset()
    files: AttachmentFiles = field(init=False)
    warehouse: Warehouse = field(init=False)
    ubl: Worker = field(default_factory=Worker)
    pdf: PdfWorker = field(default_factory=PdfWorker)
    marking: MarkingWorker = field(default_factory=MarkingWorker)
    tables: TableWorker = field(default_factory=TableWorker)
    exports: dict[str, Any] = field(default_factory=dict)
    drill: Any = None
    importing: dict[bytes, asyncio.Task[None]] = field(default_factory=dict)
    sales_turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    report_turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    in_flight: set[tuple[bytes, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.files = AttachmentFiles(self.folder / "attachments")
        self.warehouse = Warehouse(self.folder / "pos", *self.cluster)

    def close(self) -> None:
        """End the processes that read and print for it. Can be used again: they start when they are needed."""
        for worker in (self.ubl, self.pdf, self.marking, self.tables, self.warehouse):
            worker.close()

    def submit(self, work: Callable[[Tx], T]) -> Future[T]:
        """Queue ``work`` to the store's writer; what it raised leaves no trace in the house's caches either."""

        def guarded(tx: Tx) -> T:
            try:
                return work(tx)
            except BaseException:
                self.house.forget_caches()
                raise

        return self.store.submit(guarded)

    def commit(self, work: Callable[[Tx], T]) -> T:
        """:meth:`submit`, and wait. Never in the event loop."""
        return self.submit(work).result()


CONTEXT: web.AppKey[Context] = web.AppKey("context", Context)
