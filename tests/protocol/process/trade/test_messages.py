"""A message is said, and that is all: at every state, by both sides, without effect."""

from __future__ import annotations

import pytest

from protocol.errors import CallerFault
from protocol.limits import MAX_MESSAGES
from protocol.process.fact import Fact
from protocol.process.thread import Verdict, fold, judge
from protocol.process.trade import papers
from protocol.process.trade.check import check, issue
from protocol.process.trade.papers import Message, Price, Scaled
from tests.protocol.process.dealings import Desk, head
from tests.protocol.process.moves import MOVES, OPENINGS

SAME = (
    "state", "agreement", "buyer", "seller", "order", "currency", "lines", "questions", "bills", "billed", "credited",
    "paid", "next", "held", "waiting", "promises",
)  # fmt: skip


@pytest.mark.parametrize("opening", sorted(OPENINGS))
@pytest.mark.parametrize("side", ["buyer", "seller"])
def test_both_sides_speak_at_every_state_and_nothing_changes(opening: str, side: str) -> None:
    desk = Desk()
    first = OPENINGS[opening](desk)
    before = desk.fold()
    said = desk.say(side, first)
    after = desk.fold()
    assert after.outcomes[said.id].verdict is Verdict.EFFECTIVE
    assert {name: getattr(after, name) for name in SAME} == {name: getattr(before, name) for name in SAME}
    assert {identity: after.outcomes[identity] for identity in before.outcomes} == before.outcomes


@pytest.mark.parametrize("move", sorted(set(MOVES) - {"say", "talk about the price"}))
@pytest.mark.parametrize("opening", ["order", "accepted", "quote", "shipped and billed"])
def test_what_comes_after_a_message_is_what_it_would_be_without(opening: str, move: str) -> None:
    quiet, loud = Desk(), Desk()
    MOVES[move](quiet, OPENINGS[opening](quiet))
    first = OPENINGS[opening](loud)
    MOVES[move](loud, first, loud.say("buyer", first, number="M-9"))
    one, other = quiet.fold(), loud.fold()
    for name in ("state", "agreement", "lines", "bills", "next", "paid", "billed"):
        assert getattr(one, name) == getattr(other, name), name


def test_it_opens_nothing() -> None:
    desk = Desk()
    said = desk.say("buyer")
    assert desk.fold().outcomes[said.id].verdict is Verdict.REFUSED


def test_the_paper_before_a_message_is_still_what_the_next_one_follows() -> None:
    desk = Desk()
    order = desk.order()
    assert desk.fold().heads == (order.id,)
    one = desk.say("seller", order)
    two = desk.say("buyer", order, one, number="M-2")
    assert set(desk.fold().heads) == {order.id, two.id}
    answer = desk.respond("accepted", order, two)
    assert desk.fold().heads == (answer.id,)


def test_who_follows_a_message_only_has_seen_what_it_follows() -> None:
    desk = Desk()
    said = desk.say("seller", desk.order())
    answer = desk.respond("accepted", said)
    assert desk.fold().heads == (answer.id,)


def test_talk_does_not_use_up_the_room_of_papers() -> None:
    desk = Desk()
    last: Fact = desk.order()
    for number in range(MAX_MESSAGES):
        last = desk.say("seller", last, number=f"M-{number}")
    assert judge(desk.facts[:-1], desk.facts[-1]).verdict is Verdict.EFFECTIVE
    one_more = desk.say("seller", last, number="one more")
    found = fold(desk.facts).outcomes[one_more.id]
    assert (found.verdict, found.code) == (Verdict.REFUSED, "messages")
    theirs = desk.say("buyer", last)
    assert fold(desk.facts).outcomes[theirs.id].verdict is Verdict.EFFECTIVE


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"kind": "shout", "text": "聞こえますか"}, "kind"),
        ({"kind": "note", "text": " \n"}, "text"),
        ({"kind": "note", "text": "x", "price": Price(value=Scaled(1))}, "price"),
        ({"kind": "price_talk", "text": "x", "price": Price(value=Scaled(1)), "currency": ""}, "currency"),
    ],
)
def test_rules(fields: dict[str, object], field: str) -> None:
    with pytest.raises(CallerFault) as refused:
        check(Message(**{**head("M-1"), **fields}))
    assert refused.value.field == field


def test_it_reads_back_as_it_was_written() -> None:
    paper = Message(
        **head("M-1"), kind="price_talk", text="材料が上がりました。", line_id="1", price=Price(value=Scaled(245))
    )
    assert papers.decode("message", 1, issue(paper)) == paper
