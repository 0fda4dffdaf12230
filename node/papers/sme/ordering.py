"""Mapping of the messages that make the contract: quotation request, quotation, order, order response.

Owns where each of their fields stands. Source: 中小企業共通EDI ver.4.2 items (付表1) and ver.4.1 message structures.
"""

from __future__ import annotations

from typing import Any, Final

from node.papers.sme import goods, head, notes, parties
from node.papers.sme.rows import (
    Currency,
    Moment,
    NoCurrency,
    Quantity,
    Sme,
    UnitPrice,
    at,
    group,
    leaf,
    many,
    put_moment,
    put_number,
)
from node.papers.ubl import codecs
from node.papers.ubl.order_response import RESPONSES as _RESPONSES
from node.papers.ubl.rows import Context, Row, Values, join, put, read_with, text_at
from node.papers.ubl.tree import Node
from protocol.process.trade.papers import (
    Delivery,
    Location,
    OrderLine,
    Period,
    Price,
    PromisedDelivery,
    ResponseLine,
    Scaled,
    TaxSubtotal,
    Totals,
)

_ZERO: Final = Scaled(value=0)

# ---- quotation request and quotation (見積依頼, 見積回答) -----------------------------------------------------------


def _quotation(line: str, transaction: str, *, answer: bool) -> tuple[tuple[Row, ...], str]:
    """Rows of a quotation request or its answer, and the path of its lines."""
    deal = f"{transaction}/ApplicableCIQHSupplyChainTradeAgreement"
    money = f"{transaction}/ApplicableCIQHSupplyChainTradeSettlement"
    lines = f"{transaction}/{line}"
    party = parties.PARTY if answer else parties.PLAIN_PARTY
    rows: list[Row] = [
        Currency(f"{money}/PriceCurrencyCode") if answer else NoCurrency(),
        *head.document("CIQExchangedDocument", "310" if answer else "311", ""),
    ]
    if answer:
        rows += [
            group(
                "validity",
                "CIQExchangedDocument/EffectiveCISpecifiedPeriod",
                Period,
                (Moment("end", "EndDateTime"),),
            ),
            goods.reference("request_for_quotation", f"{deal}/RequestForQuotationReferencedCIReferencedDocument"),
        ]
    else:
        rows.append(Moment("reply_by", "CIQExchangedDocument/EffectiveCISpecifiedPeriod/EndDateTime"))
    rows += [
        goods.reference("order", f"{deal}/ContractReferencedCIReferencedDocument"),
        goods.reference("project", f"{deal}/SpecifiedProcuringProject", goods.PROJECT),
        parties.firm("buyer", f"{deal}/BuyerCITradeParty", party, required=True),
        parties.firm("seller", f"{deal}/SellerCITradeParty", party, required=True),
        parties.Related(f"{deal}/RelevantCITradeParty", party),
        parties.involved(
            "despatch", f"{transaction}/ApplicableCIQHSupplyChainTradeDelivery/ShipFromCITradeParty", party
        ),
        parties.delivery(f"{transaction}/ApplicableCIQHSupplyChainTradeDelivery", "PlannedDeliveryCISupplyChainEvent"),
        goods.terms(f"{money}/SpecifiedCITradePaymentTerms"),
    ]
    if answer:
        rows += [
            many("taxes", f"{money}/ApplicableCITradeTax", TaxSubtotal, goods.SUBTOTAL),
            group("totals", "", Totals, goods.totals(f"{money}/SpecifiedCIQHTradeSettlementMonetarySummation")),
        ]
    own = (notes.DUE_DATE, notes.MEANS, notes.TAX_INCLUDED) if answer else (notes.DUE_DATE, notes.MEANS)
    rows += [
        notes.Notes(own, "CIQExchangedDocument/IncludedCINote"),
        many("lines", lines, OrderLine, _quoted_line(answer=answer), closed=True),
    ]
    return tuple(rows), lines


def _quoted_line(*, answer: bool) -> tuple[Row, ...]:
    deal, way = "SpecifiedCIQLSupplyChainTradeAgreement", "SpecifiedCIQLSupplyChainTradeDelivery"
    money = "SpecifiedCIQLSupplyChainTradeSettlement"
    rows: list[Row] = [
        head.LineId("AssociatedCIQDocumentLineDocument/LineID"),
        goods.goods("SpecifiedCITradeProduct", goods.QUOTED_ITEM, required=True),
        _Offered(way) if answer else Quantity("quantity", f"{way}/RequestedQuantity", "unit", default=_ZERO),
        goods.price(f"{deal}/NetPriceProductCITradePrice"),
        parties.delivery(way, "RequestedDeliveryCISupplyChainEvent"),
    ]
    if answer:
        rows += [
            goods.LineAmount(f"{money}/SpecifiedCIQLTradeSettlementMonetarySummation"),
            goods.LineTax(f"{money}/ApplicableCITradeTax"),
        ]
    else:
        rows.append(leaf("status", "AssociatedCIQDocumentLineDocument/LineStatusCode", codecs.CODE))
    rows.append(notes.Notes((notes.FORMULA,), "AssociatedCIQDocumentLineDocument/IncludedCINote"))
    return tuple(rows)


class _Offered:
    """``quantity``: what the seller offers (見積回答数量), else what was asked for; the message demands the latter."""

    def __init__(self, way: str) -> None:
        self._agreed = Quantity("quantity", f"{way}/AgreedQuantity", "unit")
        self._asked = Quantity("quantity", f"{way}/RequestedQuantity", "unit", default=_ZERO)
        self._asked_path = f"{way}/RequestedQuantity"
        self._agreed_path = f"{way}/AgreedQuantity"

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        self._agreed.fill(node, values, context, path)
        if "quantity" not in values:
            self._asked.fill(node, values, context, path)

    def make(self, struct: OrderLine, node: Node, context: Context) -> None:
        put_number(node, self._asked_path, struct.quantity, struct.unit)
        made = node.make(at(self._agreed_path))
        put(made, codecs.StandIn(codecs.NUMBER), struct.quantity, optional=True)
        goods.put_unit(made, struct.unit, optional=True)

    def describe(self) -> list[tuple[str, str]]:
        return [("quantity", at(self._agreed_path)), ("(quantity)", at(self._asked_path))]


QUOTATION_REQUEST, QUOTATION_REQUEST_LINES = _quotation(
    "IncludedCIQRLSupplyChainTradeLineItem", "CIQRSupplyChainTradeTransaction", answer=False
)
QUOTATION, QUOTATION_LINES = _quotation(
    "IncludedCIQPLSupplyChainTradeLineItem", "CIQPSupplyChainTradeTransaction", answer=True
)


def _quotation_contacts(transaction: str, inner: tuple[Row, ...]) -> tuple[Row, ...]:
    deal = f"{transaction}/ApplicableCIQHSupplyChainTradeAgreement"
    return (
        parties.contact("buyer", f"{deal}/BuyerCITradeParty", inner),
        parties.contact("seller", f"{deal}/SellerCITradeParty", inner),
        parties.contact("delivery", f"{transaction}/ApplicableCIQHSupplyChainTradeDelivery/ShipToCITradeParty", inner),
    )


QUOTATION_REQUEST_CONTACTS = _quotation_contacts("CIQRSupplyChainTradeTransaction", parties.CONTACT_WITHOUT_ID)
QUOTATION_CONTACTS = _quotation_contacts("CIQPSupplyChainTradeTransaction", parties.CONTACT)

# ---- order and order response (注文, 注文回答) ----------------------------------------------------------------------

_ORDER = "CIOHSupplyChainTradeTransaction"
_DEAL = f"{_ORDER}/ApplicableCIOHSupplyChainTradeAgreement"
_WAY = f"{_ORDER}/ApplicableCIOHSupplyChainTradeDelivery"
_MONEY = f"{_ORDER}/ApplicableCIOHSupplyChainTradeSettlement"
_LINES = f"{_ORDER}/IncludedCIOLSupplyChainTradeLineItem"
_LINE_DEAL = "SpecifiedCIOLSupplyChainTradeAgreement"
_LINE_WAY = "SpecifiedCIOLSupplyChainTradeDelivery"
_LINE_MONEY = "SpecifiedCIOLSupplyChainTradeSettlement"
_LINE = "AssociatedCIOLDocumentLineDocument"
ORDER_LINES = RESPONSE_LINES = _LINES

_PARTIES: tuple[Row, ...] = (
    parties.firm("buyer", f"{_DEAL}/BuyerCITradeParty", required=True),
    parties.firm("seller", f"{_DEAL}/SellerCITradeParty", required=True),
    parties.Related(f"{_DEAL}/RelevantCITradeParty"),
    parties.involved("despatch", f"{_WAY}/ShipFromCITradeParty"),
    parties.delivery(_WAY, "PlannedDeliveryCISupplyChainEvent"),
    goods.reference("project", f"{_DEAL}/SpecifiedProcuringProject", goods.PROJECT),
)
ORDER: tuple[Row, ...] = (
    Currency(f"{_MONEY}/PriceCurrencyCode"),
    *head.document("CIOHExchangedDocument", "", "22001"),
    leaf("kind", "CIOHExchangedDocument/TypeCode", codecs.CODE, default="220"),
    leaf("status", "CIOHExchangedDocument/StatusCode", codecs.CODE),
    *_PARTIES,
    goods.reference("quotation", f"{_DEAL}/QuotationReferencedCIReferencedDocument"),
    goods.reference("order_response", f"{_DEAL}/PreviousOrderResponseReferencedCIReferencedDocument"),
    goods.terms(f"{_MONEY}/SpecifiedCITradePaymentTerms"),
    many("taxes", f"{_MONEY}/ApplicableCITradeTax", TaxSubtotal, goods.SUBTOTAL),
    group("totals", "", Totals, goods.totals(f"{_MONEY}/SpecifiedCIOHTradeSettlementMonetarySummation")),
    notes.Notes(notes.ORDER, "CIOHExchangedDocument/IncludedCINote"),
    many(
        "lines",
        _LINES,
        OrderLine,
        (
            head.LineId(f"{_LINE}/LineID"),
            leaf("status", f"{_LINE}/LineStatusCode", codecs.CODE),
            Quantity("quantity", f"{_LINE_WAY}/RequestedQuantity", "unit", default=_ZERO),
            goods.price(f"{_LINE_DEAL}/NetPriceProductCITradePrice"),
            goods.LineAmount(f"{_LINE_MONEY}/SpecifiedCIOLTradeSettlementMonetarySummation"),
            goods.LineTax(f"{_LINE_MONEY}/ApplicableCITradeTax", sums=True),
            parties.delivery(_LINE_WAY, "RequestedDeliveryCISupplyChainEvent"),
            goods.goods("SpecifiedCITradeProduct", goods.ORDERED_ITEM, required=True),
            notes.Notes((notes.FORMULA,), f"{_LINE}/IncludedCINote"),
        ),
        closed=True,
    ),
)
ORDER_CONTACTS: tuple[Row, ...] = (
    parties.contact("buyer", f"{_DEAL}/BuyerCITradeParty"),
    parties.contact("seller", f"{_DEAL}/SellerCITradeParty"),
    parties.contact("delivery", f"{_WAY}/ShipToCITradeParty"),
    parties.contact("despatch", f"{_WAY}/ShipFromCITradeParty"),
)

RESPONSES: Final = {**_RESPONSES, "AJ": "received"}
"""ヘッダ回答タイプコード: AJ pending, AP accepted, CA conditionally accepted, RE rejected; AB is UBL's."""
_WORDS: Final = {"AJ": "received", "AP": "accepted", "CA": "changed", "RE": "refused"}
_LINE_WORDS: Final = {"AP": "accepted", "CA": "changed", "RE": "refused"}
_IMPLIED: Final = {"refused": "refused"}


class _Response:
    """``response``; where the document has no code that we know: what its quantities, prices and days say."""

    _path = at("CIORHExchangedDocument/RequestedResponseTypeCode")
    _codec = codecs.Coded(_WORDS, frozenset({("AP", "CA")}), ("received", "accepted", "changed"))

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        text = text_at(node, self._path)
        value = read_with(self._codec, text, context, self._path)
        if value is None:
            value = "received"
            context.warn(self._path, "is missing or unknown: taken as received")
        values["response"] = context.response = value

    def make(self, struct: Any, node: Node, context: Context) -> None:
        put(node.make(self._path), self._codec, struct.response, optional=struct.response == "received")
        context.response = struct.response

    def describe(self) -> list[tuple[str, str]]:
        return [("response", self._path)]


class _Answers:
    """``order``: the order that is answered; a document that does not say it has the order's number itself."""

    _path = at(f"{_DEAL}/PreviousOrderResponseReferencedCIReferencedDocument/IssuerAssignedID")
    _line = at(f"{_LINE_DEAL}/QuotationReferencedCIReferencedDocument/IssuerAssignedID")

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        value = read_with(codecs.WORD, text_at(node, self._path), context, self._path)
        for _, line in node.items(at(_LINES)):
            value = value or read_with(codecs.WORD, text_at(line, self._line), context, self._line)
        if not value:
            context.warn(self._path, "is missing: the document's own number is taken as that of the order")
        values["order"] = value or values["number"]

    def make(self, struct: Any, node: Node, context: Context) -> None:
        put(node.make(self._path), codecs.StandIn(codecs.WORD), struct.order, optional=True)

    def describe(self) -> list[tuple[str, str]]:
        return [("order", self._path)]


class _Status:
    """``status`` of a line; where the line has none, what the response as a whole implies. ``added`` and ``delivered``
    have no code: they are conditionally accepted and accepted, and a note says what they are."""

    _path = at(f"{_LINE}/LineStatusCode")

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        value = read_with(_STATUS, text_at(node, self._path), context, join(path, self._path))
        values["status"] = value or self._implied(node, context)

    def _implied(self, node: Node, context: Context) -> str:
        return _IMPLIED.get(context.response, "accepted")

    def make(self, struct: Any, node: Node, context: Context) -> None:
        said = {"added": "changed", "delivered": "accepted"}.get(struct.status, struct.status)
        implied = said in ("accepted", "refused") and said == _IMPLIED.get(context.response, "accepted")
        codec = codecs.Coded(_LINE_WORDS, frozenset({("AP", "CA")}), (said,) if said in _LINE_WORDS.values() else ())
        put(node.make(self._path), codec, said, optional=implied)

    def describe(self) -> list[tuple[str, str]]:
        return [("status", self._path)]


_STATUS: Final = codecs.Coded(_LINE_WORDS)


class _OrderLine:
    """``order_line_id``; where a line names no line of the order, its own number is meant. Also its order, price and
    quantity, which the message demands: from the order where it is known."""

    _reference = f"{_LINE_DEAL}/QuotationReferencedCIReferencedDocument"
    _price = f"{_LINE_DEAL}/NetPriceProductCITradePrice/ChargeAmount"
    _asked = f"{_LINE_WAY}/RequestedQuantity"

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        here = at(f"{self._reference}/LineID")
        value = read_with(codecs.WORD, text_at(node, here), context, join(path, here))
        values["order_line_id"] = value or values["line_id"]

    def make(self, struct: ResponseLine, node: Node, context: Context) -> None:
        assert isinstance(context, Sme)
        ordered = ordered_line(context, struct.order_line_id)
        if struct.order_line_id and struct.order_line_id != struct.line_id:
            put(node.make(at(f"{self._reference}/LineID")), codecs.WORD, struct.order_line_id)
        if node.at(at(_LINE_DEAL)) is not None:
            known = ordered.price.value if ordered is not None and ordered.price is not None else None
            answered = struct.price.value if struct.price is not None else None
            put_number(node, self._price, known or answered or _ZERO)
        quantity = ordered.quantity if ordered is not None else struct.quantity
        unit = ordered.unit if ordered is not None else struct.unit
        put_number(node, self._asked, quantity or _ZERO, unit)
        day = "" if ordered is None or ordered.delivery is None else _day(ordered.delivery)
        if struct.item is None and ordered is not None:
            put(node.make(at("SpecifiedCITradeProduct/Name")), codecs.TEXT, ordered.item.name, soft=True)
        if day:
            put_moment(node, f"{_LINE_WAY}/RequestedDeliveryCISupplyChainEvent/OccurrenceDateTime", day, soft=True)

    def describe(self) -> list[tuple[str, str]]:
        return [
            ("order_line_id", at(f"{self._reference}/LineID")),
            ("(unit price of the order)", at(self._price)),
            ("(quantity of the order)", at(self._asked)),
        ]


def ordered_line(context: Sme, line_id: str) -> OrderLine | None:
    """The line of the order that a line answers, ships or receives, where the order is known."""
    if context.order is None:
        return None
    return next((line for line in context.order.lines if line.line_id == line_id), None)


def _day(delivery: Delivery) -> str:
    return "" if delivery.period is None else delivery.period.end or delivery.period.start


class _AnsweredPrice:
    """``price``: what the seller answers (注文回答単価), else the price of the order that the line repeats."""

    _deal = f"{_LINE_DEAL}/NetPriceProductCITradePrice"
    _path = f"{_deal}/TradeComparisonReferencePrice/ChargeAmount"

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        found: Values = {}
        UnitPrice("value", self._path).fill(node, found, context, path)
        if found.get("value") is None:
            return
        Quantity("base_quantity", f"{self._deal}/BasisQuantity", "unit").fill(node, found, context, path)
        leaf("kind", f"{self._deal}/TypeCode", codecs.CODE).fill(node, found, context, path)
        values["price"] = Price(**found)

    def make(self, struct: ResponseLine, node: Node, context: Context) -> None:
        if struct.price is not None:
            UnitPrice("value", self._path).make(struct.price, node, context)
            Quantity("base_quantity", f"{self._deal}/BasisQuantity", "unit").make(struct.price, node, context)
            leaf("kind", f"{self._deal}/TypeCode", codecs.CODE).make(struct.price, node, context)

    def describe(self) -> list[tuple[str, str]]:
        names = (("value", "TradeComparisonReferencePrice/ChargeAmount"), ("base_quantity", "BasisQuantity"))
        return [(f"price.{name}", at(f"{self._deal}/{path}")) for name, path in (*names, ("kind", "TypeCode"))]


_PROMISE: tuple[Row, ...] = (
    leaf("split_id", "ID", codecs.WORD),
    leaf("quantity", "UnitQuantity", codecs.NUMBER),
    group(
        "delivery",
        "",
        Delivery,
        (
            parties.Due("OccurrenceDateTime"),
            group("location", "OccurrenceCILogisticsLocation", Location, parties.LOCATION),
        ),
    ),
)
ORDER_RESPONSE: tuple[Row, ...] = (
    Currency(f"{_MONEY}/PriceCurrencyCode"),
    *head.document("CIORHExchangedDocument", "231", "23101"),
    _Response(),
    _Answers(),
    *_PARTIES,
    notes.Notes((notes.REASON,), "CIORHExchangedDocument/IncludedCINote"),
    many(
        "lines",
        _LINES,
        ResponseLine,
        (
            head.LineId(f"{_LINE}/LineID"),
            _Status(),
            goods.goods("SpecifiedCITradeProduct", goods.ORDERED_ITEM),
            Quantity("quantity", f"{_LINE_WAY}/AgreedQuantity", "unit"),
            many("promises", f"{_LINE_WAY}/ConfirmedDeliveryCISupplyChainEvent", PromisedDelivery, _PROMISE),
            _AnsweredPrice(),
            _OrderLine(),
            notes.Notes((notes.REASON,), f"{_LINE}/IncludedCINote"),
        ),
        closed=True,
    ),
)
