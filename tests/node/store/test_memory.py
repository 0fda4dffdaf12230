"""The store in memory: a crash at any write leaves nothing or everything; an image is a backup; runs are repeatable."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from node.store import KeyUse, MemoryStore, Tx, open_memory, open_sqlite
from protocol.errors import WorldFault
from tests.node.store.rows import ALICE, BOB, NODE, document, entry, holding


class Crash(BaseException):
    """The simulator's crash: not an error that anybody may catch."""


class Faults:
    """Counts statements; raises at number ``at``."""

    def __init__(self) -> None:
        self.at: int | None = None
        self.seen: list[str] = []

    def __call__(self, text: str) -> None:
        self.seen.append(text)
        if self.at is not None and len(self.seen) > self.at:
            raise Crash(text)


def content(image: bytes) -> list[str]:
    """All rows in an image; its header also tells of its history."""
    connection = sqlite3.connect(":memory:")
    connection.deserialize(image)
    rows = list(connection.iterdump())
    connection.close()
    return rows


def batch(tx: Tx) -> None:
    rows = [document(number) for number in range(1, 4)]
    tx.documents.add_many(rows)
    tx.holdings.add_many([holding(row) for row in rows])
    tx.journal.add_many([entry(number) for number in range(1, 4)])
    tx.outgoing.add_many(NODE, "document", [row.id for row in rows])
    tx.keys_used.claim_many([KeyUse(ALICE, BOB, row.type, row.business_key, 0, row.id) for row in rows])
    tx.search.add([(1, "東京")])


def test_a_crash_at_any_write_leaves_nothing() -> None:
    faults = Faults()
    store = open_memory(fault=faults)
    empty = store.serialize()
    store.write(batch)
    statements = len(faults.seen)
    assert faults.seen[-1] == "COMMIT"
    assert statements > 10
    full = store.serialize()
    for at in range(statements):
        faults.seen.clear()
        store = open_memory(empty, fault=faults)
        faults.at = at
        with pytest.raises(Crash):
            store.write(batch)
        faults.at = None
        assert content(store.serialize()) == content(empty)
        assert store.read(lambda tx: tx.documents.count()) == 0
        store.write(batch)
        assert content(store.serialize()) == content(full)
        assert store.broken is None


def test_the_same_works_make_the_same_image() -> None:
    images = set()
    for _ in range(2):
        store = open_memory()
        store.write(batch)
        images.add(store.serialize())
    assert len(images) == 1


def test_an_image_is_a_backup() -> None:
    store = open_memory()
    store.write(batch)
    image = store.serialize()
    store.write(lambda tx: tx.documents.add_many([document(9)]))
    old = open_memory(image)
    assert old.read(lambda tx: tx.documents.count()) == 3
    assert old.write(lambda tx: tx.documents.add_many([document(8)])) == [4]
    assert old.read(lambda tx: tx.search.find("東京", 3)) == [1]
    assert store.read(lambda tx: tx.documents.count()) == 4


def test_a_file_and_memory_exchange_images(tmp_path: Path) -> None:
    store = open_sqlite(tmp_path / "node.db")
    store.write(batch)
    store.backup(tmp_path / "copy.db")
    store.close()
    memory = open_memory((tmp_path / "copy.db").read_bytes())
    memory.write(lambda tx: tx.documents.add_many([document(5)]))
    live = open_memory((tmp_path / "node.db").read_bytes())  # its header says WAL
    assert live.read(lambda tx: tx.documents.count()) == 3
    memory.backup(tmp_path / "back.db")
    again = open_sqlite(tmp_path / "back.db")
    assert again.read(lambda tx: tx.documents.count()) == 4
    assert again.check() == memory.check() == []
    again.close()


def test_works_run_at_once_and_never_inside_each_other() -> None:
    store = open_memory()
    future = store.submit(lambda tx: tx.meta.set("a", b"1"))
    assert future.done()

    def inside(tx: Tx) -> None:
        store.write(lambda inner: None)

    with pytest.raises(RuntimeError, match="the store that runs it"):
        store.write(inside)
    with pytest.raises(RuntimeError, match="the store that runs it"):
        store.read(lambda tx: store.serialize())
    store.write(lambda tx: tx.meta.set("b", b"1"))


def test_a_closed_one_is_closed() -> None:
    store: MemoryStore = open_memory()
    store.close()
    with pytest.raises(WorldFault, match="closed"):
        store.serialize()
