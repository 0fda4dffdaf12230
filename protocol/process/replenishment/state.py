"""What a thread of replenishment has come to: the result of its fold. Owns shapes."""

from __future__ import annotations

from msgspec import Struct

from protocol.process.fact import Outcome
from protocol.process.replenishment.table import Role, State


class Week(Struct, frozen=True):
    """A week. ``id``: the report that holds for it; empty while reports contradict each other."""

    week: str
    id: bytes


class Proposal(Struct, frozen=True):
    """A proposal. ``state``: ``open``, ``replaced`` by a later one, ``held`` (answers contradict each other), or its
    answer (``ordered``, ``declined``); ``answer``: the id of that, else empty."""

    id: bytes
    state: str
    answer: bytes


class ReplenishmentState(Struct, frozen=True):
    """The fold of a thread of replenishment. Ids are 32 bytes; ``weeks`` ascend, ``proposals`` as they were written."""

    state: State
    buyer: bytes
    seller: bytes
    weeks: tuple[Week, ...]
    proposals: tuple[Proposal, ...]
    next: Role | None
    outcomes: dict[bytes, Outcome]
    heads: tuple[bytes, ...]
    held: tuple[bytes, ...]
    waiting: tuple[bytes, ...]
