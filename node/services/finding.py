"""One search over everything that a member has: dealings, papers, partners, items; by words, number, day or amount.

Owns how a line of text is understood. Everything is looked up among the member's own; nothing of others is counted.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final, NamedTuple

from node import wareki
from node.papers.tabular import values
from node.services import books, directory, items, reading, searching
from node.services.books import Asked, Line
from node.services.items import Kept
from node.services.reading import View
from node.services.searching import Filters
from node.store import ThreadRow, Tx
from protocol.limits import MAX_INT, MAX_SEARCH_CHARS

MOST: Final = 20  # of each kind
LATEST: Final = 5  # dealings of a partner whose name fits
PARTNERS: Final = 1_000


class Firm(NamedTuple):
    """A partner whose name or number fits."""

    member: bytes
    name: str


class Found(NamedTuple):
    """What fits. ``day`` (YYYY-MM-DD) and ``amount``: how the text was understood besides words; else empty, None."""

    dealings: list[tuple[ThreadRow, str]]
    papers: list[Line]
    partners: list[Firm]
    items: list[Kept]
    day: str
    amount: int | None

    @property
    def nothing(self) -> bool:
        """Nothing fits."""
        return not (self.dealings or self.papers or self.partners or self.items)


def find(tx: Tx, member: bytes, text: str) -> Found:
    """Whatever of the member's own fits ``text``: words (from two characters), a number, a day, an amount in yen."""
    asked = " ".join(text.split())[:MAX_SEARCH_CHARS]
    if not asked:
        return Found([], [], [], [], "", None)
    day, amount = day_of(asked), amount_of(asked)
    firms = _partners(tx, member, asked)
    papers = _papers(tx, member, asked, day, amount)
    threads = dict.fromkeys(line.thread for line in papers)
    for firm in firms[:LATEST]:
        threads |= dict.fromkeys(row.thread for row in tx.threads.latest(member, LATEST, partner=firm.member))
    rows = tx.threads.get_many(member, threads)
    names = reading.names_of(tx, {row.partner for row in rows.values()})
    dealings = [(rows[thread], names.get(rows[thread].partner, "")) for thread in threads if thread in rows]
    own = items.search(tx, member, asked, MOST)
    return Found(dealings[:MOST], papers[:MOST], firms[:MOST], own, day, amount)


def day_of(text: str) -> str:
    """The day that a text is: 2026-10-05, 10/5 is none, 令和8年10月5日; empty if it is none."""
    found = wareki.parse(text)
    return "" if found is None else found.isoformat()


def amount_of(text: str) -> int | None:
    """The whole amount that a text is; None if it is none."""
    try:
        exact = values.number(text)
    except values.Wrong:
        return None
    whole = exact == exact.to_integral_value() and Decimal(0) <= exact <= MAX_INT
    return int(exact) if whole else None


def _partners(tx: Tx, member: bytes, text: str) -> list[Firm]:
    wanted = directory.folded(text)
    names = reading.names_of(tx, [row[0] for row in tx.threads.partners(member, PARTNERS)])
    numbers = {partner: row.corporate_number for partner, row in tx.cards.get_many(names).items()}
    return [
        Firm(partner, name)
        for partner, name in names.items()
        if wanted in directory.folded(name) or (numbers.get(partner, "") and text == numbers[partner])
    ]


def _papers(tx: Tx, member: bytes, text: str, day: str, amount: int | None) -> list[Line]:
    """By day, by amount, by words and numbers; each document once, in this order."""
    found: list[Line] = []
    if day:
        found += books.search(tx, member, Asked(since=day, until=day), MOST).lines
    if amount is not None:
        found += books.search(tx, member, Asked(amount_min=amount, amount_max=amount), MOST).lines
    found += books.search(tx, member, Asked(number=text[:128]), MOST).lines
    seen = searching.search(tx, member, Filters(text=text), MOST).found
    found += [line for view in seen for line in _in_books(tx, member, view)]
    return list({line.document: line for line in found}.values())


def _in_books(tx: Tx, member: bytes, view: View) -> list[Line]:
    """A document as the books have it; none while an upgrade is still making them."""
    row = view.holding
    position = tx.books.positions({row.document}).get(row.document)
    return [
        Line(
            row.document, row.thread, row.type, row.direction, row.partner, view.partner_name, entry.number,
            entry.revision, entry.day, entry.amount, entry.currency, row.verdict, row.time,
        )
        for entry in tx.books.in_thread(member, row.thread)
        if entry.document == position
    ]  # fmt: skip
