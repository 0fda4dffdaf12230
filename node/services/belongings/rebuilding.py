"""A member's belongings put back at another node, item by item, in as many transactions as it takes.

Owns what is believed: documents that their authors signed, histories that stand, journal entries that are linked. A bad
item is reported and left out, the rest goes on. Doing it twice changes nothing. Nothing of the member works before its
new epoch is open (:mod:`node.services.returning`): it is not at home here yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from node.services import intake, members
from node.services.belongings import items, state
from node.services.belongings.items import Given, Held, Item, What
from node.services.erasing import asking
from node.services.house import House
from node.services.intake import Arrival, Restored
from node.store import GivenRow, HeadRow, JournalRow, Tx
from protocol import canon, journal, shape
from protocol.document import envelope
from protocol.document.envelope import Document
from protocol.errors import Malformed, NotAuthorised, YuiError
from protocol.journal import MAX_SEQ, Position
from protocol.limits import MAX_FRAME_PLAIN_BYTES, MAX_INT


@dataclass
class Rebuilt:
    """What became of items. ``bad``: what was left out, and why; ``unknown``: kinds that this node does not know.

    ``told``: rows that had to change, such as a login name that somebody else has here. ``copied``: verdicts by
    document, as the copies say on which the next ones stand.
    """

    documents: int = 0
    entries: int = 0
    files: int = 0
    bad: list[str] = field(default_factory=list)
    unknown: set[str] = field(default_factory=set)
    told: list[str] = field(default_factory=list)
    copied: dict[bytes, str] = field(default_factory=dict)

    def note_copied(self, found: Sequence[Item]) -> None:
        """These items are in frames behind which the next ones will hang."""
        for item in found:
            if item.kind == What.HOLDING.value:
                held = items.held(item)
                self.copied[held.document] = held.verdict

    def add(self, other: Rebuilt) -> None:
        """Both together."""
        self.documents += other.documents
        self.entries += other.entries
        self.files += other.files
        self.bad += other.bad
        self.unknown |= other.unknown
        self.told += [line for line in other.told if line not in self.told]


def rebuild(
    house: House, tx: Tx, member: bytes, found: Sequence[Item], known: dict[bytes, bytes] | None = None
) -> Rebuilt:
    """Put ``found`` back, which follow each other as they were collected. ``known``: see :func:`state.rebuild`."""
    done = Rebuilt()
    documents: dict[bytes, Document] = {}
    holdings: dict[bytes, Held] = {}
    verdicts: list[Given] = []
    for item in found:
        try:
            if item.kind == What.DOCUMENT.value:
                document = _document(house, tx, item.payload)
                documents[document.id] = document
            elif item.kind == What.HOLDING.value:
                held = items.held(item)
                holdings[held.document] = held
            elif item.kind == What.GIVEN.value:
                verdicts.append(items.given(item))
            else:
                _take(house, tx, member, item, done, known)
        except YuiError as fault:
            done.bad.append(f"{item.kind} {canon.digest(item.payload).hex()[:12]}: {fault}")
    done.documents += _enter(tx, member, documents, holdings, done)
    rows = [
        GivenRow(row.document, member, None, row.verdict, row.epoch, row.seq, row.reason)
        for row in verdicts
        if row.document in holdings
    ]
    tx.given.put_many(rows)
    return done


def _document(house: House, tx: Tx, wire: bytes) -> Document:
    """A document that its author signed in an epoch that this node knows."""
    document = envelope.parse(wire)
    log = members.find_log(house, tx, document.header.author)
    epoch = log.epoch_named(document.header.epoch) if log is not None else None
    if document.header.network != house.network:
        raise NotAuthorised("of another network")
    if epoch is None:
        raise NotAuthorised("its author's epoch is not known here, or was undone")
    envelope.verify(document, epoch.signing_key)
    return document


def _take(house: House, tx: Tx, member: bytes, item: Item, done: Rebuilt, known: dict[bytes, bytes] | None) -> None:
    if item.kind == What.HISTORY.value:
        members.learn_history(house, tx, item.payload)
    elif item.kind == What.MEMBER.value:
        _name(tx, member, shape.exactly(canon.decode(item.payload), "member", 1)[0])
    elif item.kind == What.ENTRIES.value:
        done.entries += _entries(tx, member, item.payload)
    elif item.kind == What.HEAD.value:
        _head(house, tx, member, item.payload)
    elif item.kind == What.FILE.value:
        done.files += 1
    elif item.kind == What.STATE.value:
        done.told += state.rebuild(house, tx, member, item, known)
    else:
        done.unknown.add(item.kind)


def _name(tx: Tx, member: bytes, name: object) -> None:
    row = tx.members.get(member)
    if row is not None and not row.local:
        tx.members.put(row._replace(name=shape.text(name, "member.name", 200)))


def _enter(tx: Tx, member: bytes, documents: dict[bytes, Document], holdings: dict[bytes, Held], done: Rebuilt) -> int:
    restored = []
    for held in holdings.values():
        document = documents.get(held.document)
        if document is None:
            done.bad.append(f"holding {held.document.hex()[:12]}: its document did not come with it")
            continue
        if member not in (document.header.author, document.header.audience.id):
            done.bad.append(f"document {held.document.hex()[:12]}: is between others")
            continue
        arrival = Arrival(document, member, held.direction, held.partner)
        restored.append(Restored(arrival, held.verdict, held.reason, held.time, held.read))
    return intake.restore(tx, restored)


def _entries(tx: Tx, member: bytes, payload: bytes) -> int:
    """Journal entries that follow what is here of their epoch; how many were new."""
    raw = shape.exactly(canon.decode(payload, max_bytes=MAX_FRAME_PLAIN_BYTES), "entries", 2)
    epoch = shape.hash32(raw[0], "entries.epoch")
    last = tx.journal.last(member, epoch)
    at = Position(member, epoch, last.seq, last.hash) if last else journal.open_epoch(member, epoch)
    rows = [_row(member, epoch, item) for item in shape.array(raw[1], "entries", 10_000)]
    rows = [row for row in rows if row.seq > at.seq]
    journal.require_chain(at, [journal.Entry(*row[:8]) for row in rows])
    tx.journal.add_many(rows)
    for row in rows:
        if row.kind == journal.Kind.ERASED.value:
            asking.learn(tx, member, row.object, row.verdict, row.time)
    return len(rows)


def _row(member: bytes, epoch: bytes, value: Any) -> JournalRow:
    raw = shape.exactly(value, "entries", 7)
    return JournalRow(
        member,
        epoch,
        shape.integer(raw[0], "entries.seq", 1, MAX_SEQ),
        shape.hash_or_empty(raw[1], "entries.previous"),
        shape.text(raw[2], "entries.kind", 16),
        shape.hash32(raw[3], "entries.object"),
        shape.text(raw[4], "entries.verdict", 16),
        shape.hash32(raw[5], "entries.hash"),
        shape.integer(raw[6], "entries.time", 0, MAX_INT),
    )


def _head(house: House, tx: Tx, member: bytes, payload: bytes) -> None:
    """The signed end of the journal: it must be the end of what came."""
    raw = shape.exactly(canon.decode(payload), "head", 4)
    at = Position(
        member,
        shape.hash32(raw[0], "head.epoch"),
        shape.integer(raw[1], "head.seq", 0, MAX_SEQ),
        shape.hash_or_empty(raw[2], "head.hash"),
    )
    signature = shape.fixed(raw[3], "head.signature", 64)
    epoch = members.require_log(house, tx, member).epoch_named(at.epoch)
    if epoch is None:
        raise NotAuthorised("head: of an epoch that does not stand")
    journal.verify_head(epoch.signing_key, at, signature)
    last = tx.journal.last(member, at.epoch)
    if at.seq and (last is None or last.seq < at.seq):
        raise Malformed(f"head: says {at.seq} entries, {last.seq if last else 0} are here")
    here = tx.members.get(member)
    if here is not None and here.local:
        return  # its journal goes on in an epoch that was opened here
    tx.heads.put_many([HeadRow(member, at.epoch, at.seq, at.hash, signature, house.clock())])
