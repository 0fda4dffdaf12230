"""The link machine: its table, its back-off, and that nothing is forgotten while something is in flight."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from federation import links
from federation.effects import LinkEffect, PullBatch, SaveLink, SayHello, SendBatch
from federation.links import (
    JITTER_RANGE,
    PULL_MAX_US,
    PULL_MIN_US,
    REOFFER_US,
    RETRY_FLOOR_US,
    TABLE,
    Blocked,
    Due,
    Failed,
    FrozenHere,
    Greeted,
    HintArrived,
    Link,
    LinkEvent,
    LinkState,
    NewsArrived,
    NothingLeft,
    Pulled,
    Result,
    RetryAsked,
    Sent,
    Thawed,
    Unblocked,
    next_deadline,
    open_link,
    step,
)
from protocol.errors import InvariantBroken
from protocol.keys import NodeId
from protocol.limits import RETRY_MAX_US, RETRY_MIN_US

PEER = NodeId(b"p" * 32)
HALF = JITTER_RANGE // 2


class Driven:
    """A link and the clock that drives it; keeps the effects of the last step."""

    def __init__(self, link: Link | None = None) -> None:
        self.now = 1_000_000
        self.link = link or open_link(PEER, self.now, 0)
        self.effects: tuple[LinkEffect, ...] = ()

    def tell(self, event: LinkEvent, jitter: int = HALF) -> Driven:
        self.link, self.effects = step(self.link, event, self.now, jitter)
        return self

    def wait(self) -> Driven:
        """Let time pass to the next deadline, and tell."""
        due = next_deadline(self.link)
        assert due is not None
        self.now = max(self.now, due)
        return self.tell(Due())

    @property
    def attempt(self) -> int:
        return self.link.attempt

    def fail(self, jitter: int = HALF) -> Driven:
        return self.tell(Failed(self.attempt, "no answer"), jitter)


def greeted() -> Driven:
    """A link that has greeted, pulled and sent all there was: idle."""
    driven = Driven().wait()
    driven.tell(Greeted(driven.attempt)).tell(Pulled(driven.attempt, 0)).tell(NothingLeft(driven.attempt))
    assert driven.link.state is LinkState.IDLE
    return driven


def sending() -> Driven:
    driven = greeted().tell(NewsArrived())
    assert driven.link.state is LinkState.SENDING
    return driven


def test_hello_comes_before_everything() -> None:
    driven = Driven()
    assert driven.link.state is LinkState.STARTING
    assert not driven.tell(NewsArrived()).tell(HintArrived()).effects
    driven.wait()
    assert list(driven.effects) == [SayHello(PEER, 1)]
    driven.tell(Greeted(1))
    assert list(driven.effects) == [PullBatch(PEER, 2)]


def test_first_hellos_are_spread() -> None:
    dues = {open_link(PEER, 0, jitter).due for jitter in range(0, JITTER_RANGE, JITTER_RANGE // 10)}
    assert len(dues) >= 10
    assert all(0 <= due < links.HELLO_SPREAD_US for due in dues)


def test_a_peer_long_dead_is_not_called_at_once_after_a_start() -> None:
    assert open_link(PEER, 0, JITTER_RANGE - 1, failures=9).due > 10 * 60 * 1_000_000


def test_batches_follow_each_other_from_the_cursor_until_nothing_is_left() -> None:
    driven = sending()
    assert driven.effects == (SendBatch(PEER, driven.attempt, 0),)
    driven.tell(Sent(driven.attempt, 17))
    assert driven.effects == (SendBatch(PEER, driven.attempt, 17),)
    driven.tell(Sent(driven.attempt, 40))
    assert driven.effects == (SendBatch(PEER, driven.attempt, 40),)
    driven.tell(NothingLeft(driven.attempt))
    assert driven.link.state is LinkState.IDLE
    assert driven.link.cursor == 0  # the next burst looks at everything that is unsettled


def test_one_request_is_in_flight() -> None:
    driven = sending()
    for event in (NewsArrived(), HintArrived(), NewsArrived(), RetryAsked()):
        assert driven.tell(event).effects == ()
        assert driven.link.state is LinkState.SENDING


def test_news_during_the_last_look_is_not_lost() -> None:
    driven = sending().tell(NewsArrived())
    driven.tell(NothingLeft(driven.attempt))
    assert isinstance(driven.effects[-1], SendBatch)


def test_a_hint_pulls_until_nothing_comes() -> None:
    driven = greeted().tell(HintArrived())
    assert isinstance(driven.effects[-1], PullBatch)
    driven.tell(Pulled(driven.attempt, 250))
    assert isinstance(driven.effects[-1], PullBatch)
    driven.tell(Pulled(driven.attempt, 0))
    assert driven.link.state is LinkState.IDLE


def test_sending_and_pulling_take_turns() -> None:
    driven = sending().tell(HintArrived())
    driven.tell(Sent(driven.attempt, 5))
    assert isinstance(driven.effects[-1], PullBatch)
    driven.tell(Pulled(driven.attempt, 9))
    assert isinstance(driven.effects[-1], SendBatch)
    driven.tell(Sent(driven.attempt, 6))
    assert isinstance(driven.effects[-1], PullBatch)


def test_pulls_become_rarer_while_they_bring_nothing() -> None:
    driven = greeted()
    gaps = []
    for _ in range(8):
        before = driven.now
        driven.wait()
        gaps.append(driven.now - before)
        driven.tell(Pulled(driven.attempt, 0))
    assert gaps == sorted(gaps)
    assert PULL_MIN_US // 2 <= gaps[0] <= 2 * PULL_MIN_US
    assert PULL_MAX_US // 2 <= gaps[-1] <= PULL_MAX_US
    driven.wait().tell(Pulled(driven.attempt, 3))
    driven.tell(Pulled(driven.attempt, 0))
    assert driven.link.pull_at - driven.now <= 2 * PULL_MIN_US


def test_a_node_that_nobody_can_call_pulls_often() -> None:
    driven = Driven(open_link(PEER, 0, 0, reachable=False)).wait()
    driven.tell(Greeted(driven.attempt))
    for _ in range(8):
        driven.tell(Pulled(driven.attempt, 0))
        if driven.link.state is LinkState.SENDING:
            driven.tell(NothingLeft(driven.attempt))
        assert driven.link.pull_at - driven.now <= PULL_MIN_US
        driven.wait()


@pytest.mark.parametrize(("failures", "ceiling"), [(1, 5), (2, 10), (3, 20), (7, 320), (8, 640), (9, 900), (40, 900)])
def test_back_off_has_full_jitter_from_5_seconds_to_15_minutes(failures: int, ceiling: int) -> None:
    for jitter, expected in ((0, RETRY_FLOOR_US), (HALF, ceiling * 500_000), (JITTER_RANGE - 1, ceiling * 1_000_000)):
        driven = sending()
        driven.link = replace(driven.link, failures=failures - 1)
        driven.fail(jitter)
        assert driven.link.state is LinkState.RESTING
        assert abs(driven.link.due - driven.now - expected) <= 1
        saved = driven.effects[-1]
        assert isinstance(saved, SaveLink)
        assert (saved.failures, saved.error) == (failures, "no answer")
    assert RETRY_MIN_US == 5_000_000
    assert RETRY_MAX_US == 900_000_000


def test_only_an_answer_to_us_resets_the_back_off() -> None:
    driven = sending()
    for _ in range(4):
        driven.fail().tell(NewsArrived()).tell(HintArrived())  # what the peer does is no sign that we reach it
        assert driven.link.state is LinkState.RESTING
        driven.wait()
    assert driven.link.failures == 4
    driven.tell(Sent(driven.attempt, 3))
    assert driven.link.failures == 0
    assert driven.effects[0] == SaveLink(PEER, 0, 0, "")


def test_a_failing_link_says_so_to_admission() -> None:
    driven = sending().fail().wait()
    assert driven.effects == (SendBatch(PEER, driven.attempt, 0, True),)


def test_nothing_left_is_no_answer_of_the_peer() -> None:
    driven = sending().fail().wait()
    driven.tell(NothingLeft(driven.attempt))
    assert driven.link.failures == 1


def test_a_peer_that_forgot_us_is_greeted_again() -> None:
    driven = sending()
    driven.tell(Failed(driven.attempt, "hello first", greet=True)).wait()
    assert isinstance(driven.effects[-1], SayHello)


def test_a_failed_hello_is_said_again() -> None:
    driven = Driven().wait().fail().wait()
    assert driven.effects == (SayHello(PEER, 2),)


def test_a_late_result_of_an_earlier_attempt_changes_nothing() -> None:
    driven = sending()
    old = driven.attempt
    driven.fail().wait()
    before = driven.link
    for late in (Sent(old, 99), Failed(old, "late"), NothingLeft(old)):
        assert driven.tell(late).link is before
        assert driven.effects == ()


def test_what_is_not_settled_is_looked_at_again_from_the_start() -> None:
    driven = sending()
    driven.tell(Sent(driven.attempt, 30, waiting=2))
    driven.tell(NothingLeft(driven.attempt))
    reoffer = driven.link.reoffer_at
    assert reoffer is not None
    assert REOFFER_US <= reoffer - driven.now <= 2 * REOFFER_US
    while driven.now < reoffer:
        driven.wait()
        if driven.link.state is LinkState.PULLING:
            driven.tell(Pulled(driven.attempt, 0))
    assert driven.link.state is LinkState.SENDING
    assert driven.link.cursor == 0
    assert driven.link.reoffer_at is None


def test_a_person_may_ask_for_the_next_attempt_now() -> None:
    resting = sending().fail().tell(RetryAsked())
    assert isinstance(resting.effects[-1], SendBatch)
    assert isinstance(greeted().tell(RetryAsked()).effects[-1], SendBatch)
    assert isinstance(Driven().tell(RetryAsked()).effects[-1], SayHello)


def test_a_blocked_peer_is_left_alone_and_begins_anew() -> None:
    driven = sending()
    flying = driven.attempt
    driven.tell(Blocked()).tell(Sent(flying, 7)).tell(NewsArrived()).tell(RetryAsked())
    assert driven.link.state is LinkState.BLOCKED
    assert next_deadline(driven.link) is None
    driven.tell(Unblocked()).wait()
    assert isinstance(driven.effects[-1], SayHello)
    assert driven.attempt > flying


def test_a_frozen_node_says_nothing_until_it_is_thawed() -> None:
    driven = sending()
    flying = driven.attempt
    driven.tell(FrozenHere()).tell(Sent(flying, 7)).tell(HintArrived())
    assert driven.link.state is LinkState.FROZEN
    assert next_deadline(driven.link) is None
    driven.tell(Thawed()).wait()
    assert isinstance(driven.effects[-1], SayHello)


def test_blocked_outlasts_frozen() -> None:
    driven = sending().tell(Blocked()).tell(FrozenHere()).tell(Thawed())
    assert driven.link.state is LinkState.BLOCKED


EVENTS: tuple[LinkEvent, ...] = (
    Due(), NewsArrived(), HintArrived(), Greeted(1), Sent(1, 5, 1), NothingLeft(1), Pulled(1, 1), Failed(1, "x"),
    RetryAsked(), Blocked(), Unblocked(), FrozenHere(), Thawed(),
)  # fmt: skip


def test_every_pair_is_in_the_table_or_impossible() -> None:
    for state, event in product(LinkState, EVENTS):
        link = Link(PEER, state, attempt=1, greeted=True)
        if (state, type(event)) in TABLE:
            after, _ = step(link, event, 10, HALF)
            assert after.peer == PEER
        else:
            with pytest.raises(InvariantBroken, match=state.value):
                step(link, event, 10, HALF)


def test_what_comes_from_outside_is_possible_in_every_state() -> None:
    outside = (NewsArrived, HintArrived, RetryAsked, Blocked, Unblocked, FrozenHere, Thawed)
    assert all((state, event) in TABLE for state in LinkState for event in outside)


def test_every_state_with_something_to_come_has_a_deadline_or_a_request() -> None:
    for state, event in product(LinkState, EVENTS):
        if (state, type(event)) not in TABLE:
            continue
        after, effects = step(Link(PEER, state, attempt=1, greeted=True), event, 10, HALF)
        if after.state in (LinkState.STARTING, LinkState.RESTING, LinkState.IDLE):
            assert next_deadline(after) is not None
        elif after.state in (LinkState.GREETING, LinkState.SENDING, LinkState.PULLING) and after.state is not state:
            assert any(isinstance(effect, SayHello | SendBatch | PullBatch) for effect in effects)


def test_results_carry_their_attempt() -> None:
    assert all(
        hasattr(kind, "__dataclass_fields__") and "attempt" in kind.__dataclass_fields__ for kind in Result.__args__
    )
