"""What is for sale: offers of goods and stock over all associations, and items of the catalogues that suppliers sent.

Owns the way from an offer to the lines of an order; the order itself is an ordinary one (:mod:`node.services.desk`).
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from node.services import sharing
from node.services.house import House
from node.services.offers import finding, holding
from node.services.offers.finding import OfferRow, Wanted
from node.store import Tx
from protocol.errors import NotFound
from protocol.limits import MAX_SEARCH_CHARS
from protocol.offer.fitting import folded
from protocol.process.trade.papers import CatalogueItem, Item, OrderLine, Price, Scaled

FOR_SALE: Final = ("goods", "stock")
MAX_CATALOGUES: Final = 200


class ForSale(NamedTuple):
    """An offer of goods."""

    row: OfferRow
    details: dict[str, Any]


class Catalogued(NamedTuple):
    """An item of a supplier's catalogue. ``received``: as of when, by the supplier's word, µs UTC."""

    partner: bytes
    partner_name: str
    item: CatalogueItem
    currency: str
    received: int


def search(house: House, tx: Tx, text: str, kinds: tuple[str, ...], area: str, limit: int) -> list[ForSale]:
    """What is for sale, the latest first."""
    rows = [
        row
        for kind in kinds
        for row in finding.search(house, tx, Wanted(text=text, kind=kind, side="offer", area=area, limit=limit)).rows
    ]
    rows.sort(key=lambda row: -row.position)
    return [ForSale(row, holding.said(row).details) for row in rows[:limit]]


def catalogues(tx: Tx, member: bytes, today: str, text: str, limit: int) -> list[Catalogued]:
    """Items of the catalogues in force that suppliers sent to ``member``, whose name or number holds ``text``."""
    wanted = folded(text[:MAX_SEARCH_CHARS])
    partners = {one.row.partner: one for one in sharing.listed(tx, member, mine=False)[:MAX_CATALOGUES]}
    found = []
    for partner in partners:
        for offered in sharing.all_offered_by(tx, member, partner, today):
            first = tx.documents.get(offered.documents[0])
            came = first.time if first is not None else 0
            for item in offered.items:
                if wanted in folded(f"{item.item.name} {item.item.seller_id} {item.item.gtin}"):
                    found.append(Catalogued(partner, offered.partner_name, item, offered.currency, came))
                    if len(found) >= limit:
                        return found
    return found


def order_lines(house: House, tx: Tx, partner: bytes, series: bytes) -> tuple[OrderLine, ...]:
    """The line of an order to ``partner`` for what it offers. NotFound if it is not for sale (any more)."""
    row = finding.one(house, tx, series)
    if row.member != partner or row.kind not in FOR_SALE or row.side != "offer":
        raise NotFound("offer", "no such offer, or it has ended")
    details = holding.said(row).details
    price = details.get("price_yen")
    quantity = details.get("lot_least") or 1
    item = Item(name=details["item"], gtin=details.get("gtin", ""), best_before=details.get("best_before", ""))
    return (
        OrderLine(
            line_id="1",
            item=item,
            quantity=Scaled(value=quantity),
            unit=details["unit"],
            price=Price(value=Scaled(value=price)) if price else None,
            amount=price * quantity if price else None,
        ),
    )
