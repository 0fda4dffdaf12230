"""What of rounds travels between nodes, and what is made of what comes: announcements, words, closings, slips.

Owns the wrapping message ``["yui/joint-post/1", body, [history]]`` (the histories let a conductor verify words of firms
that it has never heard of) and the question for a slip. When anything is sent is :mod:`node.joint`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import Final, NamedTuple

from federation.conducting import Conducting
from node.services import members
from node.services.house import House
from node.services.joint import receiving, rounds, seats
from node.services.joint.seats import Post, Seats
from node.store import Tx
from node.store.joint import RoundRow
from protocol import canon, shape
from protocol.errors import CallerFault, Malformed, NotFound, PeerFault, YuiError
from protocol.keys import node_id
from protocol.limits import MAX_HISTORY_BYTES, MAX_JOINT_MESSAGE_BYTES
from protocol.process.joint import arrival, closing, deciding, metering, pledge, terms
from protocol.process.joint.closing import State
from protocol.process.joint.metering import Meter
from protocol.process.joint.terms import Round

POST_TAG: Final = "yui/joint-post/1"
ASK_TAG: Final = "yui/joint-ask/1"
METER_ASK_TAG: Final = "yui/joint-meter-ask/1"
PATH: Final = "/peer/v1/joint"
MAX_BODY_BYTES: Final = MAX_JOINT_MESSAGE_BYTES + 2 * MAX_HISTORY_BYTES
MAX_HISTORIES: Final = 512
NOTHING: Final = canon.encode(None)
TURN_US: Final = 5 * 1_000_000  # a deputy calls so much later than the one before it


class Errand(NamedTuple):
    """Something to bring to another node or to this one. ``word``, ``conductor``: what a receipt will be for;
    ``asks``: (attempt, member) of a slip."""

    round: bytes
    node: bytes
    body: bytes
    word: bytes = b""
    conductor: int = -1
    asks: tuple[int, bytes] | None = None


def wrap(body: bytes, histories: Iterable[bytes] = ()) -> bytes:
    """What is posted."""
    return canon.encode((POST_TAG, body, tuple(histories)))


# --- what comes


def receive(house: House, tx: Tx, machines: Seats, node: bytes, data: bytes) -> tuple[bytes, list[Post]]:
    """Take one message of a peer: the answer, and what is to be sent on."""
    raw = shape.record(canon.decode(data, max_bytes=MAX_BODY_BYTES), POST_TAG, 3)
    for history in shape.array(raw[2], "histories", MAX_HISTORIES):
        with contextlib.suppress(PeerFault):
            members.learn_history(house, tx, shape.binary(history, "histories", MAX_HISTORY_BYTES))
    body = shape.binary(raw[1], "body", MAX_JOINT_MESSAGE_BYTES)
    tag = seats.record_in(body)[0]
    if tag == terms.TAG:
        rounds.learn(house, tx, body)
        return NOTHING, []
    if tag == ASK_TAG:
        return tell(house, tx, machines, node, body), []
    if tag == METER_ASK_TAG:
        return meter(house, tx, machines, node, body), []
    if tag == arrival.TAG:
        return receiving.take(house, tx, machines, body), []
    name = seats.name_in(body)
    try:
        if seats.is_sealed(tag):
            return seats.take_sealed(house, tx, machines, body), []
        machine = machines.of(house, tx, name)
        if machine is None:
            raise Malformed("round: this node is not one of its conductors")
        return NOTHING, seats.deliver(house, tx, machine, machine.on(body, house.clock()))
    except BaseException:
        machines.drop(name)
        raise


def tell(house: House, tx: Tx, machines: Seats, node: bytes, body: bytes) -> bytes:
    """What a firm's home asks for: how an attempt ended, with the firm's slip; nil while it has not ended. Only the
    home that the firm's control log names is told."""
    raw = shape.record(canon.decode(body), ASK_TAG, 4)
    name, member = shape.hash32(raw[1], "round"), shape.hash32(raw[3], "member")
    attempt = shape.integer(raw[2], "attempt", 0, 1)
    machine = machines.of(house, tx, name) if tx.joint.get(name) is not None else None
    log = members.find_log(house, tx, member)
    if machine is None or log is None or log.standing.epoch is None or log.epoch.home != node:
        raise NotFound("member", "nothing to tell this node about this firm")
    ended = machine.closed.get(attempt)
    if ended is None or ended.result.words not in machine.outcomes:
        return NOTHING
    if any(share.pledge.member == member for share in machine.outcomes[ended.result.words].shares):
        return machine.slip_of(attempt, member)
    return closing.tell(ended.record, b"", ())


def meter_ask(house: House, tx: Tx, name: bytes, member: bytes) -> bytes:
    """What a firm's home posts to hear how far an open round has come."""
    return wrap(canon.encode((METER_ASK_TAG, name, member)), [members.history(house, tx, member)])


def meter(house: House, tx: Tx, machines: Seats, node: bytes, body: bytes) -> bytes:
    """The answer: this conductor's meter, for the home of a firm only; nil once the round has ended."""
    raw = shape.record(canon.decode(body), METER_ASK_TAG, 3)
    name, member = shape.hash32(raw[1], "round"), shape.hash32(raw[2], "member")
    machine = machines.of(house, tx, name) if tx.joint.get(name) is not None else None
    log = members.find_log(house, tx, member)
    if machine is None or log is None or log.standing.epoch is None or log.epoch.home != node:
        raise NotFound("member", "nothing to tell this node about this firm")
    return NOTHING if machine.register.attempt in machine.closed else machine.meter(house.clock())


def metered(found: Round, name: bytes, answer: bytes) -> Meter | None:
    """The meter in an answer; None where the round has ended. PeerFault for anything else."""
    return None if answer == NOTHING else metering.verify(answer, found, name)[0]


# --- what goes


def errands(house: House, tx: Tx, row: RoundRow) -> list[Errand]:
    """What our members' words in one round still need: conductors that have not receipted the last one, and slips."""
    found, now = terms.verify(row.data)[0], house.clock()
    told = _told_of(tx, found, row.round)
    done: list[Errand] = []
    receipts = tx.joint.receipts(row.round)
    for member, own in {own.member: own for own in tx.joint.own(row.round)}.items():
        attempt, ended = told.get(member, (0, False))
        if ended:
            continue
        for number, conductor in enumerate(found.conductors):
            to = node_id(conductor.key)
            if (own.word, number) not in receipts:
                sealed = pledge.seal(own.data, row.round, conductor.key, house.entropy(32))
                body = wrap(sealed, [members.history(house, tx, member)])
                done.append(Errand(row.round, to, body, own.word, number))
            if now >= found.due(attempt):
                body = wrap(canon.encode((ASK_TAG, row.round, attempt, member)))
                done.append(Errand(row.round, to, body, asks=(attempt, member)))
    return done + _arrivals(house, tx, found, row.round)


def _arrivals(house: House, tx: Tx, found: Round, name: bytes) -> list[Errand]:
    """What our firms have said came to them, for conductors that have not receipted it."""
    done = []
    for said in tx.joint.arrivals(name):
        if not said.open or house.clock() > said.time + receiving.GIVE_UP_US:
            continue
        receipts = tx.joint.receipts(name)
        body = wrap(said.data, [members.history(house, tx, said.member)])
        done += [
            Errand(name, node_id(conductor.key), body, said.word, number)
            for number, conductor in enumerate(found.conductors)
            if (said.word, number) not in receipts
        ]
    return done


def _told_of(tx: Tx, found: Round, name: bytes) -> dict[bytes, tuple[int, bool]]:
    """For each member the attempt to ask for next, and whether its round has ended."""
    standing: dict[bytes, tuple[int, bool]] = {}
    for (attempt, member), wire in sorted(tx.joint.told(name).items()):
        result = deciding.verify_closed(closing.parse_told(wire)[0], found, name)
        standing[member] = (attempt + 1, False) if result.state is State.EXTENDED else (attempt, True)
    return standing


def answered(house: House, tx: Tx, errand: Errand, answer: bytes) -> None:
    """Keep what came back, if it is what it has to be. PeerFault otherwise."""
    found = seats.require(tx, errand.round)
    if errand.word:
        receipt, number = pledge.verify_receipt(answer, found, errand.round)
        if (receipt.word, number) != (errand.word, errand.conductor):
            raise Malformed("receipt: for another word, or by another conductor")
        tx.joint.put_receipt(errand.round, errand.word, number, answer)
        receiving.receipted(tx, errand.round, errand.word, len(found.conductors))
    elif errand.asks and answer != NOTHING:
        attempt, member = errand.asks
        record, slip, path = closing.parse_told(answer)
        result = deciding.verify_closed(record, found, errand.round)
        if result.attempt != attempt or (slip and closing.verify_slip(result, slip, path).member != member):
            raise Malformed("slip: of another attempt or member")
        tx.joint.put_told(errand.round, attempt, member, answer)


def at_home(house: House, tx: Tx, machines: Seats, errand: Errand) -> None:
    """An errand to this node itself: the same, without a network."""
    try:
        answer, _ = receive(house, tx, machines, house.id, errand.body)
    except (NotFound, CallerFault):  # not yet: the result has not been computed here
        return
    answered(house, tx, errand, answer)


def announcements(house: House, tx: Tx, row: RoundRow) -> list[Post]:
    """A round of ours that is open goes to every peer; it may know firms that want to pledge."""
    found = terms.verify(row.data)[0]
    if found.conductors[0].key != house.node.public or tx.joint.closed(row.round):
        return []
    return [Post(peer.node, wrap(row.data)) for peer in tx.peers.all("accepted")]


def is_due(house: House, machine: Conducting) -> bool:
    """Whether this conductor should call for the closing: its turn has come and the attempt has not ended."""
    attempt = machine.register.attempt
    ended = machine.closed.get(attempt)
    if ended is not None:
        return ended.result.words not in machine.outcomes
    return house.clock() >= machine.round.due(attempt) + machine.number * TURN_US


def call(house: House, tx: Tx, machines: Seats, name: bytes) -> list[Post]:
    """Call for the closing of the open attempt, if it is due."""
    machine = machines.of(house, tx, name)
    if machine is None or not is_due(house, machine):
        return []
    try:
        return seats.deliver(house, tx, machine, machine.begin())
    except BaseException:
        machines.drop(name)
        raise


def with_histories(house: House, tx: Tx, post: Post) -> bytes:
    """A conductor's message as it is posted: words that are handed over come with their firms' histories."""
    raw = canon.decode(post.body, max_bytes=MAX_JOINT_MESSAGE_BYTES)
    if raw[0] != "yui/joint-handed/1":
        return wrap(post.body)
    found = seats.require(tx, raw[1])
    said = [pledge.claimed(each, found, raw[1]).pledge.member for each in raw[2]]
    histories = []
    for member in dict.fromkeys(said[:MAX_HISTORIES]):
        with contextlib.suppress(YuiError):
            histories.append(members.history(house, tx, member))
    return wrap(post.body, histories)
