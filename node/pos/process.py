"""The processes that hold DuckDB: one that reads files and writes partitions, one that answers questions.

Owns their limits and the calls into them; both end themselves when idle, so a node that nobody asks carries neither.
Knows no store. Source: docs/adr/0050-pos.md, :mod:`node.papers.process`.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from node.papers.process import Confines, Process, answer_requests
from protocol.errors import Malformed
from protocol.limits import MIB

if TYPE_CHECKING:
    import duckdb

MEMORY_BYTES: Final = 8192 * MIB  # of address space; what is used is capped by DuckDB's own limit
LEAST_MEMORY, MOST_MEMORY = 1024 * MIB, 4096 * MIB  # DuckDB's: beyond it it spills to the disk
FILE_BYTES: Final = 16_384 * MIB
CPU_SECONDS: Final = 3600
TIMEOUT_SECONDS: Final = 1800.0
OPEN_FILES: Final = 512
THREADS: Final = 2
_PLACES: Final = {"member": "VARCHAR", "company": "VARCHAR", "street": "VARCHAR", "city": "VARCHAR", "near": "BOOLEAN",
                  "far": "BOOLEAN"}  # fmt: skip


class Warehouse:
    """The partitions in ``folder``. Thread-safe; calls block.

    ``cluster``: spark://host:port that answers reports instead of this machine; ``address``: of this node, for it.
    """

    def __init__(self, folder: Path, cluster: str = "", address: str = "") -> None:
        self.folder = folder
        self._cluster = (cluster, address)
        self._far = Process("node.reports.cluster", "the report", timeout_seconds=TIMEOUT_SECONDS)
        self._writing = Process("node.pos.process", "the sales", timeout_seconds=TIMEOUT_SECONDS)
        self._asking = Process("node.pos.process", "the question", timeout_seconds=TIMEOUT_SECONDS)

    def close(self) -> None:
        """End the processes."""
        for process in (self._writing, self._asking, self._far):
            process.close()

    def take(
        self, file: Path, copy: Path, out: Path, wanted: Mapping[str, Any], stored: Sequence[str]
    ) -> dict[str, Any]:
        """:func:`node.pos.taking.take`; ``stored``: names of the current partitions."""
        paths = [str(self.folder / name) for name in stored]
        (answer,) = self._writing.call("take", str(self.folder), str(file), str(copy), str(out), dict(wanted), paths)
        return dict(answer)

    def head(self, file: Path) -> list[list[str]]:
        """:func:`node.pos.reading.head_of`."""
        (answer,) = self._asking.call("head", str(self.folder), str(file))
        return list(answer)

    def fold(self, batch: Path, position: int, current: Mapping[str, str]) -> list[list[Any]]:
        """:func:`node.pos.partitions.fold`."""
        (answer,) = self._writing.call("fold", str(self.folder), str(batch), position, dict(current))
        return list(answer)

    def rows(self, question: str, values: Mapping[str, Any], files: Sequence[str]) -> list[list[Any]]:
        """What a question of ours over ``lines`` and ``sales`` gives; dates come as ISO texts.

        ``question``: SQL, never of a person's making; ``values``: its named parameters; ``files``: the names of the
        current partitions.
        """
        paths = [str(self.folder / name) for name in files]
        (answer,) = self._asking.call("rows", str(self.folder), question, dict(values), paths)
        return list(answer)

    def answers(
        self, asked: Sequence[tuple[str, Mapping[str, Any], Mapping[str, Any]]], places: Sequence[Sequence[Any]],
        files: Sequence[str],
    ) -> list[list[list[Any]]]:  # fmt: skip
        """The rows of each of these reports (:func:`node.reports.answers.answer`).

        ``places``: [member (hex), company, street, city, near, far] of every member that lets its lines count
        (:data:`node.reports.questions.PLACES`); ``files``: the names of the current partitions.
        """
        paths = [str(self.folder / name) for name in files]
        wanted = [[name, dict(values), dict(fixed)] for name, values, fixed in asked]
        known = [list(row) for row in places]
        if self._cluster[0]:
            (answer,) = self._far.call(*self._cluster, wanted, known, paths)
        else:
            (answer,) = self._asking.call("answers", str(self.folder), wanted, known, paths)
        return list(answer)


# ---- inside the process -------------------------------------------------------------------------------------------


def serve() -> None:
    """Load DuckDB, then answer. Runs in the other process."""
    import duckdb  # noqa: F401 - loaded before the limits hold
    import python_calamine  # noqa: F401

    answer_requests(_perform, Confines(MEMORY_BYTES, CPU_SECONDS, OPEN_FILES, FILE_BYTES))


def _perform(operation: str, folder: str, *given: Any) -> list[Any]:
    import duckdb

    from node.pos import partitions, reading, taking

    try:
        if operation == "head":
            return [reading.head_of(Path(given[0]))]
        if operation == "answers":
            return [_answers(_kept(folder), *given)]
        with _opened(folder) as db:
            if operation == "take":
                return [taking.take(db, *given)]
            if operation == "fold":
                return [partitions.fold(db, folder, *given)]
            question, values, files = given
            partitions.show(db, files)
            return [[[_plain(value) for value in row] for row in db.execute(question, values or None).fetchall()]]
    except duckdb.Error as error:
        raise Malformed(f"the sales could not be read: {str(error).splitlines()[0]}") from None
    except OSError as error:
        raise Malformed(f"the file cannot be read: {error.strerror}") from None


def _answers(db: duckdb.DuckDBPyConnection, asked: list[Any], places: list[list[Any]], files: list[str]) -> list[Any]:
    from node.pos import partitions
    from node.reports.answers import answer
    from node.reports.asking import Duck

    partitions.show(db, files)
    columns = {name: [row[at] for row in places] for at, name in enumerate(_PLACES)}
    listed = ", ".join(f"unnest(${name}::{kind}[]) AS {name}" for name, kind in _PLACES.items())
    db.execute(f"CREATE OR REPLACE TEMP TABLE places AS SELECT {listed}", columns)
    return answer(Duck(db), [(name, values, fixed) for name, values, fixed in asked])


@functools.lru_cache(maxsize=1)
def _kept(folder: str) -> duckdb.DuckDBPyConnection:
    """A database that stays open between a page's questions: opening takes longer than most of them."""
    return _opened(folder)


def working_memory(machine_bytes: int) -> int:
    """What DuckDB may use on a machine with so much: a quarter. Pairs over millions of lines spill with less."""
    return min(max(machine_bytes // 4, LEAST_MEMORY), MOST_MEMORY)


def _opened(folder: str) -> duckdb.DuckDBPyConnection:
    """A database in memory that sees one folder and nothing else."""
    import duckdb

    db = duckdb.connect(":memory:")
    for setting in (
        f"SET memory_limit = '{working_memory(os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE')) // MIB}MiB'",
        f"SET threads = {THREADS}",
        f"SET temp_directory = '{Path(folder) / 'work'}'",
        f"SET allowed_directories = ['{folder}/']",
        "SET enable_progress_bar = false",  # it would write between our frames
        "SET enable_external_access = false",
        "SET lock_configuration = true",
    ):
        db.execute(setting)
    return db


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
