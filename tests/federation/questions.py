"""A federation of answerers and one coordinator on virtual time: every message by hand, faults as functions."""

import heapq
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from federation.answering import Answerer
from federation.coordinating import Coordinator
from federation.effects import Blamed, Note, Opened, QuestionEffect, Tell, Unopened
from protocol.keys import SigningKey
from protocol.statistics import question as asking
from protocol.statistics.plan import Cell
from protocol.statistics.question import Cohort, Question, Unit
from protocol.statistics.rules import Parameters
from tests.vectors.world import octets

PARAMETERS = Parameters(3, 10, octets("salt of the rules", 16))
MONTH = 202611
DELAY_US = 10_000
# What becomes of a message: (from, to, body) -> the bodies that arrive instead; none: it is lost.
Fault = Callable[[bytes, bytes, bytes], Sequence[bytes]]


@cache
def node_key(name: str) -> SigningKey:
    return SigningKey(octets(f"statistics {name}"))


@cache
def node_keys(count: int) -> tuple[SigningKey, ...]:
    return tuple(sorted((node_key(f"node {at}") for at in range(count)), key=lambda key: key.public))


COORDINATOR = node_key("coordinator")
ASKER = node_key("asker")
PUBLISHER = node_key("publisher")


def cohort_of(keys: Sequence[SigningKey]) -> tuple[Cohort, bytes]:
    publics = tuple(key.public for key in keys)
    made = Cohort("test", "みかわ", "prefecture", "23", 1, 2**52, PARAMETERS.digest(), publics)
    return asking.verify_cohort(asking.sign_cohort(PUBLISHER, made), PUBLISHER.public)


def ask(cohort: bytes, cells: Sequence[Cell], **changes: object) -> Question:
    made = Question(
        "test", cohort, ASKER.public, COORDINATOR.public, octets("question", 16), MONTH, "amount", Unit.COMPANY, 0, 1,
        b"", tuple(cells), 1_000,
    )  # fmt: skip
    return made._replace(**changes)  # type: ignore[arg-type]


@dataclass
class World:
    """``contributions`` by node key and row. ``gone``: after which count of own messages a node falls silent."""

    keys: Sequence[SigningKey]
    question: Question
    contributions: Mapping[bytes, Sequence[Sequence[int]]]
    fault: Fault = lambda _from, _to, body: (body,)
    gone: Mapping[bytes, int] = field(default_factory=dict)
    effects: dict[bytes, list[QuestionEffect]] = field(default_factory=dict)
    sent: dict[bytes, int] = field(default_factory=dict)
    sent_bytes: dict[bytes, int] = field(default_factory=dict)
    now: int = 0

    def run(self) -> "World":
        cohort, _ = cohort_of(self.keys)
        wire = asking.sign_question(ASKER, self.question)
        question, hashed = asking.verify_question(wire)
        self.coordinator = Coordinator(COORDINATOR, question, wire, hashed, cohort, PARAMETERS, 0)
        self.answerers = {
            key.public: Answerer(
                key, question, hashed, cohort, PARAMETERS, self.contributions[key.public],
                octets(f"entropy of {key.public.hex()}"), 0,
            )
            for key in self.keys
        }  # fmt: skip
        self._queue: list[tuple[int, int, bytes, bytes, bytes]] = []
        self._number = itertools.count()
        self.do(COORDINATOR.public, self.coordinator.start())
        while self._queue or self._wait():
            if self._queue:
                self.now, _, sender, to, body = heapq.heappop(self._queue)
                self._deliver(sender, to, body)
        return self

    def _deliver(self, sender: bytes, to: bytes, body: bytes) -> None:
        if to == COORDINATOR.public:
            self.do(to, self.coordinator.on_message(sender, body, self.now))
        elif self.sent.get(to, 0) < self.gone.get(to, 100):
            own = self.answerers[to]
            first = body == self.coordinator._asked
            if not first:
                self.do(to, own.on_message(body, self.now))
            elif to not in self.sent:
                self.do(to, own.start())

    def _wait(self) -> bool:
        """On to the next deadline, if there is one."""
        deadline = self.coordinator.next_deadline
        if deadline is None:
            return False
        self.now = max(self.now, deadline)
        self.do(COORDINATOR.public, self.coordinator.on_time(self.now))
        return True

    def do(self, who: bytes, effects: Sequence[QuestionEffect]) -> None:
        self.effects.setdefault(who, []).extend(effects)
        for effect in effects:
            if isinstance(effect, Tell):
                self.sent[who] = self.sent.get(who, 0) + 1
                self.sent_bytes[who] = self.sent_bytes.get(who, 0) + len(effect.body)
                for body in self.fault(who, effect.to, effect.body):
                    entry = (self.now + DELAY_US, next(self._number), who, effect.to, body)
                    heapq.heappush(self._queue, entry)

    # --- what came of it

    @property
    def opened(self) -> Opened | None:
        return next((item for item in self.effects[COORDINATOR.public] if isinstance(item, Opened)), None)

    @property
    def why_not(self) -> str:
        return next((item.reason for item in self.effects[COORDINATOR.public] if isinstance(item, Unopened)), "")

    @property
    def named(self) -> dict[bytes, str]:
        return dict(reversed(self.coordinator.named))

    def blamed_by(self, key: bytes) -> list[str]:
        return [item.rule for item in self.effects.get(key, []) if isinstance(item, Blamed)]

    def notes(self, key: bytes) -> list[Note]:
        return [item for item in self.effects.get(key, []) if isinstance(item, Note)]
