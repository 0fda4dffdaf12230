"""A member lets the association's staff look at its papers: thirty minutes, by six digits that it tells them.

Owns how long, how often a code may be wrong, and what is noted: every look stands in the member's access log. Without
leave staff see that papers move, never what is in them.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final, NamedTuple

from node.i18n import N_
from node.services import access
from node.services.house import House
from node.services.sessions import MINUTE_US
from node.store import Tx, UserRow, ViewGrantRow
from protocol.errors import CallerFault, NotFound

CODE_US: Final = 10 * MINUTE_US
VIEW_US: Final = 30 * MINUTE_US
MAX_FAILURES: Final = 5
WRONG: Final = N_("The code is not right, or it is too old. Ask the member for a new one.")


class Leave(NamedTuple):
    """A leave: its code, shown once to the member, and its row."""

    code: str
    row: ViewGrantRow


def allow(house: House, tx: Tx, by: UserRow, address: str = "") -> Leave:
    """A code that lets one of the staff look at the papers of ``by``'s member. An earlier code counts no more."""
    member = by.member
    if member is None:
        raise NotFound("member", "no such member")
    now = house.clock()
    for row in tx.view_grants.of(member):
        if row.opened is None and row.revoked is None:
            tx.view_grants.put(row._replace(revoked=now))
    code = f"{int.from_bytes(house.entropy(8)) % 1_000_000:06d}"
    grant = house.entropy(16)
    made = ViewGrantRow(grant, member, _hash(grant, code), by.id, now, now + CODE_US, 0, None, None, None, None)
    tx.view_grants.put(made)
    access.note(house, tx, "view-allowed", member=member, user=by, address=address)
    return Leave(code, made)


def _hash(grant: bytes, code: str) -> bytes:
    return hashlib.sha256(b"view\0" + grant + code.encode()).digest()


def begin(
    house: House, tx: Tx, member: bytes, staff: UserRow, code: str, address: str = ""
) -> ViewGrantRow | CallerFault:
    """Begin to look, by the code. A wrong one is counted (so it is given back, not raised: the count must stay)."""
    now = house.clock()
    row = next((row for row in tx.view_grants.of(member) if _waits(row, now)), None)
    typed = "".join(str(int(digit)) for digit in code if digit.isdecimal())
    if row is None or not hmac.compare_digest(_hash(row.id, typed), row.code_hash):
        if row is not None:
            failures = row.failures + 1
            revoked = now if failures >= MAX_FAILURES else None
            tx.view_grants.put(row._replace(failures=failures, revoked=revoked))
        access.note(house, tx, "view-refused", member=member, user=staff, address=address)
        return CallerFault("code", WRONG)
    opened = row._replace(staff=staff.id, opened=now, until=now + VIEW_US)
    tx.view_grants.put(opened)
    access.note(house, tx, "view-opened", member=member, user=staff, address=address)
    return opened


def _waits(row: ViewGrantRow, now: int) -> bool:
    return row.opened is None and row.revoked is None and now < row.expires


def in_force(row: ViewGrantRow, now: int) -> bool:
    """Whether staff may look by this leave."""
    return row.revoked is None and row.until is not None and now < row.until


def leave_of(tx: Tx, member: bytes, staff: bytes, now: int) -> ViewGrantRow | None:
    """The leave by which one of the staff may look at a member's papers now, or None."""
    return next((row for row in tx.view_grants.of(member) if row.staff == staff and in_force(row, now)), None)


def require(tx: Tx, member: bytes, staff: bytes, now: int) -> ViewGrantRow:
    """The leave in force. NotFound without one, as for what does not exist."""
    row = leave_of(tx, member, staff, now)
    if row is None:
        raise NotFound("member", "no such page")
    return row


def look(house: House, tx: Tx, member: bytes, staff: UserRow, what: str, address: str = "") -> ViewGrantRow:
    """Note one look, in the transaction that comes before it. NotFound without leave, as for what does not exist."""
    row = require(tx, member, staff.id, house.clock())
    access.note(house, tx, "viewed", member=member, user=staff, detail=what, address=address)
    return row


def list_of(tx: Tx, member: bytes) -> list[ViewGrantRow]:
    """A member's leaves, latest first."""
    return tx.view_grants.of(member)


def end(house: House, tx: Tx, by: UserRow, address: str = "") -> int:
    """The member ends every look and every code at once; how many."""
    if by.member is None:
        raise NotFound("member", "no such member")
    now, count = house.clock(), 0
    for row in tx.view_grants.of(by.member):
        if in_force(row, now) or _waits(row, now):
            tx.view_grants.put(row._replace(revoked=now))
            count += 1
    if count:
        access.note(house, tx, "view-ended", member=by.member, user=by, address=address)
    return count
