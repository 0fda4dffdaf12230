"""Making the books of what was stored before there were any: after an upgrade, step by step, beside other work.

Owns how far that has come. What the books say is :mod:`node.services.booking`; entering twice changes nothing.
"""

from __future__ import annotations

from typing import Final

from node.services import booking, dealings
from node.services.house import House
from node.store import StoredDocument, Tx

STEP: Final = 100  # documents that one transaction catches up
DONE: Final = "books/done"
UNTIL: Final = "books/until"


def lag(tx: Tx) -> int:
    """Documents that the books may not have yet; 0 once the first catching up is over."""
    until = tx.meta.get_int(UNTIL)
    if until == 0:
        return tx.documents.last_position()
    return max(0, until - 1 - tx.meta.get_int(DONE))


def catch_up(house: House, tx: Tx, limit: int = STEP) -> int:
    """Enter the next ``limit`` old documents; how many there were. A writing transaction.

    Where it ends is fixed at the first call: what comes later is entered as it comes.
    """
    if tx.meta.get_int(UNTIL) == 0:
        tx.meta.set_int(UNTIL, tx.documents.last_position() + 1)  # never 0 again
    until = tx.meta.get_int(UNTIL) - 1
    stored = [found for found in tx.documents.after(tx.meta.get_int(DONE), limit) if found.row.position <= until]
    if not stored:
        tx.meta.set_int(DONE, until)
        return 0
    for found in stored:
        booking.enter(tx, _entries(tx, found))
    dealings.book(house, tx, dict.fromkeys(found.row.thread for found in stored))
    tx.meta.set_int(DONE, stored[-1].row.position)
    return len(stored)


def _entries(tx: Tx, found: StoredDocument) -> list[booking.Entry]:
    row = found.row
    said = booking.said_of(dealings.paper_of(found), row.time)
    return [
        booking.Entry(
            holding.member,
            row.id,
            row.thread,
            holding.direction,
            row.type,
            holding.partner,
            row.business_key,
            row.revision,
            said,
        )
        for holding in tx.holdings.by_document(row.id)
    ]
