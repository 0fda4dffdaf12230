"""Cards of members and the attachments that are known: tables ``cards``, ``attachments``, ``attachment_uses``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from node.store.repository import Repository
from node.store.schema import WAITS_THERE, attachment_uses, attachments, cards, documents, holdings, outgoing
from node.store.sql import ListQuery, Query, Statement, first, insert_new, plain, upsert


class CardRow(NamedTuple):
    """A member's public card. ``change``: its place in the order of changes here, given when it is put (pass 0)."""

    member: bytes
    version: int
    node: bytes
    name: str
    kana: str
    corporate_number: str
    industry: str
    area: str
    words: str
    updated: int
    change: int
    wire: bytes


class AttachmentRow(NamedTuple):
    """An attachment of which something is here. ``have``: one bit for each chunk, as the caller packs them."""

    root: bytes
    size: int
    media_type: str
    chunks: int
    complete: bool
    added: int
    have: bytes


_CARD = sa.select(*(cards.c[name] for name in CardRow._fields))
_PUT = upsert(cards, CardRow._fields)
_GET = ListQuery(CardRow._make, lambda v: _CARD.where(cards.c.member.in_(v)))
_CHANGED = Query(
    CardRow._make,
    _CARD.where(cards.c.change > sa.bindparam("change")).order_by(cards.c.change).limit(sa.bindparam("limit")),
)
_DELETE_ONE = Statement(sa.delete(cards).where(cards.c.member == sa.bindparam("member")))
_COUNT_OF = Query(first, sa.select(sa.func.count()).select_from(cards).where(cards.c.node == sa.bindparam("node")))
_COUNT = Query(first, sa.select(sa.func.count()).select_from(cards))


def _text(name: str) -> sa.ColumnElement[bool]:
    wanted = sa.bindparam(name, type_=sa.Text())
    matches = cards.c.words.like(wanted, escape="\\")
    return sa.or_(sa.cast(wanted, sa.Text()).is_(None), matches)


def _equal(name: str) -> sa.ColumnElement[bool]:
    wanted = sa.bindparam(name, type_=sa.Text())
    return sa.or_(sa.cast(wanted, sa.Text()).is_(None), cards.c[name] == wanted)


def _prefix(name: str) -> sa.ColumnElement[bool]:
    wanted = sa.bindparam(name, type_=sa.Text())
    return sa.or_(sa.cast(wanted, sa.Text()).is_(None), cards.c[name].like(wanted, escape="\\"))


_FIND = Query(
    CardRow._make,
    _CARD.where(_text("text"), _equal("corporate_number"), _prefix("industry"), _prefix("area"))
    .order_by(cards.c.name, cards.c.member)
    .limit(sa.bindparam("limit"))
    .offset(sa.bindparam("offset")),
)
_BY_NUMBER = Query(
    CardRow._make,
    _CARD.where(cards.c.corporate_number == sa.bindparam("corporate_number")).order_by(cards.c.member),
)

_ATTACHMENT = sa.select(*(attachments.c[name] for name in AttachmentRow._fields))
_ATTACHMENT_PUT = upsert(attachments, AttachmentRow._fields)
_ATTACHMENT_GET = ListQuery(AttachmentRow._make, lambda v: _ATTACHMENT.where(attachments.c.root.in_(v)))
_INCOMPLETE = Query(
    AttachmentRow._make,
    _ATTACHMENT.where(attachments.c.complete == sa.bindparam("complete"))
    .order_by(attachments.c.added, attachments.c.root)
    .limit(sa.bindparam("limit")),
)
_ATTACHMENT_DELETE = Statement(sa.delete(attachments).where(attachments.c.root == sa.bindparam("root")))
_USE = insert_new(attachment_uses, ("root", "document"))
_USES = ListQuery(
    plain,
    lambda v: (
        sa.select(attachment_uses.c.root, attachment_uses.c.document)
        .where(attachment_uses.c.root.in_(v))
        .order_by(attachment_uses.c.root, attachment_uses.c.document)
    ),
)
_NAMED_TO = Query(
    first,
    sa.select(holdings.c.position)
    .select_from(
        attachment_uses.join(documents, documents.c.id == attachment_uses.c.document).join(
            holdings, holdings.c.document == documents.c.position
        )
    )
    .where(attachment_uses.c.root == sa.bindparam("root"), holdings.c.member == sa.bindparam("member"))
    .limit(1),
)
_AWAITED = Query(
    plain,
    sa.select(outgoing.c.node, attachment_uses.c.root, attachment_uses.c.document)
    .select_from(
        outgoing.join(documents, documents.c.position == outgoing.c.document).join(
            attachment_uses, attachment_uses.c.document == documents.c.id
        )
    )
    .where(WAITS_THERE)
    .order_by(outgoing.c.position, attachment_uses.c.root)
    .limit(sa.bindparam("limit")),
)
_LACKING = Query(
    plain,
    sa.select(attachment_uses.c.root, attachment_uses.c.document)
    .select_from(attachment_uses.outerjoin(attachments, attachments.c.root == attachment_uses.c.root))
    .where(sa.or_(attachments.c.root.is_(None), attachments.c.complete == sa.bindparam("complete")))
    .order_by(attachment_uses.c.root, attachment_uses.c.document)
    .limit(sa.bindparam("limit")),
)


class Cards(Repository):
    """The directory."""

    def put_many(self, rows: Sequence[CardRow]) -> None:
        """Add or replace cards; each becomes the latest change."""
        if rows:
            changes = self._session.reserve("cards", len(rows))
            self._db.run_many(_PUT, [(*row[:10], at, row.wire) for at, row in zip(changes, rows, strict=True)])

    def get(self, member: bytes) -> CardRow | None:
        """One card, or None."""
        return self.get_many((member,)).get(member)

    def get_many(self, members: Iterable[bytes]) -> dict[bytes, CardRow]:
        """Cards by member."""
        return {row.member: row for row in self._db.by_values(_GET, members)}

    def changed_since(self, change: int, limit: int) -> list[CardRow]:
        """At most ``limit`` cards that changed after ``change``, in that order."""
        return self._db.all(_CHANGED, change=change, limit=limit)

    def find(
        self,
        text: str = "",
        *,
        corporate_number: str = "",
        industry: str = "",
        area: str = "",
        limit: int = 50,
        offset: int = 0,
    ) -> list[CardRow]:
        """Cards whose ``words`` hold ``text`` and whose industry and area begin as given; an empty value is any."""
        return self._db.all(
            _FIND,
            text=f"%{_escaped(text)}%" if text else None,
            corporate_number=corporate_number or None,
            industry=f"{_escaped(industry)}%" if industry else None,
            area=f"{_escaped(area)}%" if area else None,
            limit=limit,
            offset=offset,
        )

    def by_corporate_number(self, corporate_number: str) -> list[CardRow]:
        """Cards with this corporate number."""
        return self._db.all(_BY_NUMBER, corporate_number=corporate_number)

    def delete(self, member: bytes) -> None:
        """Remove a card."""
        self._db.run(_DELETE_ONE, member=member)

    def last_change(self) -> int:
        """The highest change ever given."""
        return self._session.last("cards")

    def count(self, node: bytes | None = None) -> int:
        """Cards here; only those that came from ``node`` if given."""
        found = self._db.one(_COUNT) if node is None else self._db.one(_COUNT_OF, node=node)
        return found or 0


class Attachments(Repository):
    """What is known of attachments; their bytes are files beside the store."""

    def put(self, row: AttachmentRow) -> None:
        """Add or replace one."""
        self._db.run_many(_ATTACHMENT_PUT, [row])

    def get(self, root: bytes) -> AttachmentRow | None:
        """One, or None."""
        return self.get_many((root,)).get(root)

    def get_many(self, roots: Iterable[bytes]) -> dict[bytes, AttachmentRow]:
        """Attachments by root."""
        return {row.root: row for row in self._db.by_values(_ATTACHMENT_GET, roots)}

    def incomplete(self, limit: int) -> list[AttachmentRow]:
        """Those with chunks missing, oldest first."""
        return self._db.all(_INCOMPLETE, complete=False, limit=limit)

    def delete(self, root: bytes) -> None:
        """Forget one."""
        self._db.run(_ATTACHMENT_DELETE, root=root)

    def use_many(self, pairs: Iterable[tuple[bytes, bytes]]) -> None:
        """(root, document): the document refers to the attachment."""
        self._db.run_many(_USE, pairs)

    def uses(self, roots: Iterable[bytes]) -> list[tuple[bytes, bytes]]:
        """(root, document) of every use of these attachments."""
        return self._db.by_values(_USES, roots)

    def is_named_to(self, root: bytes, member: bytes) -> bool:
        """Whether a document that ``member`` holds names this attachment."""
        return self._db.one(_NAMED_TO, root=root, member=member) is not None

    def lacking(self, limit: int) -> list[tuple[bytes, bytes]]:
        """(root, document) of attachments that documents name and that are not complete here."""
        return self._db.all(_LACKING, complete=False, limit=limit)

    def awaited(self, limit: int) -> list[tuple[bytes, bytes, bytes]]:
        """(node, root, document) of documents that wait at the node they were sent to."""
        return self._db.all(_AWAITED, limit=limit)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
