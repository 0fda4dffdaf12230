"""A member comes back at this node: find it, fence and read its guardians, give back, claim, open.

Owns the order of these steps and patience with guardians that are silent or refuse. A procedure of
:mod:`node.procedure`: the drivers of the node and of the simulator run it; what was reached is in the store after each
step, so that it can be begun again. What each step means is :mod:`node.services.claiming`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple, TypeVar

from federation.guardians import Claimant, Step
from node import wardship
from node.procedure import Pause, Steps, ask, commit, look
from node.services import claiming, members, returning
from node.services.belongings import items, rebuilding
from node.services.belongings.items import Joiner
from node.services.belongings.rebuilding import Rebuilt
from node.services.claiming import State
from node.services.house import House
from node.services.returning import Returned
from node.signing import Signer
from node.store import Tx
from protocol import keys
from protocol.errors import CallerFault, Malformed, NotAuthorised, PeerFault, WorldFault, YuiError
from protocol.guardian import forgetting, frame, messages
from protocol.guardian.forgetting import SetAside
from protocol.guardian.frame import Tip
from protocol.guardian.messages import Fenced, Read, WriteBack
from protocol.keys import NodeId, SigningKey
from protocol.limits import MAX_HISTORY_BYTES

T = TypeVar("T")
SECOND_US = 1_000_000
AGAIN_US = 2 * SECOND_US  # between two rounds over guardians that have not answered; at first
MAX_AGAIN_US = 60 * SECOND_US
MAX_FIND_PAGES = 200
NO_ANSWER = (PeerFault, WorldFault, CallerFault)


class Patience(NamedTuple):
    """``rounds`` over the guardians before giving up for now; ``tries``: new ballots."""

    rounds: int = 30
    tries: int = 20


class Home(NamedTuple):
    """A member that is at home here now, and what was put back for it before."""

    returned: Returned
    rebuilt: Rebuilt


class Homecoming:
    """One return. ``signer``: has the keys of the member's roles; ``news``: told the peers that have something
    waiting once the member works here.
    """

    def __init__(
        self,
        house: House,
        member: bytes,
        signer: Signer,
        news: Callable[[frozenset[bytes]], None],
        *,
        undoes: bytes = b"",
        patience: Patience | None = None,
    ) -> None:
        self._house = house
        self._member = member
        self._signer = signer
        self._news = news
        self._undoes = undoes
        self._unopened: YuiError | None = None
        self._patience = patience or Patience()

    def run(self) -> Steps[Home]:
        """Bring the member back. NotAuthorised if another home was agreed on, WorldFault if too few guardians answer.

        After WorldFault it may be begun again: what was read and promised is kept.
        """
        if (yield from look(self._agreed)):
            return (yield from self._take_up())
        parent = b""
        for attempt in range(self._patience.tries):
            made = yield from self._commit(partial(claiming.begin, self._house, undoes=self._undoes), self._signer.rank)
            if parent and made.parent != parent:
                raise NotAuthorised("this member came back elsewhere meanwhile", code="lost")
            parent = made.parent
            proofs = yield from self._signer.fence(made)
            at = yield from self._commit(partial(claiming.fenced, self._house), made, proofs)
            try:
                yield from self._read(at)
                yield from self._open_what_is_aside()
                yield from self._write_back()
                rebuilt = yield from self._rebuild()
                return Home((yield from self._claim(rebuilt)), rebuilt)
            except (_Outbid, *NO_ANSWER) as trouble:
                if (yield from look(self._agreed)):
                    return (yield from self._take_up())
                if not isinstance(trouble, _Outbid):
                    raise
                yield Pause(
                    self._jitter(min(AGAIN_US << attempt, MAX_AGAIN_US))
                )  # longer and longer: two may be duelling
        raise WorldFault("others claim this member at the same time: try again later", code="outbid")

    def _agreed(self, tx: Tx) -> bool:
        return claiming.agreed(self._house, tx, self._member)

    def _take_up(self) -> Steps[Home]:
        """Another claimant has completed our claim, as it has to, and told of it: all was read before it was made."""
        rebuilt = yield from self._rebuild()
        return Home((yield from self._open(rebuilt)), rebuilt)

    def _commit(self, work: Callable[..., T], *rest: object) -> Steps[T]:
        """``work(house, tx, member, …)`` in one transaction; the house is the function's first argument already."""
        try:
            return (yield from commit(lambda tx: work(tx, self._member, *rest)))
        except BaseException:
            self._house.forget_caches()
            raise

    def _ask(self, guardian: bytes, path: str, body: bytes) -> Steps[bytes]:
        """This node may be one of the guardians itself."""
        if guardian == self._house.id:
            return (yield from wardship.answer(self._house, self._house.id, path, body))
        return (yield from ask(NodeId(guardian), path, body))

    # --- read

    def _read(self, at: Claimant) -> Steps[None]:
        wait = AGAIN_US
        trouble = Trouble(self._slack(at, at.guardians.r))
        for _ in range(self._patience.rounds):
            for guardian in _ids(at):
                if at.step is not Step.READ:
                    return
                if guardian in at.copied:
                    continue
                try:
                    at = yield from self._read_from(at, guardian)
                except NO_ANSWER as error:
                    yield from self._judge(guardian, error, trouble)
            if at.step is not Step.READ:
                return
            yield from self._wait(wait, trouble, f"{len(at.copied)} of {at.guardians.r} guardians were read")
            wait = min(2 * wait, MAX_AGAIN_US)
        raise WorldFault(f"too few guardians answer: {len(at.copied)} of {at.guardians.r}", code="guardians-silent")

    def _fence(self, guardian: bytes, wire: bytes) -> Steps[bytes]:
        """A guardian that lacks what others know of the member (its last epoch, maybe) is told first."""
        try:
            return (yield from self._ask(guardian, messages.FENCE, wire))
        except NO_ANSWER as error:
            if error.code != "missing-predecessor":
                raise
        history = yield from look(lambda tx: members.history(self._house, tx, self._member))
        yield from self._ask(guardian, messages.HISTORY, history)
        return (yield from self._ask(guardian, messages.FENCE, wire))

    def _read_from(self, at: Claimant, guardian: bytes) -> Steps[Claimant]:
        house = self._house
        if guardian not in at.promises:
            row = yield from look(lambda tx: claiming.require_return(tx, self._member))
            answer = yield from self._fence(guardian, row.fence)
            yield from self._commit(partial(claiming.take_promise, house), answer)
            found: Fenced = messages.parse_fenced(answer)
            if found.vault:
                yield from self._unlock()
        done: list[bytes] = []
        while True:
            wanted = yield from look(lambda tx: claiming.next_read(house, tx, self._member, guardian, done))
            if wanted is None:
                return (yield from self._commit(partial(claiming.has_copied, house), guardian))
            question = Read(at.fence.hash, self._member, wanted.epoch, wanted.after)
            pages = messages.parse_pages(
                (yield from self._ask(guardian, messages.READ, messages.encode_read(question)))
            )
            yield from self._commit(partial(claiming.take_pages, house), pages.frames)
            if not pages.frames:
                raise PeerFault("the guardian does not show what it promised", code="withheld")
            if not pages.more:
                done.append(wanted.epoch)

    def _unlock(self) -> Steps[None]:
        """Have the vault opened, once for each vault record that brings a key that is not here."""
        wire = yield from look(lambda tx: claiming.locked(self._house, tx, self._member))
        if wire:
            try:
                opened = yield from self._signer.vault(self._member, wire)
            except (NotAuthorised, Malformed) as error:
                self._unopened = error  # perhaps a thief's: guardians still have the one before
                return
            self._unopened = None
            yield from self._commit(partial(claiming.unlock, self._house), opened)

    def _open_what_is_aside(self) -> Steps[None]:
        """A vault that was replaced within the time of an undo: what only its keys open is read as well."""
        house, member = self._house, self._member
        if not (yield from look(lambda tx: claiming.sealed_away(house, tx, member))):
            return
        opened_any = False
        at = yield from look(lambda tx: claiming.claimant(house, tx, member))
        body = forgetting.encode_set_aside(SetAside(at.fence.hash, member))
        for guardian in list(at.promises):
            try:
                wires = forgetting.parse_vaults((yield from self._ask(guardian, forgetting.SET_ASIDE, body)))
            except NO_ANSWER:
                continue
            for wire in (yield from look(partial(self._aside, wires))):
                try:
                    opened = yield from self._signer.vault(member, wire)
                except (NotAuthorised, Malformed):
                    continue
                yield from self._commit(partial(claiming.unlock, house), opened)
                opened_any = True
                if (yield from look(lambda tx: claiming.locked(house, tx, member))):
                    yield from self._commit(partial(claiming.give_up_vault, house), wire)

        if self._unopened is not None and not opened_any:
            raise self._unopened

    def _aside(self, wires: Sequence[bytes], tx: Tx) -> list[bytes]:
        return claiming.take_aside(self._house, tx, self._member, wires)

    # --- give back

    def _write_back(self) -> Steps[None]:
        house = self._house
        at = yield from look(lambda tx: claiming.claimant(house, tx, self._member))
        tip = yield from look(lambda tx: claiming.tip_of(house, tx, self._member))
        wait = AGAIN_US
        trouble = Trouble(self._slack(at, at.guardians.q))
        for _ in range(self._patience.rounds):
            for guardian in _ids(at):
                if at.step is not Step.WRITE_BACK:
                    return
                if guardian in at.written or guardian not in at.promises:
                    continue
                try:
                    yield from self._give(at, guardian, tip)
                    at = yield from self._commit(partial(claiming.has_written, house), guardian)
                except NO_ANSWER as error:
                    yield from self._judge(guardian, error, trouble)
            if at.step is not Step.WRITE_BACK:
                return
            at = yield from self._promise_more(at, trouble)
            tip = yield from look(lambda tx: claiming.tip_of(house, tx, self._member))
            yield from self._wait(wait, trouble, f"{len(at.written)} of {at.guardians.q} guardians hold all again")
            wait = min(2 * wait, MAX_AGAIN_US)
        raise WorldFault(f"too few guardians answer: {len(at.written)} of {at.guardians.q}", code="guardians-silent")

    def _promise_more(self, at: Claimant, trouble: Trouble) -> Steps[Claimant]:
        """q may be more than r: those that were not needed for reading are fenced too."""
        for guardian in _ids(at):
            if guardian not in at.copied:
                try:
                    at = yield from self._read_from(at, guardian)
                except NO_ANSWER as error:
                    yield from self._judge(guardian, error, trouble)
        return at

    def _give(self, at: Claimant, guardian: bytes, tip: frame.Frame | None) -> Steps[None]:
        known = at.promises[guardian].tips
        while True:
            wires = yield from look(partial(self._to_write_back, guardian, known))
            if not wires:
                return
            body = messages.encode_write_back(WriteBack(at.fence.hash, tuple(wires)))
            kept = frame.verify_kept(
                (yield from self._ask(guardian, messages.WRITE_BACK, body)),
                _key_of(at, guardian),
                self._house.network,
                self._house.id,
            )
            before, known = known, kept.tips
            if tip is not None and any(item.hash == tip.hash for item in kept.tips):
                return
            if {item.hash for item in known} == {item.hash for item in before}:
                raise PeerFault("the guardian does not keep what it is given", code="withheld")

    def _to_write_back(self, guardian: bytes, known: Sequence[Tip], tx: Tx) -> list[bytes]:
        return claiming.to_write_back(self._house, tx, self._member, guardian, known)

    # --- put back

    def _rebuild(self) -> Steps[Rebuilt]:
        """Everything that was read, frame by frame."""
        return (yield from put_back(self._house, self._member))

    # --- claim

    def _claim(self, rebuilt: Rebuilt) -> Steps[Returned]:
        house = self._house
        drafted = yield from self._commit(partial(claiming.draft, house))
        if drafted is not None:
            proofs = yield from self._signer.record(drafted.record)
            yield from self._commit(partial(claiming.recorded, house), drafted, proofs)
        wire = yield from look(lambda tx: claiming.claim_of(house, tx, self._member))
        at = yield from look(lambda tx: claiming.claimant(house, tx, self._member))
        wait = AGAIN_US
        trouble = Trouble(self._slack(at, at.guardians.q))
        for _ in range(self._patience.rounds):
            for guardian in _ids(at):
                if guardian in at.countersigned or at.step is Step.OPEN:
                    continue
                try:
                    answer = yield from self._ask(guardian, messages.CLAIM, wire)
                    at = yield from self._commit(partial(claiming.take_word, house), answer)
                except NO_ANSWER as error:
                    yield from self._judge(guardian, error, trouble)
            if at.step is Step.OPEN:
                return (yield from self._open(rebuilt))
            yield from self._wait(wait, trouble, f"{len(at.countersigned)} of {at.guardians.q} guardians agreed")
            wait = min(2 * wait, MAX_AGAIN_US)
        raise WorldFault(f"too few guardians answer: {len(at.countersigned)}", code="guardians-silent")

    def _open(self, rebuilt: Rebuilt) -> Steps[Returned]:
        house = self._house
        record = yield from look(lambda tx: claiming.finished(house, tx, self._member))
        payload = record.record.payload
        if getattr(payload, "home", b"") != house.id:
            yield from self._commit(partial(claiming.complete, house), record)
            raise NotAuthorised("another home was agreed on before: it has this member now", code="lost")
        if not (yield from look(lambda tx: claiming.has_key(tx, record))):  # of before this node was put back
            yield from self._commit(partial(claiming.complete, house), record)
            raise WorldFault("a claim of before the restore was agreed on: begin again behind it", code="moved-on")
        try:
            found = yield from self._commit(partial(returning.open_here, house), record, rebuilt.copied)
        except BaseException:
            house.forget_caches()
            raise
        self._news(found.news)
        return found

    # --- patience

    def _judge(self, guardian: bytes, error: YuiError, trouble: Trouble) -> Steps[None]:
        """A refusal that ends this try, or something to tell of a guardian that is asked again later.

        What one guardian says ends nothing: it may lie. So many have to say it that the others are too few.
        """
        trouble.told[guardian] = f"{error.code}: {error}"
        trouble.codes[guardian] = error.code if isinstance(error, PeerFault) else ""
        if trouble.count({OUTBID}) > trouble.slack:
            raise _Outbid from None
        if trouble.count(_FINAL) > trouble.slack:
            yield from self._commit(partial(claiming.note, self._house), str(error))
            raise error

    @staticmethod
    def _slack(at: Claimant, needed: int) -> int:
        """How many guardians are not needed."""
        return len(at.guardians.keys) - needed

    def _wait(self, delay: int, trouble: Trouble, told: str) -> Steps[None]:
        trouble.rounds += 1
        if trouble.rounds > OUTBID_ROUNDS and trouble.count({OUTBID}):
            raise _Outbid  # the others do not answer either: it may be true
        said = "; ".join(f"{guardian.hex()[:8]} {what}" for guardian, what in sorted(trouble.told.items()))
        yield from self._commit(partial(claiming.note, self._house), f"{told}. {said}")
        yield Pause(self._jitter(delay))

    def _jitter(self, delay: int) -> int:
        return delay // 2 + int.from_bytes(self._house.entropy(4), "big") * delay // 2 // 2**32


def put_back(house: House, member: bytes) -> Steps[Rebuilt]:
    """All that was read of a member, frame by frame: known ones change nothing, so that it can be begun again."""
    joiner, done = Joiner(), Rebuilt()
    linked = yield from look(lambda tx: {signed.frame.place for signed in claiming.chain(house, tx, member)})
    for place in (yield from look(lambda tx: claiming.places(house, tx, member))):
        plain = yield from look(partial(_content, house, place))
        found = list(joiner.feed(items.unpack(plain)))
        if place in linked:
            done.note_copied(found)
        try:
            done.add((yield from commit(partial(_rebuilt, house, member, found))))
        except BaseException:
            house.forget_caches()
            raise
    return done


def _rebuilt(house: House, member: bytes, found: Sequence[items.Item], tx: Tx) -> Rebuilt:
    return rebuilding.rebuild(house, tx, member, found)


def _content(house: House, place: frame.Place, tx: Tx) -> bytes:
    return claiming.content(house, tx, place)


class _Outbid(Exception):
    """Another claimant was promised a higher ballot: the next try goes above it."""


OUTBID = "promised"
OUTBID_ROUNDS = 2
_FINAL = frozenset({"fenced", "not-authorised"})


@dataclass
class Trouble:
    """What guardians answered in place of what was asked for; ``slack``: so many of them are not needed."""

    slack: int
    told: dict[bytes, str] = field(default_factory=dict)
    codes: dict[bytes, str] = field(default_factory=dict)
    rounds: int = 0

    def count(self, codes: Collection[str]) -> int:
        """How many said one of these last."""
        return sum(code in codes for code in self.codes.values())


def _ids(at: Claimant) -> list[bytes]:
    return [keys.node_id(public) for public in at.guardians.keys]


def _key_of(at: Claimant, guardian: bytes) -> bytes:
    return next(public for public in at.guardians.keys if keys.node_id(public) == guardian)


def find(house: House, peers: Sequence[NodeId], role: str, key: SigningKey) -> Steps[list[bytes]]:
    """Members for whom ``key`` stands in ``role``, asked of every peer; their histories are here then."""
    found: set[bytes] = set()
    silent = 0
    for peer in peers:
        after = b""
        for _ in range(MAX_FIND_PAGES):
            body = messages.sign_find(key, house.network, house.id, role, after)
            try:
                said = yield from ask_whose(house, peer, body)
            except NO_ANSWER:
                silent += 1
                break
            found |= set(said.members)
            after = said.members[-1] if said.members else after
            if not said.more:
                break
    if not found and silent == len(peers):
        raise WorldFault("no other node answers", code="nobody-answers")
    return sorted(found)


class Whose(NamedTuple):
    """Members whose histories a peer told, and whether there are more behind the last one."""

    members: tuple[bytes, ...]
    more: bool


def ask_whose(house: House, peer: NodeId, body: bytes) -> Steps[Whose]:
    """One question whose key it is, signed by its holder, and what the peer tells; the histories are kept."""
    said = messages.parse_found((yield from ask(peer, messages.FIND, body)))
    found: list[bytes] = []
    for history in said.histories:
        found.append((yield from _learn(house, history)))  # noqa: PERF401 - a procedure cannot yield in a list
    return Whose(tuple(found), said.more and bool(found))


def _learn(house: House, history: bytes) -> Steps[bytes]:
    if len(history) > MAX_HISTORY_BYTES:
        raise PeerFault("history: too long")
    try:
        return (yield from commit(lambda tx: claiming.learn(house, tx, history)))
    except BaseException:
        house.forget_caches()
        raise


def describe(house: House, tx: Tx, member: bytes) -> dict[str, object]:
    """How far a return has come, for people."""
    row = claiming.require_return(tx, member)
    shown: dict[str, object] = {
        "member": member.hex(),
        "state": row.state,
        "note": row.note,
        "ballot": row.ballot,
        "from": row.home.hex(),
        "updated": row.updated,
    }
    if row.state in (State.READING.value, State.CLAIMING.value):
        at = claiming.claimant(house, tx, member)
        counts = (len(at.copied), at.guardians.r, len(at.written), len(at.countersigned), at.guardians.q)
        shown |= dict(zip(("read", "read_needed", "written", "countersigned", "needed"), counts, strict=True))
    shown["frames"] = sum(tx.returning.ends(member).values())
    return shown
