"""Mapping of what is traded: items, prices, taxes, allowances, totals, payment.

Owns where these stand in UBL. Amounts are in the paper's currency; one that is not stays with what no field holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from node.papers.ubl import codecs
from node.papers.ubl.amounts import Money, Quantity, UnitPrice
from node.papers.ubl.groups import Group, Many
from node.papers.ubl.rows import (
    Attribute,
    Context,
    Fixed,
    Leaf,
    Row,
    Values,
    Variant,
)
from protocol.process import checks
from protocol.process.trade.papers import (
    AllowanceCharge,
    BankAccount,
    Classification,
    Identifier,
    Item,
    PaymentMeans,
    PaymentTerms,
    PriceAllowance,
    Property,
    TaxCategory,
    TaxSubtotal,
    Totals,
)

GTIN = "0160"
_METHODS = {"cash": "10", "transfer": "30", "promissory_note": "60", "electronic_record": "98"}


def _currency(struct: Any, context: Context) -> Mapping[str, str]:
    return {"currencyID": context.currency}


def vat(path: str, beside: str) -> Fixed:
    """The scheme of a tax category: consumption tax is VAT too."""
    return Fixed(path, lambda struct, context: "VAT", lambda struct, node: node.at(beside) is not None, note="VAT")


TAX_CATEGORY: tuple[Row, ...] = (
    Leaf("category", "cbc:ID", codecs.CODE, required=True),
    Leaf("rate", "cbc:Percent", codecs.NUMBER),
    vat("cac:TaxScheme/cbc:ID", "cbc:ID"),
)
ALLOWANCE: tuple[Row, ...] = (
    Leaf("charge", "cbc:ChargeIndicator", codecs.TRUTH, required=True),
    Leaf("reason_code", "cbc:AllowanceChargeReasonCode", codecs.CODE),
    Leaf("reason", "cbc:AllowanceChargeReason"),
    Leaf("percent", "cbc:MultiplierFactorNumeric", codecs.NUMBER),
    Money("amount", "cbc:Amount", required=True),
    Money("base", "cbc:BaseAmount"),
    Group("tax", "cac:TaxCategory", TaxCategory, TAX_CATEGORY),
)
ALLOWANCES = Many("allowances", "cac:AllowanceCharge", AllowanceCharge, ALLOWANCE)
PRICE: tuple[Row, ...] = (
    UnitPrice("value", "cbc:PriceAmount", required=True),
    Quantity("base_quantity", "cbc:BaseQuantity", "unit"),
    Leaf("kind", "cbc:PriceTypeCode", codecs.CODE),
    Group(
        "allowance",
        "cac:AllowanceCharge",
        PriceAllowance,
        (
            Leaf("charge", "cbc:ChargeIndicator", codecs.TRUTH, required=True),
            UnitPrice("amount", "cbc:Amount", required=True),
            UnitPrice("base", "cbc:BaseAmount"),
        ),
    ),
)


def _read_standard(value: str, scheme: str) -> Values:
    if scheme == GTIN and checks.is_gtin(value):
        return {"gtin": value}
    return {"standard_id": Identifier(value=value, scheme=scheme)}


def _write_standard(item: Any) -> tuple[str, str] | None:
    if item.standard_id is not None:
        return item.standard_id.value, item.standard_id.scheme
    return (item.gtin, GTIN) if item.gtin else None


ITEM: tuple[Row, ...] = (
    Leaf("description", "cbc:Description"),
    Leaf("name", "cbc:Name"),
    Leaf("buyer_id", "cac:BuyersItemIdentification/cbc:ID", codecs.WORD),
    Leaf("seller_id", "cac:SellersItemIdentification/cbc:ID", codecs.WORD),
    Leaf("manufacturer_id", "cac:ManufacturersItemIdentification/cbc:ID", codecs.WORD),
    Variant("cac:StandardItemIdentification/cbc:ID", _read_standard, _write_standard, ("gtin", "standard_id")),
    Leaf("origin_country", "cac:OriginCountry/cbc:IdentificationCode", codecs.CODE),
    Many(
        "classifications",
        "cac:CommodityClassification",
        Classification,
        (
            Leaf("code", "cbc:ItemClassificationCode", codecs.WORD, required=True),
            Attribute("list", "cbc:ItemClassificationCode", "listID", codecs.WORD),
            Attribute("version", "cbc:ItemClassificationCode", "listVersionID", codecs.WORD),
            Attribute("name", "cbc:ItemClassificationCode", "name", codecs.TEXT),
        ),
    ),
    Many(
        "properties",
        "cac:AdditionalItemProperty",
        Property,
        (
            Leaf("name", "cbc:Name", required=True),
            Leaf("value", "cbc:Value"),
            Quantity("quantity", "cbc:ValueQuantity", "unit"),
            Leaf("qualifier", "cbc:ValueQualifier", codecs.WORD),
        ),
    ),
    Leaf("serial", "cac:ItemInstance/cbc:SerialID", codecs.WORD),
    Leaf("best_before", "cac:ItemInstance/cbc:BestBeforeDate", codecs.DAY),
    Leaf("lot", "cac:ItemInstance/cac:LotIdentification/cbc:LotNumberID", codecs.WORD),
)


def item(name: str = "", **fields: Any) -> Item:
    """An item whose document may not name it."""
    return Item(name=name, **fields)


TAXES = Many(
    "taxes",
    "cac:TaxTotal/cac:TaxSubtotal",
    TaxSubtotal,
    (
        Money("basis", "cbc:TaxableAmount", required=True),
        Money("tax", "cbc:TaxAmount", required=True),
        Leaf("category", "cac:TaxCategory/cbc:ID", codecs.CODE, required=True),
        Leaf("rate", "cac:TaxCategory/cbc:Percent", codecs.NUMBER),
        Leaf("exemption_reason", "cac:TaxCategory/cbc:TaxExemptionReason"),
        vat("cac:TaxCategory/cac:TaxScheme/cbc:ID", "cac:TaxCategory/cbc:ID"),
    ),
)
_TOTAL = "cac:AnticipatedMonetaryTotal"
_TOTAL_TAX = "cac:TaxTotal/cbc:TaxAmount"
TOTALS = Group(
    "totals",
    "",
    Totals,
    (
        Money("tax", _TOTAL_TAX),
        Money("lines", f"{_TOTAL}/cbc:LineExtensionAmount"),
        Money("net", f"{_TOTAL}/cbc:TaxExclusiveAmount"),
        Money("gross", f"{_TOTAL}/cbc:TaxInclusiveAmount"),
        Money("allowances", f"{_TOTAL}/cbc:AllowanceTotalAmount"),
        Money("charges", f"{_TOTAL}/cbc:ChargeTotalAmount"),
        Money("prepaid", f"{_TOTAL}/cbc:PrepaidAmount"),
        Money("rounding", f"{_TOTAL}/cbc:PayableRoundingAmount", signed=True),
        Money("payable", f"{_TOTAL}/cbc:PayableAmount"),
    ),
)


def _payable(paper: Any, context: Context) -> str:
    sums = paper.totals
    known = [amount for amount in (sums.gross, sums.net, sums.lines, 0) if amount is not None]
    return context.minor().write(known[0])


DEFAULT_SUMS: tuple[Row, ...] = (
    Fixed(
        _TOTAL_TAX,
        lambda paper, context: context.minor().write(sum(one.tax for one in paper.taxes)),
        lambda paper, node: bool(paper.taxes),
        attributes=_currency,
        note="sum of taxes[n].tax",
    ),
    Fixed(
        f"{_TOTAL}/cbc:PayableAmount",
        _payable,
        lambda paper, node: node.at(_TOTAL) is not None,
        attributes=_currency,
        note="gross, else net, else the sum of the lines",
    ),
)


def _method_code(means: Any, context: Context) -> str:
    return _METHODS.get(means.method, "ZZZ")


TERMS = Group(
    "terms",
    "",
    PaymentTerms,
    (
        Leaf("code", "cac:PaymentTerms/cbc:ID", codecs.CODE),
        Leaf("description", "cac:PaymentTerms/cbc:Note"),
        Leaf("due_date", "cac:PaymentTerms/cbc:PaymentDueDate", codecs.DAY),
        Many(
            "means",
            "cac:PaymentMeans",
            PaymentMeans,
            (
                Leaf("code", "cbc:PaymentMeansCode", codecs.CODE),
                Fixed("cbc:PaymentMeansCode", _method_code, note="from means.method"),
                Leaf("reference", "cbc:PaymentID", codecs.WORD),
                Group(
                    "account",
                    "cac:PayeeFinancialAccount",
                    BankAccount,
                    (Leaf("number", "cbc:ID", codecs.WORD), Leaf("holder", "cbc:Name")),
                ),
            ),
        ),
    ),
)
