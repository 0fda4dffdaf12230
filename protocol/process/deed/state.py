"""What a deed has come to: the result of its fold. Owns shapes."""

from __future__ import annotations

from msgspec import Struct

from protocol.process.deed.table import Role, State
from protocol.process.fact import Outcome


class Terms(Struct, frozen=True):
    """A proposal. ``standing``: ``open``, ``accepted`` (by the buyer, not confirmed), ``agreed``, ``declined``,
    ``lapsed`` or ``countered``; ``by``: who proposed it; ``answer``: the id of the paper that made it so, or empty."""

    id: bytes
    by: Role
    standing: str
    answer: bytes


class DeedState(Struct, frozen=True):
    """The fold of a deed. ``terms`` in the order of the thread; ``current``: the id of the terms that hold or are open,
    else of the last; ``fulfilled``: the id of the buyer's report; ``cancelling``: who wants it cancelled."""

    state: State
    buyer: bytes
    seller: bytes
    terms: tuple[Terms, ...]
    current: bytes
    fulfilled: bytes
    cancelling: tuple[Role, ...]
    next: Role | None
    outcomes: dict[bytes, Outcome]
    heads: tuple[bytes, ...]
    held: tuple[bytes, ...]
    waiting: tuple[bytes, ...]
