"""The contract of mail: what is kept for others, left with others, and collected."""

from __future__ import annotations

from node.store import KeptRow, LeftRow, Room, Store, TakenRow
from tests.node.store.rows import ALICE, BOB, NODE, OTHER, digest


def kept(number: int, kind: str = "member", receiver: bytes = ALICE, **more: int) -> KeptRow:
    wire = b"w" * number
    return KeptRow(digest("k", number), kind, receiver, NODE, len(wire), number, 100 + number, wire)._replace(**more)


def left(number: int, kind: str = "member", node: bytes = NODE) -> LeftRow:
    return LeftRow(digest("l", number), kind, node, ALICE, number, number, 100 + number, b"wire")


def test_a_box_is_replaced(store: Store) -> None:
    store.write(lambda tx: tx.mail.put_box(ALICE, b"one", 1))
    store.write(lambda tx: tx.mail.put_box(ALICE, b"two", 2))
    assert store.read(lambda tx: tx.mail.box(ALICE)) == b"two"
    assert store.read(lambda tx: tx.mail.box(BOB)) is None


def test_what_is_kept_is_counted_listed_oldest_first_and_deleted(store: Store) -> None:
    rows = [kept(2), kept(1), kept(3, receiver=BOB), kept(4, "node", OTHER)]
    for row in rows:
        store.write(lambda tx, row=row: tx.mail.keep(row))  # type: ignore[misc]
    store.write(lambda tx: tx.mail.keep(kept(1)._replace(wire=b"other")))  # what is there stays
    found = store.read(lambda tx: tx.mail.kept_for("member", ALICE, 9))
    assert [row.id for row in found] == [digest("k", 1), digest("k", 2)]
    assert len(store.read(lambda tx: tx.mail.kept_for("member", ALICE, 1))) == 1
    assert store.read(lambda tx: tx.mail.kept([digest("k", 1)]))[digest("k", 1)].wire == b"w"
    assert store.read(lambda tx: tx.mail.room("member", ALICE)) == Room(2, 3)
    assert store.read(lambda tx: tx.mail.room("member", ALICE, OTHER)) == Room(0, 0)
    assert store.read(lambda tx: tx.mail.room("member", BOB, NODE)) == Room(1, 3)
    assert store.read(lambda tx: tx.mail.room("node")) == Room(1, 4)
    assert store.read(lambda tx: tx.mail.receivers("member")) == sorted([ALICE, BOB])
    store.write(lambda tx: tx.mail.delete([digest("k", 2), digest("k", 9)]))
    assert store.write(lambda tx: tx.mail.expire(103)) == 2
    store.write(lambda tx: tx.mail.forget_ward(OTHER))
    assert [row.id for row in store.read(lambda tx: tx.mail.kept_all())] == [digest("k", 4)]  # a node is no ward


def test_a_ward_is_forgotten_with_its_box_and_mail(store: Store) -> None:
    store.write(lambda tx: tx.mail.put_box(ALICE, b"box", 1))
    store.write(lambda tx: tx.mail.keep(kept(1)))
    store.write(lambda tx: tx.mail.forget_ward(ALICE))
    assert store.read(lambda tx: (tx.mail.box(ALICE), tx.mail.kept_all())) == (None, [])


def test_what_was_left_knows_its_documents_and_keepers_until_it_is_taken_back(store: Store) -> None:
    one, two = digest("d", 1), digest("d", 2)
    store.write(lambda tx: tx.mail.leave(left(1), [one, two]))
    store.write(lambda tx: tx.mail.leave(left(2, "node"), [two]))
    store.write(lambda tx: tx.mail.leave(left(3, node=OTHER), []))
    for keeper in (ALICE, BOB, ALICE):
        store.write(lambda tx, keeper=keeper: tx.mail.put_keeper(digest("l", 1), keeper, 5, b"kept"))  # type: ignore[misc]
    assert [row.id for row in store.read(lambda tx: tx.mail.left_for(NODE))] == [digest("l", 1), digest("l", 2)]
    assert len(store.read(lambda tx: tx.mail.left_all())) == 3
    assert store.read(lambda tx: tx.mail.left([digest("l", 2)]))[digest("l", 2)] == left(2, "node")
    assert store.read(lambda tx: tx.mail.keepers([digest("l", 1), digest("l", 2)])) == {digest("l", 1): {ALICE, BOB}}
    assert store.read(lambda tx: tx.mail.of_documents([one, two], "node")) == {two: [digest("l", 2)]}
    assert set(store.read(lambda tx: tx.mail.documents_of([digest("l", 1)]))[digest("l", 1)]) == {one, two}
    store.write(lambda tx: tx.mail.take_back([digest("l", 1)]))
    assert store.read(lambda tx: tx.mail.of_documents([one, two], "member")) == {}
    assert store.read(lambda tx: tx.mail.keepers([digest("l", 1)])) == {}


def test_what_was_collected_is_known_for_a_time(store: Store) -> None:
    row = TakenRow(digest("t", 1), ALICE, 7, 1, 50)
    store.write(lambda tx: tx.mail.put_taken(row))
    assert store.read(lambda tx: tx.mail.taken([row.id, digest("t", 2)])) == {row.id: row}
    store.write(lambda tx: tx.mail.expire(50))
    assert store.read(lambda tx: tx.mail.taken([row.id])) == {}
