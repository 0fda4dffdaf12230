"""Guardians: who decides that a member has a new home, and when enough of them have said so.

Owns the quorum arithmetic, the register of one guardian (what it has promised and accepted for one epoch) and the
progress of one claimant. Pure: values in, values out; storing a register before its promise leaves is the caller's.

With n guardians, f of them lying: r ≥ n − k + 1 + f, 2q > n + f, r + q ≥ n + 1 + f. Source: ``docs/protocol.md`` §15;
the rules that survived simulation with liars and two claimants.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import NamedTuple

from protocol import keys
from protocol.errors import NotAuthorised
from protocol.guardian.claim import Countersigned, Fence, Promise, SignedFence
from protocol.guardian.frame import Tip
from protocol.identity.control import HOME, Epoch, Guardians, Record
from protocol.identity.genesis import Rank, Role, RoleKeys
from protocol.identity.log import Admitted, ControlLog, Standing
from protocol.limits import MAX_GUARDIANS, UNDO_WINDOW_US

QUORUMS: Mapping[int, tuple[int, int, int]] = {3: (2, 2, 2), 4: (3, 3, 3), 5: (3, 4, 4), 6: (4, 4, 4), 7: (5, 5, 5)}


class Budget(NamedTuple):
    """How many guardians may lie and how many may be silent without a safe document missed or two successors."""

    lying: int
    silent: int


def quorum(n: int) -> tuple[int, int, int]:
    """(k, r, q) for ``n`` guardians. One or two copies are all counted: they help, and survive nobody's absence."""
    return QUORUMS[min(n, MAX_GUARDIANS)] if n >= 3 else (n, n, n)


def budget(n: int, k: int, r: int, q: int) -> Budget:
    """What a set of guardians survives while a member is brought back."""
    lying = max(0, min(r - (n - k + 1), 2 * q - n - 1, r + q - n - 1))
    silent = max(0, n - max(r, q))
    return Budget(min(lying, silent), silent)


# --- one guardian


class Refused(NotAuthorised):
    """This guardian has promised a higher ballot, or accepted another successor. ``ballot``: go above it."""

    code = "promised"

    def __init__(self, message: str, ballot: int) -> None:
        super().__init__(message)
        self.ballot = ballot


class Fenced(NotAuthorised):
    """The epoch has a successor that stands: whoever asks has to read the member's history."""

    code = "fenced"


class Register(NamedTuple):
    """What a guardian has said about the successor of ``parent``. ``accepted``: hash of the record, or empty."""

    parent: bytes
    promised: int = 0
    fence: bytes = b""
    accepted_ballot: int = 0
    accepted: bytes = b""
    accepted_rank: int = 0
    accepted_at: int = 0


def takes_frames(log: ControlLog, registers: Iterable[Register], epoch: bytes, newest: bytes = b"") -> bool:
    """Whether frames of ``epoch`` may still be appended: it stands now, and no claimant was promised an end.

    A promise holds over restarts of the old home: a new epoch of its own does not lift it, only a claim does.
    Frames of an earlier epoch may follow as long as none of a later one is here: they are on their way when a home
    restarts, and a new guardian is given all of them. Not so behind a claim of the same home that was accepted here:
    then an old copy of it may be speaking; an old copy of another home is not listened to at all. ``registers``: all of
    this member; ``newest``: epoch of the newest frame here.
    """
    found = list(registers)
    path = _epochs(log)
    if any(register.promised and not _is_settled(log, register, path) for register in found):
        return False
    at = next((at for at, item in enumerate(path) if item.hash == epoch), None)
    if at is None:
        return False
    accepted = {register.accepted for register in found}
    claimed = any(item.hash in accepted and item.home == path[at].home for item in path[:at])
    return at == 0 or (not claimed and (not newest or newest in {item.hash for item in path[at:]}))


def _epochs(log: ControlLog) -> list[Epoch]:
    """The epochs on which the present one stands, newest first."""
    found = []
    epoch = log.standing.epoch
    while epoch is not None:
        found.append(epoch)
        epoch = log.epoch_named(epoch.parent) if epoch.parent else None
    return found


def _is_settled(log: ControlLog, register: Register, path: Sequence[Epoch]) -> bool:
    """Does a new home stand behind what was promised? Others may have agreed on it, while this one promised a rival.

    Perhaps not directly behind it: the old home may have started again meanwhile, and the claimant with it. An epoch
    that was undone has no end any more that anybody could be promised.
    """
    if register.accepted in log.records and register.accepted not in log.superseded:
        return True
    behind: list[bytes] = []
    for item in path:
        if item.hash == register.parent:
            return any(log.records[name].signed.record.rank >= Rank.GUARDIANS for name in behind)
        behind.append(item.hash)
    return register.parent in log.superseded


def require_fence(log: ControlLog, signed: SignedFence, now: int, *, consent: bool) -> Standing:
    """The standing that the claimant means to follow. ``consent``: this guardian's people agreed (rank *guardians*).

    Raises Fenced where its parent has a successor of the same rank or a higher one, NotAuthorised without the
    signatures of its rank.
    """
    fence = signed.fence
    standing = _standing_of(log, fence, now)
    current = standing.epoch
    if current is None:
        raise NotAuthorised("parent: this member has no epoch yet")
    rules = {rule.rank: rule.roles for rule in log.genesis.rules}
    needed = rules.get(fence.rank)
    if needed is None:
        raise NotAuthorised(f"this member has no rule for rank {fence.rank.name.lower()}")
    moves = keys.node_id(fence.claimant) != current.home
    if moves and fence.rank < Rank.GUARDIANS:
        raise NotAuthorised("a move needs rank guardians or higher")
    roles = {**standing.roles, Role.NODE: RoleKeys(Role.NODE, 1, (current.home_key,))}
    for proof in signed.proofs:
        if proof.role != HOME and not any(proof.role == r.value and proof.public in k.keys for r, k in roles.items()):
            raise NotAuthorised(f"a proof's key does not hold the role that it names: {proof.role}")
    for role in needed:
        if role is Role.GUARDIAN:
            if not consent:
                raise NotAuthorised("the people of this guardian have not agreed yet", code="consent")
            continue
        holder = roles.get(role)
        signers = {proof.public for proof in signed.proofs if proof.role == role.value}
        if holder is None or len(signers & set(holder.keys)) < holder.threshold:
            raise NotAuthorised(f"rank {fence.rank.name.lower()} needs the signature of: {role.value}")
    return standing


def _standing_of(log: ControlLog, fence: Fence, now: int) -> Standing:
    """Where a successor of ``fence.parent`` begins: at the tip of the log, or where the claimant may and will undo."""
    current = log.standing.epoch
    if current is not None and current.hash == fence.parent and not fence.undoes:
        return log.standing
    if fence.parent not in log.records or (fence.undoes and fence.undoes not in log.records):
        raise NotAuthorised("parent: an epoch that is not known here", code="missing-predecessor")
    if current is None or current.hash != fence.undoes:
        raise Fenced("the epoch has a successor: read the member's history")
    rivals = _behind(log, fence.parent)
    if not rivals or fence.rank <= max(item.signed.record.rank for item in rivals):
        raise Fenced("undoing needs a strictly higher rank than what it undoes")
    if now - rivals[-1].first_seen > UNDO_WINDOW_US:
        raise Fenced("the 7 days in which this could be undone have passed")
    return log.records[rivals[-1].signed.record.previous].standing


def _behind(log: ControlLog, epoch: bytes) -> list[Admitted]:
    """The records since the one by which ``epoch`` ended, newest first; none if it never stood on this chain."""
    rivals: list[Admitted] = []
    at = log.standing.hash
    while at in log.records:
        admitted = log.records[at]
        if admitted.standing.epoch is not None and admitted.standing.epoch.hash == epoch:
            return rivals
        rivals.append(admitted)
        at = admitted.signed.record.previous
    return []


def on_fence(register: Register | None, fence: Fence) -> Register:
    """The register after a promise; Refused if a ballot as high was promised to somebody else."""
    known = register if register is not None and register.parent == fence.parent else Register(fence.parent)
    if fence.ballot < known.promised or (fence.ballot == known.promised and fence.hash != known.fence):
        raise Refused("another claimant was promised a higher ballot", known.promised)
    return known._replace(promised=fence.ballot, fence=fence.hash)


def promise_of(
    register: Register, network: str, guardian: bytes, fence: Fence, tips: Sequence[Tip], now: int
) -> Promise:
    """What the promise says. A claim that a strictly higher rank may still replace binds its claimant to nothing."""
    outranked = fence.rank > register.accepted_rank and now - register.accepted_at <= UNDO_WINDOW_US
    accepted, ballot = (b"", 0) if outranked else (register.accepted, register.accepted_ballot)
    return Promise(
        network, guardian, fence.hash, fence.member, fence.parent, fence.ballot, tuple(tips), ballot, accepted
    )


def on_claim(
    register: Register | None, fence: Fence, record: Record, promises: Sequence[Promise], q: int, now: int
) -> Register:
    """The register after a countersignature of ``record``. ``promises``: verified, of this member's guardians.

    Raises Refused for an outdated ballot, NotAuthorised for a claim that does not rest on what it has to.
    """
    if register is None or register.parent != fence.parent or register.promised > fence.ballot:
        raise Refused("another claimant was promised a higher ballot", register.promised if register else 0)
    require_promises(fence, promises, q)
    bound = must_complete(promises)
    if bound and record.hash != bound:
        raise NotAuthorised("a promise shows an accepted successor: that one has to be completed")
    if not isinstance(record.payload, Epoch) or record.payload.parent != fence.parent:
        raise NotAuthorised("the record does not open the successor of the epoch that was fenced")
    if not bound and record.payload.home_key != fence.claimant:
        raise NotAuthorised("the record opens an epoch at another home than the claimant's")
    return register._replace(
        promised=fence.ballot,
        fence=fence.hash,
        accepted_ballot=fence.ballot,
        accepted=record.hash,
        accepted_rank=int(record.rank),
        accepted_at=register.accepted_at if register.accepted == record.hash else now,
    )


def require_promises(fence: Fence, promises: Sequence[Promise], q: int) -> None:
    """NotAuthorised unless q different guardians promised exactly this."""
    good = {item.guardian for item in promises if (item.fence, item.ballot) == (fence.hash, fence.ballot)}
    if len(good) != len(promises) or len(good) < q:
        raise NotAuthorised(f"a claim rests on the promises of {q} guardians for its own fence")


def must_complete(promises: Sequence[Promise]) -> bytes:
    """The hash of the record that a claimant with these promises is bound to, or empty."""
    best = max(promises, key=lambda item: item.accepted_ballot, default=None)
    return best.accepted if best is not None else b""


# --- one claimant


class Step(Enum):
    """What a claimant does next."""

    READ = "read"
    WRITE_BACK = "write-back"
    CLAIM = "claim"
    OPEN = "open"


@dataclass(frozen=True)
class Claimant:
    """The progress of one claim as a value. Guardians by node id."""

    fence: Fence
    guardians: Guardians
    promises: Mapping[bytes, Promise] = field(default_factory=dict)
    copied: frozenset[bytes] = frozenset()
    written: frozenset[bytes] = frozenset()
    countersigned: Mapping[bytes, bytes] = field(default_factory=dict)
    refused: int = 0

    @property
    def step(self) -> Step:
        """Read until r have promised and their copies are here, write back to q, claim from q, open."""
        if len(self.copied) < self.guardians.r:
            return Step.READ
        if len(self.written) < self.guardians.q:
            return Step.WRITE_BACK
        return Step.OPEN if len(self.countersigned) >= self.guardians.q else Step.CLAIM

    @property
    def bound(self) -> bytes:
        """The record that has to be completed instead of an own one, or empty."""
        return must_complete(list(self.promises.values()))

    def promised(self, promise: Promise) -> Claimant:
        """A guardian promised. NotAuthorised if it promised something else."""
        require_promises(self.fence, [promise], 1)
        return replace(self, promises={**self.promises, promise.guardian: promise})

    def has_copied(self, guardian: bytes) -> Claimant:
        """Everything up to the tips that ``guardian`` promised is here: who had all before may lack something now."""
        if guardian in self.copied or guardian not in self.promises:
            return self
        return replace(self, copied=self.copied | {guardian}, written=frozenset())

    def has_written(self, guardian: bytes) -> Claimant:
        """``guardian`` acknowledged the end of what was read."""
        return replace(self, written=self.written | {guardian})

    def has_countersigned(self, word: Countersigned, wire: bytes, record: bytes) -> Claimant:
        """A guardian stands for ``record``. NotAuthorised if it stands for something else."""
        if (word.parent, word.ballot, word.record) != (self.fence.parent, self.fence.ballot, record):
            raise NotAuthorised("countersignature: of another claim")
        return replace(self, countersigned={**self.countersigned, word.guardian: wire})

    def was_refused(self, ballot: int) -> Claimant:
        """Somebody was promised ``ballot``: the next try goes above it."""
        return replace(self, refused=max(self.refused, ballot))


def next_ballot(claimant: Claimant | None) -> int:
    """The ballot of the next try."""
    return 1 if claimant is None else max(claimant.fence.ballot, claimant.refused) + 1


# --- choice


class Candidate(NamedTuple):
    """A node that could keep copies. ``entity``: its operator's registered number; ``area``: 全国地方公共団体コード."""

    key: bytes
    entity: str
    area: str
    room: int


def propose(home_area: str, home_entity: str, candidates: Sequence[Candidate], n: int) -> list[Candidate]:
    """At most ``n`` candidates, one per legal entity, spread over as many areas as there are, away from home first.

    Areas are compared by prefecture (the first two digits of the code), then by region of Japan.
    """
    chosen: list[Candidate] = []
    left = sorted(
        (item for item in candidates if item.entity != home_entity and item.room > 0), key=lambda item: item.key
    )
    while left and len(chosen) < n:
        taken = {home_area, *(item.area for item in chosen)}
        best = max(left, key=lambda item: (_distance(item.area, taken), item.room))
        chosen.append(best)
        left = [item for item in left if item.entity != best.entity]
    return chosen


REGIONS: Sequence[range] = (
    range(1, 2), range(2, 8), range(8, 15), range(15, 24), range(24, 31), range(31, 36), range(36, 40), range(40, 48),
)  # fmt: skip


def _distance(area: str, others: set[str]) -> int:
    """2: another region than all of ``others``, 1: another prefecture, 0: the same, or unknown."""
    if not area[:2].isdigit():
        return 0
    prefectures = {other[:2] for other in others if other[:2].isdigit()}
    if area[:2] in prefectures:
        return 0
    return 1 if _region(area) in {_region(other) for other in prefectures} else 2


def _region(area: str) -> int:
    number = int(area[:2])
    return next((at for at, region in enumerate(REGIONS) if number in region), -1)
