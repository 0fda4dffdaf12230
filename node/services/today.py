"""What waits for a member today: its turn in dealings, what it waits for itself. Owns the order of that list.

Reads the rows of the list of dealings only, and whose side each first paper fixes.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from node.services import held, reading
from node.store import ThreadRow, Tx

MOST: Final = 50
#: First papers that the buyer writes; all others begin with the seller.
BUYERS_FIRST: Final = frozenset({"request_for_quotation", "order", "catalogue_request"})


class Waiting(NamedTuple):
    """A dealing in which somebody has to act. ``mine``: this member; ``side``: buyer or seller, this member's."""

    row: ThreadRow
    partner_name: str
    side: str
    mine: bool


class Today(NamedTuple):
    """``mine``: waits for this member; ``others``: it waits for them; ``held``: papers that need a decision."""

    mine: list[Waiting]
    others: list[Waiting]
    held: int
    dealings: int


def look(tx: Tx, member: bytes, limit: int = MOST) -> Today:
    """What waits, latest first, at most ``limit`` of each side's turn."""
    rows = [row for turn in ("buyer", "seller") for row in tx.threads.latest(member, limit, next_actor=turn)]
    rows.sort(key=lambda row: (-row.updated, row.thread))
    names = reading.names_of(tx, {row.partner for row in rows})
    authors = {document: row.author for document, row in tx.documents.get_many(row.thread for row in rows).items()}
    found = []
    for row in rows:
        side = side_of(row, authors.get(row.thread) == member)
        found.append(Waiting(row, names.get(row.partner, ""), side, row.next_actor == side))
    undecided = len(held.waiting(tx, member, limit))
    states = tx.threads.count_by_state(member)
    return Today([w for w in found if w.mine], [w for w in found if not w.mine], undecided, sum(states.values()))


def side_of(row: ThreadRow, author: bool) -> str:
    """The member's side in a dealing whose first paper it wrote itself (or its partner did)."""
    return "buyer" if (row.first_type in BUYERS_FIRST) == author else "seller"
