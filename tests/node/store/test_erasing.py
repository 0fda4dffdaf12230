"""The contract of erasures, of retired vault keys and of vaults that are set aside."""

from __future__ import annotations

from node.store import AsideRow, ErasureRow, ForgottenRow, RenewalRow, Store, Tx
from tests.node.store.rows import ALICE, BOB, NODE, digest, document


def row(number: int, **changes: object) -> ErasureRow:
    plain = ErasureRow(
        ALICE, document(number).id, "personal", "", "", 0, "owner", number, 0, b"", b"", BOB, "", "", 0, "", 0, "", 0
    )
    return plain._replace(**changes)  # type: ignore[arg-type]


def test_erasures_come_back_and_errands_when_they_are_due(store: Store) -> None:
    def work(tx: Tx) -> None:
        for one in (row(1), row(2, errand="ask", retry_at=50), row(3, errand="answer", retry_at=40)):
            tx.erasing.put(one)
        tx.erasing.put(row(1, state="refused", rule="books", until=7))

    store.write(work)
    found = store.read(lambda tx: tx.erasing.get(ALICE, document(1).id, "personal"))
    assert found == row(1, state="refused", rule="books", until=7)
    assert [one.asked for one in store.read(lambda tx: tx.erasing.of(ALICE))] == [3, 2, 1]
    assert store.read(lambda tx: tx.erasing.of(BOB)) == []
    assert store.read(lambda tx: tx.erasing.due(39, 10)) == []
    assert [one.asked for one in store.read(lambda tx: tx.erasing.due(50, 10))] == [3, 2]
    assert len(store.read(lambda tx: tx.erasing.due(50, 1))) == 1


def test_a_part_that_is_there_although_it_is_erased_is_found(store: Store) -> None:
    def work(tx: Tx) -> None:
        tx.documents.add_many([document(1), document(2)])
        tx.erasing.put(row(1, state="erased"))
        tx.erasing.put(row(2, state="refused"))
        tx.erasing.put(row(3, state="erased"))  # not stored here

    store.write(work)
    remaining = store.read(lambda tx: tx.erasing.remaining())
    assert [(one.document, one.part) for one in remaining] == [(document(1).id, "personal")]
    store.write(lambda tx: tx.documents.erase_part(document(1).id, "personal"))
    assert store.read(lambda tx: tx.erasing.remaining()) == []


def test_only_messages_are_walked(store: Store) -> None:
    messages = [document(1), document(2)._replace(type="message"), document(3)._replace(type="message")]
    store.write(lambda tx: tx.documents.add_many(messages))
    assert [one.id for one in store.read(lambda tx: tx.documents.messages(0, 9, 9))] == [one.id for one in messages[1:]]
    assert [one.id for one in store.read(lambda tx: tx.documents.messages(2, 9, 9))] == [messages[2].id]
    assert [one.id for one in store.read(lambda tx: tx.documents.messages(0, 2, 9))] == [messages[1].id]


def test_renewals_and_what_is_set_aside(store: Store) -> None:
    renewal = RenewalRow(ALICE, "laying", 0, 5, digest("k"), 3, 2, 0, 0, 5)
    word = ForgottenRow(ALICE, NODE, 4, 9, b"word", 6)

    def work(tx: Tx) -> None:
        tx.renewing.put(renewal)
        tx.renewing.put(renewal._replace(state="retired"))
        tx.renewing.put_word(word)
        for version, until in ((1, 10), (3, 30), (2, 20)):
            tx.renewing.put_aside(AsideRow(BOB, version, b"wire", until))

    store.write(work)
    store.write(lambda tx: tx.renewing.put_aside(AsideRow(BOB, 3, b"other", 99)))
    assert [one.wire for one in store.read(lambda tx: tx.renewing.aside(BOB))] == [b"wire"] * 3
    assert store.read(lambda tx: tx.renewing.all()) == [renewal._replace(state="retired")]
    assert store.read(lambda tx: tx.renewing.words(ALICE)) == [word]
    assert [one.version for one in store.read(lambda tx: tx.renewing.aside(BOB))] == [3, 2, 1]
    assert store.write(lambda tx: tx.renewing.forget_over(20)) == 2
    assert [one.version for one in store.read(lambda tx: tx.renewing.aside(BOB))] == [3]
    store.write(lambda tx: tx.renewing.drop_aside(BOB, 3))
    assert store.read(lambda tx: tx.renewing.aside(BOB)) == []
