"""An order out of a supplier's catalogue: quantities chosen, the rest as offered. Owns that way only."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from node.services import sharing
from node.services.desk import partners
from node.services.house import House
from node.store import Tx
from protocol.errors import CallerFault
from protocol.process.money import nano
from protocol.process.trade import footing
from protocol.process.trade.papers import CatalogueItem, Order, OrderLine, Price, Reference, Scaled


def order_from(house: House, tx: Tx, member: bytes, partner: bytes, wanted: Mapping[int, Scaled], today: str) -> Order:
    """An order draft of what is ``wanted``: place in the catalogue → quantity. Prices by the tier of the quantity.

    NotFound when no catalogue is in force; CallerFault for an empty wish or a place that is not in it.
    """
    offered = sharing.offered_by(tx, member, partner, today)
    if not wanted:
        raise CallerFault("lines", "choose a quantity of at least one item")
    if any(not 0 <= at < len(offered.items) for at in wanted):
        raise CallerFault("lines", "the catalogue has changed: open it again")
    order = partners.first_paper(house, tx, member, partner, Order, today)
    assert isinstance(order, Order)
    chosen = enumerate(sorted(wanted.items()), 1)
    lines = tuple(_line(str(number), offered.items[at], quantity) for number, (at, quantity) in chosen)
    paper = replace(
        order,
        currency=offered.currency or "JPY",
        lines=lines,
        tax_included=offered.tax_included,
        references=(Reference(kind="catalogue", number=offered.edition),),
    )
    return footing.offer(paper)


def _line(number: str, item: CatalogueItem, quantity: Scaled) -> OrderLine:
    return OrderLine(
        line_id=number, item=item.item, quantity=quantity, unit=item.unit, price=price_for(item, quantity), tax=item.tax
    )


def price_for(item: CatalogueItem, quantity: Scaled) -> Price | None:
    """The unit price of the highest tier that the quantity reaches, else the list price."""
    amount = nano(quantity.value, quantity.scale)
    reached = [tier for tier in item.tiers if nano(tier.minimum.value, tier.minimum.scale) <= amount]
    best = max(reached, key=lambda tier: nano(tier.minimum.value, tier.minimum.scale), default=None)
    return item.price if best is None else best.price
