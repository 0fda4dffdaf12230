"""What people do with rounds: announce one, pledge for a member, withdraw, look, send the order.

Owns these steps, each one transaction. How words and results travel is :mod:`node.services.joint.travelling`.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import NamedTuple

from node.services import members, trade
from node.services.desk import parties
from node.services.house import House
from node.services.joint import seats
from node.services.joint.seats import Seats
from node.services.trade import Submission
from node.store import Tx
from node.store.joint import OwnRow, RoundRow
from protocol.errors import CallerFault, NotFound
from protocol.keys import node_id
from protocol.process.joint import billing, closing, deciding, pledge, sharing, terms
from protocol.process.joint.closing import Outcome, Result, Slip, State
from protocol.process.joint.pledge import Code, Pledge, Want
from protocol.process.joint.terms import Round
from protocol.process.trade.papers.ordering import Order

MAX_ROUNDS = 200  # the latest: of these people and the courier know
MAX_OPEN = 20  # of one association
AFTER_US = 7 * 24 * 3600 * 1_000_000
JAPAN = datetime.timezone(datetime.timedelta(hours=9))


class Own(NamedTuple):
    """A member's part in a round. ``receipts``: conductors that took its last word, of ``conductors``."""

    member: bytes
    pledge: Pledge
    word: bytes
    receipts: int
    late: int


class Told(NamedTuple):
    """How an attempt ended for a member; ``slip`` None if it has no part, ``alone``: yen for the same goods alone."""

    member: bytes
    result: Result
    slip: Slip | None
    alone: int


class Seen(NamedTuple):
    """A round as this node knows it. ``closed``: results that it has seen proved; ``taken``: firms whose words this
    conductor holds (None where it is none)."""

    name: bytes
    round: Round
    row: RoundRow
    own: tuple[Own, ...]
    told: tuple[Told, ...]
    closed: tuple[Result, ...]
    taken: int | None


def announce(house: House, tx: Tx, found: Round) -> bytes:
    """Sign a round of this association and keep it; its hash."""
    house.require_signing()
    if found.deadline <= house.clock():
        raise CallerFault("deadline", "lies in the past")
    if found.conductors[0].key != house.node.public:
        raise CallerFault("conductors[0]", "this node organises its own rounds")
    members.require_local(tx, found.conductors[0].buyer)
    data = terms.sign(house.node, found)
    return learn(house, tx, data)


def learn(house: House, tx: Tx, data: bytes) -> bytes:
    """Keep a round that somebody announced; its hash. The organiser's signature is what counts, not who brings it."""
    found, name = terms.verify(data)
    if found.network != house.network:
        raise CallerFault("network", "the round belongs to another network")
    if tx.joint.get(name) is None:
        _require_room(house, tx, found)
        tx.joint.put(RoundRow(name, data, house.clock()))
    return name


def _require_room(house: House, tx: Tx, found: Round) -> None:
    """Only associations that this node knows announce rounds here, and only so many at a time."""
    organiser = found.conductors[0].key
    peer = tx.peers.get(node_id(organiser))
    if organiser != house.node.public and (peer is None or peer.state != "accepted"):
        raise CallerFault("conductors[0]", "not an association that this one is connected to", code="no-peer")
    known = [terms.verify(row.data)[0] for row in tx.joint.all(MAX_ROUNDS)]
    theirs = [each for each in known if each.conductors[0].key == organiser and is_running(each, house.clock())]
    if len(theirs) >= MAX_OPEN:
        raise CallerFault("round", f"one association has at most {MAX_OPEN} rounds open at a time")


def is_running(found: Round, now: int) -> bool:
    """Whether something may still have to be done about a round: until a week after its last deadline."""
    return now < found.due(found.attempts - 1) + AFTER_US


def say(
    house: House,
    tx: Tx,
    member: bytes,
    name: bytes,
    wants: Sequence[Want],
    *,
    drop: int = 0,
    extra: int = 0,
    large: bool = False,
) -> bytes:
    """A member's next word: a pledge, or with no wants a withdrawal; its hash. It goes to the conductors from here."""
    house.require_signing()
    members.require_local(tx, member)
    found = seats.require(tx, name)
    last = max((found.due(attempt) for attempt in range(found.attempts)), default=0)
    if house.clock() >= last:
        raise CallerFault("round", "its last deadline has passed")
    before = [row for row in tx.joint.own(name) if row.member == member]
    if not wants and not before:
        raise NotFound("round", "nothing was pledged")
    epoch = members.require_log(house, tx, member).epoch
    made = Pledge(
        name,
        member,
        epoch.hash,
        before[-1].revision + 1 if before else 0,
        drop,
        tuple(sorted(wants)),
        extra,
        large,
        house.entropy(pledge.SALT_BYTES),
        house.clock(),
    )
    key = house.keyring[epoch.hash]
    data = pledge.sign(key, found, made)
    word = pledge.verify(data, found, name, key.public).hash
    tx.joint.put_own(OwnRow(name, member, made.revision, word, data, house.clock()))
    return word


def look(house: House, tx: Tx, name: bytes, member: bytes = b"") -> Seen:
    """A round; with ``member`` only this member's own words and slip."""
    row = tx.joint.get(name)
    if row is None:
        raise NotFound("round", "no such round is known here")
    found = terms.verify(row.data)[0]
    told = tuple(_told(found, name, who, wire) for (_, who), wire in sorted(tx.joint.told(name).items()))
    closed = {result.attempt: result for result in (each.result for each in told)}
    for ended in tx.joint.closed(name):
        closed[ended.attempt] = deciding.verify_closed(ended.record, found, name)
    conducts = any(conductor.key == house.node.public for conductor in found.conductors)
    return Seen(
        name,
        found,
        row,
        tuple(own for own in _own(tx, found, name) if member in (b"", own.member)),
        tuple(each for each in told if member in (b"", each.member)),
        tuple(closed[attempt] for attempt in sorted(closed)),
        sum(word.taken for word in tx.joint.words(name)) if conducts else None,
    )


def _own(tx: Tx, found: Round, name: bytes) -> list[Own]:
    last = {row.member: row for row in tx.joint.own(name)}
    codes: dict[bytes, list[Code]] = {}
    for (word, _), wire in tx.joint.receipts(name).items():
        codes.setdefault(word, []).append(pledge.verify_receipt(wire, found, name)[0].code)
    return [
        Own(
            member,
            pledge.claimed(row.data, found, name).pledge,
            row.word,
            codes.get(row.word, []).count(Code.TAKEN),
            codes.get(row.word, []).count(Code.LATE),
        )
        for member, row in sorted(last.items())
    ]


def _told(found: Round, name: bytes, member: bytes, wire: bytes) -> Told:
    record, data, path = closing.parse_told(wire)
    result = deciding.verify_closed(record, found, name)
    slip = closing.verify_slip(result, data, path) if data else None
    return Told(member, result, slip, sharing.alone(found, slip.granted) if slip else 0)


def require_outcome(house: House, tx: Tx, machines: Seats, name: bytes) -> Outcome:
    """What a round came to, at a conductor; CallerFault while it is open or where it came to nothing."""
    seats.require(tx, name)
    machine = machines.of(house, tx, name)
    if machine is None:
        raise CallerFault("round", "this node is not one of its conductors")
    ended = machine.closed.get(machine.register.attempt)
    outcome = machine.outcomes.get(ended.result.words) if ended else None
    if outcome is None or outcome.result.state is not State.CONCLUDED:
        raise CallerFault("round", "it is not concluded")
    return outcome


def send_order(house: House, tx: Tx, machines: Seats, name: bytes) -> tuple[bytes, frozenset[bytes]]:
    """Send the one order of a concluded round in the name of this conductor's buyer: its id, and which nodes have
    news. A second time it is the same."""
    outcome, row = require_outcome(house, tx, machines, name), tx.joint.get(name)
    assert row is not None
    if row.ordered:
        return row.ordered, frozenset()
    found = outcome.round
    if not found.supplier:
        raise CallerFault("supplier", "is no member of any association here: send the order another way")
    number = found.number_of(house.node.public)
    buyer = found.conductors[number].buyer
    today = datetime.datetime.fromtimestamp(house.clock() / 1_000_000, JAPAN).date().isoformat()
    order = Order(
        number=billing.names_round(name),
        issue_date=today,
        currency="JPY",
        buyer=parties.party_of(tx, buyer),
        seller=parties.party_of(tx, found.supplier),
        lines=billing.order_lines(outcome),
        allowances=billing.order_allowances(outcome),
        totals=billing.order_totals(outcome),
    )
    done = trade.submit(house, tx, buyer, [Submission(found.supplier, order)])
    tx.joint.set_ordered(name, done.submitted[0].id)
    return done.submitted[0].id, done.news
