"""The list of dealings, a view that the folds fill: table ``threads``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, NamedTuple

import sqlalchemy as sa

from node.store.repository import NOWHERE, Repository
from node.store.schema import documents, threads
from node.store.sql import ListQuery, Query, plain, upsert
from node.store.tables import BLOB, INT


class ThreadRow(NamedTuple):
    """One member's dealing as lists show it; ``heads`` as the caller packs them, ``amount`` in minor units."""

    member: bytes
    thread: bytes
    state: str
    partner: bytes
    first_type: str
    number: str
    amount: int | None
    currency: str
    updated: int
    next_actor: str
    documents: int
    heads: bytes


_ROW = sa.select(*(threads.c[name] for name in ThreadRow._fields))
_MEMBER = threads.c.member == sa.bindparam("member")
_PUT = upsert(threads, ("start", *ThreadRow._fields))
_GET = ListQuery(ThreadRow._make, lambda v: _ROW.where(_MEMBER, threads.c.start.in_(v)))
# Without the document that started it: that one is found by its id.
_FOLLOWERS = ListQuery(
    plain,
    lambda v: (
        sa.select(documents.c.thread, sa.func.min(documents.c.position))
        .where(documents.c.thread.in_(v))
        .group_by(documents.c.thread)
    ),
)
_FILTERS: dict[str, Any] = {name: threads.c[name] == sa.bindparam(name) for name in ("state", "next_actor", "partner")}
_END = (2**62, b"")


@cache
def _list(chosen: frozenset[str]) -> Query[ThreadRow]:
    wanted = [_FILTERS[name] for name in sorted(chosen)]
    place = sa.tuple_(threads.c.updated, threads.c.thread)
    seen = sa.tuple_(sa.bindparam("updated", type_=INT), sa.bindparam("thread", type_=BLOB))
    page = _ROW.where(_MEMBER, place < seen, *wanted).order_by(threads.c.updated.desc(), threads.c.thread.desc())
    return Query(ThreadRow._make, page.limit(sa.bindparam("limit")))


_STATES = Query(
    plain,
    sa.select(threads.c.state, sa.func.count()).where(_MEMBER).group_by(threads.c.state).order_by(threads.c.state),
)

#: Whoever writes one of these first is the buyer of the dealing; of any other, the seller.
_BUYER_OPENS = ("request_for_quotation", "order", "self_billed_statement", "payment_notice")
_BY_BUYER = sa.or_(*(threads.c.first_type == sa.literal_column(f"'{name}'") for name in _BUYER_OPENS))
_OWN = documents.c.author == sa.bindparam("member")
_IS_BUYER = sa.or_(sa.and_(_BY_BUYER, _OWN), sa.and_(sa.not_(_BY_BUYER), sa.not_(_OWN)))
_TURN = sa.case((_IS_BUYER, sa.literal_column("'buyer'")), else_=sa.literal_column("'seller'"))


def _by_turn(mine: bool) -> Query[ThreadRow]:
    """Dealings in which somebody must act: the member itself, or its partner."""
    whose = threads.c.next_actor == _TURN if mine else threads.c.next_actor != _TURN
    page = (
        _ROW.join(documents, documents.c.id == threads.c.thread)
        .where(_MEMBER, threads.c.next_actor != sa.literal_column("''"), whose)
        .order_by(threads.c.updated.desc(), threads.c.thread.desc())
    )
    return Query(ThreadRow._make, page.limit(sa.bindparam("limit")))


_MINE, _THEIRS = _by_turn(True), _by_turn(False)


_PARTNERS = Query(
    plain,
    sa.select(threads.c.partner, sa.func.count(), sa.func.max(threads.c.updated))
    .where(_MEMBER)
    .group_by(threads.c.partner)
    .order_by(sa.func.max(threads.c.updated).desc(), threads.c.partner)
    .limit(sa.bindparam("limit")),
)


class Threads(Repository):
    """Dealings by member. All of it can be folded again from the documents."""

    def put_many(self, rows: Sequence[ThreadRow]) -> None:
        """Add or replace dealings of which something is stored; LookupError for others."""
        starts = self._starts(row[1] for row in rows)
        missing = [row[1] for row in rows if row[1] not in starts]
        if missing:
            raise LookupError(f"a dealing of which nothing is stored: {missing[0].hex()[:12]}")
        self._db.run_many(_PUT, [(starts[row[1]], *row) for row in rows])

    def get(self, member: bytes, thread: bytes) -> ThreadRow | None:
        """One dealing, or None: as many look-ups whether it is somebody else's or nobody's."""
        start = self._starts((thread,)).get(thread, NOWHERE)
        rows = self._db.by_values(_GET, (start,), member=member)
        return next((row for row in rows if row.thread == thread), None)

    def get_many(self, member: bytes, wanted: Iterable[bytes]) -> dict[bytes, ThreadRow]:
        """One member's dealings by thread."""
        starts = self._starts(wanted)
        return {row.thread: row for row in self._db.by_values(_GET, starts.values(), member=member)}

    def _starts(self, wanted: Iterable[bytes]) -> dict[bytes, int]:
        """By dealing: the position of its first document here."""
        dealings = list(dict.fromkeys(wanted))
        at = self._session.find_positions(dealings)
        starts = {thread: at[thread] for thread in dealings if thread in at}
        for thread, position in self._db.by_values(_FOLLOWERS, dealings):
            starts[thread] = min(position, starts.get(thread, position))
        return starts

    def latest(
        self,
        member: bytes,
        limit: int,
        *,
        before: tuple[int, bytes] = _END,
        state: str | None = None,
        next_actor: str | None = None,
        partner: bytes | None = None,
    ) -> list[ThreadRow]:
        """At most ``limit`` dealings, latest first, behind ``before``: (updated, thread) of the last one seen."""
        values = {"state": state, "next_actor": next_actor, "partner": partner}
        chosen = frozenset(name for name, value in values.items() if value is not None)
        updated, thread = before
        return self._db.all(_list(chosen), member=member, updated=updated, thread=thread, limit=limit, **values)

    def by_turn(self, member: bytes, limit: int, *, mine: bool) -> list[ThreadRow]:
        """At most ``limit`` dealings, latest first, in which ``member`` (or else its partner) has to act next."""
        return self._db.all(_MINE if mine else _THEIRS, member=member, limit=limit)

    def partners(self, member: bytes, limit: int) -> list[tuple[bytes, int, int]]:
        """At most ``limit`` partners of a member, latest first: who, how many dealings, the last change in µs."""
        return [(row[0], row[1], row[2]) for row in self._db.all(_PARTNERS, member=member, limit=limit)]

    def count_by_state(self, member: bytes) -> dict[str, int]:
        """How many dealings of a member are in each state."""
        return dict(self._db.all(_STATES, member=member))
