"""The new home's part of a move: take what the old home offers, draft the record, open once that record stands there.

Owns when this node becomes the home: never before the old home has said that the record stands. What is copied lies
apart, as frames, and is forgotten if the move is cancelled. Asks nobody: that is :mod:`node.moving`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from node.services import access, claiming, members, returning
from node.services.guarding import framing
from node.services.house import House
from node.services.moving.state import COMING, State
from node.services.returning import Returned
from node.services.warding import HOME as WARDEN
from node.services.warding import in_force
from node.store import MoveInRow, Tx, WrappedKeyRow
from protocol import move, sealing
from protocol.errors import CallerFault, NotFound, PeerFault
from protocol.identity import control
from protocol.identity import log as logs
from protocol.identity.control import HOME, Epoch, Reason
from protocol.identity.genesis import Rank
from protocol.keys import SigningKey
from protocol.limits import MAX_HISTORY_BYTES
from protocol.move import Offer, Pages

_DONE: Final = frozenset({State.SETTLED.value, State.CANCELLED.value})


def begin(house: House, tx: Tx, source: bytes, offered: Offer, by: str) -> bytes:
    """An offer came for the code that was said here: the member that comes. CallerFault if it is at home here."""
    house.require_signing()
    house.require_members()
    if members.identify_history(offered.history) != offered.member:
        raise PeerFault("history: of another member than the one that is offered")
    log = members.learn_history(house, tx, offered.history)
    member = log.member
    if log.epoch.home != source:
        raise PeerFault("the member is not at home at the node that offers it", code="elsewhere")
    before = tx.moving.coming(member)
    if before is not None and before.move == offered.move:
        return member
    now = house.clock()
    claiming.verified_vault(log, offered.vault)
    tx.returning.drop(member)
    tx.returning.put(claiming.copying(member, source, offered.vault, now))
    _unlock(house, tx, member, offered.move, offered.keys)
    name = offered.name
    tx.moving.put_coming(
        MoveInRow(member, offered.move, source, name, State.COPYING.value, 0, 0, b"", "", by[:64], now, now)
    )
    access.note(house, tx, "move-begun", member=None, name=by, detail=f"{name} {member.hex()[:12]}")
    return member


def _unlock(house: House, tx: Tx, member: bytes, named: bytes, sealed: tuple[tuple[bytes, bytes], ...]) -> None:
    found = {name: sealing.unseal(key, move.key_about(named, member, name), house.node) for name, key in sealed}
    claiming.unlock(house, tx, member, found)


def require(tx: Tx, member: bytes) -> MoveInRow:
    """The move of a member to this node; NotFound if there is none."""
    row = tx.moving.coming(member)
    if row is None:
        raise NotFound("member", "does not move here")
    return row


def standing(house: House, tx: Tx, member: bytes) -> bytes:
    """The last control record of the member that is known here."""
    return members.require_log(house, tx, member).standing.hash


def take_pages(house: House, tx: Tx, member: bytes, found: Pages) -> MoveInRow:
    """Keep what was read: histories first, then frames, and the vault that opens them."""
    row = require(tx, member)
    if found.history:
        members.learn_history(house, tx, found.history)
    claiming.take_pages(house, tx, member, found.frames)
    if found.vault:
        kept = claiming.require_return(tx, member)
        claiming.verified_vault(members.require_log(house, tx, member), found.vault)
        tx.returning.put(kept._replace(vault=found.vault))
        _unlock(house, tx, member, row.move, found.keys)
    changed = row._replace(place=found.place, last=found.last, updated=house.clock(), note="")
    if (found.frames or found.history) and row.state != State.CANCELLING.value:
        changed = changed._replace(state=State.COPYING.value)
    tx.moving.put_coming(changed)
    return changed


def draft(house: House, tx: Tx, member: bytes) -> MoveInRow:
    """The record that makes this node the home, where the copies end; consented to, and of no effect by itself."""
    house.require_signing()
    row = require(tx, member)
    log = members.require_log(house, tx, member)
    tip = claiming.tip_of(house, tx, member)
    ended = tip if tip is not None and tip.place.epoch == log.epoch.hash else None
    if row.record and _still(row.record, log.standing.hash, ended.entries if ended else 0):
        return row
    key = SigningKey(house.entropy(32))
    opened = Epoch(
        number=log.epoch.number + 1,
        parent=log.epoch.hash,
        parent_seq=ended.entries if ended else 0,
        parent_head=ended.entries_head if ended else b"",
        home=house.id,
        home_key=house.node.public,
        signing_key=key.public,
        reason=Reason.MOVE,
    )
    number, previous = log.standing.number + 1, log.standing.hash
    nonce = house.entropy(16)
    record = control.draft(house.network, member, number, previous, Rank.WORDS, opened, house.clock(), nonce)
    wrapped = house.wrap.wrap(members.EPOCH_KEY, record.hash, key.seed())
    _forget_draft(tx, row)
    tx.wrapped_keys.add(WrappedKeyRow(members.EPOCH_KEY, record.hash, wrapped, house.clock()))
    wire = control.encode(control.sign(record, [(HOME, house.node)]))
    state = row.state if row.state == State.CANCELLING.value else State.READY.value
    changed = row._replace(record=wire, state=state, updated=house.clock())
    tx.moving.put_coming(changed)
    return changed


def _still(wire: bytes, previous: bytes, entries: int) -> bool:
    record = control.parse(wire).record
    return record.previous == previous and getattr(record.payload, "parent_seq", -1) == entries


def _forget_draft(tx: Tx, row: MoveInRow) -> None:
    if row.record:
        tx.wrapped_keys.delete(members.EPOCH_KEY, control.parse(row.record).record.hash)


def switched(house: House, tx: Tx, member: bytes, history: bytes) -> MoveInRow:
    """The old home says that a record of ours stands: keep it, signed as it is. PeerFault if it shows another."""
    row = require(tx, member)
    _, records = logs.parse_history(history, MAX_HISTORY_BYTES)
    ours = next((item for item in records if _opens_here(house, item)), None)
    if ours is None or tx.wrapped_keys.get(members.EPOCH_KEY, ours.record.hash) is None:
        raise PeerFault("the old home shows no record that this node has drafted", code="other-record")
    members.learn_history(house, tx, history)  # up to that record
    log = members.require_log(house, tx, member)
    logs.admit(log, ours, house.clock())  # it can be admitted: the words have signed
    changed = row._replace(record=control.encode(ours), state=State.SWITCHED.value, note="", updated=house.clock())
    tx.moving.put_coming(changed)
    return changed


def _opens_here(house: House, signed: control.Signed) -> bool:
    payload = signed.record.payload
    return isinstance(payload, Epoch) and payload.home == house.id and payload.reason is Reason.MOVE


def open_here(house: House, tx: Tx, member: bytes, copied: Mapping[bytes, str]) -> Returned:
    """Everything is put back: the member works here from this commit on. ``copied``: as in ``returning.open_here``."""
    row = require(tx, member)
    found = returning.open_here(house, tx, member, control.parse(row.record), copied)
    tx.moving.put_coming(row._replace(state=State.OPEN.value, updated=house.clock()))
    access.note(house, tx, "move-switched", member=member, name=row.by, detail=row.source.hex()[:12])
    return found


def came_otherwise(house: House, tx: Tx, member: bytes) -> bool:
    """The member is at home here already: brought back by its words after the old node died."""
    row = require(tx, member)
    known = tx.members.get(member)
    if known is None or not known.local or row.state == State.OPEN.value:
        return False
    tx.moving.put_coming(row._replace(state=State.SETTLED.value, note="returned", updated=house.clock()))
    return True


def settled(house: House, tx: Tx, member: bytes) -> None:
    """The old home knows that the member works here: what was kept apart for the move is not needed any more."""
    row = require(tx, member)
    tx.returning.forget_frames(member)
    tx.moving.put_coming(row._replace(state=State.SETTLED.value, note="", updated=house.clock()))


def note(house: House, tx: Tx, member: bytes, text: str) -> None:
    """What people see of a move that waits."""
    row = require(tx, member)
    tx.moving.put_coming(row._replace(note=text[:300], updated=house.clock()))


def want_cancel(house: House, tx: Tx, member: bytes, by: str) -> None:
    """A person does not want it: the old home has to hear so first. CallerFault once it has moved."""
    row = require(tx, member)
    if row.state in (State.SWITCHED.value, State.OPEN.value, State.SETTLED.value):
        raise CallerFault("member", "has moved already", code="moved")
    if row.state in COMING:
        tx.moving.put_coming(row._replace(state=State.CANCELLING.value, by=by[:64], updated=house.clock()))


def forget(house: House, tx: Tx, member: bytes, why: str) -> None:
    """The move is off: what was copied here goes. What a return has meanwhile begun with it stays."""
    row = require(tx, member)
    _forget_draft(tx, row)
    kept = tx.returning.get(member)
    if kept is not None and kept.state == claiming.State.COPYING.value:
        for item in claiming.verified_vault(members.require_log(house, tx, member), kept.vault).keys:
            tx.wrapped_keys.delete(claiming.VAULT_KEY, item.name)
        tx.returning.drop(member)
    ended = row._replace(state=State.CANCELLED.value, record=b"", note=why[:300], updated=house.clock())
    tx.moving.put_coming(ended)
    access.note(house, tx, "move-cancelled", member=None, name=row.by, detail=f"{row.name} {member.hex()[:12]}")


def lacking_agreements(house: House, tx: Tx, member: bytes) -> list[bytes]:
    """Guardians of the member with whom this node has no agreement: its copies would not go on there."""
    guardians = framing.guardians_of(members.require_log(house, tx, member))
    now = house.clock()
    return [node for node in guardians if node != house.id and in_force(tx, node, WARDEN, now) is None]


def is_over(row: MoveInRow) -> bool:
    """Has it ended, one way or the other?"""
    return row.state in _DONE
