"""Deeds as they stand, for each side that is at home here: a view, which can be made again from the documents."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from node.store.tables import BLOB, FLAG, INT, TEXT, column, key, table

STEP: Final = "0067_deeds"

deeds = table(
    "deeds",
    key("member", BLOB),
    key("thread", BLOB),
    column("partner", BLOB),
    column("mine", FLAG),  # the member provides
    column("state", TEXT),
    column("turn", FLAG),  # the member acts next
    column("offer", BLOB),
    column("kind", TEXT),
    column("subject", TEXT),
    column("thing", TEXT),  # whose calendar: the provider's word, else the offer's series in hex
    column("starts", INT),  # µs UTC, 0: no time is booked
    column("ends", INT),
    column("until", INT),
    column("taken", INT),  # until when the time is not free (µs UTC); 0: it is
    column("on_time", FLAG),
    column("passed", FLAG),
    column("documents", INT),
    column("updated", INT),
    sa.Index("deeds_by_update", "member", "updated"),
    sa.Index("deeds_by_offer", "member", "offer"),
    sa.Index("deeds_by_partner", "member", "partner"),
    sa.Index("deeds_by_time", "member", "thing", "starts"),
    clustered=True,
    step=STEP,
)
