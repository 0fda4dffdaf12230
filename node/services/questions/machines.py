"""Machines of rounds under way: held in memory, and made again from the events that the store has.

A transaction that fails may leave a machine ahead of the store; so whoever takes one says up to which event it must
have come, and another one is made if it has not or has gone beyond. Owns replay; decides nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

from federation.answering import Answerer
from federation.coordinating import Coordinator
from federation.effects import QuestionEffect, Tell
from node.services.house import House
from node.services.questions import cohorts, ledgering
from node.store import EventRow, QuestionRow, RoundRow, Tx
from protocol.statistics import post
from protocol.statistics.post import Told

ANSWERS: Final = "answers"
GATHERS: Final = "gathers"
MESSAGE: Final = "message"
REFUSED: Final = "refused"
TIME: Final = "time"
HEARD: Final = "heard"  # the node has the coordinator's message and has nothing to say
ENTROPY: Final = "statistics"


@dataclass
class Part:
    """This node's part in a question; ``seen``: number of the last event."""

    machine: Answerer
    seen: int = 0


@dataclass
class Gathering:
    """A question that this node gathers. ``tells``: everything it said, in order; ``heard``: which were answered."""

    machine: Coordinator
    seen: int = 0
    tells: list[Tell] = field(default_factory=list)
    heard: set[int] = field(default_factory=set)

    def take(self, effects: Sequence[QuestionEffect]) -> None:
        """Messages that are to be told get their numbers."""
        self.tells += [effect for effect in effects if isinstance(effect, Tell)]


@dataclass
class Machines:
    """Those of one running node."""

    parts: dict[bytes, Part] = field(default_factory=dict)
    gatherings: dict[bytes, Gathering] = field(default_factory=dict)

    def part(self, house: House, tx: Tx, row: QuestionRow) -> Part:
        """The machine of a question that this node has joined, as far as the store is."""
        held = self.parts.get(row.question)
        if held is None or held.seen != tx.questions.last_event(row.question, ANSWERS):
            held = self.parts[row.question] = _replayed_part(house, tx, row)
        return held

    def gathering(self, house: House, tx: Tx, row: RoundRow) -> Gathering:
        """The machine of a round, as far as the store is."""
        held = self.gatherings.get(row.question)
        if held is None or held.seen != tx.questions.last_event(row.question, GATHERS):
            held = self.gatherings[row.question] = _replayed_gathering(house, tx, row)
        return held

    def drop_part(self, hashed: bytes) -> None:
        """This node's part is over."""
        self.parts.pop(hashed, None)

    def drop_gathering(self, hashed: bytes) -> None:
        """The round is over."""
        self.gatherings.pop(hashed, None)


def made_part(house: House, tx: Tx, row: QuestionRow, began: int) -> Part:
    """A machine at its beginning. Raises Malformed if a figure is above its cap."""
    asked, hashed = ledgering.parsed(row.wire), row.question
    cohort, parameters = cohorts.standing(tx, row.cohort)
    entropy = house.wrap.unwrap(ENTROPY, row.question, row.entropy)
    contributions = [value for _, value in figures_of(row.figures)]
    by_row = [[member[at] for member in contributions] for at in range(len(asked.rows))]
    return Part(Answerer(house.node, asked, hashed, cohort, parameters, by_row, entropy, began))


def _replayed_part(house: House, tx: Tx, row: QuestionRow) -> Part:
    events = tx.questions.events(row.question, ANSWERS)
    part = made_part(house, tx, row, events[0].time)
    part.machine.start()
    for event in events[1:]:
        step(part.machine, event)
    part.seen = events[-1].number
    return part


def step(machine: Answerer, event: EventRow) -> Sequence[QuestionEffect]:
    """What the machine says to one event."""
    return machine.on_time(event.time) if event.kind == TIME else machine.on_message(event.body, event.time)


def made_gathering(house: House, tx: Tx, row: RoundRow) -> Gathering:
    """The machine of a round at its beginning."""
    kept = tx.questions.get(row.question)
    assert kept is not None
    asked, hashed = ledgering.parsed(kept.wire), row.question
    cohort, parameters = cohorts.standing(tx, kept.cohort)
    return Gathering(Coordinator(house.node, asked, kept.wire, hashed, cohort, parameters, row.began))


def _replayed_gathering(house: House, tx: Tx, row: RoundRow) -> Gathering:
    gathering = made_gathering(house, tx, row)
    gathering.take(gathering.machine.start())
    for event in tx.questions.events(row.question, GATHERS):
        gathering.take(gather(gathering, event))
    return gathering


def gather(gathering: Gathering, event: EventRow) -> Sequence[QuestionEffect]:
    """What the machine says to one event; its numbers are kept."""
    gathering.seen = event.number
    if event.tell:
        gathering.heard.add(event.tell)
    machine = gathering.machine
    if event.kind == TIME:
        return machine.on_time(event.time)
    if event.kind == REFUSED:
        return machine.refused(event.sender, event.body.decode(), event.time)
    if event.kind == HEARD:
        return ()
    return machine.on_message(event.sender, event.body, event.time)


def pack_told(told: Told) -> bytes:
    """How an answer is kept, to be given again."""
    return post.encode_told(told)


def unpack_told(data: bytes) -> Told:
    """The same answer again."""
    return post.parse_told(data)


def pack_figures(figures: Sequence[tuple[bytes, Sequence[int]]]) -> bytes:
    """Each member's contribution to each line of counts, as it is kept while the part lasts."""
    return msgspec.msgpack.encode([(member, list(values)) for member, values in figures])


def figures_of(data: bytes) -> list[tuple[bytes, list[int]]]:
    """(member, contribution to each line)."""
    return msgspec.msgpack.decode(data, type=list[tuple[bytes, list[int]]])
