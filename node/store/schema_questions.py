"""Questions between regions: cohorts, what was asked, rounds under way with every event in them, and the own ledger.

A round's machine is not stored: it is made again from its events, which are kept in the order in which they were taken.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from node.store.tables import BLOB, FLAG, INT, TEXT, column, index, key, table

STEP: Final = "0051_questions"

stats_cohorts = table(
    "stats_cohorts",
    key("cohort", BLOB),
    column("wire", BLOB),
    column("publisher", BLOB),
    column("name", TEXT),
    column("until", INT),
    column("units", INT),
    column("percent", INT),
    column("salt", BLOB),
    column("state", TEXT),  # offered, accepted, declined
    column("time", INT),
    column("by", TEXT),
    step=STEP,
)
stats_questions = table(
    "stats_questions",
    key("question", BLOB),
    column("wire", BLOB),
    column("asker", BLOB),
    column("cohort", BLOB),
    column("figure", TEXT),
    column("time", INT),
    column("state", TEXT),  # asked: by us, not begun; waiting, allowed, refused, joined, over
    column("reason", TEXT),
    column("by", TEXT),
    column("decided", INT),
    column("entropy", BLOB),  # wrapped
    column("figures", BLOB),  # of this node's members, while the part lasts or a later version may need them
    column("result", BLOB),  # the signed sums
    column("nodes", BLOB),  # keys of those whose answers are in them
    sa.Index("stats_questions_by_time", "time"),
    step=STEP,
)
JOINED = stats_questions.c.state == sa.literal_column("'joined'")
index("stats_questions_joined", stats_questions.c.time, where=JOINED)
stats_rounds = table(
    "stats_rounds",
    key("question", BLOB),
    column("began", INT),
    column("patience", INT),  # µs in each phase
    column("state", TEXT),  # gathering, opened, unopened
    column("reason", TEXT),
    column("empty", BLOB),  # bitmap of the lines of counts in which nobody had anything
    column("done", FLAG),  # everybody was told, or is told no more
    step=STEP,
)
UNTOLD = sa.not_(stats_rounds.c.done)
index("stats_rounds_open", stats_rounds.c.began, where=UNTOLD)
stats_events = table(
    "stats_events",
    key("question", BLOB),
    key("side", TEXT),  # answers, gathers
    key("number", INT),
    column("kind", TEXT),  # message, refused, time, heard
    column("sender", BLOB),
    column("tell", INT),  # which message of the coordinator this answers
    column("hash", BLOB),
    column("body", BLOB),
    column("reply", BLOB),
    column("time", INT),
    step=STEP,
)
stats_named = table(
    "stats_named",
    key("question", BLOB),
    key("number", INT),
    column("node", BLOB),
    column("rule", TEXT),
    step=STEP,
)
stats_entries = table(
    "stats_entries",
    key("number", INT),
    column("question", BLOB),
    column("event", TEXT),
    column("time", INT),
    column("hash", BLOB),
    column("wire", BLOB),
    sa.Index("stats_entries_by_question", "question", "number"),
    step=STEP,
)
stats_policies = table(
    "stats_policies",
    key("asker", BLOB),  # empty: everybody else
    column("rule", TEXT),  # auto, ask, never
    column("by", TEXT),
    column("time", INT),
    step=STEP,
)
