"""Drawings: versions, grants, readings and deletions. Owns the statements of these tables; decides nothing."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from node.store.repository import Repository
from node.store.schema_drawings import drawing_facts, drawing_grants, drawing_versions
from node.store.sql import Query, Statement, first, insert_new, upsert


class VersionRow(NamedTuple):
    """A version as signed. ``wrapped``: its key under the node's secret, empty where there is none; ``here``: the
    sealed content lies here; ``wanted``: it is being fetched; ``time``: since when it is known here (µs UTC)."""

    version: bytes
    owner: bytes
    drawing: bytes
    number: int
    data: bytes
    wrapped: bytes
    here: bool
    wanted: bool
    time: int


class GrantRow(NamedTuple):
    """The last word of an owner about one reader. ``node``: id of the reader's home; ``told``: it has this word."""

    version: bytes
    reader: bytes
    grant_hash: bytes
    revision: int
    may: str
    node: bytes
    data: bytes
    told: bool
    time: int


class FactRow(NamedTuple):
    """A reading or a deletion; ``told``: the owner's node has it."""

    fact: bytes
    version: bytes
    reader: bytes
    kind: str
    times: int
    data: bytes
    told: bool
    time: int


_bind = sa.bindparam
_V, _G, _F = drawing_versions.c, drawing_grants.c, drawing_facts.c
_VERSION = sa.select(*(_V[name] for name in VersionRow._fields))
_GRANT = sa.select(*(_G[name] for name in GrantRow._fields))
_FACT = sa.select(*(_F[name] for name in FactRow._fields))
_GET = Query(VersionRow._make, _VERSION.where(_V.version == _bind("version")))
_OF_OWNER = Query(
    VersionRow._make, _VERSION.where(_V.owner == _bind("owner")).order_by(_V.drawing, _V.number).limit(_bind("limit"))
)
_OF_DRAWING = Query(
    VersionRow._make, _VERSION.where(_V.owner == _bind("owner"), _V.drawing == _bind("drawing")).order_by(_V.number)
)
_COUNT = Query(first, sa.select(sa.func.count()).where(_V.owner == _bind("owner")).select_from(drawing_versions))
_WANTED = Query(
    VersionRow._make, _VERSION.where(_V.wanted == _bind("wanted")).order_by(_V.version).limit(_bind("limit"))
)
_PUT = upsert(drawing_versions, VersionRow._fields)
_GRANT_GET = Query(GrantRow._make, _GRANT.where(_G.version == _bind("version"), _G.reader == _bind("reader")))
_GRANTS = Query(GrantRow._make, _GRANT.where(_G.version == _bind("version")).order_by(_G.reader))
_GRANTS_READER = Query(
    GrantRow._make,
    _GRANT.where(_G.reader == _bind("reader")).order_by(_G.time.desc(), _G.version).limit(_bind("limit")),
)
_GRANTS_UNTOLD = Query(
    GrantRow._make, _GRANT.where(_G.told == _bind("told")).order_by(_G.time, _G.version).limit(_bind("limit"))
)
_GRANT_PUT = upsert(drawing_grants, GrantRow._fields)
_GRANT_TOLD = Statement(
    sa.update(drawing_grants).where(_G.grant_hash == _bind("name"), _G.version == _bind("of")).values(told=_bind("now"))
)
_FACTS = Query(
    FactRow._make, _FACT.where(_F.version == _bind("version")).order_by(_F.time, _F.fact).limit(_bind("limit"))
)
_FACTS_READER = Query(
    FactRow._make,
    _FACT.where(_F.version == _bind("version"), _F.reader == _bind("reader")).order_by(_F.kind, _F.times.desc()),
)
_FACTS_UNTOLD = Query(
    FactRow._make, _FACT.where(_F.told == _bind("told")).order_by(_F.time, _F.fact).limit(_bind("limit"))
)
_FACT_PUT = insert_new(drawing_facts, FactRow._fields)
_FACT_TOLD = Statement(sa.update(drawing_facts).where(_F.fact == _bind("name")).values(told=_bind("now")))


class Drawings(Repository):
    """What this node knows of drawings."""

    def get(self, version: bytes) -> VersionRow | None:
        """One version."""
        return self._db.one(_GET, version=version)

    def of_owner(self, owner: bytes, limit: int) -> list[VersionRow]:
        """All versions of an owner, by drawing, the oldest first."""
        return self._db.all(_OF_OWNER, owner=owner, limit=limit)

    def of_drawing(self, owner: bytes, drawing: bytes) -> list[VersionRow]:
        """The versions of one drawing, the oldest first."""
        return self._db.all(_OF_DRAWING, owner=owner, drawing=drawing)

    def count_of(self, owner: bytes) -> int:
        """How many versions of an owner are known here."""
        return self._db.one(_COUNT, owner=owner) or 0

    def wanted(self, limit: int) -> list[VersionRow]:
        """What is being fetched."""
        return self._db.all(_WANTED, wanted=True, limit=limit)

    def put(self, row: VersionRow) -> None:
        """A version, new or changed."""
        self._db.run_many(_PUT, [row])

    def grant(self, version: bytes, reader: bytes) -> GrantRow | None:
        """What stands between a version and a reader."""
        return self._db.one(_GRANT_GET, version=version, reader=reader)

    def grants(self, version: bytes) -> list[GrantRow]:
        """All readers of a version, also former ones."""
        return self._db.all(_GRANTS, version=version)

    def grants_to(self, reader: bytes, limit: int) -> list[GrantRow]:
        """What a reader was ever given, the latest first."""
        return self._db.all(_GRANTS_READER, reader=reader, limit=limit)

    def untold_grants(self, limit: int) -> list[GrantRow]:
        """What readers' nodes have still to be told, the oldest first."""
        return self._db.all(_GRANTS_UNTOLD, told=False, limit=limit)

    def put_grant(self, row: GrantRow) -> None:
        """The last word about a reader."""
        self._db.run_many(_GRANT_PUT, [row])

    def grant_told(self, version: bytes, grant: bytes) -> None:
        """The reader's node has this word."""
        self._db.run(_GRANT_TOLD, of=version, name=grant, now=True)

    def facts(self, version: bytes, limit: int) -> list[FactRow]:
        """Readings and deletions of a version, the oldest first."""
        return self._db.all(_FACTS, version=version, limit=limit)

    def facts_of(self, version: bytes, reader: bytes) -> list[FactRow]:
        """Those of one reader: the deletion, then readings, the latest first."""
        return self._db.all(_FACTS_READER, version=version, reader=reader)

    def untold_facts(self, limit: int) -> list[FactRow]:
        """What owners' nodes have still to be told, the oldest first."""
        return self._db.all(_FACTS_UNTOLD, told=False, limit=limit)

    def put_fact(self, row: FactRow) -> None:
        """A reading or deletion; one that is known stays."""
        self._db.run_many(_FACT_PUT, [row])

    def fact_told(self, fact: bytes) -> None:
        """The owner's node has it."""
        self._db.run(_FACT_TOLD, name=fact, now=True)
