"""What an operator may hand to somebody who helps: how the node is, without a word of anybody's business.

Owns what may stand in it: numbers, states, codes and names of checks. Names of members and of other nodes, ids, keys,
addresses, texts of documents and of errors are left out, not blackened: only what is listed here goes in.
"""

from __future__ import annotations

import platform
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from node.services import doctor, status
from node.services.drilling import report as drills
from node.services.guarding import overview
from node.services.house import House
from node.store import Store, Tx

FORMAT: Final = "yui-support/1"
_COUNTS: Final = (
    "network", "start_number", "members", "documents", "index_lag", "held", "waiting", "quarantined", "cards",
)  # fmt: skip
_PEER: Final = ("kind", "state", "pending", "failures")
_CODE: Final = re.compile(r"^[a-z][a-z-]{1,30}(?=$|:)")
_KINDS: Final = (
    "disk space", "key files", "data folder", "may sign", "store takes writes", "database file", "journal", "documents",
    "signing keys", "search index", "quarantine", "epochs", "link", "moved away",
)  # fmt: skip
_NUMBERS: Final = re.compile(r"\b\d{1,12}\b(?![0-9a-f])")


def bundle(house: House, store: Store, folder: Path) -> dict[str, Any]:
    """The whole of it, as plain values."""
    return {
        "format": FORMAT,
        "time": house.clock(),
        "system": {"python": platform.python_version(), "machine": platform.machine(), "kernel": platform.release()},
        "files": _files(folder),
        "checks": [_check(item) for item in doctor.examine(house, store, folder)],
        **store.read(lambda tx: _state(house, tx)),
    }


def _state(house: House, tx: Tx) -> dict[str, Any]:
    found = status.summary(house, tx)
    kept = overview.members(house, tx)
    drill = drills.last(tx)
    return {
        "counts": {name: found[name] for name in _COUNTS},
        "frozen": bool(found["frozen"]),
        "recovering": bool(found["recovering"]),
        "departed": len(found["departed"]),
        "peers": [_peer(row) for row in found["peers"]],
        "copies": dict(Counter(one.light for one in kept)),
        "not_copied": sum(one.missing for one in kept),
        "findings": dict(Counter(_code(copy.finding) for one in kept for copy in one.copies if copy.finding)),
        "wards": len(tx.wards.all()),
        "drill": drill._asdict() if drill else None,
    }


def _peer(row: Mapping[str, Any]) -> dict[str, Any]:
    """One link: its numbers, and of its last error the code alone."""
    return {**{name: row.get(name) for name in _PEER}, "last_error": _code(str(row.get("last_error") or ""))}


def _code(text: str) -> str:
    """The code with which an error begins, where it is one word in small letters; else nothing of it."""
    found = _CODE.match(text)
    return found.group() if found else ("other" if text else "")


def _check(item: doctor.Finding) -> dict[str, Any]:
    """A check by its kind (never of whom), its result, and the numbers in what it saw."""
    kind = next((kind for kind in _KINDS if item.check.startswith(kind)), "other")
    return {"check": kind, "ok": item.ok, "numbers": [int(one) for one in _NUMBERS.findall(item.detail)]}


def _files(folder: Path) -> dict[str, dict[str, int]]:
    """How many files of what size lie where: the database, and the folders beside it."""
    found: dict[str, dict[str, int]] = {}
    for place in ("node.db", "node.db-wal", "attachments", "backups", "keys"):
        sizes = _sizes(folder / place)
        found[place] = {"files": len(sizes), "bytes": sum(sizes)}
    return found


def _sizes(path: Path) -> Sequence[int]:
    if path.is_file():
        return [path.stat().st_size]
    return [item.stat().st_size for item in path.rglob("*") if item.is_file()] if path.is_dir() else []
