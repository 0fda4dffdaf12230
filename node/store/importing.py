"""The layouts that a member keeps for the files it imports: by kind of file and partner."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from node.store.repository import Repository
from node.store.schema_importing import import_layouts
from node.store.sql import Query, Statement, upsert


class LayoutRow(NamedTuple):
    """``partner`` empty: for files of nobody in particular. ``updated``: µs UTC."""

    member: bytes
    kind: str
    partner: bytes
    updated: int
    data: bytes


_bind = sa.bindparam
_KEY = sa.and_(
    import_layouts.c.member == _bind("member"),
    import_layouts.c.kind == _bind("kind"),
    import_layouts.c.partner == _bind("partner"),
)
_LAYOUT = sa.select(*(import_layouts.c[name] for name in LayoutRow._fields))
_PUT = upsert(import_layouts, LayoutRow._fields)
_GET = Query(LayoutRow._make, _LAYOUT.where(_KEY))
_ALL = Query(
    LayoutRow._make,
    _LAYOUT.where(import_layouts.c.member == _bind("member")).order_by(import_layouts.c.kind, import_layouts.c.partner),
)
_DROP = Statement(sa.delete(import_layouts).where(_KEY))


class Importing(Repository):
    """Layouts, each by its member."""

    def put(self, row: LayoutRow) -> None:
        """Add or replace a layout."""
        self._db.run_many(_PUT, [row])

    def get(self, member: bytes, kind: str, partner: bytes) -> LayoutRow | None:
        """The layout of one partner's files."""
        return self._db.one(_GET, member=member, kind=kind, partner=partner)

    def all(self, member: bytes) -> list[LayoutRow]:
        """Every layout of a member."""
        return self._db.all(_ALL, member=member)

    def drop(self, member: bytes, kind: str, partner: bytes) -> None:
        """Forget a layout."""
        self._db.run(_DROP, member=member, kind=kind, partner=partner)
