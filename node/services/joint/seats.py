"""The rounds that this node conducts, as machines over the store: loaded when wanted, written before anything is sent.

Owns the way between :class:`federation.conducting.Conducting` and the tables. The machines lie in memory between
transactions; one whose transaction failed is dropped and read again. Must not know how messages travel.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from federation import conducting
from federation.conducting import Conducting, Send
from node.services import members
from node.services.house import House
from node.store import Tx
from node.store.joint import ClosedRow, WordRow
from protocol import canon, shape
from protocol.errors import CallerFault, Malformed, NotFound
from protocol.keys import node_id
from protocol.limits import MAX_JOINT_MESSAGE_BYTES, MAX_RECORD_BYTES
from protocol.process.joint import deciding, pledge, signed, terms
from protocol.process.joint.deciding import Register
from protocol.process.joint.terms import Round

HASH_BYTES = 32


class Post(NamedTuple):
    """A message for another node."""

    node: bytes
    body: bytes


class Seats:
    """The machines of one running node."""

    def __init__(self) -> None:
        self._machines: dict[bytes, Conducting] = {}

    def of(self, house: House, tx: Tx, name: bytes) -> Conducting | None:
        """The machine of a round, if this node is one of its conductors."""
        found = self._machines.get(name)
        if found is None:
            found = _load(house, tx, name)
            if found is None:
                return None
            self._machines[name] = found
        found.key_of = lambda member, epoch: key_of(house, tx, member, epoch)
        return found

    def drop(self, name: bytes) -> None:
        """Read it again next time."""
        self._machines.pop(name, None)


def require(tx: Tx, name: bytes) -> Round:
    """A round that is known here; NotFound otherwise."""
    row = tx.joint.get(name)
    if row is None:
        raise NotFound("round", "no such round is known here")
    return terms.verify(row.data)[0]


def key_of(house: House, tx: Tx, member: bytes, epoch: bytes) -> bytes | None:
    """The signing key of a member's epoch, where it is known here and stands."""
    log = members.find_log(house, tx, member)
    found = log.epoch_named(epoch) if log is not None else None
    return found.signing_key if found is not None else None


def _load(house: House, tx: Tx, name: bytes) -> Conducting | None:
    row = tx.joint.get(name)
    if row is None:
        raise NotFound("round", "no such round is known here")
    found = terms.verify(row.data)[0]
    if all(conductor.key != house.node.public for conductor in found.conductors):
        return None
    machine = Conducting(found, name, house.node, lambda member, epoch: key_of(house, tx, member, epoch))
    accepted = tuple(row.accepted[at : at + HASH_BYTES] for at in range(0, len(row.accepted), HASH_BYTES))
    register = Register(row.attempt, row.promised, row.accepted_ballot, accepted)
    words = tx.joint.words(name)
    ended = [(each.record, each.statement) for each in tx.joint.closed(name)]
    return conducting.restore(
        machine, register, {each.word: each.data for each in words}, [each.word for each in words if each.taken], ended
    )


def save(tx: Tx, machine: Conducting) -> None:
    """Write what changed: before anything that follows from it leaves this node."""
    name, register = machine.name, machine.register
    row = tx.joint.get(name)
    assert row is not None
    new = row._replace(
        attempt=register.attempt,
        promised=register.promised,
        accepted_ballot=register.accepted_ballot,
        accepted=b"".join(register.accepted),
    )
    if new != row:
        tx.joint.put(new)
    known = {each.word: each.taken for each in tx.joint.words(name)}
    rows = [WordRow(name, word, data, word in machine.taken) for word, data in machine.words.items()]
    tx.joint.put_words([each for each in rows if known.get(each.word) != each.taken])
    kept = {each.attempt for each in tx.joint.closed(name)}
    for attempt, ended in machine.closed.items():
        if attempt not in kept:
            tx.joint.put_closed(ClosedRow(name, attempt, ended.record, machine.stated(attempt)))


def deliver(house: House, tx: Tx, machine: Conducting, sends: list[Send]) -> list[Post]:
    """Take what goes to this node itself at once, write everything, and give back what goes to others."""
    posts, waiting = [], list(sends)
    while waiting:
        send = waiting.pop(0)
        if send.to == machine.number:
            waiting += machine.on(send.body, house.clock())
        else:
            posts.append(Post(node_id(machine.round.conductors[send.to].key), send.body))
    save(tx, machine)
    return posts


def name_in(body: bytes) -> bytes:
    """The round that a message of a conductor is about. Malformed for what is no such message."""
    record = record_in(body)
    if record[0] == deciding.CLOSED_TAG:
        record = record_in(shape.binary(record[1], "result", MAX_RECORD_BYTES))
    return shape.hash32(record[1], "round")


def record_in(body: bytes) -> list[Any]:
    """The record in a message, out of its signed envelope where it has one: a list that begins with a tag."""
    raw = canon.decode(body, max_bytes=MAX_JOINT_MESSAGE_BYTES)
    if type(raw) is list and len(raw) == 4 and raw[0] == signed.TAG and type(raw[1]) is bytes:
        raw = canon.decode(raw[1], max_bytes=MAX_JOINT_MESSAGE_BYTES)
    if type(raw) is not list or len(raw) < 2 or type(raw[0]) is not str:
        raise Malformed("not a message of a round")
    found: list[Any] = raw
    return found


def take_sealed(house: House, tx: Tx, seats: Seats, body: bytes) -> bytes:
    """The receipt for a sealed word."""
    name = name_in(body)
    machine = seats.of(house, tx, name)
    if machine is None:
        raise CallerFault("round", "this node is not one of its conductors")
    receipt = machine.take(body, house.clock())
    save(tx, machine)
    return receipt


def is_sealed(tag: str) -> bool:
    """Whether a message is a sealed word."""
    return tag == pledge.SEALED_TAG
