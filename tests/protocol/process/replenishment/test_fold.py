"""Reports of a week, proposals and answers: which holds, which is replaced, what contradicts what."""

from __future__ import annotations

import random as randoms
from itertools import permutations

from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.process.fact import Verdict
from protocol.process.replenishment.fold import HELD, OPEN, REPLACED
from protocol.process.replenishment.table import SUBJECT, TABLE, State, why_not
from protocol.process.thread import judge, state_of
from protocol.process.trade.table import Role
from tests.protocol.process.dealings import BUYER, SELLER, Desk
from tests.protocol.process.replenishment.desk import ReplenishmentDesk


def weeks(desk: ReplenishmentDesk) -> dict[str, bytes]:
    return {one.week: one.id for one in desk.state().weeks}


def standings(desk: ReplenishmentDesk) -> list[str]:
    return [one.state for one in desk.state().proposals]


def test_a_report_opens_and_a_later_one_of_the_week_takes_its_place() -> None:
    desk = ReplenishmentDesk()
    first = desk.report()
    state = desk.state()
    assert (state.state, state.buyer, state.seller, state.next) == (State.REPORTED, BUYER, SELLER, None)
    later = desk.report(first, count=0)
    other = desk.report(first, week="2026-W41")
    assert weeks(desk) == {"2026-W40": later.id, "2026-W41": other.id}
    outcome = desk.state().outcomes[first.id]
    assert (outcome.verdict, outcome.code, outcome.others) == (Verdict.SUPERSEDED, REPLACED, (later.id,))


def test_reports_of_a_week_beside_each_other_are_held_until_a_later_one() -> None:
    desk = ReplenishmentDesk()
    first = desk.report()
    one, other = desk.report(first, count=5), desk.report(first, count=6)
    state = desk.state()
    assert (state.state, state.next, weeks(desk)) == (State.HELD, Role.BUYER, {"2026-W40": b""})
    assert state.held == tuple(sorted((one.id, other.id)))
    decided = desk.report(one, other, count=6)
    assert (desk.state().state, weeks(desk)) == (State.REPORTED, {"2026-W40": decided.id})


def test_reports_beside_each_other_that_say_the_same_stand() -> None:
    desk = ReplenishmentDesk()
    first = desk.report()
    one, other = desk.report(first, count=5), desk.report(first, count=5)
    assert (desk.state().state, weeks(desk)) == (State.REPORTED, {"2026-W40": min(one.id, other.id)})


def test_a_proposal_is_open_until_it_is_answered() -> None:
    desk = ReplenishmentDesk()
    proposal = desk.propose(desk.report())
    assert (desk.state().state, desk.state().next, standings(desk)) == (State.PROPOSED, Role.BUYER, [OPEN])
    desk.answer_proposal(proposal, order="PO-1")
    assert (desk.state().state, desk.state().next, standings(desk)) == (State.REPORTED, None, ["ordered"])


def test_a_later_proposal_takes_the_place_of_an_open_one() -> None:
    desk = ReplenishmentDesk()
    first = desk.propose(desk.report())
    second = desk.propose(first, count=10)
    assert standings(desk) == [REPLACED, OPEN]
    late = desk.answer_proposal(first, first, second)
    outcome = desk.state().outcomes[late.id]
    assert (outcome.verdict, outcome.reason) == (Verdict.REFUSED, "a later proposal has taken its place")


def test_an_order_written_beside_a_later_proposal_counts() -> None:
    desk = ReplenishmentDesk()
    first = desk.propose(desk.report())
    desk.propose(first)
    desk.answer_proposal(first, order="PO-1")
    assert standings(desk) == ["ordered", OPEN]


def test_answers_beside_each_other_are_held_until_the_shop_decides() -> None:
    desk = ReplenishmentDesk()
    proposal = desk.propose(desk.report())
    one, other = desk.answer_proposal(proposal, order="PO-1"), desk.answer_proposal(proposal)
    assert (desk.state().state, desk.state().next, standings(desk)) == (State.HELD, Role.BUYER, [HELD])
    desk.answer_proposal(proposal, one, other, order="PO-1")
    assert (desk.state().state, standings(desk)) == (State.REPORTED, ["ordered"])


def test_an_answer_is_given_once() -> None:
    desk = ReplenishmentDesk()
    proposal = desk.propose(desk.report())
    open_one = desk.propose(proposal)
    first = desk.answer_proposal(open_one)
    again = desk.answer_proposal(open_one, first)
    outcome = desk.state().outcomes[again.id]
    assert outcome.verdict is Verdict.REFUSED
    assert outcome.reason == why_not("replenishment_answer", State.REPORTED)


def test_the_supplier_writes_no_report_and_the_shop_no_proposal() -> None:
    desk = ReplenishmentDesk()
    first = desk.report()
    wrong = desk.write("seller", first.body, first, key="SL-9")
    assert desk.state().outcomes[wrong.id].verdict is Verdict.REFUSED
    swapped = ReplenishmentDesk()
    proposal = swapped.propose(swapped.report())
    mine = swapped.write("buyer", proposal.body, proposal)
    assert swapped.state().outcomes[mine.id].code == "role"


def test_a_proposal_opens_nothing_and_papers_of_dealings_are_none_of_it() -> None:
    desk = ReplenishmentDesk()
    opened = desk.propose()
    desk.propose(opened)
    assert desk.state().outcomes[opened.id].code == "thread"
    assert {outcome.verdict for outcome in desk.state().outcomes.values()} == {Verdict.REFUSED}
    mixed = ReplenishmentDesk()
    order = Desk.order(mixed, mixed.report())
    assert mixed.state().outcomes[order.id].code == "type"


def test_a_number_is_used_once() -> None:
    desk = ReplenishmentDesk()
    first = desk.report(number="SL-1")
    again = desk.report(first, number="SL-1", count=3)
    outcome = desk.state().outcomes[again.id]
    assert (outcome.verdict, outcome.code, outcome.decides) == (Verdict.HELD, "business_key", "buyer")


def test_what_waits_for_its_parents_waits() -> None:
    desk = ReplenishmentDesk()
    first = desk.report()
    proposal = desk.propose(first)
    found = state_of([proposal], first.id)
    assert found.outcomes[proposal.id].verdict is Verdict.WAITING


def test_every_state_has_its_words() -> None:
    assert set(SUBJECT) == set(State)
    assert all(why_not(name, state) for name in TABLE for state in State)


@st.composite
def histories(draw: st.DrawFn) -> ReplenishmentDesk:
    """Threads as clerks on both sides could write them, each seeing some of what was written."""
    desk = ReplenishmentDesk(draw(st.sampled_from(["", "salt", "pepper"])))
    desk.report()
    for _ in range(draw(st.integers(1, 6))):
        size = draw(st.integers(1, min(2, len(desk.facts))))
        seen = draw(st.lists(st.sampled_from(desk.facts), min_size=size, max_size=size, unique_by=lambda fact: fact.id))
        move = draw(st.sampled_from(["report", "report", "propose", "order", "decline"]))
        if move == "report":
            week = draw(st.sampled_from(["2026-W40", "2026-W41"]))
            desk.report(*seen, week=week, count=draw(st.integers(0, 2)))
        elif move == "propose":
            desk.propose(*seen)
        else:
            proposal = draw(st.sampled_from(desk.facts))
            desk.answer_proposal(proposal, *seen, order="PO-1" if move == "order" else "")
    return desk


@settings(max_examples=150, deadline=None)
@given(histories(), st.randoms(use_true_random=False))
def test_any_order_of_arrival_comes_to_the_same(desk: ReplenishmentDesk, random: randoms.Random) -> None:
    wanted = desk.state()
    first = desk.facts[0].id
    shuffled = [*desk.facts, desk.facts[-1]]
    random.shuffle(shuffled)
    assert state_of(shuffled, first) == wanted
    for fact in desk.facts:
        at = judge(desk.facts, fact, first)
        if at.verdict is not Verdict.EFFECTIVE:
            assert wanted.outcomes[fact.id] == at
        else:
            assert wanted.outcomes[fact.id].verdict is not Verdict.REFUSED


@settings(max_examples=150, deadline=None)
@given(histories())
def test_a_week_stands_by_a_report_that_nothing_has_seen(desk: ReplenishmentDesk) -> None:
    state = desk.state()
    by_id = {fact.id: fact for fact in desk.facts}
    for week in state.weeks:
        if week.id:
            assert state.outcomes[week.id].verdict is Verdict.EFFECTIVE
            assert by_id[week.id].body.week == week.week  # type: ignore[attr-defined]
        else:
            assert state.state is State.HELD
    for proposal in state.proposals:
        assert bool(proposal.answer) == (proposal.state in ("ordered", "declined"))
    assert (state.state is State.HELD) == any(outcome.code == "contradicted" for outcome in state.outcomes.values())


@settings(max_examples=80, deadline=None)
@given(histories())
def test_a_report_that_has_seen_everything_settles_its_week(desk: ReplenishmentDesk) -> None:
    last = desk.report(*(fact for fact in desk.facts if fact.id in desk.state().heads), count=7)
    if desk.state().outcomes[last.id].verdict is Verdict.EFFECTIVE:
        assert weeks(desk)["2026-W40"] == last.id


def test_every_order_of_a_longer_history() -> None:
    desk = ReplenishmentDesk()
    first = desk.report()
    one = desk.report(first, count=1)
    desk.report(first, count=2)
    proposal = desk.propose(one)
    desk.answer_proposal(proposal, order="PO-1")
    wanted = desk.state()
    for order in permutations(desk.facts):
        assert state_of(order, first.id) == wanted
