"""The engines that the contract is tested on: SQLite in memory and in a file, PostgreSQL where it is installed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from node.store import Store, open_memory, open_sqlite
from tests.node.store.postgres_server import NoServer, PostgresServer

ENGINES = ("memory", "sqlite", "postgresql")


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    pytest.importorskip("psycopg_pool", reason="psycopg with its pool is not installed")
    try:
        server = PostgresServer()
        server.start()
    except NoServer as why:
        pytest.skip(f"no PostgreSQL: {why}")
    yield server
    server.stop()


@pytest.fixture(params=ENGINES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    opened: Store
    if request.param == "memory":
        opened = open_memory()
    elif request.param == "sqlite":
        opened = open_sqlite(tmp_path / "node.db")
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        from node.store.postgres import open_postgres

        opened = open_postgres(server.empty_store())
    yield opened
    opened.close()
