"""Returns of members to this node: how far they have come, and what was read. Owns the statements; decides nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import sqlalchemy as sa

from node.store.repository import Repository
from node.store.schema_returning import return_frames, returns
from node.store.sql import Query, Statement, insert_new, plain, upsert
from node.store.wards import WardFrameRow


class ReturnRow(NamedTuple):
    """One member's return. ``fence``, ``vault``, ``record``: as they travel; ``progress``: a record of the service.

    ``state``: as :class:`node.services.claiming.State`; ``home``: the node where the member was; times µs UTC.
    """

    member: bytes
    state: str
    rank: int
    ballot: int
    fence: bytes
    vault: bytes
    record: bytes
    progress: bytes
    note: str
    home: bytes
    created: int
    updated: int


_bind = sa.bindparam
_RETURN = sa.select(*(returns.c[name] for name in ReturnRow._fields))
_GET = Query(ReturnRow._make, _RETURN.where(returns.c.member == _bind("member")))
_ALL = Query(ReturnRow._make, _RETURN.order_by(returns.c.created, returns.c.member))
_PUT = upsert(returns, ReturnRow._fields)
_FRAME = sa.select(*(return_frames.c[name] for name in WardFrameRow._fields))
_IN_EPOCH = (return_frames.c.member == _bind("member"), return_frames.c.epoch == _bind("epoch"))
_AFTER = Query(
    WardFrameRow._make,
    _FRAME.where(*_IN_EPOCH, return_frames.c.number > _bind("after"))
    .order_by(return_frames.c.number)
    .limit(_bind("limit")),
)
_ADD = insert_new(return_frames, WardFrameRow._fields)
_ENDS = Query(
    plain,
    sa.select(return_frames.c.epoch, sa.func.max(return_frames.c.number))
    .where(return_frames.c.member == _bind("member"))
    .group_by(return_frames.c.epoch)
    .order_by(return_frames.c.epoch),
)
_DROP = Statement(sa.delete(returns).where(returns.c.member == _bind("member")))
_FORGET = Statement(sa.delete(return_frames).where(return_frames.c.member == _bind("member")))


class Returning(Repository):
    """Returns and the frames read for them."""

    def get(self, member: bytes) -> ReturnRow | None:
        """One member's return, or None."""
        return self._db.one(_GET, member=member)

    def all(self) -> list[ReturnRow]:
        """Every return, oldest first."""
        return self._db.all(_ALL)

    def put(self, row: ReturnRow) -> None:
        """Set one."""
        self._db.run_many(_PUT, [row])

    def add_frames(self, rows: Iterable[WardFrameRow]) -> None:
        """Keep frames that were read; what is there stays."""
        self._db.run_many(_ADD, rows)

    def frames_after(self, member: bytes, epoch: bytes, after: int, limit: int) -> list[WardFrameRow]:
        """At most ``limit`` frames of an epoch behind ``after``, in order."""
        return self._db.all(_AFTER, member=member, epoch=epoch, after=after, limit=limit)

    def ends(self, member: bytes) -> dict[bytes, int]:
        """The highest frame number of each epoch."""
        return dict(self._db.all(_ENDS, member=member))

    def forget_frames(self, member: bytes) -> None:
        """Remove what was read for a return that is over."""
        self._db.run(_FORGET, member=member)

    def drop(self, member: bytes) -> None:
        """Remove a return and all that was read for it."""
        self.forget_frames(member)
        self._db.run(_DROP, member=member)
