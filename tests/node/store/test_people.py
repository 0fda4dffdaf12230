"""Sessions, invitations, second factors, access log, settings, leaves to look: the same on every engine."""

from __future__ import annotations

import pytest

from node.store import (
    AccessRow,
    LoginFailureRow,
    PasskeyRow,
    SessionRow,
    Store,
    TotpRow,
    UserInvitationRow,
    UserSettingsRow,
    ViewGrantRow,
)
from tests.node.store.rows import ALICE, BOB, digest

USER, OTHER_USER = b"u" * 16, b"v" * 16


def session(number: int, user: bytes = USER) -> SessionRow:
    return SessionRow(
        digest("s", number), user, number, number, 1000 + number, None, "password", "192.0.2.1", "Firefox"
    )


def test_sessions(store: Store) -> None:
    for number in (1, 2, 3):
        store.write(lambda tx, n=number: tx.sessions.add(session(n)))  # type: ignore[misc]
    store.write(lambda tx: tx.sessions.add(session(9, OTHER_USER)))
    assert [row.created for row in store.read(lambda tx: tx.sessions.of(USER))] == [3, 2, 1]
    store.write(lambda tx: tx.sessions.touch(session(1).hash, 50))
    assert store.write(lambda tx: tx.sessions.revoke(session(1).hash, 60))
    assert not store.write(lambda tx: tx.sessions.revoke(session(1).hash, 61))
    found = store.read(lambda tx: tx.sessions.get(session(1).hash))
    assert found == session(1)._replace(last_used=50, revoked=60)
    assert store.write(lambda tx: tx.sessions.revoke_of(USER, 70, spared=session(3).hash)) == 1
    assert [row.revoked for row in store.read(lambda tx: tx.sessions.of(USER))] == [None, 70, 60]
    assert store.write(lambda tx: tx.sessions.forget(1003)) == 2
    assert store.read(lambda tx: tx.sessions.get(digest("none"))) is None


def test_login_failures(store: Store) -> None:
    row = LoginFailureRow("hanako", 1, 5, 0)
    store.write(lambda tx: tx.login_failures.put(row))
    store.write(lambda tx: tx.login_failures.put(row._replace(failures=2)))
    store.write(lambda tx: tx.login_failures.put(row._replace(name="taro", since=50)))
    assert store.read(lambda tx: tx.login_failures.get("hanako")) == row._replace(failures=2)
    assert store.write(lambda tx: tx.login_failures.forget(6)) == 1
    store.write(lambda tx: tx.login_failures.clear("taro"))
    assert store.read(lambda tx: tx.login_failures.get("taro")) is None


def test_user_invitations(store: Store) -> None:
    row = UserInvitationRow(digest("i"), ALICE, "clerk", None, "田中さん", USER, 5, 50, None, None)
    store.write(lambda tx: tx.user_invitations.put(row))
    store.write(lambda tx: tx.user_invitations.put(row._replace(hash=digest("j"), member=None, created=6)))
    store.write(lambda tx: tx.user_invitations.put(row._replace(used=7)))
    assert store.read(lambda tx: tx.user_invitations.get(row.hash)) == row._replace(used=7)
    assert [found.member for found in store.read(lambda tx: tx.user_invitations.all())] == [None, ALICE]


def test_passkeys(store: Store) -> None:
    row = PasskeyRow(b"credential", USER, b"cose", 0, "店のPC", "internal", 5, 0)
    store.write(lambda tx: tx.passkeys.add(row))
    with pytest.raises(Exception, match=r"(?i)unique"):
        store.write(lambda tx: tx.passkeys.add(row._replace(user=OTHER_USER)))
    store.write(lambda tx: tx.passkeys.used(row.id, 4, 9))
    assert store.read(lambda tx: tx.passkeys.get(row.id)) == row._replace(sign_count=4, last_used=9)
    assert not store.write(lambda tx: tx.passkeys.drop(OTHER_USER, row.id))
    assert len(store.read(lambda tx: tx.passkeys.of(USER))) == 1
    assert store.write(lambda tx: tx.passkeys.drop(USER, row.id))
    assert store.read(lambda tx: tx.passkeys.of(USER)) == []


def test_codes(store: Store) -> None:
    row = TotpRow(USER, b"wrapped", 5, None, 0)
    store.write(lambda tx: tx.totp.put(row))
    store.write(lambda tx: tx.totp.put(row._replace(confirmed=6, last_step=77)))
    assert store.read(lambda tx: tx.totp.get(USER)) == row._replace(confirmed=6, last_step=77)
    assert store.write(lambda tx: tx.totp.drop(USER))
    assert not store.write(lambda tx: tx.totp.drop(USER))


def test_the_access_log_grows_and_is_each_members_own(store: Store) -> None:
    def line(member: bytes | None, what: str) -> AccessRow:
        return AccessRow(0, member, 5, USER, "hanako", what, "", "")

    for member, what in ((ALICE, "login"), (BOB, "login"), (None, "login"), (ALICE, "logout")):
        store.write(lambda tx, m=member, w=what: tx.access_log.add(line(m, w)))  # type: ignore[misc]
    assert [row.what for row in store.read(lambda tx: tx.access_log.latest(9, member=ALICE))] == ["logout", "login"]
    assert [row.position for row in store.read(lambda tx: tx.access_log.latest(9))] == [4, 3, 2, 1]
    assert [row.position for row in store.read(lambda tx: tx.access_log.latest(2, before=4))] == [3, 2]
    assert store.read(lambda tx: tx.access_log.latest(9, member=ALICE, before=4))[0].position == 1


def test_user_settings(store: Store) -> None:
    row = UserSettingsRow(USER, "田中", "tanaka@example.jp", "en", "Europe/Berlin", "{}")
    store.write(lambda tx: tx.user_settings.put(row))
    store.write(lambda tx: tx.user_settings.put(row._replace(language="ja")))
    assert store.read(lambda tx: tx.user_settings.get(USER)) == row._replace(language="ja")
    assert store.read(lambda tx: tx.user_settings.get(OTHER_USER)) is None


def test_view_grants(store: Store) -> None:
    row = ViewGrantRow(b"g" * 16, ALICE, b"hash", USER, 5, 15, 0, None, None, None, None)
    store.write(lambda tx: tx.view_grants.put(row))
    opened = row._replace(staff=OTHER_USER, opened=7, until=37)
    store.write(lambda tx: tx.view_grants.put(opened))
    store.write(lambda tx: tx.view_grants.put(row._replace(id=b"h" * 16, created=6)))
    assert store.read(lambda tx: tx.view_grants.get(row.id)) == opened
    assert [found.created for found in store.read(lambda tx: tx.view_grants.of(ALICE))] == [6, 5]
    assert store.read(lambda tx: tx.view_grants.of(BOB)) == []
