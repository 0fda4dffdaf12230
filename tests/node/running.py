"""Associations whose real runtimes run on virtual time; the wire between them does what a test tells it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from node.procedure import Steps
from node.runtime import Runtime
from node.services import exchange
from node.services.trade import Submission, Submitted
from node.sim.clock import Schedule
from node.sim.dice import Dice
from node.sim.driver import Driver
from node.store import MemoryStore, open_memory
from protocol.errors import WorldFault, YuiError
from protocol.identity.control import Reason
from protocol.keys import NodeId
from tests.node.services.town import Association

SECOND = 1_000_000
TRAVEL_US = 10_000
Done = Callable[[bytes | YuiError], None]


class Running:
    """One association with a process. ``full``: its disk takes no more; ``heard``: paths that it was asked for."""

    def __init__(self, town: Association, street: Street) -> None:
        self.town = town
        self.street = street
        self.full = False
        self.heard: list[str] = []
        self.errors: list[YuiError] = []
        town.store = open_memory(town.store.serialize(), fault=self._on_statement)
        self.boot()

    @property
    def id(self) -> NodeId:
        return self.town.house.id

    @property
    def store(self) -> MemoryStore:
        return self.town.store

    @property
    def epoch(self) -> bytes:
        """The newest epoch of its first member."""
        row = self.town.see(lambda tx: tx.members.all(local=True))[0]
        assert row.epoch is not None
        return row.epoch

    def boot(self) -> None:
        """A new process on the same data; :meth:`start` starts it."""
        self.town.house = self.town._make_house()
        self.runtime = Runtime(self.town.house, lambda: self.street.schedule.now)
        dice = Dice(1, self.town.name)
        self.driver = Driver(
            self.runtime, self.store, self.street.schedule, dice, self._ask, lambda _need: False, lambda: None
        )

    def crash(self) -> None:
        """The process is gone."""
        self.driver.stop()

    def start(self, doubtful: Reason | None = None) -> None:
        self.run(self.runtime.start(doubtful))

    def restart(self, doubtful: Reason) -> None:
        """Stop at once and start again."""
        self.crash()
        self.boot()
        self.start(doubtful)

    def put_back(self, image: bytes) -> None:
        """Stop, and take an old image for the data; it starts as a restored node."""
        self.crash()
        self.town.store = open_memory(image, fault=self._on_statement)
        self.boot()
        self.start(Reason.RESTORE)

    def run(self, steps: Steps[None]) -> None:
        self.driver.run(steps, lambda _: None, self.errors.append)

    def submit(self, member: bytes, submission: Submission) -> Submitted:
        """A document of a clerk; its peers hear of it."""
        found = self.town.submit(member, submission)[0]
        self.runtime.notice([peer.house.id for peer in self.town.peers])
        self.driver.pump()
        return found

    def offer(self, other: Running) -> exchange.Offer | None:
        return self.town.offer(other.town)

    def _on_statement(self, sql: str) -> None:
        if self.full and sql.startswith(("INSERT", "UPDATE", "DELETE")):
            full = sqlite3.OperationalError("database or disk is full")
            full.sqlite_errorcode = sqlite3.SQLITE_FULL
            raise full

    def _ask(self, peer: NodeId, path: str, body: bytes, done: Done) -> None:
        self.street.carry(self, peer, path, body, done)


class Street:
    """All processes, which of them cannot be reached (``dark``), and which ways between two are ``cut``."""

    def __init__(self, *towns: Association) -> None:
        self.schedule = Schedule()
        self.dark: set[NodeId] = set()
        self.cut: set[tuple[NodeId, NodeId]] = set()  # (who asks, who is asked)
        self.silence_us = SECOND  # until who asks in the dark gives up
        self.houses = {town.house.id: Running(town, self) for town in towns}

    def __getitem__(self, town: Association) -> Running:
        return self.houses[town.house.id]

    def carry(self, source: Running, peer: NodeId, path: str, body: bytes, done: Done) -> None:
        """One request and its answer."""

        def lost() -> None:
            done(WorldFault("no answer", code="timeout"))

        def arrive() -> None:
            target = self.houses[peer]
            gone = peer in self.dark or source.id in self.dark or (source.id, peer) in self.cut
            if gone or not target.driver.alive:
                self.schedule.after(self.silence_us, lost)
                return
            target.heard.append(path)
            serve = target.runtime.serve(source.id, path, body)
            target.driver.run(serve, self._later(done), self._later(done))

        self.schedule.after(TRAVEL_US, arrive)

    def _later(self, done: Done) -> Callable[[bytes | YuiError], None]:
        return lambda outcome: self.schedule.after(TRAVEL_US, lambda: done(outcome))

    def wait(self, seconds: float) -> None:
        """Let so much time pass."""
        end = self.schedule.now + int(seconds * SECOND)
        while (due := self.schedule.next_time()) is not None and due <= end:
            self.schedule.step()
        self.schedule.now = end
