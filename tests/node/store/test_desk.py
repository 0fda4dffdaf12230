"""The desk's and the books' tables, on every engine."""

from __future__ import annotations

import sqlite3
from itertools import combinations
from pathlib import Path

import pytest

from node.store import BillRow, BookRow, DraftRow, ItemRow, PaymentRow, Store, TalkRow, TermsRow, open_sqlite
from node.store import books as module
from tests.node.store.rows import document, holding

M, P, Q, T = b"M" * 32, b"P" * 32, b"Q" * 32, b"T" * 32


def book(document: int, **more: object) -> BookRow:
    fields = {
        "member": M, "document": document, "thread": T, "direction": "sent", "type": "invoice", "partner": P,
        "number": f"I-{document}", "revision": 0, "day": f"2026-10-{document:02}", "amount": document * 100,
        "currency": "JPY",
    }  # fmt: skip
    return BookRow(**{**fields, **more})  # type: ignore[arg-type]


def store_documents(store: Store, count: int) -> None:
    """The documents and holdings that entries are found with; positions 1 to ``count``."""
    new = [document(at) for at in range(1, count + 1)]
    store.write(lambda tx: tx.documents.add_many(new))
    store.write(lambda tx: tx.holdings.add_many([holding(one, member=M) for one in new]))


def bill(number: str, **more: object) -> BillRow:
    fields = {
        "member": M, "thread": T, "kind": "invoice", "number": number, "receivable": True, "partner": P,
        "document": b"D" * 32, "currency": "JPY", "day": "2026-10-31", "due": "2026-11-30", "stated": True,
        "amount": 100, "credited": 0, "announced": 0, "marked": 0, "open": 100,
    }  # fmt: skip
    return BillRow(**{**fields, **more})  # type: ignore[arg-type]


def test_books_by_every_filter_in_both_orders(store: Store) -> None:
    rows = [book(at, partner=P if at % 2 else Q, amount=None if at == 4 else at * 100) for at in range(1, 9)]
    store_documents(store, 8)
    store.write(lambda tx: tx.books.enter([*rows, book(1, member=Q)]))

    def found(**filters: object) -> list[int]:
        return [row.entry.document for row in store.read(lambda tx: tx.books.page(M, filters, 50))]

    assert found() == [8, 7, 6, 5, 4, 3, 2, 1]
    assert found(since="2026-10-03", until="2026-10-05") == [5, 4, 3]
    assert found(partner=P, amount_min=300) == [7, 5, 3]
    assert found(amount_max=400, type="invoice", direction="sent", currency="JPY") == [3, 2, 1]
    assert found(number="I-7") == [7]
    by_amount = store.read(lambda tx: tx.books.page(M, {}, 3, sort="amount", descending=False))
    assert [row.entry.document for row in by_amount] == [4, 1, 2]
    more = store.read(lambda tx: tx.books.page(M, {}, 3, sort="amount", descending=False, behind=(200, 2)))
    assert [row.entry.document for row in more] == [3, 5, 6]
    behind = store.read(lambda tx: tx.books.page(M, {"partner": Q}, 2, behind=("2026-10-06", 6)))
    assert [row.entry.document for row in behind] == [4, 2]
    assert store.read(lambda tx: tx.books.totals(M, {"partner": Q})) == [("JPY", 4, 1600)]


def test_no_search_of_the_books_walks_the_table(tmp_path: Path) -> None:
    open_sqlite(tmp_path / "node.db").close()
    connection = sqlite3.connect(tmp_path / "node.db")
    for size in range(len(module._FILTERS) + 1):
        for chosen in combinations(module._FILTERS, size):
            for sort in module._SORTS:
                query = module._page(frozenset(chosen), sort, True)
                text, names, _ = query.compiled("sqlite")
                plan = connection.execute(f"EXPLAIN QUERY PLAN {text}", [None] * len(names)).fetchall()
                assert not any(step[3].startswith("SCAN") for step in plan), (chosen, plan)
    connection.close()


def test_bills_payments_and_months(store: Store) -> None:
    rows = [bill("1"), bill("2", due="2026-10-31", open=0, marked=100), bill("3", receivable=False, partner=Q)]
    store.write(lambda tx: tx.books.put_bills(rows))
    assert store.read(lambda tx: tx.books.open_bills(M, receivable=True)) == [rows[0]]
    assert store.read(lambda tx: tx.books.open_bills(M, receivable=True, until="2026-11-29")) == []
    assert store.read(lambda tx: tx.books.open_with(M, Q)) == [rows[2]]
    assert len(store.read(lambda tx: tx.books.bills_of(M, T))) == 3
    between = store.read(lambda tx: tx.books.bills_between(M, "2026-10-01", "2026-10-31", receivable=True))
    assert [row.number for row in between] == ["1", "2"]
    month = store.read(lambda tx: tx.books.months(M, "2026-01-01", "2026-12-31", receivable=True))[0]
    assert month == ("2026-10", P, "JPY", 2, 200, 0, 100, 100)
    paid = PaymentRow(b"p" * 16, M, T, "invoice", "2", "2026-10-31", 100, "", "田中", 5, None, "")
    store.write(lambda tx: tx.books.add_payments([paid]))
    assert store.read(lambda tx: tx.books.payments_of(M, T)) == [paid]
    assert store.write(lambda tx: tx.books.undo_payment(paid.id, 9, "佐藤"))
    assert not store.write(lambda tx: tx.books.undo_payment(paid.id, 10, "佐藤"))
    assert store.read(lambda tx: tx.books.payments(M, 10)) == [paid._replace(undone=9, undone_by="佐藤")]


def test_items_terms_and_drafts(store: Store) -> None:
    rows = [ItemRow(M, number, "", f"{number} 100%紙袋", 1, 1, b"x") for number in ("B", "A", "C")]
    store.write(lambda tx: tx.desk.put_items(rows))
    assert [row.number for row in store.read(lambda tx: tx.desk.items(M, 2))] == ["A", "B"]
    assert [row.number for row in store.read(lambda tx: tx.desk.items(M, 9, after="A", pattern="%0\\%紙%"))] == [
        "B",
        "C",
    ]
    assert store.read(lambda tx: tx.desk.items(M, 9, pattern="%0\\_%")) == []
    assert store.read(lambda tx: tx.desk.items(Q, 9)) == []
    assert store.write(lambda tx: tx.desk.drop_item(M, "A"))
    assert store.read(lambda tx: tx.desk.count_items(M)) == 2
    store.write(lambda tx: tx.desk.put_terms(TermsRow(M, P, 31, 1, 1, b"t")))
    assert store.read(lambda tx: tx.desk.terms_of(M, [P, Q])) == {P: TermsRow(M, P, 31, 1, 1, b"t")}
    draft = DraftRow(b"d" * 16, M, "田中", "order", b"", b"", "", 1, 7, b"{}")
    store.write(lambda tx: tx.desk.put_draft(draft))
    assert store.read(lambda tx: tx.desk.drafts(M, "田中")) == [draft]
    assert store.write(lambda tx: tx.desk.forget_drafts(8)) == 1


def test_talks_are_open_until_answered(store: Store) -> None:
    talk = TalkRow(M, 3, T, P, False, "1", "2026-10-06", 5, 0)
    store.write(lambda tx: tx.desk.add_talks([talk]))
    assert store.read(lambda tx: tx.desk.unanswered(M, mine=False)) == [talk]
    assert store.read(lambda tx: tx.desk.unanswered(M, mine=True)) == []
    store.write(lambda tx: tx.desk.answer_talk(M, 3, 8))
    assert store.read(lambda tx: tx.desk.unanswered(M, mine=False)) == []
    assert store.read(lambda tx: tx.desk.talks(M, 9, partner=P)) == [talk._replace(answered=8)]


@pytest.mark.parametrize("sort", ["day", "amount"])
def test_pages_go_on_where_the_last_one_ended(store: Store, sort: str) -> None:
    store_documents(store, 30)
    entries = [book(at, amount=at % 3, day=f"2026-10-{at % 4 + 1:02}") for at in range(1, 31)]
    store.write(lambda tx: tx.books.enter(entries))
    for descending in (True, False):
        seen: list[int] = []
        behind: tuple[object, int] | None = None
        while True:
            rows = store.read(
                lambda tx, b=behind, d=descending: tx.books.page(M, {}, 7, sort=sort, descending=d, behind=b)
            )
            if not rows:
                break
            seen += [row.entry.document for row in rows]
            behind = (getattr(rows[-1].entry, sort), rows[-1].entry.document)
        assert sorted(seen) == list(range(1, 31))
