"""What tells an open page that it is out of date: a mark over everything it shows of its member. Reads only.

The mark says nothing by itself and changes with nothing of other members. Whoever sees another one reads again.
"""

from __future__ import annotations

import hashlib
from threading import Lock
from typing import Final

from node.services import reading
from node.services.desk import today
from node.store import ThreadRow, Tx

MOST_REMEMBERED: Final = 10_000


def mark(tx: Tx, member: bytes, thread: bytes = b"") -> str:
    """Of a member's lists, or of one dealing of it with the marks of its papers; another one after every change."""
    digest = hashlib.sha256(repr(_latest(tx, member)).encode())
    digest.update(repr([row.position for row in tx.holdings.before(member, 1)]).encode())
    digest.update(repr(tx.notices.count(member)).encode())
    if thread and tx.threads.get(member, thread) is not None:
        documents = [stored.row.id for stored in tx.documents.by_thread(thread)]
        rows = tx.holdings.get_many(member, documents)
        marks = reading.marks_of(tx, list(rows.values()))
        digest.update(repr([(key, rows[key].verdict, rows[key].read, marks[key]) for key in sorted(rows)]).encode())
    return digest.hexdigest()[:24]


def _latest(tx: Tx, member: bytes) -> list[ThreadRow]:
    """Every change of a dealing makes it the latest one."""
    return tx.threads.latest(member, 1)


_known: dict[bytes, tuple[list[ThreadRow], int]] = {}
_lock = Lock()


def waits(tx: Tx, member: bytes) -> int:
    """How many dealings wait for the member, as 今日 counts them (at most ``today.MOST_ROWS``)."""
    latest = _latest(tx, member)
    with _lock:
        kept = _known.get(member)
    if kept is not None and kept[0] == latest:
        return kept[1]
    count = today.count(tx, member)
    with _lock:
        if len(_known) >= MOST_REMEMBERED:
            _known.clear()
        _known[member] = (latest, count)
    return count
