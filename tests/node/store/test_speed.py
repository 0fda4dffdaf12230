"""What a document costs in a batch of 250, against what the machine can do at best in the same run.

The floor is the least that storing needs here: the same bytes into one table of one row each, one transaction with its
fsync for each batch, through the same driver. A bound relative to it holds on a slow or busy machine too.
Run with ``-s`` to see the figures.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from node.store import (
    GivenRow,
    HeadRow,
    KeyUse,
    MemberRow,
    NewDocument,
    PartRow,
    SqliteStore,
    ThreadRow,
    Tx,
    open_sqlite,
)
from tests.node.store.rows import ALICE, BOB, EPOCH, NODE, digest, entry, holding

BATCH = 250
BATCHES = 24
TEXT = (
    "株式会社東京電機製作所 御中 注文書番号 PO-2026-00123 六角ボルト M8×30 ステンレス鋼 座金付き 1200個 単価12円"
    " 亜鉛メッキ鋼板 t1.2 914×1829 50枚 納入場所 京都府京都市伏見区竹田中川原町 担当 田中太郎 備考 午前中着指定"
    " 配送はヤマト運輸でお願いします。アルミニウム押出形材 A6063S-T5 角パイプ 30×30×2.0 定尺4000mm 20本"
)[:200]
#: Times the floor that all rows of a document may cost, and that its search row may.
MOST_ROWS = 12.0
MOST_SEARCH = 6.0


def order(number: int) -> NewDocument:
    """An order of about 4 kB: header 700 B, business part 3 kB, personal part 200 B."""
    block = digest("bytes", number)
    return NewDocument(
        id=digest("speed", number),
        type="trade/order",
        version=1,
        author=ALICE,
        epoch=EPOCH,
        audience=BOB,
        thread=b"",
        business_key=f"PO-{number:08d}",
        revision=0,
        time=number,
        keep_until=0,
        size=3900,
        signature=block * 2,
        path=b"\x90",
        header=block * 22,
        parts=(PartRow("business", block[:16], block * 94), PartRow("personal", block[16:], block * 6)),
    )


def receive(rows: list[NewDocument], first: int) -> Callable[[Tx], list[int]]:
    """Everything that a batch writes at its receiver, as a work."""
    ids = [row.id for row in rows]

    def work(tx: Tx) -> list[int]:
        assert not tx.documents.known(ids)
        assert not tx.given.get_many(ids)
        positions = tx.documents.add_many(rows)
        tx.holdings.add_many([holding(row) for row in rows])
        tx.journal.add_many([entry(first + at) for at in range(len(rows))])
        tx.keys_used.claim_many([KeyUse(ALICE, BOB, row.type, row.business_key, 0, row.id) for row in rows])
        tx.follows.add_many([(row.id, digest("parent", at // 3)) for at, row in enumerate(rows)])
        tx.threads.put_many(
            [
                ThreadRow(BOB, row.id, "ordered", ALICE, row.type, row.business_key, 1, "JPY", row.time, "b", 1, row.id)
                for row in rows
            ]
        )
        tx.given.add_many([GivenRow(row.id, BOB, 1, "applied", EPOCH, first, "") for row in rows])
        tx.outgoing.add_many(NODE, "document", ids)
        tx.heads.put_many([HeadRow(BOB, EPOCH, first + len(rows), digest(first), b"s" * 64, first)])
        return positions

    return work


def cpu(work: Callable[[], object]) -> float:
    """CPU seconds of this process, all threads."""
    start = time.process_time()
    work()
    return time.process_time() - start


def floor(path: Path, batches: list[list[NewDocument]]) -> float:
    """Least CPU µs per document of the best batch: one row of the same bytes."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE floor (id BLOB PRIMARY KEY, content BLOB)")
    blobs = [
        [(row.id, row.header + b"".join(part.content for part in row.parts)) for row in batch] for batch in batches
    ]

    def store(batch: list[tuple[bytes, bytes]]) -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO floor VALUES (?, ?)", batch)
        connection.execute("COMMIT")

    best = min(cpu(lambda batch=batch: store(batch)) for batch in blobs)  # type: ignore[misc]
    connection.close()
    return best / BATCH * 1e6


def best_of(store: SqliteStore, works: list[Callable[[Tx], object]]) -> float:
    """Least CPU µs per document of the best batch."""
    return min(cpu(lambda work=work: store.write(work)) for work in works) / BATCH * 1e6  # type: ignore[misc]


@pytest.mark.slow
def test_cost_of_a_document(tmp_path: Path) -> None:
    batches = [[order(at * BATCH + number) for number in range(BATCH)] for at in range(BATCHES)]
    least = floor(tmp_path / "floor.db", batches)
    store = open_sqlite(tmp_path / "node.db")
    store.write(lambda tx: tx.members.put(MemberRow(BOB, b"", "", True, None, None, 0, False, None, 0)))
    rows = best_of(store, [receive(batch, at * BATCH) for at, batch in enumerate(batches)])

    def index(at: int) -> Callable[[Tx], None]:
        return lambda tx: tx.search.add([(at * BATCH + number, TEXT + str(number)) for number in range(BATCH)])

    search = best_of(store, [index(at) for at in range(BATCHES)])
    store.read(lambda tx: tx.outgoing.pending(NODE, 0, 1))
    pending = cpu(lambda: store.read(lambda tx: tx.outgoing.pending(NODE, 0, BATCH))) / BATCH * 1e6
    ids = [row.id for row in batches[0]]
    mark = cpu(lambda: store.write(lambda tx: tx.outgoing.mark(NODE, [(one, "applied", 1) for one in ids])))
    store.close()
    print(
        f"\nCPU µs per document, best of {BATCHES} batches of {BATCH}: floor {least:.1f}, all rows {rows:.1f},"
        f" search row {search:.1f}, pending {pending:.1f}, mark {mark / BATCH * 1e6:.1f}"
    )
    assert rows < MOST_ROWS * least, "all rows of a document cost too much"
    assert search < MOST_SEARCH * least, "the search row of a document costs too much"
