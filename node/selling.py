"""Sales of registers on their way from a file to the store and into the partitions. Owns the order of these steps.

A batch is stored when its transaction is: what comes after, the partitions, is made from it again if the node dies in
between. One import at a time; never in the event loop. Source: docs/adr/0050-pos.md.
"""

from __future__ import annotations

import contextlib
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

from node.pos.files import lasting
from node.pos.process import Warehouse
from node.services.selling import batches, places
from node.services.transaction import Store, Tx
from protocol.errors import CallerFault
from protocol.limits import MIB

PIECE_BYTES: Final = MIB
_JAPAN: Final = timedelta(hours=9)
Also = Callable[[Tx, dict[str, Any]], None]
_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class Sold:
    """A file of a member's register. ``store``: whose sales, or empty when the file says; ``tax``: in, out, none.

    ``mapping``: field → title. ``correct``: lines that differ, or are of a closed month, become new versions.
    """

    file: Path
    name: str
    member: bytes
    user: str
    store: str = ""
    layout: str = "generic"
    mapping: Mapping[str, str] | None = None
    tax: str = "in"
    correct: bool = False
    commit: bool = True


def bring(
    store: Store, warehouse: Warehouse, now: Callable[[], int], sold: Sold, *, also: Also | None = None
) -> dict[str, Any]:
    """Take a file over, or say what it would do. Counts, columns, and [line, column, rule, value] of bad lines.

    ``also``: done in the transaction that stores the batch, or in one of its own when nothing is stored.
    """
    if sold.tax not in ("in", "out", "none"):
        raise CallerFault("tax", "in, out or none")
    with _one_at_a_time:
        work = _prepared(warehouse)
        catch_up(store, warehouse)
        position, files = store.read(lambda tx: (tx.pos.last() + 1, [row.file for row in tx.pos.partitions()]))
        out = work / f"{secrets.token_hex(8)}.parquet"
        wanted = {
            "member": sold.member.hex(), "store": sold.store, "layout": sold.layout,
            "mapping": None if sold.mapping is None else dict(sold.mapping), "tax": sold.tax,
            "today": (datetime.fromtimestamp(now() / 1e6, UTC) + _JAPAN).date().isoformat(),
            "version": position, "correct": sold.correct,
        }  # fmt: skip
        try:
            told = warehouse.take(sold.file, out.with_suffix(".csv"), out, wanted, files)
            stored = sold.commit and told["new"] + told["changed"] > 0
            answer = {**told, "digest": told["digest"].hex(), "stored": stored, "batch": position if stored else 0}
            if stored:
                _store(store, sold, told, out, position, now(), partial(_also, also, answer))
                _fold(store, warehouse, out, position)
            elif also is not None:
                store.submit(partial(_also, also, answer)).result()
        finally:
            out.unlink(missing_ok=True)
            out.with_suffix(".csv").unlink(missing_ok=True)
    return answer


def _also(also: Also | None, answer: dict[str, Any], tx: Tx) -> None:
    if also is not None:
        also(tx, answer)


def catch_up(store: Store, warehouse: Warehouse) -> int:
    """Put batches into the partitions that are not in them: after a stop, or all where a partition's file is gone."""
    files = store.read(lambda tx: [row.file for row in tx.pos.partitions()])
    if not all((warehouse.folder / name).is_file() for name in files):
        store.submit(lambda tx: tx.pos.start_again()).result()
    waiting = store.read(lambda tx: tx.pos.waiting())
    for row in waiting:
        work = _prepared(warehouse) / f"{row.position}.batch.parquet"
        work.write_bytes(store.read(partial(_lines, row.position)))
        try:
            _fold(store, warehouse, work, row.position)
        finally:
            work.unlink(missing_ok=True)
    return len(waiting)


def _lines(position: int, tx: Tx) -> bytes:
    return tx.pos.lines_of(position)


def ask(store: Store, warehouse: Warehouse, question: str, values: Mapping[str, Any]) -> list[list[Any]]:
    """What a question of ours over the views ``lines`` and ``sales`` gives."""
    files = store.read(lambda tx: [row.file for row in tx.pos.partitions()])
    return warehouse.rows(question, values, files)


def waiting_folder(warehouse: Warehouse) -> Path:
    """Where files lie that people brought and have not taken over yet; only the owner may look."""
    folder = warehouse.folder / "waiting"
    if not folder.is_dir():
        warehouse.folder.mkdir(mode=0o700, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def forget_waiting(warehouse: Warehouse, before: float) -> int:
    """Remove such files that nobody touched since ``before`` (seconds of the file system's clock); how many."""
    folder = warehouse.folder / "waiting"
    old = [path for path in folder.iterdir() if path.stat().st_mtime < before] if folder.is_dir() else []
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


def reports(
    store: Store, warehouse: Warehouse, asked: Sequence[tuple[str, Mapping[str, Any], Mapping[str, Any]]]
) -> list[list[list[Any]]]:
    """The rows of each report, over the lines of its member and of those that let theirs count."""

    def work(tx: Tx) -> tuple[list[str], list[list[Any]]]:
        counted = [[member.hex(), *place] for member, place in places.consenting(tx).items()]
        return [row.file for row in tx.pos.partitions()], counted

    files, counted = store.read(work)
    return warehouse.answers(asked, counted, files)


def _prepared(warehouse: Warehouse) -> Path:
    """The folder for what is under way; only the owner may look."""
    work = warehouse.folder / "work"
    if not work.is_dir():
        warehouse.folder.mkdir(mode=0o700, exist_ok=True)
        work.mkdir(mode=0o700, exist_ok=True)
    return work


def _store(
    store: Store, sold: Sold, told: Mapping[str, Any], out: Path, position: int, time: int, also: Callable[[Tx], None]
) -> None:
    data = out.read_bytes()
    pieces = [data[at : at + PIECE_BYTES] for at in range(0, len(data), PIECE_BYTES)]

    def work(tx: Tx) -> None:
        batches.add(tx, batches.Batch(position, sold.member, sold.store, sold.name, sold.user, time), told, pieces)
        also(tx)

    store.submit(work).result()


def _fold(store: Store, warehouse: Warehouse, batch: Path, position: int) -> None:
    current = store.read(lambda tx: {row.month: row.file for row in tx.pos.partitions()})
    made = warehouse.fold(batch, position, current)
    lasting(warehouse.folder)
    store.submit(lambda tx: batches.folded(tx, position, made)).result()
    for month, file, _ in made:
        if month in current and current[month] != file:
            with contextlib.suppress(FileNotFoundError):
                (warehouse.folder / current[month]).unlink()
