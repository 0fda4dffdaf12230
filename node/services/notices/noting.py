"""What needs a person: noted once for each thing, queued for each person who asked, settled when its page is opened.

Owns which facts make a notice. It follows the feed of arrived papers behind a cursor, in steps, like the search index:
nothing waits for it. Once a day it looks at what is due and late.
"""

from __future__ import annotations

import datetime
import hashlib
from typing import Final

from node import zones
from node.services import held
from node.services.desk import today
from node.services.drafting import Step
from node.services.house import House
from node.services.intake import RECEIVED
from node.services.notices import choosing, hours
from node.services.notices.kinds import KINDS, OF_TYPE
from node.services.sessions import DAY_US
from node.store import HoldingRow, NoticeRow, SendRow, Tx, UserRow
from protocol.link.receipt import Verdict

STEP: Final = 250
CURSOR: Final = "notices/cursor"
LAST_DAY: Final = "notices/day"
#: Papers that came longer ago need no notice any more: after a long standstill people are not flooded.
FRESH_US: Final = 3 * DAY_US
GATHER_US: Final = 20 * 1_000_000  # what arrives together goes out together
PAY_SOON_DAYS: Final = 3
LOOK_AT_HOUR: Final = 8


def follow(house: House, tx: Tx) -> int:
    """Note what arrived behind the cursor; how many papers were looked at (STEP: there may be more)."""
    now, cursor = house.clock(), tx.meta.get_int(CURSOR)
    rows = tx.holdings.after(None, cursor, STEP)
    staffed = {user.member for user in tx.users.all() if not user.disabled} if rows else frozenset()
    for row in rows:
        if row.member not in staffed or row.read or row.time < now - FRESH_US:
            continue  # whom only programs serve nobody needs to wake
        kind = _kind_of(tx, row)
        if kind:
            note(house, tx, row.member, kind, row.document, row.thread)
    if rows:
        tx.meta.set_int(CURSOR, rows[-1].position)
    return len(rows)


def lag(tx: Tx) -> bool:
    """Whether :func:`follow` has something to look at."""
    return bool(tx.holdings.after(None, tx.meta.get_int(CURSOR), 1))


def _kind_of(tx: Tx, row: HoldingRow) -> str:
    if row.verdict == Verdict.HELD.value:
        return "held" if held.decides(tx, row) else ""
    if row.direction != RECEIVED or row.verdict != Verdict.APPLIED.value:
        return ""
    return OF_TYPE.get(row.type, "")


def note(house: House, tx: Tx, member: bytes, kind: str, subject: bytes, thread: bytes) -> bool:
    """Note one thing and queue it for the people who asked; False if it was noted before."""
    now = house.clock()
    rule = choosing.rule_of(tx, member)
    climbs = hours.after(now, rule.owner_hours) if KINDS[kind].climbs and rule.owner_hours else None
    position = tx.notices.add(NoticeRow(0, member, kind, subject, thread, now, None, 0, climbs, None, None))
    if not position:
        return False
    for user in people_of(tx, member):
        ways = choosing.choices_of(tx, user)[kind]
        queue(house, tx, position, user, ways, level=0)
    return True


def tell(house: House, tx: Tx, member: bytes, kind: str, subject: bytes) -> bool:
    """Note something that came beside the papers, for a firm at home here with people to tell. It has no dealing."""
    row = tx.members.get(member)
    if row is None or not row.local or not people_of(tx, member):
        return False
    return note(house, tx, member, kind, subject, b"")


def people_of(tx: Tx, member: bytes) -> list[UserRow]:
    """Users of a member who can come and look."""
    return [user for user in tx.users.all() if user.member == member and not user.disabled]


def queue(house: House, tx: Tx, position: int, user: UserRow, ways: frozenset[str], level: int) -> None:
    """One row in the outbox for each way."""
    now = house.clock()
    rows = [SendRow(position, user.id, way, level, "waiting", 0, now + GATHER_US, b"", "", now) for way in sorted(ways)]
    tx.notices.add_sends(rows)


def opened(house: House, tx: Tx, member: bytes, thread: bytes) -> int:
    """Somebody of the member opened the dealing: its notices are settled, its papers are read."""
    now = house.clock()
    for row in unread(tx, member, thread):
        tx.holdings.mark_read(member, row.document, now)
    return tx.notices.opened(member, thread, now)


def unread(tx: Tx, member: bytes, thread: bytes) -> list[HoldingRow]:
    """What arrived in a dealing and nobody of the member has opened."""
    documents = [stored.row.id for stored in tx.documents.by_thread(thread)]
    rows = tx.holdings.get_many(member, documents).values()
    return [row for row in rows if row.direction == RECEIVED and not row.read]


# --- what the calendar brings


def day_to_look(tx: Tx, now: int) -> str:
    """The day whose due things have not been noted, or empty."""
    at = datetime.datetime.fromtimestamp(now // 1_000_000, zones.JAPAN)
    day = at.date().isoformat()
    last = (tx.meta.get(LAST_DAY) or b"").decode()
    return day if at.hour >= LOOK_AT_HOUR and day > last else ""


def look_at_day(house: House, tx: Tx, member: bytes, day: str) -> int:
    """Note a member's payments that are due within days, and deliveries that are late; how many."""
    soon = (datetime.date.fromisoformat(day) + datetime.timedelta(days=PAY_SOON_DAYS)).isoformat()
    found = today.of(tx, member, day, soon)
    count = 0
    for row in (*found.mine, *found.theirs):
        step, due = row.summary.step, row.summary.due
        kind = ""
        if step is Step.PAY and due and due <= soon:
            kind = "payments"
        elif step in (None, Step.SHIP) and due and due < day and row.summary.left:
            kind = "late"
        if kind:
            subject = hashlib.sha256(b"due\0" + row.thread + due.encode()).digest()
            count += note(house, tx, member, kind, subject, row.thread)
    return count


def looked(tx: Tx, day: str) -> None:
    """Every member has been looked at for ``day``."""
    tx.meta.set(LAST_DAY, day.encode())
