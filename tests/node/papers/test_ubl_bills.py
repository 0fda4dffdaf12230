"""Invoices, credit notes and statements by the buyer: JP PINT and BIS Billing out, and in again."""

from __future__ import annotations

from typing import Any

import pytest
from lxml import etree
from msgspec.structs import replace

from node.papers import ubl
from node.papers.ubl import names
from protocol.errors import CallerFault, Malformed
from protocol.process.trade import check
from protocol.process.trade.papers import (
    Address,
    AllowanceCharge,
    BankAccount,
    Billing,
    CorrectiveInvoice,
    Identifier,
    Invoice,
    PaymentMeans,
    PaymentTerms,
    Period,
    Price,
    Property,
    Reference,
    Scaled,
    SelfBilledStatement,
)
from tests.node.papers import bills, official
from tests.node.papers.random_ubl import Generator
from tests.node.papers.test_ubl_lossless import comes_out

CASES = bills.cases()
_NS = {"cac": names.CAC, "cbc": names.CBC}
# UBL states a code for the way of payment, and no direction of rounding where several give the same tax.
_UNSAID = {"terms.means[0].method", "rounding"}


# What the document states and the paper leaves to be derived, or the other way round.
_DERIVED = {
    "no price": ("lines",),
    "day only": ("period",),
    "credit with an allowance and a charge back": ("lines", "allowances"),  # a code of the other list is left out
}


def _texts(xml: bytes, path: str) -> list[str]:
    found = etree.fromstring(xml).xpath(f"{path}/text()", namespaces=_NS)
    assert isinstance(found, list)
    return [str(one) for one in found]


@pytest.mark.parametrize("name", CASES)
def test_a_bill_goes_out_and_comes_in_as_it_was(name: str) -> None:
    variant, paper = CASES[name]
    check.check(paper)
    xml = ubl.write(paper)
    assert ubl.validate(xml) == []
    assert variant in _texts(xml, "cbc:CustomizationID")[0]
    back = ubl.read(xml)
    assert type(back.body) is type(paper)
    check.check(back.body)
    assert set(ubl.unsaid(paper)) <= _UNSAID
    for field in ("lines", "taxes", "period", "tax_included", "allowances", "order"):
        if field not in _DERIVED.get(name, ()):
            assert getattr(back.body, field) == getattr(paper, field), field
    assert set(back.body.references) == set(paper.references)
    assert back.body.totals.payable == paper.totals.payable
    comes_out(xml)


@pytest.mark.parametrize("name", CASES)
def test_the_official_rules_find_nothing(name: str) -> None:
    variant, paper = CASES[name]
    assert official.broken(ubl.write(paper), variant) == []


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        (b">T7990100000001<", b">T799010000001<", "aligned-ibr-jp-01"),
        (b">380<", b">381<", "aligned-ibrp-cl-02-jp"),
        (b'TaxAmount currencyID="JPY">99<', b'TaxAmount currencyID="JPY">101<', "aligned-ibrp-051-jp"),
        (b">AA<", b">Z<", "aligned-ibrp-cl-01-jp"),
    ],
)
def test_the_official_rules_find_what_is_wrong(old: bytes, new: bytes, rule: str) -> None:
    xml = ubl.write(CASES["mixed at the floor"][1])
    assert old in xml
    assert rule in official.broken(xml.replace(old, new), "billing")


def test_a_return_is_a_negative_quantity_and_a_credit_is_below_zero() -> None:
    among = ubl.write(CASES["return among others"][1])
    assert _texts(among, "cac:InvoiceLine/cbc:InvoicedQuantity") == ["9", "7", "-2"]
    assert _texts(among, "cac:InvoiceLine/cbc:LineExtensionAmount") == ["2997", "861", "-666"]
    credit = ubl.write(CASES["credit"][1])
    assert _texts(credit, "cbc:InvoiceTypeCode") == ["380"]
    assert _texts(credit, "cac:InvoiceLine/cbc:InvoicedQuantity") == ["-3", "-7"]
    assert _texts(credit, "cac:LegalMonetaryTotal/cbc:PayableAmount") == ["-2027"]
    assert _texts(credit, "cac:BillingReference/cac:InvoiceDocumentReference/cbc:ID") == ["S-2026-09-07"]


def test_what_is_taken_off_a_credit_is_a_charge() -> None:
    xml = ubl.write(CASES["credit with an allowance and a charge back"][1])
    assert _texts(xml, "cac:AllowanceCharge/cbc:ChargeIndicator") == ["true", "false"]
    assert _texts(xml, "cac:LegalMonetaryTotal/cbc:ChargeTotalAmount") == ["500"]
    assert _texts(xml, "cac:InvoiceLine/cbc:LineExtensionAmount") == ["-15612", "100"]
    back = ubl.read(xml).body
    assert [one.charge for one in back.allowances] == [False, True]
    assert [line.negative for line in back.lines] == [False, True]


def test_prices_with_the_tax_in_them_are_said_to_be_so() -> None:
    """The worked example of the tax agency: 60,000 at 10 % and 40,000 at 8 %, rounded down."""
    paper = CASES["tax included"][1]
    assert [one.tax for one in paper.taxes] == [5_454, 2_962]
    xml = ubl.write(paper)
    assert _texts(xml, "cac:TaxTotal/cbc:TaxIncludedIndicator") == ["true"]
    assert _texts(xml, "cac:TaxTotal/cac:TaxSubtotal/cbc:TaxableAmount") == ["54546", "37037"]
    assert ubl.read(xml).body.taxes == paper.taxes


def _with(paper: Billing, **changes: Any) -> Billing:
    return replace(paper, **changes)


def _with_line(paper: Billing, **changes: Any) -> Billing:
    return replace(paper, lines=(replace(paper.lines[0], **changes), *paper.lines[1:]))


def _account(**changes: Any) -> PaymentTerms:
    return PaymentTerms(means=(PaymentMeans(method="transfer", account=replace(bills.BANK, **changes)),))


_GOOD = CASES["mixed at the floor"][1]
_ALONE = CASES["not registered"][1]
_ITEM = _GOOD.lines[0].item
_PRICE = Price(value=Scaled(value=333))
_UNDATED = replace(_GOOD.lines[0], transaction_date="")
_REFUSED: list[tuple[str, Billing]] = [
    ("seller.registration_number", _with(_GOOD, kind="380", seller=bills.seller(registration_number=""))),
    ("seller.registration_number", _with(_ALONE, seller=bills.seller())),
    ("taxes[0].tax", _with(_ALONE, taxes=_GOOD.taxes)),
    ("seller.name", _with(_GOOD, seller=bills.seller(name=""))),
    ("buyer.endpoint", _with(_GOOD, buyer=bills.buyer(corporate_number=""))),
    ("buyer.endpoint.scheme", _with(_GOOD, buyer=bills.buyer(endpoint=Identifier(value="x")))),
    ("buyer.address.country", _with(_GOOD, buyer=bills.abroad(address=None))),
    ("buyer.address.lines", _with(_GOOD, buyer=bills.buyer(address=Address(country="JP", lines=("a", "b"))))),
    ("kind", _with(_GOOD, kind="381")),
    ("period", _with(_GOOD, period=None, lines=(_UNDATED,))),
    ("lines[0].unit", _with_line(_GOOD, unit="個")),
    ("lines[0].unit", _with_line(_GOOD, unit="")),
    ("lines[0].item.name", _with_line(_GOOD, item=replace(_ITEM, name=""))),
    ("lines[0].item.properties[0].value", _with_line(_GOOD, item=replace(_ITEM, properties=(Property(name="色"),)))),
    ("lines[0].tax.category", _with_line(_GOOD, tax=bills.category("Z"))),
    ("lines[0].tax.rate", _with_line(_GOOD, tax=replace(bills.category("S"), rate=Scaled(value=0)))),
    ("lines[0].allowances[0].reason", _with_line(_GOOD, allowances=(AllowanceCharge(amount=1),))),
    ("lines[0].allowances[0].reason_code", _with_line(_GOOD, allowances=(AllowanceCharge(amount=1, reason_code="1"),))),
    ("lines[0].price.unit", _with_line(_GOOD, price=replace(_PRICE, unit="KGM"))),
    (
        "lines[0].price.base_quantity",
        _with_line(_GOOD, price=replace(_PRICE, base_quantity=Scaled(value=0))),
    ),
    ("lines[0].period", _with_line(_GOOD, period=Period(start="2026-09-30", end="2026-10-02"))),
    ("taxes[0].tax", _with(_GOOD, taxes=(replace(_GOOD.taxes[0], tax=_GOOD.taxes[0].tax + 2), *_GOOD.taxes[1:]))),
    ("terms.means[0].account.number", _with(_GOOD, terms=PaymentTerms(means=(PaymentMeans(code="30"),)))),
    ("terms.means[0].account.bank", _with(_GOOD, terms=_account(bank="12"))),
    ("terms.means[0].account.number", _with(_GOOD, terms=_account(number="123"))),
    (
        "lines[0].despatch",
        _with(_with_line(_GOOD, despatch="D-1"), references=(Reference(kind="despatch_advice", number="D-2"),)),
    ),
]


@pytest.mark.parametrize(("field", "paper"), _REFUSED, ids=lambda value: value if isinstance(value, str) else "")
def test_what_jp_pint_does_not_allow_is_refused_with_the_field(field: str, paper: Billing) -> None:
    with pytest.raises(CallerFault) as fault:
        ubl.write(paper)
    assert fault.value.field == field
    assert fault.value.code == "not-peppol"
    assert "JP PINT" in fault.value.rule


def test_a_seller_abroad_gets_bis_billing_and_credit_notes() -> None:
    invoice = ubl.write(bills.european(Invoice))
    assert "poacc:billing:3.0" in _texts(invoice, "cbc:CustomizationID")[0]
    assert ubl.read(invoice).body.terms.means[0].account == BankAccount(
        iban="DE89370400440532013000", bic="COBADEFFXXX"
    )
    note = ubl.write(bills.european(CorrectiveInvoice, **bills.CREDIT))
    assert etree.fromstring(note).tag == names.CREDIT_NOTE
    assert _texts(note, "cac:CreditNoteLine/cbc:CreditedQuantity") == ["3", "1"]
    back = ubl.read(note).body
    assert (back.effect, back.corrects, back.kind) == ("credited", "S-2026-09-07", "381")
    statement = ubl.write(bills.european(SelfBilledStatement))
    assert "selfbilling:3.0" in _texts(statement, "cbc:CustomizationID")[0]
    comes_out(note)


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("customer_reference", {"customer_reference": ""}),
        ("terms.due_date", {"terms": None}),
        ("seller.tax_number", {"seller": bills.abroad(tax_number="")}),
        ("tax_included", {"included": True}),
    ],
)
def test_what_bis_billing_does_not_allow_is_refused_with_the_field(field: str, changes: dict[str, Any]) -> None:
    with pytest.raises(CallerFault) as fault:
        ubl.write(bills.european(Invoice, **changes))
    assert fault.value.field == field


def test_a_form_can_be_asked_for() -> None:
    paper = replace(_GOOD, customer_reference="購買1課", terms=bills.TERMS)
    xml = ubl.write(paper, form="bis-billing")
    assert _texts(xml, "cac:InvoiceLine/cac:Item/cac:ClassifiedTaxCategory/cbc:ID") == ["S", "S"]
    assert "JPT7990100000001" in _texts(xml, "//cac:PartyTaxScheme/cbc:CompanyID")
    again = ubl.write(ubl.read(ubl.write(paper)).body, form="bis-billing")
    assert "poacc:billing:3.0" in _texts(again, "cbc:CustomizationID")[0]
    with pytest.raises(CallerFault, match="form"):
        ubl.write(paper, form="fax")


def test_a_type_can_be_asked_for() -> None:
    xml = ubl.write(_GOOD)
    assert ubl.read(xml, "invoice").body.number == _GOOD.number
    with pytest.raises(Malformed, match="is an invoice, not an order"):
        ubl.read(xml, "order")


def test_an_invoice_whose_sums_contradict_each_other_is_read_told_and_not_sent() -> None:
    xml = ubl.write(_GOOD).replace(b'TaxAmount currencyID="JPY">99<', b'TaxAmount currencyID="JPY">90<')
    reading = ubl.read(xml)
    assert any("cannot be sent like this" in warning.rule for warning in reading.warnings)
    with pytest.raises(CallerFault, match="rounded"):
        check.check(reading.body)
    comes_out(xml)


@pytest.mark.parametrize("tag", [names.INVOICE, names.CREDIT_NOTE], ids=["Invoice", "CreditNote"])
@pytest.mark.parametrize("start", range(0, 60, 20))
def test_random_valid_bills_come_out_as_they_went_in(start: int, tag: str) -> None:
    for seed in range(start, start + 20):
        data = Generator(seed).document(tag)
        print(f"seed {seed}")
        assert ubl.validate(data) == []
        comes_out(data)
