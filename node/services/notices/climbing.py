"""What nobody opened climbs: first to the owner, then to a list of firms for the association's staff to telephone.

Owns when, and what staff see: the firm, its number, how many papers and since when; nothing of what is in them.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from node.services import reading
from node.services.house import House
from node.services.notices import choosing, hours, noting
from node.services.notices.kinds import WAYS
from node.services.policy import Role
from node.store import NoticeRow, Tx, UserRow
from protocol.errors import NotFound

STEP: Final = 100
MOST_LISTED: Final = 2_000
TO_PEOPLE, TO_OWNER, TO_STAFF = 0, 1, 2


class ToCall(NamedTuple):
    """A firm to telephone. ``since``: when the oldest paper came, µs; ``called``: when staff last did, or None."""

    member: bytes
    name: str
    telephone: str
    papers: int
    since: int
    called: int | None
    called_by: bytes | None


class Bounce(NamedTuple):
    """Somebody whose mail address takes nothing."""

    user: bytes
    login: str
    member: bytes | None
    house: str
    why: str
    time: int


def climb(house: House, tx: Tx) -> int:
    """Tell the next level of everything that waited long enough; how many notices climbed."""
    now = house.clock()
    rows = tx.notices.to_climb(now, STEP)
    for row in rows:
        _climb(house, tx, row, now)
    return len(rows)


def _climb(house: House, tx: Tx, row: NoticeRow, now: int) -> None:
    if row.level >= TO_OWNER:
        tx.notices.climb(row.position, TO_STAFF, None)
        return
    rule = choosing.rule_of(tx, row.member)
    tx.notices.climb(row.position, TO_OWNER, hours.after(now, rule.staff_hours))
    for user in noting.people_of(tx, row.member):
        if user.role == Role.OWNER.value:
            noting.queue(house, tx, row.position, user, frozenset(WAYS), level=TO_OWNER)


def to_call(tx: Tx) -> list[ToCall]:
    """Firms to telephone: those not yet called first, then by how long their papers have waited."""
    by_member: dict[bytes, list[NoticeRow]] = {}
    for row in tx.notices.at_staff(MOST_LISTED):
        by_member.setdefault(row.member, []).append(row)
    names = reading.names_of(tx, by_member)
    found = []
    for member, rows in by_member.items():
        waiting = [row for row in rows if row.called is None] or rows
        last = max(rows, key=lambda row: row.called or 0)
        called = last.called if waiting is rows else None
        telephone = choosing.rule_of(tx, member).telephone
        since = min(row.created for row in waiting)
        found.append(ToCall(member, names.get(member, ""), telephone, len(waiting), since, called, last.called_by))
    return sorted(found, key=lambda one: (one.called is not None, one.since))


def called(house: House, tx: Tx, member: bytes, by: UserRow | None) -> int:
    """Staff telephoned the firm. NotFound when it is not on the list."""
    if not any(one.member == member for one in to_call(tx)):
        raise NotFound("member", "no such member on the list")
    return tx.notices.called(member, None if by is None else by.id, house.clock())


def bounces(tx: Tx) -> list[Bounce]:
    """People whom mail does not reach, latest first."""
    found = []
    for row in tx.notices.bounced():
        user = tx.users.get(row.user)
        if user is None or user.disabled:
            continue
        member = None if user.member is None else tx.members.get(user.member)
        name = "" if member is None else member.name
        found.append(Bounce(user.id, user.name, user.member, name, row.bounced, row.bounced_at))
    return found
