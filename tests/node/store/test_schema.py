"""What the migrations build is what the MetaData says, on both engines; queries use the indexes made for them."""

from __future__ import annotations

import importlib
import pkgutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.pool import StaticPool

import node.store
from node.store import migrations, open_sqlite
from node.store.sql import ListQuery, Statement, dialect
from node.store.tables import METADATA, add_conditions
from protocol.errors import CallerFault
from tests.node.store.postgres_server import PostgresServer

#: Statements that walk a whole table or partial index, each because it is asked for rarely or that is small.
WALKS = {
    "access._TOKENS", "access._USERS", "datause._CHOICES", "datause._STREETS", "datause._USES",
    "grants._GRANTS_ALL", "desk._ASKED", "directory._COUNT", "directory._FIND", "directory._INCOMPLETE",
    "directory._AWAITED", "documents._COUNT", "erasing._REMAINING", "holdings._BY_VERDICT", "holdings._DEALINGS_WITH",
    "holdings._WAITING_ANY", "holdings._WAITING_COUNT",
    "holdings._WAITING_KIND", "journals._COUNT", "journals._HEADS_ALL", "links._COUNT_PENDING", "links._LINKS",
    "links._UNDECIDED", "links._UNSTORED_ANY", "mail._KEPT", "mail._LEFT_ALL",
    "members._ALL", "members._LOCAL", "meta._UNDER", "notices._AT_STAFF", "notices._BOUNCED",
    "directory._LACKING", "groups._GROUPS", "guarding._ALL", "joint._ALL",
    "moving._IN_ALL", "moving._OUT_ALL", "renewing._ASIDE_OVER", "renewing._RENEWALS", "returning._ALL",
    "wards._CONSENTS", "wards._CUSTODY_ALL", "wards._WARDS",
    "offers._ALL_BYTES", "offers._BY_PLACE", "offers._LARGEST", "offers._PEERS",
    "peers._ALL", "peers._EXPIRE", "peers._INVITATIONS", "peers._IN_STATE",
    "questions._COHORTS", "questions._ENTRIES", "questions._JOINED", "questions._LATEST", "questions._POLICIES",
    "questions._ROUNDS_OPEN",
    "pos._LAST", "pos._PARTITIONS", "peers._KNOWING", "peers._QUARANTINE_COUNT", "people._INVITATIONS", "reach._GUESTS",
}  # fmt: skip
OWN = {migrations.TABLE, "sqlite_sequence"}


def inspected(engine: sa.Engine) -> dict[str, object]:
    """Tables with their columns (type, NULL or not, key) and indexes, as the engine tells them."""
    found: dict[str, object] = {}
    inspector = sa.inspect(engine)
    for name in inspector.get_table_names():
        if name in OWN or name == "search" or name.startswith("search_"):
            continue
        columns = [
            (column["name"], column["type"].compile(engine.dialect), column["nullable"])
            for column in inspector.get_columns(name)
        ]
        key = inspector.get_pk_constraint(name)["constrained_columns"]
        indexes = sorted(
            (str(index["name"]), tuple(index["column_names"]), bool(index["unique"]),
             any(option.endswith("_where") for option in index.get("dialect_options", {})))
            for index in inspector.get_indexes(name)
        )  # fmt: skip
        found[name] = (columns, key, indexes)
    return found


def declared(engine: str) -> dict[str, object]:
    """The same, from the MetaData."""
    add_conditions()
    found: dict[str, object] = {}
    for table in METADATA.tables.values():
        columns = [
            (column.name, column.type.compile(dialect(engine)), bool(column.nullable)) for column in table.columns
        ]
        key = [column.name for column in table.primary_key]
        indexes = sorted(
            (str(index.name), tuple(column.name for column in index.columns), bool(index.unique), "where" in index.info)
            for index in table.indexes
        )
        found[table.name] = (columns, key, indexes)
    return found


def test_sqlite_has_the_declared_schema(tmp_path: Path) -> None:
    open_sqlite(tmp_path / "node.db").close()
    connection = sqlite3.connect(tmp_path / "node.db")
    engine = sa.create_engine("sqlite://", creator=lambda: connection, poolclass=StaticPool)
    assert inspected(engine) == declared("sqlite")
    strict = dict(connection.execute("SELECT name, strict FROM pragma_table_list WHERE schema = 'main'").fetchall())
    assert all(strict[name] for name in METADATA.tables)
    engine.dispose()
    connection.close()


def test_postgresql_has_the_declared_schema(postgres: PostgresServer) -> None:
    import psycopg

    dsn = postgres.empty_store()
    engine = sa.create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(dsn))
    assert inspected(engine) == declared("postgresql")
    engine.dispose()


def test_postgresql_refuses_a_newer_schema_and_a_second_writer(postgres: PostgresServer) -> None:
    import psycopg

    from node.store.postgres import open_postgres
    from protocol.errors import WorldFault

    dsn = postgres.dsn()
    first = open_postgres(dsn)
    with pytest.raises(WorldFault, match="another process"):
        open_postgres(dsn)
    first.close()
    with psycopg.connect(dsn) as connection:
        connection.execute(
            f"INSERT INTO {migrations.TABLE} (migration_set, name) VALUES ('yui', '9999_later')".encode()
        )
    with pytest.raises(CallerFault, match="newer version"):
        open_postgres(dsn)


def test_a_postgresql_server_that_is_not_there() -> None:
    pytest.importorskip("psycopg_pool")
    from node.store.postgres import open_postgres
    from protocol.errors import WorldFault

    with pytest.raises(WorldFault, match="cannot be reached"):
        open_postgres("host=/nonexistent-folder dbname=yui connect_timeout=1")


def statements() -> Iterator[tuple[str, Statement]]:
    """Every statement of the store, by module and name."""

    def walk(name: str, value: object) -> Iterator[tuple[str, Statement]]:
        if isinstance(value, Statement):
            yield name, value
        elif isinstance(value, ListQuery):
            yield name, next(value.pieces([b"x", b"y"]))[0]
        elif isinstance(value, dict):
            for key, inner in value.items():
                if "postgresql" not in str(key):
                    yield from walk(name, inner)

    for module in pkgutil.iter_modules(node.store.__path__):
        if module.name != "postgres":
            for name, value in vars(importlib.import_module(f"node.store.{module.name}")).items():
                if name.startswith("_") and not name.startswith("__"):
                    yield from walk(f"{module.name}.{name}", value)


def test_only_the_named_statements_walk_a_table(tmp_path: Path) -> None:
    open_sqlite(tmp_path / "node.db").close()
    connection = sqlite3.connect(tmp_path / "node.db")
    walking = set()
    for name, statement in statements():
        text, names, _ = statement.compiled("sqlite")
        plan = connection.execute(f"EXPLAIN QUERY PLAN {text}", [None] * len(names)).fetchall()
        if any(step[3].startswith("SCAN ") and "VIRTUAL TABLE" not in step[3] for step in plan):
            walking.add(name)
    connection.close()
    assert walking == WALKS


def test_every_statement_is_made_for_both_engines() -> None:
    pytest.importorskip("psycopg")
    count = 0
    for name, statement in statements():
        if name.startswith("search."):
            continue  # each engine has its own
        sqlite_names, postgres_names = statement.compiled("sqlite")[1], statement.compiled("postgresql")[1]
        own = [given for given in sqlite_names if not given.startswith("param_")]
        assert sorted(own) == sorted(given for given in postgres_names if not given.startswith("param_")), name
        count += 1
    assert count > 100
