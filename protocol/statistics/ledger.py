"""What a node has been asked and what left the house: a signed, linked list, and what it forbids from then on.

Owns the entries and the rules that need memory: one opening per cell and version, no differences, a budget for
each asker. Knows no round. Source: ``docs/protocol.md`` §18.7.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Final, NamedTuple

from protocol import canon, shape
from protocol.errors import CallerFault, Malformed
from protocol.keys import SigningKey
from protocol.limits import MAX_INT, MAX_STATS_CELLS, MAX_STATS_MESSAGE_BYTES, STATS_QUESTIONS_PER_MONTH, STATS_TRIES
from protocol.statistics import plan, signed
from protocol.statistics.question import Question

TAG: Final = "yui/stats-entry/1"
MAX_DETAIL_CHARS: Final = 200


class Event(Enum):
    """What happened. From COUNTED on the counts of this node may be known in the sum, from ANSWERED on its figures."""

    REFUSED = "refused"
    JOINED = "joined"
    COUNTED = "counted"
    ANSWERED = "answered"
    OPENED = "opened"
    CLOSED = "closed"


class Entry(NamedTuple):
    """One line. ``asked``: :func:`asked_hash`. ``answerers``: :func:`answerers_hash`, from ANSWERED on. ``cells``: the
    numbers of the cells that were answered or opened. ``detail``: why, for people."""

    network: str
    node: bytes
    number: int
    previous: bytes
    time: int
    event: Event
    question: bytes
    asker: bytes
    cohort: bytes
    month: int
    figure: str
    version: int
    asked: bytes
    answerers: bytes
    cells: tuple[int, ...]
    detail: str


class Line(NamedTuple):
    """An entry with the question that it is about, which the node keeps beside it."""

    entry: Entry
    question: Question


def asked_hash(question: Question) -> bytes:
    """The same for the versions of one question: cohort, figure, unit and cells."""
    fields = (question.cohort, question.figure, question.unit.value, question.missing, question.cells)
    return canon.digest(canon.encode(("yui/stats-asked/1", *fields)))


def answerers_hash(publics: Sequence[bytes]) -> bytes:
    """Who answered: the hash of their node keys, ascending."""
    return canon.digest(b"yui/stats-answerers/1\0" + b"".join(sorted(publics)))


def sign(key: SigningKey, entry: Entry) -> bytes:
    """The bytes that are kept."""
    if entry.node != key.public:
        raise Malformed("node: another node's ledger")
    return signed.sign(key, TAG, entry._replace(event=entry.event.value))  # type: ignore[arg-type]


def verify(data: bytes, node: bytes, before: bytes) -> tuple[Entry, bytes]:
    """The entry and its hash, if it follows the one with the hash ``before`` (empty for the first)."""
    record = signed.verify(signed.parse(data), node)
    raw = shape.record(canon.decode(record, max_bytes=MAX_STATS_MESSAGE_BYTES), TAG, 17)
    try:
        event = Event(raw[6])
    except ValueError:
        raise Malformed("event: not one of those that there are") from None
    cells = tuple(
        shape.integer(item, "cells", 0, MAX_STATS_CELLS - 1) for item in shape.array(raw[15], "cells", MAX_STATS_CELLS)
    )
    found = Entry(
        shape.text(raw[1], "network", 8),
        shape.fixed(raw[2], "node", 32),
        shape.integer(raw[3], "number", 1, MAX_INT),
        shape.hash_or_empty(raw[4], "previous"),
        shape.time_us(raw[5], "time"),
        event,
        shape.hash32(raw[7], "question"),
        shape.fixed(raw[8], "asker", 32),
        shape.hash32(raw[9], "cohort"),
        shape.integer(raw[10], "month", 190_001, 999_912),
        shape.text(raw[11], "figure", 32, empty=False),
        shape.integer(raw[12], "version", 1, 1000),
        shape.hash32(raw[13], "asked"),
        shape.hash_or_empty(raw[14], "answerers"),
        cells,
        shape.text(raw[16], "detail", MAX_DETAIL_CHARS),
    )
    if found.node != node or found.previous != before or (found.number == 1) != (not before):
        raise Malformed("previous: does not follow the entry before")
    return found, canon.digest(record)


def require_new(lines: Sequence[Line], question: Question) -> None:
    """CallerFault (its code says which rule) if what was answered before forbids this question."""
    _require_budget(lines, question)
    asked = asked_hash(question)
    tries = [
        line
        for line in lines
        if line.entry.event is Event.COUNTED and line.entry.asked == asked and line.entry.version == question.version
    ]
    if len(tries) >= STATS_TRIES:
        raise CallerFault("question", f"its counts were opened {STATS_TRIES} times already", code="tries")
    for line in lines:
        if line.entry.event is Event.ANSWERED and line.question.figure == question.figure:
            _require_no_difference(line, question, asked)
    if question.version > 1:
        _require_version(lines, question, asked)


def _require_budget(lines: Sequence[Line], question: Question) -> None:
    same = (question.asker, question.cohort, question.month)
    joined = [line.entry for line in lines if line.entry.event is Event.JOINED]
    if sum((entry.asker, entry.cohort, entry.month) == same for entry in joined) >= STATS_QUESTIONS_PER_MONTH:
        raise CallerFault("month", "this asker's questions to this cohort are used up", code="budget")


def _require_no_difference(line: Line, question: Question, asked: bytes) -> None:
    if line.entry.asked == asked and line.entry.version < question.version:
        return
    near = plan.Near([line.question.cells[number] for number in line.entry.cells])
    for at, cell in enumerate(question.cells):
        for opened in near.touching(cell):
            if cell == opened and line.entry.asked == asked:
                raise CallerFault(f"cells[{at}]", "was opened in this version already", code="opened")
            raise CallerFault(f"cells[{at}]", "would show a difference to a cell opened before", code="difference")


def _require_version(lines: Sequence[Line], question: Question, asked: bytes) -> None:
    for line in lines:
        entry = line.entry
        if entry.event is Event.ANSWERED and entry.asked == asked and entry.version == question.version - 1:
            if entry.answerers != question.before:
                raise CallerFault("before", "other nodes answered the version before", code="difference")
            if entry.month >= question.month:
                raise CallerFault("version", "one version a month", code="budget")
            return
    raise CallerFault("version", "the version before was not answered here", code="difference")
