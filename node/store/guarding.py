"""Copies of our members on their way to guardians. Owns the statements of these tables; decides nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from node.store.repository import Repository
from node.store.schema_guarding import guard_acks, guard_chunks, guard_frames, guarded
from node.store.sql import ListQuery, Query, Statement, first, insert_new, insert_rows, plain, upsert


class GuardedRow(NamedTuple):
    """A member with guardians; fields as in ``schema_guarding``. Times µs UTC."""

    member: bytes
    vault: bytes = b""
    vault_version: int = 0
    holders: bytes = b""
    policies: bytes = b""
    cursor: bytes = b""
    place: int = 0
    chunks: int = 0
    safe_place: int = 0
    safe_epoch: bytes = b""
    safe_seq: int = 0
    safe_holdings: int = 0
    safe_outgoing: int = 0
    safe_at: int = 0


class GuardFrameRow(NamedTuple):
    """A frame without its sealed bytes. ``place`` counts over all epochs of the member."""

    member: bytes
    place: int
    epoch: bytes
    number: int
    hash: bytes
    record: bytes
    signature: bytes
    seq: int
    holdings: int
    outgoing: int
    chunks: int
    built: int
    kept: int | None


class GuardAckRow(NamedTuple):
    """What one guardian keeps of one member, by its own signed word. ``finding``: empty while all is well."""

    member: bytes
    guardian: bytes
    place: int = 0
    chunks: int = 0
    history: bytes = b""
    vault_version: int = 0
    kept: bytes = b""
    kept_at: int = 0
    audited: int = 0
    finding: str = ""


class GuardChunkRow(NamedTuple):
    """Piece ``piece`` of the attachment ``root``, under the name by which guardians know it."""

    member: bytes
    place: int
    root: bytes
    piece: int
    name: bytes


_bind = sa.bindparam
_LIMIT = _bind("limit", type_=sa.Integer())
_GUARDED = sa.select(*(guarded.c[name] for name in GuardedRow._fields))
_GET = Query(GuardedRow._make, _GUARDED.where(guarded.c.member == _bind("member")))
_ALL = Query(GuardedRow._make, _GUARDED.order_by(guarded.c.member))
_PUT = upsert(guarded, GuardedRow._fields)
_BEGIN = insert_new(guarded, GuardedRow._fields)
_DROP = tuple(
    Statement(sa.delete(table).where(table.c.member == _bind("member")))
    for table in (guarded, guard_frames, guard_acks, guard_chunks)
)

_OF_MEMBER = guard_frames.c.member == _bind("member")
_FRAME = sa.select(*(guard_frames.c[name] for name in GuardFrameRow._fields)).where(_OF_MEMBER)
_FRAME_AT = Query(GuardFrameRow._make, _FRAME.where(guard_frames.c.place == _bind("place")))
_FRAME_LAST = Query(GuardFrameRow._make, _FRAME.order_by(guard_frames.c.place.desc()).limit(sa.literal_column("1")))
_FRAME_LAST_OF = Query(
    GuardFrameRow._make,
    _FRAME.where(guard_frames.c.epoch == _bind("epoch"))
    .order_by(guard_frames.c.place.desc())
    .limit(sa.literal_column("1")),
)
_FRAME_HASHED = Query(GuardFrameRow._make, _FRAME.where(guard_frames.c.hash == _bind("hash")))
_FRAME_ADD = insert_rows(guard_frames, (*GuardFrameRow._fields, "sealed"))
_FRAMES_AFTER = Query(
    plain,
    sa.select(*(guard_frames.c[name] for name in (*GuardFrameRow._fields, "sealed")))
    .where(_OF_MEMBER, guard_frames.c.place > _bind("after"))
    .order_by(guard_frames.c.place)
    .limit(_LIMIT),
)
_SEALED = Query(first, sa.select(guard_frames.c.sealed).where(_OF_MEMBER, guard_frames.c.place == _bind("place")))
_COVERED = Query(
    first,
    sa.select(sa.func.max(guard_frames.c.place)).where(
        _OF_MEMBER, guard_frames.c.place <= _bind("place"), guard_frames.c.chunks <= _bind("chunks")
    ),
)
_KEPT = Statement(
    sa.update(guard_frames)
    .where(
        guard_frames.c.member == _bind("whose"),
        guard_frames.c.place <= _bind("upto"),
        guard_frames.c.place > _bind("behind"),
        guard_frames.c.kept.is_(None),
    )
    .values(kept=_bind("now"))
)
_KEPT_AT = Query(
    first,
    sa.select(guard_frames.c.kept)
    .where(_OF_MEMBER, guard_frames.c.holdings >= _bind("holding"), guard_frames.c.kept.is_not(None))
    .order_by(guard_frames.c.holdings, guard_frames.c.place)
    .limit(sa.literal_column("1")),
)
_SIZE = Query(
    plain,
    sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(sa.func.length(guard_frames.c.sealed)), 0)).where(
        _OF_MEMBER
    ),
)

_ACK = sa.select(*(guard_acks.c[name] for name in GuardAckRow._fields))
_ACKS_OF = Query(GuardAckRow._make, _ACK.where(guard_acks.c.member == _bind("member")).order_by(guard_acks.c.guardian))
_ACK_GET = Query(
    GuardAckRow._make, _ACK.where(guard_acks.c.member == _bind("member"), guard_acks.c.guardian == _bind("guardian"))
)
_ACK_PUT = upsert(guard_acks, GuardAckRow._fields)

_CHUNK = sa.select(*(guard_chunks.c[name] for name in GuardChunkRow._fields)).where(
    guard_chunks.c.member == _bind("member")
)
_CHUNKS_AFTER = Query(
    GuardChunkRow._make,
    _CHUNK.where(guard_chunks.c.place > _bind("after")).order_by(guard_chunks.c.place).limit(_LIMIT),
)
_CHUNKS_NAMED = ListQuery(GuardChunkRow._make, lambda v: _CHUNK.where(guard_chunks.c.name.in_(v)))
_CHUNKS_ADD = insert_new(guard_chunks, GuardChunkRow._fields)


_CHUNKS_DROP = Statement(
    sa.delete(guard_chunks).where(guard_chunks.c.member == _bind("member"), guard_chunks.c.place <= _bind("place"))
)


class Guarding(Repository):
    """Frames of our members, and what their guardians have of them."""

    def get(self, member: bytes) -> GuardedRow | None:
        """One member's state, or None if it never had guardians."""
        return self._db.one(_GET, member=member)

    def all(self) -> list[GuardedRow]:
        """Every member with guardians."""
        return self._db.all(_ALL)

    def put(self, row: GuardedRow) -> None:
        """Set one."""
        self._db.run_many(_PUT, [row])

    def begin(self, member: bytes) -> None:
        """A member has guardians from now on; what is known of it stays."""
        self._db.run_many(_BEGIN, [GuardedRow(member)])

    def drop(self, member: bytes) -> None:
        """Forget a member's frames and what guardians said of them."""
        for statement in _DROP:
            self._db.run(statement, member=member)

    # frames

    def add_frame(self, row: GuardFrameRow, sealed: bytes) -> None:
        """Append a frame."""
        self._db.run_many(_FRAME_ADD, [(*row, sealed)])

    def last_frame(self, member: bytes) -> GuardFrameRow | None:
        """The newest frame, or None."""
        return self._db.one(_FRAME_LAST, member=member)

    def last_of(self, member: bytes, epoch: bytes) -> GuardFrameRow | None:
        """The newest frame of one epoch, or None."""
        return self._db.one(_FRAME_LAST_OF, member=member, epoch=epoch)

    def frame_at(self, member: bytes, place: int) -> GuardFrameRow | None:
        """The frame at ``place``, or None."""
        return self._db.one(_FRAME_AT, member=member, place=place)

    def frame_hashed(self, member: bytes, hashed: bytes) -> GuardFrameRow | None:
        """The frame of that hash, or None."""
        return self._db.one(_FRAME_HASHED, member=member, hash=hashed)

    def frames_after(self, member: bytes, after: int, limit: int) -> list[tuple[GuardFrameRow, bytes]]:
        """At most ``limit`` frames behind ``after`` with their sealed bytes, in order."""
        rows = self._db.all(_FRAMES_AFTER, member=member, after=after, limit=limit)
        return [(GuardFrameRow._make(row[:-1]), row[-1]) for row in rows]

    def covered(self, member: bytes, place: int, chunks: int) -> int:
        """The last place up to which who has ``place`` frames and ``chunks`` chunks has everything."""
        return self._db.one(_COVERED, member=member, place=place, chunks=chunks) or 0

    def sealed(self, member: bytes, place: int) -> bytes | None:
        """The sealed bytes of one frame, or None."""
        return self._db.one(_SEALED, member=member, place=place)

    def mark_kept(self, member: bytes, behind: int, upto: int, now: int) -> None:
        """k guardians have the frames behind ``behind`` up to ``upto``."""
        self._db.run(_KEPT, whose=member, behind=behind, upto=upto, now=now)

    def kept_at(self, member: bytes, holding: int) -> int | None:
        """When k guardians had the first frame that copies the holding at that position, in µs; or None."""
        return self._db.one(_KEPT_AT, member=member, holding=holding)

    def size(self, member: bytes) -> tuple[int, int]:
        """How many frames there are, and their sealed bytes."""
        found = self._db.one(_SIZE, member=member)
        return (int(found[0]), int(found[1])) if found else (0, 0)

    # guardians

    def acks_of(self, member: bytes) -> list[GuardAckRow]:
        """What each guardian has of a member."""
        return self._db.all(_ACKS_OF, member=member)

    def ack(self, member: bytes, guardian: bytes) -> GuardAckRow:
        """What one guardian has of a member."""
        found = self._db.one(_ACK_GET, member=member, guardian=guardian)
        return found or GuardAckRow(member, guardian)

    def put_acks(self, rows: Iterable[GuardAckRow]) -> None:
        """Set acknowledgements."""
        self._db.run_many(_ACK_PUT, rows)

    # chunks of attachments

    def add_chunks(self, rows: Sequence[GuardChunkRow]) -> None:
        """Append chunks; a name that is there stays."""
        self._db.run_many(_CHUNKS_ADD, rows)

    def drop_chunks(self, member: bytes, place: int) -> None:
        """Forget the names of chunks up to ``place``."""
        self._db.run(_CHUNKS_DROP, member=member, place=place)

    def chunks_after(self, member: bytes, after: int, limit: int) -> list[GuardChunkRow]:
        """At most ``limit`` chunks behind ``after``, in order."""
        return self._db.all(_CHUNKS_AFTER, member=member, after=after, limit=limit)

    def chunks_named(self, member: bytes, names: Iterable[bytes]) -> list[GuardChunkRow]:
        """Chunks by the name that guardians know."""
        return self._db.by_values(_CHUNKS_NAMED, names, member=member)
