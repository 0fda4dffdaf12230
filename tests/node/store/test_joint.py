"""Joint rounds in the store: rows come back as they were put, what is final is put once."""

from node.store import Store
from node.store.joint import ClosedRow, OwnRow, RoundRow, WordRow

A, B = b"a" * 32, b"b" * 32


def test_rounds_and_their_registers(store: Store) -> None:
    first, second = RoundRow(A, b"first", 1), RoundRow(B, b"second", 2)
    store.write(lambda tx: [tx.joint.put(row) for row in (first, second)])
    promised = first._replace(attempt=1, promised=9, accepted_ballot=8, accepted=A + B)
    store.write(lambda tx: tx.joint.put(promised))
    store.write(lambda tx: tx.joint.set_ordered(B, A))
    assert store.read(lambda tx: tx.joint.all(10)) == [second._replace(ordered=A), promised]
    assert store.read(lambda tx: tx.joint.all(1)) == [second._replace(ordered=A)]
    assert store.read(lambda tx: tx.joint.get(A)) == promised
    assert store.read(lambda tx: tx.joint.get(b"c" * 32)) is None


def test_words_are_taken_later_and_results_stay(store: Store) -> None:
    store.write(lambda tx: tx.joint.put_words([WordRow(A, A, b"word", False), WordRow(A, B, b"other", True)]))
    store.write(lambda tx: tx.joint.put_words([WordRow(A, A, b"word", True)]))
    assert sorted(store.read(lambda tx: tx.joint.words(A))) == [
        WordRow(A, A, b"word", True),
        WordRow(A, B, b"other", True),
    ]
    assert store.read(lambda tx: tx.joint.words(B)) == []
    ended = [ClosedRow(A, 0, b"closed", b"stated"), ClosedRow(A, 1, b"closed again", b"")]
    store.write(lambda tx: [tx.joint.put_closed(row) for row in (*reversed(ended), ended[0]._replace(record=b"other"))])
    assert store.read(lambda tx: tx.joint.closed(A)) == ended


def test_own_words_receipts_and_what_was_told(store: Store) -> None:
    own = [OwnRow(A, A, 0, A, b"one", 1), OwnRow(A, A, 1, B, b"two", 2), OwnRow(A, B, 0, B, b"three", 3)]
    store.write(lambda tx: [tx.joint.put_own(row) for row in reversed(own)])
    assert store.read(lambda tx: tx.joint.own(A)) == own
    for wire in (b"first", b"second"):
        store.write(lambda tx, wire=wire: tx.joint.put_receipt(A, A, 2, wire))  # type: ignore[misc]
        store.write(lambda tx, wire=wire: tx.joint.put_told(A, 1, B, wire))  # type: ignore[misc]
    assert store.read(lambda tx: tx.joint.receipts(A)) == {(A, 2): b"first"}
    assert store.read(lambda tx: tx.joint.told(A)) == {(1, B): b"first"}
