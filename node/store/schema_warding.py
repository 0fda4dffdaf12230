"""Tables of a guardian: agreements with other associations, wards, their sealed copies, and what was promised.

Owns names and types. What is sealed stays sealed: no key to it is in this database.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from node.store.tables import BLOB, INT, TEXT, column, key, table

STEP: Final = "0010_warding"

# part: what this node is in the agreement with ``node``, home or guardian
custody = table(
    "custody",
    key("node", BLOB),
    key("part", TEXT),
    column("version", INT),
    column("wire", BLOB),
    column("updated", INT),
    clustered=True,
    step=STEP,
)
wards = table(
    "wards",
    key("member", BLOB),
    column("home", BLOB),
    column("vault", BLOB),
    column("vault_version", INT),
    column("size", INT),
    column("created", INT),
    column("updated", INT),
    sa.Index("wards_by_home", "home", "member"),
    step=STEP,
)
ward_frames = table(
    "ward_frames",
    key("member", BLOB),
    key("epoch", BLOB),
    key("number", INT),
    column("hash", BLOB),
    column("record", BLOB),
    column("signature", BLOB),
    column("sealed", BLOB),
    sa.Index("ward_frames_by_hash", "member", "hash"),
    step=STEP,
)
# one row for each epoch that has frames; place: the order in which their first frames came
ward_chains = table(
    "ward_chains",
    key("member", BLOB),
    key("epoch", BLOB),
    column("place", INT),
    column("number", INT),
    column("hash", BLOB),
    clustered=True,
    step=STEP,
)
ward_chunks = table(
    "ward_chunks",
    key("member", BLOB),
    key("name", BLOB),
    column("size", INT),
    column("sealed", BLOB),
    step=STEP,
)
registers = table(
    "registers",
    key("member", BLOB),
    key("parent", BLOB),
    column("promised", INT),
    column("fence", BLOB),
    column("claimant", BLOB),  # node id
    column("accepted_ballot", INT),
    column("accepted", BLOB),
    column("accepted_rank", INT),
    column("accepted_at", INT),
    column("record", BLOB),  # the accepted record as it came, empty before
    clustered=True,
    step=STEP,
)
# people of this association agreed that ``claimant`` (node id) may bring the member back
consents = table(
    "consents",
    key("member", BLOB),
    key("claimant", BLOB),
    column("by", TEXT),
    column("time", INT),
    column("until", INT),
    clustered=True,
    step=STEP,
)
