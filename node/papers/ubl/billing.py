"""Mapping of bills: ``Invoice`` and ``CreditNote`` of UBL 2.1 to the papers ``invoice``, ``corrective_invoice`` and
``self_billed_statement``.

Owns where each field of a bill's head stands, and which paper a document is. Which specification we write, and what
that wants, is :mod:`node.papers.ubl.forms`. Source: UBL 2.1; Peppol BIS Billing 3; JP PINT 1.1; ADR 0002.
"""

from __future__ import annotations

import re
from typing import Any

from node.papers.ubl import bill_lines, codecs, forms, names, order, parties
from node.papers.ubl.bill_lines import PAYABLE, TOTAL, sign_of
from node.papers.ubl.groups import Group, Keyed, Many
from node.papers.ubl.rows import (
    Attribute,
    Context,
    Fixed,
    Leaf,
    Row,
    Values,
    join,
    put,
    read_with,
    text_at,
)
from node.papers.ubl.tree import Node
from protocol.process.trade.papers import (
    BankAccount,
    CorrectiveInvoice,
    Delivery,
    InvolvedParty,
    Location,
    PaymentMeans,
    PaymentTerms,
    Period,
    Reference,
)

INVOICE_LINE, CREDIT_LINE = "cac:InvoiceLine", "cac:CreditNoteLine"
SELF_BILLED = frozenset({"389", "527"})  # UNCL1001
CORRECTED = "384"
_CORRECTED_REFERENCE = "cac:BillingReference/cac:InvoiceDocumentReference"
_NOWHERE = "?"


class _Direction:
    """Whether the document states with a minus what the paper states without: a credit written as an invoice."""

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        return None  # decided when the kind of the document was

    def make(self, struct: Any, node: Node, context: Context) -> None:
        context.sign = -1 if turned(struct, node.step.name) else 1

    def describe(self) -> list[tuple[str, str]]:
        return []


def turned(body: Any, root: str) -> bool:
    """Whether a paper is written with all signs turned round below ``root``."""
    return isinstance(body, CorrectiveInvoice) and body.effect == "credited" and root == names.short(names.INVOICE)


class _TypeCode(codecs.Words):
    """A default stands for a code that belongs to the other kind of document, or for none."""

    def __init__(self, default: str, *, credit: bool) -> None:
        super().__init__(codecs.MAX_CODE_CHARS)
        self.default = default
        self._credit = credit

    def fits(self, code: str) -> bool:
        return (code in forms.CREDIT_CODES) is self._credit

    def same(self, spelling: str, canonical: str) -> bool:
        clean = spelling.strip()
        return clean == canonical or (canonical == self.default and not self.fits(clean))


class _Kind:
    """``kind``: UNCL1001."""

    def __init__(self, path: str, codec: _TypeCode) -> None:
        self._path, self._codec = path, codec

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        value = read_with(self._codec, text_at(node, self._path), context, self._path)
        if value and not self._codec.fits(value):
            context.warn(self._path, f"{value} is no code of such a document")
        values["kind"] = value if value and self._codec.fits(value) else self._codec.default

    def make(self, struct: Any, node: Node, context: Context) -> None:
        if struct.kind:
            put(node.make(self._path), self._codec, struct.kind, optional=struct.kind == self._codec.default)

    def describe(self) -> list[tuple[str, str]]:
        return [("kind", self._path)]


_INVOICE_KIND = _Kind("cbc:InvoiceTypeCode", _TypeCode("380", credit=False))
_CREDIT_KIND = _Kind("cbc:CreditNoteTypeCode", _TypeCode("381", credit=True))


class _CorrectsDate:
    """``corrects_date``; where a document does not state it, its own date stands in."""

    _path = f"{_CORRECTED_REFERENCE}/cbc:IssueDate"

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        value = read_with(codecs.DAY, text_at(node, self._path), context, self._path)
        if not value:
            context.warn(self._path, "the date of the invoice that is corrected is missing")
        values["corrects_date"] = value or values.get("issue_date", "")

    def make(self, struct: Any, node: Node, context: Context) -> None:
        stands_in = struct.corrects_date == struct.issue_date
        codec = codecs.StandIn(codecs.DAY) if stands_in else codecs.DAY
        put(node.make(self._path), codec, struct.corrects_date, optional=stands_in)

    def describe(self) -> list[tuple[str, str]]:
        return [("corrects_date", self._path)]


_JAPANESE_ACCOUNT = re.compile(r"([0-9]{4}):([0-9]{3}):([0-9]):([0-9]{1,10})")
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")


class _Account:
    """An account: ``bank:branch:kind:number`` in Japan (JP PINT), an IBAN, or any number."""

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        value = read_with(codecs.WORD, text_at(node, "cbc:ID"), context, join(path, "cbc:ID"))
        if not value:
            return
        japanese = _JAPANESE_ACCOUNT.fullmatch(value)
        if japanese:
            values |= zip(("bank", "branch", "kind", "number"), japanese.groups(), strict=True)
        else:
            values["iban" if _IBAN.fullmatch(value) else "number"] = value

    def make(self, struct: Any, node: Node, context: Context) -> None:
        text = struct.iban or struct.number
        if struct.bank and struct.branch and struct.number:
            text = f"{struct.bank}:{struct.branch}:{struct.kind or '1'}:{struct.number}"
        if text:
            put(node.make("cbc:ID"), codecs.WORD, text)

    def describe(self) -> list[tuple[str, str]]:
        return [("bank, branch, kind and number, or iban, or number", "cbc:ID")]


ACCOUNT: tuple[Row, ...] = (
    _Account(),
    Leaf("holder", "cbc:Name"),
    Leaf("bic", "cac:FinancialInstitutionBranch/cbc:ID", codecs.WORD),
)
MEANS: tuple[Row, ...] = (
    Leaf("code", "cbc:PaymentMeansCode", codecs.CODE),
    Fixed("cbc:PaymentMeansCode", lambda means, context: forms.method_code(means), note="from means.method"),
    Leaf("reference", "cbc:PaymentID", codecs.WORD),
    Group("account", "cac:PayeeFinancialAccount", BankAccount, ACCOUNT),
)


def _terms(due: tuple[Row, ...]) -> Group:
    rows: tuple[Row, ...] = (
        *due,
        Leaf("code", "cac:PaymentTerms/cbc:ID", codecs.CODE),
        Leaf("description", "cac:PaymentTerms/cbc:Note"),
        Many("means", "cac:PaymentMeans", PaymentMeans, MEANS),
    )
    return Group("terms", "", PaymentTerms, rows)


NAMED: tuple[Row, ...] = (
    *parties.PARTY,
    Fixed("cac:PartyName/cbc:Name", lambda party, context: party.name, note="the name again"),
)
DELIVERED: tuple[Row, ...] = (
    Group("location", "cac:DeliveryLocation", Location, parties.LOCATION),
    Group("party", "cac:DeliveryParty", parties.party, NAMED),
)
REFERENCE: tuple[Row, ...] = (
    Leaf("number", "cbc:ID", codecs.WORD, required=True),
    Leaf("date", "cbc:IssueDate", codecs.DAY),
    Leaf("type_code", "cbc:DocumentTypeCode", codecs.CODE),
    Leaf("description", "cbc:DocumentDescription"),
    Leaf("uri", "cac:Attachment/cac:ExternalReference/cbc:URI"),
)


def _involved(role: str, path: str) -> Keyed:
    return Keyed("involved", "role", role, path, InvolvedParty, (Group("party", "", parties.party, NAMED),))


class _Whole:
    """The period of a bill that states only the day of the transaction."""

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        return None

    def make(self, struct: Any, node: Node, context: Context) -> None:
        if struct.period is None and struct.transaction_date:
            for name in ("cbc:StartDate", "cbc:EndDate"):
                put(node.make(f"cac:InvoicePeriod/{name}"), codecs.DAY, struct.transaction_date, soft=True)

    def describe(self) -> list[tuple[str, str]]:
        return [("(transaction_date, where no period is stated)", "cac:InvoicePeriod")]


def _customization(paper: Any, context: Context) -> str:
    return (context.form or forms.of(paper)).customization(paper)


def _profile(paper: Any, context: Context) -> str:
    return (context.form or forms.of(paper)).profile(paper)


def _head(kind: _Kind) -> tuple[Row, ...]:
    return (
        _Direction(),
        Fixed("cbc:CustomizationID", _customization, note="the form's"),
        Fixed("cbc:ProfileID", _profile, note="the form's"),
        order.CURRENCY,
        order.NUMBER,
        Leaf("issue_date", "cbc:IssueDate", codecs.DAY, required=True),
        Leaf("issue_time", "cbc:IssueTime", codecs.TIME),
        kind,
        Attribute("language", "cbc:Note", "languageID"),
        Leaf("accounting_cost", "cbc:AccountingCost", codecs.WORD),
        Leaf("customer_reference", "cbc:BuyerReference", codecs.WORD),
        Group("period", "cac:InvoicePeriod", Period, parties.PERIOD),
        _Whole(),
        Leaf("order", "cac:OrderReference/cbc:ID", codecs.WORD),
        order.reference(
            "sales_order", "cac:OrderReference", rows=(Leaf("number", "cbc:SalesOrderID", codecs.WORD, required=True),)
        ),
        Fixed(
            "cac:OrderReference/cbc:ID",
            lambda paper, context: "NA",
            lambda paper, node: node.at("cac:OrderReference") is not None,
            note="NA",
        ),
        order.reference("despatch_advice", "cac:DespatchDocumentReference", rows=REFERENCE),
        order.reference("receiving_advice", "cac:ReceiptDocumentReference", rows=REFERENCE),
        order.reference("originator", "cac:OriginatorDocumentReference", rows=REFERENCE),
        order.reference("contract", "cac:ContractDocumentReference", rows=REFERENCE),
        order.reference("other", "cac:AdditionalDocumentReference", many=True, rows=REFERENCE),
        Group("seller", "cac:AccountingSupplierParty/cac:Party", parties.party, parties.PARTY, required=True),
        Group("buyer", "cac:AccountingCustomerParty/cac:Party", parties.party, parties.PARTY, required=True),
        _involved("payee", "cac:PayeeParty"),
        _involved("tax_representative", "cac:TaxRepresentativeParty"),
        Leaf("transaction_date", "cac:Delivery/cbc:ActualDeliveryDate", codecs.DAY),
        Group("delivery", "cac:Delivery", Delivery, DELIVERED),
        bill_lines.ALLOWANCES,
        *bill_lines.TAXES,
        bill_lines.TOTALS,
    )


_PROJECT = order.reference(
    "project", "cac:ProjectReference", rows=(Leaf("number", "cbc:ID", codecs.WORD, required=True),)
)
_NOTE = Leaf("note", "cbc:Note")
_EARLIER = Keyed(
    "references",
    "kind",
    "invoice",
    "cac:BillingReference",
    Reference,
    (
        Leaf("number", "cac:InvoiceDocumentReference/cbc:ID", codecs.WORD, required=True),
        Leaf("date", "cac:InvoiceDocumentReference/cbc:IssueDate", codecs.DAY),
    ),
    many=True,
)
CORRECTION: tuple[Row, ...] = (
    Leaf("reason", "cbc:Note", default=_NOWHERE),
    Leaf("corrects", f"{_CORRECTED_REFERENCE}/cbc:ID", codecs.WORD, default=_NOWHERE),
    _CorrectsDate(),
)
INVOICE_LINES = bill_lines.lines(INVOICE_LINE, "cbc:InvoicedQuantity")
CREDIT_LINES = bill_lines.lines(CREDIT_LINE, "cbc:CreditedQuantity")
_DUE = (Leaf("due_date", "cbc:DueDate", codecs.DAY),)
_INVOICE_REST: tuple[Row, ...] = (_PROJECT, _terms(_DUE), INVOICE_LINES, *bill_lines.DERIVED)

# The note stands before its language.
INVOICE: tuple[Row, ...] = (_NOTE, *_head(_INVOICE_KIND), _EARLIER, *_INVOICE_REST)
CORRECTIVE: tuple[Row, ...] = (CORRECTION[0], *_head(_INVOICE_KIND), *CORRECTION[1:], *_INVOICE_REST)
CREDIT_NOTE: tuple[Row, ...] = (
    CORRECTION[0],
    *_head(_CREDIT_KIND),
    *CORRECTION[1:],
    _terms(()),
    CREDIT_LINES,
    *bill_lines.DERIVED,
)
CONTACTS: tuple[Row, ...] = (
    parties.contact("seller", "cac:AccountingSupplierParty/cac:Party"),
    parties.contact("buyer", "cac:AccountingCustomerParty/cac:Party"),
    parties.contact("payee", "cac:PayeeParty"),
    parties.contact("tax_representative", "cac:TaxRepresentativeParty"),
    parties.contact("delivery", "cac:Delivery/cac:DeliveryParty"),
)


def is_below_zero(said: Node) -> bool:
    """Whether an invoice is a credit: what is payable, or the whole with tax, is below zero."""
    return (sign_of(text_at(said, PAYABLE)) or sign_of(text_at(said, f"{TOTAL}/cbc:TaxInclusiveAmount"))) < 0


def corrects(said: Node) -> bool:
    """Whether an invoice above zero stands in the place of an earlier one.

    In Europe the code says so (384). JP PINT has no such code: there the reference to an earlier invoice says it.
    """
    code = (text_at(said, "cbc:InvoiceTypeCode") or "").strip()
    japanese = (text_at(said, "cbc:CustomizationID") or "").strip().startswith(forms.JAPANESE)
    named = (text_at(said, f"{_CORRECTED_REFERENCE}/cbc:ID") or "").strip()
    return code == CORRECTED or (japanese and bool(named) and code not in SELF_BILLED)


def is_self_billed(said: Node) -> bool:
    """Whether the buyer made the document."""
    return (text_at(said, "cbc:InvoiceTypeCode") or "").strip() in SELF_BILLED
