"""Journals and their signed heads: tables ``journal`` and ``heads``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import sqlalchemy as sa

from node.store.repository import Repository
from node.store.schema import heads, journal
from node.store.sql import ListQuery, Query, first, insert_rows, plain, upsert


class JournalRow(NamedTuple):
    """A journal entry, field for field as ``protocol.journal.Entry``, and when it was written (µs)."""

    member: bytes
    epoch: bytes
    seq: int
    previous: bytes
    kind: str
    object: bytes
    verdict: str
    hash: bytes
    time: int


class HeadRow(NamedTuple):
    """Where a member's journal stands, signed by its epoch key."""

    member: bytes
    epoch: bytes
    seq: int
    hash: bytes
    signature: bytes
    time: int


_ADD = insert_rows(journal, JournalRow._fields)
_ENTRY = sa.select(*(journal.c[name] for name in JournalRow._fields))
_IN_EPOCH = (journal.c.member == sa.bindparam("member"), journal.c.epoch == sa.bindparam("epoch"))
_AFTER = Query(
    JournalRow._make,
    _ENTRY.where(*_IN_EPOCH, journal.c.seq > sa.bindparam("seq")).order_by(journal.c.seq).limit(sa.bindparam("limit")),
)
_LAST = Query(JournalRow._make, _ENTRY.where(*_IN_EPOCH).order_by(journal.c.seq.desc()).limit(sa.literal_column("1")))
_EPOCHS = Query(
    plain,
    sa.select(journal.c.epoch, sa.func.max(journal.c.seq))
    .where(journal.c.member == sa.bindparam("member"))
    .group_by(journal.c.epoch)
    .order_by(journal.c.epoch),
)
_FIND = Query(
    JournalRow._make,
    _ENTRY.where(journal.c.member == sa.bindparam("member"), journal.c.object == sa.bindparam("object")).order_by(
        journal.c.time, journal.c.seq
    ),
)
_HEAD = sa.select(*(heads.c[name] for name in HeadRow._fields))
_HEADS = ListQuery(HeadRow._make, lambda v: _HEAD.where(heads.c.member.in_(v)))
_HEADS_ALL = Query(HeadRow._make, _HEAD.order_by(heads.c.member))
_PUT_HEADS = upsert(heads, HeadRow._fields)
_COUNT = Query(first, sa.select(sa.func.count()).select_from(journal))


class Journal(Repository):
    """Entries, by member, epoch and number."""

    def add_many(self, rows: Iterable[JournalRow]) -> None:
        """Append entries. A number that is taken is the engine's integrity error: nothing is ever written over."""
        self._db.run_many(_ADD, rows)

    def after(self, member: bytes, epoch: bytes, seq: int, limit: int) -> list[JournalRow]:
        """At most ``limit`` entries behind ``seq``, in order."""
        return self._db.all(_AFTER, member=member, epoch=epoch, seq=seq, limit=limit)

    def last(self, member: bytes, epoch: bytes) -> JournalRow | None:
        """The last entry of an epoch, or None if it has none."""
        return self._db.one(_LAST, member=member, epoch=epoch)

    def epochs(self, member: bytes) -> list[tuple[bytes, int]]:
        """Every epoch that has entries, with its highest number."""
        return self._db.all(_EPOCHS, member=member)

    def by_object(self, member: bytes, subject: bytes) -> list[JournalRow]:
        """Entries about one document, receipt or record, oldest first. Walks the member's journal."""
        return self._db.all(_FIND, member=member, object=subject)

    def count(self) -> int:
        """Entries of all members."""
        return self._db.one(_COUNT) or 0


class Heads(Repository):
    """The latest signed head of each member."""

    def get(self, member: bytes) -> HeadRow | None:
        """One member's head, or None."""
        return self.get_many((member,)).get(member)

    def get_many(self, members: Iterable[bytes]) -> dict[bytes, HeadRow]:
        """Heads by member."""
        return {row.member: row for row in self._db.by_values(_HEADS, members)}

    def all(self) -> list[HeadRow]:
        """Every head."""
        return self._db.all(_HEADS_ALL)

    def put_many(self, rows: Iterable[HeadRow]) -> None:
        """Set heads."""
        self._db.run_many(_PUT_HEADS, rows)
