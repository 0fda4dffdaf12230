"""B22: a full disk refuses with a clear message, loses nothing, and needs no restart when there is room again."""

from __future__ import annotations

import ctypes
import ctypes.util
import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from node.store import Tx, open_sqlite
from protocol.errors import WorldFault
from tests.node.store.rows import document

PROGRAM = Path(__file__).with_name("store_program.py")
ROOM = 10 * 1024 * 1024
FREE = 9 * 1024 * 1024 // 2  # a fresh store takes some 3.6 MB of it, and more with each table


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a few megabytes."""
    disk = tmp_path / "disk"
    disk.mkdir()
    libc = ctypes.CDLL(ctypes.util.find_library("c"), use_errno=True)
    if libc.mount(b"tmpfs", os.fsencode(disk), b"tmpfs", 0, f"size={ROOM}".encode()) != 0:
        pytest.skip(f"no small file system can be mounted here: {errno.errorcode[ctypes.get_errno()]}")
    yield disk
    libc.umount2(os.fsencode(disk), 2)


def test_a_full_disk_refuses_and_then_goes_on(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(ROOM - FREE))
    lines: list[str] = []
    refusals = 0
    with subprocess.Popen(
        [sys.executable, str(PROGRAM), str(small_disk / "node.db"), "60"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line.strip())
            if line.startswith("full"):
                refusals += 1
                assert "disk full" in line
                if refusals == 2:  # tried again in vain once: now somebody makes room
                    ballast.unlink()
                if refusals > 40:
                    process.kill()  # it never goes on
                process.stdin.write("\n")
                process.stdin.flush()
    assert process.returncode == 0, lines[-3:]
    assert refusals >= 2
    assert [line for line in lines if line.startswith("acked")] == [f"acked {number}" for number in range(60)]
    store = open_sqlite(small_disk / "node.db")
    assert store.check() == []
    assert store.read(lambda tx: tx.documents.count()) == 60
    store.close()


def test_a_work_too_large_for_the_disk_is_undone_alone(tmp_path: Path) -> None:
    store = open_sqlite(tmp_path / "node.db")
    store.write(lambda tx: tx.documents.add_many([document(1)]))

    def limit(tx: Tx) -> int:
        pages = tx.meta._db.cursor.execute("PRAGMA page_count").fetchone()[0]
        tx.meta._db.cursor.execute(f"PRAGMA max_page_count = {pages + 20}")
        return int(pages)

    store.write(limit)
    with pytest.raises(WorldFault, match="disk full"):
        store.write(lambda tx: tx.documents.add_many([document(n, size=20_000) for n in range(2, 50)]))
    assert store.read(lambda tx: tx.documents.count()) == 1
    assert store.broken is None
    store.write(lambda tx: tx.documents.add_many([document(2)]))
    assert store.read(lambda tx: tx.documents.count()) == 2
    store.close()
