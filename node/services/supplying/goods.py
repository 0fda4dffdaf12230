"""Which of a shop's items are one supplier's goods: the question that every report asks first.

Owns that question. An item counts when it was ordered from the supplier, or stands in its catalogue in force; but what
stands only in the catalogue and was ordered from somebody else is not the supplier's: else anybody could put another
maker's GTIN into a catalogue and read that maker's sales. A register's own code counts only where an order of the shop
gave it for an item of the supplier: two firms' numbers may be the same by chance.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from node.services import dealings, sharing
from node.store import Tx
from protocol.process.trade.papers import Item, Order

MOST_ORDERS: Final = 500  # of the latest orders, to all partners
GTIN_DIGITS: Final = 14


class Goods(NamedTuple):
    """``gtins``: as 14 digits; ``own``: the shop's own number → the supplier's; ``names``: number or GTIN → name."""

    gtins: frozenset[str]
    own: dict[str, str]
    names: dict[str, str]


def padded(gtin: str) -> str:
    """A GTIN as 14 digits: 8, 12 and 13 are the same number with noughts before it."""
    return gtin.zfill(GTIN_DIGITS)


def of(tx: Tx, member: bytes, partner: bytes, today: str) -> Goods:
    """The goods of ``partner`` in the member's shop on ``today`` (YYYY-MM-DD)."""
    bought: dict[str, set[bytes]] = {}
    own: dict[str, str] = {}
    names: dict[str, str] = {}
    for seller, item in _ordered(tx, member):
        if item.gtin:
            bought.setdefault(padded(item.gtin), set()).add(seller)
        if seller == partner:
            names[item.gtin or item.seller_id] = item.name
            if item.buyer_id and item.seller_id:
                own.setdefault(item.buyer_id, item.seller_id)
    mine = {gtin for gtin, sellers in bought.items() if partner in sellers}
    for offered in sharing.all_offered_by(tx, member, partner, today):
        for one in offered.items:
            gtin = padded(one.item.gtin) if one.item.gtin else ""
            if gtin and not bought.get(gtin):
                mine.add(gtin)
            names.setdefault(one.item.gtin or one.item.seller_id, one.item.name)
    return Goods(frozenset(mine), own, names)


def _ordered(tx: Tx, member: bytes) -> Iterator[tuple[bytes, Item]]:
    """(seller, item) of every line of the latest orders that the member wrote, the latest first."""
    rows = tx.books.page(member, {"type": "order", "direction": "sent"}, MOST_ORDERS)
    stored = tx.documents.full_many([row.id for row in rows])
    for row in rows:
        paper = dealings.paper_of(stored[row.id]) if row.id in stored else None
        if isinstance(paper, Order):
            for line in paper.lines:
                yield row.entry.partner, line.item
