"""The way in by name and password: lockout, one answer for every wrong attempt, the access log.

Owns the counts. Passwords are checked outside the transaction (0.3 s and 64 MB each): begin, check, then finish. An
unknown name counts, costs and answers as a wrong password does.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from node.i18n import N_
from node.services import access, sessions
from node.services.house import House
from node.services.sessions import MINUTE_US, Opened
from node.store import LoginFailureRow, Tx, UserRow
from protocol.errors import CallerFault

MAX_FAILURES: Final = 8
WINDOW_US: Final = 15 * MINUTE_US
LOCK_US: Final = 15 * MINUTE_US
MAX_NAME_CHARS: Final = 64

WRONG: Final = N_("The login name or the password is not right.")
LOCKED: Final = N_(
    "Too many wrong attempts. You cannot log in for 15 minutes. If it is urgent, telephone your association."
)


class Attempt(NamedTuple):
    """Somebody says a name. ``hashed``: what the password is checked against; empty: nobody has that name."""

    name: str
    user: UserRow | None
    hashed: str


def normal(name: str) -> str:
    """A login name as it is kept: people type capitals and spaces."""
    return name.strip().lower()[:MAX_NAME_CHARS]


def begin(tx: Tx, name: str, now: int) -> Attempt:
    """Who that would be. CallerFault ``locked`` while the name is locked."""
    name = normal(name)
    require_unlocked(tx, name, now)
    user = tx.users.by_name(name)
    if user is None or not may_come(tx, user):
        return Attempt(name, None, "")
    return Attempt(name, user, user.password_hash)


def may_come(tx: Tx, user: UserRow) -> bool:
    """Whether a user may log in at all: not stopped, and its member is at home here."""
    if user.disabled or user.member is None:
        return not user.disabled
    member = tx.members.get(user.member)
    return member is not None and member.local


def require_unlocked(tx: Tx, name: str, now: int) -> None:
    """CallerFault ``locked`` while a name is locked."""
    row = tx.login_failures.get(name)
    if row is not None and row.locked_until > now:
        raise CallerFault("name", LOCKED, code="locked")


def failed(house: House, tx: Tx, attempt: Attempt, address: str) -> CallerFault:
    """Count a wrong attempt; the fault to show. The last one permitted locks the name."""
    now = house.clock()
    row = tx.login_failures.get(attempt.name)
    if row is None or now - row.since > WINDOW_US:
        row = LoginFailureRow(attempt.name, 0, now, 0)
    row = row._replace(failures=row.failures + 1)
    locks = row.failures >= MAX_FAILURES
    if locks:
        row = row._replace(failures=0, locked_until=now + LOCK_US)
    tx.login_failures.put(row)
    if attempt.user is not None:
        what = "locked" if locks else "login-failed"
        access.note(house, tx, what, member=attempt.user.member, user=attempt.user, address=address)
    return CallerFault("name", LOCKED, code="locked") if locks else CallerFault("password", WRONG, code="wrong")


def succeeded(house: House, tx: Tx, user: UserRow, method: str, *, address: str = "", agent: str = "") -> Opened:
    """A session for a user who proved who they are; a new one at every login."""
    tx.login_failures.clear(user.name)
    access.note(house, tx, "login", member=user.member, user=user, detail=method, address=address)
    return sessions.open_for(house, tx, user, method, address=address, agent=agent)


def leave(house: House, tx: Tx, visitor: sessions.Visitor, address: str = "") -> None:
    """End the session that is used now."""
    tx.sessions.revoke(visitor.session.hash, house.clock())
    access.note(house, tx, "logout", member=visitor.user.member, user=visitor.user, address=address)
