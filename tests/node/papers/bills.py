"""Bills of plainly fictitious firms, made here: every case of tax and return that a Japanese month brings."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from protocol.process.money import Rounding, line_amount, tax
from protocol.process.trade.papers import (
    Address,
    AllowanceCharge,
    BankAccount,
    Billing,
    CorrectiveInvoice,
    Identifier,
    Invoice,
    InvoiceLine,
    Item,
    Party,
    PaymentMeans,
    PaymentTerms,
    Period,
    Price,
    Reference,
    Scaled,
    SelfBilledStatement,
    TaxCategory,
    TaxSubtotal,
    Totals,
)

OCTOBER = Period(start="2026-10-01", end="2026-10-31")
RATES = {"S": Scaled(value=10), "AA": Scaled(value=8), "E": Scaled(value=0), "G": Scaled(value=0)}


def seller(**changes: Any) -> Party:
    fields: dict[str, Any] = {
        "name": "株式会社みほん金物",
        "corporate_number": "7990100000001",
        "registration_number": "T7990100000001",
        "address": Address(country="JP", postcode="471-0000", region="架空県", city="みほん市", street="見本町1-2"),
    }
    return Party(**{**fields, **changes})


def buyer(**changes: Any) -> Party:
    fields: dict[str, Any] = {
        "name": "有限会社ためし商店",
        "corporate_number": "6990100000002",
        "address": Address(country="JP", city="ためし市", street="試町3"),
    }
    return Party(**{**fields, **changes})


def category(name: str, rate: Scaled | None = None) -> TaxCategory:
    return TaxCategory(category=name, rate=rate or RATES.get(name))


def line(
    number: str,
    name: str,
    quantity: int,
    price: int,
    tax_category: str = "S",
    *,
    unit: str = "H87",
    scale: int = 0,
    **fields: Any,
) -> InvoiceLine:
    value = Price(value=Scaled(value=price, scale=scale))
    extra = sum(one.amount if one.charge else -one.amount for one in fields.get("allowances", ()))
    amount = line_amount((quantity, 0), (price, scale), Rounding.DOWN) + extra
    chosen = {
        "tax": category(tax_category),
        "price": value,
        "amount": amount,
        "transaction_date": "2026-10-18",
        **fields,
    }
    return InvoiceLine(
        line_id=number,
        item=Item(name=name),
        quantity=Scaled(value=quantity),
        unit=unit,
        **chosen,
    )


def _sums(
    lines: tuple[InvoiceLine, ...],
    allowances: tuple[AllowanceCharge, ...],
    rounding: Rounding,
    included: bool,
    prepaid: int | None,
) -> tuple[tuple[TaxSubtotal, ...], Totals]:
    bases: dict[tuple[str, Scaled | None], int] = {}
    for one in lines:
        key = (one.tax.category, one.tax.rate)
        bases[key] = bases.get(key, 0) + (-one.amount if one.negative else one.amount)
    for extra in allowances:
        assert extra.tax is not None
        key = (extra.tax.category, extra.tax.rate)
        bases[key] = bases.get(key, 0) + (extra.amount if extra.charge else -extra.amount)
    taxes = []
    for (name, rate), basis in bases.items():
        due = 0 if rate is None else tax(abs(basis), (rate.value, rate.scale), rounding, included=included)
        taxes.append(TaxSubtotal(category=name, rate=rate, basis=basis, tax=due if basis >= 0 else -due))
    footed, due = sum(bases.values()), sum(one.tax for one in taxes)
    gross = footed if included else footed + due
    return tuple(taxes), Totals(gross=gross, payable=gross - (prepaid or 0), prepaid=prepaid)


def bill(
    struct: type[Billing],
    *lines: InvoiceLine,
    rounding: Rounding = Rounding.DOWN,
    allowances: tuple[AllowanceCharge, ...] = (),
    included: bool = False,
    prepaid: int | None = None,
    **fields: Any,
) -> Any:
    """A bill whose sums follow from its lines."""
    taxes, totals = _sums(lines, allowances, rounding, included, prepaid)
    chosen: dict[str, Any] = {
        "number": "S-2026-10-07",
        "issue_date": "2026-10-31",
        "currency": "JPY",
        "seller": seller(),
        "buyer": buyer(),
        "period": OCTOBER,
        **fields,
    }
    return struct(
        lines=lines,
        taxes=taxes,
        totals=totals,
        rounding=rounding.value,
        allowances=allowances,
        tax_included=included,
        **chosen,
    )


BANK = BankAccount(bank="9999", branch="123", kind="1", number="0012345", holder="ｶ)ﾐﾎﾝｶﾅﾓﾉ")
TERMS = PaymentTerms(
    due_date="2026-11-30",
    description="月末締め翌月末払い",
    means=(PaymentMeans(method="transfer", account=BANK, reference="S-2026-10-07"),),
)
RECORD = PaymentTerms(due_date="2026-11-30", means=(PaymentMeans(method="electronic_record"),))
FREIGHT = AllowanceCharge(charge=True, amount=880, reason="配送料", tax=category("S"))
DISCOUNT = AllowanceCharge(amount=500, reason="値引", reason_code="95", tax=category("S"))
CREDIT: dict[str, Any] = {
    "number": "H-3",
    "corrects": "S-2026-09-07",
    "corrects_date": "2026-09-30",
    "reason": "返品",
    "effect": "credited",
}


def cases() -> dict[str, tuple[str, Billing]]:
    """Name of a case: variant of JP PINT, and the paper."""
    gear, bun, book = (
        line("1", "歯車 M2×20", 3, 333),
        line("2", "まんじゅう", 7, 123, "AA"),
        line("3", "教科書", 2, 990, "E"),
    )
    export, stamp = line("4", "輸出用治具", 1, 50_000, "G"), line("5", "立替 収入印紙", 1, 200, "O")
    back = line("6", "返品 歯車", 2, 333, negative=True)
    allowance = AllowanceCharge(amount=100, reason="数量値引")
    charge = AllowanceCharge(charge=True, amount=50, reason="梱包", reason_code="PC")
    priced = line("7", "ねじ", 1_250, 1_253, unit="C62", scale=2, allowances=(allowance, charge))
    alone = seller(registration_number="")
    return {
        "ten percent": ("billing", bill(Invoice, gear, terms=TERMS)),
        "reduced": ("billing", bill(Invoice, bun)),
        "mixed at the floor": ("billing", bill(Invoice, gear, bun)),
        "mixed at the ceiling": ("billing", bill(Invoice, gear, bun, rounding=Rounding.UP)),
        "mixed half up": ("billing", bill(Invoice, gear, bun, rounding=Rounding.HALF_UP)),
        "every category": ("billing", bill(Invoice, gear, bun, book, export, stamp)),
        "return among others": ("billing", bill(Invoice, line("1", "歯車", 9, 333), bun, back)),
        "only a return at one rate": (
            "billing",
            bill(Invoice, gear, line("2", "まんじゅう 返品", 1, 123, "AA", negative=True)),
        ),
        "line allowances": ("billing", bill(Invoice, priced, terms=RECORD)),
        "allowances of the whole": ("billing", bill(Invoice, gear, bun, allowances=(DISCOUNT, FREIGHT))),
        "prepaid": ("billing", bill(Invoice, gear, prepaid=500)),
        "tax included": (
            "billing",
            bill(Invoice, line("1", "工具", 1, 60_000), line("2", "茶", 4, 10_000, "AA"), included=True),
        ),
        "tax included half up": (
            "billing",
            bill(Invoice, line("1", "工具", 1, 1_099), included=True, rounding=Rounding.HALF_UP),
        ),
        "no price": ("billing", bill(Invoice, replace(line("1", "加工一式", 1, 30_000), price=None))),
        "monthly": (
            "billing",
            bill(
                Invoice,
                *(
                    line(
                        f"{n}",
                        f"品{n}",
                        n,
                        100 + n,
                        "AA" if n % 3 else "S",
                        despatch=f"D-{n}",
                        order=f"O-{n}",
                        order_line_id="1",
                    )
                    for n in range(1, 10)
                ),
                terms=TERMS,
                order="O-1",
                customer_reference="購買1課",
            ),
        ),
        "day only": (
            "billing",
            bill(Invoice, line("1", "歯車", 1, 100, transaction_date=""), period=None, transaction_date="2026-10-18"),
        ),
        "credit": ("billing", bill(CorrectiveInvoice, gear, bun, **CREDIT)),
        "credit with an allowance and a charge back": (
            "billing",
            bill(
                CorrectiveInvoice,
                priced,
                line("2", "再納品", 1, 100, negative=True),
                allowances=(DISCOUNT, FREIGHT),
                **CREDIT,
            ),
        ),
        "in the place of another": ("billing", bill(CorrectiveInvoice, gear, **{**CREDIT, "effect": "replaced"})),
        "not registered": (
            "nontaxinvoice",
            bill(Invoice, line("1", "木工品", 3, 1_100, "O"), seller=alone, kind="480"),
        ),
        "not registered, exempt": ("nontaxinvoice", bill(Invoice, book, seller=alone)),
        "statement by the buyer": ("selfbilling", bill(SelfBilledStatement, gear, bun, terms=TERMS)),
        "foreign currency": ("billing", bill(Invoice, line("4", "jig", 1, 500, "G", amount=50_000), currency="EUR")),
        "references": (
            "billing",
            bill(
                Invoice,
                gear,
                order="O-1",
                references=(
                    Reference(kind="sales_order", number="SO-1"),
                    Reference(kind="despatch_advice", number="D-1"),
                    Reference(kind="receiving_advice", number="R-1"),
                    Reference(kind="contract", number="K-1"),
                    Reference(kind="project", number="P-1"),
                    Reference(kind="other", number="X-1", description="図面", uri="https://firm.example/x"),
                ),
            ),
        ),
    }


def abroad(**changes: Any) -> Party:
    """A seller in Europe."""
    fields: dict[str, Any] = {
        "name": "Beispiel Werkzeug GmbH",
        "tax_number": "DE123456789",
        "endpoint": Identifier(value="DE123456789", scheme="9930"),
        "address": Address(country="DE", city="Musterstadt", postcode="12345", street="Musterweg 1"),
    }
    return Party(**{**fields, **changes})


def european(struct: type[Billing], **changes: Any) -> Any:
    """A bill in euro with 19 % and 7 %."""
    lines = (
        line("1", "Bohrer", 3, 1_999, scale=2, amount=5_997, tax=category("S", Scaled(value=19))),
        line("2", "Buch", 1, 1_050, scale=2, amount=1_050, tax=category("S", Scaled(value=7))),
    )
    chosen: dict[str, Any] = {
        "seller": abroad(),
        "currency": "EUR",
        "rounding": Rounding.HALF_UP,
        "customer_reference": "Einkauf 1",
        "terms": PaymentTerms(
            due_date="2026-11-30",
            means=(PaymentMeans(code="30", account=BankAccount(iban="DE89370400440532013000", bic="COBADEFFXXX")),),
        ),
    }
    return bill(struct, *lines, **{**chosen, **changes})
