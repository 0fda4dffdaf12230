"""A person who brings a member back at one machine, and begins again until the member is at home somewhere.

Owns patience. The return itself is the product's (:mod:`node.homecoming`), run on the machine's own process.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from node import homecoming
from node.homecoming import Home, Homecoming, Patience
from node.procedure import Steps
from node.runtime import Runtime
from node.services import warding
from node.services.house import House
from node.signing import KeyRing
from node.sim.clock import Schedule
from node.sim.dice import Dice
from node.sim.driver import Driver
from node.sim.host import Host
from node.sim.options import SECOND
from node.store import Tx
from protocol.errors import WorldFault, YuiError
from protocol.identity.genesis import Rank
from protocol.keys import NodeId

LOOK_EVERY_US = 15 * SECOND
PATIENCE = Patience(rounds=6, tries=6)


class Case(NamedTuple):
    """Whose return, where, by what right, and whether an epoch is to be undone."""

    member: bytes
    host: Host
    ring: KeyRing
    undoes: bytes = b""


class Bringing:
    """One person. ``over``: has somebody else won, or has it become pointless? ``came``: told of success."""

    def __init__(
        self,
        case: Case,
        hosts: Sequence[Host],
        schedule: Schedule,
        dice: Dice,
        *,
        over: Callable[[], bool],
        came: Callable[[Case], None],
        note: Callable[..., None],
        tries: int = 400,
    ) -> None:
        self.case = case
        self.done = False
        self.last = ""
        self._hosts = hosts
        self._schedule = schedule
        self._dice = dice
        self._over = over
        self._came = came
        self._note = note
        self._tries = tries
        self._process: Driver | None = None
        self._turn = 0
        self._look()

    def _look(self) -> None:
        """Begin, or begin again after the process died under it."""
        if self.done:
            return
        host = self.case.host
        idle = self._process is None or self._process is not host.process
        if idle and (self._over() or self._tries <= 0):  # what is under way goes on to its end, as people find out
            self.done = True
            return
        if idle and host.process is not None and host.house is not None and not host.house.recovering:
            self._begin(host.process, host.house)
        self._schedule.after(LOOK_EVERY_US, self._look)

    def _begin(self, process: Driver, house: House) -> None:
        self._process = process
        self._tries -= 1
        self._turn += 1
        turn = self._turn
        if self.case.ring.rank is Rank.GUARDIANS:
            self._ask_for_consent()
        process.run(
            self._steps(house, process.runtime),
            lambda home: self._succeeded(turn, home),
            lambda error: self._failed(turn, error),
        )
        process.pump()

    def _ask_for_consent(self) -> None:
        """The staff of every other node agree."""
        claimant = self.case.host.node
        for host in self._hosts:
            if host.up and host.node != claimant:
                host.write(partial(_consent, self.case.member, claimant), lambda _: None, lambda _error: None)

    def _steps(self, house: House, runtime: Runtime) -> Steps[Home]:
        case = self.case
        role, key = case.ring.signers[-1]
        peers = [NodeId(host.node) for host in self._hosts if host.node != case.host.node]
        found = yield from homecoming.find(house, peers, role, key)
        if case.member not in found:
            raise WorldFault("nobody knows this member", code="unknown")
        coming = Homecoming(house, case.member, case.ring, runtime.notice, undoes=case.undoes, patience=PATIENCE)
        return (yield from coming.run())

    def _succeeded(self, turn: int, _home: Home) -> None:
        if turn == self._turn and not self.done:
            self.done = True
            self._came(self.case)

    def _failed(self, turn: int, error: YuiError) -> None:
        if turn != self._turn or self.done:
            return
        if error.code == "at-home" and not self.case.undoes:  # another try of the same person was there first
            self.done = True
            self._came(self.case)
            return
        self.last = f"{error.code}: {error}"
        self._note("return fails", self.case.host.name, error.code)
        self._schedule.after(self._dice.between(20 * SECOND, 150 * SECOND), self._rested)

    def _rested(self) -> None:
        self._process = None


def _consent(member: bytes, claimant: NodeId, tx: Tx, house: House) -> int:
    return warding.consent(house, tx, [member], claimant, "staff")
