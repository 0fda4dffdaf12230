"""How the conductors of a round agree on one set of words and one result, whoever is dark: most of them decide.

Owns the records (call, promise, statement, acceptance, closed) and what a conductor may answer to each. It is the
single-decree agreement of Lamport (*Paxos Made Simple*, 2001): two sets can never both be accepted by a majority,
because every two majorities share a conductor that has promised. The set is the union of what the promising
conductors took in time. Knows no clock: the caller says what time it is at this conductor.
Source: ``docs/protocol.md`` §19.8.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Sequence
from typing import Any, Final, NamedTuple

from protocol import canon, shape
from protocol.errors import CallerFault, Malformed, Misdirected
from protocol.keys import SigningKey
from protocol.limits import (
    MAX_BALLOT,
    MAX_JOINT_CONDUCTORS,
    MAX_JOINT_MESSAGE_BYTES,
    MAX_JOINT_PLEDGES,
    MAX_JOINT_WORDS,
    MAX_RECORD_BYTES,
)
from protocol.process.joint import closing, signed, standing
from protocol.process.joint.closing import Outcome, Result, State
from protocol.process.joint.pledge import Code, Word
from protocol.process.joint.terms import Round

CALL_TAG: Final = "yui/joint-call/1"
PROMISE_TAG: Final = "yui/joint-promise/1"
STATEMENT_TAG: Final = "yui/joint-statement/1"
ACCEPTED_TAG: Final = "yui/joint-accepted/1"
CLOSED_TAG: Final = "yui/joint-closed/1"
WORDS_TAG: Final = "yui/joint-words/1"
SEATS: Final = 8  # ballot = counter * SEATS + number of the conductor: no two conductors share one
HASH_BYTES: Final = 32


class Call(NamedTuple):
    """A conductor wants to close. Signed by the one whose number is in the ballot."""

    round: bytes
    attempt: int
    ballot: int


class Promise(NamedTuple):
    """The answer: nothing of a lower ballot any more. ``held``: last words of every firm that this conductor took in
    time. ``accepted_ballot``, ``accepted``: the set that it has accepted before; 0 and none."""

    round: bytes
    attempt: int
    ballot: int
    held: tuple[bytes, ...]
    accepted_ballot: int
    accepted: tuple[bytes, ...]


class Statement(NamedTuple):
    """The set that follows from the promises, which it carries as they were signed: exactly a majority."""

    round: bytes
    attempt: int
    ballot: int
    words: tuple[bytes, ...]
    promises: tuple[bytes, ...]


class Accepted(NamedTuple):
    """A conductor's word that it accepts the set and has computed this result from it."""

    round: bytes
    attempt: int
    ballot: int
    words: bytes
    result: bytes


class Register(NamedTuple):
    """What a conductor must have on disk before it answers."""

    attempt: int = 0
    promised: int = 0
    accepted_ballot: int = 0
    accepted: tuple[bytes, ...] = ()


class MissingWords(CallerFault):
    """Words of a stated set that this conductor does not hold: it asks the others for them, then looks again."""

    code = "missing-words"

    def __init__(self, hashes: Sequence[bytes]) -> None:
        super().__init__("words", f"{len(hashes)} of the set are not here yet")
        self.hashes = tuple(hashes)


def words_hash(name: bytes, attempt: int, words: Sequence[bytes]) -> bytes:
    """What names a set of words, ascending hashes."""
    return canon.digest(canon.encode((WORDS_TAG, name, attempt, b"".join(words))))


# --- taking words


def take(found: Round, register: Register, known: Collection[bytes], word: Word, now: int) -> Code:
    """What a conductor makes of a word whose signature holds. ``known``: members whose words it has. ``now``: µs, its
    own clock; the one place where a clock decides, and each conductor decides for itself."""
    if register.promised or now >= found.due(register.attempt):
        return Code.LATE
    return Code.FULL if word.pledge.member not in known and len(known) >= MAX_JOINT_PLEDGES else Code.TAKEN


# --- closing


def next_ballot(number: int, highest: int) -> int:
    """The next ballot of conductor ``number`` above the ``highest`` that it has seen; the first is above 0."""
    return (highest // SEATS + 1) * SEATS + number


def sign_call(key: SigningKey, call: Call) -> bytes:
    """The bytes that travel."""
    return signed.sign(key, CALL_TAG, call)


def verify_call(data: bytes, found: Round, name: bytes) -> Call:
    """A call by the conductor whose ballot it is."""
    raw, number = _verified(data, CALL_TAG, 4, found, name, MAX_RECORD_BYTES)
    call = Call(name, _attempt(raw[2], found), _ballot(raw[3]))
    if call.ballot % SEATS != number:
        raise Misdirected("ballot: another conductor's")
    return call


def on_call(found: Round, register: Register, call: Call, held: Sequence[bytes], now: int) -> tuple[Register, Promise]:
    """The promise, and what to store before it is sent. ``held``: :attr:`Standing.current` of the words taken here.

    CallerFault ``early`` before the deadline by this conductor's clock; ``ballot`` if it has promised a higher one;
    ``attempt`` where another one is open here.
    """
    _require_attempt(register, call.attempt)
    if now < found.due(call.attempt):
        raise CallerFault("attempt", "the deadline has not passed at this conductor", code="early")
    if call.ballot < register.promised:
        raise CallerFault("ballot", "a higher one was promised", code="ballot")
    promise = Promise(
        call.round, call.attempt, call.ballot, tuple(held), register.accepted_ballot, register.accepted
    )  # fmt: skip
    return register._replace(promised=call.ballot), promise


def sign_promise(key: SigningKey, promise: Promise) -> bytes:
    """The bytes that travel."""
    fields = promise._replace(held=b"".join(promise.held), accepted=b"".join(promise.accepted))  # type: ignore[arg-type]
    return signed.sign(key, PROMISE_TAG, fields)


def verify_promise(data: bytes, found: Round, name: bytes) -> tuple[Promise, int]:
    """The promise and the number of the conductor that gave it."""
    raw, number = _verified(data, PROMISE_TAG, 7, found, name, MAX_JOINT_MESSAGE_BYTES)
    before = shape.integer(raw[5], "accepted_ballot", 0, MAX_BALLOT)
    accepted = _hashes(raw[6], "accepted")
    if accepted and not before:
        raise Malformed("accepted: with its ballot")
    return Promise(name, _attempt(raw[2], found), _ballot(raw[3]), _hashes(raw[4], "held"), before, accepted), number


def union(promises: Sequence[Promise]) -> tuple[bytes, ...]:
    """The set that follows from promises: the one accepted under the highest ballot, else all that was taken."""
    last = max(promises, key=lambda promise: promise.accepted_ballot)
    if last.accepted_ballot:
        return last.accepted
    return tuple(sorted({word for promise in promises for word in promise.held}))


def state(key: SigningKey, found: Round, call: Call, promises: Sequence[bytes]) -> tuple[bytes, Statement]:
    """The statement of the conductor that called, from the signed promises of a majority; more are left out."""
    chosen = tuple(promises[: found.majority])
    held = _promised(found, call, chosen)
    statement = Statement(*call, union(held), chosen)
    fields = statement._replace(words=b"".join(statement.words))  # type: ignore[arg-type]
    return signed.sign(key, STATEMENT_TAG, fields), statement


def verify_statement(data: bytes, found: Round, name: bytes) -> Statement:
    """A statement whose set follows from the promises that it carries; Malformed for any other set."""
    raw, number = _verified(data, STATEMENT_TAG, 6, found, name, MAX_JOINT_MESSAGE_BYTES)
    promises = tuple(
        shape.binary(item, "promises", MAX_JOINT_MESSAGE_BYTES)
        for item in shape.array(raw[5], "promises", MAX_JOINT_CONDUCTORS)
    )
    call = Call(name, _attempt(raw[2], found), _ballot(raw[3]))
    if call.ballot % SEATS != number:
        raise Misdirected("ballot: another conductor's")
    words = _hashes(raw[4], "words")
    if words != union(_promised(found, call, promises)):
        raise Malformed("words: not what follows from the promises")
    return Statement(*call, words, promises)


def _promised(found: Round, call: Call, promises: Sequence[bytes]) -> list[Promise]:
    given = [verify_promise(item, found, call.round) for item in promises]
    if len({number for _, number in given}) != len(given) or len(given) != found.majority:
        raise Malformed(f"promises: of {found.majority} conductors, none twice")
    if any((promise.attempt, promise.ballot) != call[1:] for promise, _ in given):
        raise Malformed("promises: for another attempt or ballot")
    return [promise for promise, _ in given]


def on_statement(
    found: Round, register: Register, statement: Statement, word_of: Callable[[bytes], Word | None]
) -> tuple[Register, Accepted, Outcome]:
    """The acceptance with the result that this conductor has computed, and what to store before it is sent.

    ``word_of``: a verified word by its hash. Raises MissingWords where some are not here.
    """
    _require_attempt(register, statement.attempt)
    if statement.ballot < register.promised:
        raise CallerFault("ballot", "a higher one was promised", code="ballot")
    outcome = outcome_of(found, statement.round, statement.attempt, statement.words, word_of)
    accepted = Accepted(
        statement.round, statement.attempt, statement.ballot, outcome.result.words, canon.digest(outcome.record)
    )
    kept = register._replace(
        promised=statement.ballot, accepted_ballot=statement.ballot, accepted=statement.words
    )  # fmt: skip
    return kept, accepted, outcome


def outcome_of(
    found: Round, name: bytes, attempt: int, words: Sequence[bytes], word_of: Callable[[bytes], Word | None]
) -> Outcome:
    """What comes of a set of words."""
    known = {each: word_of(each) for each in words}
    missing = [each for each, word in known.items() if word is None]
    if missing:
        raise MissingWords(missing)
    stood = standing.fold(word for word in known.values() if word is not None)
    return closing.close(found, name, attempt, words_hash(name, attempt, words), stood.pledges)


def sign_accepted(key: SigningKey, accepted: Accepted) -> bytes:
    """The bytes that travel."""
    return signed.sign(key, ACCEPTED_TAG, accepted)


def verify_accepted(data: bytes, found: Round, name: bytes) -> tuple[Accepted, int]:
    """The acceptance and the number of its conductor."""
    raw, number = _verified(data, ACCEPTED_TAG, 6, found, name, MAX_RECORD_BYTES)
    return Accepted(
        name,
        _attempt(raw[2], found),
        _ballot(raw[3]),
        shape.hash32(raw[4], "words"),
        shape.hash32(raw[5], "result"),
    ), number


def closed(found: Round, name: bytes, result: bytes, accepted: Sequence[bytes]) -> bytes:
    """The record that ends an attempt: the result, and a majority's acceptances. Checked as on receipt."""
    data = canon.encode((CLOSED_TAG, result, tuple(accepted)))
    verify_closed(data, found, name)
    return data


def verify_closed(data: bytes, found: Round, name: bytes) -> Result:
    """The result that a majority of the conductors has computed and accepted under one ballot. Needs no word, no
    secret and no trust in the one who shows it."""
    raw = shape.record(canon.decode(data, max_bytes=2 * MAX_RECORD_BYTES), CLOSED_TAG, 3)
    record = shape.binary(raw[1], "result", MAX_RECORD_BYTES)
    result = closing.parse_result(record)
    given = [
        verify_accepted(shape.binary(item, "accepted", MAX_RECORD_BYTES), found, name)
        for item in shape.array(raw[2], "accepted", MAX_JOINT_CONDUCTORS)
    ]
    said = (result.attempt, given[0][0].ballot if given else 0, result.words, canon.digest(record))
    if result.round != name or any(accepted[1:] != said for accepted, _ in given):
        raise Malformed("accepted: of another round, attempt, ballot, set or result")
    if len({number for _, number in given}) < found.majority:
        raise Malformed(f"accepted: by at least {found.majority} conductors")
    return result


def after(register: Register, result: Result) -> Register:
    """The register once an attempt is closed: the next one is open if the round is extended."""
    if result.attempt == register.attempt and result.state is State.EXTENDED:
        return Register(register.attempt + 1)
    return register


def _require_attempt(register: Register, attempt: int) -> None:
    if attempt != register.attempt:
        raise CallerFault("attempt", f"attempt {register.attempt} is open here", code="attempt")


def _verified(data: bytes, tag: str, fields: int, found: Round, name: bytes, limit: int) -> tuple[list[Any], int]:
    envelope = signed.parse(data, limit)
    number = found.number_of(envelope.public)
    raw = shape.record(canon.decode(signed.verify(envelope, envelope.public), max_bytes=limit), tag, fields)
    if shape.hash32(raw[1], "round") != name:
        raise Misdirected("round: another one")
    return raw, number


def _attempt(value: Any, found: Round) -> int:
    return shape.integer(value, "attempt", 0, found.attempts - 1)


def _ballot(value: Any) -> int:
    return shape.integer(value, "ballot", SEATS, MAX_BALLOT)


def _hashes(value: Any, name: str) -> tuple[bytes, ...]:
    data = shape.binary(value, name, MAX_JOINT_WORDS * HASH_BYTES)
    if len(data) % HASH_BYTES:
        raise Malformed(f"{name}: hashes of {HASH_BYTES} bytes")
    found = tuple(data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES))
    if any(a >= b for a, b in itertools.pairwise(found)):
        raise Malformed(f"{name}: ascending, none twice")
    return found
