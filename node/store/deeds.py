"""Deeds as they stand, and what of a thing's time is taken. Owns the statements of this table; decides nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import sqlalchemy as sa

from node.store.repository import Repository
from node.store.schema_deeds import deeds
from node.store.sql import Query, first, upsert


class DeedRow(NamedTuple):
    """A deed at one side. ``mine``: the member provides; ``turn``: it acts next; ``taken``: until when its time is not
    free; times in µs UTC."""

    member: bytes
    thread: bytes
    partner: bytes
    mine: bool
    state: str
    turn: bool
    offer: bytes
    kind: str
    subject: str
    thing: str
    starts: int
    ends: int
    until: int
    taken: int
    on_time: bool
    passed: bool
    documents: int
    updated: int


class Record(NamedTuple):
    """What a member signed of deeds of one partner: how many were fulfilled, on time, accepted at inspection."""

    fulfilled: int
    on_time: int
    passed: int


_bind = sa.bindparam
_C = deeds.c
_ROW = sa.select(*(_C[name] for name in DeedRow._fields))
_MEMBER = _C.member == _bind("member")
_PUT = upsert(deeds, DeedRow._fields)
_GET = Query(DeedRow._make, _ROW.where(_MEMBER, _C.thread == _bind("thread")))
_LATEST = Query(
    DeedRow._make, _ROW.where(_MEMBER).order_by(_C.turn.desc(), _C.updated.desc(), _C.thread).limit(_bind("limit"))
)
_OF_OFFER = Query(
    DeedRow._make,
    _ROW.where(_MEMBER, _C.offer == _bind("offer")).order_by(_C.updated.desc(), _C.thread).limit(_bind("limit")),
)
_TURNS = Query(first, sa.select(sa.func.count()).where(_MEMBER, _C.turn == _bind("turn")).select_from(deeds))
_TAKEN = Query(
    DeedRow._make,
    _ROW.where(
        _MEMBER,
        _C.mine == _bind("mine"),
        _C.thing == _bind("thing"),
        _C.taken > _bind("now"),
        _C.starts < _bind("ends"),
        _C.ends > _bind("starts"),
    )
    .order_by(_C.starts, _C.thread)
    .limit(_bind("limit")),
)
_RECORD = Query(
    Record._make,
    sa.select(
        sa.func.count(),
        sa.func.coalesce(sa.func.sum(sa.case((_C.on_time == _bind("yes"), 1), else_=0)), 0),
        sa.func.coalesce(sa.func.sum(sa.case((_C.passed == _bind("yes"), 1), else_=0)), 0),
    )
    .where(_MEMBER, _C.partner == _bind("partner"), _C.mine == _bind("mine"), _C.state == _bind("state"))
    .select_from(deeds),
)


class Deeds(Repository):
    """Deeds of members at home here."""

    def put_many(self, rows: Iterable[DeedRow]) -> None:
        """As they stand."""
        self._db.run_many(_PUT, rows)

    def get(self, member: bytes, thread: bytes) -> DeedRow | None:
        """One deed of a member."""
        return self._db.one(_GET, member=member, thread=thread)

    def latest(self, member: bytes, limit: int) -> list[DeedRow]:
        """A member's deeds: those that wait for it first, then by the latest change."""
        return self._db.all(_LATEST, member=member, limit=limit)

    def of_offer(self, member: bytes, offer: bytes, limit: int) -> list[DeedRow]:
        """A member's deeds on one offer, the latest change first."""
        return self._db.all(_OF_OFFER, member=member, offer=offer, limit=limit)

    def turns(self, member: bytes) -> int:
        """How many wait for the member."""
        return self._db.one(_TURNS, member=member, turn=True) or 0

    def taken(self, member: bytes, thing: str, starts: int, ends: int, now: int, limit: int) -> list[DeedRow]:
        """What is taken of the member's thing between two moments, by its beginning."""
        return self._db.all(
            _TAKEN, member=member, mine=True, thing=thing, starts=starts, ends=ends, now=now, limit=limit
        )

    def record(self, member: bytes, partner: bytes) -> Record:
        """What the member itself signed of deeds that the partner fulfilled."""
        found = self._db.one(_RECORD, member=member, partner=partner, mine=False, state="fulfilled", yes=True)
        return found or Record(0, 0, 0)
