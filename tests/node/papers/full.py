"""An order and a response that state every field there is, made here and not read from UBL."""

from __future__ import annotations

from protocol.process.trade.papers import (
    Address,
    AllowanceCharge,
    BankAccount,
    Classification,
    Contact,
    Delivery,
    DeliveryTerms,
    Identifier,
    Inspection,
    InvolvedParty,
    Item,
    Location,
    Order,
    OrderLine,
    OrderResponse,
    Party,
    PaymentMeans,
    PaymentTerms,
    Period,
    Personal,
    Price,
    PriceAllowance,
    PromisedDelivery,
    Property,
    Reference,
    ResponseLine,
    Scaled,
    SuppliedMaterial,
    TaxCategory,
    TaxSubtotal,
    Totals,
    Undecided,
)


def address(mark: str) -> Address:
    return Address(
        country="JP",
        postcode="471-0000",
        region=f"県{mark}",
        city=f"市{mark}",
        street=f"町{mark}",
        building=f"棟{mark}",
        lines=(f"階{mark}", f"室{mark}"),
    )


def party(mark: str, *, other: bool = False) -> Party:
    """A firm with its strict numbers, or with other identifiers in their places."""
    return Party(
        name=f"会社{mark}",
        trading_name=f"店{mark}",
        corporate_number="" if other else "7990100000001",
        registration_number="" if other else "T7990100000001",
        gln="" if other else "2000000000015",
        tax_number=f"TAX{mark}" if other else "",
        legal_id=Identifier(value=f"L{mark}", scheme="0060") if other else None,
        endpoint=Identifier(value=f"E{mark}", scheme="0192"),
        identifiers=(Identifier(value=f"I{mark}", scheme="0060"), Identifier(value=f"J{mark}", scheme="x")),
        address=address(mark),
        legal_address=address(f"{mark}登記"),
    )


def partner(mark: str) -> Party:
    """A party of which little is stated: the rows are those of :func:`party`."""
    return Party(name=f"会社{mark}", endpoint=Identifier(value=f"E{mark}", scheme="0192"))


def period(mark: str) -> Period:
    return Period(
        start="2026-12-01", end="2026-12-24", start_time="09:00:00", end_time="17:30:00", description=f"期間{mark}"
    )


def delivery(mark: str) -> Delivery:
    return Delivery(
        period=period(mark),
        location=Location(name=f"倉庫{mark}", id=Identifier(value=f"W{mark}", scheme="0088"), address=address(mark)),
        party=partner(mark),
        despatch_date="2026-11-30",
        service="1",
    )


def tax() -> TaxCategory:
    return TaxCategory(category="S", rate=Scaled(value=100, scale=1))


def item(mark: str, *, other: bool = False) -> Item:
    return Item(
        name=f"品{mark}",
        description=f"摘要{mark}",
        gtin="" if other else "2000000000022",
        standard_id=Identifier(value=f"S{mark}", scheme="0160") if other else None,
        seller_id=f"売{mark}",
        buyer_id=f"買{mark}",
        manufacturer_id=f"造{mark}",
        origin_country="JP",
        serial=f"SN{mark}",
        lot=f"LOT{mark}",
        best_before="2027-03-31",
        classifications=(Classification(code="31160000", list="TST", version="26", name="ねじ"),),
        properties=(
            Property(name="材質", value="SUS304", quantity=Scaled(value=235, scale=2), unit="KGM", qualifier="mass"),
            Property(name="色", value="黒"),
        ),
    )


def price() -> Price:
    return Price(
        value=Scaled(value=1000),
        base_quantity=Scaled(value=1),
        unit="H87",
        kind="CT",
        allowance=PriceAllowance(charge=True, amount=Scaled(value=5, scale=1), base=Scaled(value=9995, scale=1)),
    )


def references(*kinds: str) -> tuple[Reference, ...]:
    return tuple(
        Reference(
            kind=kind,
            number=f"{kind}-1",
            document="ab" * 32,
            date="2026-10-01",
            line_id="7",
            type_code="916",
            description=f"{kind}の説明",
            uri="https://files.example/1",
            attachment="cd" * 32,
        )
        for kind in kinds
    )


def order() -> Order:
    return Order(
        number="TY-1",
        issue_date="2026-11-22",
        issue_time="08:00:00",
        currency="JPY",
        language="ja",
        note="注記",
        references=references(
            "quotation", "previous_order", "originator", "catalogue", "other", "contract", "project", "drawing"
        ),
        buyer=party("甲"),
        seller=party("乙", other=True),
        lines=(
            OrderLine(
                line_id="1",
                item=item("一"),
                quantity=Scaled(value=100, scale=1),
                unit="H87",
                price=price(),
                amount=9_900,
                tax=tax(),
                allowances=(
                    AllowanceCharge(
                        amount=100,
                        base=10_000,
                        percent=Scaled(value=1),
                        reason_code="95",
                        reason="値引",
                        tax=tax(),
                    ),
                ),
                delivery=delivery("行"),
                partial_delivery=True,
                originator=partner("元"),
                accounting_cost="費目",
                formula="面積×単価",
                status="37",
                note="行の注記",
            ),
            OrderLine(line_id="2", item=item("二", other=True), quantity=Scaled(value=1), unit="SET", amount=1_050),
        ),
        kind="220",
        status="37",
        involved=tuple(
            InvolvedParty(role=role, party=partner(role))
            for role in ("originator", "carrier", "accounting", "consignee")
        ),
        sales_order_id="SO-1",
        customer_reference="参照",
        accounting_cost="部門",
        validity=period("有効"),
        delivery=delivery("頭"),
        delivery_terms=DeliveryTerms(code="DAP", description="車上渡し", place="門"),
        inspection=Inspection(completion_date="2026-12-28", days_after_receipt=5, waived=True, method="抜取"),
        terms=PaymentTerms(
            due_date="2027-01-29",
            code="2",
            description="翌月末",
            means=(
                PaymentMeans(
                    method="transfer",
                    code="30",
                    amount=1,
                    percent=Scaled(value=50),
                    institution="架空銀行",
                    start_date="2026-12-01",
                    maturity="2027-02-01",
                    account=BankAccount(
                        bank="9999",
                        bank_name="架空銀行",
                        branch="999",
                        branch_name="本店",
                        kind="1",
                        number="0000001",
                        iban="XX00",
                        bic="XXXXJPJT",
                        holder="ｶｸｳ",
                    ),
                    reference="ref",
                ),
            ),
        ),
        supplied=(
            SuppliedMaterial(
                name="素材",
                quantity=Scaled(value=180),
                unit="KGM",
                amount=32_400,
                handover_date="2026-11-25",
                settlement_date="2027-01-29",
                settlement_method="相殺",
            ),
        ),
        undecided=(Undecided(field="lines[1].price", reason="協議中", expected_date="2026-12-02"),),
        allowances=(
            AllowanceCharge(
                amount=1_000, base=10_000, percent=Scaled(value=10), reason_code="95", reason="値引", tax=tax()
            ),
            AllowanceCharge(charge=True, amount=500, reason="運賃"),
        ),
        taxes=(
            TaxSubtotal(category="S", rate=Scaled(value=10), basis=10_450, tax=950),
            TaxSubtotal(category="E", basis=0, tax=0, exemption_reason="非課税"),
        ),
        totals=Totals(
            lines=10_950,
            allowances=1_000,
            charges=500,
            net=9_500,
            tax=950,
            gross=10_450,
            prepaid=400,
            rounding=-50,
            payable=10_000,
        ),
        tax_included=True,
    )


def personal(*roles: str) -> Personal:
    return Personal(
        contacts=tuple(
            Contact(
                role=role,
                id=f"{role}-1",
                name=f"人 {role}",
                department=f"課 {role}",
                mail=f"{role}@firm.example",
                telephone=f"0{len(role)}-0000",
                fax=f"0{len(role)}-0001",
            )
            for role in roles
        ),
        notes=("電話は午後に",),
    )


ORDER_ROLES = ("buyer", "seller", "originator", "carrier", "accounting", "delivery")
RESPONSE_ROLES = (*ORDER_ROLES, "payee")


def order_response() -> OrderResponse:
    return OrderResponse(
        number="R-1",
        issue_date="2026-11-23",
        issue_time="10:00:00",
        currency="JPY",
        language="ja",
        note="注記",
        references=references("previous_order", "originator", "other", "contract"),
        response="changed",
        order="TY-1",
        buyer=party("甲"),
        seller=party("乙", other=True),
        lines=(
            ResponseLine(
                line_id="1",
                order_line_id="10",
                status="changed",
                item=item("一"),
                quantity=Scaled(value=90),
                unit="H87",
                max_backorder=Scaled(value=10),
                price=price(),
                promises=(
                    PromisedDelivery(split_id="A", quantity=Scaled(value=40), delivery=delivery("甲")),
                    PromisedDelivery(split_id="B", quantity=Scaled(value=50)),
                ),
                substitute=item("代", other=True),
                substitute_line_id="9",
                substitute_tax=tax(),
                reason="品切れ",
                note="行の注記",
            ),
            ResponseLine(line_id="2", order_line_id="20", status="accepted"),
        ),
        involved=tuple(
            InvolvedParty(role=role, party=partner(role)) for role in ("originator", "carrier", "accounting", "payee")
        ),
        sales_order_id="SO-1",
        customer_reference="参照",
        delivery=delivery("頭"),
        reason="納期変更",
    )
