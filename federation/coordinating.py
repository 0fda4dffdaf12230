"""One question seen from the node that gathers: who is waited for, how long, and who is left out with what reason.

Owns the order of phases, deadlines and recovery after dropouts. It learns sums only: every answer reaches it masked.
The asker's node or another one may be it. Must not know how messages travel. Source: ``docs/protocol.md`` §18.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from typing import Final

from federation.effects import Blamed, Opened, QuestionEffect, Tell, Unopened
from protocol import canon
from protocol.errors import CallerFault, Malformed, NotAuthorised, PeerFault
from protocol.keys import SigningKey
from protocol.limits import MAX_STATS_UNITS, MIN_STATS_NODES, STATS_PHASE_US
from protocol.statistics import lanes, messages, opening, party, plan, roster, shamir, signed
from protocol.statistics.messages import DIGEST_BYTES, PACKET_BYTES, SECRETS, Answered, Counted, Counts, Opening
from protocol.statistics.question import Cohort, Question
from protocol.statistics.roster import Circle, Roll, Setting
from protocol.statistics.rules import CLASSES, Parameters

EACH_DIGESTS: Final = SECRETS * DIGEST_BYTES


class Gathering(Enum):
    """What the coordinator is waiting for."""

    COMMITMENTS = "commitments"
    REVEALS = "reveals"
    DEALINGS = "dealings"
    ANSWERS = "answers"
    SIGNATURES = "signatures"
    RELEASES = "releases"
    CHECKS = "checks"
    DONE = "done"


class Coordinator:
    """The gathering of one question. ``named``: (node key, rule) of everybody who broke one."""

    def __init__(
        self, key: SigningKey, question: Question, signed_question: bytes, question_hash: bytes, cohort: Cohort,
        parameters: Parameters, now: int,
    ) -> None:  # fmt: skip
        if key.public != question.coordinator:
            raise CallerFault("coordinator", "the question names another one")
        if len(cohort.keys) < MIN_STATS_NODES:
            raise CallerFault("cohort", f"fewer than {MIN_STATS_NODES} nodes: nothing could be hidden", code="too-few")
        self.question = question
        self.rows = question.rows
        self._asked = signed_question
        self._hash = question_hash
        self._key = key
        self._cohort = cohort
        self._parameters = parameters
        self.phase = Gathering.COMMITMENTS
        self.step = 1
        self.named: list[tuple[bytes, str]] = []
        self._got: dict[bytes, bytes] = {}
        self._seen: set[bytes] = set()
        self._waiting: frozenset[bytes] = frozenset(cohort.keys)
        self._deadline = now + STATS_PHASE_US
        self._roll: Roll | None = None
        self._circle: Circle | None = None
        self._setting: Setting | None = None
        self._dealt: dict[int, tuple[bytes, bytes]] = {}
        self._present: tuple[int, ...] = ()
        self._answers: dict[int, bytes] = {}
        self._signed_answers: dict[int, bytes] = {}
        self._list = b""
        self._counts = b""
        self._counted = b""
        self.cells: tuple[int, ...] = ()
        self.empty: tuple[int, ...] = ()  # lines of counts in which nobody has anything

    @property
    def next_deadline(self) -> int | None:
        """When to call :meth:`on_time`, µs."""
        return None if self.phase is Gathering.DONE else self._deadline

    def waits_for(self, node: bytes) -> bool:
        """Is an answer of the node with this key still wanted in the present phase?"""
        return node in self._waiting

    @property
    def roll(self) -> Roll:
        """The roster; there is one once commitments were gathered."""
        assert self._roll is not None
        return self._roll

    @property
    def setting(self) -> Setting:
        """Who takes part; known once shares were dealt."""
        assert self._setting is not None
        return self._setting

    @property
    def answered(self) -> tuple[int, ...]:
        """Whose answers to the present step have come and fit."""
        return tuple(sorted(self._answers))

    def start(self) -> list[QuestionEffect]:
        """Ask everybody in the cohort."""
        return [Tell(to, self._asked) for to in self._cohort.keys]

    def on_message(self, sender: bytes, body: bytes, now: int) -> list[QuestionEffect]:
        """A message of a node, whose key the transport knows. What does not fit is refused and its sender named."""
        if self.phase is Gathering.DONE:
            return []
        if sender not in self._cohort.keys:
            return self._blame(sender, "not in the cohort")
        hashed = canon.digest(sender + body)
        if hashed in self._seen:  # the transport tries again when an answer of its own is lost
            return []
        self._seen.add(hashed)
        if sender in self._got:
            return self._blame(sender, "answered twice")
        if sender not in self._waiting:
            return self._blame(sender, "late, or not asked in this phase")
        try:
            self._judge(sender, body)
        except (PeerFault, CallerFault) as fault:
            self._waiting -= {sender}
            return [*self._blame(sender, f"{fault.code}: {fault}"), *self._perhaps_next(now)]
        self._got[sender] = body
        self._waiting -= {sender}
        return self._perhaps_next(now)

    def refused(self, sender: bytes, reason: str, now: int) -> list[QuestionEffect]:
        """A node will not take part, by policy or by hand, or cannot be reached: it is not waited for."""
        if self.phase is Gathering.DONE or sender not in self._waiting:
            return []
        self._waiting -= {sender}
        return [*self._blame(sender, f"does not answer: {reason}"), *self._perhaps_next(now)]

    def on_time(self, now: int) -> list[QuestionEffect]:
        """The phase has lasted long enough: go on with those who are here."""
        if self.phase is Gathering.DONE or now < self._deadline:
            return []
        effects: list[QuestionEffect] = []
        for key in sorted(self._waiting):
            effects += self._blame(key, f"sent no {self.phase.value} in time")
        self._waiting = frozenset()
        return [*effects, *self._perhaps_next(now)]

    def _blame(self, node: bytes, rule: str) -> list[QuestionEffect]:
        self.named.append((node, rule))
        return [Blamed(node, rule)]

    def _judge(self, sender: bytes, body: bytes) -> None:
        _JUDGES[self.phase](self, sender, body)

    def _perhaps_next(self, now: int) -> list[QuestionEffect]:
        if self._waiting:
            return []
        try:
            return _NEXT[self.phase](self, now)
        except (PeerFault, CallerFault) as fault:
            return self._close(str(fault))

    def _close(self, reason: str) -> list[QuestionEffect]:
        self.phase = Gathering.DONE
        body = messages.encode(messages.CLOSED_TAG, (self._hash, reason[:200]))
        return [*(Tell(to, body) for to in self._cohort.keys), Unopened(reason)]

    def _next(self, phase: Gathering, waiting: Iterable[int], now: int) -> None:
        self.phase, self._got = phase, {}
        self._waiting = frozenset(self.roll.publics[number] for number in waiting)
        self._deadline = now + STATS_PHASE_US

    def _to(self, numbers: Iterable[int], body: bytes) -> list[QuestionEffect]:
        return [Tell(self.roll.publics[number], body) for number in numbers]

    def _senders(self) -> tuple[int, ...]:
        return tuple(sorted(self.roll.number[key] for key in self._got))

    # --- commitments, beacon, shares

    def _judge_commitment(self, sender: bytes, body: bytes) -> None:
        if roster.entry_of(body, self._hash)[:32] != sender:
            raise NotAuthorised("commitment: signed by another node")

    def _after_commitments(self, now: int) -> list[QuestionEffect]:
        if len(self._got) < MIN_STATS_NODES:
            raise NotAuthorised(f"fewer than {MIN_STATS_NODES} nodes take part", code="too-few")
        made = roster.make_roster(self._hash, [roster.entry_of(body, self._hash) for body in self._got.values()])
        self._roll = roster.read_roster(made, self._hash, self._cohort.keys)
        members = range(len(self._roll.publics))
        self._next(Gathering.REVEALS, members, now)
        return self._to(members, made)

    def _judge_reveal(self, sender: bytes, body: bytes) -> None:
        found = messages.parse_reveal(body)
        if found.roster != self.roll.hash:
            raise NotAuthorised("reveal: of another roster")
        if canon.digest(found.nonce) != self.roll.nonce_hash(self.roll.number[sender]):
            raise NotAuthorised("reveal: not what the node committed itself to")

    def _after_reveals(self, now: int) -> list[QuestionEffect]:
        members = self._senders()
        nonces = b"".join(messages.parse_reveal(self._got[self.roll.publics[at]]).nonce for at in members)
        nodes = messages.bitmap(members, len(self.roll.publics))
        made = messages.encode(messages.BEACON_TAG, (self.roll.hash, nodes, nonces))
        self._circle = roster.read_beacon(made, self.roll)
        self._next(Gathering.DEALINGS, members, now)
        return self._to(members, made)

    def _judge_dealing(self, sender: bytes, body: bytes) -> None:
        assert self._circle is not None
        found = messages.parse_dealing(signed.verify(signed.parse(body), sender))
        number = self.roll.number[sender]
        if found.beacon != self._circle.beacon:
            raise NotAuthorised("dealing: of another beacon")
        if len(found.packets) != PACKET_BYTES * len(self._circle.neighbours(number)):
            raise Malformed("packets: one for each neighbour")
        self._dealt[number] = (found.digests, found.packets)

    def _after_dealings(self, now: int) -> list[QuestionEffect]:
        assert self._circle is not None
        dealers = self._senders()
        if len(dealers) < MIN_STATS_NODES:
            raise NotAuthorised("fewer than four nodes have dealt shares", code="too-few")
        nodes = messages.bitmap(dealers, len(self.roll.publics))
        self._setting = roster.read_dealers(self._circle, nodes)
        self._present = dealers
        mail = self._mail(dealers)
        self._next(Gathering.ANSWERS, dealers, now)
        return [
            Tell(
                self.roll.publics[number],
                messages.encode(messages.HANDED_TAG, (self._circle.beacon, nodes, mail[number])),
            )
            for number in dealers
        ]

    def _mail(self, dealers: Sequence[int]) -> Mapping[int, list[tuple[int, bytes, bytes]]]:
        """For each dealer what the others have dealt it."""
        assert self._circle is not None
        mail: dict[int, list[tuple[int, bytes, bytes]]] = {number: [] for number in dealers}
        for dealer in dealers:
            digests, packets = self._dealt[dealer]
            for at, holder in enumerate(self._circle.neighbours(dealer)):
                if holder in mail:
                    own = digests[at * EACH_DIGESTS : (at + 1) * EACH_DIGESTS]
                    mail[holder].append((dealer, own, packets[at * PACKET_BYTES : (at + 1) * PACKET_BYTES]))
        return mail

    # --- answers, the list, what opens

    @property
    def _words(self) -> int:
        return len(self.rows) * lanes.words_of_row(CLASSES) if self.step == 1 else len(self.cells)

    def _judge_answer(self, sender: bytes, body: bytes) -> None:
        number, words = opening.require_answer(self.setting, self.step, body, self._words)
        if self.roll.publics[number] != sender:
            raise NotAuthorised("answer: signed by another node")
        self._answers[number], self._signed_answers[number] = words, body

    def _after_answers(self, now: int) -> list[QuestionEffect]:
        answered = self._senders()
        missing = len(self._present) - len(answered)
        if len(answered) < MIN_STATS_NODES or (self.step == 2 and missing > self.question.missing):
            raise NotAuthorised("too many nodes were lost: nothing was opened, ask again without them", code="too-few")
        nodes = messages.bitmap(answered, len(self.roll.publics))
        self._list = messages.encode(messages.ANSWERED_TAG, Answered(self.setting.hash, self.step, nodes))
        self._next(Gathering.SIGNATURES, answered, now)
        return self._to(answered, self._list)

    def _judge_signature(self, sender: bytes, body: bytes) -> None:
        if signed.verify(signed.parse(body), sender) != self._list:
            raise NotAuthorised("answered: signed another list")

    def _after_signatures(self, now: int) -> list[QuestionEffect]:
        made = {number: signed.parse(self._got[self.roll.publics[number]]).signature for number in self._senders()}
        signers = tuple(made)
        self._next(Gathering.RELEASES, signers, now)
        effects: list[QuestionEffect] = []
        for number in signers:
            near = [(other, made[other]) for other in self.setting.circle.neighbours(number) if other in made]
            body = messages.encode(messages.SIGNATURES_TAG, (self.setting.hash, self.step, near))
            effects.append(Tell(self.roll.publics[number], body))
        return effects

    def _judge_release(self, sender: bytes, body: bytes) -> None:
        found = messages.parse_release(body)
        if (found.setting, found.step) != (self.setting.hash, self.step):
            raise NotAuthorised("release: of another setting or step")
        number = self.roll.number[sender]
        opening.require_seed(self.setting, self.step, number, found.seed, own=True)
        for dealer, share in found.shares:
            if dealer not in self._dealt or not self._is_share(dealer, number, share):
                raise NotAuthorised("release: a share that was not dealt")

    def _is_share(self, dealer: int, holder: int, share: bytes) -> bool:
        near = self.setting.circle.neighbours(dealer)
        if holder not in near:
            return False
        at = near.index(holder)
        digests = self._dealt[dealer][0][at * EACH_DIGESTS : (at + 1) * EACH_DIGESTS]
        kind = self.step - 1 + (2 if dealer in self._answers else 0)
        return party.share_is(digests, kind, share, self.setting.circle.beacon, dealer, holder)

    def _seeds(self) -> tuple[dict[int, bytes], dict[int, bytes]]:
        """(own seeds of the answerers, round-key seeds of the lost): told by their nodes, else by the holders."""
        releases = {self.roll.number[key]: messages.parse_release(body) for key, body in self._got.items()}
        own = {number: found.seed for number, found in releases.items()}
        gone: dict[int, bytes] = {}
        held: dict[int, dict[int, bytes]] = {}
        for holder, found in releases.items():
            for dealer, share in found.shares:
                held.setdefault(dealer, {})[holder] = share
        for number in self._present:
            if number not in own:
                seed = self._recovered(number, held.get(number, {}))
                (own if number in self._answers else gone)[number] = seed
        return own, gone

    def _recovered(self, number: int, held: Mapping[int, bytes]) -> bytes:
        near = self.setting.circle.neighbours(number)
        shares = {near.index(holder) + 1: share for holder, share in held.items()}
        try:
            seed = shamir.join(shares, shamir.threshold_of(len(near)))
            opening.require_seed(self.setting, self.step, number, seed, own=number in self._answers)
        except PeerFault as fault:
            self.named.append((self.roll.publics[number], f"its shares open nothing: {fault}"))
            raise
        return seed

    def _after_releases(self, now: int) -> list[QuestionEffect]:
        own, gone = self._seeds()
        total = opening.total(self.setting, self.step, self._present, self._answers, own, gone)
        if self.step == 2:
            return self._finish(total)
        hashed = canon.digest(self._list)
        self._counts = messages.encode(messages.COUNTS_TAG, Counts(hashed, total))
        answered = tuple(sorted(self._answers))
        seeds = b"".join(own[number] for number in answered), b"".join(gone[number] for number in sorted(gone))
        answers = tuple(self._signed_answers[number] for number in answered)
        body = messages.encode(messages.OPENING_TAG, Opening(self._list, answers, *seeds))
        here = frozenset(self._senders())
        checkers = [at for at in self.setting.circle.checkers(answered) if at in here]
        self._next(Gathering.CHECKS, checkers, now)
        return self._to(checkers, body)

    # --- counts and result

    def _judge_check(self, sender: bytes, body: bytes) -> None:
        if messages.parse_checked(signed.verify(signed.parse(body), sender)) != canon.digest(self._counts):
            raise NotAuthorised("checked: other counts")

    def _after_checks(self, now: int) -> list[QuestionEffect]:
        words = tuple((number, self._got[self.roll.publics[number]]) for number in self._senders())
        answered = tuple(sorted(self._answers))
        checkers = self.setting.circle.checkers(answered)
        if len(words) < shamir.threshold_of(len(checkers)):
            raise NotAuthorised("too few checkers stand for the counts: no sum was opened")
        table = opening.counts_of(messages.parse_counts(self._counts).words, CLASSES)
        most = min(MAX_STATS_UNITS, 65_535 // len(self.roll.publics))
        opening.require_possible(table, len(answered), most)
        self.cells = plan.open_cells(
            self.question.cells, self.rows, table, self._parameters, self.question.missing
        )  # fmt: skip
        self.empty = tuple(at for at, counts in enumerate(table) if not any(counts))
        body = messages.encode(messages.COUNTED_TAG, Counted(self._counts, words))
        self._present, self._answers, self._signed_answers, self.step = answered, {}, {}, 2
        effects = self._to(answered, body)
        if not self.cells:
            return [*effects, *self._close("no cell passes the rules")]
        self._next(Gathering.ANSWERS, answered, now)
        return effects

    def _finish(self, total: bytes) -> list[QuestionEffect]:
        answered = tuple(sorted(self._answers))
        values = lanes.to_values(total)
        opening.require_within(values, len(answered))
        sums = tuple(zip(self.cells, values, strict=True))
        fields = (self._hash, canon.digest(self._list), canon.digest(self._counts), sums)
        made = signed.sign(self._key, messages.RESULT_TAG, fields)
        publics = tuple(self.roll.publics[number] for number in answered)
        self.phase = Gathering.DONE
        return [*self._to(answered, made), Opened(made, sums, publics)]


_JUDGES: Final[Mapping[Gathering, Callable[[Coordinator, bytes, bytes], None]]] = {
    Gathering.COMMITMENTS: Coordinator._judge_commitment,
    Gathering.REVEALS: Coordinator._judge_reveal,
    Gathering.DEALINGS: Coordinator._judge_dealing,
    Gathering.ANSWERS: Coordinator._judge_answer,
    Gathering.SIGNATURES: Coordinator._judge_signature,
    Gathering.RELEASES: Coordinator._judge_release,
    Gathering.CHECKS: Coordinator._judge_check,
}
_NEXT: Final[Mapping[Gathering, Callable[[Coordinator, int], list[QuestionEffect]]]] = {
    Gathering.COMMITMENTS: Coordinator._after_commitments,
    Gathering.REVEALS: Coordinator._after_reveals,
    Gathering.DEALINGS: Coordinator._after_dealings,
    Gathering.ANSWERS: Coordinator._after_answers,
    Gathering.SIGNATURES: Coordinator._after_signatures,
    Gathering.RELEASES: Coordinator._after_releases,
    Gathering.CHECKS: Coordinator._after_checks,
}
