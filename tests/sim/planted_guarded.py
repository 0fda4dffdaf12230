"""Bugs of guardians and returns, each planted in the product's own code for as long as its context lasts.

They are the rules of continuity §1 left out, one at a time, and faults that this simulator has found before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace

import pytest

from federation import guardians
from federation.guardians import Claimant, Register, Step
from node import wardship
from node.homecoming import Homecoming
from node.procedure import Steps, commit, look
from node.services import claiming, exchange, recovery, warding
from node.services.guarding import behind, catching, sending
from node.services.house import House
from node.services.intake import Arrival
from node.store import ChainRow, GuardedRow, Tx, WardFrameRow, WardRow
from protocol.errors import YuiError
from protocol.guardian import frame, messages
from protocol.guardian.frame import Signed, Tip
from protocol.identity.control import Epoch
from protocol.identity.log import ControlLog
from protocol.keys import NodeId

Planted = Callable[[], AbstractContextManager[None]]
PLANTED: dict[str, Planted] = {}


def planted(plant: Callable[[pytest.MonkeyPatch], None]) -> Planted:
    """A context in which the bug is there; its name is the function's."""

    @contextmanager
    def lasting() -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            plant(patch)
            yield

    PLANTED[plant.__name__] = lasting
    return lasting


@planted
def nobody_asks_for_the_vault(patch: pytest.MonkeyPatch) -> None:
    """A home that was put back from a backup makes a vault key of its own before it knows the one in force."""
    patch.setattr(catching, "unshown", lambda *_args, **_named: [])
    patch.setattr(behind, "knows_vault", lambda *_: True)


@planted
def acknowledged_before_it_is_kept(patch: pytest.MonkeyPatch) -> None:
    """A guardian says that it has what came, whatever becomes of its transaction."""

    def eager(house: House, peer: NodeId, body: bytes) -> Steps[bytes]:
        message = messages.parse_frames(body)
        told = {
            item.place.member: Tip(*item.place, item.hash) for item in (frame.parse(w).frame for w in message.frames)
        }
        try:
            tips = yield from commit(lambda tx: warding.take_frames(house, tx, peer, message))
        except YuiError:
            tips = list(told.values())
        return wardship._kept(house, peer, tips)

    patch.setitem(wardship._ANSWERS, messages.FRAMES, eager)


@planted
def gaps_in_the_chain_do_not_matter(patch: pytest.MonkeyPatch) -> None:
    """A guardian keeps every frame that is signed, whatever it follows."""

    def append(tx: Tx, ward: WardRow, signed: Signed, now: int) -> bool:
        member, epoch, number = signed.frame.place
        chains = tx.wards.chains(member)
        own = next((row for row in chains if row.epoch == epoch), None)
        here = own.place if own is not None else (chains[0].place + 1 if chains else 1)
        row = WardFrameRow(*signed.frame.place, signed.frame.hash, signed.record, signed.signature, signed.sealed)
        tx.wards.add_frames([row])
        tx.wards.put_chain(ChainRow(member, epoch, here, number, signed.frame.hash))
        return True

    patch.setattr(warding, "_append", append)


@planted
def a_promise_binds_nobody(patch: pytest.MonkeyPatch) -> None:
    """A guardian that was read by a claimant goes on taking copies from the old home."""

    def settled(log: ControlLog, register: Register, path: Sequence[Epoch]) -> bool:
        return True

    patch.setattr(guardians, "_is_settled", settled)


@planted
def one_guardian_is_read(patch: pytest.MonkeyPatch) -> None:
    """A claimant believes the first guardian that answers."""

    def step(self: Claimant) -> Step:
        if not self.copied:
            return Step.READ
        if len(self.written) < self.guardians.q:
            return Step.WRITE_BACK
        return Step.OPEN if len(self.countersigned) >= self.guardians.q else Step.CLAIM

    patch.setattr(Claimant, "step", property(step))


@planted
def one_countersignature_is_enough(patch: pytest.MonkeyPatch) -> None:
    """A claimant opens as soon as anybody stands for it."""

    def step(self: Claimant) -> Step:
        if len(self.copied) < self.guardians.r:
            return Step.READ
        if len(self.written) < self.guardians.q:
            return Step.WRITE_BACK
        return Step.OPEN if self.countersigned else Step.CLAIM

    patch.setattr(Claimant, "step", property(step))


@planted
def safe_with_one_copy(patch: pytest.MonkeyPatch) -> None:
    """One guardian's word, and a document is called safe."""
    settling = sending.settle

    def hasty(house: House, tx: Tx, log: ControlLog, row: GuardedRow) -> GuardedRow:
        chosen = log.standing.guardians
        if chosen is None:
            return settling(house, tx, log, row)
        return settling(house, tx, replace(log, standing=log.standing._replace(guardians=chosen._replace(k=1))), row)

    patch.setattr(sending, "settle", hasty)


@planted
def write_back_left_out(patch: pytest.MonkeyPatch) -> None:
    """A claimant keeps for itself what it read from one guardian and others lack."""

    def give(self: Homecoming, at: Claimant, guardian: bytes, tip: frame.Frame | None) -> Steps[None]:
        yield from look(lambda tx: claiming.require_return(tx, self._member))

    patch.setattr(Homecoming, "_give", give)


@planted
def nothing_is_handed_over(patch: pytest.MonkeyPatch) -> None:
    """Two homes compare what they hold of a member, and neither gives anything."""

    def nothing(tx: Tx, peer: bytes, documents: Sequence[bytes]) -> list[bytes]:
        return []

    patch.setattr(recovery, "_at_home_at", nothing)


@planted
def neighbours_are_forgotten(patch: pytest.MonkeyPatch) -> None:
    """What comes back to its author does not go on to a recipient in the same house."""

    def nobody(self: exchange.Reception, adopted: Arrival) -> list[Arrival]:
        return []

    patch.setattr(exchange.Reception, "_for_neighbour", nobody)
