"""Documents, their parts and business keys: tables ``documents``, ``parts``, ``keys_used``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from node.store.repository import Repository
from node.store.schema import documents, keys_used, parts
from node.store.sql import ListQuery, Query, Statement, first, insert_new, insert_rows, plain

PARTS_PER_DOCUMENT = 8


class PartRow(NamedTuple):
    """A body part that has not been erased."""

    name: str
    salt: bytes
    content: bytes


class NewDocument(NamedTuple):
    """A document to store. ``thread``: empty where it starts one; ``path``: proof steps as the caller packs them."""

    id: bytes
    type: str
    version: int
    author: bytes
    epoch: bytes
    audience: bytes
    thread: bytes
    business_key: str
    revision: int
    time: int
    keep_until: int
    size: int
    signature: bytes
    path: bytes
    header: bytes
    parts: Sequence[PartRow] = ()


class DocumentRow(NamedTuple):
    """A stored document without its parts. ``thread`` is its own id where it started one."""

    position: int
    id: bytes
    type: str
    version: int
    author: bytes
    epoch: bytes
    audience: bytes
    thread: bytes
    business_key: str
    revision: int
    time: int
    keep_until: int
    size: int
    signature: bytes
    path: bytes
    header: bytes


class StoredDocument(NamedTuple):
    """A stored document with what parts it has left."""

    row: DocumentRow
    parts: tuple[PartRow, ...]


class KeyUse(NamedTuple):
    """One use of a business key."""

    author: bytes
    audience: bytes
    type: str
    business_key: str
    revision: int
    document: bytes


_COLUMNS = DocumentRow._fields
_THREAD = sa.func.coalesce(documents.c.thread, documents.c.id)
_SELECTED = [_THREAD if name == "thread" else documents.c[name] for name in _COLUMNS]
_ROW = sa.select(*_SELECTED)
_OF_DOCUMENT = sa.and_(
    parts.c.slot >= documents.c.position * sa.literal_column("8"),
    parts.c.slot < documents.c.position * sa.literal_column("8") + sa.literal_column("8"),
)
_FULL = sa.select(*_SELECTED, parts.c.name, parts.c.salt, parts.c.content).select_from(
    documents.outerjoin(parts, _OF_DOCUMENT)
)
_ORDER = (documents.c.position, parts.c.slot)

_ADD = insert_rows(documents, _COLUMNS)
_ADD_PARTS = insert_rows(parts, ("slot", *PartRow._fields))
_GET = ListQuery(DocumentRow._make, lambda v: _ROW.where(documents.c.id.in_(v)))
_FULL_BY_ID = ListQuery(plain, lambda v: _FULL.where(documents.c.id.in_(v)).order_by(*_ORDER))
_FULL_BY_POSITION = ListQuery(plain, lambda v: _FULL.where(documents.c.position.in_(v)).order_by(*_ORDER))
_BY_THREAD = Query(
    plain,
    _FULL.where(
        sa.or_(documents.c.id == sa.bindparam("thread"), documents.c.thread == sa.bindparam("thread"))
    ).order_by(*_ORDER),
)
_AFTER = Query(
    DocumentRow._make,
    _ROW.where(documents.c.position > sa.bindparam("after"))
    .order_by(documents.c.position)
    .limit(sa.bindparam("limit")),
)
_MESSAGES = Query(
    DocumentRow._make,
    _ROW.where(
        documents.c.position > sa.bindparam("after"),
        documents.c.position <= sa.bindparam("upto"),
        documents.c.type == sa.literal_column("'message'"),
    )
    .order_by(documents.c.position)
    .limit(sa.bindparam("limit")),
)
_PARTS_BETWEEN = Query(
    plain,
    sa.select(parts.c.slot, parts.c.name, parts.c.salt, parts.c.content)
    .where(parts.c.slot >= sa.bindparam("low"), parts.c.slot <= sa.bindparam("high"))
    .order_by(parts.c.slot),
)
_ERASE = Statement(
    sa.delete(parts).where(
        parts.c.slot >= sa.bindparam("low"), parts.c.slot <= sa.bindparam("high"), parts.c.name == sa.bindparam("name")
    )
)
_BETWEEN = Query(
    first,
    sa.select(documents.c.id)
    .where(documents.c.id >= sa.bindparam("low"), documents.c.id <= sa.bindparam("high"))
    .order_by(documents.c.id)
    .limit(sa.bindparam("limit")),
)
_COUNT = Query(first, sa.select(sa.func.count()).select_from(documents))

_CLAIM = insert_new(keys_used, KeyUse._fields)
_CLAIMED = Query(
    first,
    sa.select(keys_used.c.document).where(*(keys_used.c[name] == sa.bindparam(name) for name in KeyUse._fields[:5])),
)


def fold_parts(rows: Iterable[Sequence[Any]], width: int) -> list[tuple[Sequence[Any], tuple[PartRow, ...]]]:
    """Joined rows, one for each part, into one for each document: its first ``width`` values and its parts.

    Rows of one document follow each other and differ in their first value from those of the next.
    """
    folded: list[tuple[Sequence[Any], list[PartRow]]] = []
    last: Any = None
    for row in rows:
        if row[0] != last:
            last = row[0]
            folded.append((row[:width], []))
        if row[width] is not None:
            folded[-1][1].append(PartRow._make(row[width : width + 3]))
    return [(values, tuple(found)) for values, found in folded]


def _stored(rows: Iterable[Sequence[Any]]) -> list[StoredDocument]:
    width = len(_COLUMNS)
    return [StoredDocument(DocumentRow._make(values), found) for values, found in fold_parts(rows, width)]


class Documents(Repository):
    """Documents by id, position and thread. Nothing here is ever changed but by erasing parts."""

    def add_many(self, rows: Sequence[NewDocument]) -> list[int]:
        """Store documents with their parts; their positions. An id that is there already is an integrity error."""
        positions = self._session.reserve("documents", len(rows)) if rows else range(0)
        self._db.run_many(
            _ADD,
            [
                (at, *row[:6], None if row[6] == row[0] else row[6] or None, *row[7:15])
                for at, row in zip(positions, rows, strict=True)
            ],
        )
        self._db.run_many(
            _ADD_PARTS,
            [
                (at * PARTS_PER_DOCUMENT + ordinal, *part)
                for at, row in zip(positions, rows, strict=True)
                for ordinal, part in enumerate(row.parts)
            ],
        )
        self._session.stored(zip((row[0] for row in rows), positions, strict=True))
        return list(positions)

    def known(self, ids: Iterable[bytes]) -> set[bytes]:
        """Those of ``ids`` that are stored."""
        wanted = dict.fromkeys(ids)
        return wanted.keys() & self._session.find_positions(wanted).keys()

    def positions(self, ids: Iterable[bytes]) -> dict[bytes, int]:
        """Positions by id, of those that are stored."""
        wanted = list(ids)
        found = self._session.find_positions(wanted)
        return {document: found[document] for document in wanted if document in found}

    def get(self, document: bytes) -> DocumentRow | None:
        """One document without parts, or None."""
        return self.get_many((document,)).get(document)

    def get_many(self, ids: Iterable[bytes]) -> dict[bytes, DocumentRow]:
        """Documents without parts, by id."""
        return {row.id: row for row in self._db.by_values(_GET, ids)}

    def by_prefix(self, low: bytes, high: bytes, limit: int = 2) -> list[bytes]:
        """At most ``limit`` ids from ``low`` to ``high``, both included: for one who typed an id's first digits."""
        return self._db.all(_BETWEEN, low=low, high=high, limit=limit)

    def full(self, document: bytes) -> StoredDocument | None:
        """One document with its parts, or None."""
        return self.full_many((document,)).get(document)

    def full_many(self, ids: Iterable[bytes]) -> dict[bytes, StoredDocument]:
        """Documents with parts, by id."""
        return {found.row.id: found for found in _stored(self._db.by_values(_FULL_BY_ID, ids))}

    def by_positions(self, positions: Iterable[int]) -> dict[int, StoredDocument]:
        """Documents with parts, by position."""
        return {found.row.position: found for found in _stored(self._db.by_values(_FULL_BY_POSITION, positions))}

    def by_thread(self, thread: bytes) -> list[StoredDocument]:
        """Every stored document of a thread, with parts, in order of arrival."""
        found = _stored(self._db.all(_BY_THREAD, thread=thread))
        self._session.positions.update((one.row.id, one.row.position) for one in found)
        return found

    def after(self, position: int, limit: int) -> list[StoredDocument]:
        """At most ``limit`` documents behind ``position``, with parts: for jobs that walk through all of them."""
        rows = self._db.all(_AFTER, after=position, limit=limit)
        if not rows:
            return []
        low, high = rows[0].position, rows[-1].position
        found: dict[int, list[PartRow]] = {}
        for slot, *part in self._db.all(
            _PARTS_BETWEEN, low=low * PARTS_PER_DOCUMENT, high=high * PARTS_PER_DOCUMENT + PARTS_PER_DOCUMENT - 1
        ):
            found.setdefault(slot // PARTS_PER_DOCUMENT, []).append(PartRow._make(part))
        return [StoredDocument(row, tuple(found.get(row.position, ()))) for row in rows]

    def messages(self, after: int, upto: int, limit: int) -> list[DocumentRow]:
        """At most ``limit`` messages at positions behind ``after``, up to ``upto``, without parts."""
        return self._db.all(_MESSAGES, after=after, upto=upto, limit=limit)

    def erase_part(self, document: bytes, name: str) -> bool:
        """Destroy one part for good; False if it was not there."""
        at = self._session.position(document)
        if at is None:
            return False
        low = at * PARTS_PER_DOCUMENT
        gone = self._db.run(_ERASE, low=low, high=low + PARTS_PER_DOCUMENT - 1, name=name) > 0
        self._session.erased |= gone
        return gone

    def last_position(self) -> int:
        """The highest position ever given."""
        return self._session.last("documents")

    def count(self) -> int:
        """Stored documents (walks an index: not for a hot path)."""
        return self._db.one(_COUNT) or 0


class KeysUsed(Repository):
    """Which document was the first to carry a business key."""

    def claim_many(self, uses: Sequence[KeyUse]) -> list[bytes]:
        """Claim keys; for each use the id of the first document that ever carried its key."""
        if not uses:
            return []
        if self._db.run_many(_CLAIM, uses) == len(uses):
            return [use[5] for use in uses]
        return [self._first(use) for use in uses]

    def get(self, author: bytes, audience: bytes, kind: str, business_key: str, revision: int) -> bytes | None:
        """The first document with this key, or None."""
        return self._db.one(
            _CLAIMED, author=author, audience=audience, type=kind, business_key=business_key, revision=revision
        )

    def _first(self, use: KeyUse) -> bytes:
        found = self.get(*use[:5])
        return use[5] if found is None else found
