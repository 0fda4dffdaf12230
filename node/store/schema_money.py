"""What a member keeps about paying: its own account, changes of terms, files for its bank. Owns the tables."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from node.store.tables import BLOB, INT, TEXT, column, key, table

STEP: Final = "0009_money"

# ``data`` is a record of the service that owns it
own_accounts = table(
    "own_accounts",
    key("member", BLOB),
    column("version", INT),
    column("updated", INT),
    column("by", TEXT),
    column("data", BLOB),
    clustered=True,
    step=STEP,
)
terms_changes = table(
    "terms_changes",
    key("member", BLOB),
    key("partner", BLOB),
    key("version", INT),
    column("time", INT),
    column("by", TEXT),
    column("data", BLOB),
    clustered=True,
    step=STEP,
)
transfers = table(
    "transfers",
    key("id", BLOB),
    column("member", BLOB),
    column("time", INT),
    column("by", TEXT),
    column("day", TEXT),
    column("total", INT),
    column("state", TEXT),  # made, paid, withdrawn
    column("ended", INT),
    column("ended_by", TEXT),
    column("data", BLOB),
    sa.Index("transfers_by_time", "member", "time"),
    step=STEP,
)
