"""What is SQLite's alone: files and their rights, the lock, pragmas, migrations, checkpoints, fail-stop."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from node.store import Tx, files, migrate_sqlite, migrations, open_sqlite
from node.store import sqlite as engine
from protocol.errors import CallerFault, InvariantBroken, WorldFault
from tests.node.store.rows import document


def test_files_are_for_their_owner_only(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        store = open_sqlite(tmp_path / "node.db")
        store.write(lambda tx: tx.documents.add_many([document(1)]))
        names = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
        store.backup(tmp_path / "copy.db")
        store.close()
    finally:
        os.umask(before)
    assert set(names) == {"node.db", "node.db-wal", "node.db-shm", "node.db.lock"}
    assert set(names.values()) == {0o600}
    assert stat.S_IMODE((tmp_path / "copy.db").stat().st_mode) == 0o600


def test_never_two_writers(tmp_path: Path) -> None:
    store = open_sqlite(tmp_path / "node.db")
    with pytest.raises(WorldFault, match="open in another process"):
        open_sqlite(tmp_path / "node.db")
    program = "import sys; from node.store import open_sqlite; open_sqlite(sys.argv[1])"
    other = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "node.db")], capture_output=True, text=True, check=False
    )
    assert other.returncode != 0
    assert f"open in another process ({os.getpid()})" in other.stderr
    store.close()
    open_sqlite(tmp_path / "node.db").close()


def test_the_durable_settings(tmp_path: Path) -> None:
    store = open_sqlite(tmp_path / "node.db")

    def pragma(name: str) -> object:
        return store.write(lambda tx: tx.meta._db.cursor.execute(f"PRAGMA {name}").fetchone()[0])

    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 0, "wal_autocheckpoint": 0, "secure_delete": 1,
              "mmap_size": 0, "page_size": files.PAGE_BYTES}  # fmt: skip
    assert {name: pragma(name) for name in wanted} == wanted
    store.close()


def test_an_old_sqlite_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 31, 0))
    with pytest.raises(WorldFault, match="too old"):
        open_sqlite(tmp_path / "node.db")


def test_what_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "node.db"
    path.write_bytes(b"not a database" * 1000)
    with pytest.raises(InvariantBroken):
        open_sqlite(path)
    assert path.read_bytes() == b"not a database" * 1000


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "node.db"
    open_sqlite(path).close()
    connection = sqlite3.connect(path)
    connection.execute(
        f"INSERT INTO {migrations.TABLE} (migration_set, name, applied_at) VALUES ('yui', '9999_later', '')"
    )
    connection.commit()
    connection.close()
    with pytest.raises(CallerFault, match="9999_later") as refused:
        open_sqlite(path)
    assert refused.value.code == "newer-schema"
    with pytest.raises(CallerFault, match="9999_later"):
        migrate_sqlite(path, tmp_path / "backup.db")
    assert not (tmp_path / "backup.db").exists()


def test_an_older_schema_waits_for_migrate_which_backs_up_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "node.db"
    store = open_sqlite(path)
    store.write(lambda tx: tx.documents.add_many([document(1)]))
    store.close()
    later = ("0002_test", lambda name: ["ALTER TABLE meta ADD COLUMN note TEXT"])
    monkeypatch.setattr(migrations, "STEPS", (*migrations.STEPS, later))
    with pytest.raises(CallerFault, match="yui migrate") as refused:
        open_sqlite(path)
    assert refused.value.code == "older-schema"
    assert migrate_sqlite(path, tmp_path / "backup.db") == ["0002_test"]
    assert migrate_sqlite(path, tmp_path / "backup2.db") == []
    assert not (tmp_path / "backup2.db").exists()
    copy = sqlite3.connect(tmp_path / "backup.db")
    assert "note" not in [row[1] for row in copy.execute("PRAGMA table_info(meta)").fetchall()]
    assert copy.execute("SELECT count(*) FROM documents").fetchone() == (1,)
    copy.close()
    store = open_sqlite(path)
    assert store.read(lambda tx: tx.documents.known([document(1).id])) == {document(1).id}
    store.close()


def test_a_failing_step_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "node.db"
    open_sqlite(path).close()
    bad = ("0002_bad", lambda name: ["CREATE TABLE half (x INTEGER)", "CREATE TABLE half (x INTEGER)"])
    monkeypatch.setattr(migrations, "STEPS", (*migrations.STEPS, bad))
    with pytest.raises(sqlite3.OperationalError):
        migrate_sqlite(path, tmp_path / "backup.db")
    monkeypatch.undo()
    store = open_sqlite(path)
    assert store.check() == []
    store.close()
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'half'").fetchone() == (0,)
    connection.close()


def test_migrating_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CallerFault, match="not there"):
        migrate_sqlite(tmp_path / "node.db", tmp_path / "backup.db")


def test_the_writer_keeps_the_wal_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "CHECKPOINT_FRAMES", 64)
    open_sqlite(tmp_path / "node.db").close()  # making all tables writes more than that at once
    store = open_sqlite(tmp_path / "node.db")
    for number in range(120):
        store.write(lambda tx, n=number: tx.documents.add_many([document(n)]))  # type: ignore[misc]
    size = (tmp_path / "node.db-wal").stat().st_size
    assert size < 4 * 64 * files.PAGE_BYTES
    assert (tmp_path / "node.db").stat().st_size > 10 * files.PAGE_BYTES
    store.close()
    assert not (tmp_path / "node.db-wal").exists()


def test_a_long_reader_does_not_stop_the_writer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "CHECKPOINT_FRAMES", 32)
    store = open_sqlite(tmp_path / "node.db")
    store.write(lambda tx: tx.documents.add_many([document(0)]))

    def read(tx: Tx) -> int:
        before = tx.documents.count()
        for number in range(1, 60):
            store.write(lambda inner, n=number: inner.documents.add_many([document(n)]))  # type: ignore[misc]
        assert tx.documents.count() == before
        return before

    assert store.read(read) == 1
    assert store.read(lambda tx: tx.documents.count()) == 60
    store.close()


def test_all_readers_busy_is_waited_for(tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    store = open_sqlite(tmp_path / "node.db")
    with ThreadPoolExecutor(engine.READERS * 3) as pool:
        found = list(pool.map(lambda _: store.read(lambda tx: tx.documents.count()), range(100)))
    assert found == [0] * 100
    store.close()


def test_the_position_of_a_deleted_document_is_not_given_again(tmp_path: Path) -> None:
    store = open_sqlite(tmp_path / "node.db")
    store.write(lambda tx: tx.documents.add_many([document(1), document(2)]))
    store.write(lambda tx: tx.documents._db.cursor.execute("DELETE FROM documents WHERE position = 2"))
    store.close()
    store = open_sqlite(tmp_path / "node.db")
    assert store.write(lambda tx: tx.documents.add_many([document(3)])) == [3]
    store.close()


@pytest.mark.parametrize("when", ["statement", "commit", "checkpoint"])
def test_after_a_failed_sync_nothing_is_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    store = open_sqlite(tmp_path / "node.db")
    store.write(lambda tx: tx.documents.add_many([document(1)]))

    def fail(*_: object) -> None:
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
        error.sqlite_errorname = "SQLITE_IOERR_FSYNC"
        raise error

    session = engine.WalSession
    if when == "statement":
        refused = pytest.raises(InvariantBroken, match="must end")
        with refused:
            store.write(fail)
    elif when == "commit":
        monkeypatch.setattr(session, "commit", fail)
        with pytest.raises(InvariantBroken, match="must end"):
            store.write(lambda tx: tx.documents.add_many([document(2)]))
    else:
        monkeypatch.setattr(session, "settle", fail)
        store.write(lambda tx: tx.documents.add_many([document(2)]))
    monkeypatch.undo()
    with pytest.raises(InvariantBroken, match="SQLITE_IOERR_FSYNC"):
        store.write(lambda tx: tx.documents.add_many([document(3)]))
    assert isinstance(store.broken, InvariantBroken)
    assert store.read(lambda tx: tx.documents.count()) == (2 if when == "checkpoint" else 1)
    store.close()
    assert (tmp_path / "node.db-wal").exists()  # not even closing wrote


def test_meanings() -> None:
    def told(code: int) -> BaseException:
        error = sqlite3.OperationalError("x")
        error.sqlite_errorcode = code
        return files.meaning(error)

    assert isinstance(told(sqlite3.SQLITE_FULL), WorldFault)
    assert isinstance(told(sqlite3.SQLITE_IOERR_SHMSIZE), WorldFault)
    assert isinstance(told(sqlite3.SQLITE_BUSY_SNAPSHOT), WorldFault)
    assert isinstance(told(sqlite3.SQLITE_IOERR_WRITE), InvariantBroken)
    assert isinstance(told(sqlite3.SQLITE_CORRUPT), InvariantBroken)
    assert isinstance(told(sqlite3.SQLITE_CONSTRAINT_UNIQUE), sqlite3.OperationalError)
    assert isinstance(files.meaning(ValueError("x")), ValueError)
