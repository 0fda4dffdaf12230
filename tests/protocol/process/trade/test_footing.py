"""Sums are worked out so that the rules of papers accept them, in every direction of rounding."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from protocol.process.money import Rounding
from protocol.process.trade import footing
from protocol.process.trade.check import check
from protocol.process.trade.papers import (
    AllowanceCharge,
    Invoice,
    InvoiceLine,
    Item,
    Order,
    OrderLine,
    Price,
    Scaled,
    TaxCategory,
    Totals,
)
from tests.protocol.process.dealings import DAY, PARTIES

S10 = TaxCategory(category="S", rate=Scaled(10))
AA8 = TaxCategory(category="AA", rate=Scaled(8))
EXEMPT = TaxCategory(category="E")


def line(number: str, quantity: Scaled, price: Scaled, tax: TaxCategory = S10, **more: object) -> InvoiceLine:
    parts = {"line_id": number, "item": Item(name="帯"), "unit": "H87", "amount": 0, "tax": tax}
    return InvoiceLine(**parts, quantity=quantity, price=Price(value=price), **more)


def bill(*lines: InvoiceLine, rounding: Rounding = Rounding.DOWN, included: bool = False, **more: object) -> Invoice:
    paper = Invoice(
        number="I-1",
        issue_date=DAY,
        currency="JPY",
        **PARTIES,
        lines=lines,
        taxes=(),
        totals=Totals(),
        rounding=rounding.value,
        tax_included=included,
        **more,
    )
    found = footing.bill(paper)
    check(found)
    return found


MIXED = (
    line("1", Scaled(3), Scaled(333)),
    line("2", Scaled(15, 1), Scaled(421), AA8),
    line("3", Scaled(7), Scaled(119, 1), AA8),
    line("4", Scaled(1), Scaled(5_000), EXEMPT),
)


@pytest.mark.parametrize("included", [False, True])
@pytest.mark.parametrize("rounding", Rounding)
def test_mixed_rates(rounding: Rounding, included: bool) -> None:
    paper = bill(*MIXED, rounding=rounding, included=included)
    assert [one.category for one in paper.taxes] == ["AA", "E", "S"]
    assert paper.totals.gross == paper.totals.payable


def test_rounded_once_per_rate_and_not_per_line() -> None:
    lines = [line(str(at), Scaled(1), Scaled(105)) for at in range(10)]
    paper = bill(*lines)
    assert (paper.taxes[0].basis, paper.taxes[0].tax) == (1_050, 105)  # ten times 10.5 is not ten times 10


def test_what_is_taken_off_counts_below_zero() -> None:
    back = line("2", Scaled(2), Scaled(333), negative=True)
    paper = bill(line("1", Scaled(3), Scaled(333)), back)
    assert (paper.totals.lines, paper.taxes[0].tax, paper.totals.payable) == (333, 33, 366)
    other = bill(line("1", Scaled(9), Scaled(333)), replace(back, tax=AA8))
    assert [(one.basis, one.tax) for one in other.taxes] == [(-666, -53), (2_997, 299)]


def test_allowances_count_to_their_rate() -> None:
    off = AllowanceCharge(amount=100, tax=S10, reason="値引")
    paper = bill(line("1", Scaled(10), Scaled(100)), allowances=(off,))
    assert (paper.totals.allowances, paper.taxes[0].basis, paper.totals.payable) == (100, 900, 990)


def test_an_order_without_a_price_has_no_totals() -> None:
    parts = OrderLine(line_id="1", item=Item(name="帯"), quantity=Scaled(2), unit="H87", tax=S10)
    order = Order(number="PO-1", issue_date=DAY, currency="JPY", **PARTIES, lines=(parts,))
    assert footing.offer(order).totals is None
    priced = footing.offer(replace(order, lines=(replace(parts, price=Price(value=Scaled(780))),)))
    check(priced)
    assert priced.totals is not None
    assert priced.totals.payable == 1_716
