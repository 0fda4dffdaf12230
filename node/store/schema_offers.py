"""Offers and requests: every series that is known here, the search over them, what peers told, what fits ours."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from node.store.tables import BLOB, FLAG, INT, TEXT, column, key, table

STEP: Final = "0060_offers"
COUNTERS: Final = ("offers", "offer_changes")

offers = table(
    "offers",
    key("position", INT),  # of the search, the latest change highest
    column("series", BLOB),
    column("id", BLOB),
    column("revision", INT),
    column("member", BLOB),
    column("node", BLOB),
    column("kind", TEXT),
    column("side", TEXT),
    column("prefecture", TEXT),
    column("starts", INT),  # days since year 1; 0: always
    column("ends", INT),
    column("expires", INT),
    column("until", INT),  # until when the series is remembered
    column("withdrawn", FLAG),
    column("shown", FLAG),  # to members of this node
    column("scope", TEXT),
    column("nodes", BLOB),  # ids, joined
    column("change", INT),
    column("arrived", INT),
    column("words", TEXT),  # what the search has; empty once it is out of it
    column("wire", BLOB),
    sa.Index("offers_by_series", "series", unique=True),
    sa.Index("offers_by_change", "node", "change"),
    sa.Index("offers_by_member", "member", "expires"),
    sa.Index("offers_by_end", "until"),
    step=STEP,
)
offer_peers = table(
    "offer_peers",
    key("node", BLOB),
    column("cursor", INT),
    column("told", INT),  # when this node's offers were last heard, µs UTC
    column("series", INT),
    column("bytes", INT),
    column("refused", INT),
    column("reason", TEXT),
    clustered=True,
    step=STEP,
)
offer_fits = table(
    "offer_fits",
    key("own", BLOB),  # series of a member of this node
    key("other", BLOB),
    column("member", BLOB),
    column("score", INT),
    column("fits", FLAG),
    column("time", INT),
    column("seen", FLAG),
    sa.Index("offer_fits_by_other", "other"),
    sa.Index("offer_fits_by_member", "member", "seen"),
    clustered=True,
    step=STEP,
)
