"""One question from one seed: the product's machines, messages that are late, lost or false, and what must hold.

Owns the schedule and the invariants. Must not know how the machines decide.

1. What is opened is the truth, to the yen, of the nodes that are named with it.
2. No cell is answered by an honest node, and none opened, that the rules forbid; nor is any rest between opened cells.
3. Of no node are enough shares of both kinds released in one step.
4. A node that lied is named by the coordinator; a coordinator that lied is named by whom it lied to, opens nothing
   or the truth.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Sequence

from federation.answering import Answerer
from federation.coordinating import Coordinator
from federation.effects import Blamed, Note, Opened, QuestionEffect, Tell, Unopened
from node.sim.asked.liars import COORDINATOR_LIES, NODE_LIES, Lie, kind_of
from node.sim.asked.options import AskedOptions
from node.sim.clock import Schedule
from node.sim.dice import Dice
from node.sim.invariants import Violation
from protocol.keys import SigningKey
from protocol.limits import MIN_STATS_NODES
from protocol.statistics import messages, question, rules, shamir
from protocol.statistics.ledger import Event
from protocol.statistics.plan import Cell, Kind
from protocol.statistics.question import Cohort, Question, Unit
from protocol.statistics.rules import Parameters

MONTH = 202_611
Meter = Callable[[], int]  # ns of processor time


class AskedWorld:
    """``meter``: measures what each machine costs; ``seeds`` replay without it."""

    def __init__(self, seed: int, options: AskedOptions, meter: Meter = lambda: 0) -> None:
        self.seed = seed
        self.options = options
        self.schedule = Schedule()
        self.cost_ns: dict[bytes, int] = defaultdict(int)
        self.sent_bytes: dict[bytes, int] = defaultdict(int)
        self.sent: dict[bytes, int] = defaultdict(int)
        self.effects: dict[bytes, list[QuestionEffect]] = defaultdict(list)
        self.lies: list[str] = []
        self._meter = meter
        self._dice = Dice(seed, "asked")
        self._trace = hashlib.sha256()
        self._keys = sorted((self._key(at) for at in range(options.nodes)), key=lambda key: key.public)
        self._key_of: dict[bytes, SigningKey] = {key.public: key for key in self._keys}
        self._gatherer = self._key("coordinator")
        self._parameters = Parameters(3, 10, self._dice.take(16))
        self._cast()
        self._ask()

    def _key(self, name: object) -> SigningKey:
        return SigningKey(Dice(self.seed, "key", name).take(32))

    def _cast(self) -> None:
        """Who is lost after which of its messages, and who lies how."""
        publics: list[bytes] = [key.public for key in self._keys]
        most = self.options.most_lost if self._dice.permille(self.options.losing) else 0
        gone = self._dice.shuffled(publics)[: self._dice.between(0, most)]
        self.lost = {public: self._dice.between(0, 9) for public in gone}
        self._lying: dict[bytes, tuple[str, str, Lie]] = {}
        if self._dice.permille(self.options.lying_nodes):
            self._lying[self._dice.pick(publics)] = self._dice.pick(NODE_LIES)
        if self._dice.permille(self.options.lying_coordinator):
            self._lying[self._gatherer.public] = self._dice.pick(COORDINATOR_LIES)
            self._deceived = frozenset(self._dice.shuffled(publics)[: self._dice.between(1, len(publics))])

    def _ask(self) -> None:
        publics: tuple[bytes, ...] = tuple(key.public for key in self._keys)
        made = Cohort("test", "simulated", "prefecture", "", 1, 2**52, self._parameters.digest(), publics)
        publisher = self._key("publisher")
        cohort, name = question.verify_cohort(question.sign_cohort(publisher, made), publisher.public)
        asked = Question(
            "test", name, publisher.public, self._gatherer.public, self._dice.take(16), MONTH, "amount", Unit.COMPANY,
            0, 1, b"", self._cells(), 0,
        )  # fmt: skip
        wire = question.sign_question(publisher, asked)
        self.question, hashed = question.verify_question(wire)
        self._wire = wire
        self.contributions = {public: self._figures(public) for public in publics}
        self.coordinator = Coordinator(self._gatherer, self.question, wire, hashed, cohort, self._parameters, 0)
        self.answerers: dict[bytes, Answerer] = {
            key.public: Answerer(
                key, self.question, hashed, cohort, self._parameters, self.contributions[key.public],
                Dice(self.seed, "entropy", key.public.hex()).take(32), 0,
            )
            for key in self._keys
        }  # fmt: skip

    def _cells(self) -> tuple[Cell, ...]:
        """Classes of goods, every tenth of them the sum of the nine before and more."""
        return tuple(
            Cell(
                f"{at // 10:03}" if at % 10 == 9 and self.options.nested else f"{at // 10:03}{at % 10}", 20_000, 20_007
            )
            for at in range(self.options.cells)
        )

    def _figures(self, public: bytes) -> list[list[int]]:
        """For each row the figures of this node's firms: rests are what they are."""
        dice = Dice(self.seed, "figures", public.hex())
        firms = dice.between(0, self.options.firms)
        leaf = {
            cell: [dice.between(-50, 10 ** dice.between(2, 7)) if dice.permille(800) else 0 for _ in range(firms)]
            for cell in self.question.cells
        }
        whole = {
            row.cell: [own + sum(leaf[other][at] for other in row.without) for at, own in enumerate(leaf[row.cell])]
            for row in self.question.rows
            if row.kind is Kind.REST
        }
        return [
            whole.get(row.cell, leaf[row.cell]) if row.kind is Kind.CELL else leaf[row.cell]
            for row in self.question.rows
        ]

    # --- the run

    def run(self) -> AskedWorld:
        """Until nothing is left to happen. Raises Violation."""
        self._do(self._gatherer, self.coordinator.start())
        while self.schedule.next_time() is not None or self._tick():
            self.schedule.step()
        self._judge()
        return self

    def _tick(self) -> bool:
        deadline = self.coordinator.next_deadline
        if deadline is None:
            return False
        self.schedule.at(deadline, lambda: self._do(self._gatherer, self.coordinator.on_time(self.schedule.now)))
        return True

    def _do(self, who: SigningKey, effects: Sequence[QuestionEffect]) -> None:
        self.effects[who.public] += effects
        for effect in effects:
            self._trace.update(repr((self.schedule.now, who.public, effect)).encode())
            if isinstance(effect, Tell):
                self.sent[who.public] += 1
                self.sent_bytes[who.public] += len(effect.body)
                for body in self._as_told(who, effect):
                    delay = 1 + self._dice.between(0, self.options.latency_us)
                    self.schedule.after(delay, self._delivery(who.public, effect.to, body))

    def _as_told(self, who: SigningKey, effect: Tell) -> Sequence[bytes]:
        name, tag, lie = self._lying.get(who.public, ("", "", None))
        if lie is None or kind_of(effect.body) != tag:
            return (effect.body,)
        if who is self._gatherer and effect.to not in self._deceived:
            return (effect.body,)
        told = lie(who, effect.body, self._dice)
        if tuple(told) != (effect.body,):
            self.lies.append(name)
        return told

    def _delivery(self, sender: bytes, to: bytes, body: bytes) -> Callable[[], None]:
        def deliver() -> None:
            before = self._meter()
            if to == self._gatherer.public:
                who, effects = self._gatherer, self.coordinator.on_message(sender, body, self.schedule.now)
            else:
                own = self.answerers[to]
                if self.sent[to] >= self.lost.get(to, 99):
                    return
                who = self._key_of[to]
                effects = own.start() if body is self._wire else own.on_message(body, self.schedule.now)
            self.cost_ns[to] += self._meter() - before
            self._do(who, effects)

        return deliver

    # --- what came of it

    @property
    def opened(self) -> Opened | None:
        """The result, if there is one."""
        return next((item for item in self.effects[self._gatherer.public] if isinstance(item, Opened)), None)

    @property
    def reason(self) -> str:
        """Why there is none."""
        found = (item.reason for item in self.effects[self._gatherer.public] if isinstance(item, Unopened))
        return next(found, "")

    @property
    def trace(self) -> str:
        """The hash of everything that happened."""
        return self._trace.hexdigest()

    def _judge(self) -> None:
        self._judge_sums()
        self._judge_answers()
        self._judge_shares()
        self._judge_names()

    def _judge_sums(self) -> None:
        opened = self.opened
        if opened is None:
            return
        if len(opened.nodes) < MIN_STATS_NODES:
            raise Violation(f"opened with {len(opened.nodes)} nodes")
        for cell, total in opened.sums:
            units = [value for public in opened.nodes for value in self.contributions[public][cell]]
            if total != sum(units):
                raise Violation(f"cell {cell}: {total} was opened, the truth is {sum(units)}")
            if not rules.passes(units, self._parameters):
                raise Violation(f"cell {cell} was opened against the rules")
        cells = {cell for cell, _ in opened.sums}
        for at, row in enumerate(self.question.rows):
            units = [value for public in opened.nodes for value in self.contributions[public][at]]
            if row.kind is Kind.REST and row.at in cells and any(units) and not rules.passes(units, self._parameters):
                raise Violation(f"the rest of cell {row.at} can be worked out")

    def _judge_answers(self) -> None:
        """Whoever answered step 2: its cells pass, by the truth of all nodes on the list of step 1."""
        for public, answerer in self.answerers.items():
            for note in self.effects[public]:
                if isinstance(note, Note) and note.event is Event.ANSWERED:
                    nodes = [self.coordinator.roll.publics[at] for at in answerer.present]
                    for cell in note.cells:
                        units = [value for node in nodes for value in self.contributions[node][cell]]
                        if not rules.passes(units, self._parameters):
                            raise Violation(f"cell {cell} was answered against the rules")

    def _judge_shares(self) -> None:
        kinds: dict[tuple[int, int], dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for public, answerer in self.answerers.items():
            for effect in self.effects[public]:
                if isinstance(effect, Tell) and messages.tag_of(effect.body) == messages.RELEASE_TAG:
                    made = messages.parse_release(effect.body)
                    for dealer, share in made.shares:
                        kinds[made.step, dealer][answerer.kind_of(dealer, share)] += 1
        for (step, dealer), counts in kinds.items():
            threshold = shamir.threshold_of(len(self.coordinator.setting.circle.neighbours(dealer)))
            if sum(count >= threshold for count in counts.values()) > 1:
                raise Violation(f"step {step}: shares of both kinds of node {dealer} were released")

    def _judge_names(self) -> None:
        for public, (name, _, _) in self._lying.items():
            if name not in self.lies:
                continue
            if public == self._gatherer.public:
                blamed = any(
                    isinstance(item, Blamed) and item.node == public
                    for answerer in self.answerers
                    for item in self.effects[answerer]
                )
                if not blamed and self.opened is None and not self.reason:
                    raise Violation(f"the coordinator lied ({name}) and nobody says so")
            elif public not in {node for node, _ in self.coordinator.named}:
                raise Violation(f"a node lied ({name}) and is not named")
