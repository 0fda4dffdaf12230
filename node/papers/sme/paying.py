"""Mapping of the remittance advice (支払通知, ``SMERemittanceAdvaice`` as ver.4.1 spells it).

Owns where its fields stand. A notice pays several invoices; ver.4.1 has one detail document, so each invoice is one of
its lines, and the detail document names the first. Source: 中小企業共通EDI ver.4.2 items RID…; ver.4.1 structures.
"""

from __future__ import annotations

from typing import Final

from node.papers.sme import head, notes, parties
from node.papers.sme.bill_lines import METHODS
from node.papers.sme.rows import (
    Moment,
    NoCurrency,
    Sme,
    Sum,
    amount_at,
    at,
    counted,
    fixed,
    group,
    leaf,
    many,
    put_moment,
    put_sum,
)
from node.papers.ubl import codecs
from node.papers.ubl.names import Step
from node.papers.ubl.rows import Context, Missing, Row, Values, join, put, read_with, text_at
from node.papers.ubl.tree import Node
from protocol.errors import CallerFault
from protocol.process.trade.papers import BankAccount, Offset, PaidItem, PaymentMeans, PaymentNotice

_HEAD = "CIRExchangedDocument"
_PAYMENT = "CIRHTradeSettlementPayment"
_MONEY = f"{_PAYMENT}/SpecifiedCIRHSupplyChainTradeSettlement"
_SUMS = f"{_MONEY}/SpecifiedCIRHTradeSettlementMonetarySummation"
_MEANS = f"{_MONEY}/SpecifiedCITradeSettlementPaymentMeans"
_DETAIL = "CIRTSupplyChainTradeTransaction"
_DETAIL_MONEY = f"{_DETAIL}/ApplicableCIRTSupplyChainTradeSettlement"
_LINE = f"{_DETAIL}/IncludedCIRLSupplyChainTradeLineItem"
_INVOICE = "InvoiceReferencedCIReferencedDocument"
_LINE_MONEY = "SpecifiedCIRLSupplyChainTradeSettlement"
HEAD: Final = _HEAD
UNNAMED: Final = "?"  # an invoice that the document does not name
SINGLE: Final = "single"  # marks a document that pays one invoice without a line for it


def _account(side: str, role: str) -> tuple[Row, ...]:
    account = f"{_MEANS}/{side}PartyCI{role}FinancialAccount"
    bank = f"{_MEANS}/{side}SpecifiedCI{role}FinancialInstitution"
    return (
        leaf("holder", f"{account}/AccountName"),
        leaf("number", f"{account}/ProprietaryID", codecs.WORD),
        leaf("kind", f"{account}/TypeCode", codecs.CODE),
        leaf("iban", f"{account}/IBANID", codecs.WORD),
        leaf("bank", f"{bank}/JapanFinancialInstitutionCommonID", codecs.CODE),
        leaf("bank_name", f"{bank}/Name"),
        leaf("bic", f"{bank}/BICID", codecs.WORD),
        leaf("branch", f"{bank}/SubDivisionBranchFinancialInstitution/ID", codecs.CODE),
        leaf("branch_name", f"{bank}/SubDivisionBranchFinancialInstitution/Name"),
    )


KINDS: Final = {"invoice": "380", "corrective_invoice": "81", "self_billed_statement": "389"}
"""Type codes (UNCL1001) of what is paid."""


class _Items:
    """``items``: the invoices that are paid, one to a line; without lines the one that the detail document names."""

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        found = []
        for step, line in node.items(at(_LINE)):
            one = self._item(line, context, f"{at(_DETAIL)}/{step}")
            if one is None:
                break
            found.append(one)
        if not found:
            found = self._single(node, context)
            if isinstance(context, Sme):
                context.marks[SINGLE] = ["1"]
        values["items"] = tuple(found)

    def _item(self, line: Node, context: Context, path: str) -> PaidItem | None:
        reference = f"{_LINE_MONEY}/{_INVOICE}"
        number = read_with(codecs.WORD, text_at(line, at(f"{reference}/IssuerAssignedID")), context, path)
        tax = f"{_LINE_MONEY}/ApplicableCITradeTax"
        amount = amount_at(line, f"{tax}/GrandTotalAmount", context, path)
        if amount is None:
            net = amount_at(line, f"{tax}/BasisAmount", context, path)
            added = amount_at(line, f"{tax}/CalculatedAmount", context, path)
            amount = None if net is None or added is None else net + added
        if not number or amount is None:
            context.warn(path, "names no invoice or no amount: this line and those after it are kept as they are")
            return None
        found: Values = {}
        Moment("date", f"{reference}/IssueDateTime").fill(line, found, context, path)
        return PaidItem(number=number, amount=amount, kind=self._kind(line, reference, context, path), **found)

    def _kind(self, node: Node, reference: str, context: Context, path: str) -> str:
        value = read_with(_KIND, text_at(node, at(f"{reference}/TypeCode")), context, path)
        return value or "invoice"

    def _single(self, node: Node, context: Context) -> list[PaidItem]:
        reference = f"{_DETAIL_MONEY}/{_INVOICE}"
        number = read_with(codecs.WORD, text_at(node, at(f"{reference}/IssuerAssignedID")), context, at(reference))
        sums = f"{_DETAIL_MONEY}/SpecifiedCIRTTradeSettlementMonetarySummation"
        amount = amount_at(node, f"{sums}/PaymentTotalAmount", context, "")
        if amount is None:
            amount = amount_at(node, f"{sums}/IncludingTaxesLineTotalAmount", context, "")
        if amount is None:
            amount = amount_at(node, f"{_SUMS}/IncludingTaxesLineTotalAmount", context, "")
        if amount is None:
            amount = _paid(node, context)
        if amount is None:
            raise CallerFault(at(f"{_SUMS}/PaymentTotalAmount"), "is required: how much is paid")
        if not number:
            context.warn(
                at(f"{reference}/IssuerAssignedID"), "is missing: the notice does not say which invoice is paid"
            )
            number = UNNAMED
        found: Values = {}
        Moment("date", f"{reference}/IssueDateTime").fill(node, found, context, "")
        return [PaidItem(number=number, amount=amount, kind=self._kind(node, reference, context, ""), **found)]

    def make(self, struct: PaymentNotice, node: Node, context: Context) -> None:
        first = struct.items[0]
        alone = len(struct.items) == 1
        reference = f"{_DETAIL_MONEY}/{_INVOICE}"
        if first.number != UNNAMED:
            put(
                node.make(at(f"{reference}/IssuerAssignedID")), codecs.WORD, first.number, soft=not alone, optional=True
            )
        self._put_kind(node, reference, first, soft=True)
        if first.date:
            put_moment(node, f"{reference}/IssueDateTime", first.date, soft=not alone, optional=True)
        whole = sum(one.amount for one in struct.items)
        sums = f"{_DETAIL_MONEY}/SpecifiedCIRTTradeSettlementMonetarySummation"
        put_sum(node, f"{sums}/PaymentTotalAmount", whole, context, soft=True)
        above, _, name = at(_LINE).rpartition("/")
        node.make(above).closed.add(name)
        if alone and isinstance(context, Sme) and SINGLE in context.marks:
            node.make(above).closed.discard(name)
            return
        for index, one in enumerate(struct.items, 1):
            line = node.make(above).child(Step(name, index))
            line.item = True
            put(line.make(at("AssociatedCIRDocumentLineDocument/LineID")), codecs.WORD, str(index), soft=True)
            inner = f"{_LINE_MONEY}/{_INVOICE}"
            put(line.make(at(f"{inner}/IssuerAssignedID")), codecs.WORD, one.number)
            self._put_kind(line, inner, one, soft=False)
            if one.date:
                put_moment(line, f"{inner}/IssueDateTime", one.date)
            put_sum(line, f"{_LINE_MONEY}/ApplicableCITradeTax/GrandTotalAmount", one.amount, context, optional=True)

    def _put_kind(self, node: Node, reference: str, one: PaidItem, *, soft: bool) -> None:
        code = KINDS.get(one.kind)
        if code is not None:
            put(node.make(at(f"{reference}/TypeCode")), _KIND, one.kind, soft=soft, optional=one.kind == "invoice")

    def describe(self) -> list[tuple[str, str]]:
        line = f"{at(_LINE)}(n)/{at(_LINE_MONEY)}"
        return [
            ("items[n].number", f"{line}/{at(_INVOICE)}/{at('IssuerAssignedID')}"),
            ("items[n].date", f"{line}/{at(_INVOICE)}/{at('IssueDateTime')}"),
            ("items[n].kind", f"{line}/{at(_INVOICE)}/{at('TypeCode')}"),
            ("items[n].amount", f"{line}/{at('ApplicableCITradeTax/GrandTotalAmount')}"),
            ("items[1].number, without lines", at(f"{_DETAIL_MONEY}/{_INVOICE}/IssuerAssignedID")),
        ]


_KIND: Final = codecs.Coded({code: word for word, code in KINDS.items()}, unknown=("invoice",))


def _paid(node: Node, context: Context) -> int | None:
    total = amount_at(node, f"{_SUMS}/PaymentTotalAmount", context, "")
    off = amount_at(node, f"{_SUMS}/BalanceOutAmount", context, "") or 0
    return None if total is None else total + off


class _Total:
    """``total`` and ``offsets``: what is paid is what is billed less what is set off."""

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        many(
            "offsets",
            f"{_SUMS}/ApplicableCIRHSpecifiedBalanceOut",
            Offset,
            (
                Sum("amount", "CalculatedAmount", required=True),
                leaf("reason", "ReasonDescription", required=True),
                leaf("number", "ID", codecs.WORD),
            ),
        ).fill(node, values, context, path)
        total = amount_at(node, f"{_SUMS}/PaymentTotalAmount", context, path)
        if total is None:
            raise Missing(join(path, at(f"{_SUMS}/PaymentTotalAmount")))
        values["total"] = total

    def make(self, struct: PaymentNotice, node: Node, context: Context) -> None:
        many(
            "offsets",
            f"{_SUMS}/ApplicableCIRHSpecifiedBalanceOut",
            Offset,
            (Sum("amount", "CalculatedAmount"), leaf("reason", "ReasonDescription"), leaf("number", "ID", codecs.WORD)),
        ).make(struct, node, context)
        put_sum(node, f"{_SUMS}/PaymentTotalAmount", struct.total, context)
        if struct.offsets:
            off = sum(one.amount for one in struct.offsets)
            put_sum(node, f"{_SUMS}/BalanceOutAmount", off, context, soft=True)
        whole = sum(one.amount for one in struct.items)
        put_sum(node, f"{_SUMS}/IncludingTaxesLineTotalAmount", whole, context, soft=True)

    def describe(self) -> list[tuple[str, str]]:
        head = f"{at(f'{_SUMS}/ApplicableCIRHSpecifiedBalanceOut')}(n)"
        return [
            ("total", at(f"{_SUMS}/PaymentTotalAmount")),
            ("offsets[n].amount", f"{head}/{at('CalculatedAmount')}"),
            ("offsets[n].reason", f"{head}/{at('ReasonDescription')}"),
            ("offsets[n].number", f"{head}/{at('ID')}"),
        ]


class _Means:
    """``means``: the one way of payment that the message has room for."""

    _path = at(f"{_MEANS}/TypeCode")

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        value = read_with(codecs.CODE, text_at(node, self._path), context, self._path)
        if value:
            values["means"] = (PaymentMeans(code=value),)

    def make(self, struct: PaymentNotice, node: Node, context: Context) -> None:
        if struct.means:
            code = struct.means[0].code or METHODS.get(struct.means[0].method, "")
            if code:
                put(node.make(self._path), codecs.CODE, code)

    def describe(self) -> list[tuple[str, str]]:
        return [("means[1].code", self._path)]


PAYMENT_NOTICE: tuple[Row, ...] = (
    NoCurrency(),
    *head.CONTEXT,
    head.Number(f"{_HEAD}/ID"),
    head.Issued(f"{_HEAD}/IssueDateTime"),
    fixed(f"{_HEAD}/TypeCode", "481", note="481 (remittance advice)"),
    fixed(f"{_HEAD}/PurposeCode", "9", note="9 (original)"),
    Moment("payment_date", f"{_PAYMENT}/RequestedExecutionDateTime", required=True),
    parties.firm("buyer", f"{_MONEY}/PayerCITradeParty", parties.SHORT_PARTY),
    parties.firm("seller", f"{_MONEY}/PayeeCITradeParty", parties.SHORT_PARTY),
    group("payer_account", "", BankAccount, _account("Payer", "Debtor")),
    group("payee_account", "", BankAccount, _account("Payee", "Creditor")),
    _Means(),
    _Items(),
    _Total(),
    notes.Notes((), f"{_HEAD}/IncludedCINote", most=1),
    counted(f"{_DETAIL}/AssociatedCIRDocumentLineDocument/LineID", lambda paper, context: "1", note="1"),
)
CONTACTS: tuple[Row, ...] = (
    parties.contact("buyer", f"{_MONEY}/PayerCITradeParty", parties.CONTACT_OF_PAYMENT),
    parties.contact("seller", f"{_MONEY}/PayeeCITradeParty", parties.CONTACT_OF_PAYMENT),
)
