"""One numbered list of changes of the schema, for both engines. Owns their order and the check of versions.

On SQLite, sqlite-utils runs the list and keeps the record of it; on PostgreSQL the same record is kept in a table of
the same name. A step is a function from the engine's name to SQL texts. Once a version is released its steps are
frozen: a later change of ``schema.py`` comes as a new step, and a test compares what the list builds with the MetaData.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy.schema import CreateIndex, CreateTable

from node.store import (
    schema,
    schema_area,
    schema_datause,
    schema_deeds,
    schema_desk,
    schema_drawings,
    schema_erasing,
    schema_grants,
    schema_groups,
    schema_guarding,
    schema_importing,
    schema_intake,
    schema_joint,
    schema_mail,
    schema_money,
    schema_moving,
    schema_notices,
    schema_offers,
    schema_people,
    schema_pos,
    schema_questions,
    schema_reach,
    schema_renewing,
    schema_returning,
    schema_warding,
)
from node.store.repository import COUNTERS
from node.store.sql import dialect
from node.store.tables import add_conditions, tables_of
from protocol.errors import CallerFault

if TYPE_CHECKING:
    import sqlite3

    from sqlite_utils import Database, Migrations

NAME = "yui"
TABLE = "_sqlite_migrations"  # sqlite-utils' name for it; the same on PostgreSQL

_SEARCH = {
    # contentless, no positions: a query asks for all of its pairs, not for their neighbourhood
    "sqlite": (
        "CREATE VIRTUAL TABLE search USING fts5(tokens, content='', detail=none, tokenize='ascii')",
        # a commit's tokens are merged into older ones less often than by default (4): a third less is written in all
        "INSERT INTO search (search, rank) VALUES ('automerge', 12)",
    ),
    "postgresql": (
        "CREATE TABLE search (position BIGINT NOT NULL PRIMARY KEY, tokens TSVECTOR NOT NULL)",
        "CREATE INDEX search_by_token ON search USING gin (tokens)",
    ),
}

_OFFER_SEARCH = {
    "sqlite": ("CREATE VIRTUAL TABLE search_offers USING fts5(tokens, content='', detail=none, tokenize='ascii')",),
    "postgresql": (
        "CREATE TABLE search_offers (position BIGINT NOT NULL PRIMARY KEY, tokens TSVECTOR NOT NULL)",
        "CREATE INDEX search_offers_by_token ON search_offers USING gin (tokens)",
    ),
}


def _tables(engine: str, step: str) -> Iterable[str]:
    """What makes the tables and indexes of ``step``."""
    if engine == "postgresql":
        add_conditions()
    for table in tables_of(step):
        yield str(CreateTable(table).compile(dialect=dialect(engine)))
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            yield str(CreateIndex(index).compile(dialect=dialect(engine)))


def _counters(names: Iterable[str]) -> Iterable[str]:
    yield from (f"INSERT INTO counters (name, value) VALUES ('{name}', 0)" for name in names)  # noqa: S608 - our own names


def _first_tables(engine: str) -> Iterable[str]:
    yield from _tables(engine, schema.STEP)
    yield from _counters(COUNTERS)
    yield from _SEARCH[engine]


def _people(engine: str) -> Iterable[str]:
    yield from _tables(engine, schema_people.STEP)
    yield from _counters(schema_people.COUNTERS)


def _desk(engine: str) -> Iterable[str]:
    """Views of the books are filled by the node's job, step by step: a large store must not stand still for them."""
    yield from _tables(engine, schema_desk.STEP)


def _importing(engine: str) -> Iterable[str]:
    yield from _tables(engine, schema_importing.STEP)


def _notices(engine: str) -> Iterable[str]:
    yield from _tables(engine, schema_notices.STEP)
    yield from _counters(schema_notices.COUNTERS)


def _reach(engine: str) -> Iterable[str]:
    yield from _tables(engine, schema_reach.STEP)


def _intake(engine: str) -> Iterable[str]:
    yield from _tables(engine, schema_intake.STEP)


def _money(engine: str) -> Iterable[str]:
    yield from _tables(engine, schema_money.STEP)


def _warding(engine: str) -> Iterable[str]:
    yield from _tables(engine, schema_warding.STEP)


def _returning(engine: str) -> Iterable[str]:
    yield from _tables(engine, schema_returning.STEP)


def _guarding(engine: str) -> Iterable[str]:
    yield from _tables(engine, schema_guarding.STEP)


def _mail(engine: str) -> Iterable[str]:
    yield from _tables(engine, schema_mail.STEP)


def _moving(engine: str) -> Iterable[str]:
    yield from _tables(engine, schema_moving.STEP)


def _pos(engine: str) -> Iterable[str]:
    yield from _tables(engine, schema_pos.STEP)


def _area(engine: str) -> Iterable[str]:
    yield from _tables(engine, schema_area.STEP)


def _datause(engine: str) -> Iterable[str]:
    yield from _tables(engine, schema_datause.STEP)


def _grants(engine: str) -> Iterable[str]:
    yield from _tables(engine, schema_grants.STEP)


def _joint(engine: str) -> Iterable[str]:
    yield from _tables(engine, schema_joint.STEP)


def _erasing(engine: str) -> Iterable[str]:
    yield from _tables(engine, schema_erasing.STEP)


def _renewing(engine: str) -> Iterable[str]:
    yield from _tables(engine, schema_renewing.STEP)


def _questions(engine: str) -> Iterable[str]:
    yield from _tables(engine, schema_questions.STEP)


def _offers(engine: str) -> Iterable[str]:
    yield from _tables(engine, schema_offers.STEP)
    yield from _counters(schema_offers.COUNTERS)
    yield from _OFFER_SEARCH[engine]


def _drawings(engine: str) -> Iterable[str]:
    yield from _tables(engine, schema_drawings.STEP)


def _groups(engine: str) -> Iterable[str]:
    yield from _tables(engine, schema_groups.STEP)


def _arrivals(engine: str) -> Iterable[str]:
    yield from _tables(engine, schema_joint.ARRIVALS)


def _deeds(engine: str) -> Iterable[str]:
    yield from _tables(engine, schema_deeds.STEP)


STEPS: Sequence[tuple[str, Callable[[str], Iterable[str]]]] = (
    (schema.STEP, _first_tables),
    (schema_people.STEP, _people),
    (schema_desk.STEP, _desk),
    (schema_importing.STEP, _importing),
    (schema_reach.STEP, _reach),
    (schema_notices.STEP, _notices),
    (schema_intake.STEP, _intake),
    (schema_money.STEP, _money),
    (schema_warding.STEP, _warding),
    (schema_guarding.STEP, _guarding),
    (schema_returning.STEP, _returning),
    (schema_mail.STEP, _mail),
    (schema_moving.STEP, _moving),
    (schema_pos.STEP, _pos),
    (schema_erasing.STEP, _erasing),
    (schema_renewing.STEP, _renewing),
    (schema_questions.STEP, _questions),
    (schema_datause.STEP, _datause),
    (schema_area.STEP, _area),
    (schema_grants.STEP, _grants),
    (schema_joint.STEP, _joint),
    (schema_offers.STEP, _offers),
    (schema_drawings.STEP, _drawings),
    (schema_groups.STEP, _groups),
    (schema_joint.ARRIVALS, _arrivals),
    (schema_deeds.STEP, _deeds),
)


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
    """Names of the steps to do; refuses a newer schema.

    Reads the record itself: a node that has nothing to change carries no sqlite-utils (3 MB) along.
    """
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (TABLE,)).fetchall():
        return pending_after([])
    wanted = f"SELECT name FROM {TABLE} WHERE migration_set = ? ORDER BY rowid"  # noqa: S608 - our own name
    return pending_after([row[0] for row in connection.execute(wanted, (NAME,)).fetchall()])


def apply_sqlite(connection: sqlite3.Connection, *, applied_at: str | None = None) -> None:
    """Do the missing steps, each in a transaction of its own. ``applied_at`` replaces the record's time of day."""
    _registered().apply(_database(connection))
    if applied_at is not None:
        connection.execute(f"UPDATE {TABLE} SET applied_at = ?", (applied_at,))  # noqa: S608 - our own name


Execute = Callable[[str, tuple[Any, ...]], Sequence[Sequence[Any]]]


def pending_after(applied: Sequence[str]) -> list[str]:
    """Names of the steps to do after ``applied``; refuses a newer schema."""
    require_not_newer(applied)
    return [name for name, _ in STEPS if name not in applied]


def applied_postgresql(execute: Execute) -> list[str]:
    """Names of the steps done; ``execute`` takes a text with %s and its values and gives rows."""
    if execute("SELECT to_regclass(%s)", (TABLE,))[0][0] is None:
        return []
    wanted = f"SELECT name FROM {TABLE} WHERE migration_set = %s ORDER BY id"  # noqa: S608 - our own name
    return [row[0] for row in execute(wanted, (NAME,))]


def apply_postgresql(execute: Execute) -> list[str]:
    """Do the missing steps in the transaction of ``execute``'s connection; their names."""
    execute(
        f"CREATE TABLE IF NOT EXISTS {TABLE} (id BIGSERIAL PRIMARY KEY, migration_set TEXT, name TEXT,"
        " applied_at TEXT, UNIQUE (migration_set, name))",
        (),
    )
    pending = pending_after(applied_postgresql(execute))
    for name, step in STEPS:
        if name in pending:
            for text in step("postgresql"):
                execute(text, ())
            note = f"INSERT INTO {TABLE} (migration_set, name, applied_at) VALUES (%s, %s, now()::text)"  # noqa: S608
            execute(note, (NAME, name))
    return pending
