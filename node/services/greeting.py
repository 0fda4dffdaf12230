"""The start of a node and the hello between two: how a copy of a node is noticed before it can do harm.

Owns start numbers. Every start draws a nonce and an incarnation and raises the start number. At a hello the peer hands
out a fresh challenge, which only a living process can sign: if it names a start older than one the peer has seen, or
the same number with another nonce, two copies of one node are alive, and both are told and freeze until a person
decides. Delayed packets of a start that is over carry no fresh challenge and harm nobody.

Hello: ``["yui/hello/1", network, from, to, start number, start nonce, incarnation, challenge, resolves, fresh,
evidence]``, travelling as ``["yui/hello-signed/1", record, signature]``. Answer: ``["yui/hello-answer/1", network,
from, to, verdict, challenge, evidence, own]``, signed likewise; ``own`` of an ok is the answerer's hello whose
challenge is the caller's ``fresh``, so that one call greets both ways, also from behind a router.

Source: ``docs/protocol.md`` §8; threats D2, D4; protocol-core 9, 15.
"""

from __future__ import annotations

from typing import NamedTuple

from node.services import members, receipting
from node.services.erasing import asking
from node.services.exchange import require_peer
from node.services.house import COPY_SEEN, House
from node.store import Tx
from protocol import canon, keys, shape
from protocol.errors import Malformed, Misdirected
from protocol.identity.control import Reason
from protocol.keys import Purpose, SigningKey

HELLO = "yui/hello/1"
HELLO_SIGNED = "yui/hello-signed/1"
ANSWER = "yui/hello-answer/1"
ANSWER_SIGNED = "yui/hello-answer-signed/1"
OK = "ok"
CHALLENGE = "challenge"
COPY = "copy"


class Hello(NamedTuple):
    """``resolves``: hash of the evidence of a copy that this node's staff has dealt with, or empty. ``fresh``: 16
    bytes that the receiver's own hello has to carry as its challenge. ``evidence``: another copy's hello of the
    receiver, if one was seen."""

    network: str
    sender: bytes
    receiver: bytes
    start_number: int
    start_nonce: bytes
    incarnation: bytes
    challenge: bytes
    resolves: bytes
    fresh: bytes
    evidence: bytes


class Answer(NamedTuple):
    """``verdict``: ok, challenge (say hello again with it) or copy (``evidence``: the caller's other hello)."""

    network: str
    sender: bytes
    receiver: bytes
    verdict: str
    challenge: bytes
    evidence: bytes
    own: bytes


def start(house: House, tx: Tx, *, doubtful: Reason | None = None) -> None:
    """Begin a run: next start number, new nonce and incarnation, keys loaded.

    ``doubtful``: RESTART after an unclean end, RESTORE when the data may be older than what others have seen. Then
    nothing is signed before :func:`node.services.recovery.open_after_reading`; a doubt outlives an interrupted start.
    """
    house.start_number = tx.meta.get_int("start/number") + 1
    house.start_nonce = house.entropy(16)
    house.incarnation = house.entropy(16)
    tx.meta.set_int("start/number", house.start_number)
    tx.meta.set("start/nonce", house.start_nonce)
    house.frozen = (tx.meta.get("frozen") or b"").decode()
    house.recovering = _doubt(tx, doubtful)
    members.load_keyring(house, tx)
    asking.carry_out_again(tx)


def _doubt(tx: Tx, doubtful: Reason | None) -> str:
    """The gravest doubt that is open: a restore before a restart."""
    doubts = {(tx.meta.get("recovering") or b"").decode(), doubtful.value if doubtful is not None else ""}
    for reason in (Reason.RESTORE.value, Reason.RESTART.value):
        if reason in doubts:
            tx.meta.set("recovering", reason.encode())
            return reason
    return ""


def resolve_copy(house: House, tx: Tx) -> None:
    """A person has made sure that no other copy runs: go on as a restored node, from epochs that nobody has seen."""
    tx.meta.delete("frozen")
    house.frozen = ""
    start(house, tx, doubtful=Reason.RESTORE)


def hello(house: House, tx: Tx, peer: bytes, challenge: bytes = b"") -> bytes:
    """Our hello to ``peer``; the House remembers what its answer has to carry."""
    house.expected[peer] = house.entropy(16)
    return _own_hello(house, tx, peer, challenge, house.expected[peer])


def _own_hello(house: House, tx: Tx, peer: bytes, challenge: bytes, fresh: bytes) -> bytes:
    said = Hello(
        house.network,
        house.id,
        peer,
        house.start_number,
        house.start_nonce,
        house.incarnation,
        challenge,
        tx.meta.get(f"resolves/{peer.hex()}") or b"",
        fresh,
        house.contradictions.get(peer, b""),
    )
    return _sign(house.node, HELLO_SIGNED, canon.encode((HELLO, *said)))


def answer_hello(house: House, tx: Tx, peer: bytes, wire: bytes) -> bytes:
    """What we say to a peer's hello. Remembers its start and its stream's incarnation once the challenge fits."""
    said = _said_to_us(house, tx, peer, wire)
    if not said.challenge or said.challenge != house.challenges.get(peer):
        house.challenges[peer] = house.entropy(16)
        return _answer(house, peer, CHALLENGE, house.challenges[peer])
    del house.challenges[peer]
    if said.evidence:
        _freeze_if_ours(house, tx, peer, said.evidence)
    other = _greet(house, tx, peer, said, wire)
    if other is not None:
        return _answer(house, peer, COPY, evidence=other)
    return _answer(house, peer, OK, own=_own_hello(house, tx, peer, said.fresh, house.entropy(16)))


def _said_to_us(house: House, tx: Tx, peer: bytes, wire: bytes) -> Hello:
    said = _hello(_verified(wire, HELLO_SIGNED, require_peer(tx, peer).key))
    if said.network != house.network or said.receiver != house.id or said.sender != peer:
        raise Misdirected("the hello is for another node or network")
    return said


def _greet(house: House, tx: Tx, peer: bytes, said: Hello, wire: bytes) -> bytes | None:
    """Take a fresh hello for true: the peer's start and incarnation. The other copy's hello if there is one."""
    stored = tx.meta.get(f"hello/{peer.hex()}")
    other = _copy_of(tx, peer, said, wire, stored) if stored is not None else None
    if other is not None:
        return other
    last = _hello(_read(stored, HELLO_SIGNED)[0]) if stored is not None else None
    if last is not None and _same_start(last, said) and said.start_number < last.start_number:
        return None  # of the same run, and on its way since before it went beyond a copy: says nothing new
    tx.meta.delete(f"copy/{peer.hex()}")
    tx.meta.set(f"hello/{peer.hex()}", wire)
    if last is None or not _same_start(last, said):
        _doubt_what_it_knows(house, tx, peer)
    tx.meta.set(f"greeted/{peer.hex()}", said.incarnation)
    tx.streams.keep_latest(peer, 4)
    row = require_peer(tx, peer)
    tx.peers.put(row._replace(start_number=said.start_number, start_nonce=said.start_nonce, last_contact=house.clock()))
    return None


def _doubt_what_it_knows(house: House, tx: Tx, peer: bytes) -> None:
    """A new start may be one from a backup: histories are told again when needed, its cards are asked for again.

    They are needed by the receipts that wait for it already.
    """
    for told in [key for key in house.retold if key[0] == peer]:
        del house.retold[told]
    tx.knows.put_many([(peer, member, b"") for member in tx.knows.of(peer)])
    tx.meta.delete(f"directory/{peer.hex()}")
    receipting.introduce_again(house, tx, peer)


def _copy_of(tx: Tx, peer: bytes, said: Hello, wire: bytes, stored: bytes) -> bytes | None:
    """The hello of another copy of the node that says ``said``, or None if there is none or it is resolved.

    An open case stays open for both copies until one of them says a later hello that names the other's. A copy that
    turns up after that is told, and the resolved one goes on.
    """
    last = _hello(_read(stored, HELLO_SIGNED)[0])
    case = tx.meta.get(f"copy/{peer.hex()}")
    if case is not None:
        pair = [shape.binary(item, "hello", 8192) for item in shape.exactly(canon.decode(case), "copy", 2)]
        hellos = [_hello(_read(item, HELLO_SIGNED)[0]) for item in pair]
        later = said.start_number > max(item.start_number for item in hellos)
        if later and said.resolves in {canon.digest(item) for item in pair}:
            return None
        return pair[1] if _same_start(hellos[0], said) else pair[0]
    if said.start_number > last.start_number or _same_start(last, said):
        return None
    if not last.resolves:
        tx.meta.set(f"copy/{peer.hex()}", canon.encode([stored, wire]))
        tx.meta.delete(f"greeted/{peer.hex()}")
    return stored


def _same_start(one: Hello, other: Hello) -> bool:
    """One run? Its nonce tells; its number grows when a restored node goes beyond a copy of itself."""
    return one.start_nonce == other.start_nonce


def greeted(tx: Tx, peer: bytes) -> bytes:
    """The incarnation of ``peer`` that greeted us last; empty if none did, or two copies of it are known."""
    return tx.meta.get(f"greeted/{peer.hex()}") or b""


def take_answer(house: House, tx: Tx, peer: bytes, wire: bytes) -> Answer:
    """A peer's answer to our hello. ``copy`` with our own signature under the evidence freezes this node."""
    row = require_peer(tx, peer)
    raw = shape.record(canon.decode(_verified(wire, ANSWER_SIGNED, row.key)), ANSWER, 8)
    said = Answer(
        shape.text(raw[1], "network", 8),
        shape.hash32(raw[2], "from"),
        shape.hash32(raw[3], "to"),
        shape.text(raw[4], "verdict", 16),
        shape.binary(raw[5], "challenge", 16),
        shape.binary(raw[6], "evidence", 8192),
        shape.binary(raw[7], "own", 8192),
    )
    if said.network != house.network or said.sender != peer or said.receiver != house.id:
        raise Misdirected("the answer is for another node or network")
    if said.verdict == COPY:
        _freeze_if_ours(house, tx, peer, said.evidence)
    elif said.verdict == OK:
        _take_own(house, tx, peer, said.own)
    return said


def _take_own(house: House, tx: Tx, peer: bytes, wire: bytes) -> None:
    own = _said_to_us(house, tx, peer, wire)
    if own.challenge != house.expected.pop(peer, None):
        raise Malformed("the answer is not to our last hello", code="stale-answer")
    other = _greet(house, tx, peer, own, wire)
    if other is None:
        house.contradictions.pop(peer, None)
    else:
        house.contradictions[peer] = other


def _freeze_if_ours(house: House, tx: Tx, peer: bytes, evidence: bytes) -> None:
    """``peer`` shows another hello of this node. A restored node goes beyond it: a person has said it is the one."""
    other = _hello(_verified(evidence, HELLO_SIGNED, house.node.public))
    if other.start_nonce == house.start_nonce:
        return
    if house.recovering == Reason.RESTORE.value:
        house.start_number = max(house.start_number, other.start_number + 1)
        tx.meta.set_int("start/number", house.start_number)
        tx.meta.set(f"resolves/{peer.hex()}", canon.digest(evidence))
        return
    house.frozen = COPY_SEEN
    tx.meta.set("frozen", house.frozen.encode())
    tx.meta.set("frozen/evidence", evidence)


def _answer(
    house: House, peer: bytes, verdict: str, challenge: bytes = b"", evidence: bytes = b"", own: bytes = b""
) -> bytes:
    record = canon.encode((ANSWER, house.network, house.id, peer, verdict, challenge, evidence, own))
    return _sign(house.node, ANSWER_SIGNED, record)


def _sign(key: SigningKey, tag: str, record: bytes) -> bytes:
    return canon.encode((tag, record, key.sign(Purpose.HELLO, canon.digest(record))))


def _read(wire: bytes, tag: str) -> tuple[bytes, bytes]:
    outer = shape.record(canon.decode(wire), tag, 3)
    return shape.binary(outer[1], "record", 8192), shape.fixed(outer[2], "signature", 64)


def _verified(wire: bytes, tag: str, public: bytes) -> bytes:
    record, signature = _read(wire, tag)
    keys.verify(public, Purpose.HELLO, canon.digest(record), signature)
    return record


def _hello(record: bytes) -> Hello:
    raw = shape.record(canon.decode(record), HELLO, 11)
    if type(raw[1]) is not str:
        raise Malformed("network: must be text")
    return Hello(
        raw[1],
        shape.hash32(raw[2], "from"),
        shape.hash32(raw[3], "to"),
        shape.integer(raw[4], "start number", 1, 2**53 - 1),
        shape.fixed(raw[5], "start nonce", 16),
        shape.fixed(raw[6], "incarnation", 16),
        shape.binary(raw[7], "challenge", 16),
        shape.hash_or_empty(raw[8], "resolves"),
        shape.fixed(raw[9], "fresh", 16),
        shape.binary(raw[10], "evidence", 4096),
    )
