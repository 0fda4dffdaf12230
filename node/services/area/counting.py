"""What goes into a table of the area: the bills of a month of those members that let them be counted.

Owns which bills count, and for whom. A bill counts in the month of its day, with its amount less what was credited, in
yen, once: at the one who wrote it. Companies are counted, not branches. Buyers are protected as sellers are: a cell
whose goods all went to one firm would tell what that firm bought.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from node.services import datause
from node.services.area.industries import UNKNOWN, division_of
from node.services.datause import Contributor, Data, Reach
from node.store import Tx
from protocol.identity import card as cards
from protocol.statistics.tables import Cell, Measure

AMOUNT: Final = "amount"  # yen, by seller
BILLS: Final = "bills"  # number, by seller
BOUGHT: Final = "bought"  # yen, by buyer: the same sums as AMOUNT
COMPANIES: Final = "companies"
CURRENCY: Final = "JPY"
NOWHERE: Final = "?"


class Kind(StrEnum):
    """Which table."""

    PLACE = "place"  # industry of the seller × its municipality
    FLOW = "flow"  # industry of the seller × industry of the buyer


def measures(tx: Tx, kind: Kind, month: str) -> list[Measure]:
    """The contributions to a month's table. ``month``: YYYY-MM."""
    sellers = datause.contributors(tx, Data.DEALINGS, Reach.AREA)
    year, number = int(month[:4]), int(month[5:7])
    since, until = f"{month}-01", f"{month}-{monthrange(year, number)[1]:02d}"
    amount: dict[Cell, dict[str, int]] = {}
    bills: dict[Cell, dict[str, int]] = {}
    bought: dict[Cell, dict[str, int]] = {}
    buyers: dict[bytes, tuple[str, str]] = {}
    for member, seller in sellers.items():
        for sold in tx.books.months(member, since, until, receivable=True):
            value = sold.amount - sold.credited
            if value <= 0 or sold.currency != CURRENCY:
                continue
            if sold.partner not in buyers:
                buyers[sold.partner] = _buyer(tx, sold.partner)
            unit, industry = buyers[sold.partner]
            cell = _cell(kind, seller, industry)
            _add(amount, cell, seller.unit, value)
            _add(bills, cell, seller.unit, sold.bills)
            _add(bought, cell, unit, value)
    return [Measure(AMOUNT, amount), Measure(BILLS, bills), Measure(BOUGHT, bought)]


def _cell(kind: Kind, seller: Contributor, buyer: str) -> Cell:
    row = division_of(seller.industry)
    return (row, municipality_of(seller.area)) if kind is Kind.PLACE else (row, buyer)


def municipality_of(code: str) -> str:
    """The five digits that name a municipality (the sixth is a check digit); NOWHERE for what is no code."""
    return code[:5] if len(code) in (5, 6) and code.isascii() and code.isdigit() else NOWHERE


def _buyer(tx: Tx, partner: bytes) -> tuple[str, str]:
    """The company and the industry of a buyer, as its card says, wherever it is at home."""
    row = tx.cards.get(partner)
    if row is None:
        return partner.hex(), UNKNOWN
    card = cards.parse(row.wire)
    return card.corporate_number or partner.hex(), division_of(card.industry)


def _add(values: dict[Cell, dict[str, int]], cell: Cell, unit: str, value: int) -> None:
    there = values.setdefault(cell, {})
    there[unit] = there.get(unit, 0) + value


def companies(values: Mapping[Cell, Mapping[str, int]], shown: frozenset[Cell]) -> dict[Cell, int]:
    """How many companies stand behind each cell that is shown, totals included."""
    behind: dict[Cell, set[str]] = {}
    for (row, column), of in values.items():
        for cell in ((row, column), (row, ""), ("", column), ("", "")):
            behind.setdefault(cell, set()).update(of)
    return {cell: len(found) for cell, found in behind.items() if cell in shown}
