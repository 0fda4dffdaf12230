"""A member's books, filled in the transaction that stores a document: entries, bills, price talks, catalogues.

Owns what the views of the books say of papers and folds. Everything here can be made again from the documents
(:mod:`node.services.bookkeeping`); nothing here decides about trade.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from node.services import terms
from node.store import BillRow, BookRow, CatalogueRow, ReplenishmentRow, TalkRow, Tx, WeekRow
from node.store.deeds import DeedRow
from node.zones import JAPAN
from protocol.limits import MAX_INT
from protocol.process.catalogue.state import CatalogueState
from protocol.process.deed.state import DeedState
from protocol.process.deed.table import State as DeedWord
from protocol.process.fact import Fact, Verdict
from protocol.process.history import arrange
from protocol.process.replenishment.state import ReplenishmentState
from protocol.process.thread import ThreadState
from protocol.process.trade.papers import (
    Billing,
    CorrectiveInvoice,
    DeedProposal,
    DeedReport,
    Message,
    Paper,
    PaymentNotice,
    ReceivingAdvice,
    encode,
)
from protocol.process.trade.state import BillState
from protocol.process.trade.table import Role


class Said(NamedTuple):
    """What a paper says to the books: its day (YYYY-MM-DD), its amount in minor units, its currency."""

    day: str
    amount: int | None
    currency: str


class Entry(NamedTuple):
    """A document as it comes into a member's books."""

    member: bytes
    document: bytes
    thread: bytes
    direction: str
    type: str
    partner: bytes
    number: str
    revision: int
    said: Said


def said_of(paper: Paper | None, time: int) -> Said:
    """What a paper of a document written at ``time`` (µs) says. None: its type is not known here, or it is erased."""
    if paper is None:
        return Said(day_of(time), None, "")
    return Said(transaction_day(paper), amount_of(paper), paper.currency)


def enter(tx: Tx, entries: Sequence[Entry]) -> None:
    """Add or replace the entries of stored documents."""
    positions = tx.books.positions({entry.document for entry in entries})
    tx.books.enter([_row(entry, positions[entry.document]) for entry in entries if entry.document in positions])


def _row(entry: Entry, position: int) -> BookRow:
    return BookRow(
        entry.member,
        position,
        entry.thread,
        entry.direction,
        entry.type,
        entry.partner,
        entry.number,
        entry.revision,
        *entry.said,
    )


def day_of(time: int) -> str:
    """The day in Japan, where the books are kept, of a moment in µs."""
    return datetime.fromtimestamp(time // 1_000_000, UTC).astimezone(JAPAN).date().isoformat()


def transaction_day(paper: Paper) -> str:
    """取引年月日: the day that the paper itself says it is about, else its day of issue; YYYY-MM-DD."""
    if isinstance(paper, Billing):
        return paper.transaction_date or (paper.period.end if paper.period is not None else "") or paper.issue_date
    if isinstance(paper, ReceivingAdvice):
        return paper.received_date
    if isinstance(paper, PaymentNotice):
        return paper.payment_date
    return paper.issue_date


def amount_of(paper: Paper) -> int | None:
    """What a paper is about in money, in minor units: payable, else gross, else net, else the sum of its lines."""
    total = getattr(paper, "total", None)
    if isinstance(total, int):
        return total
    totals = getattr(paper, "totals", None)
    for name in ("payable", "gross", "net", "lines") if totals is not None else ():
        value: int | None = getattr(totals, name)
        if value is not None:
            return value
    lines = [getattr(line, "amount", None) for line in getattr(paper, "lines", ())]
    known = [amount for amount in lines if amount is not None]
    return sum(known) if known and len(known) == len(lines) else None


# ---------------------------------------------------------------------- what folds say


def note_dealing(tx: Tx, thread: bytes, state: ThreadState, facts: Sequence[Fact], local: Iterable[bytes]) -> None:
    """Bills and price talks of a dealing as it stands, for each side that is at home here."""
    sides = [member for member in (state.buyer, state.seller) if member in set(local)]
    if state.bills:
        for member in sides:
            tx.books.put_bills(_bills(tx, member, thread, state, facts))
    talks = [fact for fact in facts if isinstance(fact.body, Message) and fact.body.kind == "price_talk"]
    if talks:
        answers = _answers(facts, thread, state)
        positions = tx.books.positions([fact.id for fact in facts])
        for member in sides:
            tx.desk.add_talks(_talks(member, thread, state, talks, answers, positions))


def _bills(tx: Tx, member: bytes, thread: bytes, state: ThreadState, facts: Sequence[Fact]) -> list[BillRow]:
    receivable = member == state.seller
    partner = state.buyer if receivable else state.seller
    known = {(row.kind, row.number): row for row in tx.books.bills_of(member, thread)}
    agreed = terms.of(tx, member, partner)
    rows = []
    for bill in state.bills:
        fact = standing(bill, state, facts)
        if fact is None:
            continue
        paper = fact.body
        assert isinstance(paper, Billing)  # only bills have a bill's name
        due, stated = terms.due_of(paper, agreed)
        before = known.pop((bill.type, bill.number), None)
        marked = before.marked if before is not None else 0
        amount = 0 if bill.confirmed == "refused" else bill.amount
        rows.append(
            BillRow(
                member,
                thread,
                bill.type,
                bill.number,
                receivable,
                partner,
                fact.id,
                paper.currency,
                paper.issue_date,
                due,
                stated,
                amount,
                bill.credited,
                bill.paid,
                marked,
                amount - bill.credited - marked,
            )
        )
    # a bill that a decision has taken out of the dealing is owed no longer
    rows += [row._replace(amount=0, credited=0, announced=0, open=-row.marked) for row in known.values()]
    return rows


def standing(bill: BillState, state: ThreadState, facts: Iterable[Fact]) -> Fact | None:
    """The paper that says what is owed on a bill now: the bill, or the invoice that took its place."""
    found = [fact for fact in facts if _spells(fact, bill) and _stands(state, fact)]
    return max(
        found, key=lambda fact: (fact.type == "corrective_invoice", fact.revision, fact.time, fact.id), default=None
    )


def _spells(fact: Fact, bill: BillState) -> bool:
    if (fact.type, fact.business_key) == (bill.type, bill.number):
        return True
    paper = fact.body
    return (
        bill.type == "invoice"
        and isinstance(paper, CorrectiveInvoice)
        and paper.effect == "replaced"
        and paper.corrects == bill.number
    )


def _stands(state: ThreadState, fact: Fact) -> bool:
    outcome = state.outcomes.get(fact.id)
    return outcome is None or outcome.verdict in (Verdict.EFFECTIVE, Verdict.HELD)


def _answers(facts: Sequence[Fact], thread: bytes, state: ThreadState) -> dict[bytes, bytes]:
    """Price talk → the first one of the other side that has seen it."""
    history = arrange(facts, thread)
    talks = [
        place
        for place, fact in enumerate(history.facts)
        if isinstance(fact.body, Message) and fact.body.kind == "price_talk" and _stands(state, fact)
    ]
    found: dict[bytes, bytes] = {}
    for place in talks:
        asked = history.facts[place]
        for later in talks:
            answer = history.facts[later]
            if answer.author != asked.author and history.pasts[later] >> place & 1:
                found.setdefault(asked.id, answer.id)
    return found


def _talks(
    member: bytes,
    thread: bytes,
    state: ThreadState,
    talks: Iterable[Fact],
    answers: Mapping[bytes, bytes],
    positions: Mapping[bytes, int],
) -> list[TalkRow]:
    partner = state.buyer if member == state.seller else state.seller
    return [
        TalkRow(
            member,
            positions[fact.id],
            thread,
            partner,
            fact.author == member,
            getattr(fact.body, "line_id", ""),
            fact.body.issue_date,
            fact.time,
            positions.get(answers.get(fact.id, b""), 0),
        )
        for fact in talks
        if fact.id in positions and _stands(state, fact)
    ]


def note_catalogue(
    tx: Tx, thread: bytes, state: CatalogueState, facts: Sequence[Fact], local: Iterable[bytes], now: int
) -> None:
    """A catalogue's thread as it stands, for each side that is at home here."""
    here = set(local)
    tx.desk.put_catalogues(
        [
            CatalogueRow(
                member,
                thread,
                partner,
                mine,
                state.state.value,
                int(mine and bool(state.requests) and state.next is Role.SELLER),
                len(facts),
                now,
            )
            for member, partner, mine in ((state.seller, state.buyer, True), (state.buyer, state.seller, False))
            if member and member in here
        ]
    )


def note_replenishment(
    tx: Tx, thread: bytes, state: ReplenishmentState, facts: Sequence[Fact], local: Iterable[bytes], now: int
) -> None:
    """A thread of replenishment as it stands, with its weeks, for each side that is at home here."""
    by_id = {fact.id: fact for fact in facts}
    for member, partner, mine in ((state.seller, state.buyer, True), (state.buyer, state.seller, False)):
        if not member or member not in set(local):
            continue
        weeks = []
        for week in state.weeks:
            fact = by_id.get(week.id)
            data = encode(fact.body) if fact is not None and mine else b""
            time = 0 if fact is None else fact.time
            weeks.append(WeekRow(member, thread, week.week, partner, mine, week.id, time, data))
        row = ReplenishmentRow(member, thread, partner, mine, state.state.value, len(state.proposals), len(facts), now)
        tx.grants.put_thread(row, weeks)


def note_deed(tx: Tx, thread: bytes, state: DeedState, facts: Sequence[Fact], local: Iterable[bytes], now: int) -> None:
    """A deed as it stands, for each side that is at home here; of the side that provides with the time it takes."""
    here, bodies = set(local), {fact.id: fact.body for fact in facts}
    paper, told = bodies.get(state.current), bodies.get(state.fulfilled)
    if not isinstance(paper, DeedProposal):
        return
    open_own = any(
        one.id == state.current and one.by is Role.SELLER and one.standing in ("open", "accepted")
        for one in state.terms
    )
    booked = state.state in (DeedWord.AGREED, DeedWord.FULFILLED, DeedWord.HELD)
    until = MAX_INT if booked else paper.until if open_own else 0
    rows = [
        DeedRow(
            member=member,
            thread=thread,
            partner=partner,
            mine=mine,
            state=state.state.value,
            turn=state.next is role and (state.state is not DeedWord.AGREED or bool(state.cancelling)),
            offer=bytes.fromhex(paper.offer),
            kind=paper.kind,
            subject=paper.subject,
            thing=paper.thing or paper.offer,
            starts=paper.starts,
            ends=paper.ends,
            until=paper.until,
            taken=until if mine and paper.starts else 0,
            on_time=isinstance(told, DeedReport) and told.on_time,
            passed=isinstance(told, DeedReport) and told.passed,
            documents=len(facts),
            updated=now,
        )
        for member, partner, mine, role in (
            (state.seller, state.buyer, True, Role.SELLER),
            (state.buyer, state.seller, False, Role.BUYER),
        )
        if member and member in here
    ]
    tx.deeds.put_many(rows)
