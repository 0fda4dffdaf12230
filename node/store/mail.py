"""Mail kept for others, left with others, and collected. Owns the statements of these tables; decides nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from node.store.repository import Repository
from node.store.schema_mail import mail_boxes, mail_documents, mail_kept, mail_left, mail_left_at, mail_taken
from node.store.sql import ListQuery, Query, Statement, first, insert_new, plain, upsert


class KeptRow(NamedTuple):
    """A parcel (kind ``member``) or a carried piece (``node``) that lies here for somebody else; times µs UTC."""

    id: bytes
    kind: str
    receiver: bytes
    sender: bytes
    size: int
    stored: int
    expires: int
    wire: bytes


class KeptLabel(NamedTuple):
    """The same without its bytes."""

    id: bytes
    kind: str
    receiver: bytes
    sender: bytes
    size: int
    stored: int
    expires: int


class LeftRow(NamedTuple):
    """What this node made for a dark ``node``, to be left with others; ``last``: position of the stream it reaches."""

    id: bytes
    kind: str
    node: bytes
    receiver: bytes
    last: int
    made: int
    expires: int
    wire: bytes


class LeftLabel(NamedTuple):
    """The same without its bytes."""

    id: bytes
    kind: str
    node: bytes
    receiver: bytes
    last: int
    made: int
    expires: int


class TakenRow(NamedTuple):
    """What was collected. ``holdings``: what has to be safe before its keepers may delete it."""

    id: bytes
    member: bytes
    holdings: int
    time: int
    expires: int


class Room(NamedTuple):
    """How many things take how many bytes."""

    things: int
    size: int


_bind = sa.bindparam
_BOX_GET = Query(first, sa.select(mail_boxes.c.wire).where(mail_boxes.c.member == _bind("member")))
_BOX_PUT = upsert(mail_boxes, ("member", "wire", "updated"))
_LABEL = sa.select(*(mail_kept.c[name] for name in KeptLabel._fields))
_KEPT_FOR = Query(
    KeptLabel._make,
    _LABEL.where(mail_kept.c.kind == _bind("kind"), mail_kept.c.receiver == _bind("receiver"))
    .order_by(mail_kept.c.stored, mail_kept.c.id)
    .limit(_bind("limit")),
)
_KEPT = Query(KeptLabel._make, _LABEL.order_by(mail_kept.c.stored, mail_kept.c.id))
_KEPT_GET = ListQuery(
    KeptRow._make,
    lambda v: sa.select(*(mail_kept.c[name] for name in KeptRow._fields)).where(mail_kept.c.id.in_(v)),
)
_KEPT_ADD = insert_new(mail_kept, KeptRow._fields)
_KEPT_DELETE = Statement(sa.delete(mail_kept).where(mail_kept.c.id == _bind("id")))
_KEPT_FORGET = Statement(
    sa.delete(mail_kept).where(
        mail_kept.c.kind == sa.literal_column("'member'"), mail_kept.c.receiver == _bind("receiver")
    )
)
_BOX_FORGET = Statement(sa.delete(mail_boxes).where(mail_boxes.c.member == _bind("receiver")))
_KEPT_EXPIRE = Statement(sa.delete(mail_kept).where(mail_kept.c.expires <= _bind("now")))
_ROOM = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(mail_kept.c.size), sa.literal_column("0")))
_ROOM_OF = Query(Room._make, _ROOM.where(mail_kept.c.kind == _bind("kind"), mail_kept.c.receiver == _bind("receiver")))
_ROOM_FROM = Query(
    Room._make,
    _ROOM.where(
        mail_kept.c.kind == _bind("kind"),
        mail_kept.c.receiver == _bind("receiver"),
        mail_kept.c.sender == _bind("sender"),
    ),
)
_ROOM_KIND = Query(Room._make, _ROOM.where(mail_kept.c.kind == _bind("kind")))
_RECEIVERS = Query(
    first,
    sa.select(mail_kept.c.receiver).where(mail_kept.c.kind == _bind("kind")).distinct().order_by(mail_kept.c.receiver),
)
_LEFT = sa.select(*(mail_left.c[name] for name in LeftRow._fields))
_LEFT_GET = ListQuery(LeftRow._make, lambda v: _LEFT.where(mail_left.c.id.in_(v)))
_LEFT_LABEL = sa.select(*(mail_left.c[name] for name in LeftLabel._fields)).order_by(mail_left.c.made, mail_left.c.id)
_LEFT_FOR = Query(LeftLabel._make, _LEFT_LABEL.where(mail_left.c.node == _bind("node")))
_LEFT_ALL = Query(LeftLabel._make, _LEFT_LABEL)
_LEFT_ADD = insert_new(mail_left, LeftRow._fields)
_AT = ListQuery(
    plain,
    lambda v: sa.select(mail_left_at.c.id, mail_left_at.c.keeper, mail_left_at.c.time).where(mail_left_at.c.id.in_(v)),
)
_AT_PUT = upsert(mail_left_at, ("id", "keeper", "time", "kept"))
_OF_DOCUMENTS = ListQuery(
    plain,
    lambda v: (
        sa.select(mail_documents.c.document, mail_left.c.kind, mail_left.c.id)
        .select_from(mail_documents.join(mail_left, mail_left.c.id == mail_documents.c.id))
        .where(mail_documents.c.document.in_(v))
    ),
)
_DOCUMENTS_OF = ListQuery(
    plain, lambda v: sa.select(mail_documents.c.id, mail_documents.c.document).where(mail_documents.c.id.in_(v))
)
_DOCUMENTS_ADD = insert_new(mail_documents, ("document", "id"))
_LEFT_DELETE = tuple(
    Statement(sa.delete(table).where(table.c.id == _bind("id"))) for table in (mail_documents, mail_left_at, mail_left)
)
_TAKEN = sa.select(*(mail_taken.c[name] for name in TakenRow._fields))
_TAKEN_GET = ListQuery(TakenRow._make, lambda v: _TAKEN.where(mail_taken.c.id.in_(v)))
_TAKEN_PUT = upsert(mail_taken, TakenRow._fields)
_TAKEN_EXPIRE = Statement(sa.delete(mail_taken).where(mail_taken.c.expires <= _bind("now")))


class Mail(Repository):
    """Boxes, parcels and pieces."""

    def box(self, member: bytes) -> bytes | None:
        """A ward's box as its home signed it, or None."""
        return self._db.one(_BOX_GET, member=member)

    def put_box(self, member: bytes, wire: bytes, now: int) -> None:
        """Set it."""
        self._db.run_many(_BOX_PUT, [(member, wire, now)])

    # kept for others

    def kept_for(self, kind: str, receiver: bytes, limit: int) -> list[KeptLabel]:
        """What waits here for one member or node, oldest first."""
        return self._db.all(_KEPT_FOR, kind=kind, receiver=receiver, limit=limit)

    def kept_all(self) -> list[KeptLabel]:
        """Everything that waits here, oldest first."""
        return self._db.all(_KEPT)

    def kept(self, ids: Iterable[bytes]) -> dict[bytes, KeptRow]:
        """By id, with the bytes."""
        return {row.id: row for row in self._db.by_values(_KEPT_GET, ids)}

    def keep(self, row: KeptRow) -> None:
        """Keep one; what is there stays."""
        self._db.run_many(_KEPT_ADD, [row])

    def delete(self, ids: Iterable[bytes]) -> None:
        """Delete what was kept."""
        for name in ids:
            self._db.run(_KEPT_DELETE, id=name)

    def forget_ward(self, member: bytes) -> None:
        """Delete a ward's box and mail."""
        for statement in (_KEPT_FORGET, _BOX_FORGET):
            self._db.run(statement, receiver=member)

    def room(self, kind: str, receiver: bytes = b"", sender: bytes = b"") -> Room:
        """What all of one kind take, or those for one receiver, or of these those of one sender."""
        if sender:
            found = self._db.one(_ROOM_FROM, kind=kind, receiver=receiver, sender=sender)
        elif receiver:
            found = self._db.one(_ROOM_OF, kind=kind, receiver=receiver)
        else:
            found = self._db.one(_ROOM_KIND, kind=kind)
        return found or Room(0, 0)

    def receivers(self, kind: str) -> list[bytes]:
        """For whom something waits here."""
        return self._db.all(_RECEIVERS, kind=kind)

    # left with others

    def leave(self, row: LeftRow, documents: Sequence[bytes]) -> None:
        """Note what is to be left with others, and which documents are in it."""
        self._db.run_many(_LEFT_ADD, [row])
        self._db.run_many(_DOCUMENTS_ADD, [(document, row.id) for document in documents])

    def left(self, ids: Iterable[bytes]) -> dict[bytes, LeftRow]:
        """By id."""
        return {row.id: row for row in self._db.by_values(_LEFT_GET, ids)}

    def left_for(self, node: bytes) -> list[LeftLabel]:
        """Everything made for one dark node, oldest first."""
        return self._db.all(_LEFT_FOR, node=node)

    def left_all(self) -> list[LeftLabel]:
        """Everything that was made, oldest first."""
        return self._db.all(_LEFT_ALL)

    def keepers(self, ids: Iterable[bytes]) -> dict[bytes, set[bytes]]:
        """By id: who has acknowledged it."""
        found: dict[bytes, set[bytes]] = {}
        for name, keeper, _ in self._db.by_values(_AT, ids):
            found.setdefault(name, set()).add(keeper)
        return found

    def put_keeper(self, name: bytes, keeper: bytes, now: int, kept: bytes) -> None:
        """Somebody has acknowledged it."""
        self._db.run_many(_AT_PUT, [(name, keeper, now, kept)])

    def of_documents(self, documents: Iterable[bytes], kind: str) -> dict[bytes, list[bytes]]:
        """By document: the ids of the parcels (kind ``member``) or pieces (``node``) that it was laid into."""
        found: dict[bytes, list[bytes]] = {}
        for document, of_kind, name in self._db.by_values(_OF_DOCUMENTS, documents):
            if of_kind == kind:
                found.setdefault(document, []).append(name)
        return found

    def documents_of(self, ids: Iterable[bytes]) -> dict[bytes, list[bytes]]:
        """By id: the documents in it."""
        found: dict[bytes, list[bytes]] = {}
        for name, document in self._db.by_values(_DOCUMENTS_OF, ids):
            found.setdefault(name, []).append(document)
        return found

    def take_back(self, ids: Iterable[bytes]) -> None:
        """Forget what was left: it has arrived, or its time is over."""
        for name in ids:
            for statement in _LEFT_DELETE:
                self._db.run(statement, id=name)

    # collected

    def taken(self, ids: Iterable[bytes]) -> dict[bytes, TakenRow]:
        """By id: what was collected before."""
        return {row.id: row for row in self._db.by_values(_TAKEN_GET, ids)}

    def put_taken(self, row: TakenRow) -> None:
        """Note it."""
        self._db.run_many(_TAKEN_PUT, [row])

    def expire(self, now: int) -> int:
        """Delete what was kept long enough; how many things."""
        self._db.run(_TAKEN_EXPIRE, now=now)
        return self._db.run(_KEPT_EXPIRE, now=now)
