"""Tables of a home whose members have guardians: sealed frames as they were made, and how far each guardian keeps them.

Owns names and types. Frames stay here as long as the member does: any guardian can be given them again.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from node.store.tables import BLOB, INT, TEXT, column, key, null, table

STEP: Final = "0011_guarding"

# one row for each member with guardians. place: of its last frame, over all epochs; cursor: behind what was collected;
# holders: digest of the keys that can open the vault; safe_…: what k guardians have acknowledged; policies: kinds of
# documents that wait longer or not at all
guarded = table(
    "guarded",
    key("member", BLOB),
    column("vault", BLOB),
    column("vault_version", INT),
    column("holders", BLOB),
    column("policies", BLOB),
    column("cursor", BLOB),
    column("place", INT),
    column("chunks", INT),
    column("safe_place", INT),
    column("safe_epoch", BLOB),
    column("safe_seq", INT),
    column("safe_holdings", INT),
    column("safe_outgoing", INT),
    column("safe_at", INT),
    step=STEP,
)
# seq, holdings, outgoing: journal entry, holding and place in the stream up to which frames up to this one copy all;
# chunks: how many chunks of attachments belong to them; kept: µs at which k guardians had it
guard_frames = table(
    "guard_frames",
    key("member", BLOB),
    key("place", INT),
    column("epoch", BLOB),
    column("number", INT),
    column("hash", BLOB),
    column("record", BLOB),
    column("signature", BLOB),
    column("sealed", BLOB),
    column("seq", INT),
    column("holdings", INT),
    column("outgoing", INT),
    column("chunks", INT),
    column("built", INT),
    null("kept", INT),
    sa.Index("guard_frames_by_hash", "member", "hash"),
    sa.Index("guard_frames_by_holdings", "member", "holdings"),
    step=STEP,
)
# history, vault_version: what this guardian was told last; finding: what is wrong with it, for people
guard_acks = table(
    "guard_acks",
    key("member", BLOB),
    key("guardian", BLOB),
    column("place", INT),
    column("chunks", INT),
    column("history", BLOB),
    column("vault_version", INT),
    column("kept", BLOB),
    column("kept_at", INT),
    column("audited", INT),
    column("finding", TEXT),
    step=STEP,
)
guard_chunks = table(
    "guard_chunks",
    key("member", BLOB),
    key("place", INT),
    column("root", BLOB),
    column("piece", INT),
    column("name", BLOB),
    sa.Index("guard_chunks_by_name", "member", "name", unique=True),
    clustered=True,
    step=STEP,
)
