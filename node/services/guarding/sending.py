"""Frames on their way to one guardian, and what its signed word means.

Owns what goes into the next message, and the decision that a document is safe: k guardians of the member's present
set have acknowledged a frame that copies it. A guardian that shows less than it acknowledged before is given
everything again, and people see it. Source: ``docs/protocol.md`` §15.3, §15.6.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from node.services import members, warding
from node.services.exchange import require_peer
from node.services.guarding import framing
from node.services.house import House, Safe
from node.store import GuardAckRow, GuardedRow, GuardFrameRow, Tx
from protocol.errors import NotAuthorised
from protocol.guardian import frame, messages
from protocol.guardian.frame import Signed, Tip
from protocol.guardian.messages import Frames
from protocol.identity.log import ControlLog
from protocol.limits import MAX_FRAMES_PER_REQUEST

NO_AGREEMENT: Final = "no-agreement"
LOST: Final = "lost"  # it shows less than it has acknowledged
AHEAD: Final = "ahead"  # it shows frames that this node has not made, or has forgotten: another home, or an old backup
READ: Final = "read"  # what it had beyond this node was taken in; the next frames say so
REFUSED: Final = "refused"
AUDIT: Final = "audit:"  # and the place of a frame of which it could not show a piece
AHEAD_REST_US: Final = 5 * 60 * 1_000_000
MAX_MEMBERS: Final = MAX_FRAMES_PER_REQUEST


class Told(NamedTuple):
    """What a message says of one member."""

    member: bytes
    history: bytes
    vault_version: int
    upto: int


class Message(NamedTuple):
    """``left``: members of whom there is more than fits."""

    body: bytes
    told: tuple[Told, ...]
    left: frozenset[bytes]


class Advanced(NamedTuple):
    """After a guardian's word: how safe its wards are now, of whom it still lacks something, of whom it has not
    taken what was sent, and of whom it has frames of a former epoch that are not here."""

    guarded: dict[bytes, Safe]
    behind: frozenset[bytes]
    stuck: frozenset[bytes]
    ahead: frozenset[bytes]


def next_message(house: House, tx: Tx, guardian: bytes, wanted: Sequence[bytes]) -> Message | None:
    """What ``guardian`` lacks of the members ``wanted``; None if it lacks nothing. NotAuthorised without agreement."""
    require_peer(tx, guardian)
    if warding.in_force(tx, guardian, warding.HOME, house.clock()) is None:
        raise NotAuthorised("no agreement with this guardian is in force", code=NO_AGREEMENT)
    pack = _Pack()
    for member in wanted[:MAX_MEMBERS]:
        log = framing.guarded_log(house, tx, member)
        row = tx.guarding.get(member)
        if log is None or row is None or guardian not in framing.guardians_of(log):
            continue
        pack.add(house, tx, log, row, tx.guarding.ack(member, guardian))
    left = pack.left | set(wanted[MAX_MEMBERS:])
    if not pack.told:
        return None
    body = messages.encode_frames(Frames(tuple(pack.histories), tuple(pack.vaults), tuple(pack.frames)))
    return Message(body, tuple(pack.told), frozenset(left))


class _Pack:
    """One message as it fills."""

    def __init__(self) -> None:
        self.histories: list[bytes] = []
        self.vaults: list[bytes] = []
        self.frames: list[bytes] = []
        self.told: list[Told] = []
        self.left: set[bytes] = set()
        self._size = 0

    def add(self, house: House, tx: Tx, log: ControlLog, row: GuardedRow, ack: GuardAckRow) -> None:
        tip = log.standing.hash
        if ack.finding == AHEAD and not ack.place and house.clock() - ack.kept_at < AHEAD_REST_US:
            return
        if ack.history == tip and ack.vault_version == row.vault_version and ack.place >= row.place:
            return
        if self._is_full():
            self.left.add(log.member)
            return
        if ack.history != tip:
            self._put(self.histories, members.history(house, tx, log.member, ack.history))
        if ack.vault_version != row.vault_version:
            self._put(self.vaults, row.vault)
        upto = ack.place
        limit = MAX_FRAMES_PER_REQUEST - len(self.frames) if ack.kept else 0  # at first only how far it reaches
        for made, sealed in tx.guarding.frames_after(log.member, ack.place, limit):
            wire = wire_of(made, sealed)
            if self.frames and self._size + len(wire) > messages.TARGET_BODY_BYTES:
                break
            self._put(self.frames, wire)
            upto = made.place
        if upto < row.place:
            self.left.add(log.member)
        self.told.append(Told(log.member, tip, row.vault_version, upto))

    def _is_full(self) -> bool:
        return len(self.frames) >= MAX_FRAMES_PER_REQUEST or self._size > messages.TARGET_BODY_BYTES * 3 // 4

    def _put(self, items: list[bytes], wire: bytes) -> None:
        items.append(wire)
        self._size += len(wire) + 8


def wire_of(row: GuardFrameRow, sealed: bytes) -> bytes:
    """A stored frame as it travels."""
    return frame.encode(Signed(frame.parse_header(row.record), row.record, row.signature, sealed))


def take_kept(house: House, tx: Tx, guardian: bytes, wire: bytes, told: Sequence[Told]) -> Advanced:
    """A guardian's word after a message, or (``told`` without frames) after a question. The caller commits."""
    peer = require_peer(tx, guardian)
    kept = frame.verify_kept(wire, peer.key, house.network, house.id)
    tips = {tip.member: tip for tip in kept.tips}
    safe: dict[bytes, Safe] = {}
    behind, stuck, ahead = set(), set(), set()
    for item in told:
        row = tx.guarding.get(item.member)
        log = framing.guarded_log(house, tx, item.member)
        if row is None or log is None:
            continue
        before = tx.guarding.ack(item.member, guardian)
        after = _heard(tx, log, before, tips.get(item.member), item)._replace(kept=wire, kept_at=house.clock())
        tx.guarding.put_acks([after])
        if after.place < row.place:
            behind.add(item.member)
        if after.finding == AHEAD and _is_former(log, tips[item.member]):
            ahead.add(item.member)
        if after.place < item.upto or (after.finding and not after.place):
            stuck.add(item.member)
        safe[item.member] = framing.safe_of(settle(house, tx, log, row))
    return Advanced(safe, frozenset(behind), frozenset(stuck), frozenset(ahead))


def _heard(tx: Tx, log: ControlLog, before: GuardAckRow, tip: Tip | None, told: Told) -> GuardAckRow:
    """What the guardian has, as its tip shows it; whatever it was told of history and vault it took."""
    doubt = before.finding if before.finding.startswith(AUDIT) else ""
    after = before._replace(history=told.history, vault_version=told.vault_version, finding=doubt)
    if tip is not None and tip.epoch in log.superseded:
        return after._replace(place=0)  # its newest frames were undone: whatever it has of others it is given again
    if tip is None:
        return after._replace(place=0, chunks=0, finding=LOST if before.place else doubt)
    made = tx.guarding.frame_hashed(told.member, tip.hash)
    if made is None:
        finding = READ if before.finding == READ and _is_former(log, tip) else AHEAD
        return after._replace(place=_behind(tx, log, tip), finding=finding)
    if made.place < before.place and not doubt:
        return after._replace(place=made.place, finding=LOST)
    return after._replace(place=made.place)


def _is_former(log: ControlLog, tip: Tip) -> bool:
    """Does it end in an epoch that stands and is over?"""
    return tip.epoch != log.epoch.hash and log.epoch_named(tip.epoch) is not None


def _behind(tx: Tx, log: ControlLog, tip: Tip) -> int:
    """Where to go on with a guardian that has more of a former epoch than this home: behind the last frame of that.

    Nobody showed it when the member moved here, or an old backup was put back. Of a later epoch it has nothing: frames
    that were made since are no more there than its tip says.
    """
    if not _is_former(log, tip):
        return 0
    own = tx.guarding.last_of(log.member, tip.epoch)
    if own is not None and own.number >= tip.number:
        return 0
    epoch = log.epoch_named(tip.epoch)
    while epoch is not None:
        made = tx.guarding.last_of(log.member, epoch.hash)
        if made is not None:
            return made.place
        epoch = log.epoch_named(epoch.parent)
    return 0


def _counts(ack: GuardAckRow, mine: set[bytes]) -> bool:
    """Does this guardian's word count: is it one of the present set, and did it pass its last audit?"""
    return ack.guardian in mine and not ack.finding.startswith(AUDIT)


def _whole(tx: Tx, row: GuardedRow, ack: GuardAckRow) -> int:
    """Up to where a guardian has frames and the chunks of attachments that belong to them."""
    return ack.place if ack.chunks >= row.chunks else tx.guarding.covered(row.member, ack.place, ack.chunks)


def settle(house: House, tx: Tx, log: ControlLog, row: GuardedRow) -> GuardedRow:
    """Write down how far the member is safe now: what k of its present guardians have."""
    chosen = log.standing.guardians
    assert chosen is not None
    mine = set(framing.guardians_of(log))
    acks = [ack for ack in tx.guarding.acks_of(log.member) if _counts(ack, mine)]
    places = sorted((_whole(tx, row, ack) for ack in acks), reverse=True)
    place = places[chosen.k - 1] if len(places) >= chosen.k else 0
    if place == row.safe_place:
        return row
    now = house.clock()
    if place > row.safe_place:
        tx.guarding.mark_kept(log.member, row.safe_place, place, now)
    made = tx.guarding.frame_at(log.member, place)
    if made is None:
        row = row._replace(safe_place=0, safe_epoch=b"", safe_seq=0, safe_holdings=0, safe_outgoing=0)
    else:
        row = row._replace(
            safe_place=place,
            safe_epoch=made.epoch,
            safe_seq=made.seq,
            safe_holdings=made.holdings,
            safe_outgoing=made.outgoing,
        )
    row = row._replace(safe_at=max(now, row.safe_at + 1))
    tx.guarding.put(row)
    return row


def note_refusal(tx: Tx, guardian: bytes, wanted: Iterable[bytes], code: str) -> None:
    """A guardian refused what it was told of one member: next time it is told everything about it."""
    rows = [tx.guarding.ack(member, guardian) for member in wanted]
    tx.guarding.put_acks(
        [row._replace(history=b"", vault_version=0, finding=f"{REFUSED}: {code}"[:100]) for row in rows]
    )
