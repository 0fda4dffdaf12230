"""Drawings: versions that are known here, who may read them, readings and deletions on their way or arrived."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from node.store.tables import BLOB, FLAG, INT, TEXT, column, key, table

STEP: Final = "0062_drawings"

drawing_versions = table(
    "drawing_versions",
    key("version", BLOB),
    column("owner", BLOB),
    column("drawing", BLOB),
    column("number", INT),
    column("data", BLOB),  # as signed
    column("wrapped", BLOB),  # the key of its content under the node's secret; empty where there is none (any more)
    column("here", FLAG),  # the sealed content lies here
    column("wanted", FLAG),  # it is being fetched
    column("time", INT),
    sa.Index("drawing_versions_by_owner", "owner", "drawing", "number"),
    sa.Index("drawing_versions_by_wish", "wanted"),
    step=STEP,
)
drawing_grants = table(
    "drawing_grants",
    key("version", BLOB),
    key("reader", BLOB),
    column("grant_hash", BLOB),
    column("revision", INT),
    column("may", TEXT),
    column("node", BLOB),  # id of the node that it is sealed to
    column("data", BLOB),
    column("told", FLAG),  # the reader's node has it
    column("time", INT),
    sa.Index("drawing_grants_by_reader", "reader"),
    sa.Index("drawing_grants_by_state", "told"),
    step=STEP,
)
drawing_facts = table(
    "drawing_facts",
    key("fact", BLOB),
    column("version", BLOB),
    column("reader", BLOB),
    column("kind", TEXT),  # reading, deleted
    column("times", INT),
    column("data", BLOB),
    column("told", FLAG),  # the owner's node has it
    column("time", INT),
    sa.Index("drawing_facts_by_reader", "version", "reader"),
    sa.Index("drawing_facts_by_state", "told"),
    step=STEP,
)
