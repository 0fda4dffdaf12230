"""Mapping of the order: ``Order`` of UBL 2.1 and Peppol BIS Ordering 3 to the paper ``order``.

Owns where each field of an order stands. What a Japanese order must state and UBL has no element for stands in an
extension of our own. Source: Peppol BIS Ordering 3.x; UBL 2.1; ADR 0002.
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from node.papers.ubl import codecs, goods, parties
from node.papers.ubl.amounts import Money, Quantity
from node.papers.ubl.groups import Group, Keyed, Many
from node.papers.ubl.rows import (
    Attribute,
    Context,
    Fixed,
    Flag,
    Leaf,
    Present,
    Row,
    Values,
    join,
    put,
    put_attribute,
    read_with,
    text_at,
)
from node.papers.ubl.tree import STATEMENT, Node
from protocol.process import checks
from protocol.process.trade.papers import (
    AllowanceCharge,
    Delivery,
    DeliveryTerms,
    Inspection,
    OrderLine,
    Period,
    Price,
    Reference,
    Scaled,
    SuppliedMaterial,
    TaxCategory,
    Undecided,
)

CUSTOMIZATION = "urn:fdc:peppol.eu:poacc:trns:order:3"
PROFILE = "urn:fdc:peppol.eu:poacc:bis:ordering:3"
NO_CURRENCY = "XXX"  # ISO 4217: no currency is involved
_CURRENCY = "cbc:DocumentCurrencyCode"
LINE = "cac:OrderLine"
_LINE_ID = "cac:LineItem/cbc:ID"


def profile(customization: str) -> tuple[Row, ...]:
    """The two elements that name the Peppol specification; a document of another specification keeps its own."""
    return (
        Fixed("cbc:CustomizationID", lambda paper, context: customization, note=customization),
        Fixed("cbc:ProfileID", lambda paper, context: PROFILE, note=PROFILE),
    )


class _NoCode(codecs.Words):
    """``XXX`` stands for whatever a document says that is no currency."""

    def same(self, spelling: str, canonical: str) -> bool:
        return spelling.strip() == canonical or not checks.is_currency(spelling.strip())


_NO_CODE = _NoCode()


class _Currency:
    """``currency``: as stated, else that of the first amount. Read first: amounts depend on it."""

    path = _CURRENCY

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        stated = text_at(node, _CURRENCY)
        currency = (stated if stated is not None else first_currency(node)).strip()
        if not checks.is_currency(currency):
            if currency:
                context.warn(_CURRENCY, "not an ISO 4217 code: amounts are kept as they are")
            currency = NO_CURRENCY
        values["currency"] = context.currency = currency

    def make(self, struct: Any, node: Node, context: Context) -> None:
        if struct.currency:
            codec = _NO_CODE if struct.currency == NO_CURRENCY else codecs.CODE
            put(node.make(_CURRENCY), codec, struct.currency, optional=True)

    def describe(self) -> list[tuple[str, str]]:
        return [("currency", _CURRENCY)]


def first_currency(node: Node) -> str:
    """The currency of the first amount in a document; empty where there is none."""
    found = node.attributes.get("currencyID", "")
    for child in node.children.values():
        if found:
            break
        found = first_currency(child)
    return found


CURRENCY = _Currency()


class _Number:
    """``number``. A document without one is told apart by its bytes: ``#`` and 16 digits of their SHA-256."""

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        value = read_with(codecs.WORD, text_at(node, "cbc:ID"), context, "cbc:ID")
        if not value:
            context.warn("cbc:ID", "the document has no number: one was made from its content")
        values["number"] = value or f"#{context.digest[:16]}"

    def make(self, struct: Any, node: Node, context: Context) -> None:
        put(node.make("cbc:ID"), codecs.WORD, struct.number, optional=struct.number.startswith("#"))

    def describe(self) -> list[tuple[str, str]]:
        return [("number", "cbc:ID")]


class LineId:
    """``line_id``: as stated; where a document states none or one twice, its position after a ``#`` tells it apart."""

    def __init__(self, path: str = _LINE_ID) -> None:
        self._path = path

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        stated = read_with(codecs.WORD, text_at(node, self._path), context, join(path, self._path)) or ""
        taken: dict[str, None] = context.line_ids
        if not stated or stated in taken:
            context.warn(join(path, self._path), "is missing" if not stated else f"line {stated} stands twice")
            stated = f"{stated[:100]}#{len(taken) + 1}"
        taken[stated] = None
        values["line_id"] = stated

    def make(self, struct: Any, node: Node, context: Context) -> None:
        codec = codecs.Position(node.step.number)
        put(node.make(self._path), codec, struct.line_id, optional=codec.placeholder(struct.line_id))

    def describe(self) -> list[tuple[str, str]]:
        return [("line_id", self._path)]


NUMBER = _Number()
REFERENCE: tuple[Row, ...] = (
    Leaf("number", "cbc:ID", codecs.WORD, required=True),
    Leaf("date", "cbc:IssueDate", codecs.DAY),
    Leaf("type_code", "cbc:DocumentTypeCode", codecs.CODE),
    Leaf("description", "cbc:DocumentType"),
    Leaf("uri", "cac:Attachment/cac:ExternalReference/cbc:URI"),
)
_PLAIN: tuple[Row, ...] = (
    Leaf("number", "cbc:ID", codecs.WORD, required=True),
    Leaf("date", "cbc:IssueDate", codecs.DAY),
)
_CONTRACT: tuple[Row, ...] = (
    *_PLAIN,
    Leaf("type_code", "cbc:ContractTypeCode", codecs.CODE),
    Leaf("description", "cbc:ContractType"),
)


def reference(kind: str, path: str, *, many: bool = False, rows: tuple[Row, ...] = REFERENCE) -> Keyed:
    """References of one kind."""
    return Keyed("references", "kind", kind, path, Reference, rows, many)


PREVIOUS_ORDER = reference("previous_order", "cac:OrderDocumentReference", many=True)
ORIGINATOR = reference("originator", "cac:OriginatorDocumentReference")
OTHER = reference("other", "cac:AdditionalDocumentReference", many=True)
CONTRACT = reference("contract", "cac:Contract", many=True, rows=_CONTRACT)

HEAD: tuple[Row, ...] = (
    CURRENCY,
    NUMBER,
    Leaf("sales_order_id", "cbc:SalesOrderID", codecs.WORD),
    Leaf("issue_date", "cbc:IssueDate", codecs.DAY, required=True),
    Leaf("issue_time", "cbc:IssueTime", codecs.TIME),
    Leaf("note", "cbc:Note"),
    Attribute("language", "cbc:Note", "languageID"),
    Leaf("customer_reference", "cbc:CustomerReference", codecs.WORD),
)
BUYER = Group("buyer", "cac:BuyerCustomerParty/cac:Party", parties.party, parties.PARTY, required=True)
SELLER = Group("seller", "cac:SellerSupplierParty/cac:Party", parties.party, parties.PARTY, required=True)

LINES = Many(
    "lines",
    LINE,
    OrderLine,
    (
        LineId(),
        Leaf("note", "cbc:Note"),
        Leaf("status", "cac:LineItem/cbc:LineStatusCode", codecs.CODE),
        Quantity("quantity", "cac:LineItem/cbc:Quantity", "unit", default=Scaled(value=0)),
        Money("amount", "cac:LineItem/cbc:LineExtensionAmount"),
        Leaf("partial_delivery", "cac:LineItem/cbc:PartialDeliveryIndicator", codecs.TRUTH),
        Leaf("accounting_cost", "cac:LineItem/cbc:AccountingCost", codecs.WORD),
        Group("delivery", "cac:LineItem/cac:Delivery", Delivery, parties.REQUESTED),
        Group("originator", "cac:LineItem/cac:OriginatorParty", parties.party, parties.PARTY),
        Many("allowances", "cac:LineItem/cac:AllowanceCharge", AllowanceCharge, goods.ALLOWANCE),
        Group("price", "cac:LineItem/cac:Price", Price, goods.PRICE),
        Group("item", "cac:LineItem/cac:Item", goods.item, goods.ITEM, required=True),
        Group("tax", "cac:LineItem/cac:Item/cac:ClassifiedTaxCategory", TaxCategory, goods.TAX_CATEGORY),
        Present("cac:LineItem/cac:Item"),
    ),
    closed=True,
)

OURS = f"ext:UBLExtensions/ext:UBLExtension[0]/ext:ExtensionContent/{{{STATEMENT}}}OrderStatement"


def _own(name: str) -> str:
    return f"{OURS}/{{{STATEMENT}}}{name}"


def _inner(name: str) -> str:
    return f"{{{STATEMENT}}}{name}"


class _Formulas:
    """``lines[n].formula`` (算定方法), named by the line."""

    _path = _own("Formula")

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        said = {}
        for step, child in node.items(self._path):
            text = read_with(codecs.TEXT, child.text, context, f"{OURS}/{step}")
            if not text or child.attributes.get("line") in said:
                break
            said[child.attributes.get("line", "")] = text
        if said:
            lines = values.get("lines", ())
            values["lines"] = tuple(replace(line, formula=said.get(line.line_id, "")) for line in lines)

    def make(self, struct: Any, node: Node, context: Context) -> None:
        for index, line in enumerate((line for line in struct.lines if line.formula), 1):
            made = node.make(f"{self._path}[{index}]")
            made.item = True
            put(made, codecs.TEXT, line.formula)
            put_attribute(made, "line", codecs.WORD, line.line_id)

    def describe(self) -> list[tuple[str, str]]:
        return [("lines[n].formula", f"{self._path}(n)"), ("lines[n].line_id", f"{self._path}(n)/@line")]


STATEMENT_ROWS: tuple[Row, ...] = (
    Leaf("status", _own("Status"), codecs.CODE),
    Flag("tax_included", _own("TaxIncluded")),
    Group(
        "inspection",
        _own("Inspection"),
        Inspection,
        (
            Leaf("completion_date", _inner("CompletionDate"), codecs.DAY),
            Leaf("days_after_receipt", _inner("DaysAfterReceipt"), codecs.COUNT),
            Leaf("method", _inner("Method")),
            Flag("waived", _inner("Waived")),
        ),
    ),
    Many(
        "supplied",
        _own("SuppliedMaterial"),
        SuppliedMaterial,
        (
            Leaf("name", _inner("Name"), required=True),
            Quantity("quantity", _inner("Quantity"), "unit"),
            Money("amount", _inner("Amount")),
            Leaf("handover_date", _inner("HandoverDate"), codecs.DAY),
            Leaf("settlement_date", _inner("SettlementDate"), codecs.DAY),
            Leaf("settlement_method", _inner("SettlementMethod")),
        ),
    ),
    Many(
        "undecided",
        _own("Undecided"),
        Undecided,
        (
            Leaf("field", _inner("Field"), codecs.WORD, required=True),
            Leaf("reason", _inner("Reason"), required=True),
            Leaf("expected_date", _inner("ExpectedDate"), codecs.DAY),
        ),
    ),
    _Formulas(),
)

ORDER: tuple[Row, ...] = (
    *profile(CUSTOMIZATION),
    *HEAD,
    Leaf("kind", "cbc:OrderTypeCode", codecs.CODE),
    Leaf("accounting_cost", "cbc:AccountingCost", codecs.WORD),
    Group("validity", "cac:ValidityPeriod", Period, parties.PERIOD),
    reference("quotation", "cac:QuotationDocumentReference"),
    PREVIOUS_ORDER,
    ORIGINATOR,
    reference("catalogue", "cac:CatalogueReference", rows=_PLAIN),
    OTHER,
    CONTRACT,
    reference("project", "cac:ProjectReference", many=True, rows=_PLAIN),
    BUYER,
    SELLER,
    parties.involved("originator", "cac:OriginatorCustomerParty/cac:Party"),
    parties.involved("carrier", "cac:FreightForwarderParty"),
    parties.involved("accounting", "cac:AccountingCustomerParty/cac:Party"),
    Group("delivery", "cac:Delivery", Delivery, parties.REQUESTED),
    Group("delivery_terms", "cac:DeliveryTerms", DeliveryTerms, parties.DELIVERY_TERMS),
    goods.TERMS,
    goods.ALLOWANCES,
    goods.TAXES,
    goods.TOTALS,
    *goods.DEFAULT_SUMS,
    LINES,
    *STATEMENT_ROWS,
)

ORDER_CONTACTS: tuple[Row, ...] = (
    parties.contact("buyer", "cac:BuyerCustomerParty/cac:Party"),
    parties.contact("seller", "cac:SellerSupplierParty/cac:Party"),
    parties.contact("originator", "cac:OriginatorCustomerParty/cac:Party"),
    parties.contact("carrier", "cac:FreightForwarderParty"),
    parties.contact("accounting", "cac:AccountingCustomerParty/cac:Party"),
    parties.contact("delivery", "cac:Delivery/cac:DeliveryParty"),
)
