"""The catalogue of a day: versions, sheets, withdrawals, and what contradicts what."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.process.catalogue.table import SUBJECT, TABLE, State, why_not
from protocol.process.fact import Verdict
from protocol.process.thread import fold, judge, state_of
from protocol.process.trade.table import Role
from tests.protocol.process.catalogue.desk import CatalogueDesk
from tests.protocol.process.dealings import BUYER, SELLER, Desk

TODAY = "2026-10-05"


def in_force(desk: CatalogueDesk, day: str = TODAY) -> str:
    found = desk.state().in_force(day)
    return "" if found is None else found.name


def test_a_request_is_open_until_the_seller_has_seen_it() -> None:
    desk = CatalogueDesk()
    asked = desk.ask()
    assert (desk.state().state, desk.state().next, desk.state().requests) == (State.ASKED, Role.SELLER, (asked.id,))
    assert (desk.state().buyer, desk.state().seller) == (BUYER, SELLER)
    offer = desk.offer("2026", asked)
    state = desk.state()
    assert (state.state, state.next, state.requests, in_force(desk)) == (State.OFFERED, None, (), "2026")
    desk.ask(offer)
    assert (desk.state().state, desk.state().next) == (State.OFFERED, Role.SELLER)


def test_a_catalogue_comes_without_having_been_asked_for() -> None:
    desk = CatalogueDesk()
    desk.offer("2026")
    assert (desk.state().buyer, desk.state().seller) == (BUYER, SELLER)
    assert in_force(desk) == "2026"


def test_a_version_is_there_when_all_of_its_sheets_are() -> None:
    desk = CatalogueDesk()
    one = desk.offer("2026", sheet=1, sheets=3)
    two = desk.offer("2026", one, sheet=2, sheets=3)
    assert (desk.state().state, in_force(desk)) == (State.ARRIVING, "")
    desk.offer("2026", two, sheet=3, sheets=3)
    assert (desk.state().state, in_force(desk)) == (State.OFFERED, "2026")
    assert len(desk.state().editions[0].ids) == 3


def test_the_old_version_stands_while_the_new_one_arrives() -> None:
    desk = CatalogueDesk()
    old = desk.offer("2026")
    new = desk.offer("2027", old, sheet=1, sheets=2)
    assert in_force(desk) == "2026"
    desk.offer("2027", new, sheet=2, sheets=2)
    assert in_force(desk) == "2027"
    assert desk.state().outcomes[old.id].code == "replaced"


def test_what_its_recipient_refused_is_no_version_and_stands_in_nobodys_way() -> None:
    desk = CatalogueDesk()
    old = desk.offer("2026")
    twice = desk.offer("2027", old)
    desk.facts[1] = twice._replace(refused="decided by a person")
    new = desk.offer("2028", twice)
    outcomes = desk.state().outcomes
    assert (outcomes[twice.id].verdict, outcomes[twice.id].code) == (Verdict.REFUSED, "recipient")
    assert outcomes[new.id].verdict is Verdict.EFFECTIVE
    assert in_force(desk) == "2028"


def test_next_years_prices_may_be_announced_before_this_years_end() -> None:
    desk = CatalogueDesk()
    old = desk.offer("2026")
    desk.offer("2027", old, start="2027-01-01")
    assert (in_force(desk), in_force(desk, "2027-01-01")) == ("2026", "2027")
    assert desk.state().outcomes[old.id].verdict is Verdict.EFFECTIVE


def test_what_is_not_valid_is_not_in_force() -> None:
    desk = CatalogueDesk()
    desk.offer("autumn", start="2026-10-01", end="2026-10-31")
    assert [in_force(desk, day) for day in ("2026-09-30", "2026-10-01", "2026-10-31", "2026-11-01")] == [
        "", "autumn", "autumn", "",
    ]  # fmt: skip


def test_a_version_withdrawn_by_mistake_leaves_the_one_before_it() -> None:
    desk = CatalogueDesk()
    old = desk.offer("2026")
    new = desk.offer("2027", old)
    gone = desk.withdraw(new, edition="2027")
    assert in_force(desk) == "2026"
    assert desk.state().outcomes[new.id].code == "withdrawn"
    assert desk.state().outcomes[old.id].verdict is Verdict.EFFECTIVE
    desk.withdraw(gone)
    assert (desk.state().state, in_force(desk)) == (State.WITHDRAWN, "")


def test_a_request_may_be_declined() -> None:
    desk = CatalogueDesk()
    desk.withdraw(desk.ask())
    assert (desk.state().state, desk.state().requests, desk.state().next) == (State.WITHDRAWN, (), None)


def test_versions_beside_each_other_are_held_until_the_seller_decides() -> None:
    desk = CatalogueDesk()
    first = desk.offer("2026")
    one, other = desk.offer("2027a", first), desk.offer("2027b", first, price=5000)
    state = desk.state()
    assert (state.state, state.next, in_force(desk)) == (State.HELD, Role.SELLER, "")
    assert {state.outcomes[fact.id].verdict for fact in (one, other)} == {Verdict.HELD}
    assert state.outcomes[one.id].others == (other.id,)
    desk.offer("2027c", one, other)
    assert (desk.state().state, in_force(desk), desk.state().held) == (State.OFFERED, "2027c", ())


def test_withdrawing_one_of_two_decides_as_well() -> None:
    desk = CatalogueDesk()
    first = desk.offer("2026")
    one, other = desk.offer("2027a", first), desk.offer("2027b", first)
    desk.withdraw(one, other, edition="2027a")
    assert (desk.state().state, in_force(desk)) == (State.OFFERED, "2027b")


def test_versions_beside_each_other_for_different_days_both_stand() -> None:
    desk = CatalogueDesk()
    first = desk.ask()
    desk.offer("autumn", first, start="2026-10-01", end="2026-10-31")
    desk.offer("winter", first, start="2026-11-01")
    assert [in_force(desk, day) for day in (TODAY, "2026-11-01")] == ["autumn", "winter"]


def test_two_spellings_of_one_sheet_are_held() -> None:
    desk = CatalogueDesk()
    first = desk.ask()
    one = desk.offer("2026", first, number="a")
    other = desk.offer("2026", first, number="b", items=("P-9",))
    state = desk.state()
    assert {state.outcomes[fact.id].verdict for fact in (one, other)} == {Verdict.HELD}
    assert (state.state, in_force(desk)) == (State.HELD, "")
    desk.offer("2027", one, other)
    assert in_force(desk) == "2027"


REFUSED = {
    "the buyer offers": lambda desk, first: desk.write("buyer", desk.offer("x").body, first, key="x/1"),
    "the seller asks": lambda desk, first: desk.write("seller", desk.ask(first).body, first),
    "withdrawn version": lambda desk, first: desk.offer(
        "2026", desk.withdraw(first, edition="2026"), sheet=2, sheets=2
    ),
    "another number of sheets": lambda desk, first: desk.offer("2026", first, sheet=2, sheets=3),
    "the same sheet": lambda desk, first: desk.offer("2026", first, sheets=2, number="again"),
    "the same item": lambda desk, first: desk.offer("2026", first, sheet=2, sheets=2, items=("P-1",)),
    "no such version": lambda desk, first: desk.withdraw(first, edition="2025"),
    "withdrawn already": lambda desk, first: desk.withdraw(desk.withdraw(first, edition="2026"), edition="2026"),
    "revised": lambda desk, first: desk.offer("2026", first, sheets=2, revision=1),
    "another key": lambda desk, first: desk.ask(first, key="other"),
    "a paper of a dealing": lambda desk, first: desk.order(first),
}


@pytest.mark.parametrize("what", sorted(REFUSED))
def test_refused_and_without_effect(what: str) -> None:
    desk = CatalogueDesk()
    first = desk.offer("2026", sheet=1, sheets=2)
    fact = REFUSED[what](desk, first)
    before = [one for one in desk.facts if one.id in {first.id, *fact.follows}]
    outcome = judge(before, fact)
    assert outcome.verdict is Verdict.REFUSED
    assert outcome.reason
    assert state_of([*before, fact]).outcomes[fact.id] == outcome


def test_nothing_to_withdraw_and_nothing_opened() -> None:
    desk = CatalogueDesk()
    gone = desk.withdraw(desk.withdraw(desk.offer("2026")))
    assert desk.state().outcomes[gone.id].reason == "a catalogue that was withdrawn or declined cannot be withdrawn"
    alone = CatalogueDesk()
    assert alone.withdraw().id in alone.state().outcomes
    assert alone.state().outcomes[alone.facts[0].id].verdict is Verdict.REFUSED


def test_a_catalogue_is_no_paper_of_a_dealing() -> None:
    desk = Desk()
    order = desk.order()
    stranger = CatalogueDesk("other").offer("2026")
    fact = stranger._replace(follows=(order.id,))
    assert fold([order, fact]).outcomes[fact.id].code == "type"
    assert state_of([order, fact]).outcomes[fact.id].code == "type"


def test_every_reason_is_a_sentence() -> None:
    for name in TABLE:
        for state in SUBJECT:
            assert why_not(name, state).startswith(SUBJECT[state] + " cannot")


def test_what_is_missing_is_waited_for() -> None:
    desk = CatalogueDesk()
    first = desk.ask()
    desk.offer("2026", first)
    found = state_of(desk.facts[1:], first.id)
    assert found.outcomes[desk.facts[1].id].verdict is Verdict.WAITING


@st.composite
def histories(draw: st.DrawFn) -> CatalogueDesk:
    """Threads as clerks on both sides could write them, each seeing some of what was written."""
    desk = CatalogueDesk(draw(st.sampled_from(["", "salt", "pepper"])))
    desk.ask() if draw(st.booleans()) else desk.offer("v0", sheets=draw(st.integers(1, 2)))
    for at in range(draw(st.integers(1, 5))):
        size = draw(st.integers(1, min(2, len(desk.facts))))
        seen = draw(st.lists(st.sampled_from(desk.facts), min_size=size, max_size=size, unique_by=lambda fact: fact.id))
        move = draw(st.sampled_from(["ask", "offer", "withdraw", "withdraw one"]))
        if move == "ask":
            desk.ask(*seen)
        elif move == "offer":
            sheets = draw(st.integers(1, 2))
            sheet = draw(st.integers(1, sheets))
            start, end = draw(st.sampled_from([("", ""), ("2026-10-01", "2026-10-31"), ("2026-11-01", "")]))
            edition = draw(st.sampled_from(["v0", "v1", "v2"]))
            desk.offer(edition, *seen, sheet=sheet, sheets=sheets, start=start, end=end, number=f"n{at}")
        else:
            desk.withdraw(*seen, edition="" if move == "withdraw" else "v0")
    return desk


@settings(max_examples=150, deadline=None)
@given(histories(), st.randoms(use_true_random=False))
def test_any_order_of_arrival_comes_to_the_same(desk: CatalogueDesk, random: object) -> None:
    wanted = desk.state()
    first = desk.facts[0].id
    shuffled = [*desk.facts, desk.facts[-1]]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert state_of(shuffled, first) == wanted
    for fact in desk.facts:
        at = judge(desk.facts, fact, first)
        if at.verdict is not Verdict.EFFECTIVE:
            assert wanted.outcomes[fact.id] == at
        else:
            assert wanted.outcomes[fact.id].verdict is not Verdict.REFUSED


@settings(max_examples=150, deadline=None)
@given(histories())
def test_what_is_in_force_is_whole_valid_and_the_latest(desk: CatalogueDesk) -> None:
    state = desk.state()
    for day in ("2026-10-05", "2026-11-05"):
        found = state.in_force(day)
        if found is None:
            continue
        assert found.whole
        assert not found.withdrawn
        assert found.is_valid(day)
        assert all(state.outcomes[identity].verdict is not Verdict.REFUSED for identity in found.ids)
        for other in state.editions:
            assert not (other.stands and other.is_valid(day) and found.name in other.over)


def test_every_order_of_a_longer_history() -> None:
    desk = CatalogueDesk()
    first = desk.ask()
    one = desk.offer("a", first, sheets=2)
    two = desk.offer("a", one, sheet=2, sheets=2)
    rival = desk.offer("b", first)
    desk.withdraw(two, rival, edition="b")
    wanted = desk.state()
    assert in_force(desk) == "a"
    for order in permutations(desk.facts):
        assert state_of(order, first.id) == wanted
