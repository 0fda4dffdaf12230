"""Rows of one member, shelf by shelf: the same on every engine."""

from __future__ import annotations

from node.store import SHELVES, AttachmentRow, Store
from tests.node.services.belongings import shelves
from tests.node.services.town import Association

ONE, OTHER = b"1" * 32, b"2" * 32


def test_rows_are_found_by_member_and_replaced_by_key(store: Store) -> None:
    house = Association("豊田").house
    store.write(lambda tx: shelves.fill(house, tx, ONE, "one", 2))
    store.write(lambda tx: shelves.fill(house, tx, OTHER, "other"))
    for name, shelf in SHELVES.items():
        rows = store.read(lambda tx, n=name: tx.possessions.rows(n, ONE))
        assert rows, name
        assert store.read(lambda tx, n=name: tx.possessions.keys(n, ONE)) == [shelf.key_of(row) for row in rows]
        expected = [shelves.row_of(house, shelf, ONE, "one", at) for at in range(2)]
        assert all(row in expected for row in rows), name
        assert store.write(lambda tx, n=name, r=rows: tx.possessions.replace(n, [], r)) == 0  # in use: left alone
    for name, shelf in reversed(SHELVES.items()):
        gone = store.read(lambda tx, n=name: tx.possessions.keys(n, ONE))
        store.write(lambda tx, n=name, g=gone: tx.possessions.replace(n, g, []))
        assert store.read(lambda tx, n=name: tx.possessions.rows(n, ONE)) == []
        assert len(store.read(lambda tx, n=name: tx.possessions.rows(n, OTHER))) == 1, shelf.name


def test_a_stamp_tells_of_every_change(store: Store) -> None:
    house = Association("豊田").house
    store.write(lambda tx: shelves.fill(house, tx, ONE, "one", 2))
    for name, shelf in SHELVES.items():
        if not shelf.stamps:
            continue
        first = store.read(lambda tx: tx.possessions.stamps(ONE))[name]
        assert store.read(lambda tx: tx.possessions.stamps(ONE))[name] == first
        row = store.read(lambda tx, n=name: tx.possessions.rows(n, ONE))[0]
        at = [column.name for column in shelf.columns].index(shelf.stamps[-1])
        later = (*row[:at], row[at] + 2_000_000_000_000_000, *row[at + 1 :])
        store.write(lambda tx, n=name, s=shelf, r=row, c=later: tx.possessions.replace(n, [s.key_of(r)], [c]))
        second = store.read(lambda tx: tx.possessions.stamps(ONE))[name]
        store.write(lambda tx, n=name, s=shelf, r=row: tx.possessions.replace(n, [s.key_of(r)], []))
        third = store.read(lambda tx: tx.possessions.stamps(ONE))[name]
        assert len({first, second, third}) == 3, name


def test_attachments_that_documents_name_and_that_are_not_here(store: Store) -> None:
    store.write(lambda tx: tx.attachments.use_many([(b"a", ONE), (b"b", ONE), (b"c", OTHER)]))
    for root, complete in ((b"a", True), (b"b", False)):
        row = AttachmentRow(root, 3, "text/plain", 1, complete, 0, b"")
        store.write(lambda tx, row=row: tx.attachments.put(row))
    assert store.read(lambda tx: tx.attachments.lacking(10)) == [(b"b", ONE), (b"c", OTHER)]
    assert store.read(lambda tx: tx.attachments.lacking(1)) == [(b"b", ONE)]
