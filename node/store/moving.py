"""Members that move: what leaves this node and what comes. Owns the statements of these tables; decides nothing."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from node.store.repository import Repository
from node.store.schema_moving import moves_in, moves_out
from node.store.sql import Query, Statement, upsert


class MoveOutRow(NamedTuple):
    """A member that leaves; fields as in ``schema_moving``, ``state`` as the service's. Times µs UTC."""

    member: bytes
    move: bytes
    target: bytes
    state: str
    code: bytes
    expires: int
    tries: int
    place: int
    heard: int
    record: bytes
    by: str
    note: str
    switched: int
    forget_at: int
    created: int
    updated: int


class MoveInRow(NamedTuple):
    """A member that comes from ``source``; ``place``: frames read, of ``last``. Times µs UTC."""

    member: bytes
    move: bytes
    source: bytes
    name: str
    state: str
    place: int
    last: int
    record: bytes
    note: str
    by: str
    created: int
    updated: int


_bind = sa.bindparam
_OUT = sa.select(*(moves_out.c[name] for name in MoveOutRow._fields))
_OUT_GET = Query(MoveOutRow._make, _OUT.where(moves_out.c.member == _bind("member")))
_OUT_ALL = Query(MoveOutRow._make, _OUT.order_by(moves_out.c.created, moves_out.c.member))
_OUT_PUT = upsert(moves_out, MoveOutRow._fields)
_IN = sa.select(*(moves_in.c[name] for name in MoveInRow._fields))
_IN_GET = Query(MoveInRow._make, _IN.where(moves_in.c.member == _bind("member")))
_IN_ALL = Query(MoveInRow._make, _IN.order_by(moves_in.c.created, moves_in.c.member))
_IN_PUT = upsert(moves_in, MoveInRow._fields)
_IN_DROP = Statement(sa.delete(moves_in).where(moves_in.c.member == _bind("member")))


class Moving(Repository):
    """Moves in both directions, one of each for a member: the latest."""

    def leaving(self, member: bytes) -> MoveOutRow | None:
        """The latest move of a member away from here, or None."""
        return self._db.one(_OUT_GET, member=member)

    def all_leaving(self) -> list[MoveOutRow]:
        """Every member's latest move away, oldest first."""
        return self._db.all(_OUT_ALL)

    def put_leaving(self, row: MoveOutRow) -> None:
        """Set one."""
        self._db.run_many(_OUT_PUT, [row])

    def coming(self, member: bytes) -> MoveInRow | None:
        """The latest move of a member to this node, or None."""
        return self._db.one(_IN_GET, member=member)

    def all_coming(self) -> list[MoveInRow]:
        """Every member's latest move to this node, oldest first."""
        return self._db.all(_IN_ALL)

    def put_coming(self, row: MoveInRow) -> None:
        """Set one."""
        self._db.run_many(_IN_PUT, [row])

    def drop_coming(self, member: bytes) -> None:
        """Forget one."""
        self._db.run(_IN_DROP, member=member)
