"""Batches of sales, their pieces, and the current partition of each month."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from node.store.repository import Repository
from node.store.schema_pos import pos_batches, pos_partitions, pos_pieces
from node.store.sql import Query, Statement, insert_rows, upsert


class BatchRow(NamedTuple):
    """Lines that came together. ``new``, ``changed``: lines; days: ISO; ``state``: stored, folded; ``time``: µs."""

    position: int
    member: bytes
    store: str
    name: str
    user: str
    time: int
    digest: bytes
    new: int
    changed: int
    first_day: str
    last_day: str
    state: str


class PieceRow(NamedTuple):
    """A part of a batch's lines."""

    position: int
    piece: int
    data: bytes


class PartitionRow(NamedTuple):
    """The current file of a month. ``position``: the last batch in it."""

    month: str
    file: str
    position: int
    lines: int


_bind = sa.bindparam
_BATCH = sa.select(*(pos_batches.c[name] for name in BatchRow._fields))
_PUT = insert_rows(pos_batches, BatchRow._fields)
_PIECES_PUT = insert_rows(pos_pieces, PieceRow._fields)
_LAST = Query(tuple, sa.select(pos_batches.c.position).order_by(pos_batches.c.position.desc()).limit(1))
_IN_STATE = Query(BatchRow._make, _BATCH.where(pos_batches.c.state == _bind("state")).order_by(pos_batches.c.position))
_OF = Query(
    BatchRow._make,
    _BATCH.where(pos_batches.c.member == _bind("member")).order_by(pos_batches.c.position.desc()).limit(_bind("limit")),
)
_PIECES = Query(
    PieceRow._make,
    sa.select(*(pos_pieces.c[name] for name in PieceRow._fields))
    .where(pos_pieces.c.position == _bind("position"))
    .order_by(pos_pieces.c.piece),
)
_FOLDED = Statement(sa.update(pos_batches).where(pos_batches.c.position == _bind("batch")).values(state="folded"))
_UNFOLD = Statement(sa.update(pos_batches).where(pos_batches.c.state == "folded").values(state="stored"))
_CLEAR = Statement(sa.delete(pos_partitions))
_PARTITION_PUT = upsert(pos_partitions, PartitionRow._fields)
_PARTITIONS = Query(
    PartitionRow._make,
    sa.select(*(pos_partitions.c[name] for name in PartitionRow._fields)).order_by(pos_partitions.c.month),
)


class Pos(Repository):
    """What registers brought."""

    def add(self, row: BatchRow, pieces: Sequence[bytes]) -> None:
        """A new batch with its lines."""
        self._db.run_many(_PUT, [row])
        self._db.run_many(_PIECES_PUT, [PieceRow(row.position, number, data) for number, data in enumerate(pieces)])

    def last(self) -> int:
        """The last batch's position; 0 before the first."""
        found = self._db.one(_LAST)
        return 0 if found is None else int(found[0])

    def waiting(self) -> list[BatchRow]:
        """Batches that are in no partition yet, the oldest first."""
        return list(self._db.all(_IN_STATE, state="stored"))

    def of_member(self, member: bytes, limit: int = 100) -> list[BatchRow]:
        """A member's batches, the newest first."""
        return list(self._db.all(_OF, member=member, limit=limit))

    def lines_of(self, position: int) -> bytes:
        """A batch's lines (Parquet)."""
        return b"".join(row.data for row in self._db.all(_PIECES, position=position))

    def partitions(self) -> list[PartitionRow]:
        """The current file of every month."""
        return list(self._db.all(_PARTITIONS))

    def fold(self, position: int, partitions: Iterable[PartitionRow]) -> None:
        """A batch is in these partitions now."""
        self._db.run_many(_PARTITION_PUT, list(partitions))
        self._db.run(_FOLDED, batch=position)

    def start_again(self) -> None:
        """No batch is in any partition."""
        self._db.run(_CLEAR)
        self._db.run(_UNFOLD)
