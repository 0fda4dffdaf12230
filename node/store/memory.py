"""The same store in memory, for the simulator and for fast tests: no thread, no disk, the same SQL.

Works run at once on the calling thread. ``fault`` is called with the text before every statement and with "COMMIT"
before a commit: what it raises is a crash at that point, of which nothing remains.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import TypeVar

from node.store import migrations
from node.store.files import WRITER_CACHE_KIB, connect, reading, require_version
from node.store.sql import Connection
from node.store.sqlite import SqliteSession
from node.store.store import Store
from node.store.tx import Tx
from node.store.writer import GroupCommit, Work
from protocol.errors import WorldFault

T = TypeVar("T")
_JOURNAL_MODE = slice(18, 20)  # file header: write and read version, 2 = WAL, which memory has not


class MemoryStore(Store):
    """A store that lives as long as its process, or as its image."""

    engine = "sqlite"

    def __init__(self, image: bytes | None = None, fault: Callable[[str], None] | None = None) -> None:
        self._connection = connect(":memory:", cache_kib=WRITER_CACHE_KIB, uri=False)
        if image is None:
            migrations.apply_sqlite(self._connection, applied_at="")
        else:
            self._connection.deserialize(_without_wal(image))
            migrations.require_current(migrations.pending_sqlite(self._connection))
        self._cursor = self._connection.cursor()
        self._reader = Tx(Connection("sqlite", self._cursor))
        self._session = SqliteSession(self._connection, fault)
        self._commits = GroupCommit(self._session)
        self._lock = threading.RLock()
        self._busy = False
        self._open = True

    @property
    def broken(self) -> Exception | None:
        return self._commits.broken

    def submit(self, work: Callable[[Tx], T]) -> Future[T]:
        task = Work(work)
        with self._lock:
            self._enter()
            try:
                self._commits.run(task, lambda: None)
            finally:
                self._busy = False
        return task.future

    def read(self, work: Callable[[Tx], T]) -> T:
        with self._lock:
            self._enter()
            self._cursor.execute("PRAGMA query_only = ON")
            self._cursor.execute("BEGIN")
            try:
                return work(self._reader)
            except sqlite3.Error as error:
                raise reading(error) from error
            finally:
                self._reader.forget()
                if self._connection.in_transaction:
                    self._cursor.execute("ROLLBACK")
                self._cursor.execute("PRAGMA query_only = OFF")
                self._busy = False

    def serialize(self) -> bytes:
        """An image of what is committed: the simulator's backup, for :func:`open_memory`."""
        with self._lock:
            self._enter()
            try:
                return self._connection.serialize()
            finally:
                self._busy = False

    def backup(self, path: Path) -> None:
        path.touch(mode=0o600, exist_ok=False)
        path.write_bytes(self.serialize())

    def check(self) -> list[str]:
        with self._lock:
            found = [row[0] for row in self._connection.execute("PRAGMA integrity_check").fetchall()]
        return [] if found == ["ok"] else found

    def close(self) -> None:
        with self._lock:
            if self._open:
                self._open = False
                self._cursor.close()
                self._session.close()

    def _enter(self) -> None:
        if not self._open:
            raise WorldFault("store: closed")
        if self._busy:
            raise RuntimeError("a work must not use the store that runs it")
        self._busy = True


def open_memory(image: bytes | None = None, *, fault: Callable[[str], None] | None = None) -> MemoryStore:
    """A store in memory, empty or from an image (:meth:`MemoryStore.serialize`, or a backup file's bytes)."""
    require_version()
    return MemoryStore(image, fault)


def _without_wal(image: bytes) -> bytes:
    changed = bytearray(image)
    changed[_JOURNAL_MODE] = b"\x01\x01"
    return bytes(changed)
