"""Cohorts, questions, rounds and their events, the ledger and the rules for who may ask. Decides nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import sqlalchemy as sa

from node.store.repository import Repository
from node.store.schema_questions import (
    JOINED,
    UNTOLD,
    stats_cohorts,
    stats_entries,
    stats_events,
    stats_named,
    stats_policies,
    stats_questions,
    stats_rounds,
)
from node.store.sql import Query, Statement, insert_rows, upsert


class CohortRow(NamedTuple):
    """A published cohort and the parameters of its rules. ``state``: offered, accepted, declined; ``until``: µs."""

    cohort: bytes
    wire: bytes
    publisher: bytes
    name: str
    until: int
    units: int
    percent: int
    salt: bytes
    state: str
    time: int
    by: str


class QuestionRow(NamedTuple):
    """A question that this node was asked or asks; fields as in ``schema_questions``."""

    question: bytes
    wire: bytes
    asker: bytes
    cohort: bytes
    figure: str
    time: int
    state: str
    reason: str
    by: str
    decided: int
    entropy: bytes
    figures: bytes
    result: bytes
    nodes: bytes


class RoundRow(NamedTuple):
    """A question that this node gathers. ``patience``: µs in each phase; ``state``: gathering, opened, unopened;
    ``done``: everybody was told."""

    question: bytes
    began: int
    patience: int
    state: str
    reason: str
    empty: bytes
    done: bool


class EventRow(NamedTuple):
    """One event of a round, on one side (``answers`` or ``gathers``), in order."""

    question: bytes
    side: str
    number: int
    kind: str
    sender: bytes
    tell: int
    hash: bytes
    body: bytes
    reply: bytes
    time: int


class NamedRow(NamedTuple):
    """A node that broke a rule in a round that this node gathered."""

    question: bytes
    number: int
    node: bytes
    rule: str


class EntryRow(NamedTuple):
    """One entry of the ledger, signed."""

    number: int
    question: bytes
    event: str
    time: int
    hash: bytes
    wire: bytes


class StatsPolicyRow(NamedTuple):
    """What happens when ``asker`` (a node key; empty: everybody else) asks: auto, ask, never."""

    asker: bytes
    rule: str
    by: str
    time: int


_bind = sa.bindparam
_COHORT = sa.select(*(stats_cohorts.c[name] for name in CohortRow._fields))
_COHORT_GET = Query(CohortRow._make, _COHORT.where(stats_cohorts.c.cohort == _bind("cohort")))
_COHORTS = Query(CohortRow._make, _COHORT.order_by(stats_cohorts.c.time, stats_cohorts.c.cohort))
_COHORT_PUT = upsert(stats_cohorts, CohortRow._fields)
_QUESTION = sa.select(*(stats_questions.c[name] for name in QuestionRow._fields))
_GET = Query(QuestionRow._make, _QUESTION.where(stats_questions.c.question == _bind("question")))
_LATEST = Query(
    QuestionRow._make,
    _QUESTION.order_by(stats_questions.c.time.desc(), stats_questions.c.question).limit(_bind("limit")),
)
_JOINED = Query(QuestionRow._make, _QUESTION.where(JOINED).order_by(stats_questions.c.time))
_PUT = upsert(stats_questions, QuestionRow._fields)
_ROUND = sa.select(*(stats_rounds.c[name] for name in RoundRow._fields))
_ROUND_GET = Query(RoundRow._make, _ROUND.where(stats_rounds.c.question == _bind("question")))
_ROUNDS_OPEN = Query(
    RoundRow._make,
    _ROUND.where(UNTOLD).order_by(stats_rounds.c.began),
)
_ROUND_PUT = upsert(stats_rounds, RoundRow._fields)
_EVENTS = Query(
    EventRow._make,
    sa.select(*(stats_events.c[name] for name in EventRow._fields))
    .where(stats_events.c.question == _bind("question"), stats_events.c.side == _bind("side"))
    .order_by(stats_events.c.number),
)
_LAST_EVENT = Query(
    tuple,
    sa.select(stats_events.c.number)
    .where(stats_events.c.question == _bind("question"), stats_events.c.side == _bind("side"))
    .order_by(stats_events.c.number.desc())
    .limit(1),
)
_REPLY = Query(
    tuple,
    sa.select(stats_events.c.reply).where(
        stats_events.c.question == _bind("question"),
        stats_events.c.side == _bind("side"),
        stats_events.c.hash == _bind("hash"),
        stats_events.c.kind == _bind("kind"),
    ),
)
_ADD_EVENT = insert_rows(stats_events, EventRow._fields)
_FORGET = Statement(
    sa.delete(stats_events).where(stats_events.c.question == _bind("question"), stats_events.c.side == _bind("side"))
)
_NAMED = Query(
    NamedRow._make,
    sa.select(*(stats_named.c[name] for name in NamedRow._fields))
    .where(stats_named.c.question == _bind("question"))
    .order_by(stats_named.c.number),
)
_NAMED_PUT = upsert(stats_named, NamedRow._fields)
_ENTRY = sa.select(*(stats_entries.c[name] for name in EntryRow._fields))
_ENTRIES = Query(EntryRow._make, _ENTRY.order_by(stats_entries.c.number))
_ENTRIES_BEFORE = Query(
    EntryRow._make,
    _ENTRY.where(stats_entries.c.number < _bind("before"))
    .order_by(stats_entries.c.number.desc())
    .limit(_bind("limit")),
)
_ENTRIES_OF = Query(
    EntryRow._make, _ENTRY.where(stats_entries.c.question == _bind("question")).order_by(stats_entries.c.number)
)
_ENTRY_ADD = insert_rows(stats_entries, EntryRow._fields)
_POLICIES = Query(
    StatsPolicyRow._make,
    sa.select(*(stats_policies.c[name] for name in StatsPolicyRow._fields)).order_by(stats_policies.c.asker),
)
_POLICY_PUT = upsert(stats_policies, StatsPolicyRow._fields)


class Questions(Repository):
    """Questions between regions, seen from this node."""

    def cohort(self, cohort: bytes) -> CohortRow | None:
        """A cohort by its hash."""
        return self._db.one(_COHORT_GET, cohort=cohort)

    def cohorts(self) -> list[CohortRow]:
        """All of them, the oldest first."""
        return self._db.all(_COHORTS)

    def put_cohort(self, row: CohortRow) -> None:
        """Set one."""
        self._db.run_many(_COHORT_PUT, [row])

    def get(self, question: bytes) -> QuestionRow | None:
        """A question by its hash."""
        return self._db.one(_GET, question=question)

    def latest(self, limit: int) -> list[QuestionRow]:
        """The last questions, the newest first."""
        return self._db.all(_LATEST, limit=limit)

    def joined(self) -> list[QuestionRow]:
        """Those in which this node has a part that is not over."""
        return self._db.all(_JOINED)

    def put(self, row: QuestionRow) -> None:
        """Set one."""
        self._db.run_many(_PUT, [row])

    def round(self, question: bytes) -> RoundRow | None:
        """The round of a question that this node gathers."""
        return self._db.one(_ROUND_GET, question=question)

    def open_rounds(self) -> list[RoundRow]:
        """Those that are not over."""
        return self._db.all(_ROUNDS_OPEN)

    def put_round(self, row: RoundRow) -> None:
        """Set one."""
        self._db.run_many(_ROUND_PUT, [row])

    def events(self, question: bytes, side: str) -> list[EventRow]:
        """Everything that was taken in a round, in order."""
        return self._db.all(_EVENTS, question=question, side=side)

    def last_event(self, question: bytes, side: str) -> int:
        """The number of the last event; 0 before the first."""
        found = self._db.one(_LAST_EVENT, question=question, side=side)
        return 0 if found is None else int(found[0])

    def reply(self, question: bytes, side: str, hashed: bytes) -> bytes | None:
        """What was answered to this very message, if it was taken before."""
        found = self._db.one(_REPLY, question=question, side=side, hash=hashed, kind="message")
        return None if found is None else bytes(found[0])

    def add_event(self, row: EventRow) -> None:
        """One more."""
        self._db.run_many(_ADD_EVENT, [row])

    def forget_events(self, question: bytes, side: str) -> None:
        """The round is over and audited, or its time has passed."""
        self._db.run(_FORGET, question=question, side=side)

    def named(self, question: bytes) -> list[NamedRow]:
        """Who broke which rule."""
        return self._db.all(_NAMED, question=question)

    def name(self, rows: Iterable[NamedRow]) -> None:
        """Somebody broke a rule."""
        self._db.run_many(_NAMED_PUT, list(rows))

    def entries(self) -> list[EntryRow]:
        """The whole ledger."""
        return self._db.all(_ENTRIES)

    def entries_before(self, before: int, limit: int) -> list[EntryRow]:
        """A page of it, the latest first."""
        return self._db.all(_ENTRIES_BEFORE, before=before, limit=limit)

    def entries_of(self, question: bytes) -> list[EntryRow]:
        """Everything about one question."""
        return self._db.all(_ENTRIES_OF, question=question)

    def enter(self, row: EntryRow) -> None:
        """One more entry."""
        self._db.run_many(_ENTRY_ADD, [row])

    def policies(self) -> list[StatsPolicyRow]:
        """Who may ask: all rules."""
        return self._db.all(_POLICIES)

    def put_policy(self, row: StatsPolicyRow) -> None:
        """Set one."""
        self._db.run_many(_POLICY_PUT, [row])
