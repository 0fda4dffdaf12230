"""Papers that make the contract: request for quotation, quotation, order, its response, change, cancellation."""

from __future__ import annotations

from typing import Annotated

from protocol.process.trade.papers.base import Amount, Code, Count, Date, Lines, Paper, Part, Period, Scaled, Text, Word
from protocol.process.trade.papers.goods import (
    AllowanceCharge,
    Item,
    PaymentTerms,
    Price,
    TaxCategory,
    TaxSubtotal,
    Totals,
)
from protocol.process.trade.papers.parties import Delivery, DeliveryTerms, InvolvedParty, Party


class OrderLine(Part, frozen=True, kw_only=True):
    """A line of goods asked for, offered or ordered.

    ``quantity`` in ``unit`` (UN/ECE Rec 20); ``amount`` is net of the line's allowances; ``formula`` says how the price
    is found where it is not stated (算定方法).
    """

    line_id: Word
    item: Item
    quantity: Scaled
    unit: Code = ""
    price: Price | None = None
    amount: Amount | None = None
    tax: TaxCategory | None = None
    allowances: tuple[AllowanceCharge, ...] = ()
    delivery: Delivery | None = None
    partial_delivery: bool | None = None
    originator: Party | None = None
    accounting_cost: Word = ""
    formula: Text = ""
    status: Code = ""
    note: Text = ""


class Inspection(Part, frozen=True, kw_only=True):
    """Inspection of what is delivered (検査): until when it is finished, and how; ``waived`` says there is none."""

    completion_date: Date = ""
    days_after_receipt: Count | None = None
    waived: bool = False
    method: Text = ""


class SuppliedMaterial(Part, frozen=True, kw_only=True):
    """Material the buyer supplies against payment (有償支給原材料等)."""

    name: Text
    quantity: Scaled | None = None
    unit: Code = ""
    amount: Amount | None = None
    handover_date: Date = ""
    settlement_date: Date = ""
    settlement_method: Text = ""


class Undecided(Part, frozen=True, kw_only=True):
    """An item of the order statement that cannot be fixed yet: which (field path), why, and when it will be."""

    field: Word
    reason: Text
    expected_date: Date = ""


class RequestForQuotation(Paper, frozen=True, kw_only=True):
    """見積依頼: the buyer asks for a price. ``reply_by`` is the day an answer is wanted."""

    buyer: Party
    seller: Party
    lines: Annotated[tuple[OrderLine, ...], Lines]
    involved: tuple[InvolvedParty, ...] = ()
    reply_by: Date = ""
    delivery: Delivery | None = None
    delivery_terms: DeliveryTerms | None = None
    terms: PaymentTerms | None = None


class Quotation(Paper, frozen=True, kw_only=True):
    """見積回答: the seller's offer, good during ``validity``."""

    buyer: Party
    seller: Party
    lines: Annotated[tuple[OrderLine, ...], Lines]
    involved: tuple[InvolvedParty, ...] = ()
    validity: Period | None = None
    delivery: Delivery | None = None
    delivery_terms: DeliveryTerms | None = None
    terms: PaymentTerms | None = None
    allowances: tuple[AllowanceCharge, ...] = ()
    taxes: tuple[TaxSubtotal, ...] = ()
    totals: Totals | None = None
    tax_included: bool = False


class Order(Paper, frozen=True, kw_only=True):
    """注文, and the order statement of 取適法 4条 when :func:`protocol.process.trade.advice.advise` has nothing to add.

    ``status``: UNCL1225-like 5 内示, 29 provisional, 37 firm; empty means firm. ``kind``: UNCL1001 (220 order).
    """

    buyer: Party
    seller: Party
    lines: Annotated[tuple[OrderLine, ...], Lines]
    kind: Code = ""
    status: Code = ""
    involved: tuple[InvolvedParty, ...] = ()
    sales_order_id: Word = ""
    customer_reference: Word = ""
    accounting_cost: Word = ""
    validity: Period | None = None
    delivery: Delivery | None = None
    delivery_terms: DeliveryTerms | None = None
    inspection: Inspection | None = None
    terms: PaymentTerms | None = None
    supplied: tuple[SuppliedMaterial, ...] = ()
    undecided: tuple[Undecided, ...] = ()
    allowances: tuple[AllowanceCharge, ...] = ()
    taxes: tuple[TaxSubtotal, ...] = ()
    totals: Totals | None = None
    tax_included: bool = False


class PromisedDelivery(Part, frozen=True, kw_only=True):
    """One instalment the seller promises for a line (分納): what, how much, when."""

    split_id: Word = ""
    quantity: Scaled | None = None
    delivery: Delivery | None = None


class ResponseLine(Part, frozen=True, kw_only=True):
    """The seller's answer to one order line.

    ``status``: accepted, changed, refused, added, delivered. What is not stated stays as ordered.
    """

    line_id: Word
    order_line_id: Word
    status: Code
    item: Item | None = None
    quantity: Scaled | None = None
    unit: Code = ""
    max_backorder: Scaled | None = None
    price: Price | None = None
    promises: tuple[PromisedDelivery, ...] = ()
    substitute: Item | None = None
    substitute_line_id: Word = ""
    substitute_tax: TaxCategory | None = None
    reason: Text = ""
    note: Text = ""


class OrderResponse(Paper, frozen=True, kw_only=True):
    """注文回答 to the order numbered ``order``. ``response``: received, accepted, changed (with changes), refused.

    Lines that it does not name are answered as the whole; a ``changed`` response binds when the buyer accepts it.
    """

    response: Code
    order: Word
    buyer: Party
    seller: Party
    lines: Annotated[tuple[ResponseLine, ...], Lines] = ()
    involved: tuple[InvolvedParty, ...] = ()
    sales_order_id: Word = ""
    customer_reference: Word = ""
    delivery: Delivery | None = None
    reason: Text = ""


class ChangeLine(Part, frozen=True, kw_only=True):
    """One changed line. ``action``: added, changed, removed; ``line`` as it shall be (as it was, if removed)."""

    action: Code
    line: OrderLine


class OrderChange(Paper, frozen=True, kw_only=True):
    """注文変更: either side asks to change the order; nothing changes until the other side accepts."""

    order: Word
    lines: Annotated[tuple[ChangeLine, ...], Lines] = ()
    reason: Text = ""
    delivery: Delivery | None = None
    delivery_terms: DeliveryTerms | None = None
    inspection: Inspection | None = None
    terms: PaymentTerms | None = None
    supplied: tuple[SuppliedMaterial, ...] = ()
    decided: tuple[Undecided, ...] = ()
    allowances: tuple[AllowanceCharge, ...] = ()
    taxes: tuple[TaxSubtotal, ...] = ()
    totals: Totals | None = None
    tax_included: bool = False


class OrderCancellation(Paper, frozen=True, kw_only=True):
    """注文取消: either side asks to end the order, or the ``lines`` named; effective when the other side accepts."""

    order: Word
    reason: Text
    lines: Annotated[tuple[Word, ...], Lines] = ()


class ChangeResponse(Paper, frozen=True, kw_only=True):
    """Answer to a change, a cancellation or a response with changes. ``answers`` is the number of the paper answered.

    ``response``: accepted or refused, as a whole: who wants something else refuses and asks for it.
    """

    response: Code
    answers: Word
    order: Word = ""
    reason: Text = ""
