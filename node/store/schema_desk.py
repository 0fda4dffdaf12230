"""The tables of a member's desk and books: items, terms, drafts, talks, catalogues, bills, payments.

Owns names, types, keys and indexes. What holds everywhere: ``schema.py``. ``books``, ``bills``, ``talks`` and
``catalogues`` are views: all of them can be made again from the documents.
"""

from __future__ import annotations

import sqlalchemy as sa

from node.store.tables import BLOB, FLAG, INT, TEXT, column, index, key, null, table

STEP = "0003_desk"

# --- what a member keeps for itself; ``data`` is a canonical record of the service that owns it
items = table(
    "items",
    key("member", BLOB),
    key("number", TEXT),
    column("gtin", TEXT),
    column("words", TEXT),
    column("version", INT),
    column("updated", INT),
    column("data", BLOB),
    sa.Index("items_by_gtin", "member", "gtin"),
    step=STEP,
)
item_prices = table(
    "item_prices",
    key("member", BLOB),
    key("partner", BLOB),
    key("number", TEXT),
    column("updated", INT),
    column("data", BLOB),
    clustered=True,
    step=STEP,
)
terms = table(
    "terms",
    key("member", BLOB),
    key("partner", BLOB),
    column("closing_day", INT),
    column("version", INT),
    column("updated", INT),
    column("data", BLOB),
    clustered=True,
    step=STEP,
)
drafts = table(
    "drafts",
    key("id", BLOB),
    column("member", BLOB),
    column("user", TEXT),
    column("form", TEXT),
    column("partner", BLOB),
    column("thread", BLOB),
    column("title", TEXT),
    column("version", INT),
    column("updated", INT),
    column("data", BLOB),
    sa.Index("drafts_by_user", "member", "user", "updated"),
    sa.Index("drafts_by_update", "updated"),
    step=STEP,
)
shares = table(
    "shares",
    key("member", BLOB),
    key("partner", BLOB),
    column("policy", TEXT),
    column("thread", BLOB),
    column("edition", TEXT),
    column("updated", INT),
    clustered=True,
    step=STEP,
)
payments = table(
    "payments",
    key("id", BLOB),
    column("member", BLOB),
    column("thread", BLOB),
    column("kind", TEXT),
    column("number", TEXT),
    column("day", TEXT),
    column("amount", INT),
    column("note", TEXT),
    column("by", TEXT),
    column("time", INT),
    null("undone", INT),
    column("undone_by", TEXT),
    sa.Index("payments_by_bill", "member", "thread"),
    sa.Index("payments_by_time", "member", "time"),
    step=STEP,
)

# --- views, filled in the transaction that stores the document
# No index by amount or by dealing: their keys are random, each a page to write for each document. A dealing is found by
# its documents; a range of amounts is looked for among days.
books = table(
    "books",
    key("member", BLOB),
    key("document", INT),  # position
    column("thread", BLOB),
    column("direction", TEXT),
    column("type", TEXT),
    column("partner", BLOB),
    column("number", TEXT),
    column("revision", INT),
    column("day", TEXT),
    null("amount", INT),
    column("currency", TEXT),
    sa.Index("books_by_day", "member", "day", "document"),
    sa.Index("books_by_partner", "member", "partner", "day", "document"),
    clustered=True,
    step=STEP,
)
bills = table(
    "bills",
    key("member", BLOB),
    key("thread", BLOB),
    key("kind", TEXT),
    key("number", TEXT),
    column("receivable", FLAG),
    column("partner", BLOB),
    column("document", BLOB),
    column("currency", TEXT),
    column("day", TEXT),
    column("due", TEXT),
    column("stated", FLAG),  # the paper states the day of payment; else it follows from the terms
    column("amount", INT),
    column("credited", INT),
    column("announced", INT),
    column("marked", INT),
    column("open", INT),
    sa.Index("bills_by_due", "member", "receivable", "due"),
    sa.Index("bills_by_day", "member", "receivable", "day"),
    sa.Index("bills_by_partner", "member", "partner", "day"),
    step=STEP,
)
OPEN = bills.c.open != sa.literal_column("0")
index("bills_open", bills.c.member, bills.c.receivable, bills.c.due, where=OPEN)
talks = table(
    "talks",
    key("member", BLOB),
    key("document", INT),  # position
    column("thread", BLOB),
    column("partner", BLOB),
    column("mine", FLAG),
    column("line", TEXT),
    column("day", TEXT),
    column("time", INT),
    column("answered", INT),  # position of the other side's next word; 0: none yet
    sa.Index("talks_by_partner", "member", "partner", "document"),
    sa.Index("talks_by_thread", "member", "thread", "document"),
    clustered=True,
    step=STEP,
)
UNANSWERED = talks.c.answered == sa.literal_column("0")
index("talks_unanswered", talks.c.member, talks.c.mine, talks.c.time, where=UNANSWERED)
catalogues = table(
    "catalogues",
    key("member", BLOB),
    key("thread", BLOB),
    column("partner", BLOB),
    column("mine", FLAG),
    column("state", TEXT),
    column("asked", INT),
    column("documents", INT),
    column("updated", INT),
    sa.Index("catalogues_by_partner", "member", "partner", "updated"),
    sa.Index("catalogues_by_update", "member", "mine", "updated"),
    clustered=True,
    step=STEP,
)
ASKED = catalogues.c.asked == sa.literal_column("1")
index("catalogues_asked", catalogues.c.updated, where=ASKED)
