"""The list of a member's dealings by what has become of them. Reads only."""

from __future__ import annotations

from typing import Final, NamedTuple

from node.services import reading
from node.store import ThreadRow, Tx
from protocol.process.trade.table import State

PAGE_ROWS: Final = 30
TABS: Final = ("waiting", "running", "done", "all")
_DONE: Final = frozenset({State.PAID.value, State.REFUSED.value, State.CANCELLED.value})
_END: Final = (2**62, b"")


class Listed(NamedTuple):
    """One page of the list: (dealing, partner's name), and the cursor of the next page, empty at the end."""

    rows: list[tuple[ThreadRow, str]]
    next: str


def listed(tx: Tx, member: bytes, tab: str, cursor: str = "") -> Listed:
    """Dealings of ``member``, latest first. ``tab``: waiting (for the member), running, done, or anything for all."""
    if tab == "waiting":
        return Listed(_named(tx, tx.threads.by_turn(member, PAGE_ROWS, mine=True)), "")
    rows: list[ThreadRow] = []
    last = _place(cursor)
    while True:
        page = tx.threads.latest(member, PAGE_ROWS, before=last)
        if not page:
            return Listed(_named(tx, rows), "")
        for row in page:
            last = (row.updated, row.thread)
            if tab not in ("running", "done") or (row.state in _DONE) == (tab == "done"):
                rows.append(row)
            if len(rows) == PAGE_ROWS:
                return Listed(_named(tx, rows), f"{last[0]}-{last[1].hex()}")


def _place(cursor: str) -> tuple[int, bytes]:
    updated, _, thread = cursor.partition("-")
    try:
        return int(updated), bytes.fromhex(thread)
    except ValueError:
        return _END


def _named(tx: Tx, rows: list[ThreadRow]) -> list[tuple[ThreadRow, str]]:
    names = reading.names_of(tx, {row.partner for row in rows})
    return [(row, names.get(row.partner, "")) for row in rows]
