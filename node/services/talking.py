"""Messages beside a dealing, and the log of price talks (価格の協議) that they make.

Owns what the log says: who asked for another price when, of what, and whether the other side has answered.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from node.services import dealings, reading
from node.services.desk import numbering
from node.services.house import House
from node.services.trade import Outcome, Submission, submit
from node.store import TalkRow, Tx
from protocol.document.header import AttachmentRef, Extension
from protocol.errors import CallerFault, NotFound
from protocol.process.trade.papers import Message, Personal, Price, Reference
from protocol.process.trade.papers.message import MESSAGE_KINDS

MAX_LIMIT: Final = 500


class Talk(NamedTuple):
    """One word of a price talk. ``text`` and ``price`` as written; ``answered``: the other side has spoken since."""

    document: bytes
    thread: bytes
    partner: bytes
    partner_name: str
    mine: bool
    line: str
    day: str
    text: str
    price: Price | None
    currency: str
    answered: bool
    cursor: int


def say(
    house: House,
    tx: Tx,
    member: bytes,
    thread: bytes,
    text: str,
    today: str,
    *,
    kind: str = "note",
    line_id: str = "",
    price: Price | None = None,
    personal: Personal | None = None,
    attachments: tuple[AttachmentRef, ...] = (),
    names: tuple[str, ...] = (),
    references: tuple[Reference, ...] = (),
    extensions: tuple[Extension, ...] = (),
) -> Outcome:
    """Send a message beside a dealing of the member. NotFound for any other dealing.

    ``names``: what the files of ``attachments`` are called, in their order; ``references``: papers that it speaks of.
    """
    row = tx.threads.get(member, thread)
    if row is None:
        raise NotFound("thread", "no such dealing")
    if kind not in MESSAGE_KINDS:
        raise CallerFault("kind", f"one of {', '.join(MESSAGE_KINDS)}")
    paper = Message(
        number=numbering.next_number(tx, member, "message", today, partner=row.partner),
        issue_date=today,
        currency=row.currency if price is not None else "",
        kind=kind,
        text=text,
        line_id=line_id,
        price=price,
        references=(
            *references,
            *(
                Reference(kind="other", description=name, attachment=ref.root.hex())
                for ref, name in zip(attachments, names, strict=False)
            ),
        ),
    )
    return submit(
        house,
        tx,
        member,
        [
            Submission(
                row.partner,
                paper,
                personal=personal,
                thread=thread,
                attachments=attachments,
                extensions=extensions,
            )
        ],
    )


def log(
    tx: Tx, member: bytes, *, partner: bytes = b"", thread: bytes = b"", limit: int = 100, before: int = 0
) -> list[Talk]:
    """The log of price talks, latest first, of one dealing, one partner, or all."""
    if not 1 <= limit <= MAX_LIMIT:
        raise CallerFault("limit", f"1 to {MAX_LIMIT}")
    if thread:
        rows = tx.desk.talks_in(member, thread)[::-1][:limit]
    else:
        rows = tx.desk.talks(member, limit, partner=partner, before=before or 2**62)
    return _shown(tx, rows)


def unanswered(tx: Tx, member: bytes, *, mine: bool) -> list[Talk]:
    """Price talks that wait, oldest first: of partners (the member owes a word), or ``mine`` (they do)."""
    return _shown(tx, tx.desk.unanswered(member, mine=mine))


def _shown(tx: Tx, rows: list[TalkRow]) -> list[Talk]:
    names = reading.names_of(tx, {row.partner for row in rows})
    stored = tx.documents.by_positions([row.document for row in rows]) if rows else {}
    found = []
    for row in rows:
        document = stored.get(row.document)
        paper = None if document is None else dealings.paper_of(document)
        if document is None:
            continue
        text, price = (paper.text, paper.price) if isinstance(paper, Message) else ("", None)
        currency = "" if paper is None else paper.currency
        found.append(
            Talk(
                document.row.id,
                row.thread,
                row.partner,
                names.get(row.partner, ""),
                row.mine,
                row.line,
                row.day,
                text,
                price,
                currency,
                bool(row.answered),
                row.document,
            )
        )
    return found
