"""A conductor of a joint round: takes words, closes the round with the others, whoever of them is dark.

Owns what one conductor answers to which message; the rules are ``protocol/process/joint/deciding.py``. Knows no
socket, disk or clock: :attr:`Conducting.register` and :attr:`Conducting.words` must be on disk before the messages of a
call are sent. Source: ``docs/protocol.md`` §19.8.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

from protocol import canon, shape
from protocol.errors import CallerFault, Malformed, NotAuthorised
from protocol.keys import SigningKey
from protocol.limits import MAX_JOINT_MESSAGE_BYTES, MAX_JOINT_WORDS
from protocol.process.joint import closing, deciding, metering, pledge, signed, standing
from protocol.process.joint.closing import Outcome, Result
from protocol.process.joint.deciding import Accepted, Call, MissingWords, Promise, Register, Statement
from protocol.process.joint.pledge import PADDED_BYTES, Code, Receipt, Word
from protocol.process.joint.terms import Round

WANTED_TAG: Final = "yui/joint-wanted/1"
HANDED_TAG: Final = "yui/joint-handed/1"
WORDS_AT_ONCE: Final = 4_096

KeyOf = Callable[[bytes, bytes], bytes | None]  # member, epoch → signing key, None where it is not known


class Send(NamedTuple):
    """A message to the conductor with this number; to oneself too."""

    to: int
    body: bytes


class Closed(NamedTuple):
    """An ended attempt: the record that shows it, and what it says."""

    record: bytes
    result: Result


class Conducting:
    """One round at one conductor. ``closed``: ended attempts; ``outcomes``: what was computed, by hash of the set."""

    def __init__(self, found: Round, name: bytes, key: SigningKey, key_of: KeyOf) -> None:
        self.round, self.name, self._key, self.key_of = found, name, key, key_of
        self.number = found.number_of(key.public)
        self.register = Register()
        self.words: dict[bytes, bytes] = {}  # every verified word as it was signed, by hash
        self.taken: set[bytes] = set()  # of these, what came here in time
        self.closed: dict[int, Closed] = {}
        self.outcomes: dict[bytes, Outcome] = {}
        self._read: dict[bytes, Word] = {}
        self._members: set[bytes] = set()  # whose words are among the taken
        self._call: Call | None = None
        self._promises: dict[int, tuple[bytes, Promise]] = {}
        self._statements: dict[bytes, tuple[bytes, Statement]] = {}
        self._accepted: dict[Accepted, dict[int, bytes]] = {}
        self._highest = 0

    # --- words

    def take(self, sealed: bytes, now: int) -> bytes:
        """The receipt for a sealed word. Raises as a parser does for what is not a word to this round, and
        NotAuthorised where the epoch is not known to be the firm's."""
        word, data = self._verified(pledge.unseal(sealed, self.name, self._key))
        code = deciding.take(self.round, self.register, self._members, word, now)
        if word.hash in self.taken:
            code = Code.TAKEN
        elif code is Code.TAKEN:
            self._keep(word, data)
            self.taken.add(word.hash)
            self._members.add(word.pledge.member)
        return pledge.sign_receipt(self._key, Receipt(self.name, self.register.attempt, word.hash, code, now))

    def standing(self) -> standing.Standing:
        """What stands of the words that were taken here."""
        return standing.fold(self._read[each] for each in sorted(self.taken))

    def meter(self, now: int) -> bytes:
        """How far the open round has come, by what was taken here (``yui/joint-meter/1``)."""
        return metering.sign(self._key, metering.of(self.round, self.name, self.standing().pledges, now))

    def _verified(self, data: bytes) -> tuple[Word, bytes]:
        claimed = pledge.claimed(data, self.round, self.name)
        key = self.key_of(claimed.pledge.member, claimed.pledge.epoch)
        if key is None:
            raise NotAuthorised("epoch: not known here as one of this firm's")
        return pledge.verify(data, self.round, self.name, key), data

    def _keep(self, word: Word, data: bytes) -> None:
        self.words[word.hash], self._read[word.hash] = data, word

    # --- closing

    def begin(self) -> list[Send]:
        """Call for the closing of the open attempt, under a new ballot."""
        self._highest = deciding.next_ballot(self.number, max(self._highest, self.register.promised))
        self._call = Call(self.name, self.register.attempt, self._highest)
        self._promises = {}
        return self._all(deciding.sign_call(self._key, self._call))

    def on(self, body: bytes, now: int) -> list[Send]:
        """What to answer to a message of another conductor, or of this one. Raises what a wrong message deserves;
        nothing has changed then."""
        tag, sender = _tag_of(body), -1
        if tag == signed.TAG:
            envelope = signed.parse(body)
            tag, sender = _tag_of(envelope.record), self.round.number_of(envelope.public)
        if tag == deciding.CALL_TAG:
            return self._on_call(deciding.verify_call(body, self.round, self.name), sender, now)
        if tag == deciding.PROMISE_TAG:
            return self._on_promise(body, *deciding.verify_promise(body, self.round, self.name))
        if tag == deciding.STATEMENT_TAG:
            statement = deciding.verify_statement(body, self.round, self.name)
            return self._on_statement(body, statement)
        if tag == deciding.ACCEPTED_TAG:
            return self._on_accepted(body, *deciding.verify_accepted(body, self.round, self.name))
        if tag == WANTED_TAG:
            return self._on_wanted(body)
        if tag == HANDED_TAG:
            return self._on_handed(body)
        if tag == deciding.CLOSED_TAG:
            return self._on_closed(body)
        raise Malformed("not a message of a round")

    def _all(self, body: bytes) -> list[Send]:
        return [Send(number, body) for number in range(len(self.round.conductors))]

    def _on_call(self, call: Call, sender: int, now: int) -> list[Send]:
        self._highest = max(self._highest, call.ballot)
        if call.attempt in self.closed:
            return self._ended(call.attempt, sender)
        try:
            self.register, promise = deciding.on_call(self.round, self.register, call, self.standing().current, now)
        except CallerFault as refused:
            if refused.code in {"early", "ballot", "attempt"}:
                return []
            raise
        return [Send(sender, deciding.sign_promise(self._key, promise))]

    def _ended(self, attempt: int, to: int) -> list[Send]:
        ended = self.closed[attempt]
        stated = self._statements.get(ended.result.words)
        return [*([Send(to, stated[0])] if stated else []), Send(to, ended.record)]

    def _on_promise(self, body: bytes, promise: Promise, sender: int) -> list[Send]:
        if self._call is None or (promise.attempt, promise.ballot) != self._call[1:]:
            return []
        self._promises[sender] = body, promise
        missing = [each for each in self._needed(promise) if each not in self.words]
        return self._wanted(sender, missing) if missing else self._try_state()

    def _needed(self, promise: Promise) -> Iterable[bytes]:
        return {*promise.held, *promise.accepted}

    def _try_state(self) -> list[Send]:
        """State the set once a majority has promised whose words are all here."""
        ready = [
            body
            for _, (body, promise) in sorted(self._promises.items())
            if all(each in self.words for each in self._needed(promise))
        ]
        if self._call is None or len(ready) < self.round.majority:
            return []
        body, _ = deciding.state(self._key, self.round, self._call, ready)
        self._call = None
        return self._all(body)

    def _on_statement(self, body: bytes, statement: Statement) -> list[Send]:
        self._highest = max(self._highest, statement.ballot)
        words = deciding.words_hash(self.name, statement.attempt, statement.words)
        self._statements[words] = body, statement
        try:
            outcome = self.outcomes.get(words) or deciding.outcome_of(
                self.round, self.name, statement.attempt, statement.words, self._read.get
            )
        except MissingWords as missing:
            return self._wanted(statement.ballot % deciding.SEATS, missing.hashes)
        self.outcomes[words] = outcome
        if statement.attempt in self.closed:
            return []
        try:
            self.register, accepted, _ = deciding.on_statement(self.round, self.register, statement, self._read.get)
        except CallerFault as refused:
            if refused.code in {"ballot", "attempt"}:
                return []
            raise
        return self._all(deciding.sign_accepted(self._key, accepted))

    def _on_accepted(self, body: bytes, accepted: Accepted, sender: int) -> list[Send]:
        self._highest = max(self._highest, accepted.ballot)
        if accepted.attempt in self.closed:
            return []
        given = self._accepted.setdefault(accepted, {})
        given[sender] = body
        outcome = self.outcomes.get(accepted.words)
        if len(given) < self.round.majority or outcome is None or canon.digest(outcome.record) != accepted.result:
            return []
        return self._all(deciding.closed(self.round, self.name, outcome.record, list(given.values())))

    def _on_closed(self, body: bytes) -> list[Send]:
        result = deciding.verify_closed(body, self.round, self.name)
        if result.attempt not in self.closed:
            self.closed[result.attempt] = Closed(body, result)
            self.register = deciding.after(self.register, result)
            self._call, self._promises, self._accepted = None, {}, {}
        return []

    # --- words that others hold

    def _wanted(self, to: int, hashes: Iterable[bytes]) -> list[Send]:
        listed = sorted(hashes)[:WORDS_AT_ONCE]
        return [Send(to, canon.encode((WANTED_TAG, self.name, self.number, b"".join(listed))))]

    def _on_wanted(self, body: bytes) -> list[Send]:
        raw = shape.record(canon.decode(body, max_bytes=MAX_JOINT_MESSAGE_BYTES), WANTED_TAG, 4)
        self._require_round(raw[1])
        asker = shape.integer(raw[2], "asker", 0, len(self.round.conductors) - 1)
        data = shape.binary(raw[3], "words", MAX_JOINT_WORDS * 32)
        hashes = [data[at : at + 32] for at in range(0, len(data), 32)][:WORDS_AT_ONCE]
        found = tuple(self.words[each] for each in hashes if each in self.words)
        return [Send(asker, canon.encode((HANDED_TAG, self.name, found)))] if found else []

    def _on_handed(self, body: bytes) -> list[Send]:
        raw = shape.record(canon.decode(body, max_bytes=MAX_JOINT_MESSAGE_BYTES), HANDED_TAG, 3)
        self._require_round(raw[1])
        for item in shape.array(raw[2], "words", WORDS_AT_ONCE):
            self._keep(*self._verified(shape.binary(item, "words", PADDED_BYTES)))
        sends = [
            send
            for number, (_, promise) in sorted(self._promises.items())
            if (missing := [each for each in self._needed(promise) if each not in self.words])
            for send in self._wanted(number, missing)
        ]
        sends += self._try_state()
        for words, (data, statement) in list(self._statements.items()):
            if words not in self.outcomes:
                sends += self._on_statement(data, statement)
        return sends

    def _require_round(self, value: object) -> None:
        if shape.hash32(value, "round") != self.name:
            raise Malformed("round: another one")

    def stated(self, attempt: int) -> bytes:
        """The statement of an ended attempt's set, empty where it did not come here."""
        found = self._statements.get(self.closed[attempt].result.words)
        return found[0] if found else b""

    def slip_of(self, attempt: int, member: bytes) -> bytes:
        """What a firm may see (``yui/joint-told/1``); NotAuthorised for a firm that has no slip in this attempt."""
        ended = self.closed[attempt]
        outcome = self.outcomes[ended.result.words]
        for at, share in enumerate(outcome.shares):
            if share.pledge.member == member:
                return closing.tell(ended.record, outcome.slips[at], outcome.paths[at])
        raise NotAuthorised("member: has no part in this result")


def restore(
    machine: Conducting,
    register: Register,
    words: Mapping[bytes, bytes],
    taken: Iterable[bytes],
    ended: Iterable[tuple[bytes, bytes]] = (),
) -> Conducting:
    """The machine as it was before a restart: what was on disk, read again. ``ended``: closed record and statement
    (or nothing) of each attempt that has ended."""
    for data in words.values():
        machine._keep(*machine._verified(data))
    machine.taken = set(taken)
    for record, stated in ended:
        machine._on_closed(record)
        if stated:
            machine._on_statement(stated, deciding.verify_statement(stated, machine.round, machine.name))
    machine.register = register
    machine._members = {machine._read[each].pledge.member for each in sorted(machine.taken)}
    return machine


def _tag_of(body: bytes) -> str:
    """What kind of message this is, without reading it: the text that stands first."""
    if len(body) < 2 or not 0x92 <= body[0] <= 0x9F or not 0xA0 <= body[1] <= 0xBF:
        raise Malformed("not a message of a round")
    return body[2 : 2 + (body[1] & 0x1F)].decode("ascii", "replace")
