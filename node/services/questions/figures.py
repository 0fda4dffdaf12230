"""What this node's members contribute to a question: one figure of each company in each line of counts.

Owns which figure is made of which data, and that only members who let that data count between regions are in it. The
unit of counting is the company: a member, whatever number of shops it has. Source: ``docs/statistics.md`` §7.

Figures from registers (``sales``: yen; ``pieces``) are asked by the number of the goods (JAN), those from dealings
(``amount``: yen billed less credits; ``dealings``: bills) by the seller's municipality (5 or 6 digits) and industry
(JSIC) one after the other: ``23`` is a prefecture, ``23211`` a municipality, ``23211E`` manufacturing in it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Final

from node.pos import cells as selling
from node.pos.cells import Asked, Rows
from node.services import datause
from node.services.datause import Data, Reach
from node.services.questions import machines
from node.store import BillRow, Tx
from protocol.errors import CallerFault
from protocol.statistics import plan
from protocol.statistics.plan import Cell, Kind, Row
from protocol.statistics.question import Question

SALES: Final = "sales"
PIECES: Final = "pieces"
AMOUNT: Final = "amount"
DEALINGS: Final = "dealings"
OF_REGISTERS: Final = (SALES, PIECES)
OF_DEALINGS: Final = (AMOUNT, DEALINGS)
FIGURES: Final = (*OF_REGISTERS, *OF_DEALINGS)
AREA_DIGITS: Final = 5  # of a municipality without the check digit
THOUSANDTHS: Final = 1000
MAX_BILLS: Final = 1_000_000
_EPOCH: Final = date(1970, 1, 1)

# (transaction, figure) -> members who let it count between regions, each with its company: branches of one are one
Contributing = Callable[[Tx, str], Mapping[bytes, str]]
Contributions = list[tuple[bytes, list[int]]]


def data_of(figure: str) -> Data:
    """Which of a member's data a figure is made of."""
    return Data.SALES if figure in OF_REGISTERS else Data.DEALINGS


def contributing(tx: Tx, figure: str) -> dict[bytes, str]:
    """Local members that let this count between regions now, each with its company."""
    found = datause.contributors(tx, data_of(figure), Reach.FEDERATION)
    return {member: one.unit for member, one in found.items()}


def contributions(tx: Tx, asked: Question, contributing: Contributing, rows: Rows, before: bytes) -> Contributions:
    """(company, its contribution to each line of counts), of companies with anything in any of them.

    ``rows`` asks the process that holds the sales; ``before``: figures of the version before, as they were kept.
    """
    if asked.figure not in FIGURES:
        raise CallerFault("figure", f"this node knows {', '.join(FIGURES)}", code="unknown-figure")
    companies = contributing(tx, asked.figure)
    members = frozenset(companies)
    by_member = _sold(asked, members, rows) if asked.figure in OF_REGISTERS else _dealt(tx, asked, members)
    found = _by_company(by_member, companies)
    earlier = dict(machines.figures_of(before)) if before else {}
    everybody = sorted(found.keys() | earlier.keys())
    lines = asked.rows
    without = _largest(lines)
    made = [(company, _lines(lines, without, found.get(company, {}), earlier.get(company))) for company in everybody]
    return [(company, values) for company, values in made if any(values)]


def _by_company(
    found: Mapping[bytes, Mapping[int, int]], companies: Mapping[bytes, str]
) -> dict[bytes, dict[int, int]]:
    """Members of one company are one contribution."""
    merged: dict[bytes, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for member, values in found.items():
        for cell, value in values.items():
            merged[companies[member].encode()][cell] += value
    return merged


def _sold(asked: Question, members: frozenset[bytes], rows: Rows) -> dict[bytes, dict[int, int]]:
    found: dict[bytes, dict[int, int]] = defaultdict(dict)
    for one in selling.sold([Asked(*cell) for cell in asked.cells], rows):
        if one.member in members:
            pieces = one.quantity // THOUSANDTHS if one.quantity >= 0 else -(-one.quantity // THOUSANDTHS)
            found[one.member][one.cell] = one.amount if asked.figure == SALES else pieces
    return found


def _dealt(tx: Tx, asked: Question, members: frozenset[bytes]) -> dict[bytes, dict[int, int]]:
    first, last = min(cell.since for cell in asked.cells), max(cell.until for cell in asked.cells)
    found = {}
    cards = tx.cards.get_many(members)
    for member in members:
        card = cards.get(member)
        code = "" if card is None else card.area[:AREA_DIGITS].ljust(AREA_DIGITS, "0") + card.industry
        bills = tx.books.bills_between(member, _iso(first), _iso(last - 1), receivable=True, limit=MAX_BILLS)
        chosen = [(at, cell) for at, cell in enumerate(asked.cells) if code.startswith(cell.code)]
        found[member] = _billed(asked.figure, chosen, bills)
    return found


def _billed(figure: str, chosen: Sequence[tuple[int, Cell]], bills: Sequence[BillRow]) -> dict[int, int]:
    days: dict[int, int] = defaultdict(int)
    for bill in bills:
        if bill.currency == "JPY":
            day = (date.fromisoformat(bill.day) - _EPOCH).days
            days[day] += bill.amount - bill.credited if figure == AMOUNT else 1
    return {at: sum(value for day, value in days.items() if cell.since <= day < cell.until) for at, cell in chosen}


def _iso(day: int) -> str:
    return (_EPOCH + timedelta(days=day)).isoformat()


def _largest(rows: Sequence[Row]) -> list[list[int]]:
    """For each line the numbers of the largest cells that it is without: of the others nothing is left in it."""
    number = {row.cell: row.at for row in rows if row.kind is Kind.CELL}
    return [[number[cell] for cell in plan.largest(row.without)] for row in rows]


def _lines(
    rows: Sequence[Row], without: Sequence[Sequence[int]], found: Mapping[int, int], earlier: Sequence[int] | None
) -> list[int]:
    """From a company's figure in each cell to each line; ``earlier``: its lines in the version before."""
    values: list[int] = []
    for at, row in enumerate(rows):
        value = found.get(row.at, 0) - sum(found.get(cell, 0) for cell in without[at])
        if row.kind is Kind.CHANGE:
            value -= earlier[at - len(rows) // 2] if earlier else 0
        values.append(value)
    return values
