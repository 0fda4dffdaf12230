"""A paper with lines as rows: for spreadsheets, and back again through the layout of orders. Owns which cell is what.

An order written here and read under the layout that is guessed for it has the same lines again.
"""

from __future__ import annotations

from typing import Any, Final

from node import units
from node.papers.tabular.layouts import LAYOUTS
from node.papers.tabular.writing import Cell
from protocol.errors import NotFound
from protocol.process.trade.papers import Paper, Scaled

TITLES: Final = tuple(field.names[0] for field in LAYOUTS["orders"])
_FIELDS: Final = tuple(field.name for field in LAYOUTS["orders"])


def rows_of(paper: Paper) -> tuple[tuple[str, ...], list[list[Cell]]]:
    """Titles and a row for each line. NotFound for a paper whose lines name no goods."""
    lines = [line for line in getattr(paper, "lines", ()) if getattr(line, "item", None) is not None]
    if not lines:
        raise NotFound("document", "has no lines of goods that a table could hold")
    head = {"number": paper.number, "date": paper.issue_date, "partner": _party(paper)}
    return TITLES, [[(head | _line(paper, line)).get(name) for name in _FIELDS] for line in lines]


def _party(paper: Any) -> str:
    seller = getattr(paper, "seller", None)
    return "" if seller is None else str(seller.name)


def _line(paper: Any, line: Any) -> dict[str, Cell]:
    price, tax = getattr(line, "price", None), getattr(line, "tax", None)
    delivery = getattr(line, "delivery", None) or getattr(paper, "delivery", None)
    period = None if delivery is None else delivery.period
    place = None if delivery is None else delivery.location
    return {
        "line_id": line.line_id,
        "seller_id": line.item.seller_id,
        "gtin": line.item.gtin,
        "name": line.item.name,
        "quantity": _number(line.quantity),
        "unit": _unit(getattr(line, "unit", "")),
        "price": None if price is None else _number(price.value),
        "amount": _amount(paper, line),
        "tax_rate": None if tax is None or tax.rate is None else _number(tax.rate),
        "delivery_date": "" if period is None else period.end or period.start,
        "place": "" if place is None else place.name,
        "note": getattr(line, "note", ""),
    }


def _amount(paper: Any, line: Any) -> Cell:
    amount: int | None = getattr(line, "amount", None)
    if amount is None or paper.currency != "JPY":
        return None  # the layout's amounts are yen
    return -amount if getattr(line, "negative", False) else amount


def _unit(code: str) -> str:
    """The unit's word where it is read back as the same unit, else its code."""
    word = units.word(code, str) if code else ""
    return word if units.code_of(word) == code else code


def _number(value: Scaled | None) -> Cell:
    """A number that spreadsheets read: whole where it is, else with its decimals."""
    if value is None:
        return None
    if not value.scale:
        return value.value
    digits = str(value.value).rjust(value.scale + 1, "0")
    return f"{digits[: -value.scale]}.{digits[-value.scale :]}"
