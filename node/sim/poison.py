"""Damaged memory at a sending node: one item of a batch it signs is not what it ought to be.

Owns the ways of damaging. The batch as a whole stays validly signed, so only the item may be set aside; everything
else in it has to arrive.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgpack

from node.sim.dice import Dice
from protocol import canon
from protocol.errors import YuiError
from protocol.identity import control, log
from protocol.identity.control import HOME, Epoch, Reason
from protocol.identity.genesis import Rank, Role
from protocol.keys import SigningKey
from protocol.link import batch as batches
from protocol.link.batch import Batch, Item, ItemKind

MAX_BYTES = 1 << 20


class Poisoned:
    """A damaged batch: its wire, and the position of the item that was replaced."""

    def __init__(self, wire: bytes, batch: Batch, position: int) -> None:
        self.wire = wire
        self.batch = batch
        self.position = position


def poison(wire: bytes, key: SigningKey, dice: Dice) -> Poisoned | None:
    """``wire`` with one damaged item, signed again by ``key``; None where there is nothing to damage."""
    batch = batches.verify(wire, key.public)
    documents = [at for at, item in enumerate(batch.items) if item.kind == ItemKind.DOCUMENT.value]
    histories = [at for at, item in enumerate(batch.items) if item.kind == ItemKind.HISTORY.value]
    if histories and dice.permille(400):
        at = dice.pick(histories)
        damaged = rival_history(batch.items[at].payload, key, dice)
    elif documents:
        at = dice.pick(documents)
        damaged = dice.pick(WAYS)(batch.items[at].payload, dice)
    else:
        return None
    if damaged is None or damaged == batch.items[at].payload:
        return None
    items = list(batch.items)
    items[at] = Item(items[at].position, items[at].kind, damaged)
    changed = batch._replace(items=tuple(items))
    return Poisoned(batches.sign(key, changed), changed, items[at].position)


def flip(payload: bytes, dice: Dice) -> bytes:
    """One bit is wrong."""
    at = dice.between(0, len(payload) - 1)
    return payload[:at] + bytes([payload[at] ^ (1 << dice.between(0, 7))]) + payload[at + 1 :]


def cut_short(payload: bytes, dice: Dice) -> bytes:
    """The end is missing."""
    return payload[: dice.between(0, len(payload) - 1)]


def garbage(_payload: bytes, dice: Dice) -> bytes:
    """Something else altogether."""
    return dice.take(dice.between(1, 400))


def foreign_signature(payload: bytes, dice: Dice) -> bytes:
    """Everything fits but the signature."""
    raw = _open(payload)
    raw[2] = dice.take(64)
    return canon.encode(raw)


def respelled(payload: bytes, _dice: Dice) -> bytes:
    """The same header in other bytes: every value equal, the array's length written the long way.

    Whoever verifies what it would have written itself, instead of what came, takes this for the same document.
    """
    raw = _open(payload)
    header = raw[1]
    raw[1] = b"\xdc\x00" + bytes([header[0] & 0x0F]) + header[1:] if header[0] & 0xF0 == 0x90 else header
    if raw[1] is header:
        raw[1] = b"\xdd\x00\x00" + header[1:3] + header[3:]
    return canon.encode(raw)


WAYS: tuple[Callable[[bytes, Dice], bytes], ...] = (flip, cut_short, garbage, foreign_signature, respelled, respelled)


def _open(payload: bytes) -> list[Any]:
    raw: list[Any] = msgpack.unpackb(payload, raw=False)
    return raw


def rival_history(payload: bytes, key: SigningKey, dice: Dice) -> bytes | None:
    """The node's own key signs a second successor of an epoch that has one: a rival of equal rank."""
    try:
        genesis_bytes, records = log.parse_history(payload, MAX_BYTES)
        known = log.admit_all(log.start(genesis_bytes), records, 0)
    except YuiError:
        return None
    last = known.records.get(known.standing.hash)
    if last is None or last.signed.record.rank is not Rank.NODE or not isinstance(last.signed.record.payload, Epoch):
        return None
    of = last.signed.record
    thief = SigningKey(dice.take(32))
    epoch = last.signed.record.payload._replace(signing_key=thief.public, reason=Reason.RESTART, hash=b"")
    rival = control.draft(of.network, of.member, of.number, of.previous, Rank.NODE, epoch, of.time + 1, dice.take(16))
    signed = control.sign(rival, [(Role.NODE.value, key), (HOME, key)])
    return canon.encode((log.HISTORY_TAG, genesis_bytes, [*map(control.encode, records), control.encode(signed)]))
