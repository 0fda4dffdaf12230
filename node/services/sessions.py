"""Logins that last: made, checked, ended. Only SHA-256 of a token is kept.

Owns how long a session holds. Knows no cookies (``node.web.cookies``) and no passwords (``node.services.login``).
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Final, NamedTuple

from node.services.house import House
from node.services.policy import Role
from node.services.tokens import hash_of
from node.store import MemberRow, SessionRow, Tx, UserRow, UserSettingsRow
from protocol.errors import NotFound

MINUTE_US: Final = 60 * 1_000_000
HOUR_US: Final = 60 * MINUTE_US
DAY_US: Final = 24 * HOUR_US
#: A session ends when nobody used it for so long, and in any case after the longer time.
IDLE_US: Final = 12 * HOUR_US
LONGEST_US: Final = 7 * DAY_US
TOUCH_EVERY_US: Final = MINUTE_US
SECRET_BYTES: Final = 32
MAX_AGENT_CHARS: Final = 200
KEEP_ENDED_US: Final = 30 * DAY_US


class Visitor(NamedTuple):
    """Somebody who is logged in. ``member`` None: the association's own people."""

    session: SessionRow
    user: UserRow
    role: Role
    member: MemberRow | None
    settings: UserSettingsRow

    @property
    def shown_name(self) -> str:
        """What others call them."""
        return self.settings.shown_name or self.user.name


class Opened(NamedTuple):
    """A new session: its token, which only the browser keeps, and its row."""

    token: str
    row: SessionRow


def open_for(house: House, tx: Tx, user: UserRow, method: str, *, address: str = "", agent: str = "") -> Opened:
    """A new session of a user who proved to be one by ``method``."""
    now = house.clock()
    token = base64.urlsafe_b64encode(house.entropy(SECRET_BYTES)).rstrip(b"=").decode()
    row = SessionRow(
        hash_of(token), user.id, now, now, now + LONGEST_US, None, method, address[:64], agent[:MAX_AGENT_CHARS]
    )
    tx.sessions.add(row)
    return Opened(token, row)


def holds(row: SessionRow, now: int) -> bool:
    """Whether a session is in force."""
    return row.revoked is None and now < row.expires and now - row.last_used < IDLE_US


def check(tx: Tx, token: str, now: int) -> Visitor | None:
    """Who comes with this token; None if it is unknown or ended, or its user is disabled."""
    row = tx.sessions.get(hash_of(token))
    if row is None or not holds(row, now):
        return None
    user = tx.users.get(row.user)
    if user is None or user.disabled:
        return None
    member = None if user.member is None else tx.members.get(user.member)
    if user.member is not None and (member is None or not member.local):
        return None
    return Visitor(row, user, Role(user.role), member, settings_of(tx, user.id))


def settings_of(tx: Tx, user: bytes) -> UserSettingsRow:
    """What a user chose, or nothing yet."""
    return tx.user_settings.get(user) or UserSettingsRow(user, "", "", "", "", "")


def names_of(tx: Tx, users: Iterable[UserRow]) -> dict[bytes, str]:
    """What others call these users, by id."""
    return {user.id: settings_of(tx, user.id).shown_name or user.name for user in users}


def last_login(tx: Tx, user: bytes) -> int:
    """When a user last came, µs; 0 for never."""
    return max((row.last_used for row in tx.sessions.of(user)), default=0)


def list_of(tx: Tx, user: bytes, now: int) -> list[SessionRow]:
    """A user's sessions in force, latest first."""
    return [row for row in tx.sessions.of(user) if holds(row, now)]


def end(tx: Tx, user: bytes, hashed: bytes, now: int) -> None:
    """End one of a user's sessions. NotFound for anybody else's."""
    row = tx.sessions.get(hashed)
    if row is None or row.user != user:
        raise NotFound("session", "no such session")
    tx.sessions.revoke(hashed, now)


def tidy(tx: Tx, now: int) -> None:
    """Forget what ended long ago."""
    tx.sessions.forget(now - KEEP_ENDED_US)
    tx.login_failures.forget(now - DAY_US)
