"""Groups: facts and who has them. Owns the statements of these tables; decides nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import sqlalchemy as sa

from node.store.repository import Repository
from node.store.schema_groups import group_facts, group_told, groups
from node.store.sql import Query, first, insert_new, plain, upsert


class GroupFactRow(NamedTuple):
    """A fact as signed; ``time``: when it came here (µs UTC)."""

    group_id: bytes
    fact: bytes
    data: bytes
    time: int


_bind = sa.bindparam
_F, _T = group_facts.c, group_told.c
_FACTS = Query(
    GroupFactRow._make,
    sa.select(*(_F[name] for name in GroupFactRow._fields)).where(_F.group_id == _bind("group")).order_by(_F.fact),
)
_GROUPS = Query(plain, sa.select(groups.c.group_id, groups.c.facts).order_by(groups.c.group_id))
_COUNT = Query(first, sa.select(sa.func.count()).select_from(group_facts).where(_F.group_id == _bind("group")))
_GROUP_PUT = upsert(groups, ("group_id", "facts"))
_PUT = insert_new(group_facts, GroupFactRow._fields)
_TOLD = Query(first, sa.select(_T.fact).where(_T.group_id == _bind("group"), _T.node == _bind("node")))
_TOLD_PUT = insert_new(group_told, ("group_id", "node", "fact"))


class Groups(Repository):
    """What this node knows of groups."""

    def facts(self, group: bytes) -> list[GroupFactRow]:
        """Every fact of a group."""
        return self._db.all(_FACTS, group=group)

    def all(self) -> dict[bytes, int]:
        """The groups that are known here, each with the number of its facts."""
        return dict(self._db.all(_GROUPS))

    def put(self, rows: Iterable[GroupFactRow]) -> None:
        """Facts; those that are known stay."""
        new = list(rows)
        self._db.run_many(_PUT, new)
        for group in {row.group_id for row in new}:
            self._db.run_many(_GROUP_PUT, [(group, self._db.one(_COUNT, group=group) or 0)])

    def told(self, group: bytes, node: bytes) -> set[bytes]:
        """Which facts a node has."""
        return set(self._db.all(_TOLD, group=group, node=node))

    def put_told(self, group: bytes, node: bytes, facts: Iterable[bytes]) -> None:
        """A node has these facts."""
        self._db.run_many(_TOLD_PUT, [(group, node, fact) for fact in facts])
