"""What people type and what becomes of it."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest

from node import wareki
from node.web.forms import MAX_FIELDS, Form, number
from node.web.render import as_moment, full_day, money, plain, quantity, short_day
from protocol.errors import CallerFault, TooLarge
from protocol.process.trade.papers import Scaled


def say(message: str, **values: object) -> str:
    return plain("ja", message, **values)


def form(**values: str) -> Form:
    return Form(say, {name.replace("__", "."): [value] for name, value in values.items()})


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("1200", 1200), ("1,200", 1200), ("１，２００", 1200), ("¥1,200", 1200), ("1200円", 1200), ("▲500", -500),
        ("△500", -500), ("−3", -3), ("(40)", -40), ("12.50", Decimal("12.50")), (" 7 ", 7),
    ],
)  # fmt: skip
def test_numbers(typed: str, found: Decimal) -> None:
    assert number(typed) == found


@pytest.mark.parametrize("typed", ["", "abc", "1e5", "1.2.3", "٣", "NaN", "Infinity", "9" * 50, "4.90123E+12", "--1"])
def test_no_numbers(typed: str) -> None:
    assert number(typed) is None


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("2026-10-05", (2026, 10, 5)), ("2026/10/5", (2026, 10, 5)), ("R8.10.5", (2026, 10, 5)),
        ("Ｒ８．１０．５", (2026, 10, 5)), ("令和8年10月5日", (2026, 10, 5)), ("令和元年5月1日", (2019, 5, 1)),
        ("H31.4.30", (2019, 4, 30)), ("S64.1.7", (1989, 1, 7)), ("20261005", (2026, 10, 5)),
    ],
)  # fmt: skip
def test_days(typed: str, found: tuple[int, int, int]) -> None:
    assert wareki.parse(typed) == datetime.date(*found)


@pytest.mark.parametrize("typed", ["2026-02-30", "8.10.5", "R8", "X8.1.1", "", "2026-10-5x", "26-10-05"])
def test_no_days(typed: str) -> None:
    assert wareki.parse(typed) is None


def test_days_are_written_with_their_era() -> None:
    assert wareki.text(datetime.date(2026, 10, 15)) == "令和8年10月15日"
    assert wareki.text(datetime.date(2019, 5, 1)) == "令和元年5月1日"
    assert wareki.text(datetime.date(2019, 4, 30)) == "平成31年4月30日"
    assert wareki.era_year(datetime.date(1850, 1, 1)) == "1850年"
    for day in (datetime.date(1926, 12, 25), datetime.date(1912, 7, 29), datetime.date(2026, 11, 22)):
        assert wareki.parse(wareki.text(day)) == day
    assert short_day("2026-10-15", True) == "10月15日(木)"
    assert full_day(datetime.date(2026, 10, 15), False) == "Thu 15 Oct 2026"
    assert as_moment(1_760_000_000_000_000).isoformat() == "2025-10-09T17:53:20+09:00"


def test_three_fields_make_a_day() -> None:
    label = "納期"
    assert form(due__year="R8", due__month="１０", due__day="5").day("due", label) == datetime.date(2026, 10, 5)
    pasted = form(due__year="2026/10/15", due__month="", due__day="")
    assert pasted.day("due", label) == datetime.date(2026, 10, 15)
    wrong = form(due__year="2026", due__month="10", due__day="32")
    assert wrong.day("due", label) is None
    assert "2026/10/32" in wrong.error("due")
    half = form(due__year="2026", due__month="10", due__day="")
    assert half.day("due", label) is None
    assert "年・月・日" in half.error("due")
    missing = form()
    assert missing.day("due", label) is None
    assert missing.error("due") == "納期を入力してください。"
    assert form().day("due", label, required=False) is None


def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_stays() -> None:
    found = form(lines__0__quantity="-3", lines__1__quantity="1.5", name="x" * 300, email="")
    assert found.integer("lines.0.quantity", "数量", least=1) == -3
    assert found.integer("lines.1.quantity", "数量", least=1) is None
    found.text("name", "名前")
    assert found.text("email", "メール", required=False) == ""
    assert found.error("lines.0.quantity") == "数量は1以上で入力してください(入力:-3)。"
    assert set(found.errors) == {"lines.0.quantity", "lines.1.quantity", "name"}
    assert found.value("lines.0.quantity") == "-3"
    assert not found.ok
    found.refuse(CallerFault("lines[1].price", "some rule"))
    assert found.error("lines.1.price") == "some rule"


def test_values_go_into_fields_and_come_out_again() -> None:
    day, price = datetime.date(2026, 10, 5), Scaled(value=125, scale=1)
    lines = [{"name": "竹ざる", "quantity": Scaled(value=40)}, {"name": "花かご", "quantity": None}]
    found = Form.of(say, {"due": day, "price": price, "lines": lines, "box": ["a", "b"]})
    assert found.day("due", "x") == day
    assert found.scaled("price", "x") == price
    assert found.rows("lines") == [0, 1]
    assert found.value("lines.0.name") == "竹ざる"
    assert found.blank("lines", 1, ["quantity"])
    assert found.all("box") == ["a", "b"]
    assert form(m="12.5").money("m", "x", digits=2) == 1250
    assert form(m="12.5").money("m", "x") is None


def test_too_many_fields() -> None:
    with pytest.raises(TooLarge):
        Form.parse(say, b"&".join(b"a=1" for _ in range(MAX_FIELDS + 1)))
    assert Form.parse(say, b"a=%FF&b=\xff").value("a")


def test_money_and_quantities() -> None:
    assert (money(1234567), money(-500), money(None)) == ("¥1,234,567", "▲¥500", "")
    assert (money(1250, "USD"), money(-1250, "EUR"), money(5, "XTS")) == ("US$12.50", "−€12.50", "XTS 0.05")
    assert (quantity(Scaled(value=1200000, scale=3)), quantity(Scaled(value=125, scale=1))) == ("1,200", "12.5")
    assert quantity(None) == ""
