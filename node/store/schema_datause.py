"""What members let their data be counted in: every choice, the streets they stand in, and what was counted when."""

from __future__ import annotations

from typing import Final

from node.store.tables import BLOB, FLAG, INT, TEXT, column, key, table

STEP: Final = "0052_datause"

data_use_choices = table(
    "data_use_choices",
    key("member", BLOB),
    key("data", TEXT),
    key("reach", TEXT),
    key("time", INT),
    column("allowed", FLAG),
    column("by", TEXT),
    clustered=True,
    step=STEP,
)
data_use_streets = table(
    "data_use_streets",
    key("member", BLOB),
    column("street", TEXT),
    step=STEP,
)
data_uses = table(
    "data_uses",
    key("day", TEXT),
    key("data", TEXT),
    key("reach", TEXT),
    key("asker", TEXT),
    key("what", TEXT),
    column("time", INT),  # of the first time on that day
    clustered=True,
    step=STEP,
)
