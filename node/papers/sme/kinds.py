"""The messages that are read and written: each with its paper, its rows and where its lines stand. Lookups only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from msgspec.structs import replace

from node.papers.sme import billing, delivering, ordering, paying
from node.papers.sme.rows import at
from node.papers.ubl.rows import Row
from node.papers.ubl.tree import Node
from protocol.errors import CallerFault
from protocol.process.trade.papers import (
    TYPE_OF,
    Billing,
    CorrectiveInvoice,
    DespatchAdvice,
    Invoice,
    Order,
    OrderResponse,
    Paper,
    PaymentNotice,
    Quotation,
    ReceivingAdvice,
    RequestForQuotation,
    ResponseLine,
    SelfBilledResponse,
    SelfBilledStatement,
)


@dataclass(frozen=True)
class Kind:
    """A message as one paper. ``lines``: path of the list whose items keep what is kept of them; ``notes``: path of
    its notes; ``told``: whether a document of this message is this paper, where it may be several."""

    message: str
    struct: Any
    rows: tuple[Row, ...]
    contacts: tuple[Row, ...]
    notes: str
    lines: str = ""


def _kind(
    message: str, struct: Any, rows: tuple[Row, ...], contacts: tuple[Row, ...], where: str, lines: str = ""
) -> Kind:
    return Kind(message, struct, rows, contacts, at(where), at(lines))


_BILL = billing.contacts()
_ALL: Final = (
    _kind(
        "SMEQuotation",
        RequestForQuotation,
        ordering.QUOTATION_REQUEST,
        ordering.QUOTATION_REQUEST_CONTACTS,
        "CIQExchangedDocument/IncludedCINote",
        ordering.QUOTATION_REQUEST_LINES,
    ),
    _kind(
        "SMEQuotationResponse",
        Quotation,
        ordering.QUOTATION,
        ordering.QUOTATION_CONTACTS,
        "CIQExchangedDocument/IncludedCINote",
        ordering.QUOTATION_LINES,
    ),
    _kind(
        "SMEOrder",
        Order,
        ordering.ORDER,
        ordering.ORDER_CONTACTS,
        "CIOHExchangedDocument/IncludedCINote",
        ordering.ORDER_LINES,
    ),
    _kind(
        "SMEOrderResponse",
        OrderResponse,
        ordering.ORDER_RESPONSE,
        ordering.ORDER_CONTACTS,
        "CIORHExchangedDocument/IncludedCINote",
        ordering.RESPONSE_LINES,
    ),
    _kind(
        "SMEDespatchAdvice",
        DespatchAdvice,
        delivering.DESPATCH_ADVICE,
        delivering.CONTACTS,
        "CIDDHExchangedDocument/IncludedCINote",
        delivering.LINES,
    ),
    _kind(
        "SMEReceivingAdvice",
        ReceivingAdvice,
        delivering.RECEIVING_ADVICE,
        delivering.CONTACTS,
        "CIDDHExchangedDocument/IncludedCINote",
        delivering.LINES,
    ),
    _kind("SMEInvoice", Invoice, billing.INVOICE, _BILL, billing.SHEET_NOTES),
    _kind("SMEConsolidatedInvoice", Invoice, billing.CONSOLIDATED_INVOICE, _BILL, billing.HEAD_NOTES),
    _kind("SMEInvoice", CorrectiveInvoice, billing.CORRECTION, _BILL, billing.SHEET_NOTES),
    _kind("SMEConsolidatedInvoice", CorrectiveInvoice, billing.CONSOLIDATED_CORRECTION, _BILL, billing.HEAD_NOTES),
    _kind("SMESelfInvoice", SelfBilledStatement, billing.STATEMENT, _BILL, billing.SHEET_NOTES),
    _kind(
        "SMEConsolidatedSelfInvoice",
        SelfBilledStatement,
        billing.CONSOLIDATED_STATEMENT,
        _BILL,
        billing.HEAD_NOTES,
    ),
    _kind("SMESelfInvoiceResponse", SelfBilledResponse, billing.STATEMENT_RESPONSE, (), billing.SHEET_NOTES),
    _kind(
        "SMEConsolidatedSelfInvoiceResponse",
        SelfBilledResponse,
        billing.CONSOLIDATED_STATEMENT_RESPONSE,
        (),
        billing.HEAD_NOTES,
    ),
    _kind(
        "SMERemittanceAdvaice",
        PaymentNotice,
        paying.PAYMENT_NOTICE,
        paying.CONTACTS,
        f"{paying.HEAD}/IncludedCINote",
    ),
)
MESSAGES: Final = frozenset(kind.message for kind in _ALL)
TYPES: Final = tuple(TYPE_OF[struct] for struct in dict.fromkeys(kind.struct for kind in _ALL))
"""Types of the papers that have a message, in the order of a dealing."""


def told_by(message: str, said: Node) -> Kind:
    """The paper that a document of ``message`` is: a credit note or a corrected invoice is a corrective invoice."""
    found = [kind for kind in _ALL if kind.message == message]
    return found[-1] if len(found) > 1 and billing.is_correction(said) else found[0]


def of(body: Paper) -> Kind:
    """The message that a paper is written as: the one it was read from, else that of its type.

    An invoice of several orders or of a period is a consolidated one (統合請求).
    """
    if TYPE_OF[type(body)] not in TYPES:
        name = TYPE_OF[type(body)].replace("_", " ")
        raise CallerFault("type", f"the SME Common EDI has no message for a paper of type {name}", code="not-sme")
    found = [kind for kind in _ALL if kind.struct is type(body)]
    message = body.origin.rpartition("/")[2] if body.origin.startswith("sme-") else ""
    for kind in found:
        if kind.message == message:
            return kind
    if isinstance(body, Billing) and (body.period is not None or len({line.order for line in body.lines}) > 1):
        return found[1]
    return found[0]


def completed(body: Any, past: Paper) -> Any:
    """``body`` with what its message wants repeated from the order: lines that are answered as the whole."""
    if isinstance(body, OrderResponse) and isinstance(past, Order):
        named = {line.order_line_id for line in body.lines} | {line.line_id for line in body.lines}
        status = "refused" if body.response == "refused" else "accepted"
        rest = [
            ResponseLine(line_id=line.line_id, order_line_id=line.line_id, status=status)
            for line in past.lines
            if line.line_id not in named
        ]
        return replace(body, lines=(*body.lines, *rest), currency=body.currency or past.currency)
    return body


def only(message: str) -> Kind:
    """The first paper that a message carries."""
    return next(kind for kind in _ALL if kind.message == message)
