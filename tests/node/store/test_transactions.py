"""The contract of works and transactions, on every engine."""

from __future__ import annotations

import threading
from concurrent.futures import Future

import pytest

from node.store import NewDocument, Store, Tx
from protocol.errors import WorldFault
from tests.node.store.rows import BOB, document, holding


def keys(store: Store, *names: str) -> list[str]:
    return [name for name in names if store.read(lambda tx, name=name: tx.meta.get(name)) is not None]  # type: ignore[misc]


def test_a_work_gives_its_result_and_is_seen_by_readers(store: Store) -> None:
    def work(tx: Tx) -> int:
        tx.meta.set("a", b"1")
        return 7

    assert store.write(work) == 7
    assert store.read(lambda tx: tx.meta.get("a")) == b"1"
    assert store.broken is None


def test_an_exception_undoes_the_work_and_comes_back(store: Store) -> None:
    def work(tx: Tx) -> None:
        tx.meta.set("a", b"1")
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        store.write(work)
    assert keys(store, "a") == []
    store.write(lambda tx: tx.meta.set("b", b"1"))
    assert keys(store, "a", "b") == ["b"]


def test_a_broken_statement_undoes_the_work_alone(store: Store) -> None:
    def twice(tx: Tx) -> None:
        tx.meta.set("a", b"1")
        tx.documents.add_many([document(1)])
        tx.documents.add_many([document(1)])

    with pytest.raises(Exception, match=r"(?i)unique"):
        store.write(twice)
    assert keys(store, "a") == []
    assert store.read(lambda tx: tx.documents.count()) == 0
    assert store.broken is None


def test_works_that_wait_share_a_transaction_and_fail_alone(store: Store) -> None:
    entered, go = threading.Event(), threading.Event()

    def slow(tx: Tx) -> None:
        entered.set()
        assert go.wait(10)

    def fails(tx: Tx) -> None:
        tx.meta.set("bad", b"1")
        tx.documents.add_many([document(1)])
        raise ValueError("bad")

    def adds(tx: Tx) -> list[int]:
        # the failed work's document is gone, and so is what the transaction knew of its position
        assert tx.documents.positions([document(1).id]) == {}
        return tx.documents.add_many([document(1)])

    if store.engine == "sqlite" and type(store).__name__ == "MemoryStore":
        go.set()
    first = store.submit(slow)
    assert entered.wait(10)
    works: list[Future[object]] = [
        store.submit(lambda tx: tx.meta.set("one", b"1")),
        store.submit(fails),
        store.submit(adds),
        store.submit(lambda tx: tx.meta.set("two", b"1")),
    ]
    go.set()
    first.result(10)
    with pytest.raises(ValueError, match="bad"):
        works[1].result(10)
    positions = works[2].result(10)
    assert isinstance(positions, list)
    assert len(positions) == 1
    works[3].result(10)  # where the others took long it stands in a transaction of its own
    assert keys(store, "one", "bad", "two") == ["one", "two"]
    assert store.read(lambda tx: tx.documents.known([document(1).id])) == {document(1).id}


def test_a_work_in_the_queue_can_be_cancelled(store: Store) -> None:
    if type(store).__name__ == "MemoryStore":
        done = store.submit(lambda tx: None)
        assert done.done()
        return
    entered, go = threading.Event(), threading.Event()

    def slow(tx: Tx) -> None:
        entered.set()
        assert go.wait(10)

    store.submit(slow)
    assert entered.wait(10)
    cancelled = store.submit(lambda tx: tx.meta.set("never", b"1"))
    after = store.submit(lambda tx: tx.meta.set("after", b"1"))
    assert cancelled.cancel()
    go.set()
    after.result(10)
    assert keys(store, "never", "after") == ["after"]


def test_many_threads_write_and_read(store: Store) -> None:
    def add(base: int) -> None:
        for number in range(base, base + 10):
            new = document(number)

            def work(tx: Tx, new: NewDocument = new) -> None:
                tx.documents.add_many([new])
                tx.holdings.add_many([holding(new)])

            store.write(work)
            assert store.read(lambda tx, new=new: tx.documents.get(new.id)) is not None  # type: ignore[misc]

    threads = [threading.Thread(target=add, args=(base * 10,)) for base in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    feed = store.read(lambda tx: tx.holdings.after(BOB, 0, 1000))
    assert [row.position for row in feed] == sorted({row.position for row in feed})
    assert len(feed) == 60


def test_a_reader_cannot_write(store: Store) -> None:
    with pytest.raises(RuntimeError, match="cannot write"):
        store.read(lambda tx: tx.meta.set("a", b"1"))
    assert keys(store, "a") == []
    store.write(lambda tx: tx.meta.set("b", b"1"))
    assert keys(store, "b") == ["b"]


def test_a_reader_sees_one_moment(store: Store) -> None:
    if type(store).__name__ == "MemoryStore":
        with pytest.raises(RuntimeError, match="the store that runs it"):
            store.read(lambda tx: store.write(lambda inner: inner.meta.set("a", b"1")))
        return

    def look(tx: Tx) -> tuple[bytes | None, bytes | None]:
        before = tx.meta.get("a")
        store.write(lambda inner: inner.meta.set("a", b"1"))
        return before, tx.meta.get("a")

    assert store.read(look) == (None, None)
    assert keys(store, "a") == ["a"]


def test_positions_are_never_given_twice_even_after_a_rollback_of_another(store: Store) -> None:
    first = store.write(lambda tx: tx.documents.add_many([document(1), document(2)]))
    assert first == [1, 2]

    def lost(tx: Tx) -> None:
        tx.documents.add_many([document(3)])
        raise ValueError("lost")

    with pytest.raises(ValueError, match="lost"):
        store.write(lost)
    assert store.write(lambda tx: tx.documents.add_many([document(4)]))[0] > 2
    assert store.read(lambda tx: tx.documents.last_position()) >= 3


def test_closed_means_closed(store: Store) -> None:
    pending = [store.submit(lambda tx, n=n: tx.meta.set(f"k{n}", b"1")) for n in range(20)]  # type: ignore[misc]
    store.close()
    store.close()
    assert all(future.exception(10) is None for future in pending)
    with pytest.raises(WorldFault, match="closed"):
        store.write(lambda tx: None)
    with pytest.raises(WorldFault, match="closed"):
        store.read(lambda tx: None)
