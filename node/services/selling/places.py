"""Whose sales count beside others', and where their shops are: the one question that every comparison asks first.

Owns that question, over what members chose (:mod:`node.services.datause`): their own street, their municipality.
Nobody's lines are counted beside another's before its owner said so. Counted is the company, not the shop.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from node.i18n import N_
from node.services import datause
from node.services.datause import Data, Reach
from node.services.house import House
from node.services.transaction import Tx
from protocol.identity import card as cards

ASKER: Final = N_("Member shops")
WHAT: Final = N_("Sales of shops side by side")


class Place(NamedTuple):
    """Where a member's shop is, and of which company. ``near``, ``far``: it counts in its street, beyond it."""

    company: str
    street: str
    city: str
    near: bool
    far: bool


def consenting(tx: Tx) -> dict[bytes, Place]:
    """The members that let their sales count in comparisons within this association, with their places."""
    near = datause.contributors(tx, Data.SALES, Reach.STREET)
    far = datause.contributors(tx, Data.SALES, Reach.AREA)
    return {
        member: Place(one.unit, one.street, one.area, member in near, member in far)
        for member, one in {**near, **far}.items()
    }


def own(tx: Tx, member: bytes) -> Place:
    """Where a member's own shop is, whatever it lets others see."""
    row = tx.cards.get(member)
    card = cards.parse(row.wire) if row is not None else None
    street = datause.street_of(tx, member)
    if card is None:
        return Place(member.hex(), street, "", near=False, far=False)
    return Place(card.corporate_number or member.hex(), street, card.area, near=False, far=False)


def note_use(house: House, tx: Tx) -> None:
    """Averages of others were looked at: their owners see so, once a day."""
    for reach in (Reach.STREET, Reach.AREA):
        datause.note_use(house, tx, Data.SALES, reach, ASKER, WHAT)
