"""Layouts of imported files, on every engine."""

from __future__ import annotations

from node.store import LayoutRow, Store

M, N, P = b"M" * 32, b"N" * 32, b"P" * 32


def test_a_layout_is_kept_for_each_kind_and_partner(store: Store) -> None:
    rows = [LayoutRow(M, "items", b"", 1, b"a"), LayoutRow(M, "items", P, 2, b"b"), LayoutRow(N, "items", P, 3, b"c")]
    for row in rows:
        store.write(lambda tx, row=row: tx.importing.put(row))  # type: ignore[misc]
    assert store.read(lambda tx: tx.importing.all(M)) == rows[:2]
    assert store.read(lambda tx: tx.importing.get(M, "items", P)) == rows[1]
    assert store.read(lambda tx: tx.importing.get(M, "orders", P)) is None
    store.write(lambda tx: tx.importing.put(rows[1]._replace(data=b"d")))
    store.write(lambda tx: tx.importing.drop(M, "items", b""))
    assert store.read(lambda tx: [row.data for row in tx.importing.all(M)]) == [b"d"]
    assert store.read(lambda tx: tx.importing.get(N, "items", P)) == rows[2]
