"""One simulated machine: a disk, a clock, backups, and at most one process of the product running on them.

Owns power, disk and what goes wrong with either. The Store, House, Runtime and services inside are the product's own.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol, TypeVar

from node.procedure import Commit, Need, Steps, commit
from node.runtime import BATCHES, NEXT, TAKE_BATCH, Runtime
from node.services import trade
from node.services.house import House
from node.services.trade import Outcome, Submission
from node.sim.clock import Clock, Schedule
from node.sim.dice import Dice
from node.sim.driver import Driver, MachineDied, Result
from node.sim.faults import Fault, Tally
from node.sim.transport import Done, Network
from node.store import MemoryStore, Tx, open_memory
from protocol.errors import WorldFault, YuiError
from protocol.identity.control import Reason
from protocol.keys import NodeId, SigningKey, node_id

T = TypeVar("T")
_WRITES = ("INSERT", "UPDATE", "DELETE", "COMMIT")


class PlainWrap:
    """Keys at rest on a simulated disk, which nobody steals."""

    def wrap(self, purpose: str, subject: bytes, secret: bytes) -> bytes:
        """As ``KeyWrap``."""
        return secret

    def unwrap(self, purpose: str, subject: bytes, wrapped: bytes) -> bytes:
        """As ``KeyWrap``."""
        return wrapped


class Backup(NamedTuple):
    """An image of the store and when it was taken (virtual µs)."""

    taken: int
    image: bytes


class Settings(NamedTuple):
    """What stays the same for a machine, whatever process runs on it."""

    name: str
    key: SigningKey
    association: bytes
    batch_items: int
    seed: int
    is_copy: bool = False


class Watcher:
    """Who wants to know what happens on machines; the invariants do. ``path`` is that of the request."""

    def started(self, host: Host) -> None:
        """A process runs."""

    def committed(self, host: Host, label: str, about: bytes) -> None:
        """A transaction is durable; ``label`` and ``about`` as in :class:`node.procedure.Commit`."""

    def rolled_back(self, host: Host) -> None:
        """The disk is older than it was."""

    def asks(self, host: Host, peer: NodeId, path: str, body: bytes) -> None:
        """A request leaves the machine."""

    def answers(self, host: Host, peer: NodeId, path: str, body: bytes) -> None:
        """An answer leaves the machine."""

    def refuses(self, host: Host, wire: bytes, error: YuiError) -> None:
        """A batch that was sent to this machine was refused as a whole."""


class Mouth(Protocol):
    """What a machine that lies says."""

    def at_once(self, sender: NodeId, path: str, body: bytes) -> bytes | None:
        """An answer without doing anything, or None: it does as it is told."""
        ...

    def instead(self, path: str, truth: bytes | YuiError) -> bytes | YuiError:
        """What it answers in place of the truth, or the truth."""
        ...


class Host:
    """A machine. ``image`` is what is on its disk while no process runs."""

    def __init__(
        self, settings: Settings, image: bytes, schedule: Schedule, network: Network, tally: Tally, watcher: Watcher
    ) -> None:
        self.settings = settings
        self.name = settings.name
        self.node = node_id(settings.key.public)
        self.clock = Clock(schedule)
        self.image = image
        self.backups: list[Backup] = []
        self.store: MemoryStore | None = None
        self.house: House | None = None
        self.process: Driver | None = None
        self.crash_before_receipt = False
        self.tamper: Callable[[Host, bytes], bytes] = lambda _host, wire: wire
        self.liar: Mouth | None = None
        self._schedule = schedule
        self._network = network
        self._tally = tally
        self._watcher = watcher
        self._boots = 0
        self._restored = False  # since the last start
        self._forgetful = False  # and has not opened since
        self._crash_in: int | None = None
        self._full_in: int | None = None
        self.on_death: Callable[[Host], None] = lambda _host: None
        network.add(self)

    @property
    def is_copy(self) -> bool:
        """Was its disk copied from another machine that is still there? What only it holds is nobody's."""
        return self.settings.is_copy

    @property
    def up(self) -> bool:
        """Is a process running?"""
        return self.process is not None

    @property
    def is_reading(self) -> bool:
        """Was its disk put back, and has it not yet heard from its peers what it has lost?"""
        if self._forgetful and not self._restored:
            doubt = self.look(lambda tx: tx.meta.get("recovering"))
            self._forgetful = doubt == Reason.RESTORE.value.encode()
        return self._forgetful

    # --- power

    def boot(self, doubtful: Reason | None) -> None:
        """Start a process on what is on the disk."""
        assert not self.up, "one process at a time"
        if self._restored:  # as the marker beside the data tells, whoever presses the button
            doubtful = Reason.RESTORE
        self._restored = False
        self._boots += 1
        self._tally.note(self._schedule.now, self.name, "boot", doubtful.value if doubtful else "clean")
        dice = Dice(self.settings.seed, self.name, "boot", self._boots)
        self.store = open_memory(self.image, fault=self._on_statement)
        self.house = House(
            network="test",
            node=self.settings.key,
            wrap=PlainWrap(),
            clock=self.clock.wall_us,
            entropy=dice.take,
            association=self.settings.association,
            name=self.name,
        )
        runtime = Runtime(self.house, self.clock.monotonic_us, batch_items=self.settings.batch_items)
        timing = Dice(self.settings.seed, self.name, "timing", self._boots)
        process = Driver(runtime, self.store, self._schedule, timing, self._ask, self._committed, self._died)
        self.process = process
        process.run(runtime.start(doubtful), lambda _: self._watcher.started(self), self._start_failed)

    def power_off(self, why: str) -> None:
        """The process is gone, what was committed is not."""
        if self.process is None or self.store is None:
            return
        self._tally.note(self._schedule.now, self.name, "down", why)
        self.process.stop()
        self.process = None
        self.image = self.store.serialize()
        self.store.close()
        self.store = None
        self.house = None
        self.calm()

    def back_up(self) -> None:
        """Take a backup, which is kept; none of a node that has not yet asked its peers what it may have lost."""
        if self.store is not None and self.house is not None and not self.house.recovering:
            self.backups.append(Backup(self._schedule.now, self.store.serialize()))

    def destroy(self) -> None:
        """The machine and its disk are gone."""
        self.power_off("destroyed")
        self.image = b""

    def put_back(self, backup: Backup) -> None:
        """Replace the disk by a backup; the machine must be off."""
        assert not self.up
        self.image = backup.image
        self._restored = self._forgetful = True
        self.backups = [item for item in self.backups if item.taken <= backup.taken]
        self._watcher.rolled_back(self)

    def _start_failed(self, error: YuiError) -> None:
        self.power_off(f"start failed: {error.code}")
        self.on_death(self)

    # --- faults of power and disk

    def crash_at_write(self, statements: int) -> None:
        """Die at the ``statements``-th write from now."""
        self._crash_in = statements

    def fill_disk(self, statements: int) -> None:
        """Answer the ``statements``-th write from now with "disk full"."""
        self._full_in = statements

    def calm(self) -> None:
        """Nothing that was planned will happen to this machine any more."""
        self._crash_in = self._full_in = None
        self.crash_before_receipt = False

    def _on_statement(self, sql: str) -> None:
        if not sql.startswith(_WRITES):
            return
        if self._crash_in is not None:
            self._crash_in -= 1
            if self._crash_in <= 0:
                self._crash_in = None
                self._tally.fault(Fault.CRASH_AT_WRITE)
                raise MachineDied
        if self._full_in is not None and sql != "COMMIT":
            self._full_in -= 1
            if self._full_in <= 0:
                self._full_in = None
                self._tally.fault(Fault.DISK_FULL)
                full = sqlite3.OperationalError("database or disk is full")
                full.sqlite_errorcode = sqlite3.SQLITE_FULL
                raise full

    def _died(self) -> None:
        self.power_off("crash at write")
        self.on_death(self)

    def _committed(self, need: Commit[object]) -> bool:
        self._watcher.committed(self, need.label, need.about)
        if self.crash_before_receipt and need.label == TAKE_BATCH:
            self._tally.fault(Fault.CRASH_BEFORE_RECEIPT)
            self.power_off("crash between commit and receipt")
            self.on_death(self)
            return True
        return False

    # --- the network's side

    def receive(self, sender: NodeId, path: str, body: bytes, reply: Done) -> None:
        """Serve a request of another machine."""
        process = self.process
        if process is None:
            reply(WorldFault("no connection", code="connect"))
            return

        def done(answer: bytes) -> None:
            if path == NEXT and answer:
                answer = self.tamper(self, answer)
            self._watcher.answers(self, sender, path, answer)
            reply(answer if self.liar is None else self.liar.instead(path, answer))

        def refused(error: YuiError) -> None:
            if path == BATCHES:
                self._watcher.refuses(self, body, error)
            reply(error if self.liar is None else self.liar.instead(path, error))

        self._tally.note(self._schedule.now, self.name, "serves", path, sender.hex()[:8], len(body))
        if self.liar is not None and (lie := self.liar.at_once(sender, path, body)) is not None:
            reply(lie)
            return
        process.run(process.runtime.serve(sender, path, body), done, refused)

    def _ask(self, peer: NodeId, path: str, body: bytes, done: Done) -> None:
        if path == BATCHES:
            body = self.tamper(self, body)
        self._watcher.asks(self, peer, path, body)
        self._tally.note(self._schedule.now, self.name, "asks", path, peer.hex()[:8], len(body))
        self._network.ask(self, peer, path, body, done)

    # --- what people and programs do at this node

    def write(self, work: Callable[[Tx, House], T], done: Result[T], refused: Callable[[YuiError], None]) -> None:
        """One transaction of a person at this node. ``refused`` also when the node is down."""
        process, house = self.process, self.house
        if process is None or house is None:
            refused(WorldFault("no connection", code="connect"))
            return

        def steps() -> Steps[T]:
            try:
                return (yield from commit(lambda tx: work(tx, house)))
            except BaseException:
                house.forget_caches()
                raise

        process.run(steps(), done, refused)

    def submit(
        self, member: bytes, what: Sequence[Submission], done: Result[Outcome], refused: Callable[[YuiError], None]
    ) -> None:
        """A clerk presses the button."""

        def told(outcome: Outcome) -> None:
            if self.process is not None:
                self.process.runtime.notice(outcome.news)
                self.process.pump()
            done(outcome)

        self.write(lambda tx, house: trade.submit(house, tx, member, what), told, refused)

    def look(self, work: Callable[[Tx], T]) -> T:
        """Read what is committed, whether or not a process runs."""
        if self.store is not None:
            return self.store.read(work)
        store = open_memory(self.image)
        try:
            return store.read(work)
        finally:
            store.close()


__all__ = ["Backup", "Host", "Need", "PlainWrap", "Settings", "Watcher"]
