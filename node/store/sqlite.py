"""SQLite: files, pragmas, the one writer, readers, checkpoints, backup. Owns everything that is SQLite's alone.

Never two connections that write or checkpoint: versions before 3.51.3 can corrupt the WAL then (sqlite.org/wal.html,
"WAL-reset bug"). Checkpoints are run by the writer itself because SQLite's automatic one swallows its errors, among
them a failed fsync after which a second one would lie.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from queue import Empty, LifoQueue
from typing import TypeVar
from urllib.parse import quote

from node.store import migrations
from node.store.sql import Connection
from node.store.store import Store
from node.store.tx import Tx
from node.store.writer import WriterThread
from protocol.errors import CallerFault, InvariantBroken, WorldFault

T = TypeVar("T")

OLDEST_SQLITE = (3, 37, 0)  # STRICT tables; RETURNING is 3.35
PAGE_BYTES = 8192  # half the system calls of 4096 at a commit, half the bytes of 16384 in a large index
WRITER_CACHE_KIB = 8192
READER_CACHE_KIB = 2048
READERS = 4
BUSY_SECONDS = 10.0
CACHED_STATEMENTS = 512
#: Frames in the WAL, by estimate, after which the writer checkpoints: about 8 MiB.
CHECKPOINT_FRAMES = 1024
#: Frames of a commit: a few pages that every transaction touches, and one for some rows.
FRAMES_PER_COMMIT = 12
ROWS_PER_FRAME = 8

_FATAL = (
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_PROTOCOL,
)
_LATER = {
    sqlite3.SQLITE_FULL: "disk full: nothing of this was stored, free some space and try again",
    sqlite3.SQLITE_BUSY: "the database is busy",
    sqlite3.SQLITE_LOCKED: "the database is busy",
    sqlite3.SQLITE_NOMEM: "out of memory",
    sqlite3.SQLITE_INTERRUPT: "interrupted",
}


def require_version() -> None:
    """WorldFault if the SQLite that Python was linked with is too old."""
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        wanted = ".".join(map(str, OLDEST_SQLITE))
        raise WorldFault(f"SQLite {sqlite3.sqlite_version} is too old: {wanted} or newer is needed")


def meaning(error: BaseException) -> BaseException:
    """What an error of SQLite means for the caller (``WriteSession.tell``)."""
    if not isinstance(error, sqlite3.Error):
        return error
    extended = getattr(error, "sqlite_errorcode", 0)
    code = sqlite3.SQLITE_FULL if extended == sqlite3.SQLITE_IOERR_SHMSIZE else extended & 0xFF
    if code in _LATER:
        return WorldFault(f"store: {_LATER[code]}")
    if code in _FATAL:
        name = getattr(error, "sqlite_errorname", "")
        return InvariantBroken(f"store: {name} ({error}): what is on the disk is in doubt, this process must end")
    return error


def reading(error: BaseException) -> BaseException:
    """:func:`meaning` of an error of a reading transaction, where an attempt to write is only a wrong caller."""
    if isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_READONLY:
        return RuntimeError("a reading transaction cannot write")
    return meaning(error)


def connect(database: str, *, cache_kib: int, uri: bool = True) -> sqlite3.Connection:
    """A connection whose transactions are begun by hand and that any thread may use, one at a time."""
    connection = sqlite3.connect(
        database,
        uri=uri,
        isolation_level=None,
        check_same_thread=False,
        timeout=BUSY_SECONDS,
        cached_statements=CACHED_STATEMENTS,
    )
    for pragma in (
        "foreign_keys = OFF",
        "trusted_schema = OFF",
        "temp_store = MEMORY",
        "mmap_size = 0",
        f"cache_size = -{cache_kib}",
    ):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def file_uri(path: Path, mode: str) -> str:
    """SQLite's address of a file."""
    return f"file:{quote(str(path.absolute()))}?mode={mode}"


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

    def settle(self) -> None:
        """Checkpoint when the WAL has grown, by estimate, to its limit; a reader may keep part of it."""
        changes = self._connection.total_changes
        self._frames += FRAMES_PER_COMMIT + (changes - self._changes) // ROWS_PER_FRAME
        self._changes = changes
        if self._frames >= CHECKPOINT_FRAMES:
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
        connection = _open_writer(path)
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
        connection = _open_writer(path)
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


def take_lock(path: Path) -> int:
    """The exclusive right to write ``path``, held until the returned descriptor is closed."""
    lock = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        holder = os.read(lock, 32).decode("ascii", "replace").strip() or "?"
        os.close(lock)
        raise WorldFault(f"store: {path} is open in another process ({holder}): stop it first") from error
    os.ftruncate(lock, 0)
    os.pwrite(lock, b"%d\n" % os.getpid(), 0)
    return lock


def backup_file(source: Path, target: Path) -> None:
    """Copy a database, live or not, by SQLite's own backup; verify it; give it its name only then.

    Never copy the file itself: what is in the WAL would be missing.
    """
    if target.exists():
        raise CallerFault("backup", f"{target} is there already")
    part = target.with_name(target.name + ".part")
    part.unlink(missing_ok=True)
    os.close(os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    try:
        _copy(source, part)
        found = check_file(part)
        if found:
            raise InvariantBroken(f"backup: the copy is damaged: {found[0]}")
        _sync(part)
        part.rename(target)
        _sync(target.parent)
    except sqlite3.Error as error:
        raise meaning(error) from error
    finally:
        part.unlink(missing_ok=True)


def check_file(path: Path) -> list[str]:
    """SQLite's own check. It does not see a flipped bit in a value: the journals' hashes do."""
    connection = connect(file_uri(path, "ro"), cache_kib=READER_CACHE_KIB)
    try:
        found = [row[0] for row in connection.execute("PRAGMA integrity_check").fetchall()]
    except sqlite3.DatabaseError as error:
        found = [str(error)]
    finally:
        connection.close()
    return [] if found == ["ok"] else found


def _copy(source: Path, target: Path) -> None:
    origin = connect(file_uri(source, "ro"), cache_kib=READER_CACHE_KIB)
    copy = sqlite3.connect(target, isolation_level=None)
    try:
        origin.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, complete by itself
    finally:
        copy.close()
        origin.close()


def _open_writer(path: Path) -> sqlite3.Connection:
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    connection = connect(file_uri(path, "rw"), cache_kib=WRITER_CACHE_KIB)
    try:
        connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
        mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        if mode != "wal":
            raise WorldFault(f"store: {path} cannot be kept in WAL mode (journal mode {mode})")
        for pragma in (
            "synchronous = FULL",
            "wal_autocheckpoint = 0",
            "secure_delete = ON",
            "fullfsync = ON",
            "checkpoint_fullfsync = ON",
        ):
            connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        connection.close()
        raise
    return connection


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
