"""Tables of members that move with their old home alive: those that leave this node, and those that come."""

from __future__ import annotations

from typing import Final

from node.store.tables import BLOB, INT, TEXT, column, key, table

STEP: Final = "0031_moving"

moves_out = table(
    "moves_out",
    key("member", BLOB),
    column("move", BLOB),  # 16 bytes that the new home drew; empty before it came
    column("target", BLOB),
    column("state", TEXT),
    column("code", BLOB),  # salted digest under the node's secret; empty once it is used up
    column("expires", INT),
    column("tries", INT),
    column("place", INT),  # up to which frame the new home has read
    column("heard", INT),  # when it last asked
    column("record", BLOB),  # the record that waits for a signature; then the one that stands
    column("by", TEXT),
    column("note", TEXT),
    column("switched", INT),
    column("forget_at", INT),
    column("created", INT),
    column("updated", INT),
    step=STEP,
)
moves_in = table(
    "moves_in",
    key("member", BLOB),
    column("move", BLOB),
    column("source", BLOB),
    column("name", TEXT),
    column("state", TEXT),
    column("place", INT),
    column("last", INT),
    column("record", BLOB),
    column("note", TEXT),
    column("by", TEXT),
    column("created", INT),
    column("updated", INT),
    step=STEP,
)
