"""The contract of links: what is outgoing, its marks, receipts, first verdicts and streams."""

from __future__ import annotations

import pytest

from node.store import GivenRow, LinkRow, ReceiptRow, Store, Tx
from tests.node.store.rows import ALICE, BOB, EPOCH, NODE, OTHER, digest, document


def queue(store: Store, count: int) -> None:
    def work(tx: Tx) -> None:
        rows = [document(number) for number in range(1, count + 1)]
        tx.documents.add_many(rows)
        tx.outgoing.add_many(NODE, "document", [row.id for row in rows])

    store.write(work)


def test_pending_gives_all_that_an_envelope_needs(store: Store) -> None:
    queue(store, 3)
    store.write(lambda tx: tx.outgoing.add_for([(NODE, "history", digest("log")), (OTHER, "document", document(2).id)]))
    first, second, third, history = store.read(lambda tx: tx.outgoing.pending(NODE, 0, 10))
    new = document(1)
    assert (first.position, first.kind, first.object, first.type) == (1, "document", new.id, "order")
    assert (first.author, first.audience, first.epoch) == (ALICE, BOB, EPOCH)
    assert (first.header, first.signature, first.path) == (new.header, new.signature, new.path)
    assert list(first.parts) == list(new.parts)
    assert [item.object for item in (second, third)] == [document(2).id, document(3).id]
    assert (history.kind, history.object, history.header, history.parts) == ("history", digest("log"), b"", ())
    (other,) = store.read(lambda tx: tx.outgoing.pending(OTHER, 0, 10))
    assert other.object == document(2).id


def test_pending_goes_on_behind_a_position(store: Store) -> None:
    queue(store, 30)
    seen: list[bytes] = []
    at = 0
    while page := store.read(lambda tx, at=at: tx.outgoing.pending(NODE, at, 7)):  # type: ignore[misc]
        assert len(page) <= 7
        seen += [item.object for item in page]
        at = page[-1].position
    assert seen == [document(number).id for number in range(1, 31)]
    again = store.read(lambda tx: tx.outgoing.at_positions([3, 1]))
    assert [item.object for item in again] == [document(1).id, document(3).id]


def test_marks_take_objects_out_and_reset_puts_them_back(store: Store) -> None:
    queue(store, 4)
    store.write(lambda tx: tx.outgoing.add_many(NODE, "history", [digest("log")]))
    said = [(document(1).id, "applied", 7), (document(3).id, "refused", 7), (digest("log"), "applied", 8)]
    store.write(lambda tx: tx.outgoing.mark(NODE, [*said, (digest("unknown"), "applied", 8)]))
    store.write(lambda tx: tx.outgoing.mark(OTHER, [(document(2).id, "applied", 9)]))
    pending = store.read(lambda tx: tx.outgoing.pending(NODE, 0, 10))
    assert [item.object for item in pending] == [document(2).id, document(4).id]
    assert store.read(lambda tx: tx.outgoing.count_pending()) == {NODE: (2, 2)}
    marks = store.read(lambda tx: tx.outgoing.marks([document(1).id, document(2).id, digest("log"), digest("none")]))
    assert {
        subject: [(mark.node, mark.verdict, mark.receipt) for mark in found] for subject, found in marks.items()
    } == {
        document(1).id: [(NODE, "applied", 7)],
        document(2).id: [(NODE, None, None)],
        digest("log"): [(NODE, "applied", 8)],
    }
    store.write(lambda tx: tx.outgoing.reset(NODE, [document(1).id, digest("log")]))
    pending = store.read(lambda tx: tx.outgoing.pending(NODE, 0, 10))
    assert [item.position for item in pending] == [1, 2, 4, 5]


def test_a_mark_may_end_at_a_position(store: Store) -> None:
    log = digest("log")
    first, second = (store.write(lambda tx: tx.outgoing.add_many(NODE, "history", [log]))[0] for _ in range(2))
    store.write(lambda tx: tx.outgoing.mark(NODE, [(log, "applied", 3)], first))
    assert [item.position for item in store.read(lambda tx: tx.outgoing.pending(NODE, 0, 10))] == [second]
    store.write(lambda tx: tx.outgoing.mark(NODE, [(log, "applied", 4)]))
    assert not store.read(lambda tx: tx.outgoing.any_pending(NODE))


def test_what_is_undecided_elsewhere(store: Store) -> None:
    queue(store, 4)
    store.write(lambda tx: tx.outgoing.add_many(OTHER, "document", [document(2).id]))
    said = [(document(1).id, "applied", 1), (document(2).id, "held", 1), (document(3).id, "waiting", 1)]
    store.write(lambda tx: tx.outgoing.mark(NODE, said))
    store.write(lambda tx: tx.outgoing.mark(OTHER, [(document(2).id, "waiting", 2)]))
    found = store.read(lambda tx: tx.outgoing.undecided())
    assert found == {NODE: [document(2).id, document(3).id], OTHER: [document(2).id]}


def test_nothing_is_queued_that_is_not_stored(store: Store) -> None:
    with pytest.raises(LookupError):
        store.write(lambda tx: tx.outgoing.add_many(NODE, "document", [document(1).id]))
    assert store.write(lambda tx: tx.outgoing.add_many(NODE, "document", [])) == []
    assert not store.read(lambda tx: tx.outgoing.any_pending(NODE))


def test_what_waits_can_be_dropped(store: Store) -> None:
    queue(store, 3)
    store.write(lambda tx: tx.outgoing.mark(NODE, [(document(1).id, "applied", None)]))
    assert store.read(lambda tx: tx.outgoing.any_pending(NODE))
    assert not store.read(lambda tx: tx.outgoing.any_pending(NODE, after=3))
    assert store.write(lambda tx: tx.outgoing.drop_pending(NODE)) == 2
    assert store.write(lambda tx: tx.outgoing.add_many(NODE, "document", [document(2).id])) == [4]


def test_the_first_verdict_stands(store: Store) -> None:
    def given(number: int, verdict: str, recipient: bytes = BOB) -> GivenRow:
        return GivenRow(digest("document", number), recipient, 1, verdict, EPOCH, number, "")

    store.write(lambda tx: tx.documents.add_many([document(1), document(2)]))
    store.write(lambda tx: tx.given.add_many([given(1, "applied"), given(1, "held", OTHER), given(9, "refused")]))
    store.write(lambda tx: tx.given.add_many([given(1, "refused"), given(2, "waiting"), given(9, "applied")]))
    found = store.read(lambda tx: tx.given.get_many([digest("document", number) for number in (1, 2, 3, 9)]))
    assert {(row.seq, row.recipient): row.verdict for row in found.values()} == {
        (1, BOB): "applied",
        (1, OTHER): "held",
        (2, BOB): "waiting",
        (9, BOB): "refused",
    }
    store.write(lambda tx: tx.given.put_many([given(2, "applied")]))
    assert store.read(lambda tx: tx.given.get_many([document(2).id]))[document(2).id, BOB] == given(2, "applied")


def test_the_first_verdict_of_a_document_that_is_stored_later_stands_too(store: Store) -> None:
    row = GivenRow(document(1).id, BOB, None, "quarantined", EPOCH, 0, "odd")
    store.write(lambda tx: tx.given.add_many([row]))
    store.write(lambda tx: tx.documents.add_many([document(1)]))
    store.write(lambda tx: tx.given.add_many([row._replace(verdict="applied")]))
    assert store.read(lambda tx: tx.given.get_many([document(1).id])) == {(document(1).id, BOB): row}
    final = row._replace(verdict="applied", receipt=4)
    store.write(lambda tx: tx.given.put_many([final]))
    assert store.read(lambda tx: tx.given.get_many([document(1).id])) == {(document(1).id, BOB): final}


def test_receipts_streams_and_links(store: Store) -> None:
    assert [store.write(lambda tx, n=n: tx.receipts.add(NODE, "given", b"w%d" % n, n)) for n in (1, 2)] == [1, 2]  # type: ignore[misc]
    assert store.read(lambda tx: tx.receipts.get(2)) == ReceiptRow(2, NODE, "given", 2, b"w2")
    assert store.read(lambda tx: tx.receipts.get(3)) is None

    assert store.read(lambda tx: tx.streams.get(NODE, digest(1))) is None
    for number in range(5):
        store.write(lambda tx, n=number: tx.streams.set(NODE, digest(n), n * 10, n))  # type: ignore[misc]
    store.write(lambda tx: tx.streams.set(NODE, digest(1), 99, 9))
    assert store.read(lambda tx: tx.streams.get(NODE, digest(1))) == 99
    store.write(lambda tx: tx.streams.keep_latest(NODE, 2))
    assert [row.incarnation for row in store.read(lambda tx: tx.streams.of(NODE))] == [digest(1), digest(4)]

    store.write(lambda tx: tx.links.put(LinkRow(NODE, 0, 0, "", 5)))
    store.write(lambda tx: tx.links.put(LinkRow(NODE, 2, 50, "refused", 5)))
    assert store.read(lambda tx: tx.links.all()) == [LinkRow(NODE, 2, 50, "refused", 5)]
    store.write(lambda tx: tx.links.delete(NODE))
    assert store.read(lambda tx: tx.links.get(NODE)) is None
