"""What is traded and for how much: items, prices, taxes, allowances, totals. Knows no process."""

from __future__ import annotations

from protocol.process.trade.papers.base import Amount, Code, Date, Identifier, Part, Scaled, SignedAmount, Text, Word


class Classification(Part, frozen=True, kw_only=True):
    """A class of goods in a list (``list`` such as ``MP``, ``UNSPSC``)."""

    code: Word
    list: Word = ""
    version: Word = ""
    name: Text = ""


class Property(Part, frozen=True, kw_only=True):
    """A property of an item: material, size, colour."""

    name: Text
    value: Text = ""
    quantity: Scaled | None = None
    unit: Code = ""
    qualifier: Word = ""


class Item(Part, frozen=True, kw_only=True):
    """Goods or a service.

    ``gtin`` (JAN, 8 to 14 digits) is strict; a standard identifier that fails its check digit goes to ``standard_id``.
    """

    name: Text
    description: Text = ""
    gtin: Code = ""
    standard_id: Identifier | None = None
    seller_id: Word = ""
    buyer_id: Word = ""
    manufacturer_id: Word = ""
    origin_country: Code = ""
    serial: Word = ""
    lot: Word = ""
    best_before: Date = ""
    classifications: tuple[Classification, ...] = ()
    properties: tuple[Property, ...] = ()


class TaxCategory(Part, frozen=True, kw_only=True):
    """UNCL5305 ``category`` and rate in percent.

    S standard, AA reduced (軽減税率), E exempt (非課税), G export (輸出免税), O outside (不課税),
    Z zero, AE reverse charge.
    """

    category: Code
    rate: Scaled | None = None


class PriceAllowance(Part, frozen=True, kw_only=True):
    """What was taken off (or added to) the gross price to give the price."""

    charge: bool = False
    amount: Scaled
    base: Scaled | None = None


class Price(Part, frozen=True, kw_only=True):
    """Unit price in major units of the currency, for ``base_quantity`` of ``unit`` (default 1 of the line's unit).

    ``kind`` is UNCL5375: CT contract, QT quoted, PV provisional (仮単価).
    """

    value: Scaled
    base_quantity: Scaled | None = None
    unit: Code = ""
    kind: Code = ""
    allowance: PriceAllowance | None = None


class AllowanceCharge(Part, frozen=True, kw_only=True):
    """An allowance (``charge`` false) or a charge on a line or on the whole paper. ``percent`` of ``base``."""

    charge: bool = False
    amount: Amount
    base: Amount | None = None
    percent: Scaled | None = None
    reason_code: Code = ""
    reason: Text = ""
    tax: TaxCategory | None = None


class TaxSubtotal(Part, frozen=True, kw_only=True):
    """One tax rate: ``basis`` is the sum taxed (gross where the paper says ``tax_included``), ``tax`` rounded once.

    Both are below zero where more is taken off a bill at this rate than charged; the tax is rounded by its size.
    """

    category: Code
    rate: Scaled | None = None
    basis: SignedAmount
    tax: SignedAmount
    exemption_reason: Text = ""


class Totals(Part, frozen=True, kw_only=True):
    """The sums at the foot. Each may be absent; those present must agree with each other and with the lines.

    net = lines - allowances + charges; gross = net + tax; payable = gross - prepaid + rounding.
    """

    lines: Amount | None = None
    allowances: Amount | None = None
    charges: Amount | None = None
    net: Amount | None = None
    tax: Amount | None = None
    gross: Amount | None = None
    prepaid: Amount | None = None
    rounding: SignedAmount | None = None
    payable: Amount | None = None


class BankAccount(Part, frozen=True, kw_only=True):
    """An account: bank (4 digits), branch (3), ``kind`` 1 ordinary, 2 current, 4 savings; ``iban`` abroad."""

    bank: Code = ""
    bank_name: Text = ""
    branch: Code = ""
    branch_name: Text = ""
    kind: Code = ""
    number: Word = ""
    iban: Word = ""
    bic: Word = ""
    holder: Text = ""


class PaymentMeans(Part, frozen=True, kw_only=True):
    """How a share of the price is paid. ``method`` is one of :data:`PAYMENT_METHODS`, ``code`` UNCL4461 where known.

    For ``lump_settlement`` (一括決済方式) and ``electronic_record`` (電子記録債権): ``institution``, ``amount`` or
    ``percent``, and ``maturity`` (満期日).
    """

    method: Code = ""
    code: Code = ""
    amount: Amount | None = None
    percent: Scaled | None = None
    institution: Text = ""
    start_date: Date = ""
    maturity: Date = ""
    account: BankAccount | None = None
    reference: Word = ""


PAYMENT_METHODS = ("cash", "transfer", "lump_settlement", "electronic_record", "promissory_note", "offset", "other")


class PaymentTerms(Part, frozen=True, kw_only=True):
    """When and how it is paid. ``due_date`` is the 支払期日; ``code`` UNCL4279."""

    due_date: Date = ""
    code: Code = ""
    description: Text = ""
    means: tuple[PaymentMeans, ...] = ()
