"""Published tables of the area. Owns the statements of this table; decides nothing."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from node.store.repository import Repository
from node.store.schema_area import area_tables
from node.store.sql import Query, upsert


class AreaRow(NamedTuple):
    """One version of a table. ``month``: YYYY-MM; ``made``, ``tried``: µs UTC; ``shown``, ``basis``: the service's."""

    kind: str
    month: str
    version: int
    made: int
    tried: int
    shown: bytes
    basis: bytes


_bind = sa.bindparam
_ROW = sa.select(*(area_tables.c[name] for name in AreaRow._fields))
_LATEST = Query(
    AreaRow._make,
    _ROW.where(area_tables.c.kind == _bind("kind"), area_tables.c.month == _bind("month"))
    .order_by(area_tables.c.version.desc())
    .limit(sa.literal_column("1")),
)
_PUT = upsert(area_tables, AreaRow._fields)


class Area(Repository):
    """Tables of the area."""

    def latest(self, kind: str, month: str) -> AreaRow | None:
        """The last version of a month's table, or None."""
        return self._db.one(_LATEST, kind=kind, month=month)

    def put(self, row: AreaRow) -> None:
        """Add a version, or set one."""
        self._db.run_many(_PUT, [row])
