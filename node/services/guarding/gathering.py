"""Everything of a member that is new since the last frame, piece by piece. Owns the order and the cursor."""

from __future__ import annotations

from typing import Final, NamedTuple

from node.services import dealings, members
from node.services.house import House
from node.store import JournalRow, Tx
from protocol import canon
from protocol.document import envelope
from protocol.identity.log import ControlLog
from protocol.journal import Kind

ENTRY: Final = "entry"
DOCUMENT: Final = "document"
STEP: Final = 200
_WITH_DOCUMENT: Final = frozenset(kind.value for kind in (Kind.SENT, Kind.RECEIVED, Kind.ADOPTED))


class Item(NamedTuple):
    """One thing as it is copied."""

    kind: str
    payload: bytes


class Reach(NamedTuple):
    """Everything is copied up to here: journal entry of the current epoch, holding, place in the outgoing stream."""

    seq: int
    holding: int
    outgoing: int


class Collected(NamedTuple):
    """``cursor``: where to go on; ``reach`` None while something older is still missing; ``more``: ask again."""

    items: tuple[Item, ...]
    cursor: bytes
    more: bool
    reach: Reach | None


def collect(house: House, tx: Tx, member: bytes, cursor: bytes, max_bytes: int) -> Collected:
    """What follows ``cursor``, of about ``max_bytes`` together."""
    log = members.require_log(house, tx, member)
    epochs = _epochs(log)
    epoch, seq = _where(cursor, epochs)
    items: list[Item] = []
    size = 0
    while True:
        rows = tx.journal.after(member, epoch, seq, STEP)
        for row in rows:
            if size >= max_bytes:
                return Collected(tuple(items), canon.encode((epoch, seq)), True, None)
            for item in _items(tx, row):
                items.append(item)
                size += len(item.payload)
            seq = row.seq
        if len(rows) < STEP:
            at = epochs.index(epoch) + 1
            if at == len(epochs):
                break
            epoch, seq = epochs[at], 0
    reach = Reach(seq, tx.holdings.last_position(), tx.outgoing.last_position())
    return Collected(tuple(items), canon.encode((epoch, seq)), False, reach)


def _where(cursor: bytes, epochs: list[bytes]) -> tuple[bytes, int]:
    if not cursor:
        return epochs[0], 0
    epoch, seq = canon.decode(cursor)
    return (epoch, seq) if epoch in epochs else (epochs[0], 0)


def _epochs(log: ControlLog) -> list[bytes]:
    """The epochs on which the present one stands, oldest first."""
    found = []
    epoch = log.standing.epoch
    while epoch is not None:
        found.append(epoch.hash)
        epoch = log.epoch_named(epoch.parent) if epoch.parent else None
    return found[::-1]


def _items(tx: Tx, row: JournalRow) -> list[Item]:
    found = [Item(ENTRY, canon.encode(tuple(row)))]
    if row.kind in _WITH_DOCUMENT:
        stored = tx.documents.full(row.object)
        if stored is not None:
            found.append(Item(DOCUMENT, envelope.encode(dealings.document_of(stored))))
    return found
