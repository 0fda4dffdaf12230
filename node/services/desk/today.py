"""What waits for a member today, and for whom the member waits: the first page. Reads only.

Every row is a dealing with one step to take. Days are YYYY-MM-DD at the reader. The state of a dealing comes from its
fold, which is remembered as long as the dealing does not change.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from enum import StrEnum
from threading import Lock
from typing import Final, NamedTuple

from node.services import dealings, drafting, reading
from node.services.dealings import Folded
from node.services.desk import standing
from node.services.drafting import Step
from node.store import ThreadRow, Tx
from protocol.errors import NotFound
from protocol.process.trade.papers import Billing, OrderLine, Quotation, RequestForQuotation
from protocol.process.trade.table import Role

MOST_ROWS: Final = 50
MOST_REMEMBERED: Final = 2_000


class When(StrEnum):
    """How soon."""

    LATE = "late"
    TODAY = "today"
    WEEK = "week"
    LATER = "later"


class Summary(NamedTuple):
    """A dealing in a line. ``due``: the day the step is wanted by, or empty; ``goods``: of its first lines."""

    step: Step | None
    role: Role
    due: str
    goods: tuple[str, ...]
    state: str
    amount: int | None
    currency: str
    left: int  # lines that are not yet shipped whole


class Row(NamedTuple):
    """One dealing in the list."""

    thread: bytes
    partner: bytes
    partner_name: str
    number: str
    updated: int
    when: When
    summary: Summary


class Today(NamedTuple):
    """``mine``: dealings in which the member acts next, soonest first; ``theirs``: in which its partner does.

    ``more``: there are dealings beyond the :data:`MOST_ROWS` shown. ``soon``: (day, row) of the next seven days.
    """

    mine: tuple[Row, ...]
    theirs: tuple[Row, ...]
    soon: tuple[tuple[str, Row], ...]
    more: bool


def of(tx: Tx, member: bytes, today: str, week: str) -> Today:
    """The first page of ``member``; ``week``: the day in seven days."""
    mine = tx.threads.by_turn(member, MOST_ROWS + 1, mine=True)
    theirs = tx.threads.by_turn(member, MOST_ROWS + 1, mine=False)
    names = reading.names_of(tx, {row.partner for row in (*mine, *theirs)})
    rows = [_row(tx, member, row, names, today, week) for row in mine[:MOST_ROWS]]
    waited = [_row(tx, member, row, names, today, week) for row in theirs[:MOST_ROWS]]
    rows += [row for row in waited if row.summary.step is not None]  # both sides may have something to do at once
    waited = [row for row in waited if row.summary.step is None]
    rows = [row for row in rows if row.summary.step is not Step.PAY or not _is_paid(tx, member, row.thread)]
    order = {when: at for at, when in enumerate(When)}
    rows.sort(key=lambda row: (order[row.when], row.summary.due or "9999", -row.updated))
    dated = [(row.summary.due, row) for row in (*rows, *waited) if today <= row.summary.due <= week]
    soon = sorted(dated, key=lambda pair: (pair[0], pair[1].thread))
    more = len(mine) > MOST_ROWS or len(theirs) > MOST_ROWS
    return Today(tuple(rows), tuple(waited), tuple(soon), more)


def _is_paid(tx: Tx, member: bytes, thread: bytes) -> bool:
    """Did a person say that every bill of the dealing is paid, though no notice went out?"""
    bills = tx.books.bills_of(member, thread)
    return bool(bills) and all(bill.open <= 0 for bill in bills)


def count(tx: Tx, member: bytes) -> int:
    """How many rows :func:`of` has as the member's own."""
    mine = tx.threads.by_turn(member, MOST_ROWS, mine=True)
    theirs = tx.threads.by_turn(member, MOST_ROWS, mine=False)
    rows = [(row, summary(tx, row).step) for row in mine]
    rows += [(row, step) for row in theirs if (step := summary(tx, row).step) is not None]
    return sum(step is not Step.PAY or not _is_paid(tx, member, row.thread) for row, step in rows)


def _row(tx: Tx, member: bytes, row: ThreadRow, names: dict[bytes, str], today: str, week: str) -> Row:
    found = summary(tx, row)
    when = _when(found.due, today, week)
    return Row(row.thread, row.partner, names.get(row.partner, ""), row.number, row.updated, when, found)


def _when(due: str, today: str, week: str) -> When:
    if not due:
        return When.TODAY
    if due < today:
        return When.LATE
    return When.TODAY if due == today else When.WEEK if due <= week else When.LATER


_known: OrderedDict[tuple[bytes, bytes, int, int, bytes], Summary] = OrderedDict()
_lock = Lock()


def summary(tx: Tx, row: ThreadRow) -> Summary:
    """The dealing in a line, for the member whose row it is."""
    key = (row.member, row.thread, row.updated, row.documents, row.heads)
    with _lock:
        if key in _known:
            _known.move_to_end(key)
            return _known[key]
    found = _summary(tx, row)
    with _lock:
        _known[key] = found
        while len(_known) > MOST_REMEMBERED:
            _known.popitem(last=False)
    return found


def _summary(tx: Tx, row: ThreadRow) -> Summary:
    try:
        folded = dealings.fold(tx, row.thread)
    except NotFound:  # the partner's association set its only paper aside: nothing can be done, but it is there
        return Summary(None, Role.SELLER, "", (), row.state, row.amount, row.currency, 0)
    state = folded.state
    role = Role.BUYER if state.buyer == row.member else Role.SELLER
    step = drafting.main_step(state, role)
    offer = standing.offer_of(state, folded.facts)
    lines: Sequence[OrderLine] = () if offer is None else offer.lines
    amount = standing.amount(state, offer)
    left = sum(1 for line in state.lines if line.despatched < line.accepted)
    waits = step or drafting.main_step(state, role.other)
    return Summary(
        step, role, _due(waits, folded, offer), tuple(line.item.name for line in lines[:3]), state.state.value, amount,
        state.currency, left,
    )  # fmt: skip


def _due(step: Step | None, folded: Folded, offer: standing.Offer | None) -> str:
    """The day by which the step is wanted, where the papers say one."""
    match step:
        case Step.QUOTE if isinstance(offer, RequestForQuotation):
            return offer.reply_by
        case Step.ORDER if isinstance(offer, Quotation) and offer.validity is not None:
            return offer.validity.end
        case Step.SHIP | Step.INSPECT:
            return standing.delivery_day(folded.state, offer)
        case Step.PAY:
            return _payday(folded)
        case _:
            return ""


def _payday(folded: Folded) -> str:
    """The first day of payment among the bills that are not paid."""
    unpaid = {(bill.type, bill.number) for bill in folded.state.bills if bill.due > 0}
    bills = [fact.body for fact in folded.facts if (fact.type, fact.business_key) in unpaid]
    days = [paper.terms.due_date for paper in bills if isinstance(paper, Billing) and paper.terms is not None]
    return min((day for day in days if day), default="")
