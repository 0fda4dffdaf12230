"""An order out of a supplier's catalogue: quantities chosen, the rest as offered. Owns that way only."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from msgspec.structs import replace

from node.i18n import N_
from node.services import sharing
from node.services.desk import partners
from node.services.house import House
from node.services.sharing import Offered
from node.store import Tx
from protocol.errors import CallerFault, NotFound
from protocol.process.money import nano
from protocol.process.trade import footing
from protocol.process.trade.papers import CatalogueItem, Order, OrderLine, Price, Reference, Scaled

BELOW: Final = N_("{item}: at least {n} at a time.")
ABOVE: Final = N_("{item}: at most {n} at a time.")
UNEVEN: Final = N_("{item}: only in steps of {n}.")
CHANGED: Final = N_("The catalogue has changed: look at it again. Your quantities are still here.")
MIXED: Final = N_("These catalogues are in different currencies or with and without tax: order from one at a time.")


class Cart(NamedTuple):
    """What a supplier offers, all its catalogues one after the other. ``mark`` changes when any of them does."""

    catalogues: tuple[Offered, ...]
    mark: str

    @property
    def items(self) -> list[tuple[Offered, CatalogueItem]]:
        """Every item with its catalogue; its place here is what a wish names."""
        return [(offered, item) for offered in self.catalogues for item in offered.items]


class Fault(NamedTuple):
    """Why a quantity cannot be ordered: ``rule`` with ``item`` and ``n`` to fill in."""

    at: int
    rule: str
    item: str
    n: Scaled


def cart_of(tx: Tx, member: bytes, partner: bytes, today: str) -> Cart:
    """What ``partner`` offers today; without catalogues where there are none."""
    found = tuple(sharing.all_offered_by(tx, member, partner, today))
    mark = hashlib.sha256(b"".join(document for offered in found for document in offered.documents)).hexdigest()[:16]
    return Cart(found, mark)


def faults(cart: Cart, wanted: Mapping[int, Scaled]) -> list[Fault]:
    """What the supplier's least and greatest quantities and steps say against the wish."""
    found = []
    for at, quantity in sorted(wanted.items()):
        item, amount = cart.items[at][1], _nano(quantity)
        for bound, rule, broken in _bounds(item, amount):
            if bound is not None and bound.value and broken:
                found.append(Fault(at, rule, item.item.name, bound))
                break
    return found


def _bounds(item: CatalogueItem, amount: int) -> Iterator[tuple[Scaled | None, str, bool]]:
    """Each bound of an item, the rule that it makes, and whether ``amount`` (nano) breaks it."""
    least, most, step = (0 if one is None else _nano(one) for one in (item.minimum, item.maximum, item.step))
    yield item.minimum, BELOW, amount < least
    yield item.maximum, ABOVE, amount > most
    yield item.step, UNEVEN, bool(step) and amount % step != 0


def order_from(
    house: House, tx: Tx, member: bytes, partner: bytes, wanted: Mapping[int, Scaled], today: str, *, mark: str = ""
) -> Order:
    """An order draft of what is ``wanted``: place in the cart → quantity. Prices by the tier of the quantity.

    NotFound when no catalogue is in force; CallerFault for an empty wish, a place that is not in it, a quantity that
    the supplier does not take, catalogues that do not go into one order, or one that changed since ``mark``.
    """
    cart = cart_of(tx, member, partner, today)
    if not cart.catalogues:
        raise NotFound("partner", "no catalogue of this partner is in force")
    if not wanted:
        raise CallerFault("lines", "choose a quantity of at least one item")
    if (mark and mark != cart.mark) or any(not 0 <= at < len(cart.items) for at in wanted):
        raise CallerFault("lines", CHANGED)
    for fault in faults(cart, wanted):
        raise CallerFault("lines", f"{fault.item}: not within the supplier's quantities")
    chosen = [cart.items[at] for at in sorted(wanted)]
    sources = list(dict.fromkeys(offered.edition for offered, _ in chosen))
    if len({(offered.currency, offered.tax_included) for offered, _ in chosen}) > 1:
        raise CallerFault("lines", MIXED)
    order = partners.first_paper(house, tx, member, partner, Order, today)
    assert isinstance(order, Order)
    lines = tuple(
        _line(str(number), item, wanted[at])
        for number, (at, (_, item)) in enumerate(zip(sorted(wanted), chosen, strict=True), 1)
    )
    paper = replace(
        order,
        currency=chosen[0][0].currency or "JPY",
        lines=lines,
        tax_included=chosen[0][0].tax_included,
        references=tuple(Reference(kind="catalogue", number=edition) for edition in sources),
    )
    return footing.offer(paper)


def _nano(quantity: Scaled) -> int:
    return nano(quantity.value, quantity.scale)


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
