"""One round from one seed: conductors that go dark, firms that change their minds, messages late, lost or twice.

Owns the schedule and the invariants. Must not know how a conductor decides.

1. Two ended records of one attempt say the same, at whatever conductor.
2. A word, or a later one of its firm, that a majority has receipted is in the set.
3. Every closing keeps the promises of :mod:`node.sim.rounds.checking`.
4. Once the lights are on again, every conductor ends with the same result, and every firm's slip is part of it.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import NamedTuple

from federation.conducting import Conducting, Send
from node.sim.dice import Dice
from node.sim.rounds import checking, firms
from node.sim.rounds.checking import require
from node.sim.rounds.firms import DEADLINE, HOUR, Firm
from protocol import canon
from protocol.errors import NotAuthorised
from protocol.keys import SigningKey
from protocol.process.joint import pledge, standing, terms
from protocol.process.joint.closing import Outcome, State
from protocol.process.joint.pledge import Code, Word
from protocol.process.joint.terms import Conductor, Round

MINUTE = 60_000_000
SECOND = 1_000_000
Meter = Callable[[], int]  # ns of processor time


class Options(NamedTuple):
    """Sizes, and how much goes wrong, in thousandths."""

    conductors: int = 3
    firms: int = 12
    nodes: int = 6
    dark: int = 500  # of conductors, each, from some moment to another; a majority is left at the end
    lost: int = 100  # of messages
    changed: int = 300  # of firms say something again
    double: int = 60  # of firms say two things through two nodes
    late: int = 80  # of firms come after the deadline


class World:
    """The run. ``cost_ns``: processor time of each conductor after the deadline, where a meter is given."""

    def __init__(self, seed: int, options: Options, meter: Meter | None = None) -> None:
        self.dice, self.options, self._meter = Dice(seed, "rounds"), options, meter
        self._keys = [SigningKey(self.dice.take(32)) for _ in range(options.conductors)]
        self.firms = [self._firm(at) for at in range(max(options.firms, options.conductors))]
        buyers = [firm.member for firm in self.firms[: options.conductors]]
        named = tuple(Conductor(key.public, buyer) for key, buyer in zip(self._keys, buyers, strict=True))
        self.round, self.name = self._announced(firms.terms(self.dice, named))
        epochs = {(firm.member, firm.epoch): bytes(firm.key.public) for firm in self.firms}
        self.hosts = [
            Conducting(self.round, self.name, key, lambda member, epoch: epochs.get((member, epoch)))
            for key in self._keys
        ]
        self.skew = [self.dice.between(-3 * SECOND, 3 * SECOND) for _ in self.hosts]
        self.dark = [self._darkness() for _ in self.hosts]
        self.words: dict[bytes, Word] = {}
        self.receipts: dict[tuple[int, bytes], set[int]] = {}
        self.cost_ns = [0] * options.conductors
        self.trace: list[bytes] = []
        self._events: list[tuple[int, int, Callable[[int], None]]] = []
        self._sequence = 0

    def _firm(self, at: int) -> Firm:
        key = SigningKey(self.dice.take(32))
        return Firm(key, self.dice.take(32), self.dice.take(32), at % self.options.nodes)

    def _announced(self, found: Round) -> tuple[Round, bytes]:
        return terms.verify(terms.sign(self._keys[0], found))

    def _darkness(self) -> tuple[int, int]:
        if not self.dice.permille(self.options.dark):
            return (0, 0)
        since = DEADLINE + self.dice.between(-8 * HOUR, HOUR)
        return since, min(since + self.dice.between(MINUTE, 30 * HOUR), DEADLINE + 72 * HOUR)

    # --- schedule

    def at(self, time: int, work: Callable[[int], None]) -> None:
        """Do ``work`` at ``time``."""
        self._sequence += 1
        heapq.heappush(self._events, (time, self._sequence, work))

    def run(self) -> World:
        """Until everything is quiet; Violation if a promise does not hold."""
        for firm in self.firms:
            self._speaks(firm)
        for number in range(len(self.hosts)):
            self._watch(number, DEADLINE + number * 5 * MINUTE)
        while self._events:
            time, _, work = heapq.heappop(self._events)
            work(time)
        self._check()
        return self

    def _is_dark(self, number: int, time: int) -> bool:
        since, until = self.dark[number]
        return since <= time < until

    def _watch(self, number: int, time: int) -> None:
        """A conductor looks whether the open attempt is due and not ended, and calls; later again."""

        def look(now: int) -> None:
            host = self.hosts[number]
            attempt = host.register.attempt
            due = now + self.skew[number] >= self.round.due(attempt)
            if due and attempt not in host.closed and not self._is_dark(number, now):
                self._deliver(number, host.begin(), now)
            if now < DEADLINE + 120 * HOUR and not self._done(number):
                self.at(now + self.dice.between(4, 50) * MINUTE, look)

        self.at(time, look)

    def _done(self, number: int) -> bool:
        host = self.hosts[number]
        ended = host.closed.get(host.register.attempt)
        return ended is not None and ended.result.words in host.outcomes

    def _deliver(self, sender: int, sends: list[Send], now: int) -> None:
        for send in sends:
            lost = send.to != sender and self.dice.permille(self.options.lost)
            copies = 0 if lost else 1 + (send.to != sender and self.dice.permille(30))
            for _ in range(copies):
                delay = 0 if send.to == sender else self.dice.between(1, 60) * SECOND
                self.at(now + delay, lambda time, send=send: self._arrives(send, time))  # type: ignore[misc]

    def _arrives(self, send: Send, now: int) -> None:
        if self._is_dark(send.to, now):
            return
        before = self._meter() if self._meter else 0
        sends = self.hosts[send.to].on(send.body, now + self.skew[send.to])
        if self._meter:
            self.cost_ns[send.to] += self._meter() - before
        self.trace.append(canon.digest(send.body))
        self._deliver(send.to, sends, now)

    # --- firms

    def _speaks(self, firm: Firm) -> None:
        late = self.dice.permille(self.options.late)
        time = DEADLINE + (self.dice.between(1, HOUR) if late else -self.dice.between(MINUTE, 9 * HOUR))
        self._says(firm, 0, time)
        if self.dice.permille(self.options.double):
            self._says(firm, 0, time + SECOND)
        if self.dice.permille(self.options.changed):
            self._says(firm, 1, time + self.dice.between(MINUTE, 12 * HOUR))

    def _says(self, firm: Firm, revision: int, time: int) -> None:
        made = firms.pledge(self.dice, self.round, self.name, firm, revision)
        word = pledge.sign(firm.key, self.round, made)
        read = pledge.verify(word, self.round, self.name, firm.key.public)
        self.words[read.hash] = read
        for number, conductor in enumerate(self.round.conductors):
            sealed = pledge.seal(word, self.name, conductor.key, self.dice.take(32))
            self._posts(number, sealed, read, time + self.dice.between(0, 30) * SECOND, self.dice.between(0, 4))

    def _posts(self, number: int, sealed: bytes, word: Word, time: int, tries: int) -> None:
        """A sealed word goes to one conductor, again later while it does not answer."""

        def arrive(now: int) -> None:
            if self._is_dark(number, now) or self.dice.permille(self.options.lost):
                if tries:
                    self._posts(number, sealed, word, now + self.dice.between(1, 90) * MINUTE, tries - 1)
                return
            host = self.hosts[number]
            receipt = host.take(sealed, now + self.skew[number])
            said, by = pledge.verify_receipt(receipt, self.round, self.name)
            require((said.word, by) == (word.hash, number), "a receipt names the word and its conductor")
            if said.code is Code.TAKEN:
                self.receipts.setdefault((said.attempt, word.hash), set()).add(number)

        self.at(time, arrive)

    # --- what must hold

    def _check(self) -> None:
        for attempt in range(self.round.attempts):
            ended = {number: host.closed[attempt] for number, host in enumerate(self.hosts) if attempt in host.closed}
            require(len({closed.result for closed in ended.values()}) <= 1, "one result")
            for number, closed in ended.items():
                outcome = self.hosts[number].outcomes.get(closed.result.words)
                if outcome is not None:
                    self._check_outcome(number, attempt, outcome)
        last = {host.closed[host.register.attempt].result for host in self.hosts if self._done(host.number)}
        require(len(last) == 1, "the round ends at every conductor that has light")
        if not self.options.lost:
            require(all(self._done(host.number) for host in self.hosts), "every conductor ends")

    def _check_outcome(self, number: int, attempt: int, outcome: Outcome) -> None:
        host = self.hosts[number]
        stated = next(item for words, item in host._statements.items() if words == outcome.result.words)[1].words
        stood = standing.fold(self.words[each] for each in stated)
        checking.require_fair(outcome, stood.pledges)
        latest = {self.words[each].pledge.member: self.words[each].pledge.revision for each in stated}
        for (when, each), receipted in self.receipts.items():
            if when <= attempt and len(receipted) >= self.round.majority:
                said = self.words[each].pledge
                require(
                    each in stated or latest.get(said.member, -1) > said.revision or said.member in stood.contradicted,
                    "what a majority receipted is in the set",
                )
        for share in outcome.shares:
            told = host.slip_of(attempt, share.pledge.member)
            checking.require_told(outcome, told, self.name, share.pledge.member)
        try:
            host.slip_of(attempt, bytes(32))
        except NotAuthorised:
            return
        require(False, "a slip is for its firm only")

    @property
    def outcome(self) -> Outcome:
        """What the round came to, at the first conductor that has it."""
        host = next(host for host in self.hosts if self._done(host.number))
        return host.outcomes[host.closed[host.register.attempt].result.words]

    @property
    def concluded(self) -> bool:
        """Whether something is ordered."""
        return self.outcome.result.state is State.CONCLUDED
