"""Mapping of what is traded: items, prices, taxes, totals, terms. Knows no message.

Amounts are in the paper's currency. A message that wants a number which no field states gets it computed from those
that do (``*`` rows): a document that was read keeps its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from node.papers.sme.rows import (
    Category,
    Moment,
    Quantity,
    Rate,
    Sum,
    UnitPrice,
    amount_at,
    at,
    fixed,
    group,
    keyed,
    leaf,
    put_sum,
)
from node.papers.ubl import codecs
from node.papers.ubl.goods import item
from node.papers.ubl.groups import Group
from node.papers.ubl.names import Step
from node.papers.ubl.rows import Context, Missing, Row, Values, Variant, join, put, put_attribute, read_with, text_at
from node.papers.ubl.tree import Node
from protocol.process import checks, money
from protocol.process.trade.papers import (
    Identifier,
    Item,
    PaymentTerms,
    Price,
    Property,
    Reference,
    Scaled,
    TaxCategory,
    TaxSubtotal,
)

_GTIN_SCHEMES: Final = frozenset({"", "0160", "GTIN", "JAN"})


def _read_global(value: str, scheme: str) -> Values:
    if scheme in _GTIN_SCHEMES and checks.is_gtin(value):
        return {"gtin": value}
    return {"standard_id": Identifier(value=value, scheme=scheme)}


def _write_global(one: Any) -> tuple[str, str] | None:
    if one.standard_id is not None:
        return one.standard_id.value, one.standard_id.scheme
    return (one.gtin, "") if one.gtin else None


@dataclass(frozen=True)
class _Properties:
    """Characteristics (品目特性). A value needs a name, its ID; without one the description is the name."""

    name: str = "ID"
    value: str = "Description"
    path: str = "ApplicableCIProductCharacteristic"

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        found = []
        for step, child in node.items(at(self.path)):
            here = join(path, str(step))
            name = read_with(codecs.TEXT, text_at(child, at(self.name)), context, f"{here}/{at(self.name)}")
            value = read_with(codecs.TEXT, text_at(child, at(self.value)), context, f"{here}/{at(self.value)}")
            if not name and not (value and self.value == "Description"):
                break
            if name and not value and self.value == "Description":
                break  # a name that is no description: ours would stand in the other place
            found.append(Property(name=name, value=value or "") if name else Property(name=value))
        if found:
            values["properties"] = tuple(found)

    def make(self, struct: Item, node: Node, context: Context) -> None:
        for index, one in enumerate(struct.properties, 1):
            made = node.child(Step(at(self.path), index))
            made.item = True
            said = one.value or _measure(one)
            alone = not said and self.value == "Description"
            put(made.make(at(self.value if alone else self.name)), codecs.TEXT, one.name)
            if said:
                put(made.make(at(self.value)), codecs.TEXT, said)

    def describe(self) -> list[tuple[str, str]]:
        return [
            ("properties[n].name", f"{at(self.path)}(n)/{at(self.name)}"),
            ("properties[n].value", f"{at(self.path)}(n)/{at(self.value)}"),
        ]


def _measure(one: Property) -> str:
    return "" if one.quantity is None else f"{codecs.NUMBER.write(one.quantity)} {one.unit}".strip()


_GLOBAL: Final = Variant(at("GlobalID"), _read_global, _write_global, ("gtin", "standard_id"))
_IDS: tuple[Row, ...] = (
    _GLOBAL,
    leaf("seller_id", "SellerAssignedID", codecs.WORD),
    leaf("buyer_id", "BuyerAssignedID", codecs.WORD),
    leaf("manufacturer_id", "ManufacturerAssignedID", codecs.WORD),
)
_NAMES: tuple[Row, ...] = (leaf("name", "Name"), leaf("description", "Description"))
QUOTED_ITEM: tuple[Row, ...] = (leaf("buyer_id", "BuyerAssignedID", codecs.WORD), *_NAMES, _Properties())
ORDERED_ITEM: tuple[Row, ...] = (
    *_IDS,
    *_NAMES,
    _Properties(),
    leaf("serial", "IndividualCITradeProductInstance/GlobalSerialID", codecs.WORD),
    leaf("lot", "IndividualCITradeProductInstance/BatchID", codecs.WORD),
)
SHIPPED_ITEM: tuple[Row, ...] = (*_IDS, *_NAMES)
BILLED_ITEM: tuple[Row, ...] = (
    *_IDS,
    *_NAMES,
    _Properties("Description", "Value"),
    leaf("origin_country", "OriginCITradeCountry/ID", codecs.CODE),
)


def goods(path: str, rows: tuple[Row, ...], *, required: bool = False) -> Group:
    """The item of a line."""
    return Group("item", at(path), item, rows, required)


# ---- prices and line amounts -------------------------------------------------------------------------------------

PRICE: tuple[Row, ...] = (
    UnitPrice("value", "ChargeAmount", required=True),
    Quantity("base_quantity", "BasisQuantity", "unit"),
    leaf("kind", "TypeCode", codecs.CODE),
)


def price(path: str) -> Group:
    """The unit price of a line."""
    return group("price", path, Price, PRICE)


@dataclass(frozen=True)
class LineAmount:
    """``amount`` of a line: with tax (税込み) where the paper says that its prices contain it, else without."""

    path: str

    def _place(self, context: Context) -> str:
        name = "IncludingTaxesLineTotalAmount" if included(context) else "NetLineTotalAmount"
        return f"{self.path}/{name}"

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        value = amount_at(node, self._place(context), context, path)
        if value is not None:
            values["amount"] = value

    def make(self, struct: Any, node: Node, context: Context) -> None:
        if struct.amount is not None:
            put_sum(node, self._place(context), struct.amount, context)

    def describe(self) -> list[tuple[str, str]]:
        return [
            ("amount", at(f"{self.path}/NetLineTotalAmount")),
            ("amount, if tax_included", at(f"{self.path}/IncludingTaxesLineTotalAmount")),
        ]


def included(context: Any) -> bool:
    """Whether the amounts of the paper contain the tax."""
    return bool(getattr(context, "tax_included", False))


@dataclass(frozen=True)
class LineTax:
    """``tax`` of a line. ``sums``: the message demands basis and total beside it, which we compute without rounding:
    tax is rounded once per rate, never per line."""

    path: str
    sums: bool = False
    billed: bool = False

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        Group("tax", at(self.path), TaxCategory, (Category(), Rate("rate", "RateApplicablePercent"))).fill(
            node, values, context, path
        )

    def make(self, struct: Any, node: Node, context: Context) -> None:
        tax = struct.tax
        if tax is None:
            return
        made = node.make(at(self.path))
        put(made.make(at("TypeCode")), codecs.CODE, "VAT", soft=True)
        Category().make(tax, made, context)
        Rate("rate", "RateApplicablePercent").make(tax, made, context)
        if not self.sums:
            return
        rate = tax.rate or Scaled(value=0)
        net, gross = _line_sums(struct, rate, context)
        put(made.make(at("BasisAmount")), codecs.NUMBER, _scaled(*net), soft=True)
        put(made.make(at("GrandTotalAmount")), codecs.NUMBER, _scaled(*gross), soft=True)
        if self.billed:
            difference = (gross[0] * net[1] - net[0] * gross[1], gross[1] * net[1])
            put(made.make(at("CalculatedAmount")), codecs.NUMBER, _scaled(*difference), soft=True)
            put(made.make(at("CalculatedRate")), codecs.NUMBER, _scaled(rate.value, 100 * 10**rate.scale), soft=True)
            put(made.make(at("CurrencyCode")), codecs.CODE, context.currency, soft=True)

    def describe(self) -> list[tuple[str, str]]:
        found = [
            ("tax.category", at(f"{self.path}/CategoryCode")),
            ("tax.rate", at(f"{self.path}/RateApplicablePercent")),
        ]
        extra = ("BasisAmount", "GrandTotalAmount", *(("CalculatedAmount", "CalculatedRate") if self.billed else ()))
        return [
            *found,
            *((("(computed, not rounded)", at(f"{self.path}/{name}")) for name in extra) if self.sums else ()),
        ]


def _line_sums(line: Any, rate: Scaled, context: Context) -> tuple[tuple[int, int], tuple[int, int]]:
    """(net, gross) of a line as fractions of major units."""
    amount = line.amount
    unit = 10 ** money.minor_digits(context.currency)
    if amount is not None:
        numerator, denominator = amount, unit
    elif line.price is not None and line.quantity is not None:
        base = line.price.base_quantity
        numerator, denominator = money.line_fraction(
            (line.quantity.value, line.quantity.scale),
            (line.price.value.value, line.price.value.scale),
            None if base is None else (base.value, base.scale),
            context.currency,
        )
        denominator *= unit
    else:
        numerator, denominator = 0, 1
    hundred = 100 * 10**rate.scale
    if included(context):
        return (numerator * hundred, denominator * (hundred + rate.value)), (numerator, denominator)
    return (numerator, denominator), (numerator * (hundred + rate.value), denominator * hundred)


def _scaled(numerator: int, denominator: int) -> Scaled:
    """A fraction with as many decimals as it has, at most 6."""
    for scale in range(7):
        if numerator * 10**scale % denominator == 0:
            return Scaled(value=numerator * 10**scale // denominator, scale=scale)
    return Scaled(value=numerator * 10**6 // denominator, scale=6)


# ---- taxes, totals, terms ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Subtotal:
    """``basis`` and ``tax`` of one rate; the other of net and gross is computed."""

    billed: bool = False

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        tax = amount_at(node, "CalculatedAmount", context, path)
        net = amount_at(node, "BasisAmount", context, path)
        gross = amount_at(node, "GrandTotalAmount", context, path)
        if net is None and gross is not None and tax is not None and gross >= tax:
            net = gross - tax
        if tax is None and net is not None and gross is not None and gross >= net:
            tax = gross - net
        if tax is None and values.get("category") in ("E", "G", "O"):
            tax = 0
        if net is None or tax is None:
            raise Missing(join(path, at("BasisAmount" if net is None else "CalculatedAmount")))
        values["tax"] = tax
        values["basis"] = (gross if gross is not None else net + tax) if included(context) else net

    def make(self, struct: TaxSubtotal, node: Node, context: Context) -> None:
        inside = included(context)
        net, gross = (struct.basis - struct.tax, struct.basis) if inside else (struct.basis, struct.basis + struct.tax)
        put_sum(node, "CalculatedAmount", struct.tax, context, optional=True)
        put_sum(node, "BasisAmount", net, context, soft=inside, optional=True)
        put_sum(node, "GrandTotalAmount", gross, context, soft=not inside, optional=True)

    def describe(self) -> list[tuple[str, str]]:
        return [
            ("tax", at("CalculatedAmount")),
            ("basis", at("BasisAmount")),
            ("basis, if tax_included", at("GrandTotalAmount")),
        ]


SUBTOTAL: tuple[Row, ...] = (
    Category(),
    Rate("rate", "RateApplicablePercent"),
    Subtotal(),
    fixed("TypeCode", "VAT"),
    leaf("exemption_reason", "CategoryName"),
)


def totals(path: str) -> tuple[Row, ...]:
    """The sums at the foot."""
    return (
        Sum("tax", f"{path}/TaxTotalAmount"),
        Sum("gross", f"{path}/GrandTotalAmount"),
        Sum("net", f"{path}/NetLineTotalAmount"),
    )


def terms(path: str) -> Group:
    """Terms of payment, as far as the message has items for them."""
    return group(
        "terms",
        path,
        PaymentTerms,
        (leaf("description", "Description"), leaf("code", "TypeCode", codecs.CODE)),
    )


REFERENCE: tuple[Row, ...] = (
    leaf("number", "IssuerAssignedID", codecs.WORD, required=True),
    Moment("date", "IssueDateTime"),
    leaf("uri", "URIID"),
    leaf("description", "Information"),
    leaf("type_code", "SubtypeCode", codecs.CODE),
)
PROJECT: tuple[Row, ...] = (leaf("number", "ID", codecs.WORD, required=True), leaf("description", "Name"))


def reference(kind: str, path: str, rows: tuple[Row, ...] = REFERENCE) -> Row:
    """A reference to another document."""
    return keyed("references", "kind", kind, path, Reference, rows)


def put_unit(node: Node, unit: str, *, optional: bool = False) -> None:
    """The unit of a quantity."""
    put_attribute(node, "unitCode", codecs.CODE, unit, optional=optional)


def put_fraction(node: Node, path: str, numerator: int, denominator: int) -> None:
    """A computed number."""
    put(node.make(at(path)), codecs.NUMBER, _scaled(numerator, denominator), soft=True)


def rate_fraction(rate: Scaled | None) -> tuple[int, int]:
    """A rate as a fraction of one."""
    return (0, 1) if rate is None else (rate.value, 100 * 10**rate.scale)
