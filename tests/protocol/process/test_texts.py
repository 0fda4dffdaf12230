"""Texts of papers: one normal form, nothing that cannot be shown."""

from __future__ import annotations

import pytest

from protocol.errors import CallerFault
from protocol.process.trade import papers
from protocol.process.trade.papers import Item, Order, OrderLine, Party, Scaled


def order(name: str = "抹茶あめ", note: str = "") -> Order:
    line = OrderLine(line_id="1", item=Item(name=name), quantity=Scaled(value=1), unit="H87", amount=200)
    return Order(
        number="1",
        issue_date="2026-10-05",
        currency="JPY",
        note=note,
        buyer=Party(name="買い手"),
        seller=Party(name="売り手"),
        lines=(line,),
    )


@pytest.mark.parametrize("note", ["", "一行目\n二行目\tここ", "C:\\user\\bin\\file", "\u3099だけ", "が"])
def test_these_are_fine(note: str) -> None:
    body = papers.encode(order(note=note))
    assert papers.decode("order", 1, body) == order(note=note)


@pytest.mark.parametrize("bad", ["a\0b", "a\x01b", "\x0bab", "a\x1f", "a\bb", "a\fb"])
def test_control_characters_are_refused_by_field(bad: str) -> None:
    for paper, field in ((order(note=bad), "note"), (order(name=bad), "lines[0].item.name")):
        with pytest.raises(CallerFault) as refused:
            papers.decode("order", 1, papers.encode(paper))
        assert refused.value.field == field
        with pytest.raises(CallerFault):
            papers.require_texts(paper)


def test_another_normal_form_is_refused_by_field() -> None:
    with pytest.raises(CallerFault) as refused:
        papers.require_texts(order(name="か\u3099"))
    assert refused.value.field == "lines[0].item.name"
