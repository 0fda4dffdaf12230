"""One node's part in a question: what it says in each phase, and what it never says twice.

Owns the order of phases seen from a node that answers, and the checks by which a coordinator that lies learns nothing.
Admission of the question and the node's ledger come before (:func:`admit`). Must not know where the figures come from,
nor how messages travel. Source: ``docs/protocol.md`` §18.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Final

from federation.effects import Blamed, Note, Opened, QuestionEffect, Tell, Unopened
from protocol import canon, keys
from protocol.errors import CallerFault, Malformed, Misdirected, NotAuthorised, PeerFault
from protocol.keys import Purpose, SigningKey
from protocol.limits import MAX_STATS_UNITS, STATS_PHASE_US
from protocol.statistics import lanes, ledger, messages, opening, plan, roster, rules, shamir, signed
from protocol.statistics.ledger import Event, Line
from protocol.statistics.messages import Counts
from protocol.statistics.party import Party
from protocol.statistics.question import Cohort, Question
from protocol.statistics.roster import Circle, Roll, Setting
from protocol.statistics.rules import CLASSES, Parameters

PATIENCE_US: Final = 8 * STATS_PHASE_US  # without a word from the coordinator
COUNT_BITS: Final = 16


class Phase(Enum):
    """What this node waits for."""

    ROSTER = "roster"
    BEACON = "beacon"
    SHARES = "shares"
    LIST = "list"
    SIGNATURES = "signatures"
    COUNTS = "counts"
    RESULT = "result"
    DONE = "done"


def admit(
    question: Question, question_hash: bytes, cohort: Cohort, cohort_hash: bytes, lines: Sequence[Line],
    parameters: Parameters, own: bytes, month: int, now: int,
) -> None:  # fmt: skip
    """May this node take part? ``month``: yyyymm now. Raises CallerFault or NotAuthorised naming the rule."""
    if question.cohort != cohort_hash or question.network != cohort.network:
        raise Misdirected("cohort: the question is for another one", code="wrong-cohort")
    if own not in cohort.keys:
        raise NotAuthorised("cohort: this node is not in it", code="wrong-cohort")
    if now >= cohort.until:
        raise NotAuthorised("cohort: its epoch has ended", code="wrong-cohort")
    if parameters.digest() != cohort.rules:
        raise CallerFault("rules", "this node has other parameters than the cohort", code="wrong-rules")
    if question.month != month:
        raise CallerFault("month", "must be the present one", code="budget")
    if any(line.entry.question == question_hash for line in lines):
        raise CallerFault("question", "was asked before", code="twice")
    ledger.require_new(lines, question)


class Answerer:
    """One node in one question. ``contributions``: for each row of the question the figures of each unit of this node.

    Raises Malformed where a figure or a node's sum is above its cap: nothing is told then.
    """

    def __init__(
        self, key: SigningKey, question: Question, question_hash: bytes, cohort: Cohort, parameters: Parameters,
        contributions: Sequence[Sequence[int]], entropy: bytes, now: int,
    ) -> None:  # fmt: skip
        self.question = question
        self.rows = question.rows
        if len(contributions) != len(self.rows):
            raise CallerFault("contributions", "one list for each row of the question")
        self._cohort = cohort
        self._parameters = parameters
        self._contributions = contributions
        self._figures = [sum(contributions[at]) for at in range(len(question.cells))]
        opening.require_figures(self._figures)
        for row in contributions:
            rules.class_counts(row, 1)
        self._party = Party(key, question_hash, entropy)
        self._key = key
        self.phase = Phase.ROSTER
        self.step = 1
        self._heard = now
        self._roll: Roll | None = None
        self._circle: Circle | None = None
        self._setting: Setting | None = None
        self._held: dict[int, tuple[bytes, ...]] = {}
        self._present: tuple[int, ...] = ()
        self._answered: tuple[int, ...] = ()
        self._seen: set[bytes] = set()
        self._list = b""
        self._counts = b""
        self._own_counts = b""
        self.cells: tuple[int, ...] = ()

    @property
    def number(self) -> int:
        """This node's place in the roster."""
        assert self._roll is not None
        return self._roll.number[self._key.public]

    @property
    def present(self) -> tuple[int, ...]:
        """Whose answers the masks of the present step are shared with: in step 2 the list of step 1."""
        return self._present

    def kind_of(self, dealer: int, share: bytes) -> str:
        """Of which secret of a neighbour this share is: for whoever judges releases."""
        return ("key 1", "key 2", "own 1", "own 2")[self._held[dealer].index(share)]

    @property
    def next_deadline(self) -> int | None:
        """When to call :meth:`on_time`, µs."""
        return None if self.phase is Phase.DONE else self._heard + PATIENCE_US

    def start(self) -> list[QuestionEffect]:
        """Commit: noted in the ledger, then told."""
        return [Note(Event.JOINED), self._tell(self._party.commit())]

    def on_time(self, now: int) -> list[QuestionEffect]:
        """Nothing was heard for too long."""
        if self.phase is Phase.DONE or now < self._heard + PATIENCE_US:
            return []
        return self._end("the coordinator fell silent")

    def on_message(self, body: bytes, now: int) -> list[QuestionEffect]:
        """A message of the coordinator. What does not fit ends this node's part, with the coordinator named."""
        if self.phase is Phase.DONE:
            return []
        self._heard = now
        hashed = canon.digest(body)
        if hashed in self._seen:
            return []
        self._seen.add(hashed)
        try:
            tag = messages.tag_of(body)
            expected = _EXPECTED.get((self.phase, tag))
            if tag == messages.CLOSED_TAG:
                return self._closed(body)
            if expected is None:
                return self._out_of_turn(tag)
            return expected(self, body)
        except (PeerFault, CallerFault) as fault:
            return [Blamed(self.question.coordinator, f"{fault.code}: {fault}"), *self._end(str(fault))]

    def _out_of_turn(self, tag: str) -> list[QuestionEffect]:
        """What came before, again, is passed over by :meth:`on_message`; something else would be a second view."""
        raise NotAuthorised(f"{tag}: not now; every phase is gone through once", code="split-view")

    def _closed(self, body: bytes) -> list[QuestionEffect]:
        found = messages.parse_closed(body)
        if found.question != self._party.question:
            raise Misdirected("closed: another question")
        return self._end(found.reason)

    def _end(self, reason: str) -> list[QuestionEffect]:
        self.phase = Phase.DONE
        return [Note(Event.CLOSED, detail=reason[: ledger.MAX_DETAIL_CHARS]), Unopened(reason)]

    def _tell(self, body: bytes) -> Tell:
        return Tell(self.question.coordinator, body)

    # --- until the answer of step 1

    def _on_roster(self, body: bytes) -> list[QuestionEffect]:
        roll = roster.read_roster(body, self._party.question, self._cohort.keys)
        number = roll.number.get(self._key.public)
        if number is None or roll.verify(number) != self._party.commitment:
            raise NotAuthorised("roster: without this node's commitment", code="split-view")
        self._roll, self.phase = roll, Phase.BEACON
        return [self._tell(messages.encode(messages.REVEAL_TAG, (roll.hash, self._party.nonce)))]

    def _on_beacon(self, body: bytes) -> list[QuestionEffect]:
        assert self._roll is not None
        self._circle = roster.read_beacon(body, self._roll)
        if self.number not in self._circle.members:
            raise NotAuthorised("beacon: without this node's part", code="split-view")
        self.phase = Phase.SHARES
        return [self._tell(self._party.deal(self._circle))]

    def _on_handed(self, body: bytes) -> list[QuestionEffect]:
        assert self._circle is not None
        found = messages.parse_handed(body)
        if found.beacon != self._circle.beacon:
            raise NotAuthorised("handed: another beacon", code="split-view")
        setting = roster.read_dealers(self._circle, found.dealers)
        if self.number not in setting.dealers:
            raise NotAuthorised("handed: without this node's shares", code="split-view")
        setting.require_cover(self.number, setting.dealers)
        effects = self._take_shares(setting, found.packets)
        self._setting, self._present, self.phase = setting, setting.dealers, Phase.LIST
        most = min(MAX_STATS_UNITS, ((1 << COUNT_BITS) - 1) // len(self._circle.roll.publics))
        plain = lanes.of_counts(rules.class_counts(row, most) for row in self._contributions)
        self._own_counts = plain
        answer = self._party.answer(setting, 1, self._present, plain)
        return [*effects, Note(Event.COUNTED), self._tell(answer)]

    def _take_shares(self, setting: Setting, packets: Sequence[tuple[int, bytes, bytes]]) -> list[QuestionEffect]:
        near = frozenset(setting.circle.neighbours(self.number)).intersection(setting.dealers)
        effects: list[QuestionEffect] = []
        for dealer, digests, packet in packets:
            if dealer not in near:
                raise NotAuthorised("handed: shares of a node that is no neighbour")
            try:
                self._held[dealer] = self._party.open_packet(setting.circle, dealer, digests, packet)
            except PeerFault as fault:
                effects.append(Blamed(setting.circle.roll.publics[dealer], str(fault)))
        if len(self._held) < len(near) * 2 // 3:
            raise NotAuthorised("handed: too many shares are missing or false")
        return effects

    # --- the list, signatures, releases: the same in both steps

    def _on_list(self, body: bytes) -> list[QuestionEffect]:
        assert self._setting is not None
        found = messages.parse_answered(body)
        if (found.setting, found.step) != (self._setting.hash, self.step):
            raise NotAuthorised("answered: another setting or step", code="split-view")
        answered = messages.numbers_of(found.nodes, len(self._setting.circle.roll.publics))
        self._require_list(answered)
        self._answered, self._list, self.phase = answered, canon.digest(body), Phase.SIGNATURES
        return [self._tell(signed.sign(self._key, messages.ANSWERED_TAG, found))]

    def _require_list(self, answered: Sequence[int]) -> None:
        assert self._setting is not None
        if self.number not in answered:
            raise NotAuthorised("answered: this node's answer was left out", code="late")
        if not frozenset(self._present).issuperset(answered):
            raise NotAuthorised("answered: a node that could not answer")
        self._setting.require_cover(self.number, answered)
        if self.step == 2 and len(self._present) - len(answered) > self.question.missing:
            raise NotAuthorised("answered: more nodes are missing than the counts allow for", code="too-few")
        publics = [self._setting.circle.roll.publics[at] for at in answered]
        if self.question.version > 1 and ledger.answerers_hash(publics) != self.question.before:
            raise NotAuthorised("answered: other nodes than in the version before", code="difference")

    def _on_signatures(self, body: bytes) -> list[QuestionEffect]:
        assert self._setting is not None
        found = messages.parse_signatures(body)
        if (found.setting, found.step) != (self._setting.hash, self.step):
            raise NotAuthorised("signatures: another setting or step", code="split-view")
        near = self._setting.circle.neighbours(self.number)
        agreed = {
            number
            for number, signature in found.signatures
            if number in near and number in self._answered and self._has_signed(number, signature)
        }
        if len(agreed) + 1 < shamir.threshold_of(len(near)):
            raise NotAuthorised("signatures: too few neighbours have signed this list", code="split-view")
        release = self._party.release(self._setting, self.step, self._present, self._answered, self._held)
        self.phase = Phase.COUNTS if self.step == 1 else Phase.RESULT
        return [self._tell(release)]

    def _has_signed(self, number: int, signature: bytes) -> bool:
        assert self._setting is not None
        try:
            keys.verify(self._setting.circle.roll.publics[number], Purpose.STATISTICS, self._list, signature)
        except PeerFault:
            return False
        return True

    # --- the counts, and the answer of step 2

    def _on_opening(self, body: bytes) -> list[QuestionEffect]:
        """This node is a checker: it adds up itself."""
        assert self._setting is not None
        found = messages.parse_opening(body)
        if canon.digest(found.answered) != self._list:
            raise NotAuthorised("opening: another list of answerers", code="split-view")
        words = len(self.rows) * lanes.words_of_row(CLASSES)
        answers = dict(opening.require_answer(self._setting, 1, item, words) for item in found.answers)
        gone = [number for number in self._present if number not in self._answered]
        own_seeds = _cut(found.own, self._answered)
        if tuple(sorted(answers)) != self._answered:
            raise NotAuthorised("opening: other answers than the list names", code="split-view")
        total = opening.total(self._setting, 1, self._present, answers, own_seeds, _cut(found.gone, gone))
        self._counts = messages.encode(messages.COUNTS_TAG, Counts(self._list, total))
        return [self._tell(signed.sign(self._key, messages.CHECKED_TAG, (canon.digest(self._counts),)))]

    def _on_counted(self, body: bytes) -> list[QuestionEffect]:
        """The counts, with the word of more than two thirds of the checkers; then the figures of what passes."""
        assert self._setting is not None
        found = messages.parse_counted(body)
        counts = messages.parse_counts(found.counts)
        checkers = self._setting.circle.checkers(self._answered)
        if counts.answered != self._list:
            raise NotAuthorised("counts: another list of answerers", code="split-view")
        if self.number in checkers and self._counts != found.counts:
            raise NotAuthorised("counts: not what this node added up", code="false-counts")
        hashed = canon.digest(found.counts)
        good = [at for at, word in found.checked if at in checkers and self._is_checked(at, word, hashed)]
        if len(good) < shamir.threshold_of(len(checkers)):
            raise NotAuthorised("counts: too few checkers stand for them", code="false-counts")
        table = self._table(counts.words)
        self.cells = plan.open_cells(
            self.question.cells, self.rows, table, self._parameters, self.question.missing
        )  # fmt: skip
        if not self.cells:
            return self._end("no cell passes the rules")
        self._present, self.step, self.phase = self._answered, 2, Phase.LIST
        plain = lanes.of_values([self._figures[at] for at in self.cells])
        who = ledger.answerers_hash([self._setting.circle.roll.publics[at] for at in self._answered])
        answer = self._party.answer(self._setting, 2, self._present, plain)
        self._counts = found.counts
        return [Note(Event.ANSWERED, self.cells, who), self._tell(answer)]

    def _is_checked(self, number: int, word: bytes, counts: bytes) -> bool:
        assert self._setting is not None
        try:
            record = signed.verify(signed.parse(word), self._setting.circle.roll.publics[number])
            return messages.parse_checked(record) == counts
        except PeerFault:
            return False

    def _table(self, words: bytes) -> tuple[tuple[int, ...], ...]:
        """The rows of counts; each at least what this node counted itself."""
        if len(words) != len(self._own_counts):
            raise Malformed("counts: not of this question")
        table = opening.counts_of(words, CLASSES)
        own = opening.counts_of(self._own_counts, CLASSES)
        if any(any(map(operator.gt, row, sums)) for row, sums in zip(own, table, strict=True)):
            raise NotAuthorised("counts: fewer than this node's own", code="false-counts")
        assert self._circle is not None
        size = len(self._circle.roll.publics)
        most = min(MAX_STATS_UNITS, ((1 << COUNT_BITS) - 1) // size)
        opening.require_possible(table, len(self._answered), most)
        return table

    def _on_result(self, body: bytes) -> list[QuestionEffect]:
        record = signed.verify(signed.parse(body), self.question.coordinator)
        found = messages.parse_result(record)
        if (found.question, found.answered, found.counts) != (
            self._party.question, self._list, canon.digest(self._counts),
        ) or tuple(cell for cell, _ in found.sums) != self.cells:  # fmt: skip
            raise NotAuthorised("result: of another list, other counts or cells", code="split-view")
        assert self._setting is not None
        opening.require_within([value for _, value in found.sums], len(self._answered))
        publics = tuple(self._setting.circle.roll.publics[at] for at in self._answered)
        self.phase = Phase.DONE
        return [Note(Event.OPENED, self.cells, ledger.answerers_hash(publics)), Opened(body, found.sums, publics)]


def _cut(seeds: bytes, numbers: Sequence[int]) -> dict[int, bytes]:
    if len(seeds) != shamir.SECRET_BYTES * len(numbers):
        raise Malformed("seeds: 31 bytes of each node")
    each = shamir.SECRET_BYTES
    return {number: seeds[at * each : (at + 1) * each] for at, number in enumerate(numbers)}


# What is understood in which phase: the state table of docs/protocol.md §18.8.
_EXPECTED: Final[Mapping[tuple[Phase, str], Callable[[Answerer, bytes], list[QuestionEffect]]]] = {
    (Phase.ROSTER, messages.ROSTER_TAG): Answerer._on_roster,
    (Phase.BEACON, messages.BEACON_TAG): Answerer._on_beacon,
    (Phase.SHARES, messages.HANDED_TAG): Answerer._on_handed,
    (Phase.LIST, messages.ANSWERED_TAG): Answerer._on_list,
    (Phase.SIGNATURES, messages.SIGNATURES_TAG): Answerer._on_signatures,
    (Phase.COUNTS, messages.OPENING_TAG): Answerer._on_opening,
    (Phase.COUNTS, messages.COUNTED_TAG): Answerer._on_counted,
    (Phase.RESULT, signed.TAG): Answerer._on_result,
}
