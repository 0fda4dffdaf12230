"""Dealings: the folds of threads over what is stored, and the list that people see of them.

Owns which stored documents count as facts of a dealing and the rows of the list. The rules are the fold's
(:mod:`protocol.process`). What is held or quarantined at its recipient is no fact on either side; what was refused
there is one without effect. So both compute the same state from the same facts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from node.services import booking, outbox
from node.services.house import House
from node.store import HoldingRow, StoredDocument, ThreadRow, Tx
from protocol import canon
from protocol.document import envelope, header
from protocol.document.envelope import Document, Draft, Part
from protocol.errors import NotFound, YuiError
from protocol.journal import Kind
from protocol.limits import (
    MAX_CATALOGUE_DOCUMENTS,
    MAX_DEED_DOCUMENTS,
    MAX_REPLENISHMENT_DOCUMENTS,
    MAX_THREAD_DOCUMENTS,
)
from protocol.link.receipt import Verdict
from protocol.process import thread as process
from protocol.process.catalogue.table import TABLE as CATALOGUE
from protocol.process.deed.table import TABLE as DEED
from protocol.process.fact import Fact
from protocol.process.replenishment.table import TABLE as REPLENISHMENT
from protocol.process.thread import CatalogueState, DeedState, ReplenishmentState, ThreadState
from protocol.process.trade import papers
from protocol.process.trade.papers import Paper

AnyState = ThreadState | CatalogueState | ReplenishmentState | DeedState
APPLIED = (Verdict.APPLIED.value, "")
NO_FACT = frozenset({Verdict.HELD.value, Verdict.QUARANTINED.value})


_LIMITS = (MAX_THREAD_DOCUMENTS, MAX_CATALOGUE_DOCUMENTS, MAX_REPLENISHMENT_DOCUMENTS, MAX_DEED_DOCUMENTS)


def too_long(limit: int) -> tuple[str, str]:
    """The verdict on a document for which its thread has no room."""
    return Verdict.REFUSED.value, f"a dealing or catalogue has at most {limit} documents: start a new one"


def is_catalogue(facts: Sequence[Fact], thread: bytes) -> bool:
    """Are these papers of a catalogue's thread?"""
    return any(fact.type in CATALOGUE for fact in facts if fact.id == thread)


def _limit(facts: Sequence[Fact], thread: bytes) -> int:
    if is_catalogue(facts, thread):
        return MAX_CATALOGUE_DOCUMENTS
    if any(fact.type in DEED for fact in facts if fact.id == thread):
        return MAX_DEED_DOCUMENTS
    reports = any(fact.type in REPLENISHMENT for fact in facts if fact.id == thread)
    return MAX_REPLENISHMENT_DOCUMENTS if reports else MAX_THREAD_DOCUMENTS


class Folded(NamedTuple):
    """A dealing as it stands: its state and the documents that were folded."""

    state: ThreadState
    facts: tuple[Fact, ...]


def document_of(stored: StoredDocument) -> Document:
    """A stored document in the form in which it travels."""
    row = stored.row
    return Document(
        header.identify(row.header),
        header.parse(row.header),
        row.header,
        row.signature,
        envelope.parse_path(canon.decode(row.path)),
        {part.name: Part(part.salt, part.content) for part in stored.parts},
    )


def fact_of(document: Document | Draft, paper: Paper) -> Fact:
    """What the fold reads of a document."""
    head = document.header
    return Fact(
        document.id,
        head.author,
        head.audience.id,
        head.type,
        head.version,
        head.follows,
        paper,
        head.business_key.key,
        head.business_key.revision,
        head.time,
    )


def paper_of(stored: StoredDocument) -> Paper | None:
    """The paper in a stored document; None if its business part was erased or its type is not known here."""
    row = stored.row
    content = next((part.content for part in stored.parts if part.name == "business"), None)
    if content is None or not papers.is_known(row.type, row.version):
        return None
    try:
        return papers.decode(row.type, row.version, content)
    except YuiError:
        return None


def fold(tx: Tx, thread: bytes) -> Folded:
    """The dealing as it stands here. NotFound if nothing of it is stored, or if it is a catalogue."""
    facts = _facts(tx, thread)
    state = process.state_of(facts, thread)
    if not facts or not isinstance(state, ThreadState):
        raise NotFound("thread", "no such dealing")
    return Folded(state, tuple(facts))


class Offered(NamedTuple):
    """A catalogue's thread as it stands: its state and the documents that were folded."""

    state: CatalogueState
    facts: tuple[Fact, ...]


def fold_catalogue(tx: Tx, thread: bytes) -> Offered:
    """A catalogue's thread as it stands here. NotFound if nothing of it is stored, or if it is a dealing."""
    facts = _facts(tx, thread)
    state = process.state_of(facts, thread)
    if not facts or not isinstance(state, CatalogueState):
        raise NotFound("thread", "no such catalogue")
    return Offered(state, tuple(facts))


class Reported(NamedTuple):
    """A thread of replenishment as it stands: its state and the documents that were folded."""

    state: ReplenishmentState
    facts: tuple[Fact, ...]


def fold_replenishment(tx: Tx, thread: bytes) -> Reported:
    """A thread of replenishment as it stands here. NotFound if nothing of it is stored, or if it is something else."""
    facts = _facts(tx, thread)
    state = process.state_of(facts, thread)
    if not facts or not isinstance(state, ReplenishmentState):
        raise NotFound("thread", "no such reports")
    return Reported(state, tuple(facts))


class Agreed(NamedTuple):
    """A deed as it stands: its state and the documents that were folded."""

    state: DeedState
    facts: tuple[Fact, ...]


def fold_deed(tx: Tx, thread: bytes) -> Agreed:
    """A deed as it stands here. NotFound if nothing of it is stored, or if it is something else."""
    facts = _facts(tx, thread)
    state = process.state_of(facts, thread)
    if not facts or not isinstance(state, DeedState):
        raise NotFound("thread", "no such deed")
    return Agreed(state, tuple(facts))


def _facts(tx: Tx, thread: bytes) -> list[Fact]:
    facts = []
    stored = tx.documents.by_thread(thread)
    unsettled = _unsettled(tx, [item.row.id for item in stored])
    for item in stored:
        verdict, reason = unsettled.get(item.row.id, APPLIED)
        paper = None if verdict in NO_FACT else paper_of(item)
        if paper is not None:
            fact = fact_of(document_of(item), paper)
            facts.append(fact if verdict != Verdict.REFUSED.value else fact._replace(refused=reason or verdict))
    return facts


def _unsettled(tx: Tx, ids: Sequence[bytes]) -> dict[bytes, tuple[str, str]]:
    """Verdict and reason of what is held, quarantined or refused. What its recipient never saw counts as held."""
    found: dict[bytes, tuple[str, str]] = {}
    for row in sorted(_said_at_home(tx, tx.holdings.unsettled(ids)), key=lambda row: row.position):
        if row.verdict in NO_FACT or row.verdict == Verdict.REFUSED.value:
            found[row.document] = (row.verdict, row.reason)
    refused = [document for document, verdict in found.items() if verdict[0] == Verdict.REFUSED.value]
    no_room = [too_long(limit) for limit in _LIMITS] if refused else []
    for document in refused:
        if found[document] in no_room or not reached(tx, document):
            found[document] = (Verdict.HELD.value, "")
    return found


def _said_at_home(tx: Tx, rows: Sequence[HoldingRow]) -> list[HoldingRow]:
    """Without those of members that have left, or are on their way here, where a member at home holds the document."""
    local = {member for member, row in tx.members.get_many({row.member for row in rows}).items() if row.local}
    return [row for row in rows if row.member in local or not _is_held_at_home(tx, row.document)]


def _is_held_at_home(tx: Tx, document: bytes) -> bool:
    holders = tx.members.get_many({row.member for row in tx.holdings.by_document(document)})
    return any(row.local for row in holders.values())


def reached(tx: Tx, document: bytes) -> bool:
    """Has it left its author's hands? What the author's side holds stays there until somebody decides."""
    rows = tx.holdings.by_document(document)
    return any(row.direction == Kind.RECEIVED.value for row in rows) or bool(outbox.queued(tx, [document]))


def verdict_of(tx: Tx, thread: bytes, document: bytes) -> tuple[str, str]:
    """The verdict that the fold gives ``document`` at its own place, as a receipt says it."""
    facts = _facts(tx, thread)
    if all(fact.id != document for fact in facts):
        stored = tx.documents.full(document)
        paper = paper_of(stored) if stored is not None else None
        if stored is None or paper is None:
            return Verdict.REFUSED.value, "its body cannot be read"
        facts.append(fact_of(document_of(stored), paper))
    if len(facts) > (limit := _limit(facts, thread)):
        return too_long(limit)
    return receipt_verdict(process.state_of(facts, thread), document)


def receipt_verdict(state: AnyState, document: bytes) -> tuple[str, str]:
    """A fold's outcome in a receipt's words. Only what is impossible at its own place is refused."""
    outcome = state.outcomes.get(document, process.EFFECTIVE)
    if outcome.verdict is process.Verdict.REFUSED:
        return Verdict.REFUSED.value, outcome.reason
    if outcome.verdict is process.Verdict.WAITING:
        return Verdict.WAITING.value, "parent"
    return Verdict.APPLIED.value, ""


def open_ends(tx: Tx, member: bytes, thread: bytes) -> tuple[bytes, ...]:
    """The documents of a dealing that nothing follows yet: what the next one follows. NotFound if it is not theirs."""
    facts = _facts(tx, thread)
    if all(member not in (fact.author, fact.audience) for fact in facts):
        raise NotFound("thread", "no such dealing")
    return tuple(sorted(process.state_of(facts, thread).heads))


class Opening(NamedTuple):
    """What the list says of a dealing that a paper has opened and nothing has followed; ``amount`` in minor units."""

    state: str
    next_actor: str
    amount: int | None
    currency: str


def opening_of(document: Document | Draft, paper: Paper) -> Opening | None:
    """What a document's paper opens; None where that takes a fold."""
    state = process.opened(fact_of(document, paper))
    if state is None:
        return None
    next_actor = state.next.value if state.next is not None else ""
    return Opening(state.state.value, next_actor, _payable(paper), paper.currency)


class Fresh(NamedTuple):
    """A document that was stored in this transaction: what it opens, or else its paper."""

    document: Document
    opening: Opening | None
    paper: Paper | None


def settle(
    house: House, tx: Tx, fresh: Sequence[Fresh], unsettled: Mapping[bytes, tuple[str, str]]
) -> dict[bytes, tuple[str, str]]:
    """Fold the dealings of new documents: each one's verdict. Their rows in the list are written on the way.

    ``unsettled``: verdict and reason of other documents of this transaction (held, refused), which no holding says yet.
    """
    verdicts: dict[bytes, tuple[str, str]] = {}
    by_thread: dict[bytes, list[Fresh]] = {}
    for item in fresh:
        by_thread.setdefault(item.document.header.thread or item.document.id, []).append(item)
    rows: list[ThreadRow] = []
    local = _local(tx, fresh)
    for thread, items in by_thread.items():
        opening = items[0].opening if len(items) == 1 else None
        if opening is not None:
            verdicts[thread] = APPLIED
            rows += _opened(house, items[0].document, opening, local)
            continue
        # A paper that opened this dealing a moment ago comes from the store, with the rest.
        facts = [fact_of(item.document, item.paper) for item in items if item.paper is not None]
        if items[0].document.header.thread or len(items) > 1:
            known = {fact.id for fact in facts}
            facts += [fact for fact in _with(_facts(tx, thread), unsettled) if fact.id not in known]
        if len(facts) > (limit := _limit(facts, thread)):
            verdicts |= {item.document.id: too_long(limit) for item in items}
            continue
        found = process.state_of(facts, thread)
        for item in items:
            verdicts[item.document.id] = receipt_verdict(found, item.document.id)
        rows += _note(house, tx, thread, found, facts, local)
    tx.threads.put_many(rows)
    return verdicts


def _with(facts: Sequence[Fact], unsettled: Mapping[bytes, tuple[str, str]]) -> list[Fact]:
    found = []
    for fact in facts:
        verdict, reason = unsettled.get(fact.id, APPLIED)
        if verdict not in NO_FACT:
            found.append(fact._replace(refused=reason or verdict) if verdict == Verdict.REFUSED.value else fact)
    return found


def refresh(house: House, tx: Tx, threads: Iterable[bytes]) -> None:
    """Fold dealings again after a decision or a receipt changed what counts."""
    tx.threads.put_many(book(house, tx, threads))


def book(house: House, tx: Tx, threads: Iterable[bytes]) -> list[ThreadRow]:
    """Write what the books say of dealings as they stand; their rows of the list of dealings, which are not written."""
    rows: list[ThreadRow] = []
    for thread in threads:
        facts = _facts(tx, thread)
        if facts:
            parties = {party for fact in facts for party in (fact.author, fact.audience)}
            local = {member for member, row in tx.members.get_many(parties).items() if row.local}
            rows += _note(house, tx, thread, process.state_of(facts, thread), facts, local)
    return rows


def _note(
    house: House,
    tx: Tx,
    thread: bytes,
    state: AnyState,
    facts: Sequence[Fact],
    local: set[bytes],
) -> list[ThreadRow]:
    """Write what the books say of a fold; the rows of the list of dealings."""
    if isinstance(state, CatalogueState):
        booking.note_catalogue(tx, thread, state, facts, local, house.clock())
        return []
    if isinstance(state, ReplenishmentState):
        booking.note_replenishment(tx, thread, state, facts, local, house.clock())
        return []
    if isinstance(state, DeedState):
        booking.note_deed(tx, thread, state, facts, local, house.clock())
        return []
    booking.note_dealing(tx, thread, state, facts, local)
    return _rows(house, thread, state, facts, local)


def _local(tx: Tx, fresh: Sequence[Fresh]) -> set[bytes]:
    parties = {party for item in fresh for party in (item.document.header.author, item.document.header.audience.id)}
    return {member for member, row in tx.members.get_many(parties).items() if row.local}


def _opened(house: House, document: Document, opening: Opening, local: set[bytes]) -> list[ThreadRow]:
    header, now, heads = document.header, house.clock(), canon.encode((document.id,))
    sides = (header.author, header.audience.id)
    return [
        ThreadRow(
            member,
            document.id,
            opening.state,
            partner,
            header.type,
            header.business_key.key,
            opening.amount,
            opening.currency,
            now,
            opening.next_actor,
            1,
            heads,
        )
        for member, partner in (sides, sides[::-1])
        if member in local
    ]


def _payable(paper: Paper) -> int | None:
    totals = getattr(paper, "totals", None)
    return None if totals is None else totals.payable


def _rows(house: House, thread: bytes, state: ThreadState, facts: Sequence[Fact], local: set[bytes]) -> list[ThreadRow]:
    first = next((fact for fact in facts if fact.id == thread), facts[0])
    amount = _payable(first.body)
    heads = canon.encode(sorted(state.heads))
    now = house.clock()
    return [
        ThreadRow(
            member,
            thread,
            state.state.value,
            first.audience if member == first.author else first.author,
            first.type,
            first.business_key,
            amount,
            first.body.currency,
            now,
            state.next.value if state.next is not None else "",
            len(facts),
            heads,
        )
        for member in dict.fromkeys((first.author, first.audience))
        if member in local
    ]
