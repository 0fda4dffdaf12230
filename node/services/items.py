"""A member's own items (品目) and what each partner pays for them. Owns the records and which price holds for whom.

The price of a partner is its own price of the item, else the list price times its rate (掛け率). No partner's price is
read while another's is made: every function takes one partner.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Final, NamedTuple

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from node.services.booking import day_of
from node.services.house import House
from node.services.terms import PartnerTerms
from node.store import ItemRow, PriceRow, Tx
from protocol.errors import CallerFault, NotFound
from protocol.limits import MAX_PRICE_TIERS
from protocol.process.money import Rounding, divide
from protocol.process.trade.check import check
from protocol.process.trade.papers import (
    Catalogue,
    CatalogueItem,
    Item,
    Party,
    Price,
    PriceTier,
    Scaled,
    TaxCategory,
    require_texts,
)
from protocol.process.trade.papers.base import Code, Count, Text

MAX_LIMIT: Final = 500
MAX_ITEMS: Final = 10_000  # of one member


class OwnItem(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, kw_only=True):
    """An item as its owner keeps it. ``number`` (品番) names it; ``price``: list price in ``currency`` per ``unit``.

    ``on_sale`` false: kept, but in no catalogue. Everything else as in a catalogue's item.
    """

    number: Annotated[str, Meta(min_length=1, max_length=128)]
    name: Annotated[str, Meta(min_length=1, max_length=4_000)]
    kana: Text = ""
    description: Text = ""
    gtin: Code = ""
    unit: Code = "H87"
    tax: TaxCategory = TaxCategory(category="S", rate=Scaled(10))
    currency: Annotated[str, Meta(max_length=3)] = "JPY"
    price: Scaled | None = None
    tiers: Annotated[tuple[PriceTier, ...], Meta(max_length=MAX_PRICE_TIERS)] = ()
    pack_size: Scaled | None = None
    minimum: Scaled | None = None
    maximum: Scaled | None = None
    step: Scaled | None = None
    lead_days: Count | None = None
    on_sale: bool = True
    note: Text = ""


class OwnPrice(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, kw_only=True):
    """The price of one item for one partner: either ``price``, with tiers of its own, or ``rate`` percent."""

    price: Scaled | None = None
    tiers: Annotated[tuple[PriceTier, ...], Meta(max_length=MAX_PRICE_TIERS)] = ()
    rate: Scaled | None = None


class Kept(NamedTuple):
    """An item with its version."""

    item: OwnItem
    version: int
    updated: int


_READ: Final = msgspec.msgpack.Decoder(OwnItem)
_READ_PRICE: Final = msgspec.msgpack.Decoder(OwnPrice)


def put(house: House, tx: Tx, member: bytes, new: Sequence[OwnItem]) -> list[Kept]:
    """Add or replace items by number, all or none. CallerFault names the item and the field."""
    seen: dict[str, None] = {}
    for at, item in enumerate(new):
        try:
            _check(item)
        except CallerFault as fault:
            raise CallerFault(f"items[{at}].{fault.field}", fault.rule, code=fault.code) from None
        if item.number in seen:
            raise CallerFault(f"items[{at}].number", "occurs more than once")
        seen[item.number] = None
    known = tx.desk.items_numbered(member, seen)
    if tx.desk.count_items(member) + len(seen) - len(known) > MAX_ITEMS:
        raise CallerFault("items", f"a member keeps at most {MAX_ITEMS} items")
    now = house.clock()
    rows = [
        ItemRow(
            member,
            item.number,
            item.gtin,
            words_of(item),
            known[item.number].version + 1 if item.number in known else 1,
            now,
            msgspec.msgpack.encode(item),
        )
        for item in new
    ]
    tx.desk.put_items(rows)
    return [_kept(row) for row in rows]


def require(item: OwnItem) -> None:
    """CallerFault names the field of an item that no catalogue could hold."""
    _check(item)


def read(row: ItemRow) -> OwnItem:
    """The item in a row."""
    return _READ.decode(row.data)


def today(house: House) -> str:
    """The day in Japan, YYYY-MM-DD."""
    return day_of(house.clock())


def _check(item: OwnItem) -> None:
    """The rules of a catalogue, on a sheet with this one item."""
    offered = offer(item)
    party = Party(name="-")
    sheet = Catalogue(
        number="-", issue_date="2026-01-01", currency=item.currency, buyer=party, seller=party, edition="-",
        items=(offered,),
    )  # fmt: skip
    try:
        require_texts(sheet)
        check(sheet)
    except CallerFault as fault:
        field = fault.field.removeprefix("items[0].").removeprefix("item.")
        raise CallerFault("number" if field == "seller_id" else field, fault.rule, code=fault.code) from None


def words_of(item: OwnItem) -> str:
    """What an item is found by: number, JAN, name, kana; compatibility forms and case folded."""
    return fold_text("\n".join((item.number, item.gtin, item.name, item.kana)))


def fold_text(text: str) -> str:
    """Full and half width, hiragana and katakana, large and small letters made alike."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return "".join(chr(ord(sign) + 0x60) if "ぁ" <= sign <= "ゖ" else sign for sign in plain)


def search(tx: Tx, member: bytes, text: str = "", limit: int = 50, after: str = "") -> list[Kept]:
    """At most ``limit`` items by number whose words hold ``text``, behind the number ``after``."""
    if not 1 <= limit <= MAX_LIMIT:
        raise CallerFault("limit", f"1 to {MAX_LIMIT}")
    folded = fold_text(text.strip())
    escaped = folded.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    rows = tx.desk.items(member, limit, after=after, pattern=f"%{escaped}%" if escaped else "")
    return [_kept(row) for row in rows]


def get(tx: Tx, member: bytes, number: str) -> Kept:
    """One item. NotFound if the member has none of that number."""
    row = tx.desk.items_numbered(member, (number,)).get(number)
    if row is None:
        raise NotFound("number", "no such item")
    return _kept(row)


def drop(tx: Tx, member: bytes, number: str) -> None:
    """Forget an item. NotFound if there is none."""
    if not tx.desk.drop_item(member, number):
        raise NotFound("number", "no such item")


def _kept(row: ItemRow) -> Kept:
    return Kept(_READ.decode(row.data), row.version, row.updated)


# ---------------------------------------------------------------------- prices


def put_prices(house: House, tx: Tx, member: bytes, partner: bytes, prices: Mapping[str, OwnPrice]) -> None:
    """Set the prices of items for one partner; an empty price takes the own one back. NotFound for unknown items."""
    known = tx.desk.items_numbered(member, prices)
    for number, price in prices.items():
        if number not in known:
            raise NotFound(f"prices[{number}]", "no such item")
        if price == OwnPrice():
            tx.desk.drop_price(member, partner, number)
            continue
        if price.rate is not None and price.price is not None:
            raise CallerFault(f"prices[{number}]", "either a price or a rate")
        if price.rate is not None and not price.rate.value:
            raise CallerFault(f"prices[{number}].rate", "must be above 0 percent")
        item = _kept(known[number]).item
        _check(replace(item, price=price.price or item.price, tiers=price.tiers or item.tiers))
        row = PriceRow(member, partner, number, house.clock(), msgspec.msgpack.encode(price))
        tx.desk.put_prices([row])


def prices(tx: Tx, member: bytes, partner: bytes) -> dict[str, OwnPrice]:
    """The own prices of one partner, by item number."""
    return {row.number: _READ_PRICE.decode(row.data) for row in tx.desk.prices(member, partner)}


def for_partner(item: OwnItem, terms: PartnerTerms, own: OwnPrice | None) -> OwnItem:
    """The item at the price that one partner pays."""
    if own is not None and own.price is not None:
        return replace(item, price=own.price, tiers=own.tiers)
    rate = own.rate if own is not None and own.rate is not None else terms.rate
    if rate is None:
        return item
    rounding = Rounding(terms.rounding)
    tiers = tuple(
        replace(tier, price=replace(tier.price, value=_rated(tier.price.value, rate, rounding))) for tier in item.tiers
    )
    return replace(item, price=None if item.price is None else _rated(item.price, rate, rounding), tiers=tiers)


def _rated(price: Scaled, rate: Scaled, rounding: Rounding) -> Scaled:
    """The price times rate percent, in the decimal places that the price has."""
    return Scaled(divide(price.value * rate.value, 100 * 10**rate.scale, rounding), price.scale)


def offer(item: OwnItem) -> CatalogueItem:
    """The item as a catalogue states it."""
    return CatalogueItem(
        item=Item(name=item.name, description=item.description, gtin=item.gtin, seller_id=item.number),
        unit=item.unit,
        price=None if item.price is None else Price(value=item.price),
        tiers=item.tiers,
        tax=item.tax,
        pack_size=item.pack_size,
        minimum=item.minimum,
        maximum=item.maximum,
        step=item.step,
        lead_days=item.lead_days,
        note=item.note,
    )


def all_on_sale(tx: Tx, member: bytes) -> Iterable[OwnItem]:
    """Every item that is on sale, by number."""
    after = ""
    while rows := tx.desk.items(member, MAX_LIMIT, after=after):
        for row in rows:
            item = _READ.decode(row.data)
            if item.on_sale:
                yield item
        after = rows[-1].number
