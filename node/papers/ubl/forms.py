"""Which specification a bill of our own follows: JP PINT for a Japanese seller, else Peppol BIS Billing 3.

A form names itself, completes a paper with what can be derived (sums, codes, countries) and refuses what the
specification does not allow, with the paper's own field names. A paper that was read keeps the form it came in. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Protocol

from msgspec.structs import replace

from protocol.process.trade.papers import (
    Address,
    AllowanceCharge,
    Billing,
    CorrectiveInvoice,
    InvoiceLine,
    PaymentMeans,
    SelfBilledStatement,
    TaxCategory,
    Totals,
)

JAPANESE: Final = "urn:peppol:pint:"
CREDIT_CODES: Final = frozenset({"81", "83", "261", "262", "296", "308", "381", "396", "420", "458", "532"})  # UNCL1001
UNREGISTERED: Final = "480"
_METHODS: Final = {
    "cash": "10",
    "transfer": "30",
    "promissory_note": "60",
    "offset": "97",
    "electronic_record": "98",
}  # UNCL4461
NAMES: Final = ("jp-pint", "bis-billing")


class Form(Protocol):
    """A specification of bills."""

    def customization(self, body: Billing) -> str:
        """``cbc:CustomizationID``."""

    def profile(self, body: Billing) -> str:
        """``cbc:ProfileID``."""


@dataclass(frozen=True)
class JpPint:
    """JP PINT 1.1."""

    def customization(self, body: Billing) -> str:
        if isinstance(body, SelfBilledStatement):
            return "urn:peppol:pint:selfbilling-1@jp-1"
        kind = "nontaxinvoice" if body.kind == UNREGISTERED else "billing"
        return f"urn:peppol:pint:{kind}-1@jp-1"

    def profile(self, body: Billing) -> str:
        return "urn:peppol:bis:selfbilling" if isinstance(body, SelfBilledStatement) else "urn:peppol:bis:billing"


@dataclass(frozen=True)
class BisBilling:
    """Peppol BIS Billing 3."""

    def customization(self, body: Billing) -> str:
        kind = "selfbilling" if isinstance(body, SelfBilledStatement) else "billing"
        return f"urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:{kind}:3.0"

    def profile(self, body: Billing) -> str:
        kind = "selfbilling" if isinstance(body, SelfBilledStatement) else "billing"
        return f"urn:fdc:peppol.eu:2017:poacc:{kind}:01:1.0"


JP_PINT: Final = JpPint()
BIS_BILLING: Final = BisBilling()


def of(body: Billing) -> Form:
    """The form of a paper: by where its seller is."""
    return JP_PINT if is_japanese(body.seller) else BIS_BILLING


def named(name: str) -> Form:
    """The form of a name out of :data:`NAMES`."""
    return JP_PINT if name == "jp-pint" else BIS_BILLING


def is_japanese(party: Any) -> bool:
    """Whether a firm is in Japan, by its numbers or its address."""
    addresses = [one for one in (party.address, party.legal_address) if one is not None]
    return bool(party.corporate_number or party.registration_number) or any(one.country == "JP" for one in addresses)


def method_code(means: PaymentMeans) -> str:
    """UNCL4461 for our word."""
    return _METHODS.get(means.method, "ZZZ")


def complete(body: Billing, form: Form) -> Billing:
    """A paper of our own with what its form wants and the paper implies. Its fields stay what they are."""
    changes: dict[str, Any] = {
        "kind": body.kind or _kind(body, form),
        "totals": _totals(body),
        "seller": _placed(body.seller),
        "buyer": _placed(body.buyer),
    }
    turned = is_turned(replace(body, kind=changes["kind"]))
    changes["lines"] = tuple(_line(line, form, turned) for line in body.lines)
    changes["allowances"] = tuple(_allowance(one, form, turned) for one in body.allowances)
    changes["taxes"] = tuple(
        replace(one, category=_category(one.category, form), rate=None if one.category == "O" else one.rate)
        for one in body.taxes
    )
    if form is BIS_BILLING:
        changes |= {name: _abroad(changes[name]) for name in ("seller", "buyer")}
    return replace(body, **changes)


def _kind(body: Billing, form: Form) -> str:
    if isinstance(body, SelfBilledStatement):
        return "389"
    if form is BIS_BILLING and isinstance(body, CorrectiveInvoice):
        return "381" if body.effect == "credited" else "384"
    return UNREGISTERED if form is JP_PINT and not body.seller.registration_number else "380"


def _totals(body: Billing) -> Totals:
    sums = body.totals
    lines = sum(-line.amount if line.negative else line.amount for line in body.lines)
    allowances = sum(one.amount for one in body.allowances if not one.charge)
    charges = sum(one.amount for one in body.allowances if one.charge)
    tax = sum(one.tax for one in body.taxes)
    footed = lines - allowances + charges
    net = footed - tax if body.tax_included else footed
    return replace(
        sums,
        lines=lines if sums.lines is None else sums.lines,
        allowances=allowances if sums.allowances is None and allowances else sums.allowances,
        charges=charges if sums.charges is None and charges else sums.charges,
        net=net if sums.net is None else sums.net,
        tax=tax if sums.tax is None else sums.tax,
    )


def _placed(party: Any) -> Any:
    """A firm with a Japanese number is in Japan, where its address does not say."""
    address = party.address or Address()
    if address.country or not is_japanese(party):
        return party
    return replace(party, address=replace(address, country="JP"))


def _abroad(party: Any) -> Any:
    """Abroad a tax number begins with its country; a Japanese 登録番号 is written JPT…."""
    if not party.registration_number:
        return party
    return replace(party, registration_number="", tax_number=f"JP{party.registration_number}")


def is_turned(body: Billing) -> bool:
    """Whether a paper is written with a minus before every sum: a credit that is no credit note."""
    return isinstance(body, CorrectiveInvoice) and body.effect == "credited" and body.kind not in CREDIT_CODES


def _line(line: InvoiceLine, form: Form, turned: bool) -> InvoiceLine:
    turned = turned is not line.negative
    allowances = tuple(_allowance(one, form, turned) for one in line.allowances)
    return replace(line, tax=_tax(line.tax, form), allowances=allowances)


def _allowance(one: AllowanceCharge, form: Form, turned: bool) -> AllowanceCharge:
    """Allowances and charges have codes of their own: one that is turned into the other keeps its words only."""
    if turned and one.reason:
        one = replace(one, reason_code="")
    return one if one.tax is None else replace(one, tax=_tax(one.tax, form))


def _tax(tax: TaxCategory, form: Form) -> TaxCategory:
    return TaxCategory(category=_category(tax.category, form), rate=None if tax.category == "O" else tax.rate)


def _category(category: str, form: Form) -> str:
    """The reduced rate is a category of its own only in Japan."""
    return "S" if category == "AA" and form is BIS_BILLING else category
