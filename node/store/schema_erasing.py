"""The table of parts that a member asked to erase, or was asked to: what became of it here and at the partner."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from node.store.tables import BLOB, INT, TEXT, column, index, key, table

STEP: Final = "0045_erasing"

erasures = table(
    "erasures",
    key("member", BLOB),
    key("document", BLOB),
    key("part", TEXT),
    column("state", TEXT),
    column("rule", TEXT),
    column("until", INT),
    column("by", TEXT),  # who asked for it here; empty: the partner did
    column("asked", INT),
    column("erased", INT),  # when it was gone from this home; 0: it is not
    column("request", BLOB),  # our document that asks the partner; empty: none
    column("heard", BLOB),  # the partner's document that asks us, until it is answered
    column("partner", BLOB),
    column("partner_state", TEXT),
    column("partner_rule", TEXT),
    column("partner_until", INT),
    column("errand", TEXT),  # what the node still has to do
    column("retry_at", INT),
    column("note", TEXT),
    column("updated", INT),
    step=STEP,
)
index("erasures_due", erasures.c.retry_at, where=erasures.c.errand != sa.literal_column("''"))
