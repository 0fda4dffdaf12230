"""合計請求書: what was billed to a partner in one closing, listed and added up; nothing is stored and nothing sent.

Owns which papers are in the list and its sums. A dealing keeps its own invoice, rounded for itself: the process has no
paper over several dealings (docs/process.md), so this list is none. Its form on paper is ``papers.pdf.monthly``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from node.papers.pdf.monthly import Listed, Monthly, RateSum
from node.services import banking, booking, books, closing, dealings
from node.services.desk.parties import party_of
from node.services.house import TEST_NETWORK, House
from node.store import BillRow, Tx
from protocol.errors import NotFound
from protocol.process.money import nano
from protocol.process.trade.papers import TYPE_OF, Billing, CorrectiveInvoice, Scaled

MOST_CREDITS: Final = 500


def of_closing(
    house: House, tx: Tx, member: bytes, partner: bytes, month: str, *, selling: bool, language: str = "ja"
) -> list[Monthly]:
    """One list for each currency in which ``partner`` was billed in ``month`` (YYYY-MM). NotFound when it was not.

    ``selling`` False: what the member stated to have bought from it.
    """
    today = booking.day_of(house.clock())
    one = closing.in_month(tx, member, partner, month, today, selling=selling)
    since = closing.first_day(tx, member, partner, month)
    listed = [*_invoices(tx, one.bills), *(_credits(tx, member, partner, since, one.found.closing) if selling else ())]
    if not listed:
        raise NotFound("month", "nothing was billed to this partner in this closing")
    sides = party_of(tx, partner), party_of(tx, member)
    account = banking.of(tx, member)[0].account if selling else None
    made = house.clock()
    found = []
    for currency in sorted({paper.currency or "JPY" for _, paper in listed}):
        papers = sorted(
            ((document, paper) for document, paper in listed if (paper.currency or "JPY") == currency),
            key=lambda pair: (pair[1].issue_date, pair[1].number),
        )
        rows = tuple(_listed(document, paper) for document, paper in papers)
        found.append(
            Monthly(
                number=one.found.closing,
                to=sides[0],
                by=sides[1],
                selling=selling,
                since=since,
                until=one.found.closing,
                due=one.found.due,
                currency=currency,
                listed=rows,
                rates=_rates(paper for _, paper in papers),
                net=sum(row.net for row in rows),
                tax=sum(row.tax for row in rows),
                total=sum(row.total for row in rows),
                payable=sum(row.payable for row in rows),
                before=_before(tx, member, partner, since, currency, selling=selling),
                made_us=made,
                issue_date=today,
                account=account,
                language=language,
                sample=house.network == TEST_NETWORK,
            )
        )
    return found


def _invoices(tx: Tx, bills: Sequence[BillRow]) -> Iterable[tuple[bytes, Billing]]:
    """The papers that say what is owed on these bills now."""
    for bill in bills:
        stored = tx.documents.full(bill.document) if bill.document else None
        paper = None if stored is None else dealings.paper_of(stored)
        if isinstance(paper, Billing) and bill.amount:
            yield bill.document, paper


def _credits(tx: Tx, member: bytes, partner: bytes, since: str, until: str) -> Iterable[tuple[bytes, Billing]]:
    """What was taken off in these days, of whichever invoice."""
    asked = books.Asked(since=since, until=until, partner=partner, type="corrective_invoice", direction="sent")
    for line in books.search(tx, member, asked, MOST_CREDITS).lines:
        stored = tx.documents.full(line.document) if line.verdict == "applied" else None
        paper = None if stored is None else dealings.paper_of(stored)
        if isinstance(paper, CorrectiveInvoice) and paper.effect == "credited":
            yield line.document, paper


def _sign(paper: Billing) -> int:
    return -1 if isinstance(paper, CorrectiveInvoice) and paper.effect == "credited" else 1


def _listed(document: bytes, paper: Billing) -> Listed:
    sign, tax = _sign(paper), sum(one.tax for one in paper.taxes)
    payable = booking.amount_of(paper) or 0
    total = payable if paper.totals.gross is None else paper.totals.gross
    return Listed(
        document=document.hex(),
        kind=TYPE_OF[type(paper)],
        number=paper.number,
        day=paper.issue_date,
        order=paper.order,
        net=sign * (total - tax),
        tax=sign * tax,
        total=sign * total,
        payable=sign * abs(payable),
    )


def _rates(papers: Iterable[Billing]) -> tuple[RateSum, ...]:
    sums: dict[tuple[str, int], tuple[Scaled | None, int, int]] = {}
    for paper in papers:
        for one in paper.taxes:
            key = (one.category, 0 if one.rate is None else nano(one.rate.value, one.rate.scale))
            rate, basis, tax = sums.get(key, (one.rate, 0, 0))
            own = one.basis - one.tax if paper.tax_included else one.basis
            sums[key] = (rate, basis + _sign(paper) * own, tax + _sign(paper) * one.tax)
    rows = sorted(sums.items(), key=lambda item: (-item[0][1], item[0][0]))
    return tuple(
        RateSum(category=category, rate=rate, basis=basis, tax=tax) for (category, _), (rate, basis, tax) in rows
    )


def _before(tx: Tx, member: bytes, partner: bytes, since: str, currency: str, *, selling: bool) -> int:
    """What is still open now of bills before this closing."""
    return sum(
        row.open
        for row in tx.books.open_with(member, partner)
        if row.receivable is selling and row.day < since and row.currency == currency
    )
