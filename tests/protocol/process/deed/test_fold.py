"""A deed: terms in turns, one agreement at most, the same at both sides whatever crossed."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from protocol.process.deed.fold import GUARDS
from protocol.process.deed.state import DeedState
from protocol.process.deed.table import SUBJECT, TABLE, Role, State, why_not
from protocol.process.fact import Fact, Outcome, Verdict
from protocol.process.thread import judge, state_of
from protocol.process.trade.papers import DeedAnswer, DeedProposal, DeedReport
from tests.protocol.process.dealings import PARTIES, STRANGER, Desk, head

UNTIL = 1_000


class DeedDesk(Desk):
    """Terms, answers, reports, numbered as they are written."""

    def terms(self, side: str, *follows: Fact, answers: Fact | None = None, time: int = 1, **more: Any) -> Fact:
        fields: dict[str, Any] = {"offer": "cd" * 32, "kind": "capacity", "subject": "プレス", "until": UNTIL}
        fields |= {"answers": answers.id.hex()} if answers else {}
        paper = DeedProposal(**head(f"DP-{len(self.facts)}"), **PARTIES, provides=side == "seller", **(fields | more))
        return self.write(side, paper, *(follows or ((answers,) if answers else ())), time=time)

    def say(self, side: str, word: str, terms: Fact, *follows: Fact, time: int = 2) -> Fact:
        paper = DeedAnswer(**head(f"DR-{len(self.facts)}"), proposal=terms.id.hex(), answer=word)
        return self.write(side, paper, *(follows or (terms,)), time=time)

    def report(self, side: str, word: str, terms: Fact, *follows: Fact, **more: Any) -> Fact:
        fields = {"day": "2026-11-30", "on_time": True, "passed": True} if word == "fulfilled" else {}
        paper = DeedReport(**head(f"DF-{len(self.facts)}"), proposal=terms.id.hex(), word=word, **(fields | more))
        return self.write(side, paper, *follows, time=3)

    def deed(self) -> DeedState:
        states = [state_of(order) for order in itertools.islice(itertools.permutations(self.facts), 24)]
        assert all(one == states[0] for one in states), "the order of arrival decides nothing"
        found = states[0]
        assert isinstance(found, DeedState)
        return found

    def standing(self, terms: Fact) -> str:
        return next(one.standing for one in self.deed().terms if one.id == terms.id)

    def verdict(self, fact: Fact) -> Outcome:
        return self.deed().outcomes[fact.id]


def test_the_buyer_proposes_and_the_seller_agrees_with_one_word() -> None:
    desk = DeedDesk()
    terms = desk.terms("buyer")
    assert (desk.deed().state, desk.deed().next) == (State.PROPOSED, Role.SELLER)
    agreed = desk.say("seller", "accepted", terms)
    assert (desk.deed().state, desk.standing(terms)) == (State.AGREED, "agreed")
    desk.report("buyer", "fulfilled", terms, agreed)
    assert desk.deed().state is State.FULFILLED


def test_a_counter_offer_of_the_seller_is_confirmed_by_the_seller() -> None:
    desk = DeedDesk()
    first = desk.terms("buyer")
    second = desk.terms("seller", answers=first, thing="1号機")
    assert (desk.standing(first), desk.deed().next) == ("countered", Role.BUYER)
    yes = desk.say("buyer", "accepted", second)
    assert (desk.deed().state, desk.deed().next) == (State.ACCEPTED, Role.SELLER)
    desk.say("seller", "confirmed", second, yes)
    assert desk.deed().state is State.AGREED
    assert desk.deed().current == second.id


@pytest.mark.parametrize(
    ("side", "word", "time", "code"),
    [
        ("buyer", "accepted", 2, "answer_fits"),
        ("buyer", "declined", 2, "answer_fits"),
        ("buyer", "lapsed", UNTIL - 1, "answer_fits"),
        ("buyer", "confirmed", 2, "answer_fits"),
        ("seller", "confirmed", 2, "answer_fits"),
        ("seller", "accepted", UNTIL, "answer_fits"),
        ("seller", "lapsed", UNTIL, "answer_fits"),
    ],
)
def test_what_does_not_answer_terms_of_the_buyer(side: str, word: str, time: int, code: str) -> None:
    desk = DeedDesk()
    terms = desk.terms("buyer")
    said = desk.say(side, word, terms, time=time)
    assert (desk.verdict(said).verdict, desk.verdict(said).code) == (Verdict.REFUSED, code)
    assert desk.deed().state is State.PROPOSED


def test_after_the_agreement_nothing_else_is_agreed_and_terms_stay() -> None:
    desk = DeedDesk()
    first = desk.terms("buyer")
    yes = desk.say("seller", "accepted", first)
    later = desk.terms("buyer", yes, answers=first, amount=1)
    assert desk.verdict(later).reason == why_not("deed_proposal", State.AGREED)
    again = desk.say("seller", "declined", first, yes)
    assert desk.verdict(again).reason == why_not("deed_answer", State.AGREED)
    other = DeedReport(**head("DF-9"), proposal="ee" * 32, word="cancelled")
    assert desk.verdict(desk.write("buyer", other, yes)).code == "agreed_terms"


def test_the_sellers_word_stands_over_what_the_buyer_signed_beside_it() -> None:
    desk = DeedDesk()
    terms = desk.terms("buyer")
    desk.say("seller", "accepted", terms)
    desk.say("buyer", "lapsed", terms, time=UNTIL)
    assert desk.deed().state is State.AGREED


def test_a_lapse_beside_the_buyers_acceptance_ends_the_terms_and_after_it_is_refused() -> None:
    desk = DeedDesk()
    terms = desk.terms("seller")
    yes = desk.say("buyer", "accepted", terms)
    desk.say("seller", "lapsed", terms, time=UNTIL)
    assert (desk.deed().state, desk.standing(terms)) == (State.ENDED, "lapsed")
    desk = DeedDesk()
    terms = desk.terms("seller")
    yes = desk.say("buyer", "accepted", terms)
    late = desk.say("seller", "lapsed", terms, yes, time=UNTIL)
    assert desk.verdict(late).reason == "it was accepted in time"
    early = desk.say("seller", "declined", terms, yes, time=UNTIL - 1)
    assert desk.verdict(early).code == "answer_fits"
    desk.say("seller", "confirmed", terms, yes, time=UNTIL + 5)
    assert desk.deed().state is State.AGREED


def test_a_seller_that_agrees_twice_beside_itself_is_held() -> None:
    desk = DeedDesk()
    first = desk.terms("buyer")
    no = desk.say("seller", "declined", first)
    again = desk.terms("seller", answers=first)
    other = desk.terms("buyer", no, again, answers=again)
    desk.say("seller", "accepted", first, first)
    desk.say("seller", "accepted", other, other)
    assert desk.deed().state is State.HELD
    assert set(desk.deed().held) == {first.id, other.id}


def test_turns_sides_offer_and_the_name_of_the_thing() -> None:
    desk = DeedDesk()
    first = desk.terms("buyer")
    assert desk.verdict(desk.terms("buyer", answers=first)).code == "turn"
    assert desk.verdict(desk.terms("seller", first)).code == "turn"
    assert desk.verdict(desk.terms("seller", answers=first, offer="ee" * 32)).code == "same_offer"
    paper = DeedProposal(
        **head("DP-X"), **PARTIES, offer="cd" * 32, kind="capacity", subject="x", until=UNTIL, answers=first.id.hex()
    )
    assert desk.verdict(desk.write("seller", paper, first, time=1)).code == "sides"
    assert desk.verdict(desk.terms("seller", answers=first, time=UNTIL)).code == "in_time"
    second = desk.terms("seller", answers=first, thing="1号機")
    assert desk.verdict(desk.terms("buyer", answers=second, thing="2号機")).code == "own_thing"
    assert desk.verdict(desk.terms("buyer", answers=second, thing="1号機")).verdict is Verdict.EFFECTIVE
    alone = DeedDesk()
    assert alone.verdict(alone.terms("buyer", thing="1号機")).code == "own_thing"


def test_a_stranger_signs_nothing() -> None:
    desk = DeedDesk()
    terms = desk.terms("buyer")
    said = desk.say("seller", "accepted", terms)
    forged = said._replace(id=b"f" * 32, author=STRANGER)
    outcome = judge([terms], forged)
    assert (outcome.verdict, outcome.code) == (Verdict.REFUSED, "party")


def test_cancelled_when_both_say_so_and_not_after_one_said_fulfilled() -> None:
    desk = DeedDesk()
    terms = desk.terms("buyer")
    yes = desk.say("seller", "accepted", terms)
    assert desk.verdict(desk.report("seller", "fulfilled", terms, yes)).code == "report_fits"
    one = desk.report("seller", "cancelled", terms, yes)
    assert (desk.deed().state, desk.deed().next) == (State.AGREED, Role.BUYER)
    desk.report("buyer", "cancelled", terms, one)
    assert desk.deed().state is State.CANCELLED


def test_every_state_has_a_subject_and_every_guard_a_row() -> None:
    assert set(SUBJECT) == set(State)
    assert {guard for row in TABLE.values() for guard in row.guards} == set(GUARDS)
