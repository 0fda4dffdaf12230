"""Who is logged in: tables ``sessions``, ``login_failures``."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from node.store.repository import Repository
from node.store.schema_people import login_failures, sessions
from node.store.sql import Query, Statement, insert_rows, upsert


class SessionRow(NamedTuple):
    """A login, by the hash of its token. ``method``: how it was proved; times in µs, ``revoked`` None: in force."""

    hash: bytes
    user: bytes
    created: int
    last_used: int
    expires: int
    revoked: int | None
    method: str
    address: str
    agent: str


class LoginFailureRow(NamedTuple):
    """Wrong attempts in a row for a login name, known or not. ``since``: of the first, µs."""

    name: str
    failures: int
    since: int
    locked_until: int


_SESSION = sa.select(*(sessions.c[name] for name in SessionRow._fields))
_ADD = insert_rows(sessions, SessionRow._fields)
_GET = Query(SessionRow._make, _SESSION.where(sessions.c.hash == sa.bindparam("hash")))
_OF = Query(
    SessionRow._make,
    _SESSION.where(sessions.c.user == sa.bindparam("user")).order_by(sessions.c.created.desc(), sessions.c.hash),
)
_TOUCH = Statement(
    sa.update(sessions).where(sessions.c.hash == sa.bindparam("which")).values(last_used=sa.bindparam("moment"))
)
_REVOKE = Statement(
    sa.update(sessions)
    .where(sessions.c.hash == sa.bindparam("which"), sessions.c.revoked.is_(None))
    .values(revoked=sa.bindparam("moment"))
)
_REVOKE_OF = Statement(
    sa.update(sessions)
    .where(
        sessions.c.user == sa.bindparam("whose"),
        sessions.c.revoked.is_(None),
        sessions.c.hash != sa.bindparam("spared"),
    )
    .values(revoked=sa.bindparam("moment"))
)
_FORGET = Statement(sa.delete(sessions).where(sessions.c.expires < sa.bindparam("before")))

_FAILURE = sa.select(*(login_failures.c[name] for name in LoginFailureRow._fields))
_FAILURE_GET = Query(LoginFailureRow._make, _FAILURE.where(login_failures.c.name == sa.bindparam("name")))
_FAILURE_PUT = upsert(login_failures, LoginFailureRow._fields)
_FAILURE_CLEAR = Statement(sa.delete(login_failures).where(login_failures.c.name == sa.bindparam("name")))
_FAILURES_FORGET = Statement(sa.delete(login_failures).where(login_failures.c.since < sa.bindparam("before")))


class Sessions(Repository):
    """Logins."""

    def add(self, row: SessionRow) -> None:
        """Add one."""
        self._db.run_many(_ADD, [row])

    def get(self, hashed: bytes) -> SessionRow | None:
        """One session, in force or not, or None."""
        return self._db.one(_GET, hash=hashed)

    def of(self, user: bytes) -> list[SessionRow]:
        """A user's sessions, latest first."""
        return self._db.all(_OF, user=user)

    def touch(self, hashed: bytes, now: int) -> None:
        """It was used."""
        self._db.run(_TOUCH, which=hashed, moment=now)

    def revoke(self, hashed: bytes, now: int) -> bool:
        """End one; whether it was in force."""
        return self._db.run(_REVOKE, which=hashed, moment=now) == 1

    def revoke_of(self, user: bytes, now: int, *, spared: bytes = b"") -> int:
        """End all of a user's but ``spared``; how many."""
        return self._db.run(_REVOKE_OF, whose=user, moment=now, spared=spared)

    def forget(self, before: int) -> int:
        """Delete those that ended before a moment."""
        return self._db.run(_FORGET, before=before)


class LoginFailures(Repository):
    """Wrong attempts by login name."""

    def get(self, name: str) -> LoginFailureRow | None:
        """What is counted for a name, or None."""
        return self._db.one(_FAILURE_GET, name=name)

    def put(self, row: LoginFailureRow) -> None:
        """Count."""
        self._db.run_many(_FAILURE_PUT, [row])

    def clear(self, name: str) -> None:
        """The right person came."""
        self._db.run(_FAILURE_CLEAR, name=name)

    def forget(self, before: int) -> int:
        """Delete counts that began before a moment."""
        return self._db.run(_FAILURES_FORGET, before=before)
