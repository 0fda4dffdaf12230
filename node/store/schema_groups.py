"""Groups: facts that are known here, and which node has which."""

from __future__ import annotations

from typing import Final

from node.store.tables import BLOB, INT, column, key, table

STEP: Final = "0063_groups"

groups = table(
    "groups",
    key("group_id", BLOB),
    column("facts", INT),  # how many are known here
    step=STEP,
)
group_facts = table(
    "group_facts",
    key("group_id", BLOB),
    key("fact", BLOB),
    column("data", BLOB),  # as signed
    column("time", INT),  # when it came here
    step=STEP,
)
group_told = table(
    "group_told",
    key("group_id", BLOB),
    key("node", BLOB),
    key("fact", BLOB),
    step=STEP,
    clustered=True,
)
