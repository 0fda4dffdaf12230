"""Tables of vault keys that are retired: at a member's home, and at guardians, which set the vault before aside."""

from __future__ import annotations

from typing import Final

from node.store.tables import BLOB, INT, TEXT, column, key, table

STEP: Final = "0046_renewing"

# begun: when everything began to be laid again; names: of the keys that go; place, chunks: the last that the old keys
# seal; upto: the place at which everything had been laid again; version: of the vault that has the old keys no more
renewals = table(
    "renewals",
    key("member", BLOB),
    column("state", TEXT),
    column("again", INT),
    column("begun", INT),
    column("names", BLOB),
    column("place", INT),
    column("chunks", INT),
    column("upto", INT),
    column("version", INT),
    column("updated", INT),
    step=STEP,
)
# what each guardian said last of it, signed; until: 0, it has forgotten
forgotten = table(
    "forgotten",
    key("member", BLOB),
    key("guardian", BLOB),
    column("version", INT),
    column("until", INT),
    column("word", BLOB),
    column("time", INT),
    clustered=True,
    step=STEP,
)
# at a guardian
ward_vaults = table(
    "ward_vaults",
    key("member", BLOB),
    key("version", INT),
    column("wire", BLOB),
    column("until", INT),
    step=STEP,
)
