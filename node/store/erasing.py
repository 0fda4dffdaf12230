"""Parts that were asked to be erased, member by member. Owns the statements of this table; decides nothing."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from node.store.repository import Repository
from node.store.schema import documents, parts
from node.store.schema_erasing import erasures
from node.store.sql import Query, upsert


class ErasureRow(NamedTuple):
    """One part of one document, for one member; fields as in ``schema_erasing``, words the service's, times µs UTC."""

    member: bytes
    document: bytes
    part: str
    state: str
    rule: str
    until: int
    by: str
    asked: int
    erased: int
    request: bytes
    heard: bytes
    partner: bytes
    partner_state: str
    partner_rule: str
    partner_until: int
    errand: str
    retry_at: int
    note: str
    updated: int


class Remaining(NamedTuple):
    """A part that is there although a member's row says that it is erased."""

    member: bytes
    document: bytes
    part: str


_bind = sa.bindparam
_ROW = sa.select(*(erasures.c[name] for name in ErasureRow._fields))
_GET = Query(
    ErasureRow._make,
    _ROW.where(
        erasures.c.member == _bind("member"),
        erasures.c.document == _bind("document"),
        erasures.c.part == _bind("part"),
    ),
)
_OF_MEMBER = Query(
    ErasureRow._make,
    _ROW.where(erasures.c.member == _bind("member")).order_by(
        erasures.c.asked.desc(), erasures.c.document, erasures.c.part
    ),
)
_DUE = Query(
    ErasureRow._make,
    _ROW.where(erasures.c.errand != sa.literal_column("''"), erasures.c.retry_at <= _bind("now"))
    .order_by(erasures.c.retry_at)
    .limit(_bind("limit")),
)
_EIGHT: sa.ColumnElement[int] = sa.literal_column("8")
_REMAINING = Query(
    Remaining._make,
    sa.select(erasures.c.member, erasures.c.document, erasures.c.part)
    .select_from(
        erasures.join(documents, documents.c.id == erasures.c.document).join(
            parts,
            sa.and_(
                parts.c.slot >= documents.c.position * _EIGHT,
                parts.c.slot < documents.c.position * _EIGHT + _EIGHT,
                parts.c.name == erasures.c.part,
            ),
        )
    )
    .where(erasures.c.state == sa.literal_column("'erased'")),
)
_PUT = upsert(erasures, ErasureRow._fields)


class Erasing(Repository):
    """What was asked to be erased."""

    def get(self, member: bytes, document: bytes, part: str) -> ErasureRow | None:
        """One row, or None."""
        return self._db.one(_GET, member=member, document=document, part=part)

    def of(self, member: bytes) -> list[ErasureRow]:
        """A member's rows, the latest first."""
        return self._db.all(_OF_MEMBER, member=member)

    def due(self, now: int, limit: int) -> list[ErasureRow]:
        """At most ``limit`` rows with an errand whose time has come."""
        return self._db.all(_DUE, now=now, limit=limit)

    def remaining(self) -> list[Remaining]:
        """Parts that came back, from a backup or with somebody's copy, after they were erased."""
        return self._db.all(_REMAINING)

    def put(self, row: ErasureRow) -> None:
        """Set one."""
        self._db.run_many(_PUT, [row])
