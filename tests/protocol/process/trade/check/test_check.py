"""Every rule inside a paper: one paper that breaks it, the field and the rule that are named."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from protocol.errors import CallerFault, Malformed
from protocol.limits import MAX_INT
from protocol.process.trade.check import admit, check, issue
from protocol.process.trade.papers import (
    TYPE_OF,
    AllowanceCharge,
    BankAccount,
    ChangeLine,
    Classification,
    Delivery,
    DeliveryTerms,
    Identifier,
    Inspection,
    InvolvedParty,
    Item,
    Kept,
    Location,
    Offset,
    Order,
    OrderLine,
    Package,
    PaidItem,
    Paper,
    Party,
    PaymentMeans,
    PaymentTerms,
    Period,
    Price,
    PriceAllowance,
    PromisedDelivery,
    Property,
    Reference,
    ResponseLine,
    Scaled,
    Shipment,
    SuppliedMaterial,
    TaxCategory,
    TaxSubtotal,
    Totals,
    Undecided,
    decode,
    encode,
)
from tests.protocol.process.dealings import Desk
from tests.protocol.process.moves import MOVES

ALL = {name: move(Desk()).body for name, move in MOVES.items()}
ORDER, RFQ, QUOTATION = ALL["order"], ALL["enquire"], ALL["quote"]
RESPONSE, CHANGE, CANCELLATION = ALL["accept with changes"], ALL["buyer changes"], ALL["buyer cancels"]
ANSWER, DESPATCH, RECEIVING = ALL["accept buyer's change"], ALL["ship"], ALL["receive"]
INVOICE, CORRECTION, CONFIRMATION = ALL["invoice"], ALL["credit"], ALL["confirm"]
PAYMENT = ALL["pay"]
TEN, EIGHT = Scaled(10), Scaled(8)

BAD_PARTY: list[tuple[Party, str, str]] = [
    (Party(), "", "must state a name"),
    (Party(name="A", corporate_number="1234567890123"), ".corporate_number", "13 digits with a valid check digit"),
    (Party(name="A", registration_number="T123"), ".registration_number", "T and 13 digits"),
    (Party(name="A", gln="7300010000002"), ".gln", "GLN"),
    (Party(name="A", endpoint=Identifier(value="")), ".endpoint.value", "must be stated"),
    (Party(name="A", legal_id=Identifier(value="")), ".legal_id.value", "must be stated"),
    (Party(identifiers=(Identifier(value=""),)), ".identifiers[0].value", "must be stated"),
]


def line() -> OrderLine:
    assert isinstance(ORDER, Order)
    return ORDER.lines[0]


def of(paper: Paper, place: int = 0, **more: Any) -> Paper:
    """The paper with one of its lines changed."""
    lines = list(paper.lines)  # type: ignore[attr-defined]  # one that has lines
    lines[place] = replace(lines[place], **more)
    return replace(paper, lines=tuple(lines))


@pytest.mark.parametrize("paper", ALL.values(), ids=list(ALL))
def test_what_is_right_passes_everywhere(paper: Paper) -> None:
    check(paper)
    assert admit(TYPE_OF[type(paper)], 1, issue(paper)) == paper


def refuses(paper: Paper, field: str, rule: str) -> None:
    with pytest.raises(CallerFault, match=re.escape(rule)) as caught:
        check(paper)
    assert caught.value.field == field
    with pytest.raises(CallerFault):
        issue(paper)


@pytest.mark.parametrize("paper", ALL.values(), ids=list(ALL))
def test_head(paper: Paper) -> None:
    refuses(replace(paper, number=""), "number", "must be stated")
    refuses(replace(paper, issue_date="2026-02-30"), "issue_date", "day of the calendar")
    refuses(replace(paper, issue_date=""), "issue_date", "day of the calendar")
    refuses(replace(paper, issue_time="25:00:00"), "issue_time", "time of day")
    refuses(replace(paper, currency="yen"), "currency", "ISO 4217")
    refuses(replace(paper, references=(Reference(kind=""),)), "references[0].kind", "must be stated")
    refuses(replace(paper, references=(Reference(kind="x", date="x"),)), "references[0].date", "day of the calendar")
    refuses(replace(paper, references=(Reference(kind="x", document="ab"),)), "references[0].document", "document id")
    refuses(
        replace(paper, references=(Reference(kind="x", attachment="G" * 64),)),
        "references[0].attachment",
        "document id",
    )
    check(replace(paper, references=(Reference(kind="x", document="0" * 64, date="2026-11-22"),)))


def test_kept() -> None:
    refuses(replace(ORDER, kept=(Kept(path="/a"),)), "origin", "must be stated")
    refuses(replace(ORDER, origin="ubl", kept=(Kept(path=""),)), "kept[0].path", "must be stated")
    for attributes in ((("b", ""), ("a", "")), (("a", ""), ("a", ""))):
        kept = (Kept(path="/a", attributes=attributes),)
        refuses(replace(ORDER, origin="ubl", kept=kept), "kept[0].attributes", "sorted by name, each name once")


@pytest.mark.parametrize(("bad", "at", "rule"), BAD_PARTY)
def test_parties(bad: Party, at: str, rule: str) -> None:
    for paper in (ORDER, RFQ, QUOTATION, RESPONSE, DESPATCH, RECEIVING, INVOICE, PAYMENT):
        for side in ("buyer", "seller"):
            refuses(replace(paper, **{side: bad}), f"{side}{at}", rule)
    refuses(replace(ORDER, involved=(InvolvedParty(role="payee", party=bad),)), f"involved[0].party{at}", rule)
    refuses(replace(ORDER, delivery=Delivery(party=bad)), f"delivery.party{at}", rule)
    refuses(of(ORDER, originator=bad), f"lines[0].originator{at}", rule)


def test_involved() -> None:
    for paper in (ORDER, DESPATCH, RECEIVING, INVOICE):
        refuses(
            replace(paper, involved=(InvolvedParty(role="poet", party=Party(name="A")),)), "involved[0].role", "one of"
        )


@pytest.mark.parametrize(
    ("period", "at", "rule"),
    [
        (Period(start="x"), ".start", "day of the calendar"),
        (Period(end="x"), ".end", "day of the calendar"),
        (Period(start_time="x"), ".start_time", "time of day"),
        (Period(end_time="x"), ".end_time", "time of day"),
        (Period(start="2026-02-02", end="2026-02-01"), "", "must not end before it starts"),
    ],
)
def test_periods(period: Period, at: str, rule: str) -> None:
    refuses(replace(ORDER, validity=period), f"validity{at}", rule)
    refuses(replace(QUOTATION, validity=period), f"validity{at}", rule)
    refuses(replace(INVOICE, period=period), f"period{at}", rule)
    for paper in (ORDER, DESPATCH, INVOICE):
        refuses(replace(paper, delivery=Delivery(period=period)), f"delivery.period{at}", rule)
    refuses(of(ORDER, delivery=Delivery(period=period)), f"lines[0].delivery.period{at}", rule)
    refuses(of(INVOICE, period=period), f"lines[0].period{at}", rule)


def test_delivery() -> None:
    refuses(replace(ORDER, delivery=Delivery(despatch_date="x")), "delivery.despatch_date", "day of the calendar")
    place = Delivery(location=Location(id=Identifier(value="")))
    refuses(replace(ORDER, delivery=place), "delivery.location.id.value", "must be stated")
    check(replace(ORDER, delivery=Delivery(location=Location(name="倉庫")), delivery_terms=DeliveryTerms(code="DAP")))


@pytest.mark.parametrize(
    ("item", "at", "rule"),
    [
        (Item(name="x", gtin="4912345678905"), ".gtin", "JAN"),
        (Item(name="x", standard_id=Identifier(value="")), ".standard_id.value", "must be stated"),
        (Item(name="x", best_before="x"), ".best_before", "day of the calendar"),
        (Item(name="x", properties=(Property(name="L", quantity=Scaled(-1)),)), ".properties[0].quantity", "negative"),
    ],
)
def test_items(item: Item, at: str, rule: str) -> None:
    for paper in (ORDER, DESPATCH, INVOICE, RESPONSE):
        refuses(of(paper, item=item), f"lines[0].item{at}", rule)
    refuses(of(RESPONSE, substitute=item), f"lines[0].substitute{at}", rule)


def test_items_that_are_right() -> None:
    good = Item(name="x", gtin="4912345678904", classifications=(Classification(code="1"),), best_before="2027-01-01")
    check(of(ORDER, item=good))


def test_lines() -> None:
    for paper in (ORDER, RFQ, QUOTATION, DESPATCH, RECEIVING, INVOICE):
        refuses(replace(paper, lines=()), "lines", "at least one line")
        refuses(of(paper, line_id=""), "lines[0].line_id", "must be stated")
        refuses(of(paper, 1, line_id="1"), "lines[1].line_id", "line 1 stands twice")
    refuses(of(RESPONSE, 1, line_id="1"), "lines[1].line_id", "line 1 stands twice")
    twice = tuple(ChangeLine(action="changed", line=line()) for _ in range(2))
    refuses(replace(CHANGE, lines=twice), "lines[1].line.line_id", "line 1 stands twice")
    refuses(replace(CANCELLATION, lines=("1", "1")), "lines[1].line_id", "line 1 stands twice")


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        (Scaled(-1), "must not be negative"),
        (Scaled(MAX_INT + 1), "at most 2^53 - 1"),
        (Scaled(1, 10), "at most 9 decimal places"),
        (Scaled(1, -1), "at most 9 decimal places"),
    ],
)
def test_quantities_and_prices(value: Scaled, rule: str) -> None:
    for paper in (ORDER, DESPATCH, INVOICE, RESPONSE):
        refuses(of(paper, quantity=value), "lines[0].quantity", rule)
    refuses(of(DESPATCH, outstanding=value), "lines[0].outstanding", rule)
    refuses(of(RESPONSE, max_backorder=value), "lines[0].max_backorder", rule)
    for field in ("passed", "failed", "short", "returned"):
        fields: dict[str, Any] = {field: value}
        refuses(of(RECEIVING, **fields), f"lines[0].{field}", rule)
    for paper in (ORDER, INVOICE, RESPONSE):
        refuses(of(paper, price=Price(value=value)), "lines[0].price.value", rule)
        refuses(of(paper, price=Price(value=TEN, base_quantity=value)), "lines[0].price.base_quantity", rule)
        for allowance, at in (
            (PriceAllowance(amount=value), "amount"),
            (PriceAllowance(amount=TEN, base=value), "base"),
        ):
            refuses(of(paper, price=Price(value=TEN, allowance=allowance)), f"lines[0].price.allowance.{at}", rule)
    refuses(of(ORDER, tax=TaxCategory(category="S", rate=value)), "lines[0].tax.rate", rule)
    promise = PromisedDelivery(quantity=value)
    refuses(of(RESPONSE, promises=(promise,)), "lines[0].promises[0].quantity", rule)
    refuses(replace(ORDER, supplied=(SuppliedMaterial(name="x", quantity=value),)), "supplied[0].quantity", rule)
    shipment = Shipment(packages=(Package(weight=value),))
    refuses(replace(DESPATCH, shipment=shipment), "shipment.packages[0].weight", rule)


@pytest.mark.parametrize(
    ("value", "rule"), [(-1, "must not be negative"), (MAX_INT + 1, "at most 2^53 - 1 minor units")]
)
def test_amounts(value: int, rule: str) -> None:
    refuses(of(ORDER, amount=value), "lines[0].amount", rule)
    refuses(of(INVOICE, amount=value), "lines[0].amount", rule)
    refuses(of(RECEIVING, discount=value), "lines[0].discount", rule)
    for one, at in ((AllowanceCharge(amount=value), "amount"), (AllowanceCharge(amount=1, base=value), "base")):
        refuses(replace(ORDER, allowances=(one,)), f"allowances[0].{at}", rule)
        refuses(of(ORDER, allowances=(one,)), f"lines[0].allowances[0].{at}", rule)
        refuses(replace(CHANGE, allowances=(one,)), f"allowances[0].{at}", rule)
    refuses(replace(ORDER, taxes=(TaxSubtotal(category="S", basis=value, tax=1),)), "taxes[0].basis", rule)
    refuses(replace(ORDER, taxes=(TaxSubtotal(category="S", basis=1, tax=value),)), "taxes[0].tax", rule)
    for name in ("lines", "allowances", "charges", "net", "tax", "gross", "prepaid", "payable"):
        refuses(replace(ORDER, totals=Totals(**{name: value})), f"totals.{name}", rule)
    refuses(replace(ORDER, supplied=(SuppliedMaterial(name="x", amount=value),)), "supplied[0].amount", rule)
    refuses(replace(ORDER, terms=PaymentTerms(means=(PaymentMeans(amount=value),))), "terms.means[0].amount", rule)
    refuses(replace(PAYMENT, total=value), "total", rule)
    refuses(replace(PAYMENT, items=(PaidItem(number="x", kind="invoice", amount=value),)), "items[0].amount", rule)
    item = PaidItem(number="x", kind="invoice", amount=1, billed=value)
    refuses(replace(PAYMENT, items=(item,)), "items[0].billed", rule)
    refuses(replace(PAYMENT, offsets=(Offset(amount=value, reason="x"),)), "offsets[0].amount", rule)


def test_absent_and_zero_prices_are_legal() -> None:
    check(of(ORDER, price=None, amount=None))
    check(of(ORDER, price=Price(value=Scaled(0)), amount=0))
    check(of(ORDER, price=None, amount=0))


@pytest.mark.parametrize(
    ("price", "amount", "right"),
    [
        (Price(value=Scaled(12_345, 2)), 1_234, True),
        (Price(value=Scaled(12_345, 2)), 1_235, True),
        (Price(value=Scaled(12_345, 2)), 1_233, False),
        (Price(value=Scaled(12_345, 2)), 1_236, False),
        (Price(value=Scaled(100)), 1_001, False),
        (Price(value=Scaled(500), base_quantity=Scaled(5)), 1_000, True),
        (Price(value=Scaled(500), base_quantity=Scaled(5)), 5_000, False),
        (Price(value=Scaled(500), unit="KGM"), 77, True),  # priced in another unit: nobody here knows the factor
        (Price(value=Scaled(100), unit="H87"), 77, False),
    ],
)
def test_line_amounts(price: Price, amount: int, right: bool) -> None:
    paper = of(ORDER, price=price, amount=amount)
    if right:
        check(paper)
    else:
        refuses(paper, "lines[0].amount", "must be quantity × price, less allowances and plus charges")


def test_line_allowances_count() -> None:
    off, on = AllowanceCharge(amount=30), AllowanceCharge(charge=True, amount=5)
    check(of(ORDER, allowances=(off, on), amount=975))
    refuses(of(ORDER, allowances=(off, on), amount=1_000), "lines[0].amount", "975 here")


def test_line_overflow() -> None:
    huge = of(ORDER, quantity=Scaled(MAX_INT), price=Price(value=Scaled(2)), amount=MAX_INT)
    refuses(huge, "lines[0].amount", "above 2^53 - 1")


def test_tax_categories() -> None:
    refuses(of(ORDER, tax=TaxCategory(category="")), "lines[0].tax.category", "must be stated")
    refuses(of(ORDER, tax=TaxCategory(category="E", rate=TEN)), "lines[0].tax.rate", "absent or 0 for category E")
    check(of(ORDER, tax=TaxCategory(category="E", rate=Scaled(0))))
    bad = AllowanceCharge(amount=1, tax=TaxCategory(category="O", rate=TEN))
    refuses(replace(ORDER, allowances=(bad,)), "allowances[0].tax.rate", "absent or 0")
    refuses(
        replace(ORDER, allowances=(AllowanceCharge(amount=1, percent=Scaled(-1)),)), "allowances[0].percent", "negative"
    )
    refuses(of(RESPONSE, substitute_tax=TaxCategory(category="")), "lines[0].substitute_tax.category", "must be stated")


def test_taxes_before_the_invoice() -> None:
    """Either neighbour will do, as the direction is the issuer's of the invoice."""
    for tax, right in ((278, False), (279, True), (280, True), (281, False)):
        paper = replace(ORDER, taxes=(TaxSubtotal(category="S", rate=EIGHT, basis=3_490, tax=tax),))
        if right:
            check(paper)
        else:
            refuses(paper, "taxes[0].tax", "basis × rate rounded once")
    check(replace(ORDER, taxes=(TaxSubtotal(category="S", basis=10, tax=1),)))
    refuses(replace(ORDER, taxes=(TaxSubtotal(category="S", rate=TEN, basis=10, tax=2),)), "taxes[0].tax", "about 1")
    refuses(
        replace(ORDER, taxes=(TaxSubtotal(category="E", basis=10, tax=1),)), "taxes[0].tax", "must be 0 for category E"
    )
    twice = (
        TaxSubtotal(category="S", rate=TEN, basis=0, tax=0),
        TaxSubtotal(category="S", rate=Scaled(100, 1), basis=0, tax=0),
    )
    refuses(replace(ORDER, taxes=twice), "taxes[1]", "stands once")


@pytest.mark.parametrize(
    ("totals", "field", "wanted"),
    [
        (Totals(lines=1_499), "lines", 1_500),
        (Totals(allowances=1), "allowances", 100),
        (Totals(charges=1), "charges", 40),
        (Totals(tax=1), "tax", 144),
        (Totals(lines=1_500, allowances=100, charges=40, net=1), "net", 1_440),
        (Totals(net=1_440, tax=144, gross=1), "gross", 1_584),
        (Totals(gross=1_584, prepaid=84, rounding=-1, payable=1), "payable", 1_499),
    ],
)
def test_totals(totals: Totals, field: str, wanted: int) -> None:
    paper = replace(
        ORDER,
        allowances=(AllowanceCharge(amount=100), AllowanceCharge(charge=True, amount=40)),
        taxes=(TaxSubtotal(category="S", rate=TEN, basis=1_440, tax=144),),
        totals=totals,
    )
    refuses(paper, f"totals.{field}", f": {wanted}")
    check(replace(paper, totals=replace(totals, **{field: wanted})))


def test_totals_say_only_what_they_say() -> None:
    check(replace(ORDER, totals=Totals(payable=1)))  # gross absent: nothing to compare
    check(replace(of(ORDER, amount=None, price=None), totals=Totals(lines=1)))  # a line without an amount
    included = Totals(lines=1_500, net=1_364, tax=136, gross=1_500, payable=1_500)
    check(replace(ORDER, tax_included=True, totals=included))
    refuses(replace(ORDER, totals=included), "totals.net", ": 1500")
    refuses(replace(ORDER, totals=Totals(rounding=-MAX_INT - 1)), "totals.rounding", "either way")


def test_terms() -> None:
    refuses(replace(ORDER, terms=PaymentTerms(due_date="x")), "terms.due_date", "day of the calendar")
    wrong: dict[str, Any] = {"method": "pigs", "start_date": "x", "maturity": "x", "percent": Scaled(-1)}
    for field, bad in wrong.items():
        one: dict[str, Any] = {field: bad}
        terms = PaymentTerms(means=(PaymentMeans(**one),))
        refuses(replace(ORDER, terms=terms), f"terms.means[0].{field}", "must")
    refuses(replace(PAYMENT, means=(PaymentMeans(method="pigs"),)), "means[0].method", "one of cash")
    account = BankAccount(bank="0001", branch="001", kind="1", number="1234567")
    check(
        replace(
            ORDER, terms=PaymentTerms(due_date="2027-01-31", means=(PaymentMeans(method="transfer", account=account),))
        )
    )


def test_conditions_of_an_order() -> None:
    for paper, name in ((ORDER, "undecided"), (CHANGE, "decided")):
        inspection = Inspection(completion_date="x")
        refuses(replace(paper, inspection=inspection), "inspection.completion_date", "day of the calendar")
        for field, bad in (("name", ""), ("handover_date", "x"), ("settlement_date", "x")):
            material = replace(SuppliedMaterial(name="鋼材"), **{field: bad})
            refuses(replace(paper, supplied=(material,)), f"supplied[0].{field}", "must")
        for field, bad in (("field", ""), ("reason", ""), ("expected_date", "x")):
            one = replace(Undecided(field="terms", reason="x"), **{field: bad})
            refuses(replace(paper, **{name: (one,)}), f"{name}[0].{field}", "must")


@pytest.mark.parametrize("name", ["quote", "order", "buyer changes", "invoice", "pay"])
def test_money_has_a_currency(name: str) -> None:
    refuses(replace(ALL[name], currency=""), "currency", "must be stated where money is stated")


def test_currency_where_there_is_money_in_a_line() -> None:
    refuses(replace(RFQ, currency=""), "currency", "must be stated")
    check(of(of(replace(RFQ, currency=""), 0, price=None, amount=None), 1, price=None, amount=None))
    refuses(replace(of(RESPONSE, price=Price(value=TEN)), currency=""), "currency", "must be stated")
    refuses(replace(of(RECEIVING, discount=5), currency=""), "currency", "must be stated")
    check(replace(RESPONSE, currency=""))


def test_closed_lists() -> None:
    for paper, field in (
        (RESPONSE, "response"),
        (ANSWER, "response"),
        (CONFIRMATION, "response"),
        (RECEIVING, "result"),
        (CORRECTION, "effect"),
        (INVOICE, "rounding"),
    ):
        refuses(replace(paper, **{field: "perhaps"}), field, "must be one of")
    refuses(of(RESPONSE, status="perhaps"), "lines[0].status", "must be one of")
    refuses(of(CHANGE, action="perhaps"), "lines[0].action", "must be one of")
    refuses(of(RECEIVING, disposition="perhaps"), "lines[0].disposition", "must be one of")


def test_what_must_be_named() -> None:
    for paper in (RESPONSE, CHANGE, CANCELLATION, DESPATCH, RECEIVING):
        refuses(replace(paper, order=""), "order", "must be stated")
    refuses(replace(CANCELLATION, reason=""), "reason", "must be stated")
    refuses(replace(ANSWER, answers=""), "answers", "must be stated")
    refuses(replace(CONFIRMATION, statement=""), "statement", "must be stated")
    refuses(replace(CORRECTION, corrects=""), "corrects", "must be stated")
    refuses(replace(CORRECTION, corrects_date=""), "corrects_date", "day of the calendar")
    refuses(replace(CORRECTION, reason=""), "reason", "must be stated")
    for paper in (DESPATCH, RECEIVING, RESPONSE):
        refuses(of(paper, order_line_id=""), "lines[0].order_line_id", "must be stated")


def test_order_response() -> None:
    for status in ("changed", "refused", "added"):
        bad = replace(of(RESPONSE, status=status, item=Item(name="x")), response="accepted")
        refuses(bad, "lines[0].status", f"an accepted order has no {status} line")
    refuses(of(RESPONSE, 1, item=None), "lines[1]", "an added line must state its item and its quantity")
    refuses(of(RESPONSE, 1, quantity=None), "lines[1]", "an added line must state its item and its quantity")
    delivery = Delivery(period=Period(start="x"))
    bad_promise = of(RESPONSE, promises=(PromisedDelivery(delivery=delivery),))
    refuses(bad_promise, "lines[0].promises[0].delivery.period.start", "day of the calendar")
    accepted = ResponseLine(line_id="1", order_line_id="1", status="accepted")
    check(replace(RESPONSE, response="accepted", lines=(accepted,)))


def test_despatch() -> None:
    for field in ("despatch_date", "arrival_date", "despatch_time", "arrival_time"):
        wrong: dict[str, Any] = {field: "x"}
        refuses(replace(DESPATCH, shipment=Shipment(**wrong)), f"shipment.{field}", "must")
    early = Shipment(despatch_date="2026-11-22", arrival_date="2026-11-21")
    refuses(replace(DESPATCH, shipment=early), "shipment.arrival_date", "before the day of despatch")
    package = Shipment(packages=(Package(sscc="006141411234567891"),))
    refuses(replace(DESPATCH, shipment=package), "shipment.packages[0].sscc", "SSCC")
    check(replace(DESPATCH, shipment=Shipment(packages=(Package(sscc="006141411234567890"),))))


def test_receiving() -> None:
    refuses(replace(RECEIVING, received_date=""), "received_date", "day of the calendar")
    refuses(replace(RECEIVING, received_time="x"), "received_time", "time of day")
    refuses(replace(RECEIVING, inspection_date="x"), "inspection_date", "day of the calendar")
    refuses(replace(RECEIVING, inspection_date="2026-11-21"), "inspection_date", "before the day of receipt")
    refuses(of(RECEIVING, passed=None), "lines[0]", "must state what was received")
    refuses(of(RECEIVING, received=Scaled(11)), "lines[0].received", "passed + failed")
    check(of(RECEIVING, received=Scaled(10)))
    check(of(RECEIVING, received=Scaled(10), passed=None))
    refuses(of(RECEIVING, failed=Scaled(1)), "result", "cannot be accepted: line 1")
    refuses(of(RECEIVING, short=Scaled(1)), "result", "cannot be accepted: line 1")
    refuses(replace(RECEIVING, result="refused"), "result", "cannot be refused: line 1")
    check(replace(of(RECEIVING, failed=Scaled(1)), result="partial"))


# ---------------------------------------------------------------------- bills


def bill(**more: Any) -> Paper:
    return replace(INVOICE, **more)


def test_each_rate_has_its_total() -> None:
    reduced = TaxCategory(category="AA", rate=EIGHT)
    refuses(of(INVOICE, tax=reduced), "taxes[0].basis", "sum of what is taxed at this rate: 500")
    split = replace(of(INVOICE, tax=reduced), taxes=(TaxSubtotal(category="S", rate=TEN, basis=500, tax=50),))
    refuses(split, "taxes", "lacks the total for AA")
    both = (TaxSubtotal(category="AA", rate=EIGHT, basis=1_000, tax=80), *split.taxes)  # type: ignore[attr-defined]
    check(replace(split, taxes=both, totals=Totals(lines=1_500, net=1_500, tax=130, gross=1_630, payable=1_630)))
    refuses(bill(taxes=()), "taxes", "lacks the total for S")
    extra = (*INVOICE.taxes, TaxSubtotal(category="E", basis=5, tax=0))  # type: ignore[attr-defined]
    refuses(bill(taxes=extra), "taxes[1].basis", ": 0")


@pytest.mark.parametrize(
    ("rounding", "tax", "right"),
    [
        ("down", 279, True),
        ("down", 280, False),
        ("half_up", 279, True),
        ("up", 280, True),
        ("up", 279, False),
        ("up", 281, False),
    ],
)
def test_tax_is_rounded_once_in_the_issuers_direction(rounding: str, tax: int, right: bool) -> None:
    lines = [replace(one, price=None, tax=TaxCategory(category="AA", rate=EIGHT)) for one in INVOICE.lines]  # type: ignore[attr-defined]
    lines = [replace(one, amount=amount) for one, amount in zip(lines, (3_000, 490), strict=True)]
    paper = bill(
        rounding=rounding,
        lines=tuple(lines),
        taxes=(TaxSubtotal(category="AA", rate=EIGHT, basis=3_490, tax=tax),),
        totals=Totals(lines=3_490, net=3_490, tax=tax, gross=3_490 + tax, payable=3_490 + tax),
    )
    if right:
        check(paper)
    else:
        refuses(paper, "taxes[0].tax", f"rounded {rounding} once per rate")


def test_bill_with_tax_included() -> None:
    """The tax agency's example: 60,000 at 10 % and 40,000 at 8 %, tax included."""
    first, second = INVOICE.lines  # type: ignore[attr-defined]
    lines = (
        replace(first, price=None, amount=60_000),
        replace(second, price=None, amount=40_000, tax=TaxCategory(category="AA", rate=EIGHT)),
    )
    taxes = (
        TaxSubtotal(category="S", rate=TEN, basis=60_000, tax=5_454),
        TaxSubtotal(category="AA", rate=EIGHT, basis=40_000, tax=2_962),
    )
    totals = Totals(lines=100_000, net=91_584, tax=8_416, gross=100_000, payable=100_000)
    check(bill(lines=lines, taxes=taxes, totals=totals, tax_included=True))
    wrong = (replace(taxes[0], tax=5_455), taxes[1])
    refuses(bill(lines=lines, taxes=wrong, totals=totals, tax_included=True), "taxes[0].tax", "must be 5454")


def test_bill_allowances() -> None:
    off = AllowanceCharge(amount=100, tax=TaxCategory(category="S", rate=TEN))
    taxes = (TaxSubtotal(category="S", rate=TEN, basis=1_400, tax=140),)
    totals = Totals(lines=1_500, allowances=100, net=1_400, tax=140, gross=1_540, payable=1_540)
    check(bill(allowances=(off,), taxes=taxes, totals=totals))
    on = bill(allowances=(replace(off, charge=True),), taxes=taxes, totals=totals)
    refuses(on, "taxes[0].basis", ": 1600")
    refuses(bill(allowances=(replace(off, tax=None),)), "allowances[0].tax", "must be stated")
    refuses(
        bill(allowances=(replace(off, amount=1_501),)), "allowances[0].amount", "more than what is charged at its rate"
    )


def test_bill_sums_and_dates() -> None:
    refuses(bill(totals=replace(INVOICE.totals, payable=None)), "totals.payable", "must be stated")  # type: ignore[attr-defined]
    refuses(bill(totals=replace(INVOICE.totals, gross=None)), "totals.gross", "must be stated")  # type: ignore[attr-defined]
    refuses(bill(transaction_date="x"), "transaction_date", "day of the calendar")
    refuses(of(INVOICE, transaction_date="x"), "lines[0].transaction_date", "day of the calendar")
    no_rate = (TaxSubtotal(category="S", basis=1_500, tax=150),)
    refuses(bill(taxes=no_rate), "taxes[0].rate", "must be stated")
    month = bill(period=Period(start="2026-11-01", end="2026-11-30"))
    check(of(month, transaction_date="2026-11-30"))
    for day in ("2026-10-31", "2026-12-01"):
        refuses(of(month, transaction_date=day), "lines[0].transaction_date", "within the paper's period")


def test_payment() -> None:
    refuses(replace(PAYMENT, items=()), "items", "at least one item")
    refuses(replace(PAYMENT, payment_date=""), "payment_date", "day of the calendar")
    refuses(replace(PAYMENT, total=1), "total", "the items less the offsets: 1650")
    refuses(
        replace(PAYMENT, items=(PaidItem(number="", kind="invoice", amount=1),)), "items[0].number", "must be stated"
    )
    dated = PaidItem(number="x", kind="invoice", amount=1, date="x")
    refuses(replace(PAYMENT, items=(dated,)), "items[0].date", "day of the calendar")
    refuses(replace(PAYMENT, offsets=(Offset(amount=1, reason=""),)), "offsets[0].reason", "must be stated")
    check(replace(PAYMENT, total=1_640, offsets=(Offset(amount=10, reason="部材"),)))


# ---------------------------------------------------------------------- issue and admit


@pytest.mark.parametrize("wrong", [Scaled(-1), Scaled(MAX_INT + 1), Scaled(1, 10)])
def test_papers_built_by_hand_are_held_to_their_types(wrong: Scaled) -> None:
    with pytest.raises(CallerFault, match="Expected") as caught:
        issue(of(ORDER, quantity=wrong))
    assert caught.value.field.startswith("lines[0].quantity")


def test_admit_refuses_what_check_refuses() -> None:
    body = encode(replace(ORDER, issue_date="2026-02-30"))
    assert decode("order", 1, body).issue_date == "2026-02-30"
    with pytest.raises(CallerFault, match="issue_date"):
        admit("order", 1, body)
    with pytest.raises(Malformed):
        admit("order", 1, body + b"\x00")


def test_rules_are_functions_of_the_paper() -> None:
    """A rule neither changes its paper nor remembers it: the same answer twice."""
    rules: Callable[[Paper], None] = check
    for paper in ALL.values():
        before = encode(paper)
        rules(paper)
        rules(paper)
        assert encode(paper) == before
