"""Joint rounds: what was announced, words and receipts, what a conductor has promised, how attempts ended."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from node.store.tables import BLOB, FLAG, INT, column, key, table

STEP: Final = "0053_joint"
ARRIVALS: Final = "0068_arrivals"

joint_rounds = table(
    "joint_rounds",
    key("round", BLOB),
    column("data", BLOB),  # as signed
    column("time", INT),
    column("attempt", INT),
    column("promised", INT),
    column("accepted_ballot", INT),
    column("accepted", BLOB),
    column("ordered", BLOB),  # id of the order; empty until it is sent from here
    step=STEP,
)
joint_words = table(
    "joint_words",
    key("round", BLOB),
    key("word", BLOB),
    column("data", BLOB),
    column("taken", FLAG),
    step=STEP,
)
joint_closed = table(
    "joint_closed",
    key("round", BLOB),
    key("attempt", INT),
    column("record", BLOB),
    column("statement", BLOB),
    step=STEP,
)
joint_own = table(
    "joint_own",
    key("round", BLOB),
    key("member", BLOB),
    key("revision", INT),
    column("word", BLOB),
    column("data", BLOB),
    column("time", INT),
    sa.Index("joint_own_by_member", "member"),
    step=STEP,
)
joint_receipts = table(
    "joint_receipts",
    key("round", BLOB),
    key("word", BLOB),
    key("conductor", INT),
    column("wire", BLOB),
    step=STEP,
)
joint_told = table(
    "joint_told",
    key("round", BLOB),
    key("attempt", INT),
    key("member", BLOB),
    column("wire", BLOB),
    sa.Index("joint_told_by_member", "member"),
    step=STEP,
)
joint_arrivals = table(
    "joint_arrivals",
    key("round", BLOB),
    key("member", BLOB),
    column("revision", INT),
    column("word", BLOB),  # H(record)
    column("data", BLOB),  # as signed
    column("time", INT),
    column("open", FLAG),  # said here, and not yet receipted by every conductor
    sa.Index("joint_arrivals_by_member", "member"),
    sa.Index("joint_arrivals_open", "open"),
    step=ARRIVALS,
)
joint_settled = table(
    "joint_settled",
    key("round", BLOB),
    key("member", BLOB),
    column("document", BLOB),  # the settlement that was sent from here
    step=ARRIVALS,
)
