"""Files brought in: layouts kept by kind and partner, uploads that wait, what was taken over, opening balances."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa

from node.store.repository import Repository
from node.store.schema_importing import import_layouts
from node.store.schema_intake import import_files, imports_done, opening_balances
from node.store.sql import Query, Statement, upsert


class LayoutRow(NamedTuple):
    """``partner`` empty: for files of nobody in particular. ``updated``: µs UTC."""

    member: bytes
    kind: str
    partner: bytes
    updated: int
    data: bytes


class FileRow(NamedTuple):
    """A file that somebody brought. ``member`` empty: for the association; ``layout``: JSON; ``updated``: µs UTC."""

    id: bytes
    member: bytes
    user: str
    kind: str
    partner: bytes
    name: str
    digest: bytes
    updated: int
    layout: bytes
    data: bytes


class DoneRow(NamedTuple):
    """A file that was taken over. ``time``: µs UTC; ``stored``: lines."""

    member: bytes
    kind: str
    digest: bytes
    user: str
    name: str
    time: int
    stored: int


class OpeningRow(NamedTuple):
    """What was owed on a day before the books began, in yen."""

    member: bytes
    partner: bytes
    receivable: bool
    number: str
    day: str
    due: str
    amount: int
    user: str
    updated: int


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

_FILE = sa.select(*(import_files.c[name] for name in FileRow._fields))
_FILE_PUT = upsert(import_files, FileRow._fields)
_FILE_GET = Query(FileRow._make, _FILE.where(import_files.c.id == _bind("id")))
_FILE_DROP = Statement(sa.delete(import_files).where(import_files.c.id == _bind("id")))
_FILES_FORGET = Statement(sa.delete(import_files).where(import_files.c.updated < _bind("before")))
_FILES_OF = Query(
    tuple,
    sa.select(import_files.c.id)
    .where(import_files.c.member == _bind("member"), import_files.c.user == _bind("user"))
    .order_by(import_files.c.updated.desc(), import_files.c.id),
)
_DONE_PUT = upsert(imports_done, DoneRow._fields)
_DONE_GET = Query(
    DoneRow._make,
    sa.select(*(imports_done.c[name] for name in DoneRow._fields)).where(
        imports_done.c.member == _bind("member"),
        imports_done.c.kind == _bind("kind"),
        imports_done.c.digest == _bind("digest"),
    ),
)
_OPENING_PUT = upsert(opening_balances, OpeningRow._fields)
_OPENINGS = Query(
    OpeningRow._make,
    sa.select(*(opening_balances.c[name] for name in OpeningRow._fields))
    .where(opening_balances.c.member == _bind("member"))
    .order_by(opening_balances.c.partner, opening_balances.c.number),
)


class Importing(Repository):
    """Layouts, files and balances, each by its member."""

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

    def put_file(self, row: FileRow) -> None:
        """Keep a file, or change what is known of it."""
        self._db.run_many(_FILE_PUT, [row])

    def file(self, identity: bytes) -> FileRow | None:
        """One file."""
        return self._db.one(_FILE_GET, id=identity)

    def files_of(self, member: bytes, user: str) -> list[bytes]:
        """Ids of a user's files, latest first."""
        return [row[0] for row in self._db.all(_FILES_OF, member=member, user=user)]

    def drop_file(self, identity: bytes) -> None:
        """Forget a file."""
        self._db.run(_FILE_DROP, id=identity)

    def forget_files(self, before: int) -> int:
        """Forget files that nobody touched since; how many."""
        return self._db.run(_FILES_FORGET, before=before)

    def put_done(self, row: DoneRow) -> None:
        """Remember that a file was taken over."""
        self._db.run_many(_DONE_PUT, [row])

    def done(self, member: bytes, kind: str, digest: bytes) -> DoneRow | None:
        """When this very file was taken over, if it was."""
        return self._db.one(_DONE_GET, member=member, kind=kind, digest=digest)

    def put_openings(self, rows: Sequence[OpeningRow]) -> None:
        """Add or replace opening balances."""
        self._db.run_many(_OPENING_PUT, rows)

    def openings(self, member: bytes) -> list[OpeningRow]:
        """A member's opening balances."""
        return self._db.all(_OPENINGS, member=member)
