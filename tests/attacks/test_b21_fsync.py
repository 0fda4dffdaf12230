"""B21: an fsync that fails once and then "succeeds" does not make anything durable.

A real process whose fdatasync and fsync fail (injected by strace) must stop at once, refuse every further write, never
sync again, and lose nothing that it had acknowledged.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from node.store import open_sqlite
from tests.node.store.rows import document

PROGRAM = Path(__file__).with_name("store_program.py")
SYNCS = "fsync,fdatasync"


def run(folder: Path, inject: str = "") -> tuple[int, str, list[str]]:
    """Exit status, output, and the sync calls that were traced, in order."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is not installed")
    trace = folder / "trace"
    command = [strace, "-f", "-o", str(trace), "-e", f"trace={SYNCS}"]
    if inject:
        command += ["-e", f"inject={SYNCS}:{inject}"]
    done = subprocess.run(
        [*command, sys.executable, str(PROGRAM), str(folder / "node.db"), "60"],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    if "ptrace" in done.stderr and "Operation not permitted" in done.stderr:
        pytest.skip("strace may not trace here")
    calls = [line for line in trace.read_text().splitlines() if re.search(r"\b(fsync|fdatasync)\(", line)]
    return done.returncode, done.stdout, calls


@pytest.fixture(scope="module")
def syncs(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, int]:
    """How often each thread syncs when nothing fails: the one that makes the database (a sync for each step of its
    schema), and the one that stores 60 documents, which syncs more often. strace counts the calls of each by itself."""
    calls = run(tmp_path_factory.mktemp("whole"))[2]
    storing, making = [count for _, count in Counter(line.split()[0] for line in calls).most_common(2)]
    return making, storing


@pytest.mark.parametrize("tenths", [1, 5, 9])
def test_the_process_stops_at_the_first_failed_sync_and_loses_nothing(
    tmp_path: Path, syncs: tuple[int, int], tenths: int
) -> None:
    making, storing = syncs
    assert making < storing - 10
    when = making + 1 + (storing - making) * tenths // 10
    status, output, calls = run(tmp_path, f"error=EIO:when={when}")  # once: the next one would "succeed"
    assert status == 3, output
    assert output.splitlines()[-1] == "refused"
    assert len([call for call in calls if "EIO" in call]) == 1
    assert "EIO" in calls[-1], "nothing is synced after the failure, not even on the way out"
    acked = [int(line.split()[1]) for line in output.splitlines() if line.startswith("acked")]
    assert acked == list(range(len(acked)))
    store = open_sqlite(tmp_path / "node.db")
    assert store.check() == []
    known = store.read(lambda tx: tx.documents.known([document(number).id for number in range(60)]))
    assert {document(number).id for number in acked} <= known
    assert len(known) - len(acked) in (0, 1)  # the one whose fate was unknown
    store.write(lambda tx: tx.documents.add_many([document(1000)]))
    store.close()


def test_it_runs_through_when_no_sync_fails(tmp_path: Path) -> None:
    status, output, calls = run(tmp_path)
    assert status == 0
    assert output.splitlines()[-1] == "done"
    assert len(calls) > 60, "every acknowledged document was synced"
