"""What came at each drop: a firm says it at its home, its home tells every conductor, conductors see what is short.

Owns these words at both ends. What is settled by them is :mod:`node.services.joint.settling`; the rule and the record
are the protocol's (§19.12).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from node.services import members
from node.services.house import House
from node.services.joint import rounds, seats
from node.services.joint.seats import Seats
from node.store import Tx
from node.store.joint import ArrivalRow
from protocol.errors import CallerFault, Malformed, NotAuthorised
from protocol.process.joint import arrival, pledge, shortage
from protocol.process.joint.arrival import Arrival
from protocol.process.joint.closing import Outcome, State
from protocol.process.joint.pledge import Code, Receipt

GIVE_UP_US = 90 * 24 * 3600 * 1_000_000  # a conductor that takes no word for so long is not asked again


class Came(NamedTuple):
    """What a firm last said: place of the item → quantity; ``receipts``: conductors that have it, ``late``: of those,
    the ones that had settled before; ``time``: µs."""

    quantities: dict[int, int]
    receipts: int
    late: int
    time: int


def say(house: House, tx: Tx, member: bytes, name: bytes, quantities: Mapping[int, int]) -> bytes:
    """A firm's word about what came to it, of every item that it was to get; its hash. A later one replaces it until
    the settlement is sent."""
    house.require_signing()
    members.require_local(tx, member)
    seen = rounds.look(house, tx, name, member)
    told = next((each for each in reversed(seen.told) if each.slip is not None), None)
    if told is None or told.slip is None or told.result.state is not State.CONCLUDED:
        raise CallerFault("round", "it is not concluded, or this firm has no part in it")
    if member in tx.joint.settled(name):
        raise CallerFault("round", "the settlement has been sent: talk with the association about what changes")
    before = next((row for row in tx.joint.arrivals(name) if row.member == member), None)
    epoch = members.require_log(house, tx, member).epoch
    made = Arrival(
        name,
        member,
        epoch.hash,
        before.revision + 1 if before is not None else 0,
        tuple(sorted(quantities.items())),
        house.clock(),
    )
    granted = dict(told.slip.granted)
    if quantities.keys() != granted.keys():
        raise CallerFault("came", "every item that the firm was to get, and no other")
    for at, quantity in made.came:
        if not 0 <= quantity <= granted[at]:
            raise CallerFault("came", f"0 to {granted[at]}, as ordered: what is too much is another order")
    data = arrival.sign(house.keyring[epoch.hash], made)
    word = arrival.claimed(data, name).hash
    tx.joint.put_arrival(ArrivalRow(name, member, made.revision, word, data, house.clock(), True))
    return word


def take(house: House, tx: Tx, machines: Seats, body: bytes) -> bytes:
    """A conductor's receipt for such a word: ``late`` once this conductor has sent the firm its settlement.

    NotAuthorised where the epoch is not the firm's, or the firm has no share; Malformed for what does not fit it.
    """
    name = seats.name_in(body)
    outcome = rounds.require_outcome(house, tx, machines, name)
    claimed = arrival.claimed(body, name).arrival
    key = seats.key_of(house, tx, claimed.member, claimed.epoch)
    if key is None:
        raise NotAuthorised("epoch: not known here as one of this firm's")
    said = arrival.verify(body, name, key)
    share = next((each for each in outcome.shares if each.pledge.member == claimed.member), None)
    if share is None:
        raise NotAuthorised("member: has no part in this result")
    arrival.require_of(share.granted, claimed.came)
    before = next((row for row in tx.joint.arrivals(name) if row.member == claimed.member), None)
    code = Code.TAKEN
    if before is None or said.hash != before.word:
        if before is not None and claimed.revision <= before.revision:
            raise Malformed("revision: another word of this revision, or a later one, was taken")
        if claimed.member in tx.joint.settled(name):
            code = Code.LATE
        else:
            now = house.clock()
            tx.joint.put_arrival(ArrivalRow(name, claimed.member, claimed.revision, said.hash, body, now, False))
    receipt = Receipt(name, outcome.result.attempt, said.hash, code, house.clock())
    return pledge.sign_receipt(house.node, receipt)


def receipted(tx: Tx, name: bytes, word: bytes, conductors: int) -> None:
    """A receipt came for a word; once all have it, nobody is asked again."""
    if len([number for (of, number) in tx.joint.receipts(name) if of == word]) < conductors:
        return
    for row in tx.joint.arrivals(name):
        if row.word == word and row.open:
            tx.joint.put_arrival(row._replace(open=False))


def own(tx: Tx, name: bytes, member: bytes) -> Came | None:
    """What a firm of this node last said."""
    row = next((each for each in tx.joint.arrivals(name) if each.member == member), None)
    if row is None:
        return None
    found = seats.require(tx, name)
    wires = [wire for (word, _), wire in tx.joint.receipts(name).items() if word == row.word]
    codes = [pledge.verify_receipt(wire, found, name)[0].code for wire in wires]
    return Came(dict(arrival.claimed(row.data, name).arrival.came), len(codes), codes.count(Code.LATE), row.time)


def known(tx: Tx, name: bytes) -> dict[bytes, dict[int, int]]:
    """What firms have said came to them, at a conductor: member → place of the item → quantity."""
    return {row.member: dict(arrival.claimed(row.data, name).arrival.came) for row in tx.joint.arrivals(name)}


def arrived(tx: Tx, name: bytes, outcome: Outcome) -> Outcome:
    """What is to be settled by what came; who has said nothing counts as having got everything."""
    return shortage.arrived(outcome, known(tx, name))
