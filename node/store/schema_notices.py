"""The tables of notices: what needs a person, what is sent to whom about it, browsers to push to. Step 0008.

Owns names and types only. Nothing here holds content of papers: kinds, times, and the id of what it is about.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from node.store.tables import BLOB, INT, TEXT, column, index, key, null, table

STEP: Final = "0008_notices"
#: Counters that this step adds.
COUNTERS: Final = ("notices",)

# ``level``: 0 its people, 1 the owner, 2 the association's staff; ``climbs``: when the next level is told, NULL: never
notices = table(
    "notices",
    key("position", INT),
    column("member", BLOB),
    column("kind", TEXT),
    column("subject", BLOB),
    column("thread", BLOB),
    column("created", INT),
    null("opened", INT),
    column("level", INT),
    null("climbs", INT),
    null("called", INT),
    null("called_by", BLOB),
    sa.Index("notices_by_subject", "member", "kind", "subject", unique=True),
    step=STEP,
)
index("notices_open", notices.c.member, notices.c.thread, where=notices.c.opened.is_(None))
index("notices_to_climb", notices.c.climbs, where=notices.c.climbs.is_not(None))
#: Came up to the association's staff, and nobody has opened it since.
AT_STAFF: Final = sa.and_(notices.c.opened.is_(None), notices.c.level == sa.literal_column("2"))
index("notices_at_staff", notices.c.created, where=AT_STAFF)
# The outbox: one row for each person, way and level; ``bundle`` groups what goes out as one message; ``due`` is NULL
# when nothing is to be sent any more.
notice_sends = table(
    "notice_sends",
    key("notice", INT),
    key("user", BLOB),
    key("way", TEXT),
    key("level", INT),
    column("state", TEXT),
    column("attempts", INT),
    null("due", INT),
    column("bundle", BLOB),
    column("error", TEXT),
    column("updated", INT),
    clustered=True,
    step=STEP,
)
index("notice_sends_waiting", notice_sends.c.due, where=notice_sends.c.due.is_not(None))
# What sending needs to know of a person; ``bounced``: why its mail address takes nothing, empty while it does.
notice_people = table(
    "notice_people",
    key("user", BLOB),
    column("token", TEXT),
    column("bounced", TEXT),
    column("bounced_at", INT),
    column("last_mail", INT),
    column("last_push", INT),
    sa.Index("notice_people_by_token", "token", unique=True),
    step=STEP,
)
index("notice_people_bounced", notice_people.c.bounced_at, where=notice_people.c.bounced != sa.literal_column("''"))
push_subscriptions = table(
    "push_subscriptions",
    key("id", BLOB),
    column("user", BLOB),
    column("endpoint", TEXT),
    column("public", BLOB),
    column("secret", BLOB),
    column("label", TEXT),
    column("created", INT),
    column("last_sent", INT),
    sa.Index("push_subscriptions_by_user", "user", "created"),
    step=STEP,
)
# A member's own: business hours before the owner is told, before the association calls, and the number to call.
notice_rules = table(
    "notice_rules",
    key("member", BLOB),
    column("owner_hours", INT),
    column("staff_hours", INT),
    column("telephone", TEXT),
    step=STEP,
)
