"""Searching a member's documents by words, day, amount, partner and type.

Owns how filters combine; what is searchable is :mod:`node.services.indexing`. A search looks at a bounded number of
documents and gives a cursor to go on.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final, NamedTuple

from node.services import booking, reading
from node.services.reading import View
from node.store import HoldingRow, StoredDocument, Tx
from protocol.errors import CallerFault, YuiError
from protocol.limits import MAX_SEARCH_CHARS
from protocol.process.trade import papers
from protocol.process.trade.papers import Paper

LOOKED_AT: Final = 1_000  # documents that one search may look at
MAX_LIMIT: Final = 200
_END: Final = 2**62


class Filters(NamedTuple):
    """What is asked for; empty means any. Days are ``YYYY-MM-DD`` of issue, both included; amounts minor units."""

    text: str = ""
    type: str = ""
    partner: bytes = b""
    verdict: str = ""
    direction: str = ""
    since: str = ""
    until: str = ""
    amount_min: int | None = None
    amount_max: int | None = None

    @property
    def reads_papers(self) -> bool:
        """Whether a document's body decides."""
        return bool(self.since or self.until) or self.amount_min is not None or self.amount_max is not None


class Page(NamedTuple):
    """Found documents, newest first. ``next``: the cursor that goes on, 0 when nothing is left."""

    found: list[View]
    next: int


def search(tx: Tx, member: bytes, filters: Filters, limit: int, before: int = 0) -> Page:
    """At most ``limit`` documents that pass ``filters``, from behind the cursor ``before`` (0: from the newest on)."""
    if not 1 <= limit <= MAX_LIMIT:
        raise CallerFault("limit", f"1 to {MAX_LIMIT}")
    if len(filters.text) > MAX_SEARCH_CHARS:
        raise CallerFault("text", f"at most {MAX_SEARCH_CHARS} characters")
    for name in ("since", "until"):
        _require_day(name, getattr(filters, name))
    found: list[HoldingRow] = []
    at = before or _END
    source = _by_text(tx, member, filters, at) if filters.text.strip() else _by_arrival(tx, member, filters, at)
    for looked, (cursor, row) in enumerate(source, 1):
        at = cursor
        if row is not None and _fits(tx, row, filters):
            found.append(row)
        if len(found) == limit or looked == LOOKED_AT:
            return Page(reading.views(tx, member, found), at)
    return Page(reading.views(tx, member, found), 0)


def _require_day(name: str, value: str) -> None:
    try:
        if value and date.fromisoformat(value).isoformat() != value:
            raise ValueError
    except ValueError:
        raise CallerFault(name, "a day as YYYY-MM-DD") from None


def _by_arrival(tx: Tx, member: bytes, filters: Filters, before: int) -> Iterator[tuple[int, HoldingRow | None]]:
    """(holding position, holding), newest first."""
    while True:
        rows = tx.holdings.before(
            member, 200, before=before, verdict=filters.verdict or None, kind=filters.type or None
        )
        for row in rows:
            yield row.position, row
        if len(rows) < 200:
            return
        before = rows[-1].position


def _by_text(tx: Tx, member: bytes, filters: Filters, before: int) -> Iterator[tuple[int, HoldingRow | None]]:
    """(document position, holding), newest first."""
    while True:
        positions = tx.search.find(filters.text, 200, before=before, member=member)
        documents = tx.documents.by_positions(positions) if positions else {}
        holdings = tx.holdings.get_many(member, [found.row.id for found in documents.values()])
        for at in positions:
            yield at, holdings.get(documents[at].row.id) if at in documents else None
        if len(positions) < 200:
            return
        before = positions[-1]


def _fits(tx: Tx, row: HoldingRow, filters: Filters) -> bool:
    if filters.type and row.type != filters.type:
        return False
    if filters.partner and row.partner != filters.partner:
        return False
    if filters.verdict and row.verdict != filters.verdict:
        return False
    if filters.direction and row.direction != filters.direction:
        return False
    if not filters.reads_papers:
        return True
    stored = tx.documents.full(row.document)
    paper = None if stored is None else paper_of(stored)
    return paper is not None and _paper_fits(paper, filters)


def _paper_fits(paper: Paper, filters: Filters) -> bool:
    if filters.since and paper.issue_date < filters.since:
        return False
    if filters.until and paper.issue_date > filters.until:
        return False
    if filters.amount_min is None and filters.amount_max is None:
        return True
    amount = booking.amount_of(paper)
    if amount is None:
        return False
    return (filters.amount_min is None or amount >= filters.amount_min) and (
        filters.amount_max is None or amount <= filters.amount_max
    )


def paper_of(stored: StoredDocument) -> Paper | None:
    """The paper in a stored document; None when its type is not known here or its body is erased."""
    row = stored.row
    for part in stored.parts:
        if part.name == "business" and papers.is_known(row.type, row.version):
            try:
                return papers.decode(row.type, row.version, part.content)
            except YuiError:
                return None
    return None
