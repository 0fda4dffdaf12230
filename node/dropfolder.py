"""The drop folder: what members receive, as files for other software that cannot poll an API.

Owns ``<data>/out/<member id>/``: where that folder exists (``yui member drop``), one JSON file for each document that
the member receives from then on, named by its feed position and id. Beside it a UBL file (``.xml``) and a message of
the SME Common EDI (``.sme.xml``) where the paper has such a form. Files appear whole (written aside, then renamed). A
cursor in the store says how far each member is: what was written is not written again, unless the process dies
between the file and the cursor; then it appears once more under the same name. A document that is held and then
decided has a new position and appears again. Whoever reads may delete; a name stands for one event for ever.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

import msgspec
import structlog

from node.api.member import shown
from node.papers.sme.types import SME_TYPES
from node.papers.ubl import TYPES
from node.papers.ubl.worker import Worker
from node.services import reading, routing, searching
from node.store import HoldingRow, Store, Tx
from protocol.errors import YuiError
from protocol.process.trade.papers import TYPE_OF, Paper, Personal

STEP: Final = 100
CURSOR: Final = "drop/"
ERASED: Final = "drop-erased/"
_MEMBER: Final = re.compile("[0-9a-f]{64}")
log = structlog.get_logger("drop")


class DropFolder:
    """Writes what is new below ``folder``. One thread at a time."""

    def __init__(self, store: Store, folder: Path, ubl: Worker) -> None:
        self._store = store
        self._folder = folder
        self._ubl = ubl

    def step(self) -> bool:
        """Write the next documents of every member that has a folder; whether there may be more."""
        more = [self._step(member) for member in self._wanted()]  # each of them, not up to the first
        return any(more)

    def erase(self) -> None:
        """Write again, without the part, what lies here of documents of which a part was erased since the last time."""
        for member in self._wanted():
            self._erase(member)

    def _erase(self, member: bytes) -> None:
        key = ERASED + member.hex()

        def work(tx: Tx) -> tuple[int, list[HoldingRow]]:
            after = tx.meta.get_int(key)
            rows = [row for row in tx.erasing.of(member) if row.erased > after]
            held = tx.holdings.get_many(member, [row.document for row in rows])
            return max((row.erased for row in rows), default=0), list(held.values())

        last, rows = self._store.read(work)
        for row in rows:
            if (self._folder / member.hex() / f"{_name(row)}.json").exists():
                self._write(row)
        if last:
            self._store.write(lambda tx: tx.meta.set_int(key, last))

    def _wanted(self) -> list[bytes]:
        if not self._folder.is_dir():
            return []
        names = sorted(path.name for path in self._folder.iterdir() if path.is_dir() and _MEMBER.fullmatch(path.name))
        return [bytes.fromhex(name) for name in names]

    def _step(self, member: bytes) -> bool:
        key = CURSOR + member.hex()
        found = self._store.read(lambda tx: _next(tx, member, key))
        if found is None:  # just switched on: from here
            self._store.write(lambda tx: tx.meta.set_int(key, tx.holdings.last_position()))
            return False
        for row in found:
            if row.direction == "received":
                self._write(row)
        if found:
            self._store.write(lambda tx: tx.meta.set_int(key, found[-1].position))
        return len(found) == STEP

    def _write(self, row: HoldingRow) -> None:
        view = self._store.read(lambda tx: reading.full(tx, row.member, row.document))
        folder = self._folder / row.member.hex()
        name = _name(row)
        paper = searching.paper_of(view.stored)
        if paper is not None and TYPE_OF[type(paper)] in TYPES:
            try:
                _put(folder / f"{name}.xml", self._ubl.write(paper, shown.bodies(view)[1]))
            except YuiError as fault:
                log.warning("no_ubl", document=row.document.hex()[:12], code=fault.code)
        if paper is not None and row.type in SME_TYPES:
            self._write_sme(row, folder / f"{name}.sme.xml", paper, shown.bodies(view)[1])
        _put(folder / f"{name}.json", msgspec.json.format(msgspec.json.encode(shown.full(view)), indent=1))

    def _write_sme(self, row: HoldingRow, path: Path, paper: Paper, personal: Personal | None) -> None:
        past = self._store.read(lambda tx: routing.past_of(tx, row.member, paper, row.thread))
        try:
            _put(path, self._ubl.write_sme(paper, personal, past))
        except YuiError as fault:
            log.warning("no_sme", document=row.document.hex()[:12], code=fault.code)


def _name(row: HoldingRow) -> str:
    return f"{row.position:012d}-{row.document.hex()}"


def _next(tx: Tx, member: bytes, key: str) -> list[HoldingRow] | None:
    if tx.meta.get(key) is None:
        return None
    return tx.holdings.after(member, tx.meta.get_int(key), STEP)


def _put(path: Path, data: bytes) -> None:
    part = path.with_name(f".{path.name}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
