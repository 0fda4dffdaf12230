"""What people see of rounds: how far each has come for a firm, or for the association that runs it.

Owns these views. Everything is worked out from what :func:`node.services.joint.rounds.look` knows; nothing is stored.
"""

from __future__ import annotations

from typing import NamedTuple

from node.services.house import House
from node.services.joint import receiving, rounds
from node.services.joint.receiving import Came
from node.services.joint.rounds import Own, Seen, Told
from node.store import Tx
from protocol.keys import node_id
from protocol.process.joint import billing
from protocol.process.joint.closing import Result, State
from protocol.process.joint.terms import Round

OPEN, CLOSING, CONCLUDED, CALLED_OFF = "open", "closing", "concluded", "called_off"
#: Rounds in one list.
MAX_SHOWN = 60
MAX_TODAY = 10
FRESH_US = 3 * 24 * 3600 * 1_000_000


class Card(NamedTuple):
    """A round for one firm, or (``own``, ``told`` None) for the association. ``state``: one of the four above;
    ``due``: µs of the deadline that counts now; ``second``: the first deadline found too little; ``result``: the last
    one; ``taken``: firms that this conductor knows of; ``came``: what the firm said came to it; ``settlement``: the
    dealing of its settlement, once that has come."""

    name: bytes
    round: Round
    state: str
    due: int
    second: bool
    own: Own | None
    told: Told | None
    result: Result | None
    taken: int | None
    order: bytes
    came: Came | None = None
    settlement: bytes = b""

    @property
    def has_pledged(self) -> bool:
        """Whether the firm's last word is a pledge."""
        return self.own is not None and bool(self.own.pledge.wants)

    @property
    def is_safe(self) -> bool:
        """Whether so many conductors have the last word that it counts whatever happens."""
        return self.own is not None and self.own.receipts >= self.round.majority


def card_of(house: House, seen: Seen, member: bytes) -> Card:
    """A round as ``member`` sees it; as the association does, without one."""
    result = seen.closed[-1] if seen.closed else None
    second = result is not None and result.state is State.EXTENDED
    ended = result is not None and not second
    due = seen.round.due(1 if second else 0)
    if ended:
        assert result is not None
        state = CONCLUDED if result.state is State.CONCLUDED else CALLED_OFF
    else:
        state = OPEN if house.clock() < due else CLOSING
    own = next((each for each in seen.own if each.member == member), None)
    told = next((each for each in reversed(seen.told) if each.member == member and each.slip is not None), None)
    return Card(
        seen.name, seen.round, state, due, second, own, told, result, seen.taken, seen.row.ordered
    )  # fmt: skip


def listed(house: House, tx: Tx, member: bytes = b"", most: int = MAX_SHOWN) -> list[Card]:
    """The rounds that are known here: open ones first, by their deadline; then the others, latest first."""
    found = [card_of(house, rounds.look(house, tx, row.round, member), member) for row in tx.joint.all(most)]
    running = sorted((each for each in found if each.state in (OPEN, CLOSING)), key=lambda each: each.due)
    return running + sorted((each for each in found if each not in running), key=lambda each: -each.due)


def one(house: House, tx: Tx, name: bytes, member: bytes = b"") -> Card:
    """One round. NotFound where it is not known here."""
    card = card_of(house, rounds.look(house, tx, name, member), member)
    if not member or card.state != CONCLUDED:
        return card
    return card._replace(came=receiving.own(tx, name, member), settlement=_settlement(tx, card, member))


def _settlement(tx: Tx, card: Card, member: bytes) -> bytes:
    """The dealing that one of the round's buyers opened with the firm's settlement."""
    number = billing.names_settlement(card.name, member)
    for buyer in dict.fromkeys(conductor.buyer for conductor in card.round.conductors):
        document = tx.keys_used.get(buyer, member, "invoice", number, 0)
        if document is not None:
            return document
    return b""


def runs(house: House, tx: Tx, found: Round) -> list[str]:
    """The associations that run a round, by the names under which they are known here; the organiser first."""
    names = []
    for conductor in found.conductors:
        if conductor.key == house.node.public:
            names.append(house.name)
            continue
        peer = tx.peers.get(node_id(conductor.key))
        names.append(peer.name if peer is not None and peer.name else conductor.key.hex()[:12])
    return names


def conducts(house: House, found: Round) -> bool:
    """Whether this node is one of them."""
    return any(conductor.key == house.node.public for conductor in found.conductors)


def today(house: House, tx: Tx, member: bytes) -> list[Card]:
    """What the first page shows of the latest rounds: open ones, and the firm's fresh results."""
    found = listed(house, tx, member, most=MAX_TODAY)
    fresh = house.clock() - FRESH_US
    return [
        card
        for card in found
        if (card.state == OPEN and card.own is None)
        or (card.state in (CONCLUDED, CALLED_OFF) and card.has_pledged and card.due > fresh)
    ]
