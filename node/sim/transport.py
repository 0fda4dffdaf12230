"""The simulated network: requests and answers between machines, and everything that may happen to them.

Owns delivery. Same promise as ``node.aio.transport``: a request ends with the answer's body or an error, and an error
says nothing about whether the request has arrived. Must not know what the bytes mean.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from node.sim.clock import Schedule
from node.sim.dice import Dice
from node.sim.faults import Fault, Tally
from node.sim.options import MS, SECOND, Options
from protocol.errors import NotAuthorised, PeerFault, WorldFault, YuiError
from protocol.keys import NodeId
from protocol.limits import REQUEST_TIMEOUT_US

Outcome = bytes | YuiError
Done = Callable[[Outcome], None]
CONNECT_TIMEOUT_US = 10 * SECOND


class Machine(Protocol):
    """What the network knows of a machine."""

    name: str
    node: NodeId

    @property
    def up(self) -> bool:
        """Does it answer at all?"""
        ...

    def receive(self, sender: NodeId, path: str, body: bytes, reply: Done) -> None:
        """Serve one request."""
        ...


class _Call:
    """One request as its caller sees it: ends once."""

    def __init__(self, done: Done) -> None:
        self._done: Done | None = done

    def end(self, outcome: Outcome) -> None:
        done, self._done = self._done, None
        if done is not None:
            done(outcome)


class Network:
    """All machines, and which of them hear which."""

    def __init__(self, schedule: Schedule, dice: Dice, options: Options, tally: Tally) -> None:
        self._schedule = schedule
        self._dice = dice
        self._options = options
        self._tally = tally
        self._machines: dict[NodeId, list[Machine]] = {}
        self._cuts: dict[tuple[str, str], int] = {}
        self._sent: dict[tuple[str, str], int] = {}
        self._delivered: dict[tuple[str, str], int] = {}
        self.faulty = True
        self.messages = 0

    def add(self, machine: Machine) -> None:
        """A machine can be called."""
        self._machines.setdefault(machine.node, []).append(machine)

    def remove(self, machine: Machine) -> None:
        """A machine is gone for good."""
        self._machines[machine.node].remove(machine)

    def cut(self, source: str, target: str) -> None:
        """Nothing gets from ``source`` to ``target`` any more, in this direction."""
        self._cuts[source, target] = self._cuts.get((source, target), 0) + 1

    def mend(self, source: str, target: str) -> None:
        """Take one cut back."""
        self._cuts[source, target] = max(0, self._cuts.get((source, target), 0) - 1)

    def mend_all(self) -> None:
        """Every wire is whole again."""
        self._cuts.clear()

    def ask(self, source: Machine, peer: NodeId, path: str, body: bytes, done: Done) -> None:
        """Send a request; ``done`` gets its end."""
        call = _Call(done)
        target = self._route(peer)
        if target is None:
            self._schedule.after(20 * MS, lambda: call.end(WorldFault("no connection", code="connect")))
            return
        if self._is_cut(source, target):
            self._schedule.after(CONNECT_TIMEOUT_US, lambda: call.end(WorldFault("no answer", code="timeout")))
            return
        self._schedule.after(REQUEST_TIMEOUT_US, lambda: call.end(WorldFault("no answer in time", code="timeout")))
        number = self._number(source, target)
        if self._roll(self._options.loss, Fault.LOSS):
            self._break(call, 20 * SECOND)
            return
        if self._roll(self._options.late):
            self._break(call, 3 * SECOND)
            self._deliver(source, target, path, body, number, self._dice.between(1, self._options.late_max), None)
            return
        self._deliver(source, target, path, body, number, self._travel(), call)
        if self._roll(self._options.duplicate, Fault.DUPLICATE):
            self._deliver(source, target, path, body, number, self._dice.between(1, 10 * SECOND), None)

    def _route(self, peer: NodeId) -> Machine | None:
        machines = [machine for machine in self._machines.get(peer, ()) if machine.up]
        return self._dice.pick(machines) if machines else None

    def _is_cut(self, source: Machine, target: Machine) -> bool:
        return self._cuts.get((source.name, target.name), 0) > 0

    def _roll(self, rate: int, kind: Fault | None = None) -> bool:
        if not self.faulty or not self._dice.permille(rate):
            return False
        if kind is not None:
            self._tally.fault(kind)
        return True

    def _travel(self) -> int:
        if self._roll(self._options.delay, Fault.DELAY):
            return self._dice.between(200 * MS, self._options.delay_max)
        return self._dice.between(2 * MS, 40 * MS)

    def _break(self, call: _Call, within: int) -> None:
        """The caller's connection breaks, sooner or later."""
        error = WorldFault("the connection broke", code="broken")
        self._schedule.after(self._dice.between(10 * MS, within), lambda: call.end(error))

    def _number(self, source: Machine, target: Machine) -> int:
        pair = (source.name, target.name)
        self._sent[pair] = self._sent.get(pair, 0) + 1
        return self._sent[pair]

    def _deliver(
        self, source: Machine, target: Machine, path: str, body: bytes, number: int, delay: int, call: _Call | None
    ) -> None:
        def arrive() -> None:
            if not target.up or self._is_cut(source, target):
                if call is not None:
                    call.end(WorldFault("the connection broke", code="broken"))
                return
            self._count_arrival((source.name, target.name), number)
            reply = _ignore if call is None else lambda outcome: self._answer(source, target, outcome, call)
            target.receive(source.node, path, body, reply)

        self._schedule.after(delay, arrive)

    def _count_arrival(self, pair: tuple[str, str], number: int) -> None:
        self.messages += 1
        if number < self._delivered.get(pair, 0):
            self._tally.fault(Fault.REORDER)
        self._delivered[pair] = max(number, self._delivered.get(pair, 0))

    def _answer(self, source: Machine, target: Machine, outcome: Outcome, call: _Call) -> None:
        if self._is_cut(target, source):
            return
        if self._roll(self._options.loss, Fault.LOSS):
            self._break(call, 10 * SECOND)
            return
        self._schedule.after(self._travel(), lambda: call.end(_as_told(outcome)))


def _ignore(_outcome: Outcome) -> None:
    """Nobody waits for the answer of a duplicate."""


def _as_told(outcome: Outcome) -> Outcome:
    """An error as the caller's transport would make it of a status and a code."""
    if isinstance(outcome, bytes):
        return outcome
    for family in (NotAuthorised, WorldFault, PeerFault):
        if isinstance(outcome, family):
            return family(str(outcome), code=outcome.code)
    return WorldFault("the peer cannot answer now", code="unavailable")
