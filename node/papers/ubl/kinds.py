"""The kinds of documents: root element, paper, rows, and what Peppol wants of one that we make.

Owns which paper a document is read as and which document a paper is written as. Several papers share a root: an
``Invoice`` may be an invoice, a corrective invoice or a statement made by the buyer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from node.papers.ubl import billing, delivering, forms, names, offering, order, order_response
from node.papers.ubl.names import Step
from node.papers.ubl.rows import Row
from node.papers.ubl.tree import Node
from protocol.errors import CallerFault, Malformed
from protocol.process.trade import papers
from protocol.process.trade.papers import (
    Catalogue,
    CorrectiveInvoice,
    DespatchAdvice,
    Invoice,
    Order,
    OrderResponse,
    Paper,
    ReceivingAdvice,
    SelfBilledStatement,
)


class Kind(NamedTuple):
    """One kind of document.

    ``line``: where its lines stand. ``mandatory``: (path, field) that Peppol wants. ``lenient``: what no field may say
    is kept and told, and a paper that breaks a rule is still read: whoever sends it is told then. ``fixed``: fields
    that the kind itself says. ``absent``: lists that a document may lack.
    """

    tag: str
    type: str
    struct: Callable[..., Any]
    rows: tuple[Row, ...]
    contacts: tuple[Row, ...]
    line: str
    mandatory: tuple[tuple[str, str], ...] = ()
    lenient: bool = False
    fixed: tuple[tuple[str, str], ...] = ()
    absent: tuple[str, ...] = ("lines",)


_BUYER, _SELLER = "cac:BuyerCustomerParty/cac:Party", "cac:SellerSupplierParty/cac:Party"
_ENDPOINTS = ((f"{_BUYER}/cbc:EndpointID", "buyer.endpoint"), (f"{_SELLER}/cbc:EndpointID", "seller.endpoint"))
ORDER: Final = Kind(
    names.ORDER,
    "order",
    Order,
    order.ORDER,
    order.ORDER_CONTACTS,
    order.LINE,
    (
        *_ENDPOINTS,
        (f"{_BUYER}/cac:PartyLegalEntity/cbc:RegistrationName", "buyer.name"),
        (f"{_SELLER}/cac:PartyLegalEntity/cbc:RegistrationName", "seller.name"),
        (f"{_SELLER}/cac:PostalAddress/cac:Country/cbc:IdentificationCode", "seller.address.country"),
        (order.CURRENCY.path, "currency"),
    ),
)
ORDER_RESPONSE: Final = Kind(
    names.ORDER_RESPONSE,
    "order_response",
    OrderResponse,
    order_response.ORDER_RESPONSE,
    order_response.RESPONSE_CONTACTS,
    order.LINE,
    _ENDPOINTS,
)


def _bill(type: str, struct: Callable[..., Any], rows: tuple[Row, ...], effect: str = "") -> Kind:
    fixed = (("effect", effect),) if effect else ()
    return Kind(
        names.INVOICE,
        type,
        struct,
        rows,
        billing.CONTACTS,
        billing.INVOICE_LINE,
        lenient=True,
        fixed=fixed,
        absent=("lines", "taxes"),
    )


INVOICE: Final = _bill("invoice", Invoice, billing.INVOICE)
SELF_BILLED: Final = _bill("self_billed_statement", SelfBilledStatement, billing.INVOICE)
REPLACING: Final = _bill("corrective_invoice", CorrectiveInvoice, billing.CORRECTIVE, "replaced")
BELOW_ZERO: Final = _bill("corrective_invoice", CorrectiveInvoice, billing.CORRECTIVE, "credited")
CREDIT_NOTE: Final = BELOW_ZERO._replace(tag=names.CREDIT_NOTE, rows=billing.CREDIT_NOTE, line=billing.CREDIT_LINE)
_PARTIES: Final = (
    ("cac:DespatchSupplierParty/cac:Party/cbc:EndpointID", "seller.endpoint"),
    ("cac:DespatchSupplierParty/cac:Party/cac:PartyLegalEntity/cbc:RegistrationName", "seller.name"),
    ("cac:DeliveryCustomerParty/cac:Party/cbc:EndpointID", "buyer.endpoint"),
    ("cac:DeliveryCustomerParty/cac:Party/cac:PartyLegalEntity/cbc:RegistrationName", "buyer.name"),
)
DESPATCH_ADVICE: Final = Kind(
    names.DESPATCH_ADVICE,
    "despatch_advice",
    DespatchAdvice,
    delivering.DESPATCH_ADVICE,
    delivering.CONTACTS,
    delivering.DESPATCH_LINE,
    _PARTIES,
    lenient=True,
)
RECEIVING_ADVICE: Final = Kind(
    names.RECEIPT_ADVICE,
    "receiving_advice",
    ReceivingAdvice,
    delivering.RECEIVING_ADVICE,
    delivering.CONTACTS,
    delivering.RECEIPT_LINE,
    _PARTIES,
    lenient=True,
)
CATALOGUE: Final = Kind(
    names.CATALOGUE,
    "catalogue",
    Catalogue,
    offering.CATALOGUE,
    offering.CONTACTS,
    offering.LINE,
    (
        ("cac:ProviderParty/cbc:EndpointID", "seller.endpoint"),
        ("cac:ReceiverParty/cbc:EndpointID", "buyer.endpoint"),
    ),
    lenient=True,
    absent=("items",),
)
KINDS: Final = (
    ORDER,
    ORDER_RESPONSE,
    DESPATCH_ADVICE,
    RECEIVING_ADVICE,
    INVOICE,
    SELF_BILLED,
    REPLACING,
    BELOW_ZERO,
    CREDIT_NOTE,
    CATALOGUE,
)
_BY_TAG: Final[dict[str, Kind]] = {kind.tag: kind for kind in reversed(KINDS)}
_EXPECTED: Final = (
    "an order, order response, despatch advice, receipt advice, invoice, credit note or catalogue of UBL 2"
)


def kind_of(body: Paper) -> Kind:
    """The kind of document that a paper is written as. Raises CallerFault for a paper without a form in UBL."""
    if isinstance(body, CorrectiveInvoice):
        if body.effect != "credited":
            return REPLACING
        return CREDIT_NOTE if body.kind in forms.CREDIT_CODES else BELOW_ZERO
    found = next((kind for kind in KINDS if kind.struct is type(body)), None)
    if found is None:
        raise CallerFault("document", f"{word(papers.TYPE_OF[type(body)])} has no form in UBL here", code="no-ubl")
    return found


def kind_in(root: str, said: Node) -> Kind:
    """Which paper a document is. Raises Malformed for a root element that is not known here."""
    found = _BY_TAG.get(root)
    if found is None:
        local, namespace = root.rpartition("}")[2][:60], root[1:].rpartition("}")[0][:120]
        raise Malformed(f"the document is {local!r} of namespace {namespace!r}, not {_EXPECTED}")
    if root == names.INVOICE:
        if billing.is_below_zero(said):
            return BELOW_ZERO
        if billing.is_self_billed(said):
            return SELF_BILLED
        return REPLACING if billing.corrects(said) else INVOICE
    return found


def require_known(root: str) -> None:
    """Raises Malformed for a root element that is not known here."""
    if root not in _BY_TAG:
        kind_in(root, Node(Step("cbc:None")))


def word(type: str) -> str:
    """The type of a paper in a sentence."""
    return f"{'an' if type[:1] in 'aeiou' else 'a'} {type.replace('_', ' ')}"
