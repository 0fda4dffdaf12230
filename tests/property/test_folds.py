"""The fold is a function of the set of facts: no order of arrival, no duplicate, no clock changes it.

Dealings are drawn at random: any number of clerks on both sides, each of whom has seen some of what was written, and
writes what is possible there (mostly) or is not.
"""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from protocol.process.fact import Fact, Verdict
from protocol.process.history import History, arrange
from protocol.process.thread import ThreadState, fold, judge
from protocol.process.trade.fold import Judgement, settle, summarise
from tests.protocol.process.dealings import Desk
from tests.protocol.process.moves import MOVES, OPENINGS

SLOW = settings(max_examples=40, suppress_health_check=list(HealthCheck))


@st.composite
def dealings(draw: st.DrawFn, most: int = 9) -> list[Fact]:
    """A random graph of facts, all of one thread."""
    desk = Desk(salt=str(draw(st.integers(0, 2**32))))
    OPENINGS[draw(st.sampled_from(sorted(OPENINGS)))](desk)
    for _ in range(draw(st.integers(1, most))):
        seen = draw(st.lists(st.sampled_from(desk.facts), min_size=1, max_size=3, unique_by=lambda fact: fact.id))
        if draw(st.booleans()):
            seen = [fact for fact in desk.facts if fact.id in fold(desk.facts).heads]
        names = draw(st.permutations(sorted(MOVES)))
        tries = 6 if draw(st.integers(0, 3)) else 1  # three of four are possible where they are written, if any is
        _write(desk, names[:tries], seen)
    return desk.facts


def _write(desk: Desk, names: list[str], seen: list[Fact]) -> None:
    for name in names:
        fact = MOVES[name](desk, *seen)
        if judge(desk.facts[:-1], fact).verdict is Verdict.EFFECTIVE or name == names[-1]:
            return
        desk.facts.pop()


def past_of(facts: list[Fact], fact: Fact) -> list[Fact]:
    """The fact and everything it follows."""
    known = {one.id: one for one in facts}
    reached = {fact.id}
    stack = [fact]
    while stack:
        for parent in stack.pop().follows:
            if parent not in reached:
                reached.add(parent)
                stack.append(known[parent])
    return [one for one in facts if one.id in reached]


def assert_same(one: ThreadState, other: ThreadState) -> None:
    assert one == other
    assert list(one.outcomes) == list(other.outcomes)


@SLOW
@given(dealings(), st.randoms(use_true_random=False))
def test_any_order_of_arrival_gives_the_same_state(facts: list[Fact], generator: random.Random) -> None:
    wanted = fold(facts)
    for _ in range(6):
        assert_same(fold(generator.sample(facts, len(facts))), wanted)
    assert_same(fold(facts, facts[0].id), wanted)


@SLOW
@given(dealings(), st.randoms(use_true_random=False))
def test_duplicates_change_nothing(facts: list[Fact], generator: random.Random) -> None:
    twice = [*facts, *generator.choices(facts, k=len(facts))]
    generator.shuffle(twice)
    assert_same(fold(twice), fold(facts))


@SLOW
@given(dealings(), st.randoms(use_true_random=False))
def test_time_decides_nothing(facts: list[Fact], generator: random.Random) -> None:
    shifted = [fact._replace(time=generator.randrange(2**50)) for fact in facts]
    assert_same(fold(shifted), fold(facts))


@SLOW
@given(dealings())
def test_a_judgement_never_changes(facts: list[Fact]) -> None:
    """Judged with its past alone, with everything, or in the fold: refused is refused and possible is possible."""
    outcomes = fold(facts).outcomes
    for fact in facts:
        past = past_of(facts, fact)
        alone = judge([one for one in past if one is not fact], fact)
        assert judge(facts, fact) == alone
        if alone.verdict is Verdict.REFUSED:
            assert outcomes[fact.id] == alone
        else:
            assert outcomes[fact.id].verdict in (Verdict.EFFECTIVE, Verdict.SUPERSEDED, Verdict.HELD)


@SLOW
@given(dealings(), st.data())
def test_arrival_one_by_one(facts: list[Fact], data: st.DataObject) -> None:
    """A prefix of any arrival: what misses its past waits, the rest is folded as if nothing else existed."""
    arrived = data.draw(st.permutations(facts))[: data.draw(st.integers(0, len(facts)))]
    known = {fact.id for fact in arrived}
    complete = [fact for fact in arrived if all(one.id in known for one in past_of(facts, fact))]
    state = fold(arrived, facts[0].id)
    assert set(state.waiting) == known - {fact.id for fact in complete}
    for identity in state.waiting:
        assert state.outcomes[identity].verdict is Verdict.WAITING
        assert state.outcomes[identity].others
    alone = fold(complete, facts[0].id)
    assert {i: o for i, o in state.outcomes.items() if i not in state.waiting} == alone.outcomes
    assert (state.state, state.lines, state.bills, state.heads) == (alone.state, alone.lines, alone.bills, alone.heads)


@SLOW
@given(dealings())
def test_refused_and_held_by_key_have_no_effect(facts: list[Fact]) -> None:
    """Take the impossible ones away, and what nothing else followed changes nothing else."""
    outcomes = {fact.id: judge(facts, fact) for fact in facts}
    followed = {parent for fact in facts for parent in fact.follows}
    idle = {fact.id for fact in facts if outcomes[fact.id].verdict is not Verdict.EFFECTIVE} - followed
    rest = [fact for fact in facts if fact.id not in idle]
    if rest:
        before, after = fold(facts), fold(rest)
        assert (before.state, before.order, before.lines, before.bills) == (
            after.state,
            after.order,
            after.lines,
            after.bills,
        )
        assert {i: o for i, o in before.outcomes.items() if i not in idle} == after.outcomes


@SLOW
@given(dealings())
def test_outcomes_name_each_other(facts: list[Fact]) -> None:
    """Who is held names those it contradicts, and somebody to decide; every held dealing has such a fact."""
    state = fold(facts)
    known = {fact.id for fact in facts}
    for outcome in state.outcomes.values():
        assert set(outcome.others) <= known
        if outcome.verdict is Verdict.HELD:
            assert outcome.others
            assert outcome.decides in ("buyer", "seller")
    if state.state.value == "held":
        assert state.held
        assert state.next is not None
    passed = {one.id for fact in facts if fact.type != "message" for one in past_of(facts, fact) if one.id != fact.id}
    spoken = {fact.id for fact in facts if fact.type == "message"}
    passed |= spoken & {parent for fact in facts for parent in fact.follows}
    assert set(state.heads) == known - passed


@SLOW
@given(dealings())
def test_history_puts_parents_first(facts: list[Fact]) -> None:
    history = arrange(facts)
    places = {fact.id: place for place, fact in enumerate(history.facts)}
    for fact, past in zip(history.facts, history.pasts, strict=True):
        ancestors = {one.id for one in past_of(facts, fact)} - {fact.id}
        assert past == sum(1 << places[one] for one in ancestors)
        assert all(places[parent] < places[fact.id] for parent in fact.follows)


@pytest.mark.parametrize("seed", range(3))
def test_a_long_thread_with_branches(seed: int) -> None:
    """200 facts, many of them side by side: same state from any order."""
    generator = random.Random(seed)
    desk = Desk(salt=str(seed))
    OPENINGS["order"](desk)
    names = sorted(MOVES)
    while len(desk.facts) < 200:
        seen = generator.sample(desk.facts[-6:], min(len(desk.facts), generator.randint(1, 3)))
        MOVES[generator.choice(names)](desk, *seen)
    wanted = fold(desk.facts)
    assert_same(fold(generator.sample(desk.facts, 200)), wanted)


@SLOW
@given(dealings(), st.randoms(use_true_random=False))
def test_any_order_of_telling_gives_the_same_state(facts: list[Fact], generator: random.Random) -> None:
    """A second node may sort the graph otherwise, as long as parents come first."""
    assert fold_in_order(facts, generator) == fold(facts)


def fold_in_order(facts: list[Fact], generator: random.Random) -> ThreadState:
    first, *rest = facts
    placed: list[Fact] = [first]
    while rest:
        known = {fact.id for fact in placed}
        fact = generator.choice([one for one in rest if known.issuperset(one.follows)])
        placed.append(fact)
        rest.remove(fact)
    places = {fact.id: place for place, fact in enumerate(placed)}
    pasts: list[int] = []
    for fact in placed:
        past = 0
        for parent in fact.follows:
            past |= pasts[places[parent]] | 1 << places[parent]
        pasts.append(past)
    parents = [tuple(places[parent] for parent in fact.follows) for fact in placed]
    history = History(placed, pasts, parents, {}, arrange(facts).heads)
    judgement = Judgement(history)
    return summarise(judgement, settle(judgement))
