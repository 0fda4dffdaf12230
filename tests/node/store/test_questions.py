"""Questions between regions in the store, on both engines: what is put comes back, in order."""

from __future__ import annotations

from node.store import (
    CohortRow,
    EntryRow,
    EventRow,
    NamedRow,
    QuestionRow,
    RoundRow,
    StatsPolicyRow,
    Store,
)

ONE, TWO = b"1" * 32, b"2" * 32


def question(name: bytes, time: int, state: str) -> QuestionRow:
    return QuestionRow(name, b"wire", b"k" * 32, b"c" * 32, "sales", time, state, "", "", 0, b"e", b"f", b"", b"")


def test_questions_come_back_by_time_and_by_what_is_under_way(store: Store) -> None:
    store.write(lambda tx: [tx.questions.put(question(ONE, 1, "joined")), tx.questions.put(question(TWO, 2, "over"))])
    assert [row.question for row in store.read(lambda tx: tx.questions.latest(10))] == [TWO, ONE]
    assert [row.question for row in store.read(lambda tx: tx.questions.joined())] == [ONE]
    store.write(lambda tx: tx.questions.put(question(ONE, 1, "over")))
    assert store.read(lambda tx: tx.questions.joined()) == []
    assert store.read(lambda tx: tx.questions.get(b"3" * 32)) is None


def test_events_of_each_side_stand_in_order_and_their_replies_are_found(store: Store) -> None:
    events = [EventRow(ONE, "answers", at, "message", b"", 0, bytes([at]) * 32, b"m", bytes([at]), at) for at in (1, 2)]
    other = EventRow(ONE, "gathers", 1, "time", b"", 0, b"h" * 32, b"", b"", 1)
    store.write(lambda tx: [tx.questions.add_event(row) for row in (*events, other)])
    assert store.read(lambda tx: tx.questions.events(ONE, "answers")) == events
    assert store.read(lambda tx: tx.questions.last_event(ONE, "gathers")) == 1
    assert store.read(lambda tx: tx.questions.last_event(TWO, "gathers")) == 0
    assert store.read(lambda tx: tx.questions.reply(ONE, "answers", b"\x02" * 32)) == b"\x02"
    assert store.read(lambda tx: tx.questions.reply(ONE, "gathers", b"\x02" * 32)) is None
    store.write(lambda tx: tx.questions.forget_events(ONE, "answers"))
    assert store.read(lambda tx: tx.questions.events(ONE, "answers")) == []


def test_rounds_that_somebody_was_not_told_are_open(store: Store) -> None:
    made = RoundRow(ONE, 5, 1, "gathering", "", b"", False)
    store.write(lambda tx: [tx.questions.put_round(made), tx.questions.put_round(made._replace(question=TWO))])
    store.write(lambda tx: tx.questions.put_round(made._replace(state="opened", done=True)))
    assert [row.question for row in store.read(lambda tx: tx.questions.open_rounds())] == [TWO]
    found = store.read(lambda tx: tx.questions.round(ONE))
    assert found == made._replace(state="opened", done=True)


def test_cohorts_names_entries_and_rules(store: Store) -> None:
    cohort = CohortRow(ONE, b"w", b"p" * 32, "みかわ", 9, 3, 10, bytes(16), "offered", 1, "")
    entries = [EntryRow(at, ONE if at < 3 else TWO, "joined", at, bytes([at]) * 32, b"w") for at in (1, 2, 3)]
    rule = StatsPolicyRow(b"", "never", "x", 1)

    store.write(
        lambda tx: [
            tx.questions.put_cohort(cohort),
            tx.questions.put_cohort(cohort._replace(state="accepted")),
            tx.questions.name([NamedRow(ONE, 1, b"n" * 32, "late")]),
            *[tx.questions.enter(row) for row in entries],
            tx.questions.put_policy(rule),
            tx.questions.put_policy(rule._replace(rule="auto")),
        ]
    )
    assert store.read(lambda tx: [row.state for row in tx.questions.cohorts()]) == ["accepted"]
    assert store.read(lambda tx: tx.questions.cohort(ONE)) == cohort._replace(state="accepted")
    assert store.read(lambda tx: tx.questions.named(ONE)) == [NamedRow(ONE, 1, b"n" * 32, "late")]
    assert store.read(lambda tx: tx.questions.entries()) == entries
    assert store.read(lambda tx: tx.questions.entries_of(ONE)) == entries[:2]
    assert store.read(lambda tx: tx.questions.entries_before(3, 1)) == [entries[1]]
    assert store.read(lambda tx: [row.rule for row in tx.questions.policies()]) == ["auto"]
