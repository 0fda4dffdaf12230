"""Grants of sales to suppliers, what went out under them, areas of stores, and the views of replenishment's threads.

Owns the statements of these tables; decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import sqlalchemy as sa

from node.store.repository import Repository
from node.store.schema_grants import replenishments, sales_grants, sales_told, sales_weeks, store_areas
from node.store.sql import Query, Statement, insert_new, plain, upsert


class GrantRow(NamedTuple):
    """What ``partner`` may see of ``member``'s sales of its goods. ``since``: first day; ``by``: the user's name."""

    member: bytes
    partner: bytes
    since: str
    prices: bool
    stores: bool
    active: bool
    changed: int
    by: str


class ToldRow(NamedTuple):
    """A report that went out. ``lines``: how many; ``time``: µs UTC."""

    member: bytes
    document: bytes
    partner: bytes
    week: str
    digest: bytes
    lines: int
    prices: bool
    stores: bool
    time: int


class WeekRow(NamedTuple):
    """The report of a week that holds in a thread; ``document`` empty while reports contradict each other."""

    member: bytes
    thread: bytes
    week: str
    partner: bytes
    mine: bool
    document: bytes
    time: int
    data: bytes


class ReplenishmentRow(NamedTuple):
    """A thread of replenishment. ``mine``: the member is the supplier; ``proposals``: how many there are."""

    member: bytes
    thread: bytes
    partner: bytes
    mine: bool
    state: str
    proposals: int
    documents: int
    updated: int


_bind = sa.bindparam
_GRANT = sa.select(*(sales_grants.c[name] for name in GrantRow._fields))
_GRANT_PUT = upsert(sales_grants, GrantRow._fields)
_GRANT_GET = Query(
    GrantRow._make,
    _GRANT.where(sales_grants.c.member == _bind("member"), sales_grants.c.partner == _bind("partner")),
)
_GRANTS = Query(GrantRow._make, _GRANT.where(sales_grants.c.member == _bind("member")).order_by(sales_grants.c.partner))
_GRANTS_ALL = Query(GrantRow._make, _GRANT.order_by(sales_grants.c.member, sales_grants.c.partner))
_TOLD = sa.select(*(sales_told.c[name] for name in ToldRow._fields))
_TOLD_ADD = insert_new(sales_told, ToldRow._fields)
_TOLD_LATEST = Query(
    ToldRow._make,
    _TOLD.where(sales_told.c.member == _bind("member"))
    .order_by(sales_told.c.time.desc(), sales_told.c.document)
    .limit(_bind("limit")),
)
_TOLD_TO = Query(
    ToldRow._make,
    _TOLD.where(
        sales_told.c.member == _bind("member"),
        sales_told.c.partner == _bind("partner"),
        sales_told.c.week >= _bind("first"),
    ).order_by(sales_told.c.week, sales_told.c.time, sales_told.c.document),
)
_AREA_PUT = upsert(store_areas, ("member", "store", "area"))
_AREAS = Query(plain, sa.select(store_areas.c.store, store_areas.c.area).where(store_areas.c.member == _bind("member")))
_WEEK = sa.select(*(sales_weeks.c[name] for name in WeekRow._fields))
_WEEK_PUT = upsert(sales_weeks, WeekRow._fields)
_WEEKS_DROP = Statement(
    sa.delete(sales_weeks).where(sales_weeks.c.member == _bind("member"), sales_weeks.c.thread == _bind("thread")),
    ("member", "thread"),
)
_WEEK_ORDER = (sales_weeks.c.week, sales_weeks.c.partner, sales_weeks.c.time, sales_weeks.c.thread)
_WEEKS = Query(
    WeekRow._make,
    _WEEK.where(
        sales_weeks.c.member == _bind("member"),
        sales_weeks.c.mine == _bind("mine"),
        sales_weeks.c.week >= _bind("first"),
    ).order_by(*_WEEK_ORDER),
)
_WEEKS_WITH = Query(
    WeekRow._make,
    _WEEK.where(
        sales_weeks.c.member == _bind("member"),
        sales_weeks.c.partner == _bind("partner"),
        sales_weeks.c.week >= _bind("first"),
    ).order_by(*_WEEK_ORDER),
)
_THREAD = sa.select(*(replenishments.c[name] for name in ReplenishmentRow._fields))
_THREAD_PUT = upsert(replenishments, ReplenishmentRow._fields)
_THREADS = Query(
    ReplenishmentRow._make,
    _THREAD.where(replenishments.c.member == _bind("member"), replenishments.c.mine == _bind("mine"))
    .order_by(replenishments.c.updated.desc(), replenishments.c.thread)
    .limit(_bind("limit")),
)
_THREADS_WITH = Query(
    ReplenishmentRow._make,
    _THREAD.where(replenishments.c.member == _bind("member"), replenishments.c.partner == _bind("partner")).order_by(
        replenishments.c.updated.desc(), replenishments.c.thread
    ),
)


class Grants(Repository):
    """What suppliers may see, what they were told, and what came of it."""

    def put(self, row: GrantRow) -> None:
        """Add or replace a grant."""
        self._db.run_many(_GRANT_PUT, [row])

    def get(self, member: bytes, partner: bytes) -> GrantRow | None:
        """The grant to one partner, in force or not."""
        return self._db.one(_GRANT_GET, member=member, partner=partner)

    def of(self, member: bytes) -> list[GrantRow]:
        """All grants of a member, in force or not."""
        return self._db.all(_GRANTS, member=member)

    def all(self) -> list[GrantRow]:
        """All grants of all members."""
        return self._db.all(_GRANTS_ALL)

    def tell(self, rows: Iterable[ToldRow]) -> None:
        """Write down what went out."""
        self._db.run_many(_TOLD_ADD, rows)

    def told(self, member: bytes, limit: int) -> list[ToldRow]:
        """What went out, the latest first."""
        return self._db.all(_TOLD_LATEST, member=member, limit=limit)

    def told_to(self, member: bytes, partner: bytes, first: str) -> list[ToldRow]:
        """What went out to a partner of the weeks from ``first`` on, by week and time."""
        return self._db.all(_TOLD_TO, member=member, partner=partner, first=first)

    def set_area(self, member: bytes, store: str, area: str) -> None:
        """Say where a store is."""
        self._db.run_many(_AREA_PUT, [(member, store, area)])

    def areas(self, member: bytes) -> dict[str, str]:
        """Store → area."""
        return dict(self._db.all(_AREAS, member=member))

    def put_thread(self, row: ReplenishmentRow, weeks: Iterable[WeekRow]) -> None:
        """A thread as it stands, with all of its weeks."""
        self._db.run_many(_THREAD_PUT, [row])
        self._db.run(_WEEKS_DROP, member=row.member, thread=row.thread)
        self._db.run_many(_WEEK_PUT, weeks)

    def weeks(self, member: bytes, first: str, *, mine: bool) -> list[WeekRow]:
        """Reports of weeks from ``first`` on that the member got (``mine``) or wrote, by week, partner and time."""
        return self._db.all(_WEEKS, member=member, first=first, mine=mine)

    def weeks_with(self, member: bytes, partner: bytes, first: str) -> list[WeekRow]:
        """The same with one partner, in both directions."""
        return self._db.all(_WEEKS_WITH, member=member, partner=partner, first=first)

    def threads(self, member: bytes, limit: int, *, mine: bool) -> list[ReplenishmentRow]:
        """Threads in which the member is the supplier (``mine``) or the shop, latest first."""
        return self._db.all(_THREADS, member=member, mine=mine, limit=limit)

    def threads_with(self, member: bytes, partner: bytes) -> list[ReplenishmentRow]:
        """Threads with one partner, in both directions, latest first."""
        return self._db.all(_THREADS_WITH, member=member, partner=partner)
