"""The papers of all processes and their one encoding. Owns shapes and bytes; knows no state and no rule of sums.

``encode`` and ``decode`` are the only way between a paper and its bytes. ``decode`` refuses every spelling but the one
``encode`` makes. Source: ``docs/process.md``, "Papers".
"""

from __future__ import annotations

import re
from typing import Any, Final
from unicodedata import is_normalized

import msgspec

from protocol.errors import CallerFault, Malformed, TooLarge
from protocol.limits import MAX_DOCUMENT_BYTES
from protocol.process.trade.papers.agreeing import DeedAnswer, DeedProposal, DeedReport
from protocol.process.trade.papers.base import Identifier, Kept, Paper, Part, Period, Reference, Scaled
from protocol.process.trade.papers.billing import (
    Billing,
    CorrectiveInvoice,
    Invoice,
    InvoiceLine,
    Offset,
    PaidItem,
    PaymentNotice,
    SelfBilledResponse,
    SelfBilledStatement,
)
from protocol.process.trade.papers.catalogue import (
    Catalogue,
    CatalogueItem,
    CatalogueRequest,
    CatalogueWithdrawal,
    PriceTier,
)
from protocol.process.trade.papers.delivering import (
    DespatchAdvice,
    DespatchLine,
    Package,
    ReceivingAdvice,
    ReceivingLine,
    Shipment,
)
from protocol.process.trade.papers.goods import (
    AllowanceCharge,
    BankAccount,
    Classification,
    Item,
    PaymentMeans,
    PaymentTerms,
    Price,
    PriceAllowance,
    Property,
    TaxCategory,
    TaxSubtotal,
    Totals,
)
from protocol.process.trade.papers.message import Message
from protocol.process.trade.papers.ordering import (
    ChangeLine,
    ChangeResponse,
    Inspection,
    Order,
    OrderCancellation,
    OrderChange,
    OrderLine,
    OrderResponse,
    PromisedDelivery,
    Quotation,
    RequestForQuotation,
    ResponseLine,
    SuppliedMaterial,
    Undecided,
)
from protocol.process.trade.papers.parties import (
    Address,
    Contact,
    Delivery,
    DeliveryTerms,
    InvolvedParty,
    Location,
    Party,
    Personal,
)
from protocol.process.trade.papers.replenishing import (
    ProposedLine,
    ReplenishmentAnswer,
    ReplenishmentProposal,
    SalesReport,
    SoldArea,
    SoldLine,
)

VERSION: Final = 1


PAPERS: Final[dict[str, type[Paper]]] = {
    "request_for_quotation": RequestForQuotation,
    "quotation": Quotation,
    "order": Order,
    "order_response": OrderResponse,
    "order_change": OrderChange,
    "order_cancellation": OrderCancellation,
    "change_response": ChangeResponse,
    "despatch_advice": DespatchAdvice,
    "receiving_advice": ReceivingAdvice,
    "invoice": Invoice,
    "corrective_invoice": CorrectiveInvoice,
    "self_billed_statement": SelfBilledStatement,
    "self_billed_response": SelfBilledResponse,
    "payment_notice": PaymentNotice,
    "message": Message,
    "catalogue_request": CatalogueRequest,
    "catalogue": Catalogue,
    "catalogue_withdrawal": CatalogueWithdrawal,
    "sales_report": SalesReport,
    "replenishment_proposal": ReplenishmentProposal,
    "replenishment_answer": ReplenishmentAnswer,
    "deed_proposal": DeedProposal,
    "deed_answer": DeedAnswer,
    "deed_report": DeedReport,
}
"""Type name on the wire → struct, in the order of a dealing; then of catalogues, replenishment and deeds."""

VERSIONS: Final[dict[str, tuple[int, ...]]] = dict.fromkeys(PAPERS, (VERSION,))
"""Versions of each type this code reads; the last is the one it writes."""

TYPE_OF: Final[dict[type[Paper], str]] = {struct: name for name, struct in PAPERS.items()}

_ENCODER: Final = msgspec.msgpack.Encoder(order="sorted")
_DECODERS: Final[dict[tuple[str, int], msgspec.msgpack.Decoder[Any]]] = {
    (name, version): msgspec.msgpack.Decoder(struct) for name, struct in PAPERS.items() for version in VERSIONS[name]
}
_JSON: Final = msgspec.json.Encoder()
_PERSONAL: Final = msgspec.msgpack.Decoder(Personal)


def is_known(name: str, version: int) -> bool:
    """Can this code read such a paper? An unknown one is stored and waits for an upgrade."""
    return (name, version) in _DECODERS


def encode(paper: Part) -> bytes:
    """The one byte string of a paper (or of a personal part). Checks nothing: see ``check``."""
    return _ENCODER.encode(paper)


def decode(name: str, version: int, body: bytes) -> Paper:
    """Read the business part of a document of type ``name`` strictly.

    Raises ``CallerFault`` on an unknown type or a field out of shape, ``TooLarge``, and ``Malformed`` when the bytes
    are not the canonical spelling.
    """
    decoder = _DECODERS.get((name, version))
    if decoder is None:
        raise CallerFault("type", f"{name} version {version} is not known here", code="unknown-type")
    paper: Paper = _read(decoder, body)
    return paper


def decode_personal(body: bytes) -> Personal:
    """Read a personal part strictly. Errors as in ``decode``."""
    personal: Personal = _read(_PERSONAL, body)
    return personal


def _read(decoder: msgspec.msgpack.Decoder[Any], body: bytes) -> Any:
    if len(body) > MAX_DOCUMENT_BYTES:
        raise TooLarge(f"a part of {len(body)} bytes; at most {MAX_DOCUMENT_BYTES}")
    try:
        value = decoder.decode(body)
    except msgspec.ValidationError as error:
        raise _fault(error) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(f"not msgpack: {error}") from None
    if _ENCODER.encode(value) != body:
        raise Malformed("not in canonical form: sorted keys, no defaults, shortest integers")
    require_texts(value)
    return value


def require_texts(value: Part) -> None:
    """Refuse texts that are not in normal form C, or hold characters that no paper, table or XML can show.

    Raises ``CallerFault`` naming the field.
    """
    # All texts at once, ASCII between them, which composes with nothing: one test, and each alone only if it fails.
    # JSON escapes what it must: of the control characters only tab and line ends are written without \\u, \\b or \\f.
    together = _JSON.encode(value)
    odd = b"\\" in together and any(escape in together for escape in (b"\\u", b"\\b", b"\\f"))
    if odd or (not together.isascii() and not is_normalized("NFC", together.decode())):
        _refuse_texts(msgspec.to_builtins(value), "")


def _refuse_texts(value: object, path: str) -> None:
    if isinstance(value, str):
        if not is_normalized("NFC", value):
            raise CallerFault(path, "text must be in Unicode normal form C", code="malformed")
        if _CONTROL.search(value):
            raise CallerFault(path, "holds a control character", code="malformed")
    elif isinstance(value, dict):
        for key, inner in value.items():
            _refuse_texts(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, (list, tuple)):
        for index, inner in enumerate(value):
            _refuse_texts(inner, f"{path}[{index}]")


_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")


_AT = re.compile(r"^(?P<rule>.*?)(?: - at `\$\.?(?P<field>.*)`)?$", re.DOTALL)


def _fault(error: msgspec.ValidationError) -> CallerFault:
    """msgspec's "Expected … - at `$.lines[0].amount`" as field and rule."""
    match = _AT.match(str(error))
    rule, field = (match["rule"], match["field"] or "") if match else (str(error), "")
    return CallerFault(field, rule)


__all__ = [
    "PAPERS",
    "TYPE_OF",
    "VERSION",
    "VERSIONS",
    "Address",
    "AllowanceCharge",
    "BankAccount",
    "Billing",
    "Catalogue",
    "CatalogueItem",
    "CatalogueRequest",
    "CatalogueWithdrawal",
    "ChangeLine",
    "ChangeResponse",
    "Classification",
    "Contact",
    "CorrectiveInvoice",
    "DeedAnswer",
    "DeedProposal",
    "DeedReport",
    "Delivery",
    "DeliveryTerms",
    "DespatchAdvice",
    "DespatchLine",
    "Identifier",
    "Inspection",
    "Invoice",
    "InvoiceLine",
    "InvolvedParty",
    "Item",
    "Kept",
    "Location",
    "Message",
    "Offset",
    "Order",
    "OrderCancellation",
    "OrderChange",
    "OrderLine",
    "OrderResponse",
    "Package",
    "PaidItem",
    "Paper",
    "Part",
    "Party",
    "PaymentMeans",
    "PaymentNotice",
    "PaymentTerms",
    "Period",
    "Personal",
    "Price",
    "PriceAllowance",
    "PriceTier",
    "PromisedDelivery",
    "Property",
    "ProposedLine",
    "Quotation",
    "ReceivingAdvice",
    "ReceivingLine",
    "Reference",
    "ReplenishmentAnswer",
    "ReplenishmentProposal",
    "RequestForQuotation",
    "ResponseLine",
    "SalesReport",
    "Scaled",
    "SelfBilledResponse",
    "SelfBilledStatement",
    "Shipment",
    "SoldArea",
    "SoldLine",
    "SuppliedMaterial",
    "TaxCategory",
    "TaxSubtotal",
    "Totals",
    "Undecided",
    "decode",
    "decode_personal",
    "encode",
    "is_known",
    "require_texts",
]
