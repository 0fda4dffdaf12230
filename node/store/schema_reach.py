"""Tables of reaching partners: enquiries to several suppliers, guests (partners without a node) and their links.

Owns names and types. An enquiry stands in its buyer's own tables and nowhere else: no paper tells of it. Of a link only
the hash of its secret is kept.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from node.store.tables import BLOB, INT, TEXT, column, key, null, table

STEP: Final = "0007_reach"

enquiries = table(
    "enquiries",
    key("member", BLOB),
    key("id", BLOB),
    column("title", TEXT),
    column("deadline", TEXT),
    column("created", INT),
    sa.Index("enquiries_by_time", "member", "created"),
    clustered=True,
    step=STEP,
)
# one dealing of an enquiry; ``reminded`` and ``declined``: µs of the message that said so
enquired = table(
    "enquired",
    key("member", BLOB),
    key("enquiry", BLOB),
    key("thread", BLOB),
    column("partner", BLOB),
    null("reminded", INT),
    null("declined", INT),
    sa.Index("enquired_by_thread", "member", "thread"),
    clustered=True,
    step=STEP,
)
# a partner without a node: a member of the protocol that this node holds for the firm that added it
guests = table(
    "guests",
    key("guest", BLOB),
    column("owner", BLOB),
    column("name", TEXT),
    column("created", INT),
    column("updated", INT),
    null("asked", INT),  # its owner asked the association to enrol it
    null("enrolled", INT),  # since then it is a member like others
    column("data", BLOB),
    sa.Index("guests_by_owner", "owner", "name"),
    step=STEP,
)
guest_links = table(
    "guest_links",
    key("hash", BLOB),
    column("guest", BLOB),
    column("thread", BLOB),
    column("created", INT),
    column("expires", INT),
    null("revoked", INT),
    null("created_by", BLOB),
    sa.Index("guest_links_by_thread", "thread", "created"),
    sa.Index("guest_links_by_guest", "guest"),
    step=STEP,
)
