"""What a supplier offers one partner: items with prices, in numbered sheets; asking for it, and taking it back."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from protocol.limits import MAX_CATALOGUE_ITEMS, MAX_CATALOGUE_SHEETS, MAX_PRICE_TIERS
from protocol.process.trade.papers.base import Code, Count, Date, Paper, Part, Period, Scaled, Text, Word
from protocol.process.trade.papers.goods import Item, Price, TaxCategory
from protocol.process.trade.papers.parties import Party

Sheet = Annotated[int, Meta(ge=1, le=MAX_CATALOGUE_SHEETS)]


class PriceTier(Part, frozen=True, kw_only=True):
    """The unit price from ``minimum`` units on (数量割引)."""

    minimum: Scaled
    price: Price


class CatalogueItem(Part, frozen=True, kw_only=True):
    """One item as offered. ``item.seller_id`` is its number (品番) and names it in orders.

    ``pack_size`` (入数): so many ``unit`` make one pack; ``minimum`` (最低数量), ``maximum`` and ``step`` of an order,
    in ``unit``. ``lead_days``: days from order to despatch. ``validity`` narrows that of the catalogue.
    """

    item: Item
    unit: Code
    price: Price | None = None
    tiers: Annotated[tuple[PriceTier, ...], Meta(max_length=MAX_PRICE_TIERS)] = ()
    tax: TaxCategory | None = None
    pack_size: Scaled | None = None
    minimum: Scaled | None = None
    maximum: Scaled | None = None
    step: Scaled | None = None
    lead_days: Count | None = None
    validity: Period | None = None
    note: Text = ""


class CatalogueRequest(Paper, frozen=True, kw_only=True):
    """品目表の依頼: the buyer asks a supplier for its catalogue. ``words`` say what of it, empty for all."""

    buyer: Party
    seller: Party
    words: Text = ""
    reply_by: Date = ""


class Catalogue(Paper, frozen=True, kw_only=True):
    """品目表 for one named partner: sheet ``sheet`` of the ``sheets`` of the version ``edition``.

    A version is there when all of its sheets are; the latest version that is valid on a day is the catalogue of that
    day. ``tax_included``: prices contain the tax.
    """

    buyer: Party
    seller: Party
    edition: Word
    items: Annotated[tuple[CatalogueItem, ...], Meta(min_length=1, max_length=MAX_CATALOGUE_ITEMS)]
    sheet: Sheet = 1
    sheets: Sheet = 1
    name: Text = ""
    validity: Period | None = None
    tax_included: bool = False


class CatalogueWithdrawal(Paper, frozen=True, kw_only=True):
    """品目表の取り下げ: the version ``edition`` is offered no longer; empty: nothing is, and requests are declined."""

    edition: Word = ""
    reason: Text = ""
