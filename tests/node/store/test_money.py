"""Own accounts, changes of terms and bank files, on every engine."""

from __future__ import annotations

from node.store import OwnAccountRow, Store, TermsChangeRow, TransferRow

M, N, P = b"M" * 32, b"N" * 32, b"P" * 32


def test_an_account_is_replaced_and_is_its_members_alone(store: Store) -> None:
    store.write(lambda tx: tx.money.put_account(OwnAccountRow(M, 1, 5, "owner", b"a")))
    store.write(lambda tx: tx.money.put_account(OwnAccountRow(M, 2, 6, "owner", b"b")))
    assert store.read(lambda tx: tx.money.account(M)) == OwnAccountRow(M, 2, 6, "owner", b"b")
    assert store.read(lambda tx: tx.money.account(N)) is None


def test_changes_of_terms_come_latest_first(store: Store) -> None:
    rows = [TermsChangeRow(M, P, version, version, "clerk", b"x") for version in (1, 2, 3)]
    for row in rows:
        store.write(lambda tx, row=row: tx.money.add_terms_change(row))  # type: ignore[misc]
    assert store.read(lambda tx: tx.money.terms_changes(M, P, 2)) == [rows[2], rows[1]]
    assert store.read(lambda tx: tx.money.terms_changes(N, P, 2)) == []


def test_a_file_ends_once(store: Store) -> None:
    made = TransferRow(b"1" * 16, M, 7, "clerk", "2026-11-30", 69_768, "made", 0, "", b"x")
    later = made._replace(id=b"2" * 16, time=8)
    store.write(lambda tx: [tx.money.add_transfer(row) for row in (made, later)])
    assert store.read(lambda tx: tx.money.transfers(M, 9)) == [later, made]
    assert store.read(lambda tx: tx.money.transfer(N, made.id)) is None
    assert store.write(lambda tx: tx.money.end_transfer(made.id, "paid", 9, "owner"))
    assert not store.write(lambda tx: tx.money.end_transfer(made.id, "withdrawn", 10, "owner"))
    assert store.read(lambda tx: tx.money.transfer(M, made.id)) == made._replace(
        state="paid", ended=9, ended_by="owner"
    )
