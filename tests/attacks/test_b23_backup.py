"""B23: a live database is only copied by SQLite's backup; each backup is restored and compared.

The control shows that the attack is real: a plain copy of the file, without what is in the WAL, lacks documents.
"""

from __future__ import annotations

import re
import shutil
import stat
import threading
from pathlib import Path

import pytest

from node.store import Store, backup_file, files, open_sqlite
from node.store import sqlite as engine
from protocol.errors import CallerFault, InvariantBroken
from tests.node.store.rows import BOB, document, entry, holding

ROOT = Path(__file__).resolve().parents[2]


def fill(store: Store, numbers: range) -> None:
    for number in numbers:
        new = document(number)

        def work(tx, new=new, number=number):  # type: ignore[no-untyped-def]
            tx.documents.add_many([new])
            tx.holdings.add_many([holding(new)])
            tx.journal.add_many([entry(number)])

        store.write(work)


def counts(path: Path) -> tuple[int, int, int]:
    """Documents, holdings and journal entries of a restored backup; fails if SQLite finds it damaged."""
    store = open_sqlite(path)
    assert store.check() == []
    found = store.read(lambda tx: (tx.documents.count(), len(tx.holdings.after(BOB, 0, 10_000)), tx.journal.count()))
    store.close()
    return found


def test_a_plain_copy_lacks_what_is_in_the_wal(tmp_path: Path) -> None:
    store = open_sqlite(tmp_path / "node.db")
    fill(store, range(1, 30))
    shutil.copyfile(tmp_path / "node.db", tmp_path / "copied.db")
    store.backup(tmp_path / "backup.db")
    store.close()
    assert counts(tmp_path / "backup.db") == (29, 29, 29)
    with pytest.raises(Exception):  # noqa: B017, PT011 - any: no schema, no rows, or a damaged file
        assert counts(tmp_path / "copied.db") == (29, 29, 29)


def test_backups_under_load_are_each_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "CHECKPOINT_FRAMES", 100)  # pages move under the copy
    store = open_sqlite(tmp_path / "node.db")
    fill(store, range(1, 20))
    writer = threading.Thread(target=fill, args=(store, range(20, 260)))
    writer.start()
    at_least = []
    for number in range(6):
        at_least.append(store.read(lambda tx: tx.documents.count()))
        store.backup(tmp_path / f"backup{number}.db")
    writer.join()
    store.close()
    for number, least in enumerate(at_least):
        path = tmp_path / f"backup{number}.db"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        documents, holdings, entries = counts(path)
        assert documents == holdings == entries >= least, "one moment, not a mixture"
    assert counts(tmp_path / "node.db") == (259, 259, 259)


def test_a_backup_never_replaces_a_file_and_leaves_no_half_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_sqlite(tmp_path / "node.db")
    fill(store, range(1, 5))
    store.backup(tmp_path / "backup.db")
    before = (tmp_path / "backup.db").read_bytes()
    with pytest.raises(CallerFault, match="there already"):
        store.backup(tmp_path / "backup.db")
    assert (tmp_path / "backup.db").read_bytes() == before
    monkeypatch.setattr(files, "check_file", lambda path: ["row 7 missing from index"])
    with pytest.raises(InvariantBroken, match="damaged: row 7"):
        store.backup(tmp_path / "second.db")
    monkeypatch.undo()
    assert {path.name for path in tmp_path.glob("*.db*")} == {
        "node.db", "node.db-wal", "node.db-shm", "node.db.lock", "backup.db"
    }  # fmt: skip
    store.close()


def test_a_damaged_file_is_not_backed_up(tmp_path: Path) -> None:
    store = open_sqlite(tmp_path / "node.db")
    fill(store, range(1, 100))
    store.close()
    data = bytearray((tmp_path / "node.db").read_bytes())
    for page in range(4, len(data) // files.PAGE_BYTES, 3):
        data[page * files.PAGE_BYTES : page * files.PAGE_BYTES + 8] = b"\xff" * 8
    (tmp_path / "node.db").write_bytes(data)
    with pytest.raises(InvariantBroken):
        backup_file(tmp_path / "node.db", tmp_path / "backup.db")
    assert not list(tmp_path.glob("backup*"))


def test_nothing_in_the_product_copies_a_database_file() -> None:
    copies = re.compile(r"shutil\.(copy|copyfile|copy2|copytree|move)\b")
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for folder in ("node", "cli")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if copies.search(line) and ("db" in line or "database" in line or "store" in line)
    ]
    assert found == []
