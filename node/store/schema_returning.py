"""Tables of a node that brings members back: how far each return has come, and the frames that were read for it."""

from __future__ import annotations

from typing import Final

from node.store.tables import BLOB, INT, TEXT, column, key, table

STEP: Final = "0012_returning"

returns = table(
    "returns",
    key("member", BLOB),
    column("state", TEXT),
    column("rank", INT),
    column("ballot", INT),
    column("fence", BLOB),
    column("vault", BLOB),
    column("record", BLOB),
    column("progress", BLOB),
    column("note", TEXT),
    column("home", BLOB),  # where it was before
    column("created", INT),
    column("updated", INT),
    step=STEP,
)
return_frames = table(
    "return_frames",
    key("member", BLOB),
    key("epoch", BLOB),
    key("number", INT),
    column("hash", BLOB),
    column("record", BLOB),
    column("signature", BLOB),
    column("sealed", BLOB),
    step=STEP,
)
