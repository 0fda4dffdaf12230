"""Documents coming into the store, from a local member's hand or from a peer: one path for both.

Owns what happens to a document that is new here: its business key is claimed, its parents looked for, its dealing
folded, and every row that it needs is written, in bulk, in the caller's transaction. Whether it may be here at all
(signature, author, recipient) is decided before, by :mod:`node.services.trade` and :mod:`node.services.exchange`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from node.services import booking, dealings, indexing
from node.services.custody import Custody
from node.services.gist import Gist, gist_of
from node.services.house import House
from node.services.joint.arriving import first_of_round
from node.store import HoldingRow, KeyUse, NewDocument, NewHolding, PartRow, StoredDocument, Tx, WaitingRow
from protocol import canon
from protocol.document import header
from protocol.document.envelope import Document
from protocol.errors import NotFound, YuiError
from protocol.journal import Kind
from protocol.keys import DocumentId
from protocol.link import receipt
from protocol.link.receipt import Verdict
from protocol.process.trade import papers
from protocol.process.trade.check import check

SENT = "sent"
RECEIVED = "received"
ADOPTED = "adopted"
RECEIPT = "receipt"  # a kind of waiting that is its sender's: for a receipt that counts. It keeps nothing from effect
UNSETTLED = frozenset({Verdict.HELD.value, Verdict.WAITING.value, Verdict.QUARANTINED.value})


class Arrival(NamedTuple):
    """A document that may come in: for which local member, in which direction, from or to which other member."""

    document: Document
    member: bytes
    direction: str
    partner: bytes


class Entered(NamedTuple):
    """What became of an arrival: its verdict, why, and where the member's journal entered it."""

    arrival: Arrival
    verdict: str
    reason: str
    epoch: bytes
    seq: int


class _Judged(NamedTuple):
    arrival: Arrival
    gist: Gist
    verdict: str
    reason: str
    waits_for: tuple[WaitingRow, ...]


def take(
    house: House, tx: Tx, custody: Custody, arrivals: Sequence[Arrival], known: Mapping[bytes, Gist] | None = None
) -> list[Entered]:
    """Store new documents and say what became of each. ``known``: of bodies that were decoded and checked already.

    A document may arrive for several members at once (author and recipient at one node): one arrival each. It may be
    stored here already, for a member that left, or that somebody is bringing back.
    """
    judged = _judge(tx, arrivals, known or {})
    here = tx.documents.known({item.document.id for item in arrivals})
    _write_documents(tx, [item for item in judged if item.arrival.document.id not in here])
    tx.waiting.add_many([wait for item in judged if item.arrival.document.id in here for wait in item.waits_for])
    fresh = {
        item.arrival.document.id: dealings.Fresh(item.arrival.document, item.gist.opening, item.gist.paper)
        for item in judged
        if item.verdict == receipt.APPLIED and (item.gist.opening is not None or item.gist.paper is not None)
    }
    unsettled: dict[bytes, tuple[str, str]] = {
        item.arrival.document.id: (item.verdict, item.reason)
        for item in judged
        if item.verdict in (receipt.HELD, receipt.REFUSED)
    }
    verdicts = dealings.settle(house, tx, list(fresh.values()), unsettled)
    judged = [_with(item, verdicts) for item in judged]
    said: dict[bytes, str] = {item.arrival.document.id: item.verdict for item in judged}
    for item in judged:
        if item.verdict == receipt.WAITING and not item.waits_for:
            _wait_with_ancestors(tx, item.arrival.document, said)
    entered = _write_holdings(house, tx, custody, judged)
    if here:  # what is stored around them is part of their dealings already
        threads = [item.document.header.thread or item.document.id for item in arrivals if item.document.id in here]
        dealings.refresh(house, tx, dict.fromkeys(threads))
    return entered


def _wait_with_ancestors(tx: Tx, document: Document, said: Mapping[bytes, str]) -> None:
    """What follows something that is not settled itself (it is missing, waits or is held) is settled after it.

    The nearest such ancestors: between may stand papers of our own members, in effect until their recipients say
    otherwise. ``said``: verdicts of this transaction, which no holding says yet.
    """
    rows: list[WaitingRow] = []
    seen: set[bytes] = set()
    ahead = list(document.header.follows)
    while ahead:
        parent = ahead.pop()
        if parent in seen:
            continue
        seen.add(parent)
        row = tx.documents.get(parent)
        if row is None or _is_unsettled(tx, parent, said):
            rows.append(WaitingRow(document.id, parent, "parent"))
        else:
            ahead += header.parse(row.header).follows
    tx.waiting.add_many(rows)


def _is_unsettled(tx: Tx, document: bytes, said: Mapping[bytes, str]) -> bool:
    if document in said:
        return said[document] in UNSETTLED
    return any(row.verdict in UNSETTLED for row in tx.holdings.by_document(document))


def _waits(tx: Tx, document: bytes) -> bool:
    return any(row.kind != RECEIPT for row in tx.waiting.of(document))


def _with(item: _Judged, verdicts: Mapping[bytes, tuple[str, str]]) -> _Judged:
    found = verdicts.get(item.arrival.document.id)
    if found is None or (item.verdict, item.reason) == found:
        return item
    return item._replace(verdict=found[0], reason=found[1][:300])


def settle_waiting(house: House, tx: Tx, custody: Custody, arrived: Iterable[bytes]) -> list[Entered]:
    """Judge again what waited for ``arrived`` (ids of documents, roots of attachments), and what waited for that."""
    settled: list[Entered] = []
    fresh = list(arrived)
    while fresh:
        rows = [
            row
            for row in tx.waiting.for_missing(fresh)
            if row.kind != RECEIPT and not _waits(tx, row.missing) and not _is_unsettled(tx, row.missing, {})
        ]
        if not rows:
            break
        tx.waiting.remove_many([(row.document, row.missing) for row in rows])
        fresh = []
        for document in dict.fromkeys(row.document for row in rows):
            if not _waits(tx, document):
                settled += _settle(house, tx, custody, document)
                fresh.append(document)
    return settled


def _settle(house: House, tx: Tx, custody: Custody, document: bytes) -> list[Entered]:
    stored = tx.documents.full(document)
    if stored is None:
        return []
    row = stored.row
    waiting = [row for row in tx.holdings.by_document(document) if row.verdict == Verdict.WAITING.value]
    verdict, reason = dealings.verdict_of(tx, row.thread, document) if waiting else dealings.APPLIED
    if verdict == Verdict.WAITING.value:
        _wait_with_ancestors(tx, dealings.document_of(stored), {})
        return []
    return _change(house, tx, custody, stored, waiting, Kind.RECEIVED, (verdict, reason))


def decide(house: House, tx: Tx, custody: Custody, document: bytes, refusal: str) -> list[Entered]:
    """Settle a held document as a person decided, and what waited for that. ``refusal``: why not; empty: take it.

    It may have to wait then, as every other one. NotFound if it is not stored.
    """
    stored = tx.documents.full(document)
    if stored is None:
        raise NotFound("document", "no such document")
    verdict = (Verdict.REFUSED.value, refusal) if refusal else _judge_again(tx, dealings.document_of(stored))
    held = [row for row in tx.holdings.by_document(document) if row.verdict == Verdict.HELD.value]
    entered = _change(house, tx, custody, stored, held, Kind.DECIDED, verdict)
    return entered + settle_waiting(house, tx, custody, [document])


def _judge_again(tx: Tx, document: Document) -> tuple[str, str]:
    """The verdict on a document that was held, as if its business key were its own; what it waits for is written."""
    roots = {ref.root for ref in document.header.attachments}
    complete = {root for root, row in tx.attachments.get_many(roots).items() if row.complete} if roots else set()
    tx.waiting.add_many(_attachments(document, complete))
    waits = [row for row in tx.waiting.of(document.id) if row.kind != RECEIPT]  # for parents since it came
    if waits:
        return Verdict.WAITING.value, waits[0].kind
    verdict = dealings.verdict_of(tx, document.header.thread or document.id, document.id)
    if verdict[0] == Verdict.WAITING.value:
        _wait_with_ancestors(tx, document, {})
    return verdict


def _change(
    house: House,
    tx: Tx,
    custody: Custody,
    stored: StoredDocument,
    rows: Sequence[HoldingRow],
    kind: Kind,
    verdict: tuple[str, str],
) -> list[Entered]:
    """Another verdict for a stored document, at each of its members at home here; archives of others stay."""
    entered = []
    document = dealings.document_of(stored)
    known = tx.members.get_many({row.member for row in rows})
    for row in (row for row in rows if known[row.member].local):
        tx.holdings.set_verdict(row.member, document.id, *verdict)
        entry = custody.enter(row.member, kind, document.id, verdict[0])
        arrival = Arrival(document, row.member, row.direction, row.partner)
        booking.enter(tx, [_booked(arrival, booking.said_of(dealings.paper_of(stored), stored.row.time))])
        entered.append(Entered(arrival, *verdict, entry.epoch, entry.seq))
    dealings.refresh(house, tx, (document.header.thread or document.id,))
    return entered


def _judge(tx: Tx, arrivals: Sequence[Arrival], known: Mapping[bytes, Gist]) -> list[_Judged]:
    """A verdict for each arrival. Arrivals of one document share body, key and parents.

    What is held or refused waits for its parents too: only then it has its place in the dealing.
    """
    documents = {item.document.id: item.document for item in arrivals}
    firsts = _claim_keys(tx, list(documents.values()))
    missing = _missing_parents(tx, documents)
    roots = {ref.root: ref for item in documents.values() for ref in item.header.attachments}
    complete = {root for root, row in tx.attachments.get_many(roots).items() if row.complete} if roots else set()
    verdicts: dict[bytes, _Judged] = {}
    coming = {item.document.id for item in arrivals if item.member == item.document.header.audience.id}
    rivals = {one: first_of_round(tx, documents[one]) for one in documents if one in coming}
    for item in arrivals:
        if item.document.id not in verdicts:
            verdicts[item.document.id] = _judge_one(
                tx, item, known.get(item.document.id), firsts[item.document.id], missing, complete,
                rivals.get(item.document.id, b""),
            )  # fmt: skip
    found = [verdicts[item.document.id] for item in arrivals]
    return [
        one if one.arrival is item else one._replace(arrival=item) for one, item in zip(found, arrivals, strict=True)
    ]


def _claim_keys(tx: Tx, documents: Sequence[Document]) -> dict[bytes, bytes]:
    uses = [
        KeyUse(
            item.header.author,
            item.header.audience.id,
            item.header.type,
            item.header.business_key.key,
            item.header.business_key.revision,
            item.id,
        )
        for item in documents
    ]
    return {item.id: first for item, first in zip(documents, tx.keys_used.claim_many(uses), strict=True)}


def _missing_parents(tx: Tx, documents: Mapping[DocumentId, Document]) -> set[bytes]:
    parents = {parent for item in documents.values() for parent in item.header.follows}
    return parents - tx.documents.known(parents) - set(documents) if parents else set()


def _judge_one(
    tx: Tx, item: Arrival, gist: Gist | None, first: bytes, missing: set[bytes], complete: set[bytes], rival: bytes
) -> _Judged:
    document = item.document
    header = document.header
    parents = tuple(WaitingRow(document.id, parent, "parent") for parent in header.follows if parent in missing)
    waits = [*parents, *_attachments(document, complete)]
    if any(extension.critical for extension in header.extensions) or not papers.is_known(header.type, header.version):
        waits.append(WaitingRow(document.id, canon.digest(header.type.encode()), "type"))
        return _Judged(item, gist_of(document, None), Verdict.WAITING.value, "type", tuple(waits))
    if gist is None:
        try:
            gist = gist_of(document, _paper(document))
        except YuiError as fault:
            return _Judged(item, gist_of(document, None), Verdict.REFUSED.value, str(fault)[:300], parents)
    if first != document.id:
        return _Judged(item, gist, Verdict.HELD.value, f"same number as document {first.hex()[:12]}", parents)
    if rival:
        reason = f"the order of this joint order came already as document {rival.hex()[:12]}"
        return _Judged(item, gist, Verdict.HELD.value, reason, parents)
    if waits:
        return _Judged(item, gist, Verdict.WAITING.value, waits[0].kind, tuple(waits))
    return _Judged(item, gist, receipt.APPLIED, "", ())


def _paper(document: Document) -> papers.Paper | None:
    """The paper in a document, checked; None if it was erased. YuiError if it is not one."""
    body = document.part("business")
    if body is None:
        return None
    paper = papers.decode(document.header.type, document.header.version, body)
    check(paper)
    return paper


def _attachments(document: Document, complete: set[bytes]) -> list[WaitingRow]:
    roots = [ref.root for ref in document.header.attachments if ref.root not in complete]
    return [WaitingRow(document.id, root, "attachment") for root in roots]


def _write_documents(tx: Tx, judged: Sequence[_Judged]) -> None:
    new = {item.arrival.document.id: item for item in judged}
    positions = tx.documents.add_many([_row(item.arrival.document) for item in new.values()])
    indexing.add(tx, positions, [item.gist.text for item in new.values()])
    follows = [(document, parent) for document, item in new.items() for parent in item.arrival.document.header.follows]
    if follows:
        tx.follows.add_many(follows)
    waits = [wait for item in new.values() for wait in item.waits_for]
    if waits:
        tx.waiting.add_many(waits)
    uses = [(ref.root, document) for document, item in new.items() for ref in item.arrival.document.header.attachments]
    if uses:
        tx.attachments.use_many(uses)


def _row(document: Document) -> NewDocument:
    header = document.header
    return NewDocument(
        document.id,
        header.type,
        header.version,
        header.author,
        header.epoch,
        header.audience.id,
        header.thread,
        header.business_key.key,
        header.business_key.revision,
        header.time,
        header.keep_until,
        len(document.header_bytes) + sum(part.length for part in header.parts),
        document.signature,
        canon.encode(document.path),
        document.header_bytes,
        [PartRow(name, *document.parts[name]) for name in sorted(document.parts)],
    )


def _write_holdings(house: House, tx: Tx, custody: Custody, judged: Sequence[_Judged]) -> list[Entered]:
    now = house.clock()
    rows, entered = [], []
    for item in judged:
        arrival = item.arrival
        entry = custody.enter(arrival.member, Kind(arrival.direction), arrival.document.id, item.verdict)
        rows.append(
            NewHolding(
                arrival.member, arrival.document.id, arrival.direction, item.verdict, item.reason, arrival.partner, now
            )
        )
        entered.append(Entered(arrival, item.verdict, item.reason, entry.epoch, entry.seq))
    tx.holdings.add_many(rows)
    booking.enter(tx, [_booked(item.arrival, item.gist.said) for item in judged])
    return entered


def _booked(arrival: Arrival, said: booking.Said) -> booking.Entry:
    header = arrival.document.header
    return booking.Entry(
        arrival.member,
        arrival.document.id,
        header.thread or arrival.document.id,
        arrival.direction,
        header.type,
        arrival.partner,
        header.business_key.key,
        header.business_key.revision,
        said,
    )


# --- what comes back to a new home


class Restored(NamedTuple):
    """A document that a member had at its former home, with what had become of it there; times µs UTC."""

    arrival: Arrival
    verdict: str
    reason: str
    time: int
    read: int


def restore(tx: Tx, restored: Sequence[Restored]) -> int:
    """Store what a returning member had, with the verdicts that were given; how many documents were new here.

    Enters nothing in its journal, which comes by itself, and folds nothing: its dealings are folded when it is at home.
    """
    known = tx.documents.known({item.arrival.document.id for item in restored})
    judged = [_Judged(item.arrival, _gist(item.arrival.document), item.verdict, item.reason, ()) for item in restored]
    new = [item for item in judged if item.arrival.document.id not in known]
    _claim_keys(tx, [item.arrival.document for item in judged])
    _write_documents(tx, new)
    for item in judged:
        if item.verdict == receipt.WAITING:
            tx.waiting.add_many(_attachments(item.arrival.document, set()))
            _wait_with_ancestors(tx, item.arrival.document, {})
    here = {
        member: tx.holdings.get_many(member, [item.arrival.document.id for item in restored])
        for member in {item.arrival.member for item in restored}
    }
    rows = []
    for back in restored:
        member, document = back.arrival.member, back.arrival.document.id
        before = here[member].get(document)
        if before is None:
            direction, partner = back.arrival.direction, back.arrival.partner
            rows.append(NewHolding(member, document, direction, back.verdict, back.reason, partner, back.time))
        elif before.verdict != back.verdict:
            tx.holdings.set_verdict(member, document, back.verdict, back.reason)
    tx.holdings.add_many(rows)
    for back in restored:
        if back.read:
            tx.holdings.mark_read(back.arrival.member, back.arrival.document.id, back.read)
    booking.enter(tx, [_booked(item.arrival, item.gist.said) for item in judged])
    return len(new)


def _gist(document: Document) -> Gist:
    try:
        return gist_of(document, _paper(document))
    except YuiError:
        return gist_of(document, None)
