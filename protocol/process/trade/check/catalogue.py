"""Rules on catalogues: items are known by their number, prices fall into tiers, sheets are counted."""

from __future__ import annotations

from protocol.errors import CallerFault
from protocol.process.trade.check.parties import item, party
from protocol.process.trade.check.rules import currency, day_or_none, fail, inside, period, scaled, stated
from protocol.process.trade.check.sums import category, price
from protocol.process.trade.papers import (
    Catalogue,
    CatalogueItem,
    CatalogueRequest,
    CatalogueWithdrawal,
    Price,
    PriceTier,
    Scaled,
)
from protocol.process.trade.terms import quantity


def catalogue_request(paper: CatalogueRequest) -> None:
    """品目表の依頼."""
    party(paper.buyer, "buyer")
    party(paper.seller, "seller")
    day_or_none(paper.reply_by, "reply_by")


def catalogue(paper: Catalogue) -> None:
    """品目表: one sheet of it."""
    party(paper.buyer, "buyer")
    party(paper.seller, "seller")
    stated(paper.edition, "edition")
    period(paper.validity, "validity")
    if paper.sheet > paper.sheets:
        fail("sheet", f"must be one of the {paper.sheets} sheets")
    seen: dict[str, None] = {}
    for index, one in enumerate(paper.items):
        try:
            _item(one)
        except CallerFault as fault:
            raise inside(fault, f"items[{index}]") from None
        if one.item.seller_id in seen:
            fail(f"items[{index}].item.seller_id", "occurs more than once")
        seen[one.item.seller_id] = None
    if any(one.price is not None or one.tiers for one in paper.items):
        currency(paper)


def _item(one: CatalogueItem) -> None:
    item(one.item, "item")
    stated(one.item.name, "item.name")
    stated(one.item.seller_id, "item.seller_id")
    stated(one.unit, "unit")
    if one.price is not None:
        price(one.price, "price")
    _tiers(one.tiers, one.price)
    if one.tax is not None:
        category(one.tax, "tax")
    for name in ("pack_size", "minimum", "maximum", "step"):
        _amount(getattr(one, name), name)
    if one.minimum is not None and one.maximum is not None and quantity(one.minimum) > quantity(one.maximum):
        fail("maximum", "must not be below the minimum")
    period(one.validity, "validity")


def _amount(value: Scaled | None, field: str) -> None:
    scaled(value, field)
    if value is not None and not value.value:
        fail(field, "must be above 0")


def _tiers(tiers: tuple[PriceTier, ...], first: Price | None) -> None:
    last = 0
    for index, tier in enumerate(tiers):
        at = f"tiers[{index}]"
        _amount(tier.minimum, f"{at}.minimum")
        price(tier.price, f"{at}.price")
        if first is not None and tier.price.unit != first.unit:
            fail(f"{at}.price.unit", "must be that of the price")
        if quantity(tier.minimum) <= last:
            fail(f"{at}.minimum", "must rise from tier to tier")
        last = quantity(tier.minimum)


def catalogue_withdrawal(paper: CatalogueWithdrawal) -> None:
    """品目表の取り下げ: nothing to add to its fields."""
