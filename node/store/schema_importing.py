"""The layouts of files that a member imports: which column is what, kept for each partner. Owns one table."""

from __future__ import annotations

from typing import Final

from node.store.tables import BLOB, INT, TEXT, column, key, table

STEP: Final = "0004_importing"

# ``partner`` is empty for files of nobody in particular; ``data`` is a record of the service that owns it
import_layouts = table(
    "import_layouts",
    key("member", BLOB),
    key("kind", TEXT),
    key("partner", BLOB),
    column("updated", INT),
    column("data", BLOB),
    clustered=True,
    step=STEP,
)
