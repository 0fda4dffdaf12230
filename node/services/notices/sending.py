"""The outbox at work: which notices go out together, to whom, when again, and what came of it.

Owns bundling (one message for everything that waits for a person and way), the rate (one message in ten minutes by
each way), back-off, and what a refusal means. A bundle is written down before it is carried and settled after: a crash
between the two sends the same bundle again under the same message id, never a second one beside it.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple

from node.services.house import House
from node.services.notices import choosing
from node.services.notices.kinds import MAIL, PUSH
from node.services.sessions import MINUTE_US, settings_of
from node.store import NoticePersonRow, SendRow, SubscriptionRow, Tx, UserRow

STEP: Final = 500
LANGUAGE: Final = "ja"  # of who chose none
GAP_US: Final = 10 * MINUTE_US
BACK_OFF_US: Final = tuple(minutes * MINUTE_US for minutes in (1, 5, 15, 60, 240, 240, 480, 480))
MAX_ERROR_CHARS: Final = 200
SENDING, WAITING, SENT, FAILED = "sending", "waiting", "sent", "failed"


class Bundle(NamedTuple):
    """One message to carry. ``counts``: how many of each kind; ``thread``: the dealing if all are of one, else empty.

    ``level`` 1: the owner is told what nobody opened. ``address``: for mail; ``browsers``: for web push; ``rows``: of
    the outbox.
    """

    id: bytes
    way: str
    user: bytes
    language: str
    counts: tuple[tuple[str, int], ...]
    thread: bytes
    level: int
    address: str
    token: str
    browsers: tuple[SubscriptionRow, ...]
    rows: tuple[SendRow, ...]


class Result(NamedTuple):
    """What came of carrying: ``sent``; else ``final`` (it will never arrive) or not. ``gone``: browsers to forget."""

    sent: bool
    final: bool = False
    error: str = ""
    gone: tuple[bytes, ...] = ()


def claim(house: House, tx: Tx) -> list[Bundle]:
    """What is to be carried now, written down as being sent; settles at once what nobody can or wants to get."""
    now = house.clock()
    groups: dict[tuple[bytes, str], list[SendRow]] = {}
    for row in tx.notices.waiting(now, STEP):
        groups.setdefault((row.user, row.way), []).append(row)
    found = []
    for (user_id, way), rows in groups.items():
        bundle = _bundle(house, tx, user_id, way, rows, now)
        if bundle is not None:
            found.append(bundle)
    return found


def _bundle(house: House, tx: Tx, user_id: bytes, way: str, rows: Sequence[SendRow], now: int) -> Bundle | None:
    user = tx.users.get(user_id)
    if user is None or user.disabled:
        _settle(tx, rows, FAILED, "nobody", now)
        return None
    person = choosing.person(house, tx, user.id)
    begun = [row for row in rows if row.state == SENDING]
    begun = [row for row in begun if row.bundle == begun[0].bundle]
    rows = begun or [row for row in rows if _still_waits(tx, row, now)]
    settings, browsers = settings_of(tx, user.id), tuple(tx.notices.subscriptions(user.id)) if way == PUSH else ()
    problem = _problem(person, settings.email, browsers, way)
    if problem:
        _settle(tx, rows, FAILED, problem, now)
        return None
    if not rows:
        return None
    last = person.last_mail if way == MAIL else person.last_push
    if not begun and now < last + GAP_US:
        tx.notices.put_sends([row._replace(due=last + GAP_US) for row in rows])
        return None
    name = begun[0].bundle if begun else _name_of(rows)
    if not begun:
        rows = [row._replace(state=SENDING, bundle=name, updated=now) for row in rows]
        tx.notices.put_sends(rows)
    return _made(tx, user, person, way, name, rows, settings.language or LANGUAGE, settings.email, browsers)


def _made(
    tx: Tx,
    user: UserRow,
    person: NoticePersonRow,
    way: str,
    name: bytes,
    rows: Sequence[SendRow],
    language: str,
    address: str,
    browsers: tuple[SubscriptionRow, ...],
) -> Bundle:
    notices = [found for row in rows if (found := tx.notices.get(row.notice)) is not None]
    threads = {row.thread for row in notices}
    thread = threads.pop() if len(threads) == 1 else b""
    counts = tuple(sorted(Counter(row.kind for row in notices).items()))
    level = max(row.level for row in rows)
    return Bundle(name, way, user.id, language, counts, thread, level, address, person.token, browsers, tuple(rows))


def _name_of(rows: Sequence[SendRow]) -> bytes:
    """The same rows make the same bundle."""
    text = "\0".join(f"{row.notice}/{row.user.hex()}/{row.way}/{row.level}" for row in rows)
    return hashlib.sha256(text.encode()).digest()[:16]


def _still_waits(tx: Tx, row: SendRow, now: int) -> bool:
    """What somebody opened meanwhile needs no message any more."""
    notice = tx.notices.get(row.notice)
    if notice is not None and notice.opened is None:
        return True
    _settle(tx, [row], SENT, "opened before it was sent", now)
    return False


def _problem(person: NoticePersonRow, email: str, browsers: Sequence[SubscriptionRow], way: str) -> str:
    if way == MAIL:
        return person.bounced or ("" if email else "no mail address")
    return "" if browsers else "no browser takes notices"


def _settle(tx: Tx, rows: Sequence[SendRow], state: str, error: str, now: int) -> None:
    tx.notices.put_sends([row._replace(state=state, due=None, error=error, updated=now) for row in rows])


def carried(house: House, tx: Tx, bundle: Bundle, result: Result) -> None:
    """Write down what came of a bundle."""
    now = house.clock()
    rows = bundle.rows
    person = choosing.person(house, tx, bundle.user)
    for subscription in result.gone:
        tx.notices.drop_subscription(bundle.user, subscription)
    if result.sent:
        _settle(tx, rows, SENT, "", now)
        by_mail = bundle.way == MAIL
        tx.notices.put_person(person._replace(last_mail=now) if by_mail else person._replace(last_push=now))
        return
    error = "".join(c if c.isprintable() else " " for c in result.error)[:MAX_ERROR_CHARS]
    attempts = max((row.attempts for row in rows), default=0)
    if result.final or attempts >= len(BACK_OFF_US):
        _settle(tx, rows, FAILED, error, now)
        if bundle.way == MAIL and result.final:
            tx.notices.put_person(person._replace(bounced=error or "refused", bounced_at=now))
        return
    due = now + BACK_OFF_US[attempts]
    tx.notices.put_sends([row._replace(attempts=row.attempts + 1, due=due, error=error, updated=now) for row in rows])
