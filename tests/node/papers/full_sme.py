"""Papers of every type that has a message, stating what the message has items for; made here and not read from XML."""

from __future__ import annotations

from msgspec.structs import replace

from protocol.process.trade.papers import (
    AllowanceCharge,
    BankAccount,
    Billing,
    CorrectiveInvoice,
    DespatchAdvice,
    DespatchLine,
    Invoice,
    InvoiceLine,
    InvolvedParty,
    Offset,
    Package,
    PaidItem,
    Paper,
    Party,
    PaymentMeans,
    PaymentNotice,
    PaymentTerms,
    Period,
    Price,
    Quotation,
    ReceivingAdvice,
    ReceivingLine,
    RequestForQuotation,
    Scaled,
    SelfBilledResponse,
    SelfBilledStatement,
    Shipment,
    TaxCategory,
    TaxSubtotal,
    Totals,
)
from tests.node.papers import full

SSCC = "349123450000000010"


def number(value: int) -> Scaled:
    return Scaled(value=value)


def request() -> RequestForQuotation:
    order = full.order()
    return RequestForQuotation(
        number="Q-1",
        issue_date="2026-10-01",
        issue_time="09:00:00",
        currency="JPY",
        note="至急",
        buyer=order.buyer,
        seller=order.seller,
        lines=order.lines,
        involved=(InvolvedParty(role="consignee", party=Party(name="納入先")),),
        reply_by="2026-10-08",
        delivery=order.delivery,
        terms=order.terms,
    )


def quotation() -> Quotation:
    order = full.order()
    return Quotation(
        number="QR-1",
        issue_date="2026-10-05",
        currency="JPY",
        note="送料込み",
        references=full.references("request_for_quotation", "project"),
        buyer=order.buyer,
        seller=order.seller,
        lines=order.lines,
        validity=Period(end="2026-11-30"),
        delivery=order.delivery,
        terms=order.terms,
        taxes=order.taxes,
        tax_included=True,
    )


def despatch_advice() -> DespatchAdvice:
    return DespatchAdvice(
        number="D-1",
        issue_date="2026-12-01",
        issue_time="09:00:00",
        note="午前着",
        order="TY-1",
        buyer=full.party("甲"),
        seller=full.party("乙"),
        involved=(
            InvolvedParty(role="carrier", party=Party(name="架空運送")),
            InvolvedParty(role="despatch", party=Party(name="乙 第二工場")),
        ),
        delivery=full.delivery("先"),
        shipment=Shipment(
            despatch_date="2026-12-01",
            despatch_time="10:00:00",
            arrival_date="2026-12-02",
            carrier="架空運送",
            tracking="T-1",
            vehicle="架空100あ1",
            temperature="3",
            packages=(
                Package(id="P-1", sscc=SSCC, kind="XCT", count=3, lines=("1",)),
                Package(id="P-2", lines=("2",)),
            ),
        ),
        replacement=True,
        lines=(
            DespatchLine(
                line_id="1",
                order_line_id="1",
                quantity=number(8),
                unit="H87",
                item=full.item("一"),
                outstanding=number(2),
                reason="残りは翌週",
                note="箱入り",
            ),
            DespatchLine(line_id="2", order_line_id="2", quantity=number(1), unit="SET"),
        ),
    )


def receiving_advice() -> ReceivingAdvice:
    return ReceivingAdvice(
        number="R-1",
        issue_date="2026-12-03",
        currency="JPY",
        note="検収済",
        order="TY-1",
        result="partial",
        despatch="D-1",
        received_date="2026-12-02",
        received_time="08:00:00",
        inspection_date="2026-12-03",
        buyer=full.party("甲"),
        seller=full.party("乙"),
        lines=(
            ReceivingLine(
                line_id="1",
                order_line_id="1",
                unit="H87",
                received=number(8),
                passed=number(6),
                failed=number(2),
                returned=number(2),
                short=number(1),
                disposition="returned",
                discount=100,
                reason_code="R1",
                reason="傷あり",
            ),
            ReceivingLine(line_id="2", order_line_id="2", unit="SET", received=number(1), passed=number(1)),
        ),
    )


def line(line_id: str, amount: int, category: str = "S", rate: int = 10, order: str = "TY-1") -> InvoiceLine:
    return InvoiceLine(
        line_id=line_id,
        item=full.item(line_id),
        quantity=number(amount // 100),
        unit="H87",
        amount=amount,
        price=Price(value=number(100)),
        tax=TaxCategory(category=category, rate=number(rate)),
        order=order,
        order_line_id=line_id,
        despatch="D-1",
        transaction_date="2026-12-01",
        note=f"注記{line_id}",
    )


def invoice() -> Invoice:
    """Two rates, an allowance, a prepayment: 軽減税率対象 on the second line."""
    return Invoice(
        number="I-1",
        issue_date="2026-12-31",
        currency="JPY",
        note="お振込手数料は当方で負担します",
        buyer=full.party("甲"),
        seller=full.party("乙"),
        kind="380",
        rounding="down",
        lines=(line("1", 3300), line("2", 1900, "AA", 8)),
        allowances=(AllowanceCharge(amount=300, reason="値引", tax=TaxCategory(category="S", rate=number(10))),),
        taxes=(
            TaxSubtotal(category="S", rate=number(10), basis=3000, tax=300),
            TaxSubtotal(category="AA", rate=number(8), basis=1900, tax=152),
        ),
        totals=Totals(lines=5200, allowances=300, charges=0, net=4900, tax=452, gross=5352, prepaid=52, payable=5300),
        involved=(InvolvedParty(role="payee", party=Party(name="受取人")),),
        transaction_date="2026-12-01",
        terms=PaymentTerms(
            due_date="2027-01-31",
            code="3",
            description="月末締め翌月末払い",
            means=(
                PaymentMeans(
                    code="30",
                    amount=5300,
                    account=BankAccount(
                        bank="9999",
                        bank_name="架空銀行",
                        branch="999",
                        branch_name="本店",
                        kind="1",
                        number="0000001",
                        holder="ｶ)ｶｸｳ",
                    ),
                ),
            ),
        ),
    )


def included() -> Invoice:
    """Prices that contain the tax (税込)."""
    return replace(
        invoice(),
        tax_included=True,
        allowances=(),
        taxes=(
            TaxSubtotal(category="S", rate=number(10), basis=3300, tax=300),
            TaxSubtotal(category="AA", rate=number(8), basis=1900, tax=140),
        ),
        totals=Totals(lines=5200, net=4760, tax=440, gross=5200, payable=5200),
    )


def consolidated() -> Invoice:
    """A month of two orders (統合請求)."""
    base = invoice()
    return replace(
        base,
        lines=(base.lines[0], line("2", 1900, "AA", 8, "TY-2")),
        period=Period(start="2026-12-01", end="2026-12-31"),
        transaction_date="",
    )


def _as(struct: type[Billing], **more: str) -> Billing:
    base = invoice()
    return struct(**{name: getattr(base, name) for name in base.__struct_fields__ if name != "kind"}, **more)


def corrective(effect: str = "credited") -> Billing:
    return _as(CorrectiveInvoice, corrects="I-0", corrects_date="2026-11-30", effect=effect, reason="返品")


def statement() -> Billing:
    return _as(SelfBilledStatement, kind="389")


def statement_response() -> SelfBilledResponse:
    return SelfBilledResponse(
        number="SR-1", issue_date="2027-01-01", statement="I-1", response="confirmed", reason="相違なし", note="確認"
    )


def payment() -> PaymentNotice:
    account = BankAccount(
        bank="9999", bank_name="架空銀行", branch="999", branch_name="本店", kind="1", number="1", holder="ｶ"
    )
    return PaymentNotice(
        number="P-1",
        issue_date="2027-01-20",
        currency="JPY",
        note="お支払いします",
        payment_date="2027-01-29",
        buyer=full.party("甲"),
        seller=full.party("乙"),
        items=(
            PaidItem(number="I-1", kind="invoice", amount=5300, date="2026-12-31"),
            PaidItem(number="I-2", kind="self_billed_statement", amount=700),
        ),
        offsets=(Offset(amount=100, reason="支給材", number="S-1"),),
        total=5900,
        means=(PaymentMeans(code="30"),),
        payer_account=account,
        payee_account=replace(account, number="2", kind="2"),
    )


def every() -> list[Paper]:
    """One or more of each type."""
    return [
        request(),
        quotation(),
        full.order(),
        full.order_response(),
        despatch_advice(),
        receiving_advice(),
        invoice(),
        included(),
        consolidated(),
        corrective(),
        corrective("replaced"),
        statement(),
        statement_response(),
        payment(),
    ]
