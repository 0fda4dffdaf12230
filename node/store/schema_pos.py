"""Sales that registers brought: batches with their lines, and which partition of a month is the current one."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from node.store.tables import BLOB, INT, TEXT, column, key, table

STEP: Final = "0033_pos"

pos_batches = table(
    "pos_batches",
    key("position", INT),
    column("member", BLOB),
    column("store", TEXT),
    column("name", TEXT),
    column("user", TEXT),
    column("time", INT),
    column("digest", BLOB),  # SHA-256 of the lines as they are kept
    column("new", INT),
    column("changed", INT),
    column("first_day", TEXT),
    column("last_day", TEXT),
    column("state", TEXT),  # stored, folded
    sa.Index("pos_batches_by_member", "member", "position"),
    sa.Index("pos_batches_by_state", "state", "position"),
    step=STEP,
)
pos_pieces = table(
    "pos_pieces",
    key("position", INT),
    key("piece", INT),
    column("data", BLOB),
    step=STEP,
)
pos_partitions = table(
    "pos_partitions",
    key("month", TEXT),
    column("file", TEXT),
    column("position", INT),  # the last batch that is in it
    column("lines", INT),
    clustered=True,
    step=STEP,
)
