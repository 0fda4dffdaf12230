"""What receipts tell: the verdicts of documents that were sent, and what follows from them here.

Owns which leaf of a receipt counts, what an overtaken or void one does, and the later verdicts that this node tells in
receipts of their own. That a receipt is its peer's is seen before (:mod:`node.services.exchange`). Source:
``docs/protocol.md`` §8.3.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from node.services import dealings, intake, members, outbox, recovery
from node.services.custody import Custody
from node.services.house import House
from node.services.intake import RECEIVED, Entered
from node.store import GivenRow, Tx
from protocol.link import receipt as receipts
from protocol.link.batch import ItemKind
from protocol.link.receipt import Leaf, Verdict

UNKNOWN_AUTHOR = "history"
ELSEWHERE = "elsewhere"  # of a document whose recipient has left: it waits for the sender to know where it is
MAX_RETELLS = 4  # rounds of telling a peer an author's history before its documents are left for people to look at


class Accepted(NamedTuple):
    """What a receipt told. ``final``/``waiting``: documents by the kind of verdict; ``again``: queued once more;
    ``news``: peers with new outgoing items, because what waited here is settled."""

    incarnation: bytes
    cursor: int
    final: int
    waiting: int
    again: int
    news: frozenset[bytes] = frozenset()


def given(item: Entered) -> GivenRow:
    """The first verdict on an arrival, as it is kept."""
    return GivenRow(
        item.arrival.document.id, item.arrival.member, None, item.verdict, item.epoch, item.seq, item.reason
    )


def leaf(item: Entered) -> Leaf:
    """The same in a receipt."""
    header = item.arrival.document.header
    return Leaf(item.arrival.document.id, header.audience.id, item.epoch, item.seq, item.verdict, False, item.reason)


def tell_later(house: House, tx: Tx, settled: Sequence[Entered]) -> set[bytes]:
    """A later verdict for what waited or was held: a receipt of its own in the stream to the author's home."""
    by_home: dict[bytes, list[Leaf]] = {}
    for item in settled:
        if item.arrival.direction != RECEIVED:
            continue
        tx.given.put_many([given(item)])
        author = members.find_log(house, tx, item.arrival.partner)
        if author is not None and author.standing.epoch is not None and author.epoch.home != house.id:
            by_home.setdefault(author.epoch.home, []).append(leaf(item))
    for home, leaves in by_home.items():
        wire = receipts.sign(house.node, house.network, home, b"\0" * 16, 0, leaves, house.clock())
        outbox.enqueue(tx, home, ItemKind.RECEIPT, wire)
    return set(by_home)


def introduce_again(house: House, tx: Tx, peer: bytes) -> None:
    """What ``peer`` knew is in doubt: histories of those whose later verdicts are on their way to it go behind them.

    A verdict counts only under an epoch that its reader knows; one that comes first waits there for the record.
    """
    recipients: dict[bytes, None] = {}
    waiting = [outbox.payload(tx, name) for name in tx.outgoing.pending_of(peer, ItemKind.RECEIPT.value)]
    for wire in filter(None, waiting):
        found = receipts.verify(wire, house.node.public)
        recipients |= dict.fromkeys(leaf.recipient for leaf in found.leaves if leaf.epoch)
    for member in recipients:
        members.tell_history(house, tx, peer, member)


def take(house: House, tx: Tx, custody: Custody, peer: bytes, found: receipts.Receipt, wire: bytes) -> Accepted:
    """What a verified receipt of ``peer`` tells. The caller closes the custody and commits."""
    if not found.leaves:
        return Accepted(found.head.incarnation, found.head.cursor, 0, 0, 0)
    number = tx.receipts.add(peer, "got", wire, house.clock())
    marks: list[tuple[bytes, str, int | None]] = []
    items: list[tuple[bytes, str, int | None]] = []
    unknown: list[Leaf] = []
    void: list[Leaf] = []
    counted: list[Leaf] = []
    reach: list[Leaf] = []
    for leaf in found.leaves:
        if leaf.verdict == receipts.QUARANTINED and leaf.reason == UNKNOWN_AUTHOR:
            unknown.append(leaf)
        elif leaf.verdict == receipts.QUARANTINED and leaf.reason == ELSEWHERE:
            void.append(leaf)
        elif leaf.recipient == peer:
            items.append((leaf.document, leaf.verdict, number))
        elif leaf.verdict == receipts.QUARANTINED and not counts(house, tx, peer, leaf):
            marks.append((leaf.document, leaf.verdict, number))  # said by who has no say: of its own queue only
        elif leaf.verdict in _MORE_FOLLOWS and _is_overtaken(tx, peer, leaf):
            continue
        elif counts(house, tx, peer, leaf):
            marks.append((leaf.document, leaf.verdict, number))
            counted.append(leaf)
            if leaf.epoch:
                reach.append(leaf)
        else:
            void.append(leaf)
    tx.outgoing.mark(peer, marks)
    if found.head.incarnation == house.incarnation:  # a history that was queued since then may say more
        tx.outgoing.mark(peer, items, found.head.cursor)
        marks += items
    recovery.note_reach(house, tx, reach)
    news = set(_reflect(house, tx, custody, counted)) | recovery.await_epoch(house, tx, void)
    again = _send_histories(house, tx, peer, unknown, number)
    final = sum(1 for _, verdict, _ in marks if verdict in receipts.FINAL)
    return Accepted(found.head.incarnation, found.head.cursor, final, len(marks) - final, again, frozenset(news))


_MORE_FOLLOWS = frozenset({Verdict.HELD.value, Verdict.WAITING.value})


def _is_overtaken(tx: Tx, peer: bytes, leaf: Leaf) -> bool:
    """Has the recipient's journal said more of this document since? Answers may come late, a later verdict before."""
    marks = tx.outgoing.marks((leaf.document,)).get(leaf.document, ())
    row = tx.peers.get(peer)
    if row is None:
        return False
    got = tx.receipts.get_many(mark.receipt for mark in marks if mark.node == peer and mark.receipt is not None)
    return any(
        other.document == leaf.document and other.epoch == leaf.epoch and other.seq > leaf.seq
        for stored in got.values()
        for other in receipts.verify(stored.wire, row.key).leaves
    )


def counts(house: House, tx: Tx, peer: bytes, leaf: Leaf) -> bool:
    """Does this leaf say what its recipient's home has durably? A receipt of an epoch that was cut back does not."""
    if leaf.recipient == peer:
        return True
    log = members.find_log(house, tx, leaf.recipient)
    if log is None or log.standing.epoch is None or log.epoch.home != peer:
        return False
    return leaf.verdict == receipts.QUARANTINED or log.covers(leaf.epoch, leaf.seq)


def _reflect(house: House, tx: Tx, custody: Custody, leaves: Sequence[Leaf]) -> set[bytes]:
    """The verdict of a document's recipient is the verdict at its author's home too, and what waited here goes on.

    Waiting takes nothing back: our own member's document is in effect until its recipient says otherwise. Peers with
    new outgoing items.
    """
    said = {leaf.document: leaf for leaf in leaves if leaf.verdict != receipts.WAITING}
    plain = [leaf.document for leaf in said.values() if leaf.verdict == receipts.APPLIED]
    differ = {row.document for row in tx.holdings.unsettled(plain)}
    changed: dict[bytes, bytes] = {}
    for document, leaf in said.items():
        row = tx.documents.get(document) if leaf.verdict != receipts.APPLIED or document in differ else None
        own = tx.holdings.get(row.author, document) if row is not None and row.audience == leaf.recipient else None
        if row is not None and own is not None and own.verdict != leaf.verdict:
            tx.holdings.set_verdict(row.author, document, leaf.verdict, leaf.reason)
            changed[document] = row.thread
    if not changed:
        return set()
    dealings.refresh(house, tx, dict.fromkeys(changed.values()))
    return tell_later(house, tx, intake.settle_waiting(house, tx, custody, changed))


def _send_histories(house: House, tx: Tx, peer: bytes, unknown: Sequence[Leaf], number: int) -> int:
    """The peer lacks authors' histories: send them, and offer the documents again behind them.

    A peer that still does not know the author after MAX_RETELLS rounds (it refuses the history) is not asked for ever:
    the document is marked as quarantined there, for people to see. A document that was under way before its author's
    history was told again does not count as a round.
    """
    rows = tx.documents.get_many([leaf.document for leaf in unknown])
    offered = {document: max(mark.position for mark in marks) for document, marks in tx.outgoing.marks(rows).items()}
    again: list[bytes] = []
    for document, row in rows.items():
        key = (peer, row.author, members.require_log(house, tx, row.author).standing.hash)
        rounds, told_at = house.retold.get(key, (0, 0))
        if rounds == 0 or offered.get(document, 0) > told_at:
            if rounds >= MAX_RETELLS:
                tx.outgoing.mark(peer, [(document, Verdict.QUARANTINED.value, number)])
                continue
            tx.knows.forget_member(peer, row.author)
            members.tell_history(house, tx, peer, row.author)
            house.retold[key] = (rounds + 1, tx.outgoing.last_position())
        again.append(document)
    outbox.requeue(tx, peer, again)
    return len(again)
