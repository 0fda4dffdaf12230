"""Mapping of the order response: UBL 2.1 and Peppol BIS Ordering 3 to the paper ``order_response``.

Owns where each field of a response stands, and the codes of its answers (UNCL4343, UNCL1229). Source: Peppol BIS
Ordering 3.x; UBL 2.1; ADR 0002.
"""

from __future__ import annotations

from typing import Any

from node.papers.ubl import codecs, goods, order, parties
from node.papers.ubl.amounts import Quantity
from node.papers.ubl.groups import Group, Many
from node.papers.ubl.rows import Context, Leaf, Present, Row, Values, join, put, read_with, text_at
from node.papers.ubl.tree import Node
from protocol.process.trade.papers import Delivery, Price, PromisedDelivery, ResponseLine, TaxCategory

CUSTOMIZATION = "urn:fdc:peppol.eu:poacc:trns:order_response:3"
RESPONSES = {"AB": "received", "AP": "accepted", "CA": "changed", "RE": "refused"}  # UNCL4343
STATUSES = {"1": "added", "3": "changed", "5": "accepted", "7": "refused", "42": "delivered"}  # UNCL1229
_IMPLIED = {"refused": "refused", "changed": "changed"}  # what a line without status says under a response
# A response that says accepted and changes a line, and an added line that does not say what is added, are changes.
_RESPONSE = codecs.Coded(RESPONSES, frozenset({("AP", "CA")}), ("received",))
_STATUS = codecs.Coded(STATUSES)
_RESPONSE_PATH = "cbc:OrderResponseCode"
_STATUS_PATH = "cac:LineItem/cbc:LineStatusCode"
_LINE_REFERENCE = "cac:OrderLineReference/cbc:LineID"


class _Response:
    """``response``. A document without a code that we know says no more than that the order was received."""

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        text = text_at(node, _RESPONSE_PATH)
        value = read_with(_RESPONSE, text, context, _RESPONSE_PATH)
        if text is None:
            context.warn(_RESPONSE_PATH, "is missing: taken as received")
        values["response"] = context.response = value or "received"

    def make(self, struct: Any, node: Node, context: Context) -> None:
        put(node.make(_RESPONSE_PATH), _RESPONSE, struct.response, optional=struct.response == "received")
        context.response = struct.response

    def describe(self) -> list[tuple[str, str]]:
        return [("response", _RESPONSE_PATH)]


class _Status:
    """``status`` of a line; where the line has none, what the response as a whole implies."""

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        value = read_with(_STATUS, text_at(node, _STATUS_PATH), context, join(path, _STATUS_PATH))
        values["status"] = value or _IMPLIED.get(context.response, "accepted")

    def make(self, struct: Any, node: Node, context: Context) -> None:
        implied = ("accepted", _IMPLIED.get(context.response, "accepted"))
        codec = codecs.Coded(STATUSES, frozenset({("1", "3")}), implied)
        put(node.make(_STATUS_PATH), codec, struct.status, optional=struct.status in implied)

    def describe(self) -> list[tuple[str, str]]:
        return [("status", _STATUS_PATH)]


class _OrderLine:
    """``order_line_id``; where a line names no line of the order, its own number is meant."""

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        value = read_with(codecs.WORD, text_at(node, _LINE_REFERENCE), context, join(path, _LINE_REFERENCE))
        values["order_line_id"] = value or ("" if values["status"] == "added" else values["line_id"])

    def make(self, struct: Any, node: Node, context: Context) -> None:
        if struct.order_line_id:
            made = node.make(_LINE_REFERENCE)
            stands_in = struct.order_line_id == struct.line_id
            put(
                made,
                codecs.StandIn(codecs.WORD) if stands_in else codecs.WORD,
                struct.order_line_id,
                optional=stands_in,
            )

    def describe(self) -> list[tuple[str, str]]:
        return [("order_line_id", _LINE_REFERENCE)]


_SUBSTITUTE = "cac:SellerSubstitutedLineItem"
LINES = Many(
    "lines",
    order.LINE,
    ResponseLine,
    (
        order.LineId(),
        Leaf("note", "cac:LineItem/cbc:Note"),
        Leaf("reason", "cac:LineItem/cbc:Note[2]"),
        _Status(),
        _OrderLine(),
        Quantity("quantity", "cac:LineItem/cbc:Quantity", "unit"),
        Quantity("max_backorder", "cac:LineItem/cbc:MaximumBackorderQuantity", "unit", borrow=True),
        Many(
            "promises",
            "cac:LineItem/cac:Delivery",
            PromisedDelivery,
            (
                Leaf("split_id", "cbc:ID", codecs.WORD),
                Leaf("quantity", "cbc:Quantity", codecs.NUMBER),
                Group("delivery", "", Delivery, parties.PROMISED),
            ),
        ),
        Group("price", "cac:LineItem/cac:Price", Price, goods.PRICE),
        Group("item", "cac:LineItem/cac:Item", goods.item, goods.ITEM),
        Present("cac:LineItem/cac:Item"),
        Leaf("substitute_line_id", f"{_SUBSTITUTE}/cbc:ID", codecs.WORD),
        Group("substitute", f"{_SUBSTITUTE}/cac:Item", goods.item, goods.ITEM),
        Group("substitute_tax", f"{_SUBSTITUTE}/cac:Item/cac:ClassifiedTaxCategory", TaxCategory, goods.TAX_CATEGORY),
    ),
    closed=True,
)

ORDER_RESPONSE: tuple[Row, ...] = (
    *order.profile(CUSTOMIZATION),
    *order.HEAD,
    _Response(),
    Leaf("reason", "cbc:Note[2]"),
    Leaf("order", "cac:OrderReference/cbc:ID", codecs.WORD, default="?"),
    order.PREVIOUS_ORDER,
    order.ORIGINATOR,
    order.OTHER,
    order.CONTRACT,
    order.SELLER,
    order.BUYER,
    parties.involved("originator", "cac:OriginatorCustomerParty/cac:Party"),
    parties.involved("carrier", "cac:FreightForwarderParty"),
    parties.involved("accounting", "cac:AccountingCustomerParty/cac:Party"),
    parties.involved("payee", "cac:AccountingSupplierParty/cac:Party"),
    Group("delivery", "cac:Delivery", Delivery, parties.PROMISED),
    LINES,
)

RESPONSE_CONTACTS: tuple[Row, ...] = (
    *order.ORDER_CONTACTS,
    parties.contact("payee", "cac:AccountingSupplierParty/cac:Party"),
)
