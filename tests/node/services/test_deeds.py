"""Deeds over two associations: answered, countered, agreed, booked once, reported; refused with the reason."""

from __future__ import annotations

import pytest

from node.services import deeds
from node.services.deeds import Shown, Wish
from node.store.deeds import DeedRow
from protocol.errors import CallerFault, NotFound
from protocol.process.trade.papers.agreeing import CANCELLED, FULFILLED
from tests.node.services.offers import fair
from tests.node.services.town import Association, two_towns

HOUR = 3_600_000_000
DAY = 24 * HOUR
Towns = tuple[Association, Association, bytes, bytes, bytes]


@pytest.fixture
def towns() -> Towns:
    """Toyota's firm wants Kyoto's press, which is offered."""
    toyota, kyoto, taker, giver = two_towns()
    series = fair.publish(kyoto, giver).series
    fair.tell(kyoto, toyota)
    return toyota, kyoto, taker, giver, series


def at(node: Association, days: int, hours: int = 0) -> int:
    return node.now // DAY * DAY + days * DAY + hours * HOUR


def begin(towns: Towns, **wish: object) -> bytes:
    toyota, kyoto, taker, _giver, series = towns
    made = toyota.do(lambda tx: deeds.answer(toyota.house, tx, taker, series, Wish(**wish)))  # type: ignore[arg-type]
    toyota.send_all(kyoto)
    return made.submitted[0].thread


def look(node: Association, member: bytes, thread: bytes) -> Shown:
    return node.see(lambda tx: deeds.show(node.house, tx, member, thread))


def rows(towns: Towns, thread: bytes) -> tuple[DeedRow, DeedRow]:
    toyota, kyoto, taker, giver, _series = towns
    return look(toyota, taker, thread).row, look(kyoto, giver, thread).row


def test_answered_countered_agreed_confirmed_and_fulfilled_over_two_nodes(towns: Towns) -> None:
    toyota, kyoto, taker, giver, series = towns
    thread = begin(towns, terms="500個", amount=48_000)
    ours, theirs = rows(towns, thread)
    assert (ours.state, ours.turn, theirs.turn, theirs.mine) == ("proposed", False, True, True)
    assert kyoto.see(lambda tx: tx.deeds.turns(giver)) == 1
    wish = Wish(terms="450個", amount=52_000, thing="プレス1号機")
    kyoto.do(lambda tx: deeds.counter(kyoto.house, tx, giver, thread, wish))
    kyoto.send_all(toyota)
    shown = look(toyota, taker, thread)
    assert (shown.current.amount, shown.may) == (52_000, ("agree", "counter", "decline"))
    toyota.do(lambda tx: deeds.agree(toyota.house, tx, taker, thread, shown.current_id))
    toyota.send_all(kyoto)
    assert look(kyoto, giver, thread).may == ("agree",)
    kyoto.do(lambda tx: deeds.agree(kyoto.house, tx, giver, thread))
    kyoto.send_all(toyota)
    assert [row.state for row in rows(towns, thread)] == ["agreed", "agreed"]
    toyota.do(lambda tx: deeds.report(toyota.house, tx, taker, thread, FULFILLED, on_time=True, passed=False))
    toyota.send_all(kyoto)
    assert [row.state for row in rows(towns, thread)] == ["fulfilled", "fulfilled"]
    assert toyota.see(lambda tx: deeds.record_of(tx, taker, giver)) == (1, 1, 0)
    assert kyoto.see(lambda tx: deeds.record_of(tx, giver, taker)) == (0, 0, 0)
    steps = look(kyoto, giver, thread).steps
    assert [(step.fact.type, step.ours) for step in steps] == [
        ("deed_proposal", False),
        ("deed_proposal", True),
        ("deed_answer", False),
        ("deed_answer", True),
        ("deed_report", False),
    ]
    assert [row.thread for row, _ in kyoto.see(lambda tx: deeds.on_offer(tx, giver, series))] == [thread]


def test_the_same_hours_are_given_once_and_the_loser_is_told_when(towns: Towns) -> None:
    toyota, kyoto, taker, giver, series = towns
    hours = {"starts": at(toyota, 3, 1), "ends": at(toyota, 3, 5)}
    first, second = begin(towns, **hours), begin(towns, starts=at(toyota, 3, 4), ends=at(toyota, 3, 8))
    beside = begin(towns, starts=at(toyota, 3, 5), ends=at(toyota, 3, 6))
    kyoto.do(lambda tx: deeds.agree(kyoto.house, tx, giver, first))
    before = look(kyoto, giver, second)
    with pytest.raises(CallerFault, match="taken from 20") as caught:
        kyoto.do(lambda tx: deeds.agree(kyoto.house, tx, giver, second))
    assert (caught.value.field, caught.value.code) == ("starts", "taken")
    assert look(kyoto, giver, second) == before
    kyoto.do(lambda tx: deeds.agree(kyoto.house, tx, giver, beside))
    kyoto.do(lambda tx: deeds.decline(kyoto.house, tx, giver, second, "その時間は埋まっています"))
    kyoto.send_all(toyota)
    told = look(toyota, taker, second)
    assert (told.row.state, told.steps[-1].fact.body.reason) == ("ended", "その時間は埋まっています")  # type: ignore[attr-defined]
    thing = series.hex()
    taken = kyoto.see(lambda tx: deeds.taken(kyoto.house, tx, giver, thing, at(kyoto, 3), at(kyoto, 4)))
    assert [row.thread for row in taken] == [first, beside]


def test_what_the_provider_proposes_is_kept_free_until_its_time_is_over_and_cancelling_frees_it(towns: Towns) -> None:
    toyota, kyoto, taker, giver, _series = towns
    hours = {"starts": at(toyota, 9, 1), "ends": at(toyota, 9, 5)}
    first, second = begin(towns), begin(towns, **hours)
    wish = Wish(**hours, until=at(kyoto, 2))
    kyoto.do(lambda tx: deeds.counter(kyoto.house, tx, giver, first, wish))
    with pytest.raises(CallerFault, match="taken"):
        kyoto.do(lambda tx: deeds.agree(kyoto.house, tx, giver, second))
    kyoto.now += 2 * DAY
    kyoto.do(lambda tx: deeds.agree(kyoto.house, tx, giver, second))
    kyoto.send_all(toyota)
    toyota.now += 2 * DAY
    with pytest.raises(CallerFault, match="time is over"):
        toyota.do(lambda tx: deeds.agree(toyota.house, tx, taker, first))
    kyoto.do(lambda tx: deeds.lapse(kyoto.house, tx, giver, first))
    toyota.do(lambda tx: deeds.report(toyota.house, tx, taker, second, CANCELLED, reason="中止"))
    toyota.send_all(kyoto)
    assert look(kyoto, giver, second).row.turn
    kyoto.do(lambda tx: deeds.report(kyoto.house, tx, giver, second, CANCELLED))
    third = begin(towns, **hours)
    kyoto.do(lambda tx: deeds.agree(kyoto.house, tx, giver, third))
    assert look(kyoto, giver, second).row.state == "cancelled"


def test_steps_out_of_turn_of_others_or_on_terms_that_changed_are_refused(towns: Towns) -> None:
    toyota, kyoto, taker, giver, series = towns
    thread = begin(towns)
    for step in (deeds.agree, deeds.decline, deeds.lapse):
        with pytest.raises(CallerFault, match="cannot be taken now"):
            toyota.do(lambda tx, step=step: step(toyota.house, tx, taker, thread))
    with pytest.raises(CallerFault, match="have changed"):
        kyoto.do(lambda tx: deeds.agree(kyoto.house, tx, giver, thread, b"x" * 32))
    with pytest.raises(CallerFault, match="own one"):
        kyoto.do(lambda tx: deeds.answer(kyoto.house, tx, giver, series, Wish()))
    with pytest.raises(NotFound):
        toyota.do(lambda tx: deeds.agree(toyota.house, tx, giver, thread))
    for wish, field in (
        (Wish(until=1), "until"),
        (Wish(starts=1, ends=2), "starts"),
        (Wish(starts=at(toyota, 3)), "body.ends"),
        (Wish(starts=at(toyota, 3), ends=at(toyota, 2)), "body.ends"),
    ):
        with pytest.raises(CallerFault) as caught:
            toyota.do(lambda tx, wish=wish: deeds.answer(toyota.house, tx, taker, series, wish))
        assert caught.value.field == field
    assert len(toyota.see(lambda tx: deeds.listed(tx, taker))) == 1


def test_who_answers_a_request_provides(towns: Towns) -> None:
    toyota, kyoto, taker, giver, _series = towns
    wanted = fair.publish(toyota, taker, side="request").series
    fair.tell(toyota, kyoto)
    made = kyoto.do(lambda tx: deeds.answer(kyoto.house, tx, giver, wanted, Wish(thing="1号機", amount=9_000)))
    kyoto.send_all(toyota)
    thread = made.submitted[0].thread
    assert not look(toyota, taker, thread).row.mine
    toyota.do(lambda tx: deeds.agree(toyota.house, tx, taker, thread))
    toyota.send_all(kyoto)
    kyoto.do(lambda tx: deeds.agree(kyoto.house, tx, giver, thread))
    kyoto.send_all(toyota)
    assert [row.state for row in rows(towns, thread)] == ["agreed", "agreed"]


def test_after_a_restore_the_calendar_is_what_the_papers_say(towns: Towns) -> None:
    toyota, kyoto, _taker, giver, _series = towns
    hours = {"starts": at(toyota, 3, 1), "ends": at(toyota, 3, 5)}
    thread = begin(towns, **hours)
    kyoto.do(lambda tx: deeds.agree(kyoto.house, tx, giver, thread))
    before = look(kyoto, giver, thread).row

    def again(tx: object) -> None:
        from node.services import dealings

        tx.deeds.put_many([before._replace(state="proposed", taken=0)])  # type: ignore[attr-defined]
        dealings.refresh(kyoto.house, tx, [thread])  # type: ignore[arg-type]

    kyoto.do(again)
    assert look(kyoto, giver, thread).row._replace(updated=0) == before._replace(updated=0)
