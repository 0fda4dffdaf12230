"""Mapping of deliveries: ``DespatchAdvice`` and ``ReceiptAdvice`` of UBL 2.1 to ``despatch_advice`` and
``receiving_advice``.

Owns where each field stands. What our own papers lack and UBL wants (who ships, who receives) follows from seller and
buyer. Source: Peppol BIS Despatch Advice 3; Peppol Logistics (receipt advice 1); UBL 2.1; ADR 0002.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from node.papers.ubl import codecs, goods, order, parties
from node.papers.ubl.amounts import Quantity
from node.papers.ubl.billing import REFERENCE
from node.papers.ubl.groups import Group, Many
from node.papers.ubl.rows import (
    Attribute,
    Context,
    Fixed,
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
from node.papers.ubl.tree import Node
from protocol.process import checks
from protocol.process.money import denano, nano
from protocol.process.trade.papers import (
    Delivery,
    DespatchAdvice,
    DespatchLine,
    Identifier,
    InvolvedParty,
    Location,
    Package,
    Party,
    ReceivingAdvice,
    ReceivingLine,
    Scaled,
    Shipment,
)

DESPATCH = ("urn:fdc:peppol.eu:poacc:trns:despatch_advice:3", "urn:fdc:peppol.eu:poacc:bis:despatch_advice:3")
RECEIPT = (
    "urn:fdc:peppol.eu:logistics:trns:receipt_advice:1",
    "urn:fdc:peppol.eu:logistics:bis:despatch_advice_w_receipt_advice:1",
)
DESPATCH_LINE, RECEIPT_LINE = "cac:DespatchLine", "cac:ReceiptLine"
_NOWHERE = "?"
_SHIPMENT, _SHIPPED = "cac:Shipment", "cac:Shipment/cac:Delivery"
_SSCC = "SSCC"


def _profile(pair: tuple[str, str]) -> tuple[Row, ...]:
    customization, profile = pair
    return (
        Fixed("cbc:CustomizationID", lambda paper, context: customization, note=customization),
        Fixed("cbc:ProfileID", lambda paper, context: profile, note=profile),
    )


HEAD: tuple[Row, ...] = (
    order.NUMBER,
    Leaf("issue_date", "cbc:IssueDate", codecs.DAY, required=True),
    Leaf("issue_time", "cbc:IssueTime", codecs.TIME),
    Leaf("note", "cbc:Note"),
    Attribute("language", "cbc:Note", "languageID"),
    Leaf("order", "cac:OrderReference/cbc:ID", codecs.WORD, default=_NOWHERE),
    order.reference(
        "sales_order", "cac:OrderReference", rows=(Leaf("number", "cbc:SalesOrderID", codecs.WORD, required=True),)
    ),
    order.reference("other", "cac:AdditionalDocumentReference", many=True, rows=REFERENCE),
    Group("buyer", "cac:BuyerCustomerParty/cac:Party", parties.party, parties.PARTY),
    Group("seller", "cac:SellerSupplierParty/cac:Party", parties.party, parties.PARTY),
    parties.involved("despatch", "cac:DespatchSupplierParty/cac:Party"),
    parties.involved("delivery", "cac:DeliveryCustomerParty/cac:Party"),
)
_CONSIGNMENT = "cac:Consignment"


def _not_available(path: str, beside: str) -> Fixed:
    return Fixed(path, lambda struct, context: "NA", lambda struct, node: node.at(beside) is not None, note="NA")


class _PackageId:
    """``sscc`` for a valid one, else ``id``."""

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        value = read_with(codecs.WORD, text_at(node, "cbc:ID"), context, join(path, "cbc:ID"))
        if value:
            values["sscc" if checks.is_sscc(value) else "id"] = value

    def make(self, struct: Any, node: Node, context: Context) -> None:
        if struct.sscc or struct.id:
            made = node.make("cbc:ID")
            put(made, codecs.WORD, struct.sscc or struct.id)
            if struct.sscc:
                put_attribute(made, "schemeID", codecs.WORD, _SSCC, optional=True)

    def describe(self) -> list[tuple[str, str]]:
        return [("sscc or id", "cbc:ID")]


SHIPMENT: tuple[Row, ...] = (
    Leaf("despatch_date", "cac:Delivery/cac:Despatch/cbc:ActualDespatchDate", codecs.DAY),
    Leaf("despatch_time", "cac:Delivery/cac:Despatch/cbc:ActualDespatchTime", codecs.TIME),
    Leaf("arrival_date", "cac:Delivery/cac:EstimatedDeliveryPeriod/cbc:EndDate", codecs.DAY),
    Leaf("arrival_time", "cac:Delivery/cac:EstimatedDeliveryPeriod/cbc:EndTime", codecs.TIME),
    Leaf("carrier", f"{_CONSIGNMENT}/cac:CarrierParty/cac:PartyName/cbc:Name"),
    _not_available(f"{_CONSIGNMENT}/cbc:ID", _CONSIGNMENT),
    Leaf("tracking", "cac:Delivery/cbc:TrackingID", codecs.WORD),
    Leaf("vehicle", "cac:ShipmentStage/cac:TransportMeans/cac:RoadTransport/cbc:LicensePlateID", codecs.WORD),
    Many(
        "packages",
        "cac:TransportHandlingUnit",
        Package,
        (
            _PackageId(),
            Leaf("kind", "cbc:TransportHandlingUnitTypeCode", codecs.CODE),
            Leaf("count", "cbc:TotalPackageQuantity", codecs.COUNT),
        ),
    ),
)


@dataclass(frozen=True)
class _OrderLine:
    """``order_line_id``; where a line names none, its own number stands in."""

    path: str = "cac:OrderLineReference/cbc:LineID"

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        value = read_with(codecs.WORD, text_at(node, self.path), context, join(path, self.path))
        if not value:
            context.warn(join(path, self.path), "is missing: taken as the line's own number")
        values["order_line_id"] = value or values["line_id"]

    def make(self, struct: Any, node: Node, context: Context) -> None:
        if struct.order_line_id:
            stands_in = struct.order_line_id == struct.line_id
            codec = codecs.StandIn(codecs.WORD) if stands_in else codecs.WORD
            put(node.make(self.path), codec, struct.order_line_id, optional=stands_in)

    def describe(self) -> list[tuple[str, str]]:
        return [("order_line_id", self.path)]


DESPATCH_LINES = Many(
    "lines",
    DESPATCH_LINE,
    DespatchLine,
    (
        order.LineId("cbc:ID"),
        Leaf("note", "cbc:Note"),
        Quantity("quantity", "cbc:DeliveredQuantity", "unit", default=Scaled(value=0)),
        Quantity("outstanding", "cbc:OutstandingQuantity", "unit", borrow=True),
        Leaf("reason", "cbc:OutstandingReason"),
        _OrderLine(),
        Group("item", "cac:Item", goods.item, goods.ITEM),
        Present("cac:Item"),
    ),
    closed=True,
)
DESPATCH_ADVICE: tuple[Row, ...] = (
    *_profile(DESPATCH),
    *HEAD,
    parties.involved("originator", "cac:OriginatorCustomerParty/cac:Party"),
    Group("shipment", _SHIPMENT, Shipment, SHIPMENT),
    Group(
        "delivery",
        _SHIPPED,
        Delivery,
        (Group("location", "cac:DeliveryLocation", Location, parties.LOCATION),),
    ),
    _not_available(f"{_SHIPMENT}/cbc:ID", _SHIPMENT),
    DESPATCH_LINES,
)


class _ReceivedDate:
    """``received_date``; a document that does not state it was written on the day of receipt."""

    _path = f"{_SHIPPED}/cbc:ActualDeliveryDate"

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        value = read_with(codecs.DAY, text_at(node, self._path), context, self._path)
        if not value:
            context.warn(self._path, "is missing: taken as the day of the document")
        values["received_date"] = value or values.get("issue_date", "")

    def make(self, struct: Any, node: Node, context: Context) -> None:
        stands_in = struct.received_date == struct.issue_date
        codec = codecs.StandIn(codecs.DAY) if stands_in else codecs.DAY
        put(node.make(self._path), codec, struct.received_date, optional=stands_in)

    def describe(self) -> list[tuple[str, str]]:
        return [("received_date", self._path)]


class _Passed:
    """``unit`` where no quantity states one; ``passed``: what was received and not rejected, where that is stated."""

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        values.setdefault("unit", "")
        received, failed = values.get("received"), values.get("failed")
        if received is not None and failed is not None:
            left = nano(received.value, received.scale) - nano(failed.value, failed.scale)
            if left >= 0:
                value, scale = denano(left)
                values["passed"] = Scaled(value=value, scale=scale)

    def make(self, struct: Any, node: Node, context: Context) -> None:
        return None

    def describe(self) -> list[tuple[str, str]]:
        return [("(passed: received less failed)", "cbc:ReceivedQuantity")]


class _Result:
    """``result``: UBL has no word for it; refused where nothing passed, partial where something failed or is short."""

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        lines = values.get("lines", ())
        faulty = [line for line in lines if _some(line.failed) or _some(line.short)]
        good = any(_some(line.passed if line.failed is not None else line.received) for line in lines)
        values["result"] = "accepted" if not faulty else "partial" if good else "refused"

    def make(self, struct: Any, node: Node, context: Context) -> None:
        return None

    def describe(self) -> list[tuple[str, str]]:
        return []


def _some(value: Scaled | None) -> bool:
    return value is not None and value.value > 0


RECEIPT_LINES = Many(
    "lines",
    RECEIPT_LINE,
    ReceivingLine,
    (
        order.LineId("cbc:ID"),
        Quantity("received", "cbc:ReceivedQuantity", "unit"),
        Quantity("short", "cbc:ShortQuantity", "unit", borrow=True),
        Quantity("failed", "cbc:RejectedQuantity", "unit", borrow=True),
        Leaf("reason_code", "cbc:RejectReasonCode", codecs.CODE),
        Leaf("reason", "cbc:RejectReason"),
        _OrderLine(),
        Leaf("despatch_line_id", "cac:DespatchLineReference/cbc:LineID", codecs.WORD),
        _Passed(),
    ),
    closed=True,
)
RECEIVING_ADVICE: tuple[Row, ...] = (
    *_profile(RECEIPT),
    *HEAD,
    Fixed("cbc:ReceiptAdviceTypeCode", lambda paper, context: "D" if paper.despatch else "S", note="D or S"),
    Leaf("despatch", "cac:DespatchDocumentReference/cbc:ID", codecs.WORD),
    Leaf("received_time", f"{_SHIPPED}/cbc:ActualDeliveryTime", codecs.TIME),
    _ReceivedDate(),
    _not_available(f"{_SHIPMENT}/cbc:ID", _SHIPMENT),
    RECEIPT_LINES,
    _Result(),
)
CONTACTS: tuple[Row, ...] = (
    parties.contact("buyer", "cac:BuyerCustomerParty/cac:Party"),
    parties.contact("seller", "cac:SellerSupplierParty/cac:Party"),
    parties.contact("despatch", "cac:DespatchSupplierParty/cac:Party"),
    parties.contact("delivery", "cac:DeliveryCustomerParty/cac:Party"),
    parties.contact("originator", "cac:OriginatorCustomerParty/cac:Party"),
    parties.contact("carrier", f"{_SHIPMENT}/{_CONSIGNMENT}/cac:CarrierParty"),
)


def complete(body: DespatchAdvice | ReceivingAdvice) -> Any:
    """A paper of our own with who ships and who receives: seller and buyer, unless it names others.

    Those two have the addresses, seller and buyer themselves only name and numbers: so Peppol wants it.
    """
    known = {one.role for one in body.involved}
    more = [
        InvolvedParty(role=role, party=reached(party))
        for role, party in (("despatch", body.seller), ("delivery", body.buyer))
        if role not in known and party is not None
    ]
    buyer, seller = body.buyer and _named(body.buyer), body.seller and _named(body.seller)
    body = replace(body, involved=(*body.involved, *more), buyer=buyer, seller=seller)
    if isinstance(body, ReceivingAdvice):
        return replace(body, lines=tuple(_inspected(line) for line in body.lines))
    return body


def reached(party: Party) -> Party:
    """A firm by its electronic address, without tax numbers: where no tax is stated, Peppol has no place for them."""
    endpoint = party.endpoint or parties.default_endpoint(party)
    return replace(party, endpoint=endpoint, corporate_number="", registration_number="", tax_number="")


def _named(party: Party) -> Party:
    numbers = [Identifier(value=value, scheme=scheme) for value, scheme in _numbers(party) if value]
    return Party(trading_name=party.trading_name or party.name, identifiers=(*numbers[:1],), address=party.address)


def _numbers(party: Party) -> Iterator[tuple[str, str]]:
    yield party.corporate_number, parties.CORPORATE
    yield party.gln, parties.GLN
    if party.endpoint is not None:
        yield party.endpoint.value, party.endpoint.scheme
    for one in party.identifiers:
        yield one.value, one.scheme


def _inspected(line: ReceivingLine) -> ReceivingLine:
    """What passed is said by what did not: 0, where everything did. What was returned counts as received."""
    changes: dict[str, Any] = {}
    if line.passed is not None and line.failed is None:
        changes["failed"] = Scaled(value=0)
    if line.received is None and line.passed is not None:
        failed = line.failed or Scaled(value=0)
        whole = nano(line.passed.value, line.passed.scale) + nano(failed.value, failed.scale)
        value, scale = denano(whole)
        changes["received"] = Scaled(value=value, scale=scale)
    return replace(line, **changes)
