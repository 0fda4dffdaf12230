"""Notices, their outbox, people and browsers, on every engine."""

from __future__ import annotations

from node.store import NoticePersonRow, NoticeRow, NoticeRuleRow, SendRow, Store, SubscriptionRow

M, N, T, U = b"M" * 32, b"N" * 32, b"T" * 32, b"U" * 16


def notice(member: bytes = M, subject: bytes = b"S", created: int = 10, climbs: int | None = 50) -> NoticeRow:
    return NoticeRow(0, member, "orders", subject, T, created, None, 0, climbs, None, None)


def test_a_notice_is_there_once_until_somebody_opens_it(store: Store) -> None:
    first = store.write(lambda tx: tx.notices.add(notice()))
    assert first > 0
    assert store.write(lambda tx: tx.notices.add(notice(created=11))) == 0, "the same thing needs nobody twice"
    other = store.write(lambda tx: tx.notices.add(notice(member=N)))
    assert store.read(lambda tx: tx.notices.count(M)) == 1
    assert store.read(lambda tx: tx.notices.open_threads(M, "orders")) == {T: 1}
    assert store.write(lambda tx: tx.notices.opened(M, T, 20)) == 1
    assert store.read(lambda tx: tx.notices.count(M)) == 0
    found = store.read(lambda tx: tx.notices.get(first))
    assert found is not None
    assert (found.opened, found.climbs) == (20, None)
    assert [row.position for row in store.read(lambda tx: tx.notices.of_thread(N, T))] == [other]


def test_what_nobody_opens_climbs_to_the_staff_and_is_called_once(store: Store) -> None:
    position = store.write(lambda tx: tx.notices.add(notice()))
    assert store.read(lambda tx: tx.notices.to_climb(49, 10)) == []
    assert [row.position for row in store.read(lambda tx: tx.notices.to_climb(50, 10))] == [position]
    store.write(lambda tx: tx.notices.climb(position, 2, None))
    assert [row.position for row in store.read(lambda tx: tx.notices.at_staff(10))] == [position]
    assert store.write(lambda tx: tx.notices.called(M, U, 60)) == 1
    assert store.write(lambda tx: tx.notices.called(M, U, 61)) == 0
    store.write(lambda tx: tx.notices.opened(M, T, 70))
    assert store.read(lambda tx: tx.notices.at_staff(10)) == []


def test_the_outbox_never_queues_the_same_twice(store: Store) -> None:
    row = SendRow(1, U, "mail", 0, "waiting", 0, 30, b"", "", 10)
    store.write(lambda tx: tx.notices.add_sends([row, row._replace(way="push", due=40)]))
    store.write(lambda tx: tx.notices.add_sends([row._replace(due=99)]))
    assert store.read(lambda tx: tx.notices.waiting(35, 10)) == [row]
    assert store.read(lambda tx: tx.notices.next_due()) == 30
    store.write(lambda tx: tx.notices.put_sends([row._replace(state="sent", due=None)]))
    assert store.read(lambda tx: [item.way for item in tx.notices.waiting(99, 10)]) == ["push"]
    assert len(store.read(lambda tx: tx.notices.sends_of(1))) == 2


def test_people_browsers_and_rules(store: Store) -> None:
    person = NoticePersonRow(U, "token", "", 0, 0, 0)
    store.write(lambda tx: tx.notices.put_person(person))
    assert store.read(lambda tx: tx.notices.bounced()) == []
    bounced = person._replace(bounced="550 unknown", bounced_at=5)
    store.write(lambda tx: tx.notices.put_person(bounced))
    assert store.read(lambda tx: tx.notices.bounced()) == [bounced]
    assert store.read(lambda tx: tx.notices.person_by_token("token")) == bounced
    browser = SubscriptionRow(b"i", U, "https://push.example/1", b"p", b"a", "telephone", 1, 0)
    store.write(lambda tx: tx.notices.put_subscription(browser))
    store.write(lambda tx: tx.notices.drop_subscription(b"X" * 16, b"i"))
    assert store.read(lambda tx: tx.notices.subscriptions(U)) == [browser], "another person's is not dropped"
    store.write(lambda tx: tx.notices.drop_subscription(U, b"i"))
    assert store.read(lambda tx: tx.notices.subscriptions(U)) == []
    rule = NoticeRuleRow(M, 4, 8, "0565-00-0000")
    store.write(lambda tx: tx.notices.put_rule(rule))
    assert store.read(lambda tx: tx.notices.rule(M)) == rule
