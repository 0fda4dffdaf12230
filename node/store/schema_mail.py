"""Tables of mail for the dark and of relaying: boxes and sealed things kept for others, what was left with others, and
what was collected. Owns names and types. What is sealed stays sealed: no key to it is in this database.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from node.store.tables import BLOB, INT, TEXT, column, key, table

STEP: Final = "0032_mail"

# a guardian's: to which key mail for a ward is sealed, as its home signed it
mail_boxes = table(
    "mail_boxes",
    key("member", BLOB),
    column("wire", BLOB),
    column("updated", INT),
    step=STEP,
)
# kept for others. kind: member (a parcel) or node (a carried piece); sender: the node that left it
mail_kept = table(
    "mail_kept",
    key("id", BLOB),
    column("kind", TEXT),
    column("receiver", BLOB),
    column("sender", BLOB),
    column("size", INT),
    column("stored", INT),
    column("expires", INT),
    column("wire", BLOB),
    sa.Index("mail_kept_by_receiver", "kind", "receiver", "stored"),
    sa.Index("mail_kept_by_end", "expires"),
    step=STEP,
)
# left with others, until everything in it has its receipt. node: the dark one; last: position of its stream
mail_left = table(
    "mail_left",
    key("id", BLOB),
    column("kind", TEXT),
    column("node", BLOB),
    column("receiver", BLOB),
    column("last", INT),
    column("made", INT),
    column("expires", INT),
    column("wire", BLOB),
    sa.Index("mail_left_by_node", "node", "made"),
    step=STEP,
)
mail_left_at = table(
    "mail_left_at",
    key("id", BLOB),
    key("keeper", BLOB),
    column("time", INT),
    column("kept", BLOB),  # its signed acknowledgement
    step=STEP,
)
mail_documents = table(
    "mail_documents",
    key("document", BLOB),
    key("id", BLOB),
    sa.Index("mail_documents_by_id", "id"),
    clustered=True,
    step=STEP,
)
# collected and entered. holdings: up to which holding copies must be safe before it may be deleted at its keepers
mail_taken = table(
    "mail_taken",
    key("id", BLOB),
    column("member", BLOB),
    column("holdings", INT),
    column("time", INT),
    column("expires", INT),
    sa.Index("mail_taken_by_end", "expires"),
    step=STEP,
)
