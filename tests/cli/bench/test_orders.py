"""The orders that benches send: lawful papers of the size that the figures are stated for."""

from __future__ import annotations

import json

import msgspec

from cli.bench.orders import LINES, TEMPLATES, Submissions, template
from cli.bench.pair import BUYER, SELLER
from protocol.process.trade import papers
from protocol.process.trade.check import check


def test_every_template_is_an_order_of_ten_lines_and_about_3_kb() -> None:
    for variant in range(TEMPLATES):
        order = msgspec.json.decode(json.dumps(template(BUYER, SELLER, variant)).encode(), type=papers.Order)
        check(order)
        assert len(order.lines) == LINES
        assert 2_700 <= len(papers.encode(order)) <= 3_100


def test_a_request_holds_its_numbers_and_nothing_else_differs() -> None:
    orders = Submissions(BUYER, SELLER, "ab" * 32, "N")
    numbers = orders.numbers(7, TEMPLATES + 1)
    found = json.loads(orders.body(numbers, together=True))
    assert found["together"] is True
    assert [item["body"]["number"] for item in found["documents"]] == numbers == [f"N-{at:07d}" for at in range(7, 16)]
    first, again = found["documents"][0], found["documents"][TEMPLATES]
    assert first["body"] | {"number": ""} == again["body"] | {"number": ""}
    assert "together" not in json.loads(orders.body(numbers))
