"""What a shop shows its suppliers of its sales: grants, what went out, areas of stores; and views of the threads.

``sales_weeks`` and ``replenishments`` are views: both can be made again from the documents.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from node.store.tables import BLOB, FLAG, INT, TEXT, column, key, table

STEP: Final = "0056_grants"

sales_grants = table(
    "sales_grants",
    key("member", BLOB),
    key("partner", BLOB),
    column("since", TEXT),  # YYYY-MM-DD
    column("prices", FLAG),
    column("stores", FLAG),
    column("active", FLAG),
    column("changed", INT),
    column("by", TEXT),
    clustered=True,
    step=STEP,
)
sales_told = table(
    "sales_told",
    key("member", BLOB),
    key("document", BLOB),
    column("partner", BLOB),
    column("week", TEXT),
    column("digest", BLOB),  # SHA-256 of what the report says
    column("lines", INT),
    column("prices", FLAG),
    column("stores", FLAG),
    column("time", INT),
    sa.Index("sales_told_by_time", "member", "time"),
    sa.Index("sales_told_by_partner", "member", "partner", "week"),
    step=STEP,
)
store_areas = table(
    "store_areas",
    key("member", BLOB),
    key("store", TEXT),
    column("area", TEXT),
    clustered=True,
    step=STEP,
)
sales_weeks = table(
    "sales_weeks",
    key("member", BLOB),
    key("thread", BLOB),
    key("week", TEXT),
    column("partner", BLOB),
    column("mine", FLAG),  # the member is the supplier
    column("document", BLOB),
    column("time", INT),
    column("data", BLOB),  # the report's business part; empty where the member wrote it
    sa.Index("sales_weeks_by_week", "member", "mine", "week"),
    sa.Index("sales_weeks_by_partner", "member", "partner", "week"),
    step=STEP,
)
replenishments = table(
    "replenishments",
    key("member", BLOB),
    key("thread", BLOB),
    column("partner", BLOB),
    column("mine", FLAG),  # the member is the supplier
    column("state", TEXT),
    column("proposals", INT),
    column("documents", INT),
    column("updated", INT),
    sa.Index("replenishments_by_partner", "member", "partner", "updated"),
    sa.Index("replenishments_by_update", "member", "mine", "updated"),
    clustered=True,
    step=STEP,
)
