"""The link to one peer: when to greet it, send to it, pull from it, and how long to leave it alone.

Owns the table of states, back-off, and the position behind which the next batch begins. Must not know what is in a
batch, who signed what, or how bytes travel. One request is in flight at a time; push only makes fast what a pull would
bring anyway. ``now`` is monotonic µs, ``jitter`` a fresh number in ``0..JITTER_RANGE-1``; both are arguments.

===========  ================================================================================================
state        meaning
===========  ================================================================================================
starting     a hello is due at ``due``; nothing else may be said before it is answered (once per start of ours)
greeting     the hello is in flight
idle         greeted, nothing to do until news, a hint, or ``pull_at``/``reoffer_at``
sending      a batch is in flight
pulling      a request for the peer's next batch is in flight
resting      the last attempt failed; the next is at ``due``
blocked      a person blocked the peer, or it is not accepted (any more)
frozen       this node may not sign: another copy of it, or a later epoch, exists
===========  ================================================================================================

Only an answer to a request of *ours* resets the back-off: what the peer sends us says nothing about our way to it
(Mastodon #31118). A dead peer costs this one value, not a queue. Source: ``docs/protocol.md`` §8.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum

from federation.effects import LinkEffect, PullBatch, SaveLink, SayHello, SendBatch
from protocol.errors import InvariantBroken
from protocol.keys import NodeId
from protocol.limits import RETRY_MAX_US, RETRY_MIN_US

JITTER_RANGE = 1 << 32
SECOND_US = 1_000_000
HELLO_SPREAD_US = 2 * SECOND_US  # first hellos after a start are spread over this
RETRY_FLOOR_US = SECOND_US  # full jitter, but never an immediate second attempt
PULL_MIN_US = 30 * SECOND_US  # while pulls bring something, or while nobody can reach us
PULL_MAX_US = 15 * 60 * SECOND_US  # otherwise: the safety net under lost pushes and one-way cuts
REOFFER_US = 15 * 60 * SECOND_US  # what a receipt left unsettled is looked at again


class LinkState(Enum):
    """As in the module's table."""

    STARTING = "starting"
    GREETING = "greeting"
    IDLE = "idle"
    SENDING = "sending"
    PULLING = "pulling"
    RESTING = "resting"
    BLOCKED = "blocked"
    FROZEN = "frozen"


@dataclass(frozen=True)
class Due:
    """The deadline has come."""


@dataclass(frozen=True)
class NewsArrived:
    """There is something new here for the peer."""


@dataclass(frozen=True)
class HintArrived:
    """The peer, discovery or a person says that the peer has something for us."""


@dataclass(frozen=True)
class Greeted:
    """The peer answered our hello and nothing is wrong."""

    attempt: int


@dataclass(frozen=True)
class Sent:
    """A receipt came for our batch. ``cursor``: behind it the next batch begins; ``waiting``: items not settled yet."""

    attempt: int
    cursor: int
    waiting: int = 0


@dataclass(frozen=True)
class NothingLeft:
    """There was nothing to send behind the cursor."""

    attempt: int


@dataclass(frozen=True)
class Pulled:
    """The peer answered our pull, and what it gave is durable here. ``items`` is 0 when it had nothing."""

    attempt: int
    items: int


@dataclass(frozen=True)
class Failed:
    """No answer, or one that is of no use. ``greet``: the peer wants a hello first (it lost what it knew of us)."""

    attempt: int
    error: str
    greet: bool = False


@dataclass(frozen=True)
class RetryAsked:
    """A person wants the next attempt now."""


@dataclass(frozen=True)
class Blocked:
    """The peer is not accepted (any more)."""


@dataclass(frozen=True)
class Unblocked:
    """The peer is accepted again."""


@dataclass(frozen=True)
class FrozenHere:
    """This node may not sign any more."""


@dataclass(frozen=True)
class Thawed:
    """This node may sign again (a person decided)."""


Result = Greeted | Sent | NothingLeft | Pulled | Failed
LinkEvent = (
    Due | NewsArrived | HintArrived | Result | RetryAsked | Blocked | Unblocked | FrozenHere | Thawed
)  # fmt: skip


@dataclass(frozen=True)
class Link:
    """One link as a value. Times in monotonic µs; ``attempt`` numbers requests, so that a late answer is not another's.

    ``cursor``: position behind which the next batch begins, 0 at every start. ``news``/``hinted``: there may be
    something to send / to pull. ``reachable``: whether the peer can call us; if not, we pull often.
    """

    peer: NodeId
    state: LinkState
    due: int = 0
    attempt: int = 0
    greeted: bool = False
    news: bool = True
    hinted: bool = True
    cursor: int = 0
    failures: int = 0
    pull_every: int = PULL_MIN_US
    pull_at: int = 0
    reoffer_at: int | None = None
    reachable: bool = True


Step = tuple[Link, tuple[LinkEffect, ...]]
S = LinkState


def open_link(
    peer: NodeId, now: int, jitter: int, *, failures: int = 0, attempt: int = 0, reachable: bool = True
) -> Link:
    """The link at a start of this node.

    ``failures`` as saved: a peer long dead is not called at once. ``attempt``: the last number already used.
    """
    spread = _ceiling(failures) if failures else HELLO_SPREAD_US
    due = now + spread * jitter // JITTER_RANGE
    return Link(peer, S.STARTING, due=due, attempt=attempt, failures=failures, pull_at=now, reachable=reachable)


def next_deadline(link: Link) -> int | None:
    """When ``Due`` is to be told, or None if only other events can move the link."""
    if link.state in (S.STARTING, S.RESTING):
        return link.due
    if link.state is S.IDLE:
        return link.pull_at if link.reoffer_at is None else min(link.pull_at, link.reoffer_at)
    return None


def step(link: Link, event: LinkEvent, now: int, jitter: int) -> Step:
    """The link after ``event`` and what to do. A result of an earlier attempt changes nothing."""
    if isinstance(event, Result) and event.attempt != link.attempt:
        return link, ()
    handler = TABLE.get((link.state, type(event)))
    if handler is None:
        raise InvariantBroken(f"link: {type(event).__name__} cannot happen while {link.state.value}")
    return handler(link, event, now, jitter)


def retry_delay(failures: int, jitter: int) -> int:
    """µs until the next attempt after so many failures in a row: full jitter below a ceiling that doubles."""
    return max(RETRY_FLOOR_US, _ceiling(failures) * jitter // JITTER_RANGE)


def _ceiling(failures: int) -> int:
    return min(RETRY_MAX_US, RETRY_MIN_US << min(failures - 1, 16))


def _stay(link: Link, _event: LinkEvent, _now: int, _jitter: int) -> Step:
    return link, ()


def _note(link: Link, event: LinkEvent, _now: int, _jitter: int) -> Step:
    """Remember that there is something to do, for when it can be done."""
    if isinstance(event, NewsArrived):
        return replace(link, news=True), ()
    return replace(link, hinted=True), ()


def _greet(link: Link, _event: LinkEvent, _now: int, _jitter: int) -> Step:
    attempt = link.attempt + 1
    return replace(link, state=S.GREETING, attempt=attempt), (SayHello(link.peer, attempt),)


def _send(link: Link) -> Step:
    attempt = link.attempt + 1
    after = replace(link, state=S.SENDING, attempt=attempt, news=False)
    return after, (SendBatch(link.peer, attempt, link.cursor, link.failures > 0),)


def _pull(link: Link) -> Step:
    attempt = link.attempt + 1
    after = replace(link, state=S.PULLING, attempt=attempt, hinted=False)
    return after, (PullBatch(link.peer, attempt, link.failures > 0),)


def _go_on(link: Link, now: int, *, pull_first: bool) -> Step:
    """The next thing to do, or idle. Sending and pulling take turns, so neither starves the other."""
    if link.reoffer_at is not None and now >= link.reoffer_at:
        link = replace(link, reoffer_at=None, cursor=0, news=True)
    pull = link.hinted or now >= link.pull_at
    if pull and (pull_first or not link.news):
        return _pull(link)
    if link.news:
        return _send(link)
    return replace(link, state=S.IDLE), ()


def _answered(link: Link) -> Step:
    """An answer in our direction: the back-off begins anew."""
    if not link.failures:
        return link, ()
    return replace(link, failures=0), (SaveLink(link.peer, 0, 0, ""),)


def _then(before: Step, now: int, *, pull_first: bool) -> Step:
    link, effects = _go_on(before[0], now, pull_first=pull_first)
    return link, before[1] + effects


def _on_greeted(link: Link, _event: LinkEvent, now: int, _jitter: int) -> Step:
    return _then(_answered(replace(link, greeted=True, news=True, hinted=True)), now, pull_first=True)


def _on_sent(link: Link, event: LinkEvent, now: int, jitter: int) -> Step:
    assert isinstance(event, Sent)
    if event.waiting and link.reoffer_at is None:
        link = replace(link, reoffer_at=now + REOFFER_US + REOFFER_US * jitter // JITTER_RANGE)
    return _then(_answered(replace(link, cursor=event.cursor, news=True)), now, pull_first=True)


def _on_nothing_left(link: Link, _event: LinkEvent, now: int, _jitter: int) -> Step:
    """The next news begins at the start of what is unsettled: something behind the cursor may be open again."""
    return _go_on(replace(link, cursor=0), now, pull_first=True)


def _on_pulled(link: Link, event: LinkEvent, now: int, jitter: int) -> Step:
    assert isinstance(event, Pulled)
    if event.items:
        link = replace(link, pull_every=PULL_MIN_US, pull_at=now)
    else:
        every = min(PULL_MAX_US, 2 * link.pull_every) if link.reachable else PULL_MIN_US
        link = replace(link, pull_every=every, pull_at=now + every // 2 + (every // 2) * jitter // JITTER_RANGE)
    return _then(_answered(link), now, pull_first=False)


def _on_failed(link: Link, event: LinkEvent, now: int, jitter: int) -> Step:
    assert isinstance(event, Failed)
    failures = link.failures + 1
    delay = retry_delay(failures, jitter)
    rested = replace(
        link,
        state=S.RESTING,
        failures=failures,
        due=now + delay,
        news=True,
        hinted=True,
        greeted=link.greeted and not event.greet,
    )
    return rested, (SaveLink(link.peer, failures, delay, event.error),)


def _on_rested(link: Link, event: LinkEvent, now: int, jitter: int) -> Step:
    if not link.greeted:
        return _greet(link, event, now, jitter)
    return _go_on(link, now, pull_first=False)


def _on_due_idle(link: Link, _event: LinkEvent, now: int, _jitter: int) -> Step:
    return _go_on(link, now, pull_first=True)


def _on_news_idle(link: Link, event: LinkEvent, now: int, jitter: int) -> Step:
    return _go_on(_note(link, event, now, jitter)[0], now, pull_first=False)


def _retry(link: Link, event: LinkEvent, now: int, jitter: int) -> Step:
    return _on_rested(replace(link, news=True, hinted=True), event, now, jitter)


def _block(link: Link, _event: LinkEvent, _now: int, _jitter: int) -> Step:
    """Whatever is in flight is of no interest any more."""
    return replace(link, state=S.BLOCKED, attempt=link.attempt + 1, greeted=False), ()


def _freeze(link: Link, _event: LinkEvent, _now: int, _jitter: int) -> Step:
    return replace(link, state=S.FROZEN, attempt=link.attempt + 1, greeted=False), ()


def _start_again(link: Link, _event: LinkEvent, now: int, jitter: int) -> Step:
    return open_link(link.peer, now, jitter, attempt=link.attempt + 1, reachable=link.reachable), ()


Handler = Callable[[Link, LinkEvent, int, int], Step]
_IN_FLIGHT = (S.GREETING, S.SENDING, S.PULLING)
_OPEN = (S.STARTING, S.IDLE, S.RESTING, *_IN_FLIGHT)

# What is not in the table is impossible.
TABLE: Mapping[tuple[LinkState, type], Handler] = {
    (S.STARTING, Due): _greet,
    (S.GREETING, Greeted): _on_greeted,
    (S.GREETING, Failed): _on_failed,
    (S.IDLE, Due): _on_due_idle,
    (S.IDLE, NewsArrived): _on_news_idle,
    (S.IDLE, HintArrived): _on_news_idle,
    (S.SENDING, Sent): _on_sent,
    (S.SENDING, NothingLeft): _on_nothing_left,
    (S.SENDING, Failed): _on_failed,
    (S.PULLING, Pulled): _on_pulled,
    (S.PULLING, Failed): _on_failed,
    (S.RESTING, Due): _on_rested,
    (S.STARTING, RetryAsked): _greet,
    (S.IDLE, RetryAsked): _retry,
    (S.RESTING, RetryAsked): _retry,
    **{(state, RetryAsked): _stay for state in (*_IN_FLIGHT, S.BLOCKED, S.FROZEN)},
    **{(state, event): _note for state in LinkState if state is not S.IDLE for event in (NewsArrived, HintArrived)},
    **{(state, Blocked): _block for state in LinkState},
    **{(state, Unblocked): _stay for state in (*_OPEN, S.FROZEN)},
    (S.BLOCKED, Unblocked): _start_again,
    **{(state, FrozenHere): _freeze for state in _OPEN},
    (S.BLOCKED, FrozenHere): _stay,
    (S.FROZEN, FrozenHere): _stay,
    **{(state, Thawed): _stay for state in (*_OPEN, S.BLOCKED)},
    (S.FROZEN, Thawed): _start_again,
}
