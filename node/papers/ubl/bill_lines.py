"""Mapping of what a bill is made of: its lines, allowances, taxes and sums, with their signs.

A paper states every amount positive; UBL states what is taken off with a minus. Two signs decide: that of the document
(a credit that is written as an invoice below zero) and that of a line (``negative``). An allowance on something taken
off is a charge. Owns these rows; :mod:`node.papers.ubl.billing` puts them together. Source: UBL 2.1; EN 16931-1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from node.papers.ubl import codecs, goods, order, parties
from node.papers.ubl.amounts import Money, put_amount, same_currency
from node.papers.ubl.codecs import Forbidden, Unreadable
from node.papers.ubl.groups import Group, Many
from node.papers.ubl.rows import (
    Context,
    Fixed,
    Leaf,
    Missing,
    Present,
    Row,
    Values,
    join,
    put,
    put_attribute,
    read_with,
    text_at,
)
from node.papers.ubl.tree import Node
from protocol.errors import CallerFault
from protocol.process.money import Rounding, divide, tax_fraction
from protocol.process.trade.check.sums import rate_key
from protocol.process.trade.papers import (
    AllowanceCharge,
    InvoiceLine,
    Period,
    Price,
    Scaled,
    TaxCategory,
    TaxSubtotal,
    Totals,
)

TOTAL = "cac:LegalMonetaryTotal"
PAYABLE = f"{TOTAL}/cbc:PayableAmount"
_AMOUNT = "cbc:LineExtensionAmount"
_ZERO_RATED = frozenset({"E", "G", "Z"})


def sign_of(text: str | None) -> int:
    """-1, 0 or 1; 0 for what is no number."""
    if text is None:
        return 0
    try:
        digits, _ = codecs.decimal(text, signed=True)
    except (Unreadable, Forbidden):
        return 0
    return (digits > 0) - (digits < 0)


@dataclass(frozen=True)
class _Sign:
    """``negative``: the amount of the line (its quantity, if there is no amount) has the other sign than the bill."""

    quantity: str

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        stated = sign_of(text_at(node, _AMOUNT)) or sign_of(text_at(node, self.quantity))
        negative = stated * context.sign < 0
        context.line_sign = -context.sign if negative else context.sign
        if negative:
            values["negative"] = True

    def make(self, struct: Any, node: Node, context: Context) -> None:
        context.line_sign = -context.sign if struct.negative else context.sign

    def describe(self) -> list[tuple[str, str]]:
        return [("negative", f"{self.quantity} (its sign)")]


@dataclass(frozen=True)
class _Quantity:
    """``quantity`` and ``unit`` with the sign of the line. One that cannot be read counts 0 and is kept."""

    path: str

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        here, found = join(path, self.path), node.at(self.path)
        value = read_with(_counted(context), text_at(node, self.path), context, here)
        values["quantity"] = Scaled(value=0) if value is None else value
        values["unit"] = ""
        if found is not None and value is not None:
            unit = found.attributes.get("unitCode")
            values["unit"] = read_with(codecs.CODE, unit, context, f"{here}/@unitCode") or ""

    def make(self, struct: Any, node: Node, context: Context) -> None:
        stands_in = struct.quantity == Scaled(value=0)
        codec = _counted(context)
        made = node.make(self.path)
        put(made, codecs.StandIn(codec, lenient=True) if stands_in else codec, struct.quantity, optional=stands_in)
        put_attribute(made, "unitCode", codecs.CODE, struct.unit)

    def describe(self) -> list[tuple[str, str]]:
        return [("quantity", self.path), ("unit", f"{self.path}/@unitCode")]


def _counted(context: Context) -> codecs.Codec[Scaled]:
    return codecs.TURNED if context.line_sign < 0 else codecs.NUMBER


class _Amount:
    """``amount`` with the sign of the line. One that cannot be read counts 0 and is kept."""

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        found, here = node.at(_AMOUNT), join(path, _AMOUNT)
        value = None
        if found is not None and not found.children:
            if not same_currency(found, context, here):
                raise CallerFault(here, "must be in the currency of the document", code="currency")
            value = read_with(context.minor(sign=context.line_sign), found.text, context, here)
        values["amount"] = value or 0

    def make(self, struct: Any, node: Node, context: Context) -> None:
        made = node.make(_AMOUNT)
        put_amount(made, context, struct.amount, sign=context.line_sign)
        if struct.amount == 0:
            stand_in = codecs.StandIn(context.minor(sign=context.line_sign), lenient=True)
            put(made, stand_in, 0, optional=True)

    def describe(self) -> list[tuple[str, str]]:
        return [("amount", _AMOUNT), ("currency", f"{_AMOUNT}/@currencyID")]


@dataclass(frozen=True)
class _Charge:
    """``charge``: UBL's indicator, turned round where the thing itself is taken off. ``line``: of a line."""

    line: bool = False
    path: str = "cbc:ChargeIndicator"

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        value = read_with(codecs.TRUTH, text_at(node, self.path), context, join(path, self.path))
        if value is None:
            raise Missing(join(path, self.path))
        values["charge"] = value is not self._turned(context)

    def make(self, struct: Any, node: Node, context: Context) -> None:
        put(node.make(self.path), codecs.TRUTH, struct.charge is not self._turned(context))

    def _turned(self, context: Context) -> bool:
        return (context.line_sign if self.line else context.sign) < 0

    def describe(self) -> list[tuple[str, str]]:
        return [("charge", self.path)]


@dataclass(frozen=True)
class _Dates:
    """A period of one day is ``transaction_date`` (取引年月日), any other ``period``."""

    path: str = "cac:InvoicePeriod"

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        found = node.at(self.path)
        if found is None:
            return
        day = text_at(found, "cbc:StartDate")
        plain = all(str(step) in ("cbc:StartDate", "cbc:EndDate") for step in found.children)
        if plain and day and day == text_at(found, "cbc:EndDate"):
            value = read_with(codecs.DAY, day, context, join(path, f"{self.path}/cbc:StartDate"))
            if value:
                values["transaction_date"] = value
            return
        _PERIOD.fill(node, values, context, path)

    def make(self, struct: Any, node: Node, context: Context) -> None:
        if struct.period is not None:
            _PERIOD.make(struct, node, context)
        elif struct.transaction_date:
            for name in ("cbc:StartDate", "cbc:EndDate"):
                put(node.make(f"{self.path}/{name}"), codecs.DAY, struct.transaction_date)

    def describe(self) -> list[tuple[str, str]]:
        return [("transaction_date", f"{self.path}/cbc:StartDate and cbc:EndDate"), ("period: period", self.path)]


_PERIOD = Group("period", "cac:InvoicePeriod", Period, parties.PERIOD)


def _zero(path: str) -> Fixed:
    """Exempt, export and zero have the rate 0, stated."""
    return Fixed(path, lambda struct, context: "0", lambda struct, node: struct.category in _ZERO_RATED, note="0")


TAX: tuple[Row, ...] = (
    Leaf("category", "cbc:ID", codecs.CODE),
    Leaf("rate", "cbc:Percent", codecs.NUMBER),
    _zero("cbc:Percent"),
    goods.vat("cac:TaxScheme/cbc:ID", "cbc:ID"),
)


def tax(category: str = "", **fields: Any) -> TaxCategory:
    """The tax of a line whose document may not state it."""
    return TaxCategory(category=category, **fields)


def _allowance(line: bool) -> tuple[Row, ...]:
    return (
        _Charge(line),
        Leaf("reason_code", "cbc:AllowanceChargeReasonCode", codecs.CODE),
        Leaf("reason", "cbc:AllowanceChargeReason"),
        Leaf("percent", "cbc:MultiplierFactorNumeric", codecs.NUMBER),
        Money("amount", "cbc:Amount", required=True, plain=True),
        Money("base", "cbc:BaseAmount", plain=True),
        Group("tax", "cac:TaxCategory", tax, TAX),
    )


LINE_ALLOWANCE = _allowance(line=True)
ALLOWANCE = _allowance(line=False)
ALLOWANCES = Many("allowances", "cac:AllowanceCharge", AllowanceCharge, ALLOWANCE)


class _WholePrice:
    """The price of a line that states none: its amount, for its quantity."""

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        return None

    def make(self, struct: Any, node: Node, context: Context) -> None:
        if struct.price is not None or not struct.quantity.value:
            return
        before = struct.amount - sum(one.amount if one.charge else -one.amount for one in struct.allowances)
        amount, base = node.make("cac:Price/cbc:PriceAmount"), node.make("cac:Price/cbc:BaseQuantity")
        put(amount, context.minor(signed=True, sign=1), before, soft=True)
        put_attribute(amount, "currencyID", codecs.CODE, context.currency)
        put(base, codecs.NUMBER, struct.quantity, soft=True)
        put_attribute(base, "unitCode", codecs.CODE, struct.unit)

    def describe(self) -> list[tuple[str, str]]:
        return [("(amount for quantity, where no price is stated)", "cac:Price")]


def lines(name: str, quantity: str) -> Many:
    """The lines of an invoice (``cac:InvoiceLine``) or a credit note (``cac:CreditNoteLine``)."""
    order_line, despatch = "cac:OrderLineReference", "cac:DespatchLineReference"
    rows: tuple[Row, ...] = (
        order.LineId("cbc:ID"),
        _Sign(quantity),
        Leaf("note", "cbc:Note"),
        _Quantity(quantity),
        _Amount(),
        _Dates(),
        Leaf("order_line_id", f"{order_line}/cbc:LineID", codecs.WORD),
        Leaf("order", f"{order_line}/cac:OrderReference/cbc:ID", codecs.WORD),
        _not_available(f"{order_line}/cbc:LineID", f"{order_line}/cac:OrderReference"),
        Leaf("despatch", f"{despatch}/cac:DocumentReference/cbc:ID", codecs.WORD),
        _not_available(f"{despatch}/cbc:LineID", f"{despatch}/cac:DocumentReference"),
        Many("allowances", "cac:AllowanceCharge", AllowanceCharge, LINE_ALLOWANCE),
        Group("item", "cac:Item", goods.item, goods.ITEM, required=True),
        Group("tax", "cac:Item/cac:ClassifiedTaxCategory", tax, TAX, required=True),
        Present("cac:Item"),
        Group("price", "cac:Price", Price, goods.PRICE),
        _WholePrice(),
    )
    return Many("lines", name, InvoiceLine, rows, closed=True)


def _not_available(path: str, beside: str) -> Fixed:
    """What UBL wants beside another element and nobody states (Peppol writes NA)."""
    return Fixed(path, lambda struct, context: "NA", lambda struct, node: node.at(beside) is not None, note="NA")


class _Included:
    """``tax_included`` (税込): the amounts of the lines contain the tax."""

    path = "cac:TaxTotal/cbc:TaxIncludedIndicator"

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        context.included = bool(read_with(codecs.TRUTH, text_at(node, self.path), context, self.path))
        if context.included:
            values["tax_included"] = True

    def make(self, struct: Any, node: Node, context: Context) -> None:
        context.included = struct.tax_included
        if struct.tax_included:
            put(node.make(self.path), codecs.TRUTH, True)

    def describe(self) -> list[tuple[str, str]]:
        return [("tax_included", self.path)]


def taxable(basis: int, tax: int, rate: Scaled | None) -> int:
    """The taxable amount beside a tax that is contained in ``basis``: basis - tax, in minor units.

    Where that times the rate, rounded either way, is not the tax (2,962 in 40,000 at 8 %), it is the neighbouring unit
    for which it is: 40,000 x 100 / 108 is 37,037.03… and 37,037 x 8 % gives 2,962 (割戻し計算).
    """
    for amount in (basis - tax, basis - tax - 1, basis - tax + 1):
        if rate is None or _lies_between(amount, tax, rate):
            return amount
    return basis - tax


def _lies_between(amount: int, tax: int, rate: Scaled) -> bool:
    numerator, denominator = tax_fraction(abs(amount), (rate.value, rate.scale), included=False)
    low = divide(numerator, denominator, Rounding.DOWN)
    return low <= abs(tax) <= divide(numerator, denominator, Rounding.UP)


class _Basis:
    """``basis``: the taxable amount, which never contains the tax; that of a paper with the tax in it does."""

    path = "cbc:TaxableAmount"

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        found, here = node.at(self.path), join(path, self.path)
        if found is None or found.children or not same_currency(found, context, here):
            raise Missing(here)
        value = read_with(context.minor(signed=True), found.text, context, here)
        if value is None:
            raise Missing(here)
        values["basis"] = value + values["tax"] if context.included else value  # see _Contained

    def make(self, struct: Any, node: Node, context: Context) -> None:
        value = taxable(struct.basis, struct.tax, struct.rate) if context.included else struct.basis
        put_amount(node.make(self.path), context, value, signed=True)

    def describe(self) -> list[tuple[str, str]]:
        return [("basis (less tax, where tax_included)", self.path)]


_CATEGORY = "cac:TaxCategory"
TAXES: tuple[Row, ...] = (
    _Included(),
    Many(
        "taxes",
        "cac:TaxTotal/cac:TaxSubtotal",
        TaxSubtotal,
        (
            Money("tax", "cbc:TaxAmount", required=True, signed=True),
            _Basis(),
            Leaf("category", f"{_CATEGORY}/cbc:ID", codecs.CODE, required=True),
            Leaf("rate", f"{_CATEGORY}/cbc:Percent", codecs.NUMBER),
            _zero(f"{_CATEGORY}/cbc:Percent"),
            Leaf("exemption_reason", f"{_CATEGORY}/cbc:TaxExemptionReason"),
            goods.vat(f"{_CATEGORY}/cac:TaxScheme/cbc:ID", f"{_CATEGORY}/cbc:ID"),
        ),
    ),
)


@dataclass(frozen=True)
class _BySign:
    """One of two rows: what is an allowance on a bill is a charge on one below zero."""

    above: Money
    below: Money

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        self._row(context).fill(node, values, context, path)

    def make(self, struct: Any, node: Node, context: Context) -> None:
        self._row(context).make(struct, node, context)

    def _row(self, context: Context) -> Money:
        return self.above if context.sign > 0 else self.below

    def describe(self) -> list[tuple[str, str]]:
        return self.above.describe()


class _Gross:
    """``gross``; where a document does not state it, what follows from the payable amount."""

    path = f"{TOTAL}/cbc:TaxInclusiveAmount"
    row = Money("gross", path)

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        self.row.fill(node, values, context, path)
        if "gross" not in values and node.at(self.path) is None and values.get("payable") is not None:
            found = values["payable"] + values.get("prepaid", 0) - values.get("rounding", 0)
            if found >= 0:
                values["gross"] = found

    def make(self, struct: Any, node: Node, context: Context) -> None:
        if struct.gross is None:
            return
        made = node.make(self.path)
        put_amount(made, context, struct.gross)
        due = None if struct.payable is None else struct.payable + (struct.prepaid or 0) - (struct.rounding or 0)
        made.optional = struct.gross == due

    def describe(self) -> list[tuple[str, str]]:
        return self.row.describe()


TOTALS = Group(
    "totals",
    "",
    Totals,
    (
        Money("tax", "cac:TaxTotal/cbc:TaxAmount"),
        Money("lines", f"{TOTAL}/cbc:LineExtensionAmount"),
        Money("net", f"{TOTAL}/cbc:TaxExclusiveAmount"),
        _BySign(
            Money("allowances", f"{TOTAL}/cbc:AllowanceTotalAmount", plain=True),
            Money("allowances", f"{TOTAL}/cbc:ChargeTotalAmount", plain=True),
        ),
        _BySign(
            Money("charges", f"{TOTAL}/cbc:ChargeTotalAmount", plain=True),
            Money("charges", f"{TOTAL}/cbc:AllowanceTotalAmount", plain=True),
        ),
        Money("prepaid", f"{TOTAL}/cbc:PrepaidAmount"),
        Money("rounding", f"{TOTAL}/cbc:PayableRoundingAmount", signed=True),
        Money("payable", PAYABLE),
        _Gross(),
    ),
    required=True,
)


class _Rounding:
    """``rounding``: UBL does not say it; the first direction that gives every tax of the document. Comes last."""

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        taxes, included = values.get("taxes", ()), context.included
        fits = (way.value for way in Rounding if all(_agrees(one, way, included) for one in taxes))
        values["rounding"] = next(fits, Rounding.DOWN.value)

    def make(self, struct: Any, node: Node, context: Context) -> None:
        return None

    def describe(self) -> list[tuple[str, str]]:
        return []


class _Contained:
    """``basis`` of a paper with the tax in it: of neighbours with one taxable amount, the sum of the lines."""

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        if not context.included:
            return
        sums: dict[tuple[str, int], int] = {}
        for line in values.get("lines", ()):
            _add(sums, rate_key(line.tax), -line.amount if line.negative else line.amount)
        for one in values.get("allowances", ()):
            if one.tax is not None:
                _add(sums, rate_key(one.tax), one.amount if one.charge else -one.amount)
        values["taxes"] = tuple(_with_sum(one, sums.get(rate_key(one), one.basis)) for one in values.get("taxes", ()))

    def make(self, struct: Any, node: Node, context: Context) -> None:
        return None

    def describe(self) -> list[tuple[str, str]]:
        return []


def _add(sums: dict[tuple[str, int], int], key: tuple[str, int], amount: int) -> None:
    sums[key] = sums.get(key, 0) + amount


def _with_sum(one: TaxSubtotal, wanted: int) -> TaxSubtotal:
    same = taxable(wanted, one.tax, one.rate) == one.basis - one.tax
    return replace(one, basis=wanted) if same else one


DERIVED: tuple[Row, ...] = (_Contained(), _Rounding())


def _agrees(one: TaxSubtotal, way: Rounding, included: bool) -> bool:
    if one.rate is None or not one.tax:
        return True
    numerator, denominator = tax_fraction(abs(one.basis), (one.rate.value, one.rate.scale), included=included)
    return divide(numerator, denominator, way) == abs(one.tax)
