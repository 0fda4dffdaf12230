"""SQLite's files: connections and their pragmas, the lock, backup and check, what an error means.

Owns everything below a transaction. Knows no table.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from pathlib import Path
from urllib.parse import quote

from protocol.errors import CallerFault, InvariantBroken, WorldFault

OLDEST_SQLITE = (3, 37, 0)  # STRICT tables; RETURNING is 3.35
PAGE_BYTES = 8192  # half the system calls of 4096 at a commit, half the bytes of 16384 in a large index
WRITER_CACHE_KIB = 2048  # a batch of 250 documents touches about 1.5 MB
READER_CACHE_KIB = 256
BUSY_SECONDS = 10.0
CACHED_STATEMENTS = 512

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


def open_writer(path: Path) -> sqlite3.Connection:
    """The writing connection of a file, made (mode 0600) if it is not there, with all that durability needs."""
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


def take_lock(path: Path) -> int:
    """The exclusive right to write ``path``, held until the returned descriptor is closed."""
    lock = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        holder = os.read(lock, 32).decode("ascii", "replace").strip() or "?"
        os.close(lock)
        raise WorldFault(
            f"store: {path} is open in another process ({holder}): a node that has just been started answers soon; "
            "anything else has to stop first"
        ) from error
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


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
