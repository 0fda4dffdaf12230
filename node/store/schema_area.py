"""Tables of the area as they were published, version by version, with what each was made of."""

from __future__ import annotations

from typing import Final

from node.store.tables import BLOB, INT, TEXT, column, key, table

STEP: Final = "0057_area"

area_tables = table(
    "area_tables",
    key("kind", TEXT),
    key("month", TEXT),
    key("version", INT),
    column("made", INT),
    column("tried", INT),  # when a later version was last looked for
    column("shown", BLOB),
    column("basis", BLOB),  # who gave what: never leaves this node
    step=STEP,
)
