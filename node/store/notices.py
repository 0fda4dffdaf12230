"""Notices, their outbox, browsers to push to and members' rules: the tables of :mod:`node.store.schema_notices`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa

from node.store.repository import Repository
from node.store.schema_notices import AT_STAFF, notice_people, notice_rules, notice_sends, notices, push_subscriptions
from node.store.sql import Query, Statement, first, insert_new, plain, upsert


class NoticeRow(NamedTuple):
    """Something that needs a person. Times in µs; ``thread``: its dealing, empty for what has no page of its own."""

    position: int
    member: bytes
    kind: str
    subject: bytes
    thread: bytes
    created: int
    opened: int | None
    level: int
    climbs: int | None
    called: int | None
    called_by: bytes | None


class SendRow(NamedTuple):
    """One notice to one person by one way. ``state``: waiting, sending, sent or failed.

    ``due``: when to send it, µs; None when nothing is to be sent any more.
    """

    notice: int
    user: bytes
    way: str
    level: int
    state: str
    attempts: int
    due: int | None
    bundle: bytes
    error: str
    updated: int


class NoticePersonRow(NamedTuple):
    """``token``: in the link that ends the mails; ``bounced``: what the mail server said, empty while mail arrives."""

    user: bytes
    token: str
    bounced: str
    bounced_at: int
    last_mail: int
    last_push: int


class SubscriptionRow(NamedTuple):
    """A browser that takes web push. ``public`` and ``secret``: its keys p256dh and auth (RFC 8291)."""

    id: bytes
    user: bytes
    endpoint: str
    public: bytes
    secret: bytes
    label: str
    created: int
    last_sent: int


class NoticeRuleRow(NamedTuple):
    """Business hours until the owner and until the association's staff are told; the firm's telephone."""

    member: bytes
    owner_hours: int
    staff_hours: int
    telephone: str


_bind = sa.bindparam
_NOTICE = sa.select(*(notices.c[name] for name in NoticeRow._fields))
_OPEN = notices.c.opened.is_(None)
_ADD = insert_new(notices, NoticeRow._fields)
_GET = Query(NoticeRow._make, _NOTICE.where(notices.c.position == _bind("position")))
_OF_THREAD = Query(
    NoticeRow._make,
    _NOTICE.where(notices.c.member == _bind("member"), notices.c.thread == _bind("thread"), _OPEN).order_by(
        notices.c.position
    ),
)
_OF_MEMBER = Query(
    NoticeRow._make,
    _NOTICE.where(notices.c.member == _bind("member"), _OPEN).order_by(notices.c.position).limit(_bind("limit")),
)
_OPENED = Statement(
    sa.update(notices)
    .where(notices.c.member == _bind("whose"), notices.c.thread == _bind("which"), _OPEN)
    .values(opened=_bind("moment"), climbs=sa.null())
)
_OPENED_KIND = Statement(
    sa.update(notices)
    .where(notices.c.member == _bind("whose"), notices.c.kind == _bind("which"), _OPEN)
    .values(opened=_bind("moment"), climbs=sa.null())
)
_TO_CLIMB = Query(
    NoticeRow._make,
    _NOTICE.where(notices.c.climbs <= _bind("now"))
    .order_by(notices.c.climbs, notices.c.position)
    .limit(_bind("limit")),
)
_CLIMB = Statement(
    sa.update(notices)
    .where(notices.c.position == _bind("which"))
    .values(level=_bind("new_level"), climbs=_bind("new_climbs"))
)
_AT_STAFF = Query(
    NoticeRow._make,
    _NOTICE.where(AT_STAFF).order_by(notices.c.created, notices.c.position).limit(_bind("limit")),
)
_CALLED = Statement(
    sa.update(notices)
    .where(notices.c.member == _bind("whose"), AT_STAFF, notices.c.called.is_(None))
    .values(called=_bind("moment"), called_by=_bind("by"))
)
_COUNT = Query(first, sa.select(sa.func.count()).select_from(notices).where(notices.c.member == _bind("member"), _OPEN))
_UNREAD = Query(
    plain,
    sa.select(notices.c.thread, sa.func.count())
    .where(notices.c.member == _bind("member"), notices.c.kind == _bind("kind"), _OPEN)
    .group_by(notices.c.thread),
)

_SEND = sa.select(*(notice_sends.c[name] for name in SendRow._fields))
_SEND_ADD = insert_new(notice_sends, SendRow._fields)
_SEND_PUT = upsert(notice_sends, SendRow._fields)
_SENDS_WAITING = Query(
    SendRow._make,
    _SEND.where(notice_sends.c.due <= _bind("now"))
    .order_by(notice_sends.c.due, notice_sends.c.notice)
    .limit(_bind("limit")),
)
_SENDS_OF = Query(
    SendRow._make,
    _SEND.where(notice_sends.c.notice == _bind("notice")).order_by(notice_sends.c.user, notice_sends.c.way),
)
_NEXT_DUE = Query(first, sa.select(sa.func.min(notice_sends.c.due)).where(notice_sends.c.due.is_not(None)))

_PERSON = sa.select(*(notice_people.c[name] for name in NoticePersonRow._fields))
_PERSON_PUT = upsert(notice_people, NoticePersonRow._fields)
_PERSON_GET = Query(NoticePersonRow._make, _PERSON.where(notice_people.c.user == _bind("user")))
_PERSON_BY = Query(NoticePersonRow._make, _PERSON.where(notice_people.c.token == _bind("token")))
_BOUNCED = Query(
    NoticePersonRow._make,
    _PERSON.where(notice_people.c.bounced != sa.literal_column("''")).order_by(notice_people.c.bounced_at.desc()),
)

_SUBSCRIPTION = sa.select(*(push_subscriptions.c[name] for name in SubscriptionRow._fields))
_SUBSCRIPTION_PUT = upsert(push_subscriptions, SubscriptionRow._fields)
_SUBSCRIPTIONS = Query(
    SubscriptionRow._make,
    _SUBSCRIPTION.where(push_subscriptions.c.user == _bind("user")).order_by(
        push_subscriptions.c.created, push_subscriptions.c.id
    ),
)
_SUBSCRIPTION_DROP = Statement(
    sa.delete(push_subscriptions).where(
        push_subscriptions.c.id == _bind("id"), push_subscriptions.c.user == _bind("user")
    )
)

_RULE = sa.select(*(notice_rules.c[name] for name in NoticeRuleRow._fields))
_RULE_PUT = upsert(notice_rules, NoticeRuleRow._fields)
_RULE_GET = Query(NoticeRuleRow._make, _RULE.where(notice_rules.c.member == _bind("member")))


class Notices(Repository):
    """What needs a person, and what went out about it."""

    # --- notices

    def add(self, row: NoticeRow) -> int:
        """Add a notice under a new position, which is given back; 0 if its member has one of this kind and subject."""
        position = self._session.reserve("notices", 1)[0]
        self._db.run_many(_ADD, [row._replace(position=position)])
        return position if self._db.cursor.rowcount > 0 else 0

    def get(self, position: int) -> NoticeRow | None:
        """One notice, or None."""
        return self._db.one(_GET, position=position)

    def of_thread(self, member: bytes, thread: bytes) -> list[NoticeRow]:
        """A member's notices of a dealing that nobody has opened."""
        return self._db.all(_OF_THREAD, member=member, thread=thread)

    def of_member(self, member: bytes, limit: int) -> list[NoticeRow]:
        """A member's notices that nobody has opened, oldest first."""
        return self._db.all(_OF_MEMBER, member=member, limit=limit)

    def open_threads(self, member: bytes, kind: str) -> dict[bytes, int]:
        """How many notices of a kind nobody has opened, by dealing."""
        return dict(self._db.all(_UNREAD, member=member, kind=kind))

    def count(self, member: bytes) -> int:
        """How many notices of a member nobody has opened."""
        return self._db.one(_COUNT, member=member) or 0

    def opened(self, member: bytes, thread: bytes, time: int) -> int:
        """Somebody of the member opened the dealing; how many notices that settles."""
        return self._db.run(_OPENED, whose=member, which=thread, moment=time)

    def opened_kind(self, member: bytes, kind: str, time: int) -> int:
        """Somebody of the member opened the page of this kind; how many notices that settles."""
        return self._db.run(_OPENED_KIND, whose=member, which=kind, moment=time)

    def to_climb(self, now: int, limit: int) -> list[NoticeRow]:
        """Notices whose next level is to be told by ``now``."""
        return self._db.all(_TO_CLIMB, now=now, limit=limit)

    def climb(self, position: int, level: int, climbs: int | None) -> None:
        """The notice is at ``level`` now, and climbs on at ``climbs``."""
        self._db.run(_CLIMB, which=position, new_level=level, new_climbs=climbs)

    def at_staff(self, limit: int) -> list[NoticeRow]:
        """Notices that came up to the association's staff and nobody opened since, oldest first."""
        return self._db.all(_AT_STAFF, limit=limit)

    def called(self, member: bytes, by: bytes | None, time: int) -> int:
        """Staff called the member; how many notices that is noted at."""
        return self._db.run(_CALLED, whose=member, by=by, moment=time)

    # --- the outbox

    def add_sends(self, rows: Sequence[SendRow]) -> None:
        """Queue; what is there already (same notice, person, way, level) is left alone."""
        if rows:
            self._db.run_many(_SEND_ADD, rows)

    def put_sends(self, rows: Sequence[SendRow]) -> None:
        """Replace rows."""
        if rows:
            self._db.run_many(_SEND_PUT, rows)

    def waiting(self, now: int, limit: int) -> list[SendRow]:
        """What is to be sent by ``now``, longest due first; what was being sent when the node died among it."""
        return self._db.all(_SENDS_WAITING, now=now, limit=limit)

    def sends_of(self, notice: int) -> list[SendRow]:
        """Everything that went out, or is to, about one notice."""
        return self._db.all(_SENDS_OF, notice=notice)

    def next_due(self) -> int | None:
        """When the next message is due, or None."""
        return self._db.one(_NEXT_DUE)

    # --- people

    def put_person(self, row: NoticePersonRow) -> None:
        """Add or replace what is known of a person."""
        self._db.run_many(_PERSON_PUT, [row])

    def person(self, user: bytes) -> NoticePersonRow | None:
        """What is known of a person, or None."""
        return self._db.one(_PERSON_GET, user=user)

    def person_by_token(self, token: str) -> NoticePersonRow | None:
        """The person whose mails carry this token, or None."""
        return self._db.one(_PERSON_BY, token=token)

    def bounced(self) -> list[NoticePersonRow]:
        """People whose mail address takes nothing, latest first."""
        return self._db.all(_BOUNCED)

    # --- browsers

    def put_subscription(self, row: SubscriptionRow) -> None:
        """Add or replace a browser."""
        self._db.run_many(_SUBSCRIPTION_PUT, [row])

    def subscriptions(self, user: bytes) -> list[SubscriptionRow]:
        """A person's browsers, oldest first."""
        return self._db.all(_SUBSCRIPTIONS, user=user)

    def drop_subscription(self, user: bytes, subscription: bytes) -> None:
        """Forget a browser."""
        self._db.run(_SUBSCRIPTION_DROP, id=subscription, user=user)

    # --- members

    def put_rule(self, row: NoticeRuleRow) -> None:
        """Add or replace a member's rule."""
        self._db.run_many(_RULE_PUT, [row])

    def rule(self, member: bytes) -> NoticeRuleRow | None:
        """A member's rule, or None."""
        return self._db.one(_RULE_GET, member=member)
