"""One paper of every type, as a workshop and its customer would write them. All firms are made up."""

from __future__ import annotations

from typing import Any

from node.papers.pdf import Context
from protocol.process.trade.papers import (
    Address,
    AllowanceCharge,
    BankAccount,
    ChangeLine,
    ChangeResponse,
    Contact,
    CorrectiveInvoice,
    Delivery,
    DeliveryTerms,
    DespatchAdvice,
    DespatchLine,
    Inspection,
    Invoice,
    InvoiceLine,
    Item,
    Location,
    Offset,
    Order,
    OrderCancellation,
    OrderChange,
    OrderLine,
    OrderResponse,
    Package,
    PaidItem,
    Paper,
    Party,
    PaymentMeans,
    PaymentNotice,
    PaymentTerms,
    Period,
    Personal,
    Price,
    PromisedDelivery,
    Quotation,
    ReceivingAdvice,
    ReceivingLine,
    Reference,
    RequestForQuotation,
    ResponseLine,
    Scaled,
    SelfBilledResponse,
    SelfBilledStatement,
    Shipment,
    SuppliedMaterial,
    TaxCategory,
    TaxSubtotal,
    Totals,
    Undecided,
)

BUYER = Party(
    name="金太郎機械",
    corporate_number="7999900000002",
    registration_number="T7999900000002",
    address=Address(country="JP", postcode="000-0000", region="愛知県", city="見本市", street="足柄1-2-3"),
)
SELLER = Party(
    name="一寸法師精密",
    corporate_number="8999900000001",
    registration_number="T8999900000001",
    address=Address(country="JP", postcode="000-0000", region="愛知県", city="見本市", street="針町4-5"),
)
FACTORY = Location(name="金太郎機械 第二工場", address=BUYER.address)
STANDARD = TaxCategory(category="S", rate=Scaled(value=10))
REDUCED = TaxCategory(category="AA", rate=Scaled(value=8))
ACCOUNT = BankAccount(
    bank="9999",
    bank_name="見本信用金庫",
    branch="001",
    branch_name="本店",
    kind="1",
    number="0000001",
    holder="ｲﾂｽﾝﾎﾞｳｼ",
)
TERMS = PaymentTerms(
    due_date="2026-11-30", description="月末締め翌月末払い", means=(PaymentMeans(method="transfer", account=ACCOUNT),)
)


def head(number: str, day: str = "2026-10-05", **more: Any) -> dict[str, Any]:
    return {"number": number, "issue_date": day, "currency": "JPY", "language": "ja", **more}


def order_line(line_id: str, name: str, quantity: int, price: int, day: str = "2026-10-26", **more: Any) -> OrderLine:
    return OrderLine(
        line_id=line_id,
        item=Item(name=name, gtin=more.pop("gtin", "")),
        quantity=Scaled(value=quantity),
        unit=more.pop("unit", "H87"),
        price=Price(value=Scaled(value=price)),
        amount=quantity * price,
        tax=more.pop("tax", STANDARD),
        delivery=Delivery(period=Period(start=day, end=day)),
        **more,
    )


LINES = (
    order_line("1", "ブラケット B-1", 1200, 230, gtin="2900000101012"),
    order_line("2", "ワッシャー W-6", 2000, 14, day="2026-11-06", note="見本と同じめっきで"),
)
SUM = 1200 * 230 + 2000 * 14
TAXES = (TaxSubtotal(category="S", rate=Scaled(value=10), basis=SUM, tax=SUM // 10),)
TOTALS = Totals(lines=SUM, net=SUM, tax=SUM // 10, gross=SUM + SUM // 10, payable=SUM + SUM // 10)


def request_for_quotation() -> RequestForQuotation:
    lines = tuple(
        OrderLine(line_id=one.line_id, item=one.item, quantity=one.quantity, unit=one.unit, delivery=one.delivery)
        for one in LINES
    )
    return RequestForQuotation(**head("RQ-7"), buyer=BUYER, seller=SELLER, lines=lines, reply_by="2026-10-09")


def quotation() -> Quotation:
    return Quotation(
        **head("Q-31", "2026-10-07"),
        references=(Reference(kind="request_for_quotation", number="RQ-7", date="2026-10-05"),),
        buyer=BUYER,
        seller=SELLER,
        lines=LINES,
        validity=Period(end="2026-10-31"),
        terms=TERMS,
        taxes=TAXES,
        totals=TOTALS,
    )


def order() -> Order:
    """Everything that an order statement has to say, two items of it undecided."""
    return Order(
        **head("PO-1024", "2026-10-08", note="梱包は通い箱でお願いします。"),
        references=(
            Reference(kind="quotation", number="Q-31", date="2026-10-07"),
            Reference(kind="drawing", number="B-1 第2版", description="外形図"),
        ),
        buyer=BUYER,
        seller=SELLER,
        lines=LINES,
        delivery=Delivery(location=FACTORY),
        delivery_terms=DeliveryTerms(description="車上渡し"),
        inspection=Inspection(completion_date="2026-10-30", method="抜取検査"),
        terms=PaymentTerms(
            due_date="2026-11-30",
            description="月末締め翌月末払い",
            means=(
                PaymentMeans(method="transfer", percent=Scaled(value=50), account=ACCOUNT),
                PaymentMeans(
                    method="electronic_record", institution="見本電子債権記録", amount=150_000, maturity="2026-11-30"
                ),
                PaymentMeans(
                    method="lump_settlement",
                    institution="見本信用金庫",
                    amount=17_200,
                    start_date="2026-11-01",
                    maturity="2026-11-30",
                ),
            ),
        ),
        supplied=(
            SuppliedMaterial(
                name="SPCC 鋼板 1.6mm",
                quantity=Scaled(value=180),
                unit="KGM",
                amount=32_400,
                handover_date="2026-10-12",
                settlement_date="2026-11-30",
                settlement_method="代金と相殺",
            ),
        ),
        undecided=(
            Undecided(field="lines[1].price", reason="めっきの単価を協議中", expected_date="2026-10-20"),
            Undecided(field="lines[1].delivery", reason="使用日が未定", expected_date="2026-10-20"),
        ),
        taxes=TAXES,
        totals=TOTALS,
    )


def order_response() -> OrderResponse:
    return OrderResponse(
        **head("R-55", "2026-10-09"),
        response="changed",
        order="PO-1024",
        buyer=BUYER,
        seller=SELLER,
        lines=(
            ResponseLine(
                line_id="1",
                order_line_id="1",
                status="changed",
                quantity=Scaled(value=1200),
                unit="H87",
                promises=(
                    PromisedDelivery(
                        quantity=Scaled(value=700),
                        delivery=Delivery(period=Period(start="2026-10-26", end="2026-10-26")),
                    ),
                    PromisedDelivery(
                        quantity=Scaled(value=500),
                        delivery=Delivery(period=Period(start="2026-10-29", end="2026-10-29")),
                    ),
                ),
                reason="一度に作れるのは700個までです",
            ),
            ResponseLine(line_id="2", order_line_id="2", status="refused", reason="めっき先が休業中です"),
        ),
    )


def order_change() -> OrderChange:
    line = order_line("1", "ブラケット B-1", 1000, 230, day="2026-11-02", gtin="2900000101012")
    added = order_line("3", "スペーサー S-2", 400, 55)
    return OrderChange(
        **head("C-3", "2026-10-14"),
        order="PO-1024",
        reason="客先の数量が減ったため",
        lines=(
            ChangeLine(action="changed", line=line),
            ChangeLine(action="removed", line=LINES[1]),
            ChangeLine(action="added", line=added),
        ),
        inspection=Inspection(days_after_receipt=5),
    )


def order_cancellation() -> OrderCancellation:
    return OrderCancellation(
        **head("X-1", "2026-10-15"), order="PO-1024", reason="客先の注文が取り消された", lines=("2",)
    )


def change_response() -> ChangeResponse:
    return ChangeResponse(
        **head("A-1", "2026-10-15"), response="refused", answers="C-3", order="PO-1024", reason="材料を手配済みです"
    )


def despatch_advice() -> DespatchAdvice:
    return DespatchAdvice(
        **head("D-9", "2026-10-26"),
        order="PO-1024",
        buyer=BUYER,
        seller=SELLER,
        lines=(
            DespatchLine(
                line_id="1",
                order_line_id="1",
                quantity=Scaled(value=700),
                unit="H87",
                outstanding=Scaled(value=500),
                reason="残りは10月29日に出荷",
            ),
        ),
        delivery=Delivery(location=FACTORY),
        shipment=Shipment(
            despatch_date="2026-10-26",
            arrival_date="2026-10-27",
            arrival_time="10:30:00",
            carrier="うさぎとかめ運輸",
            tracking="0000-0000-0001",
            packages=(
                Package(
                    id="箱1", sscc="000000000000000017", kind="XCT", count=4, weight=Scaled(value=62), weight_unit="KGM"
                ),
            ),
        ),
    )


def receiving_advice() -> ReceivingAdvice:
    return ReceivingAdvice(
        **head("V-4", "2026-10-28"),
        order="PO-1024",
        despatch="D-9",
        result="partial",
        received_date="2026-10-27",
        inspection_date="2026-10-28",
        buyer=BUYER,
        seller=SELLER,
        lines=(
            ReceivingLine(
                line_id="1",
                order_line_id="1",
                unit="H87",
                received=Scaled(value=698),
                passed=Scaled(value=690),
                failed=Scaled(value=8),
                short=Scaled(value=2),
                returned=Scaled(value=8),
                disposition="returned",
                discount=1_500,
                reason="穴位置のずれ",
            ),
        ),
    )


def _bill(number: str, **more: Any) -> dict[str, Any]:
    """Mixed rates: 36,000 at 8 %, 14,905 at 10 %, both rounded down once."""
    lines = (
        InvoiceLine(
            line_id="1",
            item=Item(name="だしパック 24袋入", gtin="2900000901018"),
            quantity=Scaled(value=60),
            unit="XBG",
            amount=25_200,
            tax=REDUCED,
            price=Price(value=Scaled(value=420)),
            order="PO-77",
            despatch="D-12",
            transaction_date="2026-10-12",
        ),
        InvoiceLine(
            line_id="2",
            item=Item(name="ちりめん"),
            quantity=Scaled(value=309, scale=1),
            unit="KGM",
            amount=10_815,
            tax=REDUCED,
            price=Price(value=Scaled(value=350)),
            transaction_date="2026-10-19",
        ),
        InvoiceLine(
            line_id="3",
            item=Item(name="保冷箱"),
            quantity=Scaled(value=11),
            unit="H87",
            amount=14_905,
            tax=STANDARD,
            price=Price(value=Scaled(value=1355)),
            transaction_date="2026-10-19",
        ),
    )
    return {
        **head(number, "2026-10-31"),
        "buyer": BUYER,
        "seller": SELLER,
        "lines": lines,
        "allowances": (AllowanceCharge(amount=15, reason="端数値引き", tax=REDUCED),),
        "taxes": (
            TaxSubtotal(category="AA", rate=Scaled(value=8), basis=36_000, tax=2_880),
            TaxSubtotal(category="S", rate=Scaled(value=10), basis=14_905, tax=1_490),
        ),
        "totals": Totals(
            lines=50_920, allowances=15, net=50_905, tax=4_370, gross=55_275, prepaid=5_000, payable=50_275
        ),
        "rounding": "down",
        "period": Period(start="2026-10-01", end="2026-10-31"),
        "terms": TERMS,
        **more,
    }


def invoice() -> Invoice:
    return Invoice(**_bill("I-2026-10-3"), kind="380")


def corrective_invoice(effect: str = "credited") -> CorrectiveInvoice:
    return CorrectiveInvoice(
        **_bill("K-1", note="返品2枚"),
        corrects="I-2026-10-3",
        corrects_date="2026-10-31",
        effect=effect,
        reason="しみのある2枚の返品",
    )


def self_billed_statement() -> SelfBilledStatement:
    return SelfBilledStatement(**_bill("S-8"))


def self_billed_response() -> SelfBilledResponse:
    return SelfBilledResponse(**head("SR-8", "2026-11-02"), statement="S-8", response="confirmed")


def payment_notice() -> PaymentNotice:
    return PaymentNotice(
        **head("P-5", "2026-11-20"),
        buyer=BUYER,
        seller=SELLER,
        payment_date="2026-11-30",
        items=(
            PaidItem(number="I-2026-10-3", kind="invoice", amount=50_275, billed=50_275, date="2026-10-31"),
            PaidItem(number="I-2026-10-4", kind="invoice", amount=36_288, billed=36_288, date="2026-10-31"),
        ),
        offsets=(Offset(amount=32_400, reason="支給材 SPCC 鋼板", number="SUP-2"),),
        total=54_163,
        means=(PaymentMeans(method="transfer"),),
        payee_account=ACCOUNT,
    )


PERSONAL = Personal(
    contacts=(
        Contact(role="buyer", name="坂田", department="資材課", telephone="000-0000-0002", fax="000-0000-0003"),
        Contact(role="seller", name="堀川", telephone="000-0000-0001", mail="horikawa@example.jp"),
    )
)

STORY = (
    request_for_quotation,
    quotation,
    order,
    order_response,
    order_change,
    order_cancellation,
    change_response,
    despatch_advice,
    receiving_advice,
    invoice,
    corrective_invoice,
    self_billed_statement,
    self_billed_response,
    payment_notice,
)
"""Every type once, in the order of a dealing."""


SELLERS = ("Quotation", "OrderResponse", "DespatchAdvice", "Invoice", "CorrectiveInvoice")


def context(paper: Paper, **more: Any) -> Context:
    """As the service gives it: the order of the dealing, the firms, the proof."""
    seller = type(paper).__name__ in {"ChangeResponse", "SelfBilledResponse", *SELLERS}
    fields: dict[str, Any] = {
        "document": "3f" * 32,
        "time": 1_791_417_600_000_000,
        "author": "8a" * 32,
        "epoch": "1c" * 32,
        "signature": "d4" * 64,
        "writer": SELLER if seller else BUYER,
        "writer_role": "seller" if seller else "buyer",
        "recipient": BUYER if seller else SELLER,
        "order": order(),
        "personal": PERSONAL,
        **more,
    }
    return Context(**fields)
