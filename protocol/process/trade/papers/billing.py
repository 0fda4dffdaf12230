"""Papers that move money: invoice, corrective invoice, self-billed statement and its response, payment notice."""

from __future__ import annotations

from typing import Annotated

from protocol.process.trade.papers.base import Amount, Code, Date, Lines, Paper, Part, Period, Scaled, Text, Word
from protocol.process.trade.papers.goods import (
    AllowanceCharge,
    BankAccount,
    Item,
    PaymentMeans,
    PaymentTerms,
    Price,
    TaxCategory,
    TaxSubtotal,
    Totals,
)
from protocol.process.trade.papers.parties import Delivery, InvolvedParty, Party


class InvoiceLine(Part, frozen=True, kw_only=True):
    """A billed line. ``order`` and ``order_line_id`` point at the order, ``despatch`` at the despatch advice.

    ``transaction_date`` (取引年月日) or ``period`` may stand here or on the paper. The tax category AA marks
    軽減税率対象. ``negative``: the line is taken off (返品・値引 within a month's bill): quantity and amount are stated
    positive and count below zero. What goes back of an order of the dealing is a corrective invoice.
    """

    line_id: Word
    item: Item
    quantity: Scaled
    unit: Code
    amount: Amount
    tax: TaxCategory
    price: Price | None = None
    order: Word = ""
    order_line_id: Word = ""
    despatch: Word = ""
    transaction_date: Date = ""
    period: Period | None = None
    allowances: tuple[AllowanceCharge, ...] = ()
    negative: bool = False
    note: Text = ""


class Billing(Paper, frozen=True, kw_only=True):
    """What an invoice and a statement made by the buyer have in common.

    ``rounding``: down, half_up or up: the issuer's direction, applied once per rate and paper. ``tax_included`` says
    that line amounts, bases and allowances contain the tax (税込), so that tax = basis x rate / (100 + rate).
    """

    buyer: Party
    seller: Party
    lines: Annotated[tuple[InvoiceLine, ...], Lines]
    taxes: tuple[TaxSubtotal, ...]
    totals: Totals
    rounding: Code
    tax_included: bool = False
    order: Word = ""
    kind: Code = ""
    involved: tuple[InvolvedParty, ...] = ()
    period: Period | None = None
    transaction_date: Date = ""
    delivery: Delivery | None = None
    terms: PaymentTerms | None = None
    allowances: tuple[AllowanceCharge, ...] = ()
    customer_reference: Word = ""
    accounting_cost: Word = ""


class Invoice(Billing, frozen=True, kw_only=True):
    """請求. A 適格請求書 when the seller's registration number stands in it; ``kind`` 380, or 480 without."""


class CorrectiveInvoice(Billing, frozen=True, kw_only=True):
    """訂正・返還請求書 for the invoice numbered ``corrects``.

    ``effect``: replaced (the invoice is void, this stands in its place: 修正した適格請求書) or credited (this much is
    taken off: 適格返還請求書, amounts stated positive).
    """

    corrects: Word
    corrects_date: Date
    effect: Code
    reason: Text


class SelfBilledStatement(Billing, frozen=True, kw_only=True):
    """仕入明細書, made by the buyer. It serves as a qualified invoice once the seller has confirmed it."""


class SelfBilledResponse(Paper, frozen=True, kw_only=True):
    """The seller's answer to the statement numbered ``statement``. ``response``: confirmed or refused."""

    statement: Word
    response: Code
    reason: Text = ""


class PaidItem(Part, frozen=True, kw_only=True):
    """One invoice, corrective invoice or statement and what is paid on it."""

    number: Word
    kind: Code
    amount: Amount
    billed: Amount | None = None
    date: Date = ""


class Offset(Part, frozen=True, kw_only=True):
    """What is set off against the payment (相殺): supplied material, fees, credits."""

    amount: Amount
    reason: Text
    number: Word = ""


class PaymentNotice(Paper, frozen=True, kw_only=True):
    """支払通知. ``total`` = sum of items - sum of offsets, paid on ``payment_date``."""

    payment_date: Date
    items: Annotated[tuple[PaidItem, ...], Lines]
    total: Amount
    buyer: Party | None = None
    seller: Party | None = None
    offsets: tuple[Offset, ...] = ()
    means: tuple[PaymentMeans, ...] = ()
    payer_account: BankAccount | None = None
    payee_account: BankAccount | None = None
