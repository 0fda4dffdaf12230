"""Links: tables ``links``, ``streams``, ``outgoing``, ``receipts``, ``given``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from node.store.documents import PartRow, fold_parts
from node.store.repository import Repository
from node.store.schema import documents, given, given_unstored, links, outgoing, parts, receipts, streams
from node.store.sql import ListQuery, Query, Statement, first, insert_new, insert_rows, plain, upsert

DOCUMENT = "document"
END = 2**62


class LinkRow(NamedTuple):
    """How the link to one node fares; times in µs."""

    node: bytes
    failures: int
    retry_at: int
    last_error: str
    last_success: int


class StreamRow(NamedTuple):
    """How far one stream of a peer was received."""

    node: bytes
    incarnation: bytes
    cursor: int
    updated: int


class Pending(NamedTuple):
    """Something that a node has not receipted. ``object``: a document's id or another 32-byte name.

    ``header``, ``signature``, ``path`` and ``parts`` are those of the document, empty for other kinds.
    """

    position: int
    kind: str
    object: bytes
    type: str
    author: bytes
    audience: bytes
    epoch: bytes
    header: bytes
    signature: bytes
    path: bytes
    parts: tuple[PartRow, ...]


class Mark(NamedTuple):
    """The state of one object on its way to one node; ``verdict`` None: no receipt yet."""

    position: int
    node: bytes
    kind: str
    verdict: str | None
    receipt: int | None


class ReceiptRow(NamedTuple):
    """A receipt that was given to a node or got from it, as it stands on the wire."""

    id: int
    node: bytes
    direction: str
    time: int
    wire: bytes


class GivenRow(NamedTuple):
    """The first verdict that was given for (document, recipient)."""

    document: bytes
    recipient: bytes
    receipt: int | None
    verdict: str
    epoch: bytes
    seq: int
    reason: str


_LINK = sa.select(*(links.c[name] for name in LinkRow._fields))
_LINK_GET = Query(LinkRow._make, _LINK.where(links.c.node == sa.bindparam("node")))
_LINKS = Query(LinkRow._make, _LINK.order_by(links.c.node))
_LINK_PUT = upsert(links, LinkRow._fields)
_LINK_DELETE = Statement(sa.delete(links).where(links.c.node == sa.bindparam("node")))

_STREAM = sa.select(*(streams.c[name] for name in StreamRow._fields))
_STREAM_GET = Query(
    StreamRow._make,
    _STREAM.where(streams.c.node == sa.bindparam("node"), streams.c.incarnation == sa.bindparam("incarnation")),
)
_STREAMS_OF = Query(
    StreamRow._make,
    _STREAM.where(streams.c.node == sa.bindparam("node")).order_by(streams.c.updated.desc(), streams.c.incarnation),
)
_STREAM_PUT = upsert(streams, StreamRow._fields)
_STREAM_DELETE = Statement(
    sa.delete(streams).where(
        streams.c.node == sa.bindparam("node"), streams.c.incarnation == sa.bindparam("incarnation")
    )
)

_ADD = insert_rows(outgoing, ("position", "node", "kind", "document", "object"))
_OF_DOCUMENT = outgoing.outerjoin(documents, documents.c.position == outgoing.c.document).outerjoin(
    parts,
    sa.and_(
        parts.c.slot >= outgoing.c.document * sa.literal_column("8"),
        parts.c.slot < outgoing.c.document * sa.literal_column("8") + sa.literal_column("8"),
    ),
)
_WHICH = (
    sa.select(outgoing.c.position)
    .where(
        outgoing.c.verdict.is_(None),
        outgoing.c.node == sa.bindparam("node"),
        outgoing.c.position > sa.bindparam("after"),
    )
    .order_by(outgoing.c.position)
    .limit(sa.bindparam("limit"))
)
_ITEM = (
    outgoing.c.position,
    outgoing.c.kind,
    sa.func.coalesce(outgoing.c.object, documents.c.id),
    documents.c.type,
    documents.c.author,
    documents.c.audience,
    documents.c.epoch,
    documents.c.header,
    documents.c.signature,
    documents.c.path,
)
_PENDING = Query(
    plain,
    sa.select(*_ITEM, parts.c.name, parts.c.salt, parts.c.content)
    .select_from(_OF_DOCUMENT)
    .where(outgoing.c.position.in_(_WHICH))
    .order_by(outgoing.c.position, parts.c.slot),
)
_PENDING_OF = Query(
    first,
    sa.select(outgoing.c.object)
    .where(
        outgoing.c.verdict.is_(None),
        outgoing.c.node == sa.bindparam("node"),
        outgoing.c.kind == sa.bindparam("kind"),
    )
    .order_by(outgoing.c.position),
)
_ITEMS = ListQuery(
    plain,
    lambda v: (
        sa.select(*_ITEM, parts.c.name, parts.c.salt, parts.c.content)
        .select_from(_OF_DOCUMENT)
        .where(outgoing.c.position.in_(v))
        .order_by(outgoing.c.position, parts.c.slot)
    ),
)
_MARKED: dict[str, Any] = {"verdict": sa.bindparam("verdict"), "receipt": sa.bindparam("receipt")}
_MARK_ORDER = ("verdict", "receipt", "which", "whose")
_MARK_DOCUMENT = Statement(
    sa.update(outgoing)
    .where(outgoing.c.document == sa.bindparam("which"), outgoing.c.node == sa.bindparam("whose"))
    .values(_MARKED),
    _MARK_ORDER,
)
_MARK_OBJECT = Statement(
    sa.update(outgoing)
    .where(
        outgoing.c.object == sa.bindparam("which"),
        outgoing.c.node == sa.bindparam("whose"),
        outgoing.c.position <= sa.bindparam("last"),
    )
    .values(_MARKED),
    (*_MARK_ORDER, "last"),
)
_MARK_OF = (outgoing.c.position, outgoing.c.node, outgoing.c.kind, outgoing.c.verdict, outgoing.c.receipt)
_MARKS = ListQuery(
    plain,
    lambda v: sa.select(outgoing.c.document, *_MARK_OF).where(outgoing.c.document.in_(v)).order_by(outgoing.c.position),
)
_OBJECT_MARKS = ListQuery(
    plain,
    lambda v: sa.select(outgoing.c.object, *_MARK_OF).where(outgoing.c.object.in_(v)).order_by(outgoing.c.position),
)
_UNRECEIPTED = (
    sa.select(outgoing.c.node, sa.func.count(), sa.func.min(outgoing.c.position))
    .where(outgoing.c.verdict.is_(None))
    .group_by(outgoing.c.node)
    .order_by(outgoing.c.node)
)
_COUNT_PENDING = Query(plain, _UNRECEIPTED)
_UNDECIDED = Query(
    plain,
    sa.select(outgoing.c.node, documents.c.id)
    .select_from(outgoing.join(documents, documents.c.position == outgoing.c.document))
    .where(
        sa.or_(outgoing.c.verdict == sa.literal_column("'held'"), outgoing.c.verdict == sa.literal_column("'waiting'"))
    )
    .order_by(outgoing.c.position),
)
_ANY_PENDING = Query(first, _WHICH)
_DROP = Statement(sa.delete(outgoing).where(outgoing.c.verdict.is_(None), outgoing.c.node == sa.bindparam("node")))

_RECEIPT = sa.select(*(receipts.c[name] for name in ReceiptRow._fields))
_RECEIPT_ADD = insert_rows(receipts, ReceiptRow._fields)
_RECEIPT_TIME = ListQuery(
    lambda row: row, lambda v: sa.select(receipts.c.id, receipts.c.time).where(receipts.c.id.in_(v))
)
_RECEIPT_GET = ListQuery(ReceiptRow._make, lambda v: _RECEIPT.where(receipts.c.id.in_(v)))

_VERDICT = ("recipient", "receipt", "verdict", "epoch", "seq", "reason")
_GIVEN = sa.select(documents.c.id, *(given.c[name] for name in _VERDICT)).select_from(
    given.join(documents, documents.c.position == given.c.document)
)
_GIVEN_GET = ListQuery(GivenRow._make, lambda v: _GIVEN.where(given.c.document.in_(v)))
_GIVEN_ADD = insert_new(given, ("document", *_VERDICT))
_GIVEN_PUT = upsert(given, ("document", *_VERDICT))
_UNSTORED = sa.select(given_unstored.c.object, *(given_unstored.c[name] for name in _VERDICT))
_UNSTORED_GET = ListQuery(GivenRow._make, lambda v: _UNSTORED.where(given_unstored.c.object.in_(v)))
_UNSTORED_ANY = Query(first, sa.select(given_unstored.c.object).limit(sa.literal_column("1")))
_UNSTORED_ADD = insert_new(given_unstored, ("object", *_VERDICT))
_UNSTORED_PUT = upsert(given_unstored, ("object", *_VERDICT))
_UNSTORED_DELETE = Statement(
    sa.delete(given_unstored).where(
        given_unstored.c.object == sa.bindparam("object"), given_unstored.c.recipient == sa.bindparam("recipient")
    ),
    ("object", "recipient"),
)


class Links(Repository):
    """One row for each peer, however much is waiting for it."""

    def put(self, row: LinkRow) -> None:
        """Set how a link fares."""
        self._db.run_many(_LINK_PUT, [row])

    def get(self, node: bytes) -> LinkRow | None:
        """One link, or None."""
        return self._db.one(_LINK_GET, node=node)

    def all(self) -> list[LinkRow]:
        """Every link."""
        return self._db.all(_LINKS)

    def delete(self, node: bytes) -> None:
        """Forget a link."""
        self._db.run(_LINK_DELETE, node=node)


class Streams(Repository):
    """Cursors of what was received."""

    def get(self, node: bytes, incarnation: bytes) -> int | None:
        """The cursor of one stream, or None if it is new."""
        row = self._db.one(_STREAM_GET, node=node, incarnation=incarnation)
        return None if row is None else row.cursor

    def set(self, node: bytes, incarnation: bytes, cursor: int, time: int) -> None:
        """Set a cursor."""
        self._db.run_many(_STREAM_PUT, [(node, incarnation, cursor, time)])

    def of(self, node: bytes) -> list[StreamRow]:
        """Every stream of a node, latest first."""
        return self._db.all(_STREAMS_OF, node=node)

    def keep_latest(self, node: bytes, keep: int) -> None:
        """Forget all streams of a node but the latest ``keep``."""
        for row in self.of(node)[keep:]:
            self._db.run(_STREAM_DELETE, node=node, incarnation=row.incarnation)


class Outgoing(Repository):
    """What is for other nodes, and what they said of it."""

    def add_many(self, node: bytes, kind: str, objects: Sequence[bytes]) -> list[int]:
        """Queue objects of one kind for a node; their positions. LookupError if a document is not stored."""
        return self.add_for([(node, kind, subject) for subject in objects])

    def add_for(self, rows: Sequence[tuple[bytes, str, bytes]]) -> list[int]:
        """Queue (node, kind, object) of any kind, in this order; their positions."""
        if not rows:
            return []
        at = self._session.find_positions(subject for _, kind, subject in rows if kind == DOCUMENT)
        positions = self._session.reserve("outgoing", len(rows))
        self._db.run_many(
            _ADD,
            [
                (position, node, kind, at[subject], None) if kind == DOCUMENT else (position, node, kind, None, subject)
                for position, (node, kind, subject) in zip(positions, rows, strict=True)
            ],
        )
        return list(positions)

    def pending(self, node: bytes, after: int, limit: int) -> list[Pending]:
        """At most ``limit`` objects without a receipt behind position ``after``, with all that an envelope needs."""
        return _pending(self._db.all(_PENDING, node=node, after=after, limit=limit))

    def pending_of(self, node: bytes, kind: str) -> list[bytes]:
        """The objects of one kind that wait for a node, in order; not for documents, which may be many."""
        return self._db.all(_PENDING_OF, node=node, kind=kind)

    def at_positions(self, positions: Iterable[int]) -> list[Pending]:
        """Objects by position, receipted or not, in order."""
        found = _pending(self._db.by_values(_ITEMS, positions))
        return sorted(found, key=lambda item: item.position)

    def any_pending(self, node: bytes, after: int = 0) -> bool:
        """Is there something without a receipt behind ``after``?"""
        return self._db.one(_ANY_PENDING, node=node, after=after, limit=1) is not None

    def mark(self, node: bytes, verdicts: Sequence[tuple[bytes, str, int | None]], last: int = END) -> None:
        """Write down (object, verdict, receipt's number) as a node said. Objects not queued for it are passed over.

        ``last``: up to this position only; not for documents, which never say something else later.
        """
        self._mark(node, [(subject, verdict, receipt) for subject, verdict, receipt in verdicts], last)

    def reset(self, node: bytes, objects: Iterable[bytes]) -> None:
        """Take verdicts back: the objects are pending again, at their old positions."""
        self._mark(node, [(subject, None, None) for subject in objects])

    def marks(self, ids: Iterable[bytes]) -> dict[bytes, list[Mark]]:
        """How far each document or other object has come, by its id and for every node it is for."""
        wanted = list(dict.fromkeys(ids))
        at = self._session.find_positions(wanted)
        names = {at[subject]: subject for subject in wanted if subject in at}
        found: dict[bytes, list[Mark]] = {}
        for name, *mark in self._db.by_values(_MARKS, names):
            found.setdefault(names[name], []).append(Mark._make(mark))
        for name, *mark in self._db.by_values(_OBJECT_MARKS, (subject for subject in wanted if subject not in at)):
            found.setdefault(name, []).append(Mark._make(mark))
        return found

    def count_pending(self) -> dict[bytes, tuple[int, int]]:
        """By node: how many objects have no receipt, and the first one's position."""
        return {node: (count, oldest) for node, count, oldest in self._db.all(_COUNT_PENDING)}

    def undecided(self) -> dict[bytes, list[bytes]]:
        """By node: documents that were held or waiting there. Walks all: after a restore only."""
        found: dict[bytes, list[bytes]] = {}
        for node, document in self._db.all(_UNDECIDED):
            found.setdefault(node, []).append(document)
        return found

    def drop_pending(self, node: bytes) -> int:
        """Forget what waits for a node; how many objects."""
        return self._db.run(_DROP, node=node)

    def last_position(self) -> int:
        """The highest position ever given."""
        return self._session.last("outgoing")

    def _mark(self, node: bytes, verdicts: Sequence[tuple[bytes, str | None, int | None]], last: int = END) -> None:
        at = self._session.find_positions(subject for subject, _, _ in verdicts)
        marked: tuple[list[Any], list[Any]] = ([], [])
        for subject, verdict, receipt in verdicts:
            position = at.get(subject)
            if position is None:
                marked[1].append((verdict, receipt, subject, node, last))
            else:
                marked[0].append((verdict, receipt, position, node))
        self._db.run_many(_MARK_DOCUMENT, marked[0])
        self._db.run_many(_MARK_OBJECT, marked[1])


class Receipts(Repository):
    """Receipts, as they stand on the wire."""

    def add(self, node: bytes, direction: str, wire: bytes, time: int) -> int:
        """Keep a receipt that was ``given`` to or ``got`` from a node; its number."""
        number = self._session.reserve("receipts", 1)[0]
        self._db.run_many(_RECEIPT_ADD, [(number, node, direction, time, wire)])
        return number

    def get(self, number: int) -> ReceiptRow | None:
        """One receipt, or None."""
        return self.get_many((number,)).get(number)

    def get_many(self, numbers: Iterable[int]) -> dict[int, ReceiptRow]:
        """Receipts by number."""
        return {row.id: row for row in self._db.by_values(_RECEIPT_GET, numbers)}

    def times(self, numbers: Iterable[int]) -> dict[int, int]:
        """When receipts were given or got (µs), by number."""
        return dict(self._db.by_values(_RECEIPT_TIME, numbers))


class Given(Repository):
    """First verdicts: a duplicate gets the same one again."""

    def add_many(self, rows: Sequence[GivenRow]) -> None:
        """Write first verdicts down; one that is there already stands."""
        at = self._session.find_positions(row[0] for row in rows)
        earlier = self._unstored(row[0] for row in rows)
        new = [row for row in rows if row[:2] not in earlier] if earlier else rows
        self._db.run_many(_GIVEN_ADD, [(at[row[0]], *row[1:]) for row in new if row[0] in at])
        self._db.run_many(_UNSTORED_ADD, [row for row in new if row[0] not in at])

    def put_many(self, rows: Sequence[GivenRow]) -> None:
        """Replace verdicts: for one that was not final (waiting, held)."""
        at = self._session.find_positions(row[0] for row in rows)
        self._db.run_many(_UNSTORED_DELETE, [row[:2] for row in rows if row[0] in at])
        self._db.run_many(_GIVEN_PUT, [(at[row[0]], *row[1:]) for row in rows if row[0] in at])
        self._db.run_many(_UNSTORED_PUT, [row for row in rows if row[0] not in at])

    def get_many(self, ids: Iterable[bytes]) -> dict[tuple[bytes, bytes], GivenRow]:
        """Verdicts by (document, recipient), of these documents and any recipient."""
        wanted = list(ids)
        at = self._session.find_positions(wanted)
        found = self._unstored(wanted)
        rows = self._db.by_values(_GIVEN_GET, (at[document] for document in wanted if document in at))
        found.update({(row[0], row[1]): row for row in rows})
        return found

    def _unstored(self, ids: Iterable[bytes]) -> dict[tuple[bytes, bytes], GivenRow]:
        if self._db.one(_UNSTORED_ANY) is None:  # as nearly always: spares a look-up for every document
            return {}
        return {(row[0], row[1]): row for row in self._db.by_values(_UNSTORED_GET, ids)}


def _pending(rows: Iterable[Sequence[Any]]) -> list[Pending]:
    found: list[Pending] = []
    for values, held in fold_parts(rows, len(_ITEM)):
        if values[1] == DOCUMENT:
            found.append(Pending._make((*values, held)))
        else:
            found.append(Pending._make((*values[:3], "", b"", b"", b"", b"", b"", b"", ())))
    return found
