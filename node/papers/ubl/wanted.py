"""What JP PINT and BIS Billing want of a bill beyond UBL, as rules on our own papers, so that a refusal names a field.

Strict when writing: a paper of our own that breaks one of these is not written. The official rules (schematron) judge
the same; they are run over our output in the tests where they are at hand. Pure.

Source: JP PINT 1.1.3 (ibr-…, aligned-ibrp-…, aligned-ibr-jp-…); Peppol BIS Billing 3.0 (BR-…, PEPPOL-EN16931-R…).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple, NoReturn

from node.papers.ubl import forms
from node.papers.ubl.bill_lines import taxable
from protocol.errors import CallerFault
from protocol.process.money import Rounding, divide, tax_fraction
from protocol.process.trade.check.sums import rate_key
from protocol.process.trade.papers import (
    AllowanceCharge,
    BankAccount,
    Billing,
    InvoiceLine,
    Item,
    Party,
    Price,
    SelfBilledStatement,
    TaxSubtotal,
)

_UNIT: Final = re.compile(r"[A-Z0-9]{2,3}")  # UN/ECE Recommendation 20, and 21 behind an X
_ALLOWANCE_REASONS: Final = frozenset(
    f"{code}" for code in (41, 42, *range(60, 69), 70, 71, 88, 95, 100, 102, 103, 104, 105) if code != 61
)  # UNCL5189
_CHARGE_REASON: Final = re.compile(r"[A-Z]{2,3}|ZZZ")  # UNCL7161
_JAPANESE_CATEGORIES: Final = ("AA", "E", "G", "O", "S")
_FOREIGN_CATEGORIES: Final = ("AE", "B", "E", "G", "K", "L", "M", "O", "S", "Z")
_TAXED: Final = ("AA", "S")


class _Spec(NamedTuple):
    """What differs between the two."""

    name: str
    categories: tuple[str, ...]


_JP = _Spec("JP PINT", _JAPANESE_CATEGORIES)
_BIS = _Spec("Peppol BIS Billing", _FOREIGN_CATEGORIES)


def require(body: Billing, form: forms.Form) -> None:
    """Raise CallerFault (code ``not-peppol``) naming the first field that the form does not allow."""
    spec = _JP if form is forms.JP_PINT else _BIS
    _party(body.seller, "seller", spec)
    _party(body.buyer, "buyer", spec)
    _kind(body, spec)
    _references(body, spec)
    _payment(body, spec)
    for index, line in enumerate(body.lines):
        _line(line, f"lines[{index}]", body, spec)
    turned = forms.is_turned(body)
    for index, one in enumerate(body.allowances):
        _reason(one, f"allowances[{index}]", spec, turned)
        if one.tax is not None:
            _category(one.tax.category, f"allowances[{index}].tax.category", spec)
    _taxes(body, spec)
    (_japanese if spec is _JP else _foreign)(body)


def _fail(field: str, rule: str, spec: _Spec) -> NoReturn:
    raise CallerFault(field, f"{rule} ({spec.name})", code="not-peppol")


def _party(party: Party, field: str, spec: _Spec) -> None:
    if not party.name or party.name == "?":
        _fail(f"{field}.name", "must be stated", spec)
    if not (party.endpoint or party.corporate_number or party.gln or party.registration_number):
        _fail(f"{field}.endpoint", "must be stated: the electronic address", spec)
    if party.endpoint is not None and not party.endpoint.scheme:
        _fail(f"{field}.endpoint.scheme", "must be stated", spec)
    if party.address is None or not party.address.country:
        _fail(f"{field}.address.country", "must be stated", spec)
    if len(party.address.lines) > 1:
        _fail(f"{field}.address.lines", "at most one line besides street and building", spec)
    if field == "buyer" and len(party.identifiers) + bool(party.gln) > 1:
        _fail(f"{field}.identifiers", "at most one identifier of the buyer", spec)


def _kind(body: Billing, spec: _Spec) -> None:
    if spec is _BIS:
        return
    wanted = ("389",) if isinstance(body, SelfBilledStatement) else ("380", forms.UNREGISTERED)
    if body.kind not in wanted:
        _fail("kind", f"must be {' or '.join(wanted)}; a return is an invoice below zero", spec)


def _references(body: Billing, spec: _Spec) -> None:
    whole = any(one.kind == "despatch_advice" for one in body.references)
    for index, line in enumerate(body.lines):
        if whole and line.despatch:
            _fail(f"lines[{index}].despatch", "despatch advices are named on the lines or on the whole, not both", spec)


def _payment(body: Billing, spec: _Spec) -> None:
    for index, means in enumerate(body.terms.means if body.terms else ()):
        at = f"terms.means[{index}]"
        if (means.code or forms.method_code(means)) in ("30", "58"):
            if means.account is None or not (means.account.number or means.account.iban):
                _fail(f"{at}.account.number", "must be stated for a bank transfer", spec)
            if spec is _JP:
                _account(means.account, f"{at}.account", spec)


def _account(account: BankAccount, at: str, spec: _Spec) -> None:
    if account.iban:
        return
    for name, digits in (("bank", 4), ("branch", 3), ("number", 7)):
        value = getattr(account, name)
        if len(value) != digits or not (value.isascii() and value.isdigit()):
            _fail(f"{at}.{name}", f"must be {digits} digits", spec)


def _line(line: InvoiceLine, at: str, body: Billing, spec: _Spec) -> None:
    if not _UNIT.fullmatch(line.unit):
        _fail(f"{at}.unit", "must be a code of UN/ECE Recommendation 20 or 21", spec)
    if not line.item.name:
        _fail(f"{at}.item.name", "must be stated", spec)
    _item(line.item, f"{at}.item", spec)
    _category(line.tax.category, f"{at}.tax.category", spec)
    if line.tax.category in _TAXED and (line.tax.rate is None or not line.tax.rate.value):
        _fail(f"{at}.tax.rate", "must be above 0 for a taxed line", spec)
    for index, one in enumerate(line.allowances):
        _reason(one, f"{at}.allowances[{index}]", spec, forms.is_turned(body) is not line.negative)
    if line.price is not None:
        _price(line.price, line.unit, f"{at}.price", spec)
    elif not line.quantity.value:
        _fail(f"{at}.price", "must be stated", spec)
    _dates(line, at, body, spec)


def _item(item: Item, at: str, spec: _Spec) -> None:
    for index, one in enumerate(item.properties):
        if not one.value:
            _fail(f"{at}.properties[{index}].value", "must be stated", spec)
    for index, other in enumerate(item.classifications):
        if not other.list:
            _fail(f"{at}.classifications[{index}].list", "must be stated", spec)
    if item.standard_id is not None and not item.standard_id.scheme:
        _fail(f"{at}.standard_id.scheme", "must be stated", spec)


def _price(price: Price, unit: str, at: str, spec: _Spec) -> None:
    if price.unit and price.unit != unit:
        _fail(f"{at}.unit", "must be the unit of the line", spec)
    if price.base_quantity is not None and not price.base_quantity.value:
        _fail(f"{at}.base_quantity", "must be above 0", spec)
    if price.allowance is not None and price.allowance.charge:
        _fail(f"{at}.allowance.charge", "a price may be lowered only", spec)


def _dates(line: InvoiceLine, at: str, body: Billing, spec: _Spec) -> None:
    whole = body.period
    if whole is None or line.period is None:
        return
    early = whole.start and line.period.start and line.period.start < whole.start
    late = whole.end and line.period.end and line.period.end > whole.end
    if early or late:
        _fail(f"{at}.period", "must lie within the period of the bill", spec)


def _category(category: str, field: str, spec: _Spec) -> None:
    if category not in spec.categories:
        _fail(field, f"must be one of {', '.join(spec.categories)}", spec)


def _reason(one: AllowanceCharge, at: str, spec: _Spec, turned: bool) -> None:
    if not (one.reason or one.reason_code):
        _fail(f"{at}.reason", "must be stated", spec)
    charge = one.charge is not turned
    known = _CHARGE_REASON.fullmatch(one.reason_code) if charge else one.reason_code in _ALLOWANCE_REASONS
    if one.reason_code and not known:
        _fail(f"{at}.reason_code", f"is no code of {'UNCL7161' if charge else 'UNCL5189'}", spec)


def _taxes(body: Billing, spec: _Spec) -> None:
    seen: set[tuple[str, int]] = set()
    for index, one in enumerate(body.taxes):
        key = rate_key(one)
        if key in seen:
            _fail(f"taxes[{index}]", "each category and rate stands once", spec)
        seen.add(key)
        _category(one.category, f"taxes[{index}].category", spec)


# ---- JP PINT ------------------------------------------------------------------------------------------------------


def _japanese(body: Billing) -> None:
    number = body.seller.registration_number
    if body.kind == forms.UNREGISTERED:
        if number:
            _fail(
                "seller.registration_number", "must be empty: the invoice says that the seller is not registered", _JP
            )
        for index, one in enumerate(body.taxes):
            if one.tax:
                _fail(f"taxes[{index}].tax", "must be 0: a seller that is not registered states no tax", _JP)
    elif not number:
        _fail("seller.registration_number", "must be stated: T and 13 digits (登録番号)", _JP)
    if not list(_days(body)):
        _fail("period", "must be stated, or the day of the transaction, on the bill or its lines", _JP)
    for index, one in enumerate(body.taxes):
        _between(one, f"taxes[{index}].tax", body)
    payee = next((one.party for one in body.involved if one.role == "payee"), None)
    if payee is not None and (payee.trading_name or payee.name) == body.seller.trading_name:
        _fail("involved[role=payee].party", "must be another than the seller", _JP)


def _days(body: Billing) -> Iterator[str]:
    yield from (day for day in (body.transaction_date, *(line.transaction_date for line in body.lines)) if day)
    for period in (body.period, *(line.period for line in body.lines)):
        if period is not None:
            yield from (day for day in (period.start, period.end) if day)


def _between(one: TaxSubtotal, at: str, body: Billing) -> None:
    """floor(basis x rate) <= tax <= ceiling, on the basis without tax (aligned-ibrp-051-jp)."""
    if one.rate is None or body.kind == forms.UNREGISTERED:
        return
    basis = taxable(one.basis, one.tax, one.rate) if body.tax_included else one.basis
    numerator, denominator = tax_fraction(abs(basis), (one.rate.value, one.rate.scale), included=False)
    low, high = divide(numerator, denominator, Rounding.DOWN), divide(numerator, denominator, Rounding.UP)
    if not low <= abs(one.tax) <= high:
        _fail(at, f"must lie between {low} and {high} for the basis without tax: state prices without tax", _JP)


# ---- BIS Billing --------------------------------------------------------------------------------------------------


def _foreign(body: Billing) -> None:
    if not (body.customer_reference or body.order):
        _fail("customer_reference", "must be stated, or the order", _BIS)
    if body.tax_included:
        _fail("tax_included", "prices must be without tax", _BIS)
    if body.totals.payable and not (body.terms and (body.terms.due_date or body.terms.description)):
        _fail("terms.due_date", "must be stated, or the terms of payment in words", _BIS)
    taxed = any(one.category in ("S", "Z", "E", "AE", "G", "K") for one in body.taxes)
    if taxed and not body.seller.tax_number:
        _fail("seller.tax_number", "must be stated: the VAT number with the country before it", _BIS)
    for index, one in enumerate(body.taxes):
        if one.category in ("E", "AE", "G", "K", "O") and not one.exemption_reason:
            _fail(f"taxes[{index}].exemption_reason", f"must be stated for category {one.category}", _BIS)
