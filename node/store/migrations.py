"""One numbered list of changes of the schema, for both engines. Owns their order and the check of versions.

On SQLite, sqlite-utils runs the list and keeps the record of it; on PostgreSQL the same record is kept in a table of
the same name. A step is a function from the engine's name to SQL texts. Once a version is released its steps are
frozen: a later change of ``schema.py`` comes as a new step, and a test compares what the list builds with the MetaData.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.schema import CreateIndex, CreateTable

from node.store.repository import COUNTERS
from node.store.schema import METADATA, add_conditions
from node.store.sql import dialect
from protocol.errors import CallerFault

if TYPE_CHECKING:
    import sqlite3

    from sqlite_utils import Database, Migrations

NAME = "yui"
TABLE = "_sqlite_migrations"  # sqlite-utils' name for it; the same on PostgreSQL

_SEARCH = {
    # contentless, no positions: a query asks for all of its pairs, not for their neighbourhood
    "sqlite": ("CREATE VIRTUAL TABLE search USING fts5(tokens, content='', detail=none, tokenize='ascii')",),
    "postgresql": (
        "CREATE TABLE search (position BIGINT NOT NULL PRIMARY KEY, tokens TSVECTOR NOT NULL)",
        "CREATE INDEX search_by_token ON search USING gin (tokens)",
    ),
}


def _first_tables(engine: str) -> Iterable[str]:
    if engine == "postgresql":
        add_conditions()
    for table in METADATA.sorted_tables:
        yield str(CreateTable(table).compile(dialect=dialect(engine)))
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            yield str(CreateIndex(index).compile(dialect=dialect(engine)))
    yield from (f"INSERT INTO counters (name, value) VALUES ('{name}', 0)" for name in COUNTERS)
    yield from _SEARCH[engine]


STEPS: Sequence[tuple[str, Callable[[str], Iterable[str]]]] = (("0001_first_tables", _first_tables),)


def require_not_newer(applied: Iterable[str]) -> None:
    """CallerFault ``newer-schema`` if a later version of this software has worked on the database."""
    unknown = sorted(set(applied) - {name for name, _ in STEPS})
    if unknown:
        raise CallerFault(
            "store",
            f"was written by a newer version (it has step {unknown[-1]}, this one knows up to {STEPS[-1][0]}):"
            " install that version or restore a backup",
            code="newer-schema",
        )


def require_current(pending: Sequence[str]) -> None:
    """CallerFault ``older-schema`` if steps are missing."""
    if pending:
        raise CallerFault(
            "store", f"is of an older version: run `yui migrate` (missing: {', '.join(pending)})", code="older-schema"
        )


def _registered() -> Migrations:
    from sqlite_utils import Migrations

    migrations = Migrations(NAME)
    for name, step in STEPS:
        migrations(name=name)(_runner(step))
    return migrations


def _runner(step: Callable[[str], Iterable[str]]) -> Any:
    def run(db: Database) -> None:
        for text in step("sqlite"):
            db.conn.execute(text)

    return run


def _database(connection: sqlite3.Connection) -> Database:
    from sqlite_utils import Database

    return Database(connection, execute_plugins=False)


def pending_sqlite(connection: sqlite3.Connection) -> list[str]:
    """Names of the steps to do; refuses a newer schema."""
    migrations, database = _registered(), _database(connection)
    require_not_newer(applied.name for applied in migrations.applied(database))
    return [step.name for step in migrations.pending(database)]


def apply_sqlite(connection: sqlite3.Connection, *, applied_at: str | None = None) -> None:
    """Do the missing steps, each in a transaction of its own. ``applied_at`` replaces the record's time of day."""
    _registered().apply(_database(connection))
    if applied_at is not None:
        connection.execute(f"UPDATE {TABLE} SET applied_at = ?", (applied_at,))


def apply_postgresql(execute: Callable[[str, tuple[Any, ...]], Sequence[Sequence[Any]]]) -> None:
    """Do the missing steps on the connection behind ``execute`` (text with %s, values → rows), in its transaction."""
    execute(
        f"CREATE TABLE IF NOT EXISTS {TABLE} (id BIGSERIAL PRIMARY KEY, migration_set TEXT, name TEXT,"
        " applied_at TEXT, UNIQUE (migration_set, name))",
        (),
    )
    done = [row[0] for row in execute(f"SELECT name FROM {TABLE} WHERE migration_set = %s", (NAME,))]
    require_not_newer(done)
    for name, step in STEPS:
        if name not in done:
            for text in step("postgresql"):
                execute(text, ())
            execute(f"INSERT INTO {TABLE} (migration_set, name, applied_at) VALUES (%s, %s, now()::text)", (NAME, name))


def tables() -> list[sa.Table]:
    """Every table that the list builds, but the index of search."""
    return list(METADATA.sorted_tables)
