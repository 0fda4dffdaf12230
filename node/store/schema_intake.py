"""Files that people brought and have not finished with; what was taken over; opening balances. Owns three tables."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from node.store.tables import BLOB, FLAG, INT, TEXT, column, key, table

STEP: Final = "0009_intake"

# ``member`` is empty for the association's own people; ``layout`` is the mapping as JSON; ``data`` what was read
import_files = table(
    "import_files",
    key("id", BLOB),
    column("member", BLOB),
    column("user", TEXT),
    column("kind", TEXT),
    column("partner", BLOB),
    column("name", TEXT),
    column("digest", BLOB),
    column("updated", INT),
    column("layout", BLOB),
    column("data", BLOB),
    sa.Index("import_files_by_user", "member", "user", "updated"),
    sa.Index("import_files_by_age", "updated"),
    step=STEP,
)
imports_done = table(
    "imports_done",
    key("member", BLOB),
    key("kind", TEXT),
    key("digest", BLOB),
    column("user", TEXT),
    column("name", TEXT),
    column("time", INT),
    column("stored", INT),
    clustered=True,
    step=STEP,
)
# amounts in minor units of yen; ``day`` and ``due``: YYYY-MM-DD
opening_balances = table(
    "opening_balances",
    key("member", BLOB),
    key("partner", BLOB),
    key("receivable", FLAG),
    key("number", TEXT),
    column("day", TEXT),
    column("due", TEXT),
    column("amount", INT),
    column("user", TEXT),
    column("updated", INT),
    clustered=True,
    step=STEP,
)
