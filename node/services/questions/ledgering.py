"""This node's own ledger of questions: entries signed and linked, in the order in which things happened.

Owns the chain in the store. What an entry forbids is :mod:`protocol.statistics.ledger`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from node.services.house import House
from node.store import EntryRow, Tx
from protocol.errors import InvariantBroken
from protocol.statistics import ledger, question
from protocol.statistics.ledger import MAX_DETAIL_CHARS, Entry, Event, Line
from protocol.statistics.question import Question

_NEWEST: Final = 2**62


@lru_cache(maxsize=4096)
def _verified(wire: bytes, node: bytes, before: bytes) -> tuple[Entry, bytes]:
    """The ledger grows at its end: what was looked at once is not looked at again."""
    return ledger.verify(wire, node, before)


@lru_cache(maxsize=256)
def parsed(wire: bytes) -> Question:
    """A signed question that is in the store: it was verified when it came."""
    return question.verify_question(wire)[0]


def enter(
    house: House, tx: Tx, asked: Question, hashed: bytes, event: Event, *,
    cells: Sequence[int] = (), answerers: bytes = b"", detail: str = "",
) -> None:  # fmt: skip
    """One more entry, before anything that it speaks of is said."""
    house.require_signing()
    last = tx.questions.entries_before(_NEWEST, 1)
    number, before = (last[0].number + 1, last[0].hash) if last else (1, b"")
    now = house.clock()
    made = Entry(
        house.network, house.node.public, number, before, now, event, hashed, asked.asker, asked.cohort, asked.month,
        asked.figure, asked.version, ledger.asked_hash(asked), answerers, tuple(cells), detail[:MAX_DETAIL_CHARS],
    )  # fmt: skip
    wire = ledger.sign(house.node, made)
    _, own = ledger.verify(wire, house.node.public, before)
    tx.questions.enter(EntryRow(number, hashed, event.value, now, own, wire))


def lines(house: House, tx: Tx) -> list[Line]:
    """The whole ledger with its questions. Raises InvariantBroken where a link or a signature is not right."""
    found, before, questions = [], b"", dict[bytes, Question]()
    for row in tx.questions.entries():
        entry, own = _verified(row.wire, house.node.public, before)
        if own != row.hash or entry.number != row.number:
            raise InvariantBroken(f"the ledger of questions is broken at entry {row.number}")
        before = own
        if entry.question not in questions:
            asked = tx.questions.get(entry.question)
            if asked is None:
                raise InvariantBroken(f"the ledger names a question that is not here, at entry {row.number}")
            questions[entry.question] = parsed(asked.wire)
        found.append(Line(entry, questions[entry.question]))
    return found


def page(house: House, tx: Tx, limit: int = 100) -> list[Line]:
    """The latest entries, the last first."""
    return lines(house, tx)[: -limit - 1 : -1]
