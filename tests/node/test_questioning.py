"""Five nodes with stores and runtimes of their own answer a question on virtual time: lost, killed, late, lying."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from node.services.questions import answering, cohorts, gathering, ledgering, policy
from node.services.questions.answering import Wanted
from node.services.questions.gathering import Answer
from node.store import Tx
from protocol import canon
from protocol.errors import CallerFault, WorldFault
from protocol.keys import NodeId
from protocol.limits import STATS_CAP
from protocol.statistics import messages, post, rules, signed
from protocol.statistics.ledger import Event
from protocol.statistics.plan import Cell, Kind
from protocol.statistics.rules import Parameters
from tests.node.running import Done, Running, Street
from tests.node.services.guarding.province import Clocked

NAMES = ("豊田", "京都", "四国", "竜宮", "鬼ヶ島")
CELLS = (Cell("4901", 20_300, 20_331), Cell("4902", 20_300, 20_331), Cell("49", 20_300, 20_331))
COHORT = "みかわ"
PATIENCE_S = 5
RULES = Parameters(3, 10, bytes(16))
Twist = Callable[[bytes, bytes], bytes]  # (body that was asked, answer) -> the answer that is given instead


def leaves(name: str) -> list[tuple[bytes, list[int]]]:
    """Three firms' figures in 4901, 4902 and the rest of 49."""
    at = NAMES.index(name)
    return [
        (f"{name}{firm}".encode(), [1000 + 10 * at + firm, 500 * firm if at else 0, 800 + at + firm])
        for firm in (1, 2, 3)
    ]


class Net(Street):
    """A street that counts messages of rounds: ``gone`` falls silent after so many, ``late`` answers so late (µs),
    ``kill`` dies and starts again at so many, before or after its commit, ``twist`` says something else."""

    def __init__(self, *towns: Clocked) -> None:
        super().__init__(*towns)
        self.heard: dict[NodeId, int] = {}
        self.gone: dict[NodeId, int] = {}
        self.late: dict[tuple[NodeId, int], int] = {}
        self.kill: dict[tuple[NodeId, int], bool] = {}
        self.twist: dict[NodeId, Twist] = {}
        self.answers: dict[tuple[NodeId, bytes], set[bytes]] = {}

    def carry(self, source: Running, peer: NodeId, path: str, body: bytes, done: Done) -> None:
        if path != post.ROUND:
            super().carry(source, peer, path, body, done)
            return
        self.heard[peer] = number = self.heard.get(peer, 0) + 1
        if number > self.gone.get(peer, 99):
            self.schedule.after(self.silence_us, lambda: done(WorldFault("no answer", code="timeout")))
            return
        before = self.kill.pop((peer, number), None)
        if before is True:
            restart(self.houses[peer])
        delay = self.late.get((peer, number), 0)

        def answered(outcome: Any) -> None:
            if before is False:
                restart(self.houses[peer])
                done(WorldFault("the connection broke", code="connect"))
                return
            if isinstance(outcome, bytes):
                self.answers.setdefault((peer, body), set()).add(outcome)
                outcome = self.twist.get(peer, lambda _body, answer: answer)(body, outcome)
            self.schedule.after(1 + delay, lambda: done(outcome))

        super().carry(source, peer, path, body, answered)


def restart(running: Running) -> None:
    """kill -9 and a new process on the same store."""
    source = running.runtime.questioning.source
    running.crash()
    running.boot()
    running.runtime.questioning.source = source
    running.run(running.runtime.start(None))


class Five:
    """Five associations, peers of each other, in one cohort; the first one asks."""

    def __init__(self, figures: Mapping[str, Sequence[tuple[bytes, list[int]]]] | None = None) -> None:
        self.towns = {name: Clocked(name) for name in NAMES}
        self.leaves = {name: list((figures or {}).get(name, leaves(name))) for name in NAMES}
        for one in self.towns.values():
            for other in self.towns.values():
                if one is not other:
                    one.accept(other)
        self.net = Net(*self.towns.values())
        for town in self.towns.values():
            town.schedule = self.net.schedule
        self.at = {name: self.net[town] for name, town in self.towns.items()}
        for name, running in self.at.items():
            running.runtime.questioning.source = self._source(name)
            running.start()
        self.net.wait(2)
        self._join()

    def _source(self, name: str) -> Callable[[Tx, Wanted], list[tuple[bytes, list[int]]]]:
        def read(_tx: Tx, wanted: Wanted) -> list[tuple[bytes, list[int]]]:
            found = []
            for firm, values in self.leaves[name]:
                whole = {CELLS[0]: values[0], CELLS[1]: values[1], CELLS[2]: sum(values)}
                found.append(
                    (firm, [whole[row.cell] if row.kind is Kind.CELL else values[2] for row in wanted.question.rows])
                )
            return found

        return read

    def _join(self) -> None:
        asker = self.towns[NAMES[0]]
        made = asker.do(
            lambda tx: cohorts.publish(
                asker.house, tx, COHORT, NAMES[1:], kind="prefecture", area="23", days=30, units=3, percent=10, by="x"
            )
        )
        for name in NAMES[1:]:
            town = self.towns[name]
            offered = town.do(lambda tx, t=town: cohorts.take_offer(t.house, tx, asker.house.id, made.offer))
            assert offered == cohorts.OFFERED
            town.do(lambda tx, t=town: cohorts.decide(t.house, tx, COHORT, "x", accept=True))
            town.do(lambda tx, t=town: policy.change(t.house, tx, b"", policy.AUTO, "x"))

    def id(self, name: str) -> NodeId:
        return self.towns[name].house.id

    def key(self, name: str) -> bytes:
        return self.towns[name].house.node.public

    def ask(self, cells: Sequence[Cell] = CELLS) -> bytes:
        asker = self.towns[NAMES[0]]
        row = asker.do(lambda tx: gathering.ask(asker.house, tx, COHORT, "sales", cells, by="x"))
        for name in NAMES[1:]:
            town = self.towns[name]
            town.do(lambda tx, t=town: answering.announced(t.house, tx, asker.house.id, row.wire))
        return row.question

    def run(self, question: bytes, seconds: float = 120) -> Answer:
        asker = self.at[NAMES[0]]
        asker.run(self._gather(question))
        asker.driver.pump()
        self.net.wait(seconds)
        return self.towns[NAMES[0]].see(lambda tx: gathering.answer(tx, question.hex()))

    def _gather(self, question: bytes) -> Any:
        yield from self.at[NAMES[0]].runtime.questioning.gather(question.hex(), PATIENCE_S)

    def truth(self, nodes: Sequence[bytes]) -> list[int]:
        """What was sold in each cell, over these nodes, computed openly; every cell obeys the rules."""
        firms = [values for name in NAMES if self.key(name) in nodes for _, values in self.leaves[name]]
        cells = [[v[0] for v in firms], [v[1] for v in firms], [sum(v) for v in firms]]
        assert all(rules.passes(cell, RULES) for cell in cells)
        return [sum(cell) for cell in cells]

    def check(self, found: Answer, count: int) -> None:
        assert found.state == gathering.OPENED, (found.reason, found.named)
        assert len(found.nodes) == count
        assert [one.total for one in found.cells] == self.truth(found.nodes)

    def events(self, name: str) -> list[Event]:
        town = self.towns[name]
        return [line.entry.event for line in town.see(lambda tx: ledgering.lines(town.house, tx))]


def test_sums_are_the_truth_and_everybody_enters_what_left_the_house() -> None:
    five = Five()
    question = five.ask()
    five.check(five.run(question, 10), 5)
    for name in NAMES:
        assert five.events(name) == [Event.JOINED, Event.COUNTED, Event.ANSWERED, Event.OPENED]
        row = five.towns[name].see(lambda tx: tx.questions.get(question))
        assert row is not None
        assert row.state == answering.OVER


# What a node is told: the question, roster, beacon, shares (it answers step 1), list, signatures, opening, counts (it
# answers step 2), list, signatures, result.
MESSAGES = 11
STEP_1, STEP_2 = 4, 8


@pytest.mark.parametrize("after", range(MESSAGES))
def test_a_node_falls_silent_after_any_message(after: int) -> None:
    """Before its first answer the others' sums open, after its second one all; in between nothing may be opened."""
    five = Five()
    five.net.gone[five.id("竜宮")] = after
    found = five.run(five.ask())
    if STEP_1 <= after < STEP_2:
        assert (found.state, list(found.cells)) == (gathering.UNOPENED, [])
    else:
        five.check(found, 4 if after < STEP_1 else 5)
    assert after == MESSAGES - 1 or five.key("竜宮") in {node for node, _ in found.named}


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("number", range(1, MESSAGES + 1))
def test_a_node_is_killed_at_any_message(number: int, before: bool) -> None:
    """It goes on where it was, and says the same again, byte for byte."""
    five = Five()
    five.net.kill[five.id("四国"), number] = before
    five.check(five.run(five.ask()), 5)
    assert all(len(said) == 1 for said in five.net.answers.values())
    assert five.events("四国") == [Event.JOINED, Event.COUNTED, Event.ANSWERED, Event.OPENED]


@pytest.mark.parametrize("number", range(1, MESSAGES + 1))
def test_the_asker_is_killed_at_any_message(number: int) -> None:
    """Its round goes on from its store; nobody hears anything else than before."""
    five = Five()
    question = five.ask()
    asker, carry = five.at[NAMES[0]], five.net.carry
    left = [number]

    def dying(source: Running, peer: NodeId, path: str, body: bytes, done: Done) -> None:
        if path == post.ROUND and peer == five.id("京都"):
            left[0] -= 1
            if left[0] == 0:
                restart(asker)
                return
        carry(source, peer, path, body, done)

    five.net.carry = dying  # type: ignore[method-assign]
    five.check(five.run(question), 5)
    assert all(len(said) == 1 for said in five.net.answers.values())


def test_a_node_above_its_cap_is_named_and_the_others_are_summed() -> None:
    five = Five({"京都": [(b"x", [STATS_CAP + 1, 0, 0])]})
    found = five.run(five.ask())
    five.leaves["京都"] = []
    five.check(found, 4)
    assert "magnitude" in dict(found.named)[five.key("京都")]
    assert five.events("京都") == [Event.REFUSED]


def test_a_node_that_left_the_cohort_is_named_and_the_others_are_summed() -> None:
    five = Five()
    town = five.towns["京都"]
    town.do(lambda tx: cohorts.decide(town.house, tx, COHORT, "x", accept=False))
    found = five.run(five.ask())
    five.check(found, 4)
    assert "wrong-cohort" in dict(found.named)[five.key("京都")]


def test_a_node_that_answers_twice_is_named_and_the_others_are_summed() -> None:
    five = Five()
    key = five.towns["四国"].house.node

    def twice(_body: bytes, answer: bytes) -> bytes:
        told = post.parse_told(answer)
        for said in told.messages:
            if messages.tag_of(said) == signed.TAG:
                record = signed.parse(said).record
                if messages.tag_of(record) == messages.ANSWER_TAG:
                    made = messages.parse_answer(record)
                    other = signed.sign(key, messages.ANSWER_TAG, made._replace(words=bytes(len(made.words))))
                    return canon.encode((post.TOLD_TAG, told.state, (said, other), ""))
        return answer

    five.net.twist[five.id("四国")] = twice
    found = five.run(five.ask())
    five.check(found, 4)
    assert "once" in dict(found.named)[five.key("四国")]


def test_a_node_that_answers_late_is_named_and_the_others_are_summed() -> None:
    five = Five()
    five.net.late[five.id("竜宮"), 4] = 8_000_000  # its answer of step 1 comes after the patience of the phase
    found = five.run(five.ask())
    five.check(found, 4)
    told = [rule for node, rule in found.named if node == five.key("竜宮")]
    assert any("in time" in rule for rule in told)


def test_a_person_decides_and_a_rule_refuses() -> None:
    five = Five()
    waits, never = five.towns["京都"], five.towns["四国"]
    waits.do(lambda tx: policy.change(waits.house, tx, five.key(NAMES[0]), policy.ASK, "x"))
    never.do(lambda tx: policy.change(never.house, tx, five.key(NAMES[0]), policy.NEVER, "x"))
    question = five.ask()
    wire = five.towns[NAMES[0]].see(lambda tx: tx.questions.get(question))
    assert wire is not None
    stands = {
        name: town.do(lambda tx, t=town: answering.announced(t.house, tx, five.id(NAMES[0]), wire.wire)).state
        for name, town in five.towns.items()
        if name != NAMES[0]
    }
    assert stands == {"京都": post.WAITING, "四国": post.REFUSED, "竜宮": post.READY, "鬼ヶ島": post.READY}
    waits.do(lambda tx: answering.decide(waits.house, tx, question.hex(), "店長", allow=True))
    with pytest.raises(CallerFault, match="not waiting"):
        waits.do(lambda tx: answering.decide(waits.house, tx, question.hex(), "店長", allow=True))
    five.check(five.run(question), 4)
    assert five.events("四国") == [Event.REFUSED]


def test_too_few_nodes_open_nothing() -> None:
    five = Five()
    for name in ("竜宮", "鬼ヶ島"):
        five.net.dark.add(five.id(name))
    found = five.run(five.ask())
    assert (found.state, list(found.cells)) == (gathering.UNOPENED, [])
    assert "too-few" in found.reason or "fewer" in found.reason


def test_what_was_opened_is_not_answered_again_nor_what_overlaps_it() -> None:
    five = Five()
    five.check(five.run(five.ask(), 10), 5)
    with pytest.raises(CallerFault, match="difference"):
        five.ask([Cell("490", 20_300, 20_310)])
    with pytest.raises(CallerFault, match="one version a month"):
        five.ask()


def test_only_the_asker_may_gather_and_only_its_own_question() -> None:
    five = Five()
    question = five.ask()
    row = five.towns[NAMES[0]].see(lambda tx: tx.questions.get(question))
    assert row is not None
    kyoto = five.towns["京都"]
    stranger = five.id("四国")
    with pytest.raises(Exception, match="another node"):
        kyoto.do(lambda tx: answering.announced(kyoto.house, tx, stranger, row.wire))
    kyoto.do(lambda tx: answering.announced(kyoto.house, tx, five.id(NAMES[0]), row.wire))
    body = post.encode_round(canon.digest(signed.parse(row.wire).record), row.wire)
    held = five.at["京都"].runtime.questioning._held
    with pytest.raises(Exception, match="another node"):
        kyoto.do(lambda tx: answering.tell(kyoto.house, tx, held, stranger, body, None))
