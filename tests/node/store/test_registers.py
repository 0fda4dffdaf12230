"""The contract of the smaller registers: members, peers, directory, attachments, access, meta."""

from __future__ import annotations

import pytest

from node.store import (
    AttachmentRow,
    CardRow,
    ControlRow,
    IdempotencyRow,
    InvitationRow,
    MemberRow,
    NewQuarantine,
    PeerRow,
    Store,
    TokenRow,
    Tx,
    UserRow,
    WrappedKeyRow,
)
from node.store.schema import peers
from tests.node.store.rows import ALICE, BOB, EPOCH, NODE, OTHER, digest, document


def member(who: bytes, *, local: bool, created: int = 1) -> MemberRow:
    return MemberRow(who, b"genesis", "山田製作所", local, NODE, None, 0, False, None, created)


def control(number: int) -> ControlRow:
    return ControlRow(digest("c", number), BOB, number, digest("c", number - 1), "epoch", 2, number, False, b"wire")


def peer(node: bytes, state: str = "accepted") -> PeerRow:
    empty = {"LargeBinary": b"", "Text": "", "BigInteger": 0, "Boolean": False}
    values = {column.name: empty[type(column.type).__name__] for column in peers.columns}
    return PeerRow(**{**values, "node": node, "state": state})  # type: ignore[arg-type]


def card(number: int, **more: object) -> CardRow:
    name = f"株式会社{number}_100%"
    row = CardRow(digest("m", number), 1, NODE, name, "カブシキ", f"{number:013d}", "2412", "26100", name, 5, 0, b"w")
    return row._replace(**more)  # type: ignore[arg-type]


def test_members(store: Store) -> None:
    store.write(lambda tx: tx.members.put(member(ALICE, local=True, created=2)))
    store.write(lambda tx: tx.members.put_many([member(BOB, local=False), member(ALICE, local=True)]))
    changed = member(ALICE, local=True)._replace(suspended=True, epoch=EPOCH, epoch_number=3)
    store.write(lambda tx: tx.members.put(changed))
    found = store.read(lambda tx: tx.members.get(ALICE))
    assert found == changed
    assert found is not None
    assert found.local is True
    assert found.suspended is True
    assert [row.member for row in store.read(lambda tx: tx.members.all(local=True))] == [ALICE]
    assert len(store.read(lambda tx: tx.members.all())) == 2
    assert set(store.read(lambda tx: tx.members.get_many([ALICE, BOB, OTHER]))) == {ALICE, BOB}


def test_control_logs(store: Store) -> None:
    store.write(lambda tx: tx.controls.add_many([control(2), control(1)]))
    store.write(lambda tx: tx.controls.add(control(1)._replace(wire=b"other")))
    assert [row.number for row in store.read(lambda tx: tx.controls.by_member(BOB))] == [1, 2]
    assert store.read(lambda tx: tx.controls.get(control(1).hash)) == control(1)
    assert store.read(lambda tx: tx.controls.known([control(1).hash, NODE])) == {control(1).hash}
    store.write(lambda tx: tx.controls.set_superseded([control(2).hash], True))
    assert [row.superseded for row in store.read(lambda tx: tx.controls.by_member(BOB))] == [False, True]


def test_wrapped_keys(store: Store) -> None:
    row = WrappedKeyRow("epoch", EPOCH, b"wrapped", 4)
    store.write(lambda tx: tx.wrapped_keys.add(row))
    with pytest.raises(Exception, match=r"(?i)unique"):
        store.write(lambda tx: tx.wrapped_keys.add(row._replace(wrapped=b"other")))
    store.write(lambda tx: tx.wrapped_keys.put(row._replace(wrapped=b"newer")))
    assert store.read(lambda tx: tx.wrapped_keys.get("epoch", EPOCH)) == row._replace(wrapped=b"newer")
    assert len(store.read(lambda tx: tx.wrapped_keys.by_purpose("epoch"))) == 1
    store.write(lambda tx: tx.wrapped_keys.delete("epoch", EPOCH))
    assert store.read(lambda tx: tx.wrapped_keys.get("epoch", EPOCH)) is None


def test_peers(store: Store) -> None:
    store.write(lambda tx: tx.peers.put(peer(NODE)))
    store.write(lambda tx: tx.peers.put(peer(OTHER, "pending")))
    assert store.write(lambda tx: tx.peers.set_state(OTHER, "blocked"))
    assert not store.write(lambda tx: tx.peers.set_state(ALICE, "blocked"))
    store.write(lambda tx: tx.peers.touch(NODE, 9))
    store.write(lambda tx: tx.peers.touch(NODE, 7))
    found = store.read(lambda tx: tx.peers.get(NODE))
    assert found == peer(NODE)._replace(last_contact=9)
    assert [row.node for row in store.read(lambda tx: tx.peers.all("blocked"))] == [OTHER]
    store.write(lambda tx: tx.peers.delete(OTHER))
    assert [row.node for row in store.read(lambda tx: tx.peers.all())] == [NODE]


def test_invitations(store: Store) -> None:
    for number in (1, 2, 3):
        store.write(lambda tx, n=number: tx.invitations.put(InvitationRow(digest(n), "open", n * 10, b"d")))  # type: ignore[misc]
    assert store.write(lambda tx: tx.invitations.expire(20)) == 1
    store.write(lambda tx: tx.invitations.put(InvitationRow(digest(2), "used", 20, b"e")))
    assert store.read(lambda tx: tx.invitations.get(digest(2))) == InvitationRow(digest(2), "used", 20, b"e")
    store.write(lambda tx: tx.invitations.delete(digest(2)))
    assert [row.id for row in store.read(lambda tx: tx.invitations.all())] == [digest(3)]


def test_what_peers_know(store: Store) -> None:
    store.write(
        lambda tx: tx.knows.put_many([(NODE, ALICE, digest(1)), (NODE, BOB, digest(2)), (OTHER, BOB, digest(3))])
    )
    store.write(lambda tx: tx.knows.put_many([(NODE, BOB, digest(4))]))
    assert store.read(lambda tx: tx.knows.of(NODE)) == {ALICE: digest(1), BOB: digest(4)}
    assert store.read(lambda tx: tx.knows.get_many(NODE, [BOB, OTHER])) == {BOB: digest(4)}
    store.write(lambda tx: tx.knows.forget(NODE))
    assert store.read(lambda tx: tx.knows.of(NODE)) == {}
    assert store.read(lambda tx: tx.knows.of(OTHER)) == {BOB: digest(3)}


def test_quarantine(store: Store) -> None:
    bad = NewQuarantine(NODE, digest("bad"), "malformed", "field x", 4, b"\xff" * 100)
    assert store.write(lambda tx: tx.quarantine.add(bad)) == 1
    assert store.write(lambda tx: tx.quarantine.add_many([bad, bad._replace(node=OTHER)])) == [2, 3]
    assert store.read(lambda tx: tx.quarantine.bytes_of(NODE)) == 200
    assert store.read(lambda tx: tx.quarantine.bytes_of(ALICE)) == 0
    assert store.write(lambda tx: tx.quarantine.set_state(1, "retried"))
    assert [row.id for row in store.read(lambda tx: tx.quarantine.all())] == [2, 3]
    assert [row.id for row in store.read(lambda tx: tx.quarantine.by_object([digest("bad")]))] == [1, 2, 3]
    found = store.read(lambda tx: tx.quarantine.get(2))
    assert found is not None
    assert (found.content, found.size, found.reason) == (bad.content, 100, "field x")
    store.write(lambda tx: tx.quarantine.delete(3))
    assert store.write(lambda tx: tx.quarantine.add(bad)) == 4
    assert store.read(lambda tx: tx.quarantine.count()) == 2


def test_cards_in_order_of_change(store: Store) -> None:
    store.write(lambda tx: tx.cards.put_many([card(1), card(2), card(3)]))
    store.write(lambda tx: tx.cards.put_many([card(1, version=2)]))
    assert [row.change for row in store.read(lambda tx: tx.cards.changed_since(0, 10))] == [2, 3, 4]
    (latest,) = store.read(lambda tx: tx.cards.changed_since(3, 10))
    assert (latest.member, latest.version) == (digest("m", 1), 2)
    assert store.read(lambda tx: tx.cards.last_change()) == 4
    assert store.read(lambda tx: tx.cards.count(NODE)) == 3
    store.write(lambda tx: tx.cards.delete(digest("m", 1)))
    assert store.read(lambda tx: tx.cards.get(digest("m", 1))) is None
    store.write(lambda tx: tx.cards.put_many([]))
    assert store.read(lambda tx: tx.cards.count()) == 2


def test_cards_are_found(store: Store) -> None:
    store.write(lambda tx: tx.cards.put_many([card(1), card(2, area="13101", words="東京"), card(3, industry="5011")]))

    def find(text: str = "", **more: str) -> list[bytes]:
        return [row.member for row in store.read(lambda tx: tx.cards.find(text, **more))]  # type: ignore[arg-type]

    one, two, three = (digest("m", number) for number in (1, 2, 3))
    assert find("株式会社") == [one, three]
    assert find("_100%") == [one, three]
    assert find("x100%") == []
    assert find(area="13") == [two]
    assert find(industry="24", area="26") == [one]
    assert find(corporate_number=f"{3:013d}") == [three]
    assert find("' OR 1=1 --") == []
    assert len(store.read(lambda tx: tx.cards.find(limit=2, offset=1))) == 2
    assert [row.member for row in store.read(lambda tx: tx.cards.by_corporate_number(f"{2:013d}"))] == [two]


def test_attachments(store: Store) -> None:
    row = AttachmentRow(digest("root"), 3_000_000, "application/pdf", 3, False, 5, b"\x01")
    store.write(lambda tx: tx.attachments.put(row))
    assert store.read(lambda tx: tx.attachments.incomplete(9)) == [row]
    done = row._replace(complete=True, have=b"\x07")
    store.write(lambda tx: tx.attachments.put(done))
    assert store.read(lambda tx: tx.attachments.incomplete(9)) == []
    assert store.read(lambda tx: tx.attachments.get(row.root)) == done
    uses = [(row.root, digest("d", number)) for number in (1, 2)]
    store.write(lambda tx: tx.attachments.use_many([*uses, uses[0]]))
    assert sorted(store.read(lambda tx: tx.attachments.uses([row.root]))) == sorted(uses)
    store.write(lambda tx: tx.attachments.delete(row.root))
    assert store.read(lambda tx: tx.attachments.get(row.root)) is None


def test_attachments_that_a_partner_waits_for(store: Store) -> None:
    def work(tx: Tx) -> None:
        tx.documents.add_many([document(number) for number in (1, 2, 3)])
        tx.attachments.use_many([(digest("root"), document(1).id), (digest("root"), document(2).id)])
        tx.outgoing.add_many(NODE, "document", [document(number).id for number in (1, 2, 3)])
        tx.outgoing.mark(NODE, [(document(number).id, "waiting", 1) for number in (2, 3)])

    store.write(work)
    assert store.read(lambda tx: tx.attachments.awaited(9)) == [(NODE, digest("root"), document(2).id)]


def test_users_and_tokens(store: Store) -> None:
    user = UserRow(digest("u"), ALICE, "hanako", "clerk", "$argon2id$", 3, False)
    store.write(lambda tx: tx.users.put(user))
    with pytest.raises(Exception, match=r"(?i)unique"):
        store.write(lambda tx: tx.users.put(user._replace(id=digest("v"))))
    store.write(lambda tx: tx.users.put(user._replace(disabled=True)))
    found = store.read(lambda tx: tx.users.by_name("hanako"))
    assert found == user._replace(disabled=True)
    assert found is not None
    assert found.disabled is True
    assert store.read(lambda tx: tx.users.get(user.id)) == found

    token = TokenRow(digest("t"), "erp", user.id, ALICE, "read send", 4, None, None, 0)
    store.write(lambda tx: tx.tokens.add(token))
    store.write(lambda tx: tx.tokens.touch(token.hash, 8))
    assert store.write(lambda tx: tx.tokens.revoke(token.hash, 9))
    assert not store.write(lambda tx: tx.tokens.revoke(token.hash, 10))
    assert store.read(lambda tx: tx.tokens.get(token.hash)) == token._replace(last_used=8, revoked=9)
    assert len(store.read(lambda tx: tx.tokens.all())) == 1


def test_idempotency_keys(store: Store) -> None:
    row = IdempotencyRow(digest("t"), "key-1", digest("f"), 201, b"{}", 5)
    assert store.write(lambda tx: tx.idempotency.add(row))
    assert not store.write(lambda tx: tx.idempotency.add(row._replace(status=500)))
    assert store.read(lambda tx: tx.idempotency.get(row.token, "key-1")) == row
    assert store.write(lambda tx: tx.idempotency.forget(5)) == 0
    assert store.write(lambda tx: tx.idempotency.forget(6)) == 1
    assert store.read(lambda tx: tx.idempotency.get(row.token, "key-1")) is None


def test_meta(store: Store) -> None:
    assert store.read(lambda tx: tx.meta.get_int("n", 3)) == 3
    store.write(lambda tx: tx.meta.set_int("n", -12345678901234))
    assert store.read(lambda tx: tx.meta.get_int("n")) == -12345678901234
    store.write(lambda tx: tx.meta.delete("n"))
    assert store.read(lambda tx: tx.meta.get("n")) is None
