"""What a member sees of its documents: isolation, marks, names. Owns no decision and writes nothing.

A member sees a document exactly when it holds it. What belongs to others is answered like what does not exist.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from node.services.mailing import overview
from node.store import AttachmentRow, DecisionRow, HoldingRow, Mark, StoredDocument, Tx
from protocol.document import header as headers
from protocol.document.header import Header
from protocol.errors import NotFound
from protocol.process.trade import papers
from protocol.process.trade.papers import Personal

HELD = "held"
MESSAGE = "message"
QUARANTINED = "quarantined"
MOVED = "moved"  # no verdict: it went on to the recipient's new home


class Received(NamedTuple):
    """The partner's signed word: its verdict. ``time``: µs of its receipt, 0 where the receipt itself is not here."""

    verdict: str
    time: int = 0


class Marks(NamedTuple):
    """stored, safe: µs (safe None: not enough guardians have it); processed: id of the document that acted;
    elsewhere: with how many others it lies, sealed, because its recipient's node does not answer."""

    stored: int
    received: Received | None = None
    processed: bytes | None = None
    held: str | None = None
    safe: int | None = None
    elsewhere: int = 0


class View(NamedTuple):
    """One document as its member sees it in a list."""

    holding: HoldingRow
    partner_name: str
    marks: Marks


class FullView(NamedTuple):
    """One document with everything that is known of it here."""

    view: View
    stored: StoredDocument
    header: Header
    attachments: dict[bytes, AttachmentRow]
    missing: tuple[bytes, ...]
    decisions: tuple[DecisionRow, ...]


def require(tx: Tx, member: bytes, document: bytes) -> HoldingRow:
    """The member's holding of a document. NotFound for any other document, known here or not."""
    found = tx.holdings.get(member, document)
    if found is None:
        raise NotFound("document", "no such document")
    return found


def views(tx: Tx, member: bytes, rows: Sequence[HoldingRow]) -> list[View]:
    """What a list shows of ``rows``, all of them holdings of ``member``."""
    names = names_of(tx, {row.partner for row in rows})
    marks = marks_of(tx, rows)
    return [View(row, names.get(row.partner, ""), marks[row.document]) for row in rows]


def full(tx: Tx, member: bytes, document: bytes) -> FullView:
    """One document in full; NotFound as :func:`require`."""
    holding = require(tx, member, document)
    stored = tx.documents.full(document)
    assert stored is not None
    header = headers.parse(stored.row.header)
    view = views(tx, member, [holding])[0]
    return FullView(
        view,
        stored,
        header,
        tx.attachments.get_many(ref.root for ref in header.attachments) if header.attachments else {},
        tuple(row.missing for row in tx.waiting.of(document)),
        tuple(tx.decisions.by_document(document)),
    )


def personal_of(view: FullView) -> Personal | None:
    """The personal part of a document, if it has one that is not erased."""
    found = next((part.content for part in view.stored.parts if part.name == "personal"), None)
    return None if found is None else papers.decode_personal(found)


def marks_of(tx: Tx, rows: Sequence[HoldingRow]) -> dict[bytes, Marks]:
    """The marks of every row's document, by document id."""
    sent = [row.document for row in rows if row.direction == "sent"]
    remote = tx.outgoing.marks(sent) if sent else {}
    acted = _acted_on(tx, rows)
    waits = [document for document in sent if not any(mark.receipt for mark in remote.get(document, ()))]
    elsewhere = overview.elsewhere(tx, waits) if waits else {}
    reach = {member: tx.guarding.get(member) for member in {row.member for row in rows}}
    times = tx.receipts.times({mark.receipt for marks in remote.values() for mark in marks if mark.receipt})
    found = {}
    for row in rows:
        told = [mark for mark in remote.get(row.document, ()) if mark.kind == "document"]
        received = _received(tx, row, told, times)
        held = row.reason if row.verdict == HELD else None
        if held is None and received is not None and received.verdict == HELD:
            held = "held by the partner"
        kept = reach[row.member]
        safe = tx.guarding.kept_at(row.member, row.position) if kept and row.position <= kept.safe_holdings else None
        found[row.document] = Marks(
            row.time, received, acted.get(row.document), held, safe, elsewhere.get(row.document, 0)
        )
    return found


def _received(tx: Tx, row: HoldingRow, marks: Sequence[Mark], times: Mapping[int, int]) -> Received | None:
    if row.direction != "sent":
        return Received(row.verdict, row.time)
    for mark in marks:
        if mark.verdict is not None and mark.verdict not in (QUARANTINED, MOVED):
            return Received(mark.verdict, times.get(mark.receipt or 0, 0))
    if marks:
        return None
    # nobody to send it to: the recipient lives at this node
    other = tx.holdings.get(row.audience, row.document)
    return None if other is None else Received(other.verdict, other.time)


def _acted_on(tx: Tx, rows: Sequence[HoldingRow]) -> dict[bytes, bytes]:
    """Document → the first document by its other side that follows it; a message is no act on what it follows."""
    if not rows:
        return {}
    authors = {row.document: row.author for row in rows if row.type != MESSAGE}
    pairs = tx.follows.children(authors) if authors else ()
    children = tx.documents.get_many(child for _, child in pairs) if pairs else {}
    found: dict[bytes, bytes] = {}
    for parent, child in pairs:
        if child in children and children[child].author != authors[parent] and children[child].type != MESSAGE:
            found.setdefault(parent, child)
    return found


def names_of(tx: Tx, members: Iterable[bytes]) -> dict[bytes, str]:
    """The names by which this node knows members: their card's, else what they are called here."""
    wanted = list(members)
    if not wanted:
        return {}
    found = {row.member: row.name for row in tx.members.get_many(wanted).values() if row.name}
    found.update({row.member: row.name for row in tx.cards.get_many(wanted).values()})
    return found
