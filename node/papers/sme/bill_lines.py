"""One line of an invoice or statement, and its parts: amounts with their sign, spans, allowances, accounts, means.

Owns the rows of a line (``LINE``) and what the papers around it share; the papers are :mod:`node.papers.sme.billing`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from node.papers.sme import goods, head, notes
from node.papers.sme.goods import included
from node.papers.sme.rows import (
    Moment,
    Quantity,
    Sme,
    Sum,
    amount_at,
    at,
    counted,
    group,
    leaf,
    many,
    put_moment,
    put_number,
    put_sum,
)
from node.papers.ubl import codecs
from node.papers.ubl.rows import (
    Context,
    Missing,
    Row,
    Values,
    join,
)
from node.papers.ubl.tree import Node
from protocol.process import money
from protocol.process.trade.papers import (
    AllowanceCharge,
    BankAccount,
    InvoiceLine,
    Period,
    Scaled,
)

HEAD_PATH = "CIIHExchangedDocument"
TRADE_PATH = "CIIHSupplyChainTradeTransaction"
DEAL_PATH = f"{TRADE_PATH}/ApplicableCIIHSupplyChainTradeAgreement"
MONEY_PATH = f"{TRADE_PATH}/ApplicableCIIHSupplyChainTradeSettlement"
SHEET_PATH = f"{TRADE_PATH}/IncludedCIILSupplyChainTradeLineItem"
LINE_PATH = "SubordinateCIILBSubordinateTradeLineItem"
SHEET_MONEY = "SpecifiedCIILSupplyChainTradeSettlement"
SHEET_SUMS = f"{SHEET_MONEY}/SpecifiedCIILTradeSettlementMonetarySummation"
LINE_DEAL = "SpecifiedCIILBSupplyChainTradeAgreement"
LINE_MONEY = "SpecifiedCIILBSupplyChainTradeSettlement"
SUMS = f"{MONEY_PATH}/SpecifiedCIIHTradeSettlementMonetarySummation"

ACCOUNT: tuple[Row, ...] = (
    leaf("holder", "PayeePartyCICreditorFinancialAccount/AccountName"),
    leaf("number", "PayeePartyCICreditorFinancialAccount/ProprietaryID", codecs.WORD),
    leaf("kind", "PayeePartyCICreditorFinancialAccount/TypeCode", codecs.CODE),
    leaf("bank", "PayeeSpecifiedCICreditorFinancialInstitution/JapanFinancialInstitutionCommonID", codecs.CODE),
    leaf("bank_name", "PayeeSpecifiedCICreditorFinancialInstitution/Name"),
    leaf(
        "branch", "PayeeSpecifiedCICreditorFinancialInstitution/SubDivisionBranchFinancialInstitution/ID", codecs.CODE
    ),
    leaf("branch_name", "PayeeSpecifiedCICreditorFinancialInstitution/SubDivisionBranchFinancialInstitution/Name"),
)
METHODS: Final = {"cash": "10", "transfer": "30", "promissory_note": "60"}
"""支払手段タイプコード (UNCL4461) of the ways of payment that have one in ver.4.2."""
MEANS: tuple[Row, ...] = (
    leaf("code", "TypeCode", codecs.CODE),
    counted("TypeCode", lambda means, context: METHODS.get(means.method, ""), note="from means.method"),
    Sum("amount", "PaidAmount"),
    leaf("institution", "Information"),
    group("account", "", BankAccount, ACCOUNT),
)
ALLOWANCE: tuple[Row, ...] = (
    leaf("charge", "ChargeIndicator/udt:Indicator", codecs.TRUTH, required=True),
    leaf("percent", "CalculationPercent", codecs.NUMBER),
    Sum("amount", "ActualAmount", required=True),
    leaf("reason_code", "ReasonCode", codecs.CODE),
    leaf("reason", "Reason"),
    Sum("base", "BasisAmount"),
    goods.LineTax("CategoryCITradeTax", sums=True, billed=True),
)


@dataclass(frozen=True)
class Span:
    """``transaction_date`` (取引年月日) for a period of one day, else ``period``."""

    path: str

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        found: Values = {}
        Moment("start", f"{self.path}/StartDateTime").fill(node, found, context, path)
        Moment("end", f"{self.path}/EndDateTime").fill(node, found, context, path)
        start, end = found.get("start", ""), found.get("end", "")
        if start and start == end:
            values["transaction_date"] = start
        elif (start or end) and (not start or not end or start < end):
            values["period"] = Period(start=start, end=end)

    def make(self, struct: Any, node: Node, context: Context) -> None:
        period = struct.period or Period(start=struct.transaction_date, end=struct.transaction_date)
        if period.start:
            put_moment(node, f"{self.path}/StartDateTime", period.start)
        if period.end:
            put_moment(node, f"{self.path}/EndDateTime", period.end)

    def describe(self) -> list[tuple[str, str]]:
        return [
            ("period.start, or transaction_date", at(f"{self.path}/StartDateTime")),
            ("period.end, or transaction_date", at(f"{self.path}/EndDateTime")),
        ]


@dataclass(frozen=True)
class Amount:
    """``amount`` and ``tax`` of a line. A line that states no amount has quantity × price."""

    _path = f"{LINE_MONEY}/ApplicableCITradeTax"

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        goods.LineTax(self._path).fill(node, values, context, path)
        if "tax" not in values and isinstance(context, Sme) and context.tax is not None:
            context.warn(join(path, at(self._path)), "states no tax: that of the document is taken")
            values["tax"] = context.tax
        if "tax" not in values:
            raise Missing(join(path, at(f"{self._path}/CategoryCode")))
        name = "GrandTotalAmount" if included(context) else "BasisAmount"
        value = amount_at(node, f"{self._path}/{name}", context, path, signed=True)
        if value is None:
            value = product_of(values, context)
        if value is None:
            raise Missing(join(path, at(f"{self._path}/{name}")))
        if value < 0:
            values["negative"] = True
        values["amount"] = abs(value)

    def make(self, struct: InvoiceLine, node: Node, context: Context) -> None:
        goods.LineTax(self._path, sums=True, billed=True).make(struct, node, context)
        name = "GrandTotalAmount" if included(context) else "BasisAmount"
        put_sum(node, f"{self._path}/{name}", struct.amount, context, optional=True)
        for child in node.make(at(self._path)).children.values():
            child.optional = True
            if struct.negative and child.step.name in COUNTED:
                negate(child)

    def describe(self) -> list[tuple[str, str]]:
        basis = at(f"{self._path}/BasisAmount")
        rows = [row for row in goods.LineTax(self._path, sums=True, billed=True).describe() if row[1] != basis]
        return [("amount", basis), *rows]


COUNTED: Final = frozenset({at("BasisAmount"), at("GrandTotalAmount"), at("CalculatedAmount")})


def negate(node: Node) -> None:
    """A line that is taken off counts below zero."""
    if node.text and node.text.strip("0."):
        node.text = f"-{node.text}"


class Billed(Quantity):
    """``quantity``; below zero for a line that is taken off (``negative``)."""

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        found = node.at(at(self.path))
        if found is None or found.text is None or not found.text.strip().startswith("-"):
            super().fill(node, values, context, path)
            return
        plain = Node(node.step)
        inner = plain.make(at(self.path))
        inner.text, inner.attributes = found.text.strip()[1:], found.attributes
        super().fill(plain, values, context, path)
        values["negative"] = True

    def make(self, struct: InvoiceLine, node: Node, context: Context) -> None:
        super().make(struct, node, context)
        made = node.at(at(self.path))
        if struct.negative and made is not None:
            negate(made)


def net_of(lines: Iterable[InvoiceLine]) -> int:
    return sum(-line.amount if line.negative else line.amount for line in lines)


def product_of(values: Values, context: Context) -> int | None:
    price, quantity = values.get("price"), values.get("quantity")
    if price is None or quantity is None:
        return None
    base = price.base_quantity
    return money.line_amount(
        (quantity.value, quantity.scale),
        (price.value.value, price.value.scale),
        money.Rounding.DOWN,
        base=None if base is None else (base.value, base.scale),
        currency=context.currency,
    )


@dataclass(frozen=True)
class Priced:
    """``price``; a line without one is priced as a whole: its amount for its quantity."""

    _path = f"{LINE_DEAL}/NetPriceProductCITradePrice"

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        goods.price(self._path).fill(node, values, context, path)

    def make(self, struct: InvoiceLine, node: Node, context: Context) -> None:
        goods.price(self._path).make(struct, node, context)
        if struct.price is None:
            whole = Scaled(value=struct.amount, scale=money.minor_digits(context.currency))
            put_number(node, f"{self._path}/ChargeAmount", whole)
            if struct.quantity.value:
                put_number(node, f"{self._path}/BasisQuantity", struct.quantity, struct.unit)

    def describe(self) -> list[tuple[str, str]]:
        return goods.price(self._path).describe()


LINE: tuple[Row, ...] = (
    head.LineId("ID"),
    goods.goods("ApplicableCITradeProduct", goods.BILLED_ITEM, required=True),
    Billed("quantity", "SpecifiedCIILBSupplyChainTradeDelivery/BilledQuantity", "unit", default=Scaled(value=0)),
    Priced(),
    Amount(),
    leaf("order", f"{LINE_DEAL}/BuyerOrderReferencedCIReferencedDocument/IssuerAssignedID", codecs.WORD),
    leaf("order_line_id", f"{LINE_DEAL}/BuyerOrderReferencedCIReferencedDocument/LineID", codecs.WORD),
    leaf("despatch", f"{LINE_DEAL}/AdditionalReferencedCIReferencedDocument/IssuerAssignedID", codecs.WORD),
    many("allowances", f"{LINE_MONEY}/SpecifiedCITradeAllowanceCharge", AllowanceCharge, ALLOWANCE),
    Span(f"{LINE_MONEY}/BillingCISpecifiedPeriod"),
    notes.Notes((), "IncludedCINote"),
)
