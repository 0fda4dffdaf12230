"""Rows that no document brings back: all of them, only a member's own, only what changed, secrets wrapped anew."""

from __future__ import annotations

import pytest

from node.services import codes, members
from node.services.belongings import state
from node.services.belongings.items import Item
from node.store import SHELVES, Tx
from protocol import canon
from protocol.errors import Malformed
from tests.node.services.belongings import shelves
from tests.node.services.town import Association

MINE, THEIRS = "canary-mine", "canary-theirs"


class XorWrap:
    """A secret of its own for each node, so that what one wrapped is of no use at another."""

    def __init__(self, secret: int) -> None:
        self.secret = secret

    def wrap(self, purpose: str, subject: bytes, secret: bytes) -> bytes:
        return bytes(byte ^ self.secret for byte in secret)

    def unwrap(self, purpose: str, subject: bytes, wrapped: bytes) -> bytes:
        return self.wrap(purpose, subject, wrapped)


class Moving:
    """A member with everything at one node, beside another one; and a node that has neither yet."""

    def __init__(self, rows: int = 3) -> None:
        self.old, self.new = Association("豊田"), Association("京都")
        self.old.house.wrap, self.new.house.wrap = XorWrap(1), XorWrap(2)
        self.member, self.other = self.old.enrol("金太郎機械"), self.old.enrol("鶴織物")
        self.old.do(lambda tx: shelves.fill(self.old.house, tx, self.member, MINE, rows))
        self.old.do(lambda tx: shelves.fill(self.old.house, tx, self.other, THEIRS, rows))
        history = self.old.see(lambda tx: members.history(self.old.house, tx, self.member))
        self.new.do(lambda tx: members.learn_history(self.new.house, tx, history))
        self.known: dict[bytes, bytes] = {}

    def collect(self) -> list[Item]:
        found = self.old.see(lambda tx: list(state.collect(self.old.house, tx, self.member, self.known)))
        self.known.update({name: digest for name, digest, _ in found})
        return [item for _, _, item in found if item is not None]

    def rebuild(self, found: list[Item]) -> list[str]:
        def work(tx: Tx) -> list[str]:
            return [line for item in found for line in state.rebuild(self.new.house, tx, self.member, item)]

        return self.new.do(work)

    def rows(self, shelf: str) -> list[tuple[object, ...]]:
        return self.new.see(lambda tx: tx.possessions.rows(shelf, self.member))


def test_every_row_comes_back_and_nobody_elses() -> None:
    moving = Moving()
    found = moving.collect()
    assert not any(THEIRS.encode() in item.payload or moving.other in item.payload for item in found)
    assert moving.rebuild(found) == []
    assert moving.rebuild(found) == []  # twice changes nothing
    for shelf in SHELVES:
        before = moving.old.see(lambda tx, s=shelf: tx.possessions.rows(s, moving.member))
        after = moving.rows(shelf)
        assert len(before) == 3 or shelf in ("own_accounts", "notice_rules", "data_use_streets"), shelf
        if shelf != "totp":
            assert before == after, shelf
    assert not moving.new.see(lambda tx: any(tx.possessions.rows(shelf, moving.other) for shelf in SHELVES))


def test_a_second_factor_is_wrapped_by_the_new_nodes_secret() -> None:
    moving = Moving()
    moving.rebuild(moving.collect())
    before = moving.old.see(lambda tx: tx.possessions.rows("totp", moving.member))
    after = moving.rows("totp")
    assert [row[1] for row in before] != [row[1] for row in after]
    opened = [moving.new.house.wrap.unwrap(codes.PURPOSE, row[0], row[1]) for row in after]
    assert [moving.old.house.wrap.unwrap(codes.PURPOSE, row[0], row[1]) for row in before] == opened


def test_only_what_changed_is_sent_again() -> None:
    moving = Moving(rows=200)
    first = moving.collect()
    assert moving.collect() == []
    moving.rebuild(first)
    shelf = SHELVES["items"]
    gone, changed = moving.old.see(lambda tx: tx.possessions.rows("items", moving.member))[:2]
    fresh = (*changed[:3], "another text", *changed[4:5], 10**15, *changed[6:])
    keys = [shelf.key_of(gone), shelf.key_of(changed)]
    moving.old.do(lambda tx: tx.possessions.replace("items", keys, [fresh]))
    again = moving.collect()
    assert 1 <= len(again) <= 2
    assert sum(len(item.payload) for item in again) < sum(len(item.payload) for item in first) / 20
    moving.rebuild(again)
    assert moving.rows("items") == moving.old.see(lambda tx: tx.possessions.rows("items", moving.member))
    assert len(moving.rows("items")) == 199


def test_an_emptied_shelf_is_emptied_there_too() -> None:
    moving = Moving()
    moving.rebuild(moving.collect())
    keys = moving.old.see(lambda tx: tx.possessions.keys("drafts", moving.member))
    moving.old.do(lambda tx: tx.possessions.replace("drafts", keys, []))
    moving.rebuild(moving.collect())
    assert moving.rows("drafts") == []


def test_nothing_is_asked_of_a_member_with_unchanged_shelves_but_their_stamps() -> None:
    """Of the tables that grow only a count is read, in one statement for all of them."""
    moving = Moving()
    moving.collect()
    asked: list[str] = []

    def look(tx: Tx) -> None:
        tx._session.connection.fault = asked.append
        assert [item for _, _, item in state.collect(moving.old.house, tx, moving.member, moving.known) if item] == []

    moving.old.see(look)
    grown = ("items", "item_prices", "payments", "drafts", "transfers", "guest_links")
    assert not [text for text in asked if any(f"FROM {name} " in text and "count" not in text for name in grown)]
    assert len(asked) < 20


def test_a_login_name_that_is_taken_here_is_changed_and_said() -> None:
    moving = Moving(rows=1)
    neighbour = moving.new.enrol("花咲堂")
    taken = moving.old.see(lambda tx: tx.possessions.rows("users", moving.member))[0]
    theirs = (b"n" * 16, neighbour, *taken[2:])
    moving.new.do(lambda tx: tx.possessions.replace("users", [], [theirs]))
    told = moving.rebuild(moving.collect())
    assert len(told) == 1
    assert "logs in as" in told[0]
    assert moving.new.see(lambda tx: tx.possessions.rows("users", neighbour)) == [theirs]
    assert moving.rows("users")[0][2] != taken[2]


def test_what_claims_to_be_anothers_is_put_back_as_ones_own_or_not_at_all() -> None:
    """A home that turned bad writes rows for others, for staff, over rows of others."""
    moving = Moving(rows=1)
    found = moving.collect()
    victim = moving.new.enrol("花咲堂")
    moving.new.do(lambda tx: shelves.fill(moving.new.house, tx, victim, MINE))  # the very same ids
    before = {shelf: moving.new.see(lambda tx, s=shelf: tx.possessions.rows(s, victim)) for shelf in SHELVES}
    told = moving.rebuild(found)
    assert any("in use here" in line for line in told)
    for shelf, rows in before.items():
        assert moving.new.see(lambda tx, s=shelf: tx.possessions.rows(s, victim)) == rows, shelf


def test_no_role_of_the_association_comes_in() -> None:
    moving = Moving(rows=1)
    row = moving.old.see(lambda tx: tx.possessions.rows("users", moving.member))[0]
    staff = (*row[:3], "admin", *row[4:])
    moving.old.do(lambda tx: tx.possessions.replace("users", [(row[0],)], [staff]))
    told = moving.rebuild(moving.collect())
    assert "users: 1 rows have a role that no member gives" in told
    assert moving.rows("users") == []
    assert moving.rows("passkeys") == []  # of a user who is not here


def test_a_member_that_is_at_home_here_keeps_what_it_has() -> None:
    moving = Moving(rows=1)
    found = moving.collect()
    moving.old.do(lambda tx: tx.possessions.replace("drafts", tx.possessions.keys("drafts", moving.member), []))
    moving.old.do(lambda tx: [state.rebuild(moving.old.house, tx, moving.member, item) for item in found])
    assert moving.old.see(lambda tx: tx.possessions.rows("drafts", moving.member)) == []


@pytest.mark.parametrize(
    "payload",
    [
        ("sessions", 0, 1, ["hash"], b"\x90"),
        ("items", 0, 1, ["member"], b"\xc1"),
        ("items", 0, 1, ["member", "number"], b"\x91\x91\xc0"),
        ("items", 0, 1, ["member", "number"], b"\x91\x92\xc4\x00\x05"),
        ("items", 5, 5, ["member"], b"\x90"),
    ],
    ids=["no such shelf", "not rows", "too few values", "wrong type", "no such box"],
)
def test_a_bad_box_is_refused(payload: tuple[object, ...]) -> None:
    moving = Moving(rows=1)
    with pytest.raises(Malformed):
        moving.rebuild([Item("state", canon.encode(payload))])
