"""Mapping of the catalogue: ``Catalogue`` of UBL 2.1 and Peppol BIS Catalogue 3 to the paper ``catalogue``.

Owns where each field stands. A catalogue of one paper is one sheet; prices by volume (数量割引) are one block each of
``cac:RequiredItemLocationQuantity``. Source: Peppol BIS Catalogue 3; UBL 2.1; ADR 0002.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from node.papers.ubl import codecs, delivering, goods, order, parties
from node.papers.ubl.amounts import Quantity
from node.papers.ubl.bill_lines import TAX, tax
from node.papers.ubl.groups import Group, Many
from node.papers.ubl.names import Step
from node.papers.ubl.rows import (
    Attribute,
    Context,
    Fixed,
    Leaf,
    Missing,
    Present,
    Row,
    Values,
    fill_all,
    join,
    make_all,
    put,
    put_attribute,
    read_with,
    text_at,
)
from node.papers.ubl.tree import Node
from protocol.process import checks
from protocol.process.trade.papers import Catalogue, CatalogueItem, Period, Price, PriceTier

CUSTOMIZATION = "urn:fdc:peppol.eu:poacc:trns:catalogue:3"
PROFILE = "urn:fdc:peppol.eu:poacc:bis:catalogue_wo_response:3"
LINE = "cac:CatalogueLine"
_BLOCK = "cac:RequiredItemLocationQuantity"
_LEAD = "cbc:LeadTimeMeasure"
_FIRST = "1"


class _Currency:
    """``currency``: that of the first price; a catalogue has no element for it."""

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        found = order.first_currency(node).strip()
        if checks.is_currency(found):
            values["currency"] = context.currency = found
        elif found:
            context.warn("", f"{found[:10]} is not an ISO 4217 code: prices are kept as they are")

    def make(self, struct: Any, node: Node, context: Context) -> None:
        return None

    def describe(self) -> list[tuple[str, str]]:
        return []


class _Prices:
    """``price`` and ``tiers``: a block without a least quantity is the price, the others are tiers."""

    _tier: tuple[Row, ...] = (
        Quantity("minimum", "cbc:MinimumQuantity", "unit", required=True),
        Group("price", "cac:Price", Price, goods.PRICE, required=True),
    )
    _price = Group("price", "cac:Price", Price, goods.PRICE)

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        blocks = list(node.items(_BLOCK))
        tiered = [(step, block) for step, block in blocks if block.at("cbc:MinimumQuantity") is not None]
        if len(blocks) == 1 or (blocks and blocks[0][1].at("cbc:MinimumQuantity") is None):
            step, block = blocks[0]
            self._price.fill(block, values, context, join(path, str(step)))
            blocks = blocks[1:]
        if blocks == tiered[len(tiered) - len(blocks) :]:
            tiers = [self._read(block, context, join(path, str(step))) for step, block in blocks]
            if tiers and None not in tiers:
                values["tiers"] = tuple(tiers)

    def _read(self, block: Node, context: Context, path: str) -> PriceTier | None:
        try:
            found = fill_all(self._tier, block, context, path)
        except Missing as broken:
            context.warn(str(broken), "has no value: the prices by volume are kept as they are")
            return None
        return PriceTier(minimum=found["minimum"], price=found["price"])

    def make(self, struct: Any, node: Node, context: Context) -> None:
        number = 0
        if struct.price is not None:
            number = 1
            make_all(goods.PRICE, struct.price, node.child(Step(_BLOCK)).make("cac:Price"), context)
        for tier in struct.tiers:
            number += 1
            block = node.child(Step(_BLOCK, number))
            least = block.make("cbc:MinimumQuantity")
            put(least, codecs.NUMBER, tier.minimum)
            put_attribute(least, "unitCode", _ANY, struct.unit, optional=True)
            make_all(goods.PRICE, tier.price, block.make("cac:Price"), context)

    def describe(self) -> list[tuple[str, str]]:
        return [
            ("price: price", f"{_BLOCK}/cac:Price"),
            ("tiers[n].minimum", f"{_BLOCK}(n)/cbc:MinimumQuantity"),
            ("tiers[n].price: price", f"{_BLOCK}(n)/cac:Price"),
        ]


class _AnyUnit(codecs.Words):
    """The unit of a quantity that the paper states in the item's unit: as the document says it."""

    def same(self, spelling: str, canonical: str) -> bool:
        return True


_ANY = _AnyUnit()


@dataclass(frozen=True)
class _Count:
    """A quantity that is meant in the item's unit, whichever a document writes beside it."""

    field: str
    path: str

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        value = read_with(codecs.NUMBER, text_at(node, self.path), context, join(path, self.path))
        if value is not None:
            values[self.field] = value

    def make(self, struct: Any, node: Node, context: Context) -> None:
        value = getattr(struct, self.field)
        if value is not None:
            made = node.make(self.path)
            put(made, codecs.NUMBER, value)
            put_attribute(made, "unitCode", _ANY, struct.unit, optional=True)

    def describe(self) -> list[tuple[str, str]]:
        return [(self.field, self.path)]


class _Lead:
    """``lead_days``, where it is stated in days."""

    _path = f"{_BLOCK}/{_LEAD}"

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        found = node.at(self._path)
        if found is not None and found.attributes.get("unitCode") == "DAY":
            value = read_with(codecs.COUNT, text_at(node, self._path), context, join(path, self._path))
            if value is not None:
                values["lead_days"] = value

    def make(self, struct: Any, node: Node, context: Context) -> None:
        if struct.lead_days is not None:
            made = node.make(self._path)
            put(made, codecs.COUNT, struct.lead_days)
            put_attribute(made, "unitCode", codecs.CODE, "DAY")

    def describe(self) -> list[tuple[str, str]]:
        return [("lead_days", self._path)]


class _Unit:
    """``unit``; where no unit of orders is stated, that of the price or of the least order."""

    _path = "cbc:OrderableUnit"
    _others = (
        f"{_BLOCK}/cac:Price/cbc:BaseQuantity",
        "cbc:MinimumOrderQuantity",
        f"{_BLOCK}/cbc:MinimumQuantity",
        "cbc:ContentUnitQuantity",
    )

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        value = read_with(codecs.CODE, text_at(node, self._path), context, join(path, self._path))
        for other in self._others:
            found = node.at(other)
            if not value and found is not None:
                here = f"{join(path, other)}/@unitCode"
                value = read_with(codecs.CODE, found.attributes.get("unitCode"), context, here)
        values["unit"] = value or ""

    def make(self, struct: Any, node: Node, context: Context) -> None:
        if struct.unit:
            put(node.make(self._path), codecs.StandIn(codecs.CODE), struct.unit, optional=True)

    def describe(self) -> list[tuple[str, str]]:
        return [("unit", self._path)]


class _LineNumber:
    """The number of a line: its place. What a document says instead is kept; items are known by their own numbers."""

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        return None

    def make(self, struct: Any, node: Node, context: Context) -> None:
        put(node.make("cbc:ID"), codecs.WORD, str(node.step.number), soft=True)

    def describe(self) -> list[tuple[str, str]]:
        return [("(its place)", "cbc:ID")]


ITEMS = Many(
    "items",
    LINE,
    CatalogueItem,
    (
        Leaf("note", "cbc:Note"),
        _Unit(),
        _LineNumber(),
        _Count("pack_size", "cbc:ContentUnitQuantity"),
        Leaf("step", "cbc:OrderQuantityIncrementNumeric", codecs.NUMBER),
        _Count("minimum", "cbc:MinimumOrderQuantity"),
        _Count("maximum", "cbc:MaximumOrderQuantity"),
        Group("validity", "cac:LineValidityPeriod", Period, parties.PERIOD),
        _Prices(),
        _Lead(),
        Group("item", "cac:Item", goods.item, goods.ITEM, required=True),
        Group("tax", "cac:Item/cac:ClassifiedTaxCategory", tax, TAX),
        Present("cac:Item"),
    ),
    closed=True,
)
CATALOGUE: tuple[Row, ...] = (
    Fixed("cbc:CustomizationID", lambda paper, context: CUSTOMIZATION, note=CUSTOMIZATION),
    Fixed("cbc:ProfileID", lambda paper, context: PROFILE, note=PROFILE),
    _Currency(),
    order.NUMBER,
    Leaf("name", "cbc:Name"),
    Leaf("issue_date", "cbc:IssueDate", codecs.DAY, required=True),
    Leaf("issue_time", "cbc:IssueTime", codecs.TIME),
    Leaf("note", "cbc:Note"),
    Attribute("language", "cbc:Note", "languageID"),
    Leaf("edition", "cbc:VersionID", codecs.WORD, default=_FIRST),
    Group("validity", "cac:ValidityPeriod", Period, parties.PERIOD),
    order.reference("contract", "cac:ReferencedContract", rows=(Leaf("number", "cbc:ID", codecs.WORD, required=True),)),
    Group("seller", "cac:ProviderParty", parties.party, parties.PARTY, required=True),
    Group("buyer", "cac:ReceiverParty", parties.party, parties.PARTY, required=True),
    ITEMS,
)
CONTACTS: tuple[Row, ...] = (
    parties.contact("seller", "cac:ProviderParty"),
    parties.contact("buyer", "cac:ReceiverParty"),
)


def complete(body: Catalogue) -> Catalogue:
    """A catalogue of our own, its firms without tax numbers: Peppol has no place for them there."""
    return replace(body, seller=delivering.reached(body.seller), buyer=delivering.reached(body.buyer))
