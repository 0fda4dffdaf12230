"""The watched folder: files that a register writes are taken over by themselves.

Owns ``<data>/in/<member id>/``: where that folder exists (``yui pos watch``), every CSV or Excel file in it that did
not change for some seconds is read as the member's last file by page was, with what can be guessed otherwise. Then it
is moved to ``done``, or to ``refused`` where not a line of it could be kept, with what was found as JSON beside it. A
file that is moved and one that is stored are two steps: a node that dies between them reads the file again, and finds
every line stored already.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec
import structlog

from node import selling
from node.pos.process import Warehouse
from node.services.selling import uploads
from node.services.transaction import Store
from protocol.errors import NotFound, WorldFault, YuiError

SUFFIXES: Final = (".csv", ".txt", ".tsv", ".xlsx", ".xls", ".ods")
QUIET_S: Final = 5.0  # a file that changed since then may still be written
BY: Final = "watched folder"
_MEMBER: Final = re.compile("[0-9a-f]{64}")
log = structlog.get_logger("sales")


class SalesFolder:
    """Takes over what lies below ``folder``. One thread at a time; ``now``: µs UTC."""

    def __init__(self, store: Store, warehouse: Warehouse, folder: Path, now: Callable[[], int]) -> None:
        self._store = store
        self._warehouse = warehouse
        self._folder = folder
        self._now = now

    def step(self) -> int:
        """Take over every file that is whole; how many."""
        taken = 0
        for member in self._watched():
            for file in self._whole(member):
                self._take(bytes.fromhex(member.name), file)
                taken += 1
        return taken

    def _watched(self) -> list[Path]:
        if not self._folder.is_dir():
            return []
        return sorted(path for path in self._folder.iterdir() if path.is_dir() and _MEMBER.fullmatch(path.name))

    def _whole(self, folder: Path) -> list[Path]:
        before = time.time() - QUIET_S
        found = []
        for path in sorted(folder.iterdir()):
            if path.suffix.lower() in SUFFIXES and path.is_file() and not path.is_symlink():
                seen = path.stat()
                if seen.st_mtime < before and seen.st_size:
                    found.append(path)
        return found

    def _take(self, member: bytes, file: Path) -> None:
        try:
            told = self._bring(member, file)
            kept = told["new"] + told["changed"] + told["same"]
        except WorldFault:
            raise  # nothing is wrong with the file: it stays for the next time
        except YuiError as fault:
            told, kept = {"refused": str(fault), "code": fault.code}, 0
        self._put_away(file, "done" if kept else "refused", told)
        log.info("sales_file", kept=kept, bad=told.get("bad", 0), code=told.get("code", ""))

    def _bring(self, member: bytes, file: Path) -> dict[str, Any]:
        if self._store.read(lambda tx: tx.members.get(member)) is None:
            raise NotFound("member", "no such member at this node")
        reading = self._store.read(lambda tx: uploads.last_reading(tx, member))
        sold = selling.Sold(
            file, file.name, member, BY, reading.store, reading.layout, reading.mapping, reading.tax
        )  # fmt: skip
        told = selling.bring(self._store, self._warehouse, self._now, sold)
        problems = [
            {"line": line, "column": column, "rule": rule, "value": value}
            for line, column, rule, value in told["problems"]
        ]
        return {**told, "problems": problems}

    def _put_away(self, file: Path, where: str, told: dict[str, Any]) -> None:
        """Into a folder beside it, under a name that is not there yet; first what was found, then the file."""
        folder = file.parent / where
        folder.mkdir(mode=0o700, exist_ok=True)
        target = folder / f"{self._now()}-{file.name}"
        target.with_name(target.name + ".json").write_bytes(msgspec.json.format(msgspec.json.encode(told)))
        file.rename(target)
