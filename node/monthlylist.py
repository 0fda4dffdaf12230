"""The list of a closing as CSV: a line for each invoice, then one for each rate. Owns its columns; reads no store."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from node import words
from node.bookarchive import amount_text
from node.i18n import N_
from node.papers.pdf import Monthly
from node.papers.tabular import write_csv
from node.papers.tabular.writing import Cell
from protocol.process.money import minor_digits

HEADS: Final = (
    N_("Date"),
    N_("Paper"),
    N_("Number"),
    N_("Order number"),
    N_("Rate"),
    N_("Without tax"),
    N_("Tax"),
    N_("Total"),
    N_("Currency"),
)
TOTAL: Final = N_("Total of the rate")


def csv(months: Sequence[Monthly], say: Callable[..., str]) -> bytes:
    """UTF-8 with a mark of its order; amounts of currencies without decimals are numbers."""
    return write_csv([say(head) for head in HEADS], [row for month in months for row in _rows(month, say)])


def _rows(month: Monthly, say: Callable[..., str]) -> Iterator[list[Cell]]:
    for one in month.listed:
        amounts = (_money(amount, month.currency) for amount in (one.net, one.tax, one.total))
        yield [one.day, words.paper(one.kind, say), one.number, one.order, "", *amounts, month.currency]
    for rate in month.rates:
        amounts = (_money(amount, month.currency) for amount in (rate.basis, rate.tax, rate.basis + rate.tax))
        percent = "" if rate.rate is None else f"{rate.rate.value / 10**rate.rate.scale:g}%"
        yield [month.until, say(TOTAL), "", "", f"{rate.category} {percent}".strip(), *amounts, month.currency]


def _money(amount: int, currency: str) -> Cell:
    return amount_text(amount, currency) if minor_digits(currency) else amount
