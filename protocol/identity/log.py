"""A member's control log: which records stand, which were undone, and what follows from them.

Owns admission: one chain of records from the genesis; a rival successor is admitted only by a strictly higher rank
and only within the undo window of 7 days, counted on this node's own clock from when the rival's victim was first
seen here. Pure: the log is a value, admission returns a new one. Source: ``docs/protocol.md`` §4.

Who may do what (rank at least):

=================================== ============
open the first epoch                WORDS
open an epoch at the same home      NODE
open an epoch at another home       GUARDIANS
replace a role's keys               GUARDIANS
set guardians for the first time    WORDS
set other guardians                 GUARDIANS
=================================== ============

Every epoch record also carries the consent of its home (proof ``home``).
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from protocol import canon, shape
from protocol.errors import Malformed, NotAuthorised, PeerFault
from protocol.identity import control, genesis
from protocol.identity.control import HOME, Epoch, Guardians, Kind, Reason, Record, Signed
from protocol.identity.genesis import Genesis, Rank, Role, RoleKeys
from protocol.keys import MemberId
from protocol.limits import MAX_CONTROL_RECORDS, MAX_RECORD_BYTES, RESERVED_PER_RANK, UNDO_WINDOW_US


class MissingPredecessor(PeerFault):
    """The record follows one that is not known here: ask for the history."""

    code = "missing-predecessor"


class Rival(NotAuthorised):
    """The record is in order but for what already stands in its place, or it follows such a one."""


class Standing(NamedTuple):
    """What holds after a record: the keys of each role, the epoch, the guardians."""

    number: int
    hash: bytes
    roles: Mapping[Role, RoleKeys]
    epoch: Epoch | None
    guardians: Guardians | None


class Admitted(NamedTuple):
    """A record that was admitted, with the standing after it and when this node first saw it (µs)."""

    signed: Signed
    standing: Standing
    first_seen: int


@dataclass(frozen=True)
class ControlLog:
    """The log as a value. ``records`` in the order of admission; ``superseded`` holds hashes of undone records."""

    member: MemberId
    genesis: Genesis
    genesis_bytes: bytes
    standing: Standing
    records: Mapping[bytes, Admitted] = field(default_factory=dict)
    superseded: frozenset[bytes] = frozenset()

    @property
    def epoch(self) -> Epoch:
        """The current epoch. Malformed for a member that has none yet."""
        if self.standing.epoch is None:
            raise Malformed("this member has no epoch")
        return self.standing.epoch

    def epoch_named(self, name: bytes) -> Epoch | None:
        """The epoch of that hash if it stands (current or earlier), None if unknown or undone."""
        admitted = self.records.get(name)
        if admitted is None or name in self.superseded or admitted.signed.record.kind is not Kind.EPOCH:
            return None
        return admitted.standing.epoch

    def covers(self, epoch: bytes, seq: int) -> bool:
        """Whether position (``epoch``, ``seq``) belongs to the history that the current epoch stands on.

        A receipt of an older epoch counts only up to the head at which its successor says that it ended.
        """
        current: Epoch | None = self.standing.epoch
        while current is not None:
            if current.hash == epoch:
                return True
            if current.parent == epoch:
                return seq <= current.parent_seq and self.epoch_named(epoch) is not None
            current = self.epoch_named(current.parent) if current.parent else None
        return False

    def signed_records(self) -> list[bytes]:
        """All records, undone ones too, in the order of admission, as they travel."""
        return [control.encode(item.signed) for item in self.records.values()]


def start(genesis_bytes: bytes) -> ControlLog:
    """The log of a member of whom only the genesis is known."""
    parsed = genesis.parse(genesis_bytes)
    member = genesis.identify(genesis_bytes)
    roles = {item.role: item for item in parsed.roles}
    return ControlLog(member, parsed, genesis_bytes, Standing(0, member, roles, None, None))


def admit(log: ControlLog, signed: Signed, now: int) -> ControlLog:
    """``log`` with ``signed`` added; the same log if it was known.

    Raises:
        MissingPredecessor: its predecessor is not known here.
        NotAuthorised: signatures do not reach its rank, the rank may not do this, or an undo comes from a rank that
            is not strictly higher or after the window.
    """
    record = signed.record
    if record.hash in log.records:
        return log
    before = _standing_before(log, record)
    _require_authority(log, signed, before)
    after = _apply(before, record)
    undone = _undone_by(log, record, now)
    records = {**log.records, record.hash: Admitted(signed, after, now)}
    return replace(log, standing=after, records=records, superseded=log.superseded | undone)


def admit_all(log: ControlLog, records: Sequence[Signed], now: int) -> ControlLog:
    """Admit ``records`` in order."""
    for signed in records:
        log = admit(log, signed, now)
    return log


def follow(log: ControlLog, records: Sequence[Signed], now: int) -> ControlLog:
    """``log`` with what another node admitted, in its order; the n-th of ``records`` is first seen at ``now`` + n.

    The other may have admitted first what is a rival here, and undone it: such a record is left out, and what follows
    it. What counts is the last one, which stands there: raises as :func:`admit` does if that one is not taken here.
    """
    refused: Rival | None = None
    left_out: set[bytes] = set()
    for at, signed in enumerate(records):
        if signed.record.previous in left_out:
            left_out.add(signed.record.hash)
            continue
        try:
            log = admit(log, signed, now + at)
        except Rival as rival:
            left_out.add(signed.record.hash)
            refused = rival
    if refused is not None and records[-1].record.hash in left_out:
        raise refused
    return log


class Fork(NamedTuple):
    """Two branches behind one record: ``point`` is its standing, ``ours`` stands here, ``theirs`` at somebody else."""

    point: Standing
    ours: list[Admitted]
    theirs: list[Admitted]

    @property
    def rank(self) -> Rank:
        """The highest rank in either branch: whoever decides needs a higher one."""
        return max(item.signed.record.rank for item in (*self.ours, *self.theirs))


def find_fork(log: ControlLog, records: Sequence[Signed]) -> Fork | None:
    """Where the log of another node, ``records``, leaves ``log``. None if one of them goes on from the other.

    Raises as :func:`admit` does if the other branch does not hold by itself.
    """
    other = admit_all(start(log.genesis_bytes), records, 0)
    mine, yours = _chain(log), _chain(other)
    same = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(mine, yours, strict=False)))
    if same in (len(mine), len(yours)):
        return None
    point = log.records[mine[same - 1]].standing if same else start(log.genesis_bytes).standing
    return Fork(point, [log.records[name] for name in mine[same:]], [other.records[name] for name in yours[same:]])


def _chain(log: ControlLog) -> list[bytes]:
    """The hashes of what stands, first to last."""
    return [name for name in log.records if name not in log.superseded]


def _standing_before(log: ControlLog, record: Record) -> Standing:
    if record.member != log.member or record.network != log.genesis.network:
        raise NotAuthorised("control record of another member or network")
    if len(log.records) >= MAX_CONTROL_RECORDS - RESERVED_PER_RANK * (max(Rank) - record.rank):
        raise NotAuthorised("the control log has no room left for this rank")
    if record.previous == log.member:
        before = start(log.genesis_bytes).standing
    else:
        known = log.records.get(record.previous)
        if known is None:
            raise MissingPredecessor("the control record's predecessor is not known here")
        if record.previous in log.superseded:
            raise Rival("the control record follows one that was undone")
        before = known.standing
    if record.number != before.number + 1:
        raise Malformed("number: must be one more than the predecessor's")
    return before


def _require_authority(log: ControlLog, signed: Signed, before: Standing) -> None:
    record = signed.record
    roles = dict(before.roles)
    if before.epoch is not None:
        roles[Role.NODE] = RoleKeys(Role.NODE, 1, (before.epoch.home_key,))
    if before.guardians is not None and before.guardians.keys:
        roles[Role.GUARDIAN] = RoleKeys(Role.GUARDIAN, before.guardians.k, before.guardians.keys)
    control.require_rank(signed, {rule.rank: rule.roles for rule in log.genesis.rules}, roles)
    needed = _least_rank(record, before)
    if record.rank < needed:
        raise NotAuthorised(f"this needs rank {needed.name.lower()}, not {record.rank.name.lower()}")
    if isinstance(record.payload, Epoch):
        _require_epoch(signed, record.payload, before)


def _least_rank(record: Record, before: Standing) -> Rank:
    if isinstance(record.payload, Epoch):
        if before.epoch is None:
            return Rank.WORDS
        return Rank.NODE if record.payload.home == before.epoch.home else Rank.GUARDIANS
    if record.kind is Kind.GUARDIANS and before.guardians is None:
        return Rank.WORDS  # else association and node could choose guardians of their own, and then move the member
    return Rank.GUARDIANS


def _require_epoch(signed: Signed, epoch: Epoch, before: Standing) -> None:
    parent = before.epoch
    if epoch.parent != (parent.hash if parent else b"") or epoch.number != (parent.number + 1 if parent else 1):
        raise NotAuthorised("epoch: does not follow the epoch before it")
    if (epoch.reason is Reason.ENROL) != (parent is None):
        raise NotAuthorised("epoch: only the first one enrols")
    if parent is not None and (epoch.reason is Reason.MOVE) != (epoch.home != parent.home):
        raise NotAuthorised("epoch: a move changes the home, nothing else does")
    if not any(proof.role == HOME and proof.public == epoch.home_key for proof in signed.proofs):
        raise NotAuthorised("epoch: its home has not consented")


def _apply(before: Standing, record: Record) -> Standing:
    roles, epoch, guardians = before.roles, before.epoch, before.guardians
    payload = record.payload
    if isinstance(payload, Epoch):
        epoch = payload
    elif isinstance(payload, RoleKeys):
        roles = {**roles, payload.role: payload}
    else:
        guardians = payload
    return Standing(record.number, record.hash, roles, epoch, guardians)


def _undone_by(log: ControlLog, record: Record, now: int) -> frozenset[bytes]:
    """The records that ``record`` replaces: none if it extends the chain, else its rival and all that followed it."""
    if record.previous == log.standing.hash:
        return frozenset()
    rivals: list[Admitted] = []
    at = log.standing.hash
    while at != record.previous:  # it is met: what was not undone is one chain
        rivals.append(log.records[at])
        at = log.records[at].signed.record.previous
    if record.rank <= max(item.signed.record.rank for item in rivals):
        raise Rival("undoing needs a strictly higher rank than what it undoes")
    if now - rivals[-1].first_seen > UNDO_WINDOW_US:
        raise Rival("the 7 days in which this could be undone have passed")
    return frozenset(item.signed.record.hash for item in rivals)


def encode_history(log: ControlLog, known: bytes = b"") -> bytes:
    """The log as one item for a peer: ``["yui/history/1", genesis, records]``.

    With ``known`` (a record's hash that the peer has) only what was admitted after it.
    """
    records = log.signed_records()
    if known in log.records:
        records = records[list(log.records).index(known) + 1 :]
    return canon.encode((HISTORY_TAG, log.genesis_bytes, records))


HISTORY_TAG = "yui/history/1"


def parse_history(data: bytes, max_bytes: int) -> tuple[bytes, list[Signed]]:
    """Genesis bytes and records of a history item."""
    raw = shape.record(canon.decode(data, max_bytes=max_bytes), HISTORY_TAG, 3)
    records = [
        control.parse(shape.binary(item, "records", 2 * MAX_RECORD_BYTES))
        for item in shape.array(raw[2], "records", MAX_CONTROL_RECORDS)
    ]
    return shape.binary(raw[1], "genesis", MAX_RECORD_BYTES), records
