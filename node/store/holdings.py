"""What local members have to do with documents: tables ``holdings``, ``follows``, ``waiting``, ``decisions``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import NamedTuple

import sqlalchemy as sa

from node.store.repository import NOWHERE, Repository
from node.store.schema import UNSETTLED, decisions, documents, follows, holdings, waiting
from node.store.sql import ListQuery, Query, Statement, first, insert_new, insert_rows, plain


class NewHolding(NamedTuple):
    """A member's relation to a stored document: sent, received or adopted. ``partner``: the other member."""

    member: bytes
    document: bytes
    direction: str
    verdict: str
    reason: str
    partner: bytes
    time: int


class HoldingRow(NamedTuple):
    """A holding with what lists show of its document. ``position`` is the member's feed cursor."""

    position: int
    member: bytes
    direction: str
    verdict: str
    reason: str
    partner: bytes
    time: int
    read: int
    document: bytes
    document_position: int
    type: str
    author: bytes
    audience: bytes
    thread: bytes
    business_key: str
    revision: int
    document_time: int
    size: int


class WaitingRow(NamedTuple):
    """A stored document that waits for something. ``kind``: parent, attachment, history or type."""

    document: bytes
    missing: bytes
    kind: str


class DecisionRow(NamedTuple):
    """What a person decided about a held document."""

    document: bytes
    by: str
    decision: str
    time: int
    note: str


_ADD = insert_new(
    holdings, ("position", "member", "document", "direction", "verdict", "reason", "partner", "time", "read")
)
_ROW = sa.select(
    holdings.c.position,
    holdings.c.member,
    holdings.c.direction,
    holdings.c.verdict,
    holdings.c.reason,
    holdings.c.partner,
    holdings.c.time,
    holdings.c.read,
    documents.c.id,
    documents.c.position,
    documents.c.type,
    documents.c.author,
    documents.c.audience,
    sa.func.coalesce(documents.c.thread, documents.c.id),
    documents.c.business_key,
    documents.c.revision,
    documents.c.time,
    documents.c.size,
).select_from(holdings.join(documents, documents.c.position == holdings.c.document))
_MEMBER = holdings.c.member == sa.bindparam("member")
_FORWARD = (_ROW.where(holdings.c.position > sa.bindparam("at")).order_by(holdings.c.position)).limit(
    sa.bindparam("limit")
)
_BACKWARD = (_ROW.where(holdings.c.position < sa.bindparam("at")).order_by(holdings.c.position.desc())).limit(
    sa.bindparam("limit")
)
_BY_DOCUMENT = Query(
    HoldingRow._make, _ROW.where(holdings.c.document == sa.bindparam("document")).order_by(holdings.c.position)
)
_UNSETTLED = ListQuery(HoldingRow._make, lambda v: _ROW.where(UNSETTLED, holdings.c.document.in_(v)))
_BY_DOCUMENTS = ListQuery(HoldingRow._make, lambda v: _ROW.where(_MEMBER, holdings.c.document.in_(v)))
_SET_VERDICT = Statement(
    sa.update(holdings)
    .where(holdings.c.member == sa.bindparam("whose"), holdings.c.document == sa.bindparam("which"))
    .values(verdict=sa.bindparam("verdict"), reason=sa.bindparam("reason"), position=sa.bindparam("position"))
)
_MARK_READ = Statement(
    sa.update(holdings)
    .where(holdings.c.member == sa.bindparam("whose"), holdings.c.document == sa.bindparam("which"))
    .values(read=sa.bindparam("read"))
)
_POSITION_OF = Query(
    first,
    sa.select(holdings.c.position).where(
        holdings.c.member == sa.bindparam("member"), holdings.c.document == sa.bindparam("document")
    ),
)
_BY_VERDICT = Query(
    plain,
    sa.select(holdings.c.verdict, sa.func.count()).group_by(holdings.c.verdict).order_by(holdings.c.verdict),
)

_ADD_FOLLOWS = insert_new(follows, ("document", "parent"))
_CHILDREN = ListQuery(
    plain,
    lambda v: (
        sa.select(follows.c.parent, documents.c.id)
        .select_from(follows.join(documents, documents.c.position == follows.c.document))
        .where(follows.c.parent.in_(v))
        .order_by(follows.c.parent, follows.c.document)
    ),
)
_ADD_WAITING = insert_new(waiting, ("document", "missing", "kind"))
_WAITING = sa.select(documents.c.id, waiting.c.missing, waiting.c.kind).select_from(
    waiting.join(documents, documents.c.position == waiting.c.document)
)
_WAITING_ORDER = (waiting.c.document, waiting.c.missing)
_WAITING_FOR = ListQuery(WaitingRow._make, lambda v: _WAITING.where(waiting.c.missing.in_(v)).order_by(*_WAITING_ORDER))
_WAITING_ANY = Query(first, sa.select(waiting.c.document).limit(sa.literal_column("1")))
_WAITING_OF = Query(
    WaitingRow._make,
    _WAITING.where(waiting.c.document == sa.bindparam("document")).order_by(*_WAITING_ORDER),
)
_WAITING_KIND = Query(
    WaitingRow._make,
    _WAITING.where(waiting.c.kind == sa.bindparam("kind")).order_by(*_WAITING_ORDER).limit(sa.bindparam("limit")),
)
_ARRIVED = Statement(
    sa.delete(waiting).where(
        waiting.c.document == sa.bindparam("document"), waiting.c.missing == sa.bindparam("missing")
    ),
    ("document", "missing"),
)
_WAITING_COUNT = Query(first, sa.select(sa.func.count(waiting.c.document.distinct())))

_DECIDE = insert_rows(decisions, ("position", *DecisionRow._fields))
_DECISIONS = Query(
    DecisionRow._make,
    sa.select(*(decisions.c[name] for name in DecisionRow._fields))
    .where(decisions.c.document == sa.bindparam("document"))
    .order_by(decisions.c.position),
)


@cache
def _filtered(back: bool, member: bool, verdict: str, kind: bool) -> Query[HoldingRow]:
    """A list; ``verdict`` is none, applied or unsettled (any other one: the partial index serves it)."""
    chosen = _BACKWARD if back else _FORWARD
    if member:
        chosen = chosen.where(_MEMBER)
    if verdict != "none":
        chosen = chosen.where(holdings.c.verdict == sa.bindparam("verdict"))
    if verdict == "unsettled":
        chosen = chosen.where(UNSETTLED)
    if kind:
        chosen = chosen.where(documents.c.type == sa.bindparam("type"))
    return Query(HoldingRow._make, chosen)


_END = 2**62


_DEALINGS_OF = Query(
    plain,
    sa.select(holdings.c.partner, documents.c.id)
    .select_from(holdings.join(documents, documents.c.position == holdings.c.document))
    .where(_MEMBER)
    .order_by(holdings.c.position),
)
_DEALINGS_WITH = Query(
    plain,
    sa.select(holdings.c.member, documents.c.id)
    .select_from(holdings.join(documents, documents.c.position == holdings.c.document))
    .where(holdings.c.partner == sa.bindparam("partner"))
    .order_by(holdings.c.position),
)


class Holdings(Repository):
    """Which local member sent or received what, and with which verdict."""

    def add_many(self, rows: Sequence[NewHolding]) -> None:
        """Add holdings of stored documents; a (member, document) that is there already is left alone.

        LookupError if a document is not stored.
        """
        if not rows:
            return
        at = self._session.find_positions(row[1] for row in rows)
        missing = [row[1] for row in rows if row[1] not in at]
        if missing:
            raise LookupError(f"holding of a document that is not stored: {missing[0].hex()[:12]}")
        positions = self._session.reserve("holdings", len(rows))
        self._db.run_many(
            _ADD, [(position, row[0], at[row[1]], *row[2:7], 0) for position, row in zip(positions, rows, strict=True)]
        )

    def after(
        self, member: bytes | None, cursor: int, limit: int, *, verdict: str | None = None, kind: str | None = None
    ) -> list[HoldingRow]:
        """The feed: at most ``limit`` holdings behind ``cursor``, oldest first; of every local member with None."""
        return self._list(False, member, cursor, limit, verdict, kind)

    def before(
        self,
        member: bytes | None,
        limit: int,
        *,
        before: int = _END,
        verdict: str | None = None,
        kind: str | None = None,
    ) -> list[HoldingRow]:
        """A list for people: newest first, going on ``before`` a position."""
        return self._list(True, member, before, limit, verdict, kind)

    def get(self, member: bytes, document: bytes) -> HoldingRow | None:
        """One member's holding of one document, or None: as many look-ups whether somebody else has it or nobody."""
        at = self._session.position(document) or NOWHERE
        return next(iter(self._db.by_values(_BY_DOCUMENTS, (at,), member=member)), None)

    def get_many(self, member: bytes, ids: Iterable[bytes]) -> dict[bytes, HoldingRow]:
        """One member's holdings of documents, by document id."""
        wanted = list(ids)
        at = self._session.find_positions(wanted)
        positions = [at[document] for document in wanted if document in at]
        return {row.document: row for row in self._db.by_values(_BY_DOCUMENTS, positions, member=member)}

    def by_document(self, document: bytes) -> list[HoldingRow]:
        """Every local member's holding of one document."""
        at = self._session.position(document)
        return [] if at is None else self._db.all(_BY_DOCUMENT, document=at)

    def unsettled(self, ids: Iterable[bytes]) -> list[HoldingRow]:
        """Every local member's holding of these documents that is not applied."""
        wanted = list(ids)
        at = self._session.find_positions(wanted)
        return self._db.by_values(_UNSETTLED, (at[document] for document in wanted if document in at))

    def set_verdict(
        self, member: bytes, document: bytes, verdict: str, reason: str = "", *, again: bool = True
    ) -> bool:
        """Change a verdict; ``again``: under a new position, so that feeds show it again. False if there is none."""
        at = self._session.position(document)
        position = None if at is None else self._db.one(_POSITION_OF, member=member, document=at)
        if position is None:
            return False
        if again:
            position = self._session.reserve("holdings", 1)[0]
        touched = self._db.run(_SET_VERDICT, whose=member, which=at, verdict=verdict, reason=reason, position=position)
        return touched > 0

    def mark_read(self, member: bytes, document: bytes, time: int) -> None:
        """A person saw it, at ``time`` (µs)."""
        self._db.run(_MARK_READ, whose=member, which=self._session.position(document), read=time)

    def dealings_of(self, member: bytes) -> list[tuple[bytes, bytes]]:
        """(partner, document id) of everything that a local member holds. Walks all of it: after a restore only."""
        return self._db.all(_DEALINGS_OF, member=member)

    def dealings_with(self, partner: bytes) -> list[tuple[bytes, bytes]]:
        """(local member, document id) of everything dealt with ``partner``. Walks all: after a restore only."""
        return self._db.all(_DEALINGS_WITH, partner=partner)

    def last_position(self) -> int:
        """The highest feed position ever given."""
        return self._session.last("holdings")

    def count_by_verdict(self) -> dict[str, int]:
        """How many holdings have each verdict (walks the table: not for a hot path)."""
        return dict(self._db.all(_BY_VERDICT))

    def _list(
        self, back: bool, member: bytes | None, at: int, limit: int, verdict: str | None, kind: str | None
    ) -> list[HoldingRow]:
        which = "none" if verdict is None else "applied" if verdict == "applied" else "unsettled"
        query = _filtered(back, member is not None, which, kind is not None)
        return self._db.all(query, member=member, at=at, limit=limit, verdict=verdict, type=kind)


class Follows(Repository):
    """Which document follows which."""

    def add_many(self, pairs: Sequence[tuple[bytes, bytes]]) -> None:
        """Add (document, parent) pairs; the document is stored, the parent need not be."""
        at = self._session.find_positions(document for document, _ in pairs)
        self._db.run_many(_ADD_FOLLOWS, [(at[document], parent) for document, parent in pairs])

    def children(self, parents: Iterable[bytes]) -> list[tuple[bytes, bytes]]:
        """(parent, document) of every stored document that follows one of ``parents``."""
        return self._db.by_values(_CHILDREN, parents)


class Waiting(Repository):
    """What stored documents wait for."""

    def add_many(self, rows: Sequence[WaitingRow]) -> None:
        """Add what is missing; twice is once."""
        at = self._session.find_positions(row[0] for row in rows)
        self._db.run_many(_ADD_WAITING, [(at[row[0]], row[1], row[2]) for row in rows])

    def for_missing(self, missing: Iterable[bytes]) -> list[WaitingRow]:
        """Who waits for any of these."""
        if self._db.one(_WAITING_ANY) is None:
            return []
        return self._db.by_values(_WAITING_FOR, missing)

    def of(self, document: bytes) -> list[WaitingRow]:
        """What one document waits for."""
        at = self._session.position(document)
        return [] if at is None else self._db.all(_WAITING_OF, document=at)

    def by_kind(self, kind: str, limit: int) -> list[WaitingRow]:
        """Documents that wait for one kind of thing, oldest first."""
        return self._db.all(_WAITING_KIND, kind=kind, limit=limit)

    def remove_many(self, pairs: Sequence[tuple[bytes, bytes]]) -> None:
        """(document, missing) that wait no longer."""
        at = self._session.find_positions(document for document, _ in pairs)
        self._db.run_many(_ARRIVED, [(at[document], missing) for document, missing in pairs])

    def count(self) -> int:
        """Documents that wait for something."""
        return self._db.one(_WAITING_COUNT) or 0


class Decisions(Repository):
    """Decisions of people, kept for good."""

    def add(self, row: DecisionRow) -> None:
        """Write one down."""
        self._db.run_many(_DECIDE, [(self._session.reserve("decisions", 1)[0], *row)])

    def by_document(self, document: bytes) -> list[DecisionRow]:
        """Every decision about one document, oldest first."""
        return self._db.all(_DECISIONS, document=document)
