"""Mapping of the messages that move goods: despatch advice (出荷案内) and receiving advice (出荷回答: 受領, 検収).

Owns where each of their fields stands. Both have the same structure; ver.4.1 wants a unit price wherever it lets a line
name its order, so where the paper has none and the order is not known, 0 stands there. What the receiving advice has
no item for (what passed and failed) stands in notes of its line.
"""

from __future__ import annotations

from typing import Any, Final

from node.papers.sme import goods, head, notes, parties
from node.papers.sme.ordering import ordered_line
from node.papers.sme.rows import (
    Moment,
    NoCurrency,
    Quantity,
    Sme,
    Word,
    at,
    group,
    leaf,
    many,
    put_number,
)
from node.papers.ubl import codecs
from node.papers.ubl.names import Step
from node.papers.ubl.rows import Context, Row, Values, join, put, read_with, text_at
from node.papers.ubl.tree import Node
from protocol.process import checks
from protocol.process.trade.papers import (
    Delivery,
    DespatchLine,
    Package,
    ReceivingLine,
    Scaled,
    Shipment,
)

_HEAD = "CIDDHExchangedDocument"
_TRADE = "CIDDHSupplyChainTradeTransaction"
_DEAL = f"{_TRADE}/ApplicableCIDDHSupplyChainTradeAgreement"
_WAY = f"{_TRADE}/ApplicableCIDDHSupplyChainTradeDelivery"
LINES: Final = f"{_TRADE}/IncludedCIDDLSupplyChainTradeLineItem"
_LINE = "AssociatedCIDDLDocumentLineDocument"
_LINE_DEAL = "SpecifiedCIDDLSupplyChainTradeAgreement"
_LINE_WAY = "SpecifiedCIDDLSupplyChainTradeDelivery"
_ZERO: Final = Scaled(value=0)


class _Order:
    """``order``: of the document, else of its lines; a document that names none has the order's number itself."""

    _path = at(f"{_DEAL}/BuyerOrderReferencedCIReferencedDocument/IssuerAssignedID")
    _line = at(f"{_LINE_DEAL}/BuyerOrderReferencedCIReferencedDocument/IssuerAssignedID")

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        value = read_with(codecs.WORD, text_at(node, self._path), context, self._path)
        for _, line in node.items(at(LINES)):
            value = value or read_with(codecs.WORD, text_at(line, self._line), context, self._line)
        if not value:
            context.warn(self._path, "is missing: the document's own number is taken as that of the order")
        values["order"] = value or values["number"]

    def make(self, struct: Any, node: Node, context: Context) -> None:
        put(node.make(self._path), codecs.StandIn(codecs.WORD), struct.order, optional=True)

    def describe(self) -> list[tuple[str, str]]:
        return [("order", self._path)]


class _OrderLine:
    """``order_line_id``; where a line names no line of the order, its own number is meant. With it, the unit price."""

    _reference = f"{_LINE_DEAL}/BuyerOrderReferencedCIReferencedDocument/LineID"
    _price = f"{_LINE_DEAL}/NetPriceProductCITradePrice/ChargeAmount"

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        here = at(self._reference)
        value = read_with(codecs.WORD, text_at(node, here), context, join(path, here))
        values["order_line_id"] = value or values["line_id"]

    def make(self, struct: Any, node: Node, context: Context) -> None:
        assert isinstance(context, Sme)
        if struct.order_line_id != struct.line_id:
            put(node.make(at(self._reference)), codecs.WORD, struct.order_line_id)
        elif not struct.order_line_id.startswith("#"):
            put(node.make(at(self._reference)), codecs.StandIn(codecs.WORD), struct.order_line_id, optional=True)
        else:
            return
        ordered = ordered_line(context, struct.order_line_id)
        known = ordered.price.value if ordered is not None and ordered.price is not None else _ZERO
        put_number(node, self._price, known)

    def describe(self) -> list[tuple[str, str]]:
        return [("order_line_id", at(self._reference)), ("(unit price of the order, or 0)", at(self._price))]


class _Unnamed:
    """An item that the paper does not name: as the order names it, where that is known."""

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        return None

    def make(self, struct: Any, node: Node, context: Context) -> None:
        assert isinstance(context, Sme)
        ordered = ordered_line(context, struct.order_line_id)
        if getattr(struct, "item", None) is None and ordered is not None:
            put(node.make(at("SpecifiedCITradeProduct/Name")), codecs.TEXT, ordered.item.name, soft=True)
            put_number(node, f"{_LINE_WAY}/RequestedQuantity", ordered.quantity, ordered.unit)

    def describe(self) -> list[tuple[str, str]]:
        return [("(name and quantity of the order)", at("SpecifiedCITradeProduct/Name"))]


_SHARED: tuple[Row, ...] = (
    parties.firm("buyer", f"{_DEAL}/BuyerCITradeParty"),
    parties.firm("seller", f"{_DEAL}/SellerCITradeParty"),
    parties.involved("despatch", f"{_WAY}/ShipFromCITradeParty"),
    parties.involved("carrier", f"{_WAY}/RelatedCISupplyChainConsignment/CarrierCITradeParty"),
    goods.reference("sales_order", f"{_DEAL}/SellerOrderReferencedCIReferencedDocument"),
    goods.reference("project", f"{_DEAL}/SpecifiedProcuringProject", goods.PROJECT),
)


class _Packages:
    """``shipment.packages``: those of all lines (物流梱包), each with the line it stands at."""

    _path = at("PhysicalReferencedLogisticsPackage")

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        found: list[Package] = []
        for line, line_id in zip(node.items(at(LINES)), context.line_ids, strict=False):
            for step, child in line[1].items(self._path):
                here = f"{at(_TRADE)}/{line[0]}/{step}"
                found.append(Package(lines=(line_id,), **self._read(child, context, here)))
        if found:
            shipment = values.get("shipment") or Shipment()
            values["shipment"] = _with(shipment, packages=tuple(found))

    def _read(self, node: Node, context: Context, path: str) -> Values:
        values: Values = {}
        sscc = read_with(codecs.WORD, text_at(node, at("SequenceNumeric")), context, path) or ""
        if checks.is_sscc(sscc):
            values["sscc"] = sscc
        values["id"] = read_with(codecs.WORD, text_at(node, at("ID")), context, path) or ""
        values["kind"] = read_with(codecs.CODE, text_at(node, at("TypeCode")), context, path) or ""
        count = read_with(codecs.COUNT, text_at(node, at("ItemQuantity")), context, path)
        if count is not None:
            values["count"] = count
        return values

    def make(self, struct: Any, node: Node, context: Context) -> None:
        places = {line.line_id: index for index, line in enumerate(struct.lines, 1)}
        counts: dict[int, int] = {}
        for package in () if struct.shipment is None else struct.shipment.packages:
            index = places.get(package.lines[0], 1) if package.lines else 1
            counts[index] = counts.get(index, 0) + 1
            above, _, name = at(LINES).rpartition("/")
            line = node.make(above).child(Step(name, index))
            made = line.child(Step(self._path, counts[index]))
            made.item = True
            if package.sscc:
                put(made.make(at("SequenceNumeric")), codecs.WORD, package.sscc)
            if package.id:
                put(made.make(at("ID")), codecs.WORD, package.id)
            if package.kind:
                put(made.make(at("TypeCode")), codecs.CODE, package.kind)
            if package.count is not None:
                put(made.make(at("ItemQuantity")), codecs.COUNT, package.count)

    def describe(self) -> list[tuple[str, str]]:
        head = f"{at(LINES)}(n)/{self._path}(n)"
        return [
            ("shipment.packages[n].sscc", f"{head}/{at('SequenceNumeric')}"),
            ("shipment.packages[n].id", f"{head}/{at('ID')}"),
            ("shipment.packages[n].kind", f"{head}/{at('TypeCode')}"),
            ("shipment.packages[n].count", f"{head}/{at('ItemQuantity')}"),
        ]


def _with(struct: Any, **fields: Any) -> Any:
    return type(struct)(**{**{name: getattr(struct, name) for name in struct.__struct_fields__}, **fields})


DESPATCH_ADVICE: tuple[Row, ...] = (
    NoCurrency(always=False),
    *head.document(_HEAD, "351", "35101"),
    _Order(),
    *_SHARED,
    group("delivery", _WAY, Delivery, (parties.firm("party", "ShipToCITradeParty", parties.PLAIN_PARTY),)),
    group(
        "shipment",
        f"{_WAY}/ActualDespatchCISupplyChainEvent",
        Shipment,
        (
            Moment("despatch_date", "OccurrenceDateTime", "despatch_time"),
            leaf("tracking", "ID", codecs.WORD),
        ),
    ),
    notes.Notes(notes.SHIPMENT, f"{_HEAD}/IncludedCINote"),
    many(
        "lines",
        LINES,
        DespatchLine,
        (
            head.LineId(f"{_LINE}/LineID"),
            Quantity("quantity", f"{_LINE_WAY}/DespatchedQuantity", "unit", default=_ZERO),
            Quantity("outstanding", f"{_LINE_WAY}/RemainingRequestedQuantity", "unit", borrow=True),
            goods.goods("SpecifiedCITradeProduct", goods.SHIPPED_ITEM),
            _OrderLine(),
            _Unnamed(),
            notes.Notes((notes.REASON,), f"{_LINE}/IncludedCINote"),
        ),
        closed=True,
    ),
    _Packages(),
)
CONTACTS: tuple[Row, ...] = (
    parties.contact("buyer", f"{_DEAL}/BuyerCITradeParty"),
    parties.contact("seller", f"{_DEAL}/SellerCITradeParty"),
    parties.contact("delivery", f"{_WAY}/ShipToCITradeParty"),
    parties.contact("despatch", f"{_WAY}/ShipFromCITradeParty"),
    parties.contact("carrier", f"{_WAY}/RelatedCISupplyChainConsignment/CarrierCITradeParty"),
)

RESULTS: Final = {"AP": "accepted", "CA": "partial", "RE": "refused"}
"""ヘッダ回答タイプコード of a receiving advice."""


class _Received:
    """``received_date`` (受領日): of the lines' event; a document without one was received the day it was written."""

    _path = at("SpecifiedCIDDLSupplyChainTradeDelivery/ActualDespatchCISupplyChainEvent/OccurrenceDateTime")
    _head = f"{_WAY}/ActualDespatchCISupplyChainEvent/OccurrenceDateTime"

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        found: Values = {}
        Moment("received_date", self._head, "received_time").fill(node, found, context, path)
        if not found.get("received_date"):
            context.warn(at(self._head), "is missing: the day of the document is taken as that of receipt")
            found["received_date"] = values["issue_date"]
        values |= found

    def make(self, struct: Any, node: Node, context: Context) -> None:
        row = Moment("received_date", self._head, "received_time")
        row.make(struct, node, context)
        made = node.at(f"{at(self._head)}/udt:DateTime")
        if made is not None and struct.received_date == struct.issue_date and not struct.received_time:
            made.optional = True

    def describe(self) -> list[tuple[str, str]]:
        return [("received_date", at(self._head)), ("received_time", at(self._head))]


class _Status:
    """What became of a line (明細回答): from what passed and failed. Written, never read."""

    _path = at(f"{_LINE}/LineStatusCode")

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        return None

    def make(self, struct: ReceivingLine, node: Node, context: Context) -> None:
        bad = any(value is not None and value.value for value in (struct.failed, struct.short, struct.returned))
        good = any(value is not None and value.value for value in (struct.passed, struct.received))
        put(node.make(self._path), codecs.CODE, ("CA" if good else "RE") if bad else "AP", soft=True)

    def describe(self) -> list[tuple[str, str]]:
        return [("(AP; CA or RE where something failed or is short)", self._path)]


RECEIVING_ADVICE: tuple[Row, ...] = (
    NoCurrency(always=False),
    *head.document(_HEAD, "632", "63201"),
    Word(
        "result",
        f"{_HEAD}/RequestedResponseTypeCode",
        RESULTS,
        "partial",
        frozenset({("AP", "CA"), ("RE", "CA")}),
    ),
    _Order(),
    *_SHARED,
    _Received(),
    notes.Notes(notes.RECEIPT, f"{_HEAD}/IncludedCINote"),
    many(
        "lines",
        LINES,
        ReceivingLine,
        (
            head.LineId(f"{_LINE}/LineID"),
            Quantity("received", f"{_LINE_WAY}/DespatchedQuantity", "unit", default=_ZERO),
            Quantity("short", f"{_LINE_WAY}/RemainingRequestedQuantity", "unit", borrow=True),
            _OrderLine(),
            _Unnamed(),
            _Status(),
            leaf("reason_code", f"{_LINE}/LineStatusReasonCode", codecs.CODE),
            notes.Notes(notes.RECEIPT_LINE, f"{_LINE}/IncludedCINote", note=""),
        ),
        closed=True,
    ),
)
