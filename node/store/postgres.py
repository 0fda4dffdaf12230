"""PostgreSQL: one writing connection, a pool of readers, the same statements. Owns everything that is its alone.

One node process writes a database: an advisory lock of the session says so. Several processes on one database come
with leased owners of members and links (docs/adr/0003-store.md).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from psycopg import errors
from psycopg_pool import ConnectionPool, PoolTimeout

from node.store import migrations
from node.store.sql import Connection
from node.store.store import Store
from node.store.tx import Tx
from node.store.writer import WriterThread
from protocol.errors import CallerFault, InvariantBroken, WorldFault

T = TypeVar("T")

READERS = 4
WAIT_SECONDS = 10.0
WRITER_LOCK = 0x797569  # "yui", the key of the advisory lock
_SETTINGS = "-c client_encoding=UTF8 -c synchronous_commit=on -c standard_conforming_strings=on"


def meaning(error: BaseException, *, committing: bool = False) -> BaseException:
    """What an error of PostgreSQL means for the caller (``WriteSession.tell``)."""
    if not isinstance(error, psycopg.Error):
        return error
    if committing or isinstance(error, (errors.DataCorrupted, errors.IndexCorrupted, errors.IoError)):
        return InvariantBroken(f"store: {error}: what is durable is in doubt, this process must end")
    if isinstance(error, errors.DiskFull):
        return WorldFault("store: disk full: nothing of this was stored, free some space and try again")
    if isinstance(error, errors.OperationalError):
        return WorldFault(f"store: the database cannot be reached or refuses: {error}")
    return error


class PostgresSession:
    """The writing connection (``WriteSession``). If it is lost the store stops: did the commit arrive or not?"""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._cursor = connection.cursor()
        self._committing = False
        self.tx = Tx(Connection("postgresql", self._cursor))

    def begin(self) -> None:
        self.tx.forget()
        self._committing = False
        self._cursor.execute("BEGIN")

    def commit(self) -> None:
        self._committing = True
        self._cursor.execute("COMMIT")

    def rollback(self) -> None:
        self.tx.forget()
        if not self._connection.closed:
            self._cursor.execute("ROLLBACK")

    def savepoint(self) -> None:
        self._cursor.execute("SAVEPOINT work")

    def release(self) -> None:
        self._cursor.execute("RELEASE work")

    def undo(self) -> None:
        self._cursor.execute("ROLLBACK TO work")
        self._cursor.execute("RELEASE work")

    def alive(self) -> bool:
        return self._connection.info.transaction_status in (
            psycopg.pq.TransactionStatus.INTRANS,
            psycopg.pq.TransactionStatus.INERROR,
        )

    def tell(self, error: BaseException) -> BaseException:
        return meaning(error, committing=self._committing or self._connection.closed)

    def settle(self) -> None:
        """PostgreSQL checkpoints by itself."""

    def relieve(self) -> None:
        """And frees what it can."""

    def abandon(self) -> None:
        """The server rolls back what is open when the connection goes."""
        self._connection.close()

    def close(self) -> None:
        with contextlib.suppress(psycopg.Error):  # now, not when the server notices that we are gone
            self._cursor.execute("SELECT pg_advisory_unlock(%s)", (WRITER_LOCK,))
        self._connection.close()


class PostgresStore(Store):
    """A database and the right to write it."""

    engine = "postgresql"

    def __init__(self, dsn: str, connection: psycopg.Connection[Any]) -> None:
        self._writer = WriterThread(PostgresSession(connection), "store-writer")
        self._readers = ConnectionPool(
            dsn, min_size=0, max_size=READERS, timeout=WAIT_SECONDS, kwargs=_options(read_only=True), open=True
        )
        self._open = True

    @property
    def broken(self) -> Exception | None:
        return self._writer.broken

    def submit(self, work: Callable[[Tx], T]) -> Future[T]:
        return self._writer.submit(work)

    def read(self, work: Callable[[Tx], T]) -> T:
        if not self._open:
            raise WorldFault("store: closed")
        try:
            with self._readers.connection() as connection, connection.cursor() as cursor:
                cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                try:
                    return work(Tx(Connection("postgresql", cursor)))
                finally:
                    with contextlib.suppress(psycopg.Error):
                        cursor.execute("ROLLBACK")
        except errors.ReadOnlySqlTransaction as error:
            raise RuntimeError("a reading transaction cannot write") from error
        except (psycopg.Error, PoolTimeout) as error:
            raise meaning(error) from error

    def backup(self, path: Path) -> None:
        raise CallerFault("backup", "is made by PostgreSQL's own tools here: pg_dump, or its continuous archiving")

    def check(self) -> list[str]:
        return []

    def close(self) -> None:
        if self._open:
            self._open = False
            self._readers.close()
            self._writer.close()


def open_postgres(dsn: str) -> PostgresStore:
    """Open the store in the database ``dsn`` (libpq's connection string), whose tables are made if it is empty.

    WorldFault if it cannot be reached or another process writes it; CallerFault ``newer-schema`` or
    ``older-schema`` (then :func:`migrations.apply_postgresql`, after a backup by PostgreSQL's own tools).
    """
    try:
        connection = psycopg.connect(dsn, **_options(read_only=False))
    except psycopg.Error as error:
        raise meaning(error) from error
    try:
        cursor = connection.cursor()
        row = cursor.execute("SELECT pg_try_advisory_lock(%s)", (WRITER_LOCK,)).fetchone()
        if row is None or not row[0]:
            raise WorldFault("store: the database is open in another process: stop it first")
        execute = partial(_rows, cursor)
        applied = migrations.applied_postgresql(execute)
        if applied:
            migrations.require_current(migrations.pending_after(applied))
        else:
            with connection.transaction():
                migrations.apply_postgresql(execute)
        return PostgresStore(dsn, connection)
    except psycopg.Error as error:
        connection.close()
        raise meaning(error) from error
    except BaseException:
        connection.close()
        raise


def _options(*, read_only: bool) -> dict[str, Any]:
    settings = _SETTINGS + (" -c default_transaction_read_only=on" if read_only else "")
    return {"autocommit": True, "options": settings, "prepare_threshold": 2}


def _rows(cursor: psycopg.Cursor[Any], text: str, values: tuple[Any, ...]) -> Sequence[Sequence[Any]]:
    cursor.execute(text.encode(), values or None)
    return cursor.fetchall() if cursor.description else []
