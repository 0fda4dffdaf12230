"""How a table is written down: the kinds of columns, keys and partial indexes that both engines understand.

Owns the constructors and the one MetaData; knows no table. ``schema.py`` holds the tables of the first step, each later
step of the schema a module ``schema_….py`` of its own, whose tables name their step.
"""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

METADATA = sa.MetaData()
FIRST_STEP: Final = "0001_first_tables"

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
FLAG = sa.Boolean().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text()
BLOB = sa.LargeBinary()


def column(
    name: str, kind: sa.types.TypeEngine[Any], *, primary: bool = False, nullable: bool = False
) -> sa.Column[Any]:
    """A column that is never NULL."""
    return sa.Column(name, kind, primary_key=primary, nullable=nullable, autoincrement=False)


def key(name: str, kind: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    """A column of the primary key."""
    return column(name, kind, primary=True)


def null(name: str, kind: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    """A column that may be NULL."""
    return column(name, kind, nullable=True)


def table(name: str, *columns: sa.schema.SchemaItem, clustered: bool = False, step: str = FIRST_STEP) -> sa.Table:
    """A strict table that ``step`` makes; ``clustered`` keeps short rows in the primary key's own tree (SQLite)."""
    return sa.Table(name, METADATA, *columns, sqlite_strict=True, sqlite_with_rowid=not clustered, info={"step": step})


def index(name: str, *columns: sa.Column[Any], where: sa.ColumnElement[bool]) -> None:
    """A partial index. Naming PostgreSQL here would load its dialects (5 MB) on every node: see ``add_conditions``."""
    sa.Index(name, *columns, sqlite_where=where, info={"where": where})


def tables_of(step: str) -> list[sa.Table]:
    """The tables that ``step`` makes, in a fixed order."""
    return [table for table in METADATA.sorted_tables if table.info["step"] == step]


def add_conditions() -> None:
    """Tell PostgreSQL's dialect of the partial indexes; before DDL for it is made."""
    for table in METADATA.tables.values():
        for index in table.indexes:
            if "where" in index.info:
                index.dialect_kwargs["postgresql_where"] = index.info["where"]
