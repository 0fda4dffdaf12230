"""Row 19: a peer that stays away for long costs disk in proportion to what waits for it, and no memory.

Two real houses on real stores on disk; batches and receipts are the product's own.
"""

from __future__ import annotations

import gc
from pathlib import Path

import psutil
import pytest

from node.services import exchange, trade
from node.services.trade import Submission
from node.store import SqliteStore, open_sqlite
from tests.node.services.town import Association, order, two_towns

DOCUMENTS = 100_000
AT_ONCE = 250
PARTS = 10
DRAINED = 5_000  # from the beginning of the backlog
FLAT_MIB = 32.0  # by which memory may grow after the first tenth: caches fill, what waits is not in them
DISK_KIB = 4.0  # for each document that waits
MIB = 1 << 20


def memory() -> float:
    """What this process has resident, MiB."""
    gc.collect()
    return psutil.Process().memory_info().rss / MIB


def size(store: Path) -> int:
    """The store's files, bytes."""
    return sum(file.stat().st_size for file in store.parent.glob(f"{store.name}*"))


def on_disk(town: Association, path: Path) -> SqliteStore:
    """The town's data in a file from now on."""
    path.write_bytes(town.store.serialize())
    town.store.close()
    store = open_sqlite(path)
    town.store = store  # type: ignore[assignment]
    return store


def submit(town: Association, author: bytes, recipient: bytes, first: int, count: int) -> None:
    for at in range(first, first + count, AT_ONCE):
        what = [Submission(recipient, order(f"PO-{number}")) for number in range(at, at + AT_ONCE)]
        town.do(lambda tx, some=what: trade.submit(town.house, tx, author, some))  # type: ignore[misc]


def drain(town: Association, other: Association, documents: int) -> int:
    """The first ``documents`` of the backlog, batch by batch with their receipts; how many of them arrived."""
    assert town.greet(other) == "ok"
    after = arrived = 0
    while arrived < documents:
        offer = town.offer(other, after)
        assert offer is not None
        taken = other.do(lambda tx, wire=offer.wire: exchange.receive_batch(other.house, tx, town.house.id, wire))  # type: ignore[misc]
        town.credit(other, exchange.receipt(other.house, town.house.id, taken))
        after = max(taken.cursor, offer.last)
        arrived += sum(leaf.verdict == "applied" and bool(leaf.seq) for leaf in taken.leaves)
    return arrived


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_hundred_thousand_documents_for_an_absent_peer(tmp_path: Path) -> None:
    toyota, kyoto, buyer, seller = two_towns()
    stores = [on_disk(town, tmp_path / f"{name}.db") for town, name in ((toyota, "toyota"), (kyoto, "kyoto"))]
    empty = size(tmp_path / "toyota.db")
    part = DOCUMENTS // PARTS
    used = []
    for at in range(PARTS):
        submit(toyota, buyer, seller, at * part, part)
        used.append(memory())
    assert max(used) - used[0] < FLAT_MIB, used
    assert (size(tmp_path / "toyota.db") - empty) / DOCUMENTS < DISK_KIB * 1024
    waiting = toyota.pending(kyoto)
    assert waiting >= DOCUMENTS
    before = memory()
    arrived = drain(toyota, kyoto, DRAINED)  # from a cursor: not by reading all that waits
    assert memory() - before < FLAT_MIB
    assert waiting - toyota.pending(kyoto) >= arrived >= DRAINED
    for store in stores:
        store.close()
