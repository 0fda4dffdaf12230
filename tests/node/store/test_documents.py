"""The contract of documents, parts, business keys, holdings, follows, waiting, dealings and journals."""

from __future__ import annotations

import pytest

from node.store import DecisionRow, HeadRow, KeyUse, PartRow, Store, Tx, WaitingRow
from tests.node.store.rows import ALICE, BOB, EPOCH, NODE, OTHER, dealing, digest, document, entry, holding


def add(store: Store, *numbers: int) -> None:
    store.write(lambda tx: tx.documents.add_many([document(number) for number in numbers]))


def test_a_document_comes_back_as_it_was(store: Store) -> None:
    new = document(1)
    add(store, 1)
    found = store.read(lambda tx: tx.documents.full(new.id))
    assert found is not None
    assert found.row.position == 1
    assert found.row.thread == new.id
    for name in new._fields:
        if name not in ("thread", "parts"):
            assert getattr(found.row, name) == getattr(new, name), name
    assert list(found.parts) == list(new.parts)
    assert store.read(lambda tx: tx.documents.get(new.id)) == found.row
    assert store.read(lambda tx: tx.documents.full(digest("none"))) is None


def test_an_id_by_its_first_digits(store: Store) -> None:
    add(store, *range(1, 40))
    ids = sorted(document(number).id for number in range(1, 40))
    low, high = ids[3][:1] + b"\x00" * 31, ids[3][:1] + b"\xff" * 31
    same = [found for found in ids if low <= found <= high]
    assert store.read(lambda tx: tx.documents.by_prefix(low, high, 50)) == same
    assert store.read(lambda tx: tx.documents.by_prefix(ids[0], ids[-1])) == ids[:2]


def test_many_documents_in_and_out(store: Store) -> None:
    numbers = range(1, 601)  # more than one piece of a list
    add(store, *numbers)
    ids = [document(number).id for number in numbers]
    assert store.read(lambda tx: tx.documents.known([*ids, digest("none")])) == set(ids)
    assert store.read(lambda tx: tx.documents.known([])) == set()
    full = store.read(lambda tx: tx.documents.full_many([*ids, ids[0]]))
    assert {found.row.position for found in full.values()} == set(numbers)
    assert all(len(found.parts) == 2 for found in full.values())
    assert store.read(lambda tx: tx.documents.positions(ids[:3])) == {ids[0]: 1, ids[1]: 2, ids[2]: 3}
    walked, at = [], 0
    while page := store.read(lambda tx, at=at: tx.documents.after(at, 250)):  # type: ignore[misc]
        walked += page
        at = page[-1].row.position
    assert {found.row.id: found for found in walked} == full
    assert store.read(lambda tx: tx.documents.by_positions([5]))[5].row.id == ids[4]


@pytest.mark.parametrize("parts", [0, 1, 3])
def test_any_number_of_parts(store: Store, parts: int) -> None:
    new = document(1, parts=parts)
    other = document(2)
    store.write(lambda tx: tx.documents.add_many([new, other]))
    found = store.read(lambda tx: tx.documents.full(new.id))
    assert found is not None
    assert list(found.parts) == list(new.parts)


def test_a_thread_is_its_first_document_and_what_names_it(store: Store) -> None:
    first = document(1)
    store.write(lambda tx: tx.documents.add_many([first, document(2), document(3, thread=first.id)]))
    store.write(lambda tx: tx.documents.add_many([document(4, thread=first.id), document(5, thread=digest("gone"))]))
    thread = store.read(lambda tx: tx.documents.by_thread(first.id))
    assert [found.row.id for found in thread] == [document(number).id for number in (1, 3, 4)]
    assert all(found.row.thread == first.id and found.parts for found in thread)
    late = store.read(lambda tx: tx.documents.by_thread(digest("gone")))
    assert [found.row.id for found in late] == [document(5).id]


def test_erasing_a_part_leaves_the_rest(store: Store) -> None:
    add(store, 1, 2)

    def erase(tx: Tx) -> tuple[bool, bool, bool]:
        first = tx.documents.erase_part(document(1).id, "personal")
        return first, tx.documents.erase_part(document(1).id, "personal"), tx.documents.erase_part(NODE, "personal")

    assert store.write(erase) == (True, False, False)
    found = store.read(lambda tx: tx.documents.full_many([document(1).id, document(2).id]))
    assert [part.name for part in found[document(1).id].parts] == ["business"]
    assert [part.name for part in found[document(2).id].parts] == ["business", "personal"]


def test_the_first_document_keeps_its_business_key(store: Store) -> None:
    def use(key: str, number: int) -> KeyUse:
        return KeyUse(ALICE, BOB, "order", key, 0, digest("document", number))

    assert store.write(lambda tx: tx.keys_used.claim_many([use("a", 1), use("b", 2)])) == [
        digest("document", 1),
        digest("document", 2),
    ]
    again = store.write(lambda tx: tx.keys_used.claim_many([use("b", 3), use("c", 4), use("c", 5)]))
    assert again == [digest("document", 2), digest("document", 4), digest("document", 4)]
    assert store.write(lambda tx: tx.keys_used.claim_many([])) == []
    assert store.read(lambda tx: tx.keys_used.get(ALICE, BOB, "order", "c", 0)) == digest("document", 4)
    assert store.read(lambda tx: tx.keys_used.get(ALICE, BOB, "order", "c", 1)) is None


def test_holdings_are_a_feed(store: Store) -> None:
    def work(tx: Tx) -> None:
        tx.documents.add_many([document(number) for number in range(1, 8)])
        tx.holdings.add_many([holding(document(number)) for number in range(1, 6)])
        tx.holdings.add_many([holding(document(1)), holding(document(6), "held"), holding(document(7), member=OTHER)])

    store.write(work)
    page = store.read(lambda tx: tx.holdings.after(BOB, 0, 4))
    rest = store.read(lambda tx: tx.holdings.after(BOB, page[-1].position, 100))
    assert [row.document for row in page + rest] == [document(number).id for number in range(1, 7)]
    assert page[0].verdict == "applied"
    assert page[0].thread == document(1).id
    assert (page[0].author, page[0].type, page[0].partner, page[0].read) == (ALICE, "order", ALICE, 0)
    assert len(store.read(lambda tx: tx.holdings.after(None, 0, 100))) == 7
    latest = store.read(lambda tx: tx.holdings.before(BOB, 2))
    assert [row.document for row in latest] == [document(6).id, document(5).id]
    assert store.read(lambda tx: tx.holdings.before(BOB, 100, before=latest[-1].position))[0].document == document(4).id
    for member in (BOB, None):
        held = store.read(lambda tx, m=member: tx.holdings.before(m, 9, verdict="held"))  # type: ignore[misc]
        assert [row.document for row in held] == [document(6).id]
    assert len(store.read(lambda tx: tx.holdings.after(BOB, 0, 99, verdict="applied", kind="order"))) == 5
    assert store.read(lambda tx: tx.holdings.after(BOB, 0, 99, kind="invoice")) == []
    assert store.read(lambda tx: tx.holdings.count_by_verdict()) == {"applied": 6, "held": 1}
    assert {row.member for row in store.read(lambda tx: tx.holdings.by_document(document(7).id))} == {OTHER}


def test_which_of_some_documents_are_not_in_effect(store: Store) -> None:
    def work(tx: Tx) -> None:
        tx.documents.add_many([document(number) for number in range(1, 4)])
        tx.holdings.add_many([holding(document(1)), holding(document(2), "held"), holding(document(3), "waiting")])

    store.write(work)
    found = store.read(lambda tx: tx.holdings.unsettled([document(1).id, document(2).id, NODE]))
    assert [(row.document, row.verdict) for row in found] == [(document(2).id, "held")]


def test_a_holding_needs_its_document(store: Store) -> None:
    with pytest.raises(LookupError, match="not stored"):
        store.write(lambda tx: tx.holdings.add_many([holding(document(1))]))


def test_a_changed_verdict_comes_in_the_feed_again(store: Store) -> None:
    def work(tx: Tx) -> None:
        tx.documents.add_many([document(1), document(2)])
        tx.holdings.add_many([holding(document(1), "waiting"), holding(document(2))])

    store.write(work)
    cursor = store.read(lambda tx: tx.holdings.last_position())
    assert store.write(lambda tx: tx.holdings.set_verdict(BOB, document(1).id, "applied"))
    (again,) = store.read(lambda tx: tx.holdings.after(BOB, cursor, 10))
    assert (again.document, again.verdict) == (document(1).id, "applied")
    assert store.write(lambda tx: tx.holdings.set_verdict(BOB, document(1).id, "held", "why", again=False))
    found = store.read(lambda tx: tx.holdings.get(BOB, document(1).id))
    assert found is not None
    assert (found.position, found.verdict, found.reason) == (again.position, "held", "why")
    assert not store.write(lambda tx: tx.holdings.set_verdict(OTHER, document(1).id, "applied"))
    store.write(lambda tx: tx.holdings.mark_read(BOB, document(2).id, 77))
    assert store.read(lambda tx: tx.holdings.get_many(BOB, [document(2).id, NODE]))[document(2).id].read == 77


def test_children_and_what_is_waited_for(store: Store) -> None:
    first, second, third = document(1), document(2, thread=document(1).id), document(3, thread=document(1).id)

    def work(tx: Tx) -> None:
        tx.documents.add_many([second, third])
        tx.follows.add_many([(second.id, first.id), (third.id, first.id), (third.id, second.id)])
        tx.waiting.add_many([WaitingRow(second.id, first.id, "parent"), WaitingRow(third.id, first.id, "parent")])
        tx.waiting.add_many([WaitingRow(third.id, digest("file"), "attachment")])
        tx.waiting.add_many([WaitingRow(third.id, first.id, "parent")])

    store.write(work)
    assert store.read(lambda tx: tx.follows.children([first.id])) == [(first.id, second.id), (first.id, third.id)]
    assert [row.document for row in store.read(lambda tx: tx.waiting.for_missing([first.id]))] == [second.id, third.id]
    assert store.read(lambda tx: tx.waiting.count()) == 2
    assert [row.document for row in store.read(lambda tx: tx.waiting.by_kind("attachment", 9))] == [third.id]
    store.write(lambda tx: tx.waiting.remove_many([(second.id, first.id), (third.id, first.id)]))
    assert store.read(lambda tx: tx.waiting.of(second.id)) == []
    assert store.read(lambda tx: tx.waiting.of(third.id)) == [WaitingRow(third.id, digest("file"), "attachment")]


def test_dealings_are_listed_latest_first_without_gaps(store: Store) -> None:
    rows = [
        dealing(number, updated=100 + number // 4, state="ordered" if number % 3 else "closed") for number in range(20)
    ]
    add(store, *range(20), 99)
    store.write(lambda tx: tx.threads.put_many(rows))
    store.write(lambda tx: tx.threads.put_many([dealing(99, updated=1, member=OTHER)]))
    seen: list[bytes] = []
    last = (2**62, b"")
    while page := store.read(lambda tx, last=last: tx.threads.latest(BOB, 3, before=last)):  # type: ignore[misc]
        seen += [row.thread for row in page]
        last = (page[-1].updated, page[-1].thread)
    assert len(seen) == len(set(seen)) == 20
    closed = store.read(lambda tx: tx.threads.latest(BOB, 50, state="closed", partner=ALICE, next_actor="seller"))
    assert len(closed) == 7
    assert store.read(lambda tx: tx.threads.count_by_state(BOB)) == {"closed": 7, "ordered": 13}
    changed = rows[0]._replace(state="done", amount=None)
    store.write(lambda tx: tx.threads.put_many([changed]))
    assert store.read(lambda tx: tx.threads.get(BOB, changed.thread)) == changed
    assert store.read(lambda tx: tx.threads.get(OTHER, changed.thread)) is None


def test_a_dealing_whose_first_document_comes_later_stays_one_row(store: Store) -> None:
    row = dealing(1, updated=5)
    with pytest.raises(LookupError):
        store.write(lambda tx: tx.threads.put_many([row]))
    store.write(lambda tx: tx.documents.add_many([document(2, thread=row.thread)]))
    store.write(lambda tx: tx.threads.put_many([row]))
    add(store, 1)
    later = row._replace(updated=6, documents=2)
    store.write(lambda tx: tx.threads.put_many([later]))
    assert store.read(lambda tx: tx.threads.latest(BOB, 9)) == [later]
    assert store.read(lambda tx: tx.threads.get(BOB, row.thread)) == later


def test_a_journal_never_writes_a_number_twice(store: Store) -> None:
    store.write(lambda tx: tx.journal.add_many([entry(seq) for seq in range(1, 11)]))
    assert store.read(lambda tx: tx.journal.after(BOB, EPOCH, 4, 3)) == [entry(5), entry(6), entry(7)]
    assert store.read(lambda tx: tx.journal.last(BOB, EPOCH)) == entry(10)
    assert store.read(lambda tx: tx.journal.last(BOB, OTHER)) is None
    assert store.read(lambda tx: tx.journal.epochs(BOB)) == [(EPOCH, 10)]
    assert store.read(lambda tx: tx.journal.by_object(BOB, digest("document", 3))) == [entry(3)]
    with pytest.raises(Exception, match=r"(?i)unique"):
        store.write(lambda tx: tx.journal.add_many([entry(11), entry(10)._replace(verdict="refused")]))
    assert store.read(lambda tx: tx.journal.count()) == 10


def test_heads_are_replaced(store: Store) -> None:
    store.write(
        lambda tx: tx.heads.put_many(
            [HeadRow(BOB, EPOCH, 1, digest(1), b"s", 5), HeadRow(ALICE, EPOCH, 3, digest(3), b"s", 5)]
        )
    )
    store.write(lambda tx: tx.heads.put_many([HeadRow(BOB, EPOCH, 2, digest(2), b"t", 6)]))
    assert store.read(lambda tx: tx.heads.get(BOB)) == HeadRow(BOB, EPOCH, 2, digest(2), b"t", 6)
    assert len(store.read(lambda tx: tx.heads.all())) == 2
    assert store.read(lambda tx: tx.heads.get(OTHER)) is None


def test_decisions_are_kept_in_order(store: Store) -> None:
    rows = [DecisionRow(document(1).id, "user", word, at, "注") for at, word in enumerate(("ask", "accept"))]
    for row in rows:
        store.write(lambda tx, row=row: tx.decisions.add(row))  # type: ignore[misc]
    assert store.read(lambda tx: tx.decisions.by_document(document(1).id)) == rows


def test_parts_of_every_size(store: Store) -> None:
    big = PartRow("business", b"1" * 16, bytes(range(256)) * 1000)
    store.write(lambda tx: tx.documents.add_many([document(1)._replace(parts=[big])]))
    found = store.read(lambda tx: tx.documents.full(document(1).id))
    assert found is not None
    assert found.parts == (big,)
