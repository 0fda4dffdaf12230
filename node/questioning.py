"""Questions between regions on their way: what is told to whom, again when it was lost, and when a phase is over.

Owns the order transaction → commit → message on both sides: what a node answers is in its store before anybody hears
it, and what the coordinator takes is in its store before the next phase is told. Run by the drivers of
:mod:`node.runtime`; decides nothing of what is said. Source: ``docs/protocol.md`` §18.9.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Final, TypeVar

from node.procedure import Pause, Steps, ask, commit, look
from node.services.house import House
from node.services.questions import answering, cohorts, gathering
from node.services.questions.answering import Figures, Wanted
from node.services.questions.cohorts import Published
from node.services.questions.gathering import GATHERING, Progress
from node.services.questions.machines import Machines
from node.store import Tx
from protocol.errors import CallerFault, Frozen, Malformed, PeerFault, WorldFault
from protocol.keys import NodeId, node_id
from protocol.statistics import post
from protocol.statistics.post import REFUSED, Told

AGAIN_US: Final = 300_000  # until a node that did not answer is told again; doubles
MOST_AGAIN_US: Final = 5_000_000
LOOK_US: Final = 50_000  # between two looks whether a round is over
SILENCE_US: Final = 30_000_000  # between two looks at parts of which nobody speaks any more
NO_ANSWER: Final = (WorldFault, Frozen)

T = TypeVar("T")
Source = Callable[[Tx, Wanted], Figures]  # reads sales and dealings; may take long, so never in a write transaction


@dataclass
class _Round:
    """A round that this node gathers, as of its last commit that is known to be durable; which messages are on their
    way, and whether the phase's end is being taken."""

    at: Progress
    flying: set[int] = field(default_factory=set)
    ticking: bool = False

    def take(self, progress: Progress | None) -> None:
        """A commit has returned; a later one may have returned before."""
        if progress is not None and progress.seen >= self.at.seen:
            self.at = progress._replace(done=progress.done or self.at.done)


class Questioning:
    """The questions of one node. ``source`` is set by who has the sales."""

    def __init__(self, house: House, monotonic: Callable[[], int]) -> None:
        self.house = house
        self._now = monotonic
        self.source: Source | None = None
        self._held = Machines()
        self._rounds: dict[bytes, _Round] = {}
        self._parts: set[bytes] = set()
        self._silence_at = 0
        self._looking = False

    def start(self) -> Steps[None]:
        """Go on with everything that is not over."""
        self._rounds.clear()
        for row in (yield from look(lambda tx: tx.questions.open_rounds())):
            at = yield from look(partial(gathering.resume, self.house, held=self._held, row=row))
            self._rounds[row.question] = _Round(at)
        self._parts = {row.question for row in (yield from look(lambda tx: tx.questions.joined()))}
        self._silence_at = self._now() + SILENCE_US

    # --- what the runtime asks

    def ready(self) -> list[Steps[None]]:
        """Procedures that may run now."""
        if self.house.frozen or self.house.recovering:
            return []
        found: list[Steps[None]] = []
        for hashed, one in list(self._rounds.items()):
            if one.at.done:
                self._rounds.pop(hashed)
                self._held.drop_gathering(hashed)
                continue
            for at, node, body in one.at.pending:
                if at not in one.flying:
                    one.flying.add(at)
                    found.append(self._deliver(hashed, one, at, node, body))
            if one.at.due is not None and one.at.due <= self.house.clock() and not one.ticking:
                one.ticking = True
                found.append(self._tick(hashed, one))
        if self._parts and self._now() >= self._silence_at and not self._looking:
            self._looking = True
            found.append(self._look_for_silence())
        return found

    def next_deadline(self) -> int | None:
        """Monotonic µs at which :meth:`ready` has something to do."""
        if self.house.frozen or self.house.recovering:
            return None
        clock, found = self.house.clock(), [self._silence_at] if self._parts and not self._looking else []
        dues = [one.at.due for one in self._rounds.values() if not one.ticking]
        found += [self._now() + max(0, due - clock) for due in dues if due is not None]
        return min(found, default=None)

    # --- a round that this node gathers

    def _deliver(self, hashed: bytes, one: _Round, at: int, node: bytes, body: bytes) -> Steps[None]:
        """One message to one node, until it has answered or nobody waits for it any more.

        Where our own disk is full, or a person has to look, the same is told again: the answer will be the same.
        """
        wait = AGAIN_US
        try:
            while any(at == number for number, _, _ in one.at.pending):
                try:
                    told = yield from self._tell_or_refuse(hashed, node, body)
                    one.take((yield from self._take(hashed, node, at, told)))
                except NO_ANSWER:
                    yield Pause(wait)
                    wait = min(2 * wait, MOST_AGAIN_US)
        finally:
            one.flying.discard(at)

    def _take(self, hashed: bytes, node: bytes, at: int, told: Told) -> Steps[Progress | None]:
        return (yield from self._commit(lambda tx: gathering.heard(self.house, tx, self._held, hashed, node, at, told)))

    def _tell_or_refuse(self, hashed: bytes, node: bytes, body: bytes) -> Steps[Told]:
        try:
            return (yield from self._tell(hashed, node, body))
        except (PeerFault, CallerFault) as refusal:
            return Told(REFUSED, (), f"{refusal.code}: {refusal}"[: post.MAX_REASON_CHARS])

    def _tell(self, hashed: bytes, node: bytes, body: bytes) -> Steps[Told]:
        told = post.parse_told((yield from self._say(node, post.ROUND, post.encode_round(hashed, body))))
        if told.state == REFUSED and told.reason == answering.NEW:
            told = post.parse_told((yield from self._say(node, post.QUESTION, body)))
            if told.state == post.READY:
                told = post.parse_told((yield from self._say(node, post.ROUND, post.encode_round(hashed, body))))
        return told

    def _say(self, node: bytes, path: str, body: bytes) -> Steps[bytes]:
        """This node answers its own question like every other one."""
        if node == self.house.node.public:
            return (yield from self.answer(self.house.id, path, body))
        return (yield from ask(NodeId(node_id(node)), path, body))

    def _tick(self, hashed: bytes, one: _Round) -> Steps[None]:
        try:
            one.take((yield from self._commit(lambda tx: gathering.time_is_up(self.house, tx, self._held, hashed))))
        except NO_ANSWER:
            yield Pause(AGAIN_US)
        finally:
            one.ticking = False

    # --- what people of this node begin

    def offer(self, made: Published) -> Steps[dict[bytes, str]]:
        """Give a new cohort to its nodes: how each of them stands to it."""
        found: dict[bytes, str] = {}
        for key in made.keys:
            if key != self.house.node.public:
                try:
                    found[key] = post.parse_told((yield from self._say(key, post.COHORT, made.offer))).reason
                except (*NO_ANSWER, PeerFault, CallerFault) as error:
                    found[key] = f"not told: {error}"
        return found

    def announce(self, hashed: bytes) -> Steps[dict[bytes, Told]]:
        """Show a question to everybody whom it asks: how each of them stands to it."""
        wire, keys = yield from look(partial(_addressed, hashed))
        found: dict[bytes, Told] = {}
        for key in keys:
            try:
                found[key] = post.parse_told((yield from self._say(key, post.QUESTION, wire)))
            except (*NO_ANSWER, PeerFault, CallerFault) as error:
                found[key] = Told(REFUSED, (), f"not told: {error}"[: post.MAX_REASON_CHARS])
        return found

    def gather(self, text: str, patience_s: int) -> Steps[bytes]:
        """Begin a round; it runs by itself from here on."""
        hashed, at = yield from self._commit(
            lambda tx: gathering.begin(self.house, tx, self._held, text, patience_s)
        )  # fmt: skip
        self._rounds[hashed] = _Round(at)
        return hashed

    def until_over(self, hashed: bytes, seconds: float) -> Steps[None]:
        """Go on when the round has a result, or none; or after ``seconds``."""
        deadline = self._now() + int(seconds * 1_000_000)
        while self._now() < deadline:
            row = yield from look(lambda tx: tx.questions.round(hashed))
            if row is None or row.state != GATHERING:
                return
            yield Pause(LOOK_US)

    # --- what others ask of this node

    def answer(self, peer: NodeId, path: str, body: bytes) -> Steps[bytes]:
        """Answer one request of ``peer``, or of this node itself."""
        if path == post.COHORT:
            state = yield from self._commit(lambda tx: cohorts.take_offer(self.house, tx, peer, body))
            return post.encode_told(Told(post.READY, (), state))
        if path == post.QUESTION:
            told = yield from self._commit(lambda tx: answering.announced(self.house, tx, peer, body))
            return post.encode_told(told)
        if path != post.ROUND:
            raise Malformed("no such thing to ask of a node that answers questions")
        wanted = yield from look(lambda tx: answering.wanted(self.house, tx, peer, body))
        found = None if wanted is None else (yield from self._figures(wanted))
        told = yield from self._commit(lambda tx: answering.tell(self.house, tx, self._held, peer, body, found))
        hashed, _ = post.parse_round(body)
        if told.state == post.READY:
            self._parts.add(hashed)
        elif told.state == post.ENDED:
            self._parts.discard(hashed)
        return post.encode_told(told)

    def _figures(self, wanted: Wanted) -> Steps[Figures]:
        source = self.source
        if source is None:
            raise WorldFault("this node has nothing to answer with now", code="not-running")
        return (yield from look(lambda tx: source(tx, wanted)))

    def _look_for_silence(self) -> Steps[None]:
        try:
            for hashed in sorted(self._parts):
                yield from self._commit(
                    lambda tx, hashed=hashed: answering.time_is_up(self.house, tx, self._held, hashed)  # type: ignore[misc]
                )
            self._parts = {row.question for row in (yield from look(lambda tx: tx.questions.joined()))}
        except NO_ANSWER:
            pass  # our own disk, or a person has to look: the next time
        finally:
            self._silence_at = self._now() + SILENCE_US
            self._looking = False

    def _commit(self, work: Callable[[Tx], T]) -> Steps[T]:
        try:
            return (yield from commit(work))
        except BaseException:
            self.house.forget_caches()
            raise


def _addressed(hashed: bytes, tx: Tx) -> tuple[bytes, tuple[bytes, ...]]:
    row = tx.questions.get(hashed)
    assert row is not None
    cohort, _ = cohorts.standing(tx, row.cohort)
    return row.wire, cohort.keys
