"""Copies on their way to guardians: building frames, giving them out, hearing what is kept, as procedures.

Owns when: one builder at a time, one message at a time to each guardian, so that what comes meanwhile travels
together; a guardian that does not answer is tried again later and later, and delays nobody else. Does no input or
output (see :mod:`node.procedure`); must not know what is in a frame.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Final, TypeVar

import structlog

from federation import links
from node.procedure import Pause, Steps, ask, commit, look
from node.services.claiming import NextRead
from node.services.guarding import auditing, catching, chunking, framing, patience, renewing, sending
from node.services.guarding.auditing import Question
from node.services.guarding.catching import Reading
from node.services.guarding.chunking import Load, ReadChunk
from node.services.guarding.framing import Built, Quorum
from node.services.guarding.sending import Advanced, Message
from node.services.house import House, Safe
from node.store import Tx
from protocol.errors import CallerFault, Frozen, PeerFault, WorldFault
from protocol.guardian import forgetting, messages
from protocol.guardian.forgetting import SetAside
from protocol.keys import NodeId
from protocol.limits import SAFE_PATIENCE_US
from protocol.link.receipt import Leaf

SECOND_US: Final = 1_000_000
RETRY_US: Final = SECOND_US
MAX_RETRY_US: Final = 5 * 60 * SECOND_US
LOOK_ROUND_US: Final = 60 * SECOND_US  # what changes without a journal entry is looked for so often
AUDIT_US: Final = 60 * 60 * SECOND_US
CONFIRM_US: Final = 10 * 60 * SECOND_US  # between questions whether old vaults are forgotten
AUDIT_AGAIN_US: Final = 60 * SECOND_US  # after one that was failed
WAIT_STEP_US: Final = 10_000
LET_GO_AGAIN_US: Final = SECOND_US // 20
REFUSALS: Final = (PeerFault, CallerFault)
NOT_A_PEER: Final = "not-a-peer"

T = TypeVar("T")
_log = structlog.get_logger("guarding")


@dataclass
class _Guardian:
    """One guardian as this run sees it. Times monotonic µs."""

    waiting: set[bytes] = field(default_factory=set)
    busy: bool = False
    failures: int = 0
    retry_at: int = 0
    alone: bool = False  # one member at a time: a message about several was refused
    resting: dict[bytes, int] = field(default_factory=dict)  # member → when to speak of it again
    refusals: dict[bytes, int] = field(default_factory=dict)  # member → how often in a row it was refused


@dataclass(frozen=True)
class _Troubled:
    """A member whose frames cannot be built: how often in a row, and when to try again."""

    failures: int
    due: int


class Guarding:
    """The copies of one node's members on their way. ``notice``: told peers whose batches may go on."""

    def __init__(self, house: House, monotonic: Callable[[], int], notice: Callable[[Iterable[bytes]], None]) -> None:
        self.house = house
        self._now = monotonic
        self._notice = notice
        self.read_chunk: ReadChunk | None = None  # set by who has the files
        self._guardians: dict[bytes, _Guardian] = {}
        self._building = False
        self._build_at = 0
        self._round_at = 0
        self._audit_at = 0
        self._confirm_at = 0
        self._again_at: int | None = None
        self._thorough: set[bytes] = set()  # of whom the next look is at everything
        self._quorums: dict[bytes, Quorum] = {}
        self._troubled: dict[bytes, _Troubled] = {}

    def start(self) -> Steps[None]:
        """Read who has guardians; every one of them is looked at once."""
        self._guardians.clear()
        self._troubled.clear()
        found = yield from look(framing.load)
        self.house.guarded.update(found)
        self.house.uncopied.update(found)
        self._thorough.update(found)
        self._round_at = self._now() + LOOK_ROUND_US
        self._audit_at = self._now() + AUDIT_US

    # --- what the runtime asks

    def ready(self) -> list[Steps[None]]:
        """Procedures that may run now."""
        house, now = self.house, self._now()
        if house.frozen or house.recovering or not (house.guarded or house.uncopied):
            return []
        if house.delayed:
            self._let_go()
        if now >= self._round_at:
            self._round_at = now + LOOK_ROUND_US
            house.uncopied.update(house.guarded)
            self._thorough.update(house.guarded)
        found: list[Steps[None]] = []
        if now >= self._audit_at and self._guardians:
            self._audit_at = now + AUDIT_US
            found.append(self._audit_all())
        if now >= self._confirm_at and self._guardians:
            self._confirm_at = now + CONFIRM_US
            found.append(self._confirm())
        self._wake_troubled(now)
        if house.uncopied and not self._building and now >= self._build_at:
            self._building = True
            found.append(self._build())
        for node, guardian in self._guardians.items():
            if guardian.waiting and not guardian.busy and now >= guardian.retry_at:
                guardian.busy = True
                found.append(self._send(NodeId(node), guardian))
        return found

    def next_deadline(self) -> int | None:
        """Monotonic µs at which :meth:`ready` has something to do."""
        house = self.house
        if house.frozen or house.recovering or not (house.guarded or house.uncopied):
            return None
        due = [self._round_at, *([self._audit_at, self._confirm_at] if self._guardians else [])]
        if house.uncopied and not self._building:
            due.append(self._build_at)
        if not self._building:
            due += [one.due for one in self._troubled.values()]
        due += [one.retry_at for one in self._guardians.values() if one.waiting and not one.busy]
        if house.delayed:
            due.append(self._now() + max(0, min(list(house.delayed.values())) - house.clock()))
            due += [self._again_at] if self._again_at is not None else []
        return min(due)

    def until_safe(self, leaves: tuple[Leaf, ...]) -> Steps[None]:
        """Go on when what these leaves speak of is safe, or patience ends."""
        deadline = self._now() + SAFE_PATIENCE_US
        while self._now() < deadline and patience.awaited(self.house, leaves):
            yield Pause(WAIT_STEP_US)

    def retry(self, guardian: bytes) -> None:
        """A person wants the next attempt now."""
        found = self._guardians.get(guardian)
        if found is not None:
            found.retry_at = 0
            found.resting.clear()
            found.refusals.clear()
        self.house.uncopied.update(self.house.guarded)

    def failures(self) -> dict[bytes, int]:
        """How often in a row each guardian has not answered."""
        return {node: one.failures for node, one in self._guardians.items()}

    # --- building

    def _build(self) -> Steps[None]:
        house = self.house
        try:
            built: Built = yield from self._commit(partial(framing.build, house, thorough=frozenset(self._thorough)))
        except framing.Unbuilt as trouble:
            self._set_aside(trouble)
            return
        except (WorldFault, CallerFault, Frozen):
            self._build_at = self._now() + RETRY_US
            return
        finally:
            self._building = False
        for member in built.guarded:
            self._troubled.pop(member, None)
        self._quorums.update(built.quorums)
        self._thorough -= set(built.guarded) - house.uncopied
        for member, safe in built.guarded.items():
            if safe is None:
                house.guarded.pop(member, None)
                self._quorums.pop(member, None)
            else:
                self._remember(member, safe)
        for member in built.guarded:
            for node in self._quorums[member].guardians if member in self._quorums else ():
                if node == house.id:
                    continue  # a member that came back to one of its guardians: it counts no more
                self._guardians.setdefault(node, _Guardian()).waiting.add(member)

    def _set_aside(self, trouble: framing.Unbuilt) -> None:
        """One member's trouble stops nobody else: the others are built at once, this one later and later."""
        member = trouble.member
        before = self._troubled.get(member)
        failures = before.failures + 1 if before is not None else 1
        self._troubled[member] = _Troubled(failures, self._now() + links.retry_delay(failures, self._jitter()))
        self.house.uncopied.discard(member)
        _log.error("no copies can be made", member=member.hex(), failures=failures, exc_info=trouble)

    def _wake_troubled(self, now: int) -> None:
        """Whose time has come is tried again; who is waiting is left out of a round."""
        for member, trouble in self._troubled.items():
            if trouble.due <= now:
                self.house.uncopied.add(member)
            else:
                self.house.uncopied.discard(member)

    def _jitter(self) -> int:
        return int.from_bytes(self.house.entropy(4), "big")

    # --- giving out

    def _send(self, node: NodeId, guardian: _Guardian) -> Steps[None]:
        """Everything that waits for one guardian, message by message, until it is done or fails."""
        try:
            while wanted := self._wanted(guardian):
                try:
                    yield from self._exchange(node, guardian, wanted)
                    yield from self._give_chunks(node, wanted)
                except REFUSALS as refusal:
                    yield from self._was_refused(node, guardian, wanted, refusal.code)
                except (WorldFault, Frozen):
                    self._has_failed(guardian)
                    return
        finally:
            guardian.busy = False

    def _wanted(self, guardian: _Guardian) -> list[bytes]:
        """Of whom the next message speaks."""
        now = self._now()
        wanted = sorted(member for member in guardian.waiting if guardian.resting.get(member, 0) <= now)
        if not wanted and guardian.waiting:
            guardian.retry_at = min(guardian.resting[member] for member in guardian.waiting)
        return wanted[: 1 if guardian.alone else sending.MAX_MEMBERS]

    def _exchange(self, node: NodeId, guardian: _Guardian, wanted: list[bytes]) -> Steps[None]:
        house = self.house
        guardian.waiting.difference_update(wanted)
        try:
            yield from self._ask_vaults(node, wanted)
            message: Message | None = yield from look(
                partial(sending.next_message, house, guardian=node, wanted=wanted)
            )
            if message is None:
                return
            wire = yield from ask(node, messages.FRAMES, message.body)
            advanced: Advanced = yield from self._commit(
                partial(catching.take_kept, house, guardian=node, wire=wire, told=message.told)
            )
        except BaseException:
            guardian.waiting.update(wanted)
            raise
        guardian.waiting |= advanced.behind | message.left
        for member in sorted(advanced.ahead):
            yield from self._catch_up(node, member)
        self._rest(guardian, advanced.stuck - advanced.ahead)
        for member in set(wanted) - advanced.stuck:
            guardian.refusals.pop(member, None)
        if guardian.failures:
            guardian.failures = 0
            self._weigh()
        for member, safe in advanced.guarded.items():
            self._remember(member, safe)
        if house.delayed:
            self._let_go(everybody=True)

    def _ask_vaults(self, node: NodeId, wanted: list[bytes]) -> Steps[None]:
        """What a guardian keeps the keys of members in that were put back from a backup: before anything is sealed."""
        house = self.house
        for member in (yield from look(partial(catching.unshown, house, guardian=node, wanted=wanted))):
            question = forgetting.encode_set_aside(SetAside(bytes(32), member))
            wires = forgetting.parse_vaults((yield from ask(node, forgetting.SET_ASIDE, question)))
            work = partial(catching.take_vaults, house, member=member, guardian=node, wires=wires)
            yield from self._commit(work)

    def _catch_up(self, node: NodeId, member: bytes) -> Steps[None]:
        """Read what a guardian has of former epochs and this node has not."""
        house, reading = self.house, Reading()
        while (wanted := (yield from look(partial(self._next_read, member, reading)))) is not None:
            question = messages.Read(bytes(32), member, wanted.epoch, wanted.after)
            pages = messages.parse_pages((yield from ask(node, messages.READ, messages.encode_read(question))))
            if pages.frames:
                work = partial(catching.take, house, member=member, wires=pages.frames, reading=reading)
                yield from self._commit(work)
            if not pages.more or not pages.frames:
                reading.done.add(wanted.epoch)
        self._notice((yield from self._commit(partial(catching.settle, house, member=member, guardian=node))))

    def _next_read(self, member: bytes, reading: Reading, tx: Tx) -> NextRead | None:
        return catching.next_read(self.house, tx, member, reading)

    def _give_chunks(self, node: NodeId, wanted: list[bytes]) -> Steps[None]:
        """Chunks of attachments that belong to what was sent."""
        house, read = self.house, self.read_chunk
        while read is not None:
            load: Load | None = yield from look(
                partial(chunking.next_load, house, guardian=node, wanted=wanted, read=read)
            )
            if load is None:
                return
            wire = (yield from ask(node, messages.CHUNKS, load.body)) if load.body else b""
            safe = yield from self._commit(partial(chunking.take_kept, house, guardian=node, load=load, wire=wire))
            for member, now in safe.items():
                self._remember(member, now)
            if house.delayed:
                self._let_go(everybody=True)

    def _was_refused(self, node: NodeId, guardian: _Guardian, wanted: list[bytes], code: str) -> Steps[None]:
        """A message about several members is tried again member by member; about one, that member rests."""
        if code in (sending.NO_AGREEMENT, NOT_A_PEER):
            self._rest(guardian, guardian.waiting, MAX_RETRY_US)
            return
        if len(wanted) > 1:
            guardian.alone = True
            return
        guardian.alone = False
        self._rest(guardian, wanted)
        with contextlib.suppress(WorldFault):
            yield from self._commit(partial(sending.note_refusal, guardian=node, wanted=wanted, code=code))

    def _rest(self, guardian: _Guardian, whom: Iterable[bytes], least: int = 0) -> None:
        """Members of whom this guardian is not told again at once, and later and later, as a link does it."""
        now = self._now()
        guardian.resting = {member: due for member, due in guardian.resting.items() if due > now}
        fresh = {}
        for member in whom:
            guardian.refusals[member] = guardian.refusals.get(member, 0) + 1
            fresh[member] = now + max(least, links.retry_delay(guardian.refusals[member], self._jitter()))
        guardian.resting.update(fresh)
        if fresh:
            self._weigh()

    def _has_failed(self, guardian: _Guardian) -> None:
        guardian.failures += 1
        delay = min(RETRY_US << min(guardian.failures - 1, 16), MAX_RETRY_US)
        jitter = int.from_bytes(self.house.entropy(4), "big") % (delay // 4)
        guardian.retry_at = self._now() + delay - jitter
        if guardian.failures == 1:
            self._weigh()

    # --- do they have it?

    def audit(self) -> Steps[dict[str, int]]:
        """Ask every guardian for one random piece: how many answered, and how many of them wrongly."""
        asked = wrong = 0
        for node, guardian in list(self._guardians.items()):
            wards = [member for member, quorum in self._quorums.items() if node in quorum.guardians]
            try:
                passed = yield from self._audit(NodeId(node), wards)
            except (WorldFault, Frozen):
                continue
            if passed is None:
                continue
            asked += 1
            if not passed:
                wrong += 1
                guardian.waiting.update(wards)
                self._audit_at = self._now() + AUDIT_AGAIN_US
        return {"asked": asked, "wrong": wrong}

    def _audit_all(self) -> Steps[None]:
        yield from self.audit()

    def _audit(self, node: NodeId, wards: list[bytes]) -> Steps[bool | None]:
        house = self.house
        asked: Question | None = yield from look(lambda tx: auditing.question(house, tx, node, wards))
        if asked is None:
            return None
        try:
            answer = yield from ask(node, messages.AUDIT, asked.body)
        except REFUSALS:
            answer = b""
        passed, safe = yield from self._commit(lambda tx: auditing.judge(house, tx, node, asked, answer))
        if safe is not None:
            self._remember(asked.member, safe)
        return passed

    def _confirm(self) -> Steps[None]:
        """Ask guardians whether they have forgotten what is sealed with keys that were retired here."""
        house = self.house
        for question in (yield from look(partial(renewing.questions, house))):
            body = forgetting.encode_forget(question.asked)
            try:
                wire = yield from ask(NodeId(question.guardian), forgetting.FORGET, body)
                yield from self._commit(partial(renewing.take_word, house, question=question, wire=wire))
            except (*REFUSALS, WorldFault, Frozen):
                continue  # asked again next time

    # --- who is silent, and who may go on

    def _remember(self, member: bytes, safe: Safe) -> None:
        """What a commit said; another one that was later may have been heard of before."""
        before = self.house.guarded.get(member)
        if before is None or before.at <= safe.at:
            self.house.guarded[member] = safe._replace(silent=self._is_silent(member))

    def _is_silent(self, member: bytes) -> bool:
        quorum = self._quorums.get(member)
        if quorum is None:
            return False
        return sum(self._answers(node, member) for node in quorum.guardians) < quorum.k

    def _answers(self, node: bytes, member: bytes) -> bool:
        """Has it answered, and not refused this member, when it was last spoken to?"""
        guardian = self._guardians.get(node)
        if guardian is None:
            return node != self.house.id
        return not guardian.failures and guardian.resting.get(member, 0) <= self._now()

    def _weigh(self) -> None:
        """A guardian has fallen silent, or answers again."""
        for member, safe in self.house.guarded.items():
            silent = self._is_silent(member)
            if silent != safe.silent:
                self.house.guarded[member] = safe._replace(silent=silent)

    def _let_go(self, *, everybody: bool = False) -> None:
        """Tell links whose documents may be safe now, or old enough. Twice: a look may have begun before the word."""
        now = self.house.clock()
        if everybody:
            self._again_at = self._now() + LET_GO_AGAIN_US
        elif self._again_at is not None and self._now() >= self._again_at:
            everybody, self._again_at = True, None
        peers = [peer for peer, due in list(self.house.delayed.items()) if everybody or due <= now]
        for peer in peers:
            self.house.delayed.pop(peer, None)
        if peers:
            self._notice(peers)

    def _commit(self, work: Callable[[Tx], T]) -> Steps[T]:
        try:
            return (yield from commit(work))
        except BaseException:
            self.house.forget_caches()
            raise
