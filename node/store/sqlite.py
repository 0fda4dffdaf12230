"""SQLite: the one writer and its checkpoints, the readers, opening and migrating. Its files are in ``files``.

Never two connections that write or checkpoint: versions before 3.51.3 can corrupt the WAL then (sqlite.org/wal.html,
"WAL-reset bug"). Checkpoints are run by the writer itself because SQLite's automatic one swallows its errors, among
them a failed fsync after which a second one would lie.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from queue import Empty, LifoQueue
from typing import TypeVar

from node.store import migrations
from node.store.files import (
    READER_CACHE_KIB,
    backup_file,
    check_file,
    connect,
    file_uri,
    meaning,
    open_writer,
    reading,
    require_version,
    take_lock,
)
from node.store.sql import Connection
from node.store.store import Store
from node.store.tx import Tx
from node.store.writer import WriterThread
from protocol.errors import CallerFault, WorldFault

T = TypeVar("T")

READERS = 4
#: Frames in the WAL, by estimate, after which the writer checkpoints: about 8 MiB.
CHECKPOINT_FRAMES = 1024
#: Frames of a commit: a few pages that every transaction touches, and one for some rows.
FRAMES_PER_COMMIT = 12
ROWS_PER_FRAME = 8


class SqliteSession:
    """The writing connection (``WriteSession``)."""

    def __init__(self, connection: sqlite3.Connection, fault: Callable[[str], None] | None = None) -> None:
        self._connection = connection
        self._cursor = connection.cursor()
        self._fault = fault
        self.tx = Tx(Connection("sqlite", self._cursor, fault))

    def begin(self) -> None:
        self.tx.forget()
        self._cursor.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        if self._fault is not None:
            self._fault("COMMIT")
        self._cursor.execute("COMMIT")

    def rollback(self) -> None:
        self.tx.forget()
        if self._connection.in_transaction:
            self._cursor.execute("ROLLBACK")

    def savepoint(self) -> None:
        self._cursor.execute("SAVEPOINT work")

    def release(self) -> None:
        self._cursor.execute("RELEASE work")

    def undo(self) -> None:
        self._cursor.execute("ROLLBACK TO work")
        self._cursor.execute("RELEASE work")

    def alive(self) -> bool:
        return self._connection.in_transaction

    def tell(self, error: BaseException) -> BaseException:
        return meaning(error)

    def settle(self) -> None:
        """Nothing to do without a WAL."""

    def relieve(self) -> None:
        """Nothing to free without a WAL."""

    def abandon(self) -> None:
        """SQLite's close checkpoints, which would sync again what failed to: the connection is never freed."""
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._connection))

    def close(self) -> None:
        self._cursor.close()  # a statement left would keep the connection, and its right to checkpoint, alive
        self._connection.close()


class WalSession(SqliteSession):
    """The writing connection of a file in WAL mode, which also checkpoints."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__(connection)
        self._frames = 0
        self._changes = connection.total_changes
        self._unclean = False  # the WAL may hold pages with what was erased since

    def settle(self) -> None:
        """Checkpoint when the WAL has grown, by estimate, to its limit; a reader may keep part of it."""
        changes = self._connection.total_changes
        self._frames += FRAMES_PER_COMMIT + (changes - self._changes) // ROWS_PER_FRAME
        self._changes = changes
        self._unclean |= self.tx.take_erased()
        if self._unclean:
            self._empty()
        elif self._frames >= CHECKPOINT_FRAMES:
            self._checkpoint()

    def relieve(self) -> None:
        """A WAL that was moved into the database is written again from its beginning: it needs no new room.

        Where even that finds no room, the next commit tries again, before the WAL takes what has become free.
        """
        self._frames = CHECKPOINT_FRAMES
        self._checkpoint()

    def _checkpoint(self) -> None:
        _, logged, moved = self._cursor.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()[0]
        self._frames = min(logged - moved, CHECKPOINT_FRAMES // 2)

    def _empty(self) -> None:
        """Move the whole WAL and cut it to nothing; while somebody still reads of it, the next commit tries again."""
        busy, _, _ = self._cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()[0]
        if busy:
            self._checkpoint()
        else:
            self._unclean, self._frames = False, 0

    def close(self) -> None:
        with contextlib.suppress(sqlite3.Error):
            self._cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        super().close()


class Reader:
    """One read-only connection with its transaction object."""

    def __init__(self, path: Path) -> None:
        self._connection = connect(file_uri(path, "ro"), cache_kib=READER_CACHE_KIB)
        self._connection.execute("PRAGMA query_only = ON")
        self._cursor = self._connection.cursor()
        self._tx = Tx(Connection("sqlite", self._cursor))

    def read(self, work: Callable[[Tx], T]) -> T:
        """Run ``work`` in one snapshot."""
        try:
            self._cursor.execute("BEGIN")
            return work(self._tx)
        except sqlite3.Error as error:
            raise reading(error) from error
        finally:
            self._tx.forget()
            if self._connection.in_transaction:
                self._cursor.execute("ROLLBACK")

    def close(self) -> None:
        self._cursor.close()
        self._connection.close()


class Readers:
    """A few readers, opened when first needed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._idle: LifoQueue[Reader] = LifoQueue()
        self._slots = threading.Semaphore(READERS)
        self._closed = False

    def read(self, work: Callable[[Tx], T]) -> T:
        """Run ``work`` on one of them; waits for one if all are busy."""
        with self._slots:
            if self._closed:
                raise WorldFault("store: closed")
            try:
                reader = self._idle.get_nowait()
            except Empty:
                reader = Reader(self._path)
            try:
                return reader.read(work)
            finally:
                self._idle.put(reader)

    def close(self) -> None:
        """Wait for the running ones, then close all."""
        self._closed = True
        for _ in range(READERS):
            self._slots.acquire()
        with contextlib.suppress(Empty):
            while True:
                self._idle.get_nowait().close()
        for _ in range(READERS):
            self._slots.release()


class SqliteStore(Store):
    """A file and the right to write it."""

    engine = "sqlite"

    def __init__(self, path: Path, lock: int, connection: sqlite3.Connection) -> None:
        self._path = path
        self._lock = lock
        self._writer = WriterThread(WalSession(connection), "store-writer")
        self._readers = Readers(path)
        self._open = True

    @property
    def broken(self) -> Exception | None:
        return self._writer.broken

    def submit(self, work: Callable[[Tx], T]) -> Future[T]:
        return self._writer.submit(work)

    def read(self, work: Callable[[Tx], T]) -> T:
        return self._readers.read(work)

    def backup(self, path: Path) -> None:
        backup_file(self._path, path)

    def check(self) -> list[str]:
        return check_file(self._path)

    def close(self) -> None:
        if self._open:
            self._open = False
            self._readers.close()
            self._writer.close()
            os.close(self._lock)


def open_sqlite(path: Path | str) -> SqliteStore:
    """Open the store in file ``path``, made (mode 0600) if it is not there.

    WorldFault if another process has it open; CallerFault ``newer-schema`` or ``older-schema``.
    """
    require_version()
    path = Path(path)
    lock = take_lock(path)
    try:
        fresh = not path.exists() or path.stat().st_size == 0
        connection = open_writer(path)
        try:
            if fresh:
                migrations.apply_sqlite(connection)
            migrations.require_current(migrations.pending_sqlite(connection))
        except BaseException:
            connection.close()
            raise
        return SqliteStore(path, lock, connection)
    except sqlite3.Error as error:
        os.close(lock)
        raise meaning(error) from error
    except BaseException:
        os.close(lock)
        raise


def migrate_sqlite(path: Path | str, backup: Path) -> list[str]:
    """Bring a store up to date after writing a backup to ``backup``; the steps done (none: no backup either)."""
    require_version()
    path = Path(path)
    if not path.exists():
        raise CallerFault("store", f"{path} is not there")
    lock = take_lock(path)
    try:
        connection = open_writer(path)
        try:
            pending = migrations.pending_sqlite(connection)
            if pending:
                backup_file(path, backup)
                migrations.apply_sqlite(connection)
            return pending
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise meaning(error) from error
    finally:
        os.close(lock)
