"""What people see of moves: how far each has come, at this side and at the other. Decides nothing."""

from __future__ import annotations

from typing import NamedTuple

from node.services import members
from node.services.house import House
from node.services.moving import arriving, leaving
from node.services.moving.state import BEFORE, COMING, FRESH_US, State
from node.store import MoveInRow, MoveOutRow, Tx
from protocol.identity.genesis import Role


class Leaving(NamedTuple):
    """A member that leaves. ``reached``: the new home has asked within a minute; ``signable``: the words are wanted.

    Times µs UTC, 0: not (yet).
    """

    member: bytes
    name: str
    target: bytes
    target_name: str
    state: str
    note: str
    expires: int
    place: int
    last: int
    reached: bool
    signable: bool
    switched: int
    forget_at: int
    updated: int

    @property
    def is_open(self) -> bool:
        """Can it still be cancelled?"""
        return self.state in BEFORE


class Coming(NamedTuple):
    """A member that comes. ``lacking``: names of its guardians with whom this node has no agreement."""

    member: bytes
    name: str
    source: bytes
    source_name: str
    state: str
    note: str
    place: int
    last: int
    lacking: tuple[str, ...]
    updated: int

    @property
    def is_open(self) -> bool:
        """Can it still be cancelled?"""
        return self.state in COMING and self.state != State.SWITCHED.value


def leaving_of(house: House, tx: Tx) -> list[Leaving]:
    """Every member's latest move away, oldest first."""
    return [_leaving(house, tx, row) for row in tx.moving.all_leaving()]


def leaving_one(house: House, tx: Tx, member: bytes) -> Leaving | None:
    """The latest move of one member away, or None."""
    row = tx.moving.leaving(member)
    return _leaving(house, tx, row) if row is not None else None


def _leaving(house: House, tx: Tx, row: MoveOutRow) -> Leaving:
    now = house.clock()
    known = tx.members.get(row.member)
    built = tx.guarding.get(row.member)
    lapsed = row.state == State.ASKED.value and row.expires <= now
    return Leaving(
        row.member,
        known.name if known is not None else "",
        row.target,
        _node_name(tx, row.target),
        State.CANCELLED.value if lapsed else row.state,
        "the code has expired" if lapsed else row.note,
        row.expires,
        row.place,
        built.place if built is not None else 0,
        bool(row.heard) and now - row.heard <= FRESH_US,
        bool(leaving.wanted(house, tx, row.member)),
        row.switched,
        row.forget_at,
        row.updated,
    )


def coming_of(house: House, tx: Tx) -> list[Coming]:
    """Every member's latest move to this node, oldest first."""
    return [_coming(house, tx, row) for row in tx.moving.all_coming()]


def _coming(house: House, tx: Tx, row: MoveInRow) -> Coming:
    lacking = tuple(_node_name(tx, node) for node in arriving.lacking_agreements(house, tx, row.member))
    source = _node_name(tx, row.source)
    return Coming(
        row.member, row.name, row.source, source, row.state, row.note, row.place, row.last, lacking, row.updated
    )


def _node_name(tx: Tx, node: bytes) -> str:
    row = tx.peers.get(node)
    return row.name if row is not None and row.name else node.hex()[:12]


def words_of(house: House, tx: Tx, member: bytes) -> list[bytes]:
    """The public keys of the member's words: whoever types words can be told at once that they are others."""
    holder = members.require_log(house, tx, member).standing.roles.get(Role.WORDS)
    return list(holder.keys) if holder is not None else []
