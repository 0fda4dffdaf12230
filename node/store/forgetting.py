"""Removing what was a member's: rows by member, and documents that nobody else here holds. Decides nothing.

Not removed: control logs, the last signed head, the access log, receipts (they hold ids, no content).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import sqlalchemy as sa

from node.store.repository import Repository
from node.store.schema import (
    attachment_uses,
    attachments,
    decisions,
    documents,
    follows,
    given,
    holdings,
    journal,
    keys_used,
    outgoing,
    parts,
    threads,
    users,
    waiting,
)
from node.store.schema_deeds import deeds
from node.store.schema_desk import bills, books, catalogues, talks
from node.store.schema_grants import replenishments, sales_grants, sales_told, sales_weeks, store_areas
from node.store.schema_intake import import_files
from node.store.schema_notices import notice_people, notice_sends, notices, push_subscriptions
from node.store.schema_people import sessions, view_grants
from node.store.sql import Query, Statement, first, plain

SLOTS: Final = 8  # of parts, for each position


class Held(NamedTuple):
    """A document of the member. ``shared``: somebody else here holds it too."""

    position: int
    id: bytes
    shared: bool


_MEMBER: Final[sa.BindParameter[bytes]] = sa.bindparam("member")
_LIMIT: Final = sa.bindparam("limit", type_=sa.Integer())
_other = holdings.alias("other")
_SHARED = sa.exists().where(_other.c.document == holdings.c.document, _other.c.member != _MEMBER)
_YES: Final[sa.ColumnElement[int]] = sa.literal_column("1")
_NO: Final[sa.ColumnElement[int]] = sa.literal_column("0")
_NEXT = Query(
    plain,
    sa.select(
        documents.c.position, documents.c.id, sa.case((_SHARED, sa.literal_column("1")), else_=sa.literal_column("0"))
    )
    .join(documents, documents.c.position == holdings.c.document)
    .where(holdings.c.member == _MEMBER)
    .order_by(holdings.c.position)
    .limit(_LIMIT),
)
_THEIR_USERS = sa.select(users.c.id).where(users.c.member == _MEMBER)
_OF_PEOPLE = tuple(
    Statement(sa.delete(table).where(table.c.user.in_(_THEIR_USERS)))
    for table in (sessions, notice_people, push_subscriptions)
)
_SENDS = Statement(
    sa.delete(notice_sends).where(
        notice_sends.c.notice.in_(sa.select(notices.c.position).where(notices.c.member == _MEMBER))
    )
)
_BY_MEMBER = tuple(
    Statement(sa.delete(table).where(table.c.member == _MEMBER))
    for table in (
        journal,
        threads,
        books,
        bills,
        talks,
        catalogues,
        notices,
        import_files,
        view_grants,
        sales_grants,
        sales_told,
        store_areas,
        sales_weeks,
        replenishments,
        deeds,
    )
)
_HOLDING = Statement(
    sa.delete(holdings).where(holdings.c.document == sa.bindparam("at"), holdings.c.member == _MEMBER), ("at", "member")
)
_PARTS = Statement(
    sa.delete(parts).where(parts.c.slot >= sa.bindparam("low"), parts.c.slot < sa.bindparam("high")), ("low", "high")
)
_AT = tuple(
    Statement(sa.delete(table).where(table.c[name] == sa.bindparam("at")), ("at",))
    for table, name in (
        (outgoing, "document"), (given, "document"), (follows, "document"), (waiting, "document"),
        (documents, "position"),
    )
)  # fmt: skip
_ROOTS = Query(first, sa.select(attachment_uses.c.root).where(attachment_uses.c.document == sa.bindparam("document")))
_NAMED = tuple(
    Statement(sa.delete(table).where(table.c.document == sa.bindparam("document")), ("document",))
    for table in (keys_used, attachment_uses, decisions)
)
_USED = Query(
    first, sa.select(attachment_uses.c.root).where(attachment_uses.c.root == sa.bindparam("root")).limit(_LIMIT)
)
_ATTACHMENT = Statement(sa.delete(attachments).where(attachments.c.root == sa.bindparam("root")))


class Forgetting(Repository):
    """What removes a member's data, in steps."""

    def documents_of(self, member: bytes, limit: int) -> list[Held]:
        """The next documents that are still held for the member."""
        rows = self._db.all(_NEXT, member=member, limit=limit)
        return [Held(int(row[0]), row[1], bool(row[2])) for row in rows]

    def let_go(self, member: bytes, held: Sequence[Held]) -> None:
        """The member holds these documents no more."""
        self._db.run_many(_HOLDING, [(item.position, member) for item in held])

    def remove(self, held: Sequence[Held]) -> list[bytes]:
        """Documents and all that hangs on them, for good; roots of attachments that nothing names any more."""
        roots: dict[bytes, None] = {}
        for item in held:
            roots.update(dict.fromkeys(self._db.all(_ROOTS, document=item.id)))
        self._db.run_many(_PARTS, [(item.position * SLOTS, (item.position + 1) * SLOTS) for item in held])
        for statement in _NAMED:
            self._db.run_many(statement, [(item.id,) for item in held])
        for statement in _AT:
            self._db.run_many(statement, [(item.position,) for item in held])
        free = [root for root in roots if not self._db.all(_USED, root=root, limit=1)]
        for root in free:
            self._db.run(_ATTACHMENT, root=root)
        self._session.forget()
        return free

    def rows_of(self, member: bytes) -> None:
        """Journal, views, notices, sessions and files half imported."""
        for statement in (*_OF_PEOPLE, _SENDS, *_BY_MEMBER):
            self._db.run(statement, member=member)
