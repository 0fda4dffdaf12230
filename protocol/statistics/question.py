"""Who may be asked together, and what is asked: cohorts, fixed and published, and questions to them.

Owns these two records. Knows no round and no answer. Source: ``docs/protocol.md`` §18.2.
"""

from __future__ import annotations

from enum import Enum
from typing import Any, Final, NamedTuple

from protocol import canon, shape
from protocol.document.header import NETWORKS
from protocol.errors import CallerFault, Malformed
from protocol.keys import SigningKey
from protocol.limits import (
    MAX_INT,
    MAX_NAME_CHARS,
    MAX_STATS_CELLS,
    MAX_STATS_MESSAGE_BYTES,
    MAX_STATS_MISSING,
    MAX_STATS_NODES,
    MAX_STATS_ROWS,
    MIN_STATS_NODES,
)
from protocol.statistics import plan, signed
from protocol.statistics.plan import Cell, Row

COHORT_TAG: Final = "yui/stats-cohort/1"
QUESTION_TAG: Final = "yui/stats-question/1"
MAX_CODE_CHARS: Final = 32
MAX_DAY: Final = 100_000  # days since 1970


class Unit(Enum):
    """What one contribution is: a company's figure, or a node's whole one (then nodes may be lost in step 2)."""

    COMPANY = "company"
    NODE = "node"


class Cohort(NamedTuple):
    """The nodes that are asked together, for one statistical epoch. ``keys``: ascending node keys.

    ``rules``: :meth:`protocol.statistics.rules.Parameters.digest`. ``until``: µs; later questions are refused.
    """

    network: str
    name: str
    kind: str
    area: str
    epoch: int
    until: int
    rules: bytes
    keys: tuple[bytes, ...]


class Question(NamedTuple):
    """One question. ``figure``: what is summed (``amount``, ``quantity``, ``dealings``). ``month``: yyyymm of
    the budget.

    ``version`` 1 is the first opening; a later one names by ``before`` who answered the one before, and only the same
    nodes may answer it (else their difference would show a node). ``missing``: how many nodes may be lost in step 2.
    """

    network: str
    cohort: bytes
    asker: bytes
    coordinator: bytes
    nonce: bytes
    month: int
    figure: str
    unit: Unit
    missing: int
    version: int
    before: bytes
    cells: tuple[Cell, ...]
    time: int

    @property
    def rows(self) -> tuple[Row, ...]:
        """The lines of counts of step 1."""
        return plan.rows_of(self.cells, self.version)


def sign_cohort(key: SigningKey, cohort: Cohort) -> bytes:
    """The bytes that travel, signed by who publishes the cohort (a council, an association)."""
    return signed.sign(key, COHORT_TAG, cohort)


def verify_cohort(data: bytes, publisher: bytes) -> tuple[Cohort, bytes]:
    """The cohort and its hash."""
    record = signed.verify(signed.parse(data), publisher)
    return parse_cohort(record), canon.digest(record)


def parse_cohort(record: bytes) -> Cohort:
    """The cohort of a record."""
    raw = shape.record(canon.decode(record, max_bytes=MAX_STATS_MESSAGE_BYTES), COHORT_TAG, 9)
    found = tuple(shape.fixed(item, "keys", 32) for item in shape.array(raw[8], "keys", MAX_STATS_NODES))
    if list(found) != sorted(set(found)) or len(found) < MIN_STATS_NODES:
        raise Malformed(f"keys: at least {MIN_STATS_NODES} nodes, ascending, none twice")
    return Cohort(
        _network(raw[1]),
        shape.text(raw[2], "name", MAX_NAME_CHARS, empty=False),
        shape.text(raw[3], "kind", 32, empty=False),
        shape.text(raw[4], "area", 16),
        shape.integer(raw[5], "epoch", 1, MAX_INT),
        shape.time_us(raw[6], "until"),
        shape.hash32(raw[7], "rules"),
        found,
    )


def sign_question(key: SigningKey, question: Question) -> bytes:
    """The bytes that travel, signed by the asker."""
    if key.public != question.asker:
        raise Malformed("asker: somebody else's question")
    fields = question._replace(unit=question.unit.value)  # type: ignore[arg-type]
    parse_question(canon.encode((QUESTION_TAG, *fields)))
    return signed.sign(key, QUESTION_TAG, fields)


def verify_question(data: bytes) -> tuple[Question, bytes]:
    """The question and its hash; signed by the asker that it names."""
    found = signed.parse(data)
    question = parse_question(found.record)
    return question, canon.digest(signed.verify(found, question.asker))


def parse_question(record: bytes) -> Question:
    """The question of a record. Malformed, naming the cell, if cells cross."""
    raw = shape.record(canon.decode(record, max_bytes=MAX_STATS_MESSAGE_BYTES), QUESTION_TAG, 14)
    try:
        unit = Unit(raw[8])
    except ValueError:
        raise Malformed("unit: must be company or node") from None
    missing = shape.integer(raw[9], "missing", 0, MAX_STATS_MISSING)
    version = shape.integer(raw[10], "version", 1, 1000)
    before = shape.hash_or_empty(raw[11], "before")
    cells = tuple(_cell(item) for item in shape.array(raw[12], "cells", MAX_STATS_CELLS))
    if missing and unit is Unit.COMPANY:
        raise Malformed("missing: nodes may be lost only where nodes are the units")
    if (version > 1) != bool(before):
        raise Malformed("before: named exactly by later versions")
    if version > 1 and missing:
        raise Malformed("missing: later versions need the same nodes, so none may be lost")
    if not cells:
        raise Malformed("cells: at least one")
    try:
        plan.require_nested(cells)
    except CallerFault as fault:
        raise Malformed(str(fault)) from None
    if len(plan.rows_of(cells, version)) > MAX_STATS_ROWS:
        raise Malformed(f"cells: more than {MAX_STATS_ROWS} lines of counts")
    return Question(
        _network(raw[1]),
        shape.hash32(raw[2], "cohort"),
        shape.fixed(raw[3], "asker", 32),
        shape.fixed(raw[4], "coordinator", 32),
        shape.fixed(raw[5], "nonce", 16),
        _month(raw[6]),
        shape.text(raw[7], "figure", 32, empty=False),
        unit,
        missing,
        version,
        before,
        cells,
        shape.time_us(raw[13], "time"),
    )


def _cell(value: Any) -> Cell:
    raw = shape.exactly(value, "cells", 3)
    since = shape.integer(raw[1], "cells.since", 0, MAX_DAY - 1)
    return Cell(
        shape.text(raw[0], "cells.code", MAX_CODE_CHARS),
        since,
        shape.integer(raw[2], "cells.until", since + 1, MAX_DAY),
    )


def _month(value: Any) -> int:
    month = shape.integer(value, "month", 190_001, 999_912)
    if not 1 <= month % 100 <= 12:
        raise Malformed("month: must be yyyymm")
    return month


def _network(value: Any) -> str:
    if value not in NETWORKS:
        raise Malformed("network: must be live or test")
    found: str = value
    return found
