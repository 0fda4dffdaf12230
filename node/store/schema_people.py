"""The tables of people: sessions, invitations, second factors, the access log, settings. Step 0002.

Owns names and types only. Secrets are kept as hashes (tokens, codes) or wrapped by the node's secret (TOTP).
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from node.store.tables import BLOB, INT, TEXT, column, key, null, table

STEP: Final = "0002_people"
#: Counters that this step adds.
COUNTERS: Final = ("access",)

sessions = table(
    "sessions",
    key("hash", BLOB),
    column("user", BLOB),
    column("created", INT),
    column("last_used", INT),
    column("expires", INT),
    null("revoked", INT),
    column("method", TEXT),
    column("address", TEXT),
    column("agent", TEXT),
    sa.Index("sessions_by_user", "user", "created"),
    sa.Index("sessions_by_end", "expires"),
    step=STEP,
)
login_failures = table(
    "login_failures",
    key("name", TEXT),
    column("failures", INT),
    column("since", INT),
    column("locked_until", INT),
    sa.Index("login_failures_by_age", "since"),
    step=STEP,
)
user_invitations = table(
    "user_invitations",
    key("hash", BLOB),
    null("member", BLOB),
    column("role", TEXT),
    null("user", BLOB),  # set: a new way in for somebody who lost a device or password, not a new user
    column("note", TEXT),
    null("created_by", BLOB),
    column("created", INT),
    column("expires", INT),
    null("used", INT),
    null("revoked", INT),
    step=STEP,
)
passkeys = table(
    "passkeys",
    key("id", BLOB),
    column("user", BLOB),
    column("public_key", BLOB),
    column("sign_count", INT),
    column("label", TEXT),
    column("transports", TEXT),
    column("created", INT),
    column("last_used", INT),
    sa.Index("passkeys_by_user", "user", "created"),
    step=STEP,
)
totp = table(
    "totp",
    key("user", BLOB),
    column("secret", BLOB),
    column("created", INT),
    null("confirmed", INT),
    column("last_step", INT),
    step=STEP,
)
access_log = table(
    "access_log",
    key("position", INT),
    null("member", BLOB),
    column("time", INT),
    null("user", BLOB),
    column("name", TEXT),
    column("what", TEXT),
    column("detail", TEXT),
    column("address", TEXT),
    sa.Index("access_log_by_member", "member", "position"),
    step=STEP,
)
user_settings = table(
    "user_settings",
    key("user", BLOB),
    column("shown_name", TEXT),
    column("email", TEXT),
    column("language", TEXT),
    column("zone", TEXT),
    column("notices", TEXT),
    step=STEP,
)
# A member lets the association's staff see its papers for a while, by a code that it tells them.
view_grants = table(
    "view_grants",
    key("id", BLOB),
    column("member", BLOB),
    column("code_hash", BLOB),
    column("created_by", BLOB),
    column("created", INT),
    column("expires", INT),
    column("failures", INT),
    null("staff", BLOB),
    null("opened", INT),
    null("until", INT),
    null("revoked", INT),
    sa.Index("view_grants_by_member", "member", "created"),
    step=STEP,
)
