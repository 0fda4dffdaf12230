"""A member with two successors of one record: what is known of both branches, and the decision of its words.

Owns the fork that was seen when peers told what they know of our own members (kept until it is decided), and the way
out: an epoch that the recovery words sign takes the place of both branches, here and at every node that knows either.
Nothing is signed by the words here: the draft goes to the command line (:mod:`node.services.keying`).
"""

from __future__ import annotations

from typing import Final, NamedTuple

from node.services import keying, members
from node.services.house import COPY_SEEN, House
from node.services.keying import Line
from node.store import Tx
from protocol import canon, shape
from protocol.errors import CallerFault, NotFound
from protocol.identity import control, log
from protocol.identity.control import Epoch, Signed
from protocol.identity.genesis import Rank
from protocol.identity.log import Admitted, Fork
from protocol.journal import Kind
from protocol.limits import MAX_BATCH_BYTES, MAX_HISTORY_BYTES

FORKS: Final = "forks"
SENT: Final = Kind.SENT.value


class Branch(NamedTuple):
    """One of the two: its records, oldest first, and how many papers this node sent in its epochs."""

    lines: list[Line]
    sent: int


class Shown(NamedTuple):
    """Both branches for people. ``point``: hex of the record that both follow (the member id: the genesis)."""

    point: str
    ours: Branch
    theirs: Branch
    rank: str


def note(house: House, tx: Tx, member: bytes, history: bytes) -> bool:
    """A peer's log of our member contradicts ours: freeze and keep it. False if ours outranks it: they will follow."""
    known = members.require_log(house, tx, member)
    fork = log.find_fork(known, log.parse_history(history, MAX_HISTORY_BYTES)[1])
    if fork is None or _rank(fork.ours) > _rank(fork.theirs):
        return False
    before = _stored(house, tx, member)
    if before is None or fork.point.number < before.point.number:
        tx.meta.set(_key(member), history)
    tx.meta.set(FORKS, canon.encode(sorted({*_open(tx), member})))
    if not house.frozen:
        house.frozen = reason(member)
        tx.meta.set("frozen", house.frozen.encode())
    return True


def reason(member: bytes) -> str:
    """Why the node signs nothing."""
    short = member.hex()[:12]
    return f"member {short} has two successors of one record: its recovery words decide (yui key decide {short})"


def show(house: House, tx: Tx, member: bytes) -> Shown:
    """Both branches. NotFound if there is nothing to decide."""
    fork = _require(house, tx, member)
    ours, theirs = (_branch(tx, member, branch, fork) for branch in (fork.ours, fork.theirs))
    return Shown(fork.point.hash.hex(), ours, theirs, fork.rank.name.lower())


def draft(house: House, tx: Tx, member: bytes) -> Signed:
    """The epoch that takes the place of both branches, to be signed with the recovery words elsewhere."""
    fork = _require(house, tx, member)
    if fork.rank >= Rank.WORDS:
        raise CallerFault("member", "a branch was signed with the words themselves: only words and factor are higher")
    if fork.point.epoch is None or fork.point.epoch.home != house.id:
        raise CallerFault("member", "was at home elsewhere when the branches parted: decide there")
    return keying.draft_behind(house, tx, member, fork.point)


def take(house: House, tx: Tx, member: bytes, wire: bytes) -> tuple[Line, bool]:
    """Admit the decision and tell every peer. Also: is nothing left to decide, so that the node may go on?"""
    fork = _require(house, tx, member)
    record = control.parse(wire).record
    if record.previous != fork.point.hash or not isinstance(record.payload, Epoch):
        raise CallerFault("record", "does not take the place of both branches")
    line = keying.take(house, tx, member, wire)
    tx.meta.delete(_key(member))
    left = [other for other in _open(tx) if other != member]
    tx.meta.set(FORKS, canon.encode(left))
    if house.frozen == COPY_SEEN:
        return line, False
    if left:
        house.frozen = reason(left[0])
        tx.meta.set("frozen", house.frozen.encode())
    return line, not left


def _require(house: House, tx: Tx, member: bytes) -> Fork:
    members.require_local(tx, member)
    found = _stored(house, tx, member)
    if found is None:
        raise NotFound("member", "has no two successors of one record: there is nothing to decide")
    return found


def _stored(house: House, tx: Tx, member: bytes) -> Fork | None:
    history = tx.meta.get(_key(member)) if member in _open(tx) else None
    if history is None:
        return None
    return log.find_fork(keying.read_log(tx, member), log.parse_history(history, MAX_HISTORY_BYTES)[1])


def _open(tx: Tx) -> list[bytes]:
    found: list[bytes] = shape.array(
        canon.decode(tx.meta.get(FORKS) or b"\x90", max_bytes=MAX_BATCH_BYTES), FORKS, 2**20
    )
    return found


def _key(member: bytes) -> str:
    return f"fork/{member.hex()}"


def _rank(branch: list[Admitted]) -> Rank:
    return max(item.signed.record.rank for item in branch)


def _branch(tx: Tx, member: bytes, branch: list[Admitted], fork: Fork) -> Branch:
    epochs = {item.standing.epoch.hash for item in branch if item.standing.epoch is not None}
    epochs -= {fork.point.epoch.hash} if fork.point.epoch is not None else set()
    entries = [row for epoch in sorted(epochs) for row in tx.journal.after(member, epoch, 0, 2**31)]
    return Branch([keying.line(item) for item in branch], sum(1 for row in entries if row.kind == SENT))
