"""What two nodes do when one of them may have lost something: epochs that changed, holdings compared, tails adopted.

Owns the rules 2, 7–9 and 11 of the continuity protocol as far as they need no guardians. After a doubtful start a node
asks its peers what they know of its own members before it signs anything: an epoch opened on an old head would be a
rival of one that others have seen, and no rank below the recovery words decides between rivals. Both directions:
whoever lacks a document is offered it again; a document's id is its identity, so offering twice does no harm.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from federation.peers import PINNED, PeerState
from node.services import dealings, deciding, members, outbox
from node.services.custody import Custody
from node.services.guarding import behind
from node.services.house import House
from node.services.intake import RECEIPT, Entered
from node.store import GivenRow, Tx, WaitingRow
from protocol import canon, shape
from protocol.errors import NotAuthorised, WorldFault
from protocol.identity.control import Reason
from protocol.identity.log import ControlLog, Rival
from protocol.journal import Kind
from protocol.limits import MAX_BATCH_BYTES, MAX_HISTORY_BYTES
from protocol.link import holdings
from protocol.link import receipt as receipts
from protocol.link.batch import INCARNATION_BYTES, ItemKind
from protocol.link.holdings import Holdings
from protocol.link.receipt import Leaf, Receipt, Verdict

HISTORIES = "yui/histories/1"
ASK_HISTORIES = "yui/ask-histories/1"
MAX_HISTORIES_BYTES = MAX_BATCH_BYTES + MAX_HISTORY_BYTES  # one long history is always let in


# --- reading before writing: what peers know of our own members after a doubtful start


def ask_histories(after: bytes) -> bytes:
    """The question to a peer: ``["yui/ask-histories/1", after]``; ``after`` is a member's id, or empty at first."""
    return canon.encode((ASK_HISTORIES, after))


def tell_histories(house: House, tx: Tx, peer: bytes, question: bytes) -> bytes:
    """Control logs of members that are at home at ``peer``, or were, in ascending order.

    ``["yui/histories/1", incarnation, [history…], more?]``; the incarnation is that of the run which tells.
    """
    row = tx.peers.get(peer)
    if row is None or PeerState(row.state) not in PINNED:
        raise NotAuthorised("not an accepted peer of this node", code="not-a-peer")
    after = shape.hash_or_empty(shape.record(canon.decode(question), ASK_HISTORIES, 2)[1], "after")
    found: list[bytes] = []
    size = 0
    for member in sorted(member for member in _ever_at(house, tx, peer) if member > after):
        item = members.history(house, tx, member)
        size += len(item) + 16
        if found and size > MAX_BATCH_BYTES - 1024:
            return canon.encode((HISTORIES, house.incarnation, found, True))
        found.append(item)
    return canon.encode((HISTORIES, house.incarnation, found, False))


def _ever_at(house: House, tx: Tx, peer: bytes) -> set[bytes]:
    """Who has left ``peer`` must hear of it from whomever it asks first: it may sign nothing for them any more."""
    rows = {row.member: row for row in tx.members.all()}
    found = {row.member for row in rows.values() if row.home == peer and not row.local}
    moved = [member for member in tx.knows.of(peer) if member in rows and rows[member].epoch_number > 1]
    return found | {member for member in moved if rows[member].home != peer and was_home(house, tx, member, peer)}


def learn_histories(house: House, tx: Tx, peer: bytes, answer: bytes) -> bytes | None:
    """Take what a peer knows of our own members. The member to ask on from, or None at the end.

    WorldFault if another copy of the peer answered than the one that greeted us: it may know less. A rival of an epoch
    that we opened ourselves makes the node freeze: only a higher rank can decide between them.
    """
    raw = shape.record(canon.decode(answer, max_bytes=MAX_HISTORIES_BYTES), HISTORIES, 4)
    if shape.fixed(raw[1], "incarnation", INCARNATION_BYTES) != tx.meta.get(f"greeted/{peer.hex()}"):
        raise WorldFault("the peer has started again since it greeted us: ask again", code="stale-answer")
    last = None
    for item in shape.array(raw[2], "histories", MAX_HISTORIES_BYTES):
        data = shape.binary(item, "histories", MAX_HISTORIES_BYTES)
        last = _learn_own(house, tx, data)
    return last if shape.flag(raw[3], "more") else None


def _learn_own(house: House, tx: Tx, data: bytes) -> bytes:
    member = members.identify_history(data)
    row = tx.members.get(member)
    if row is None or not row.local:
        return member  # not ours (any more), whatever the peer believes
    try:
        members.learn_history(house, tx, data)
    except Rival:
        deciding.note(house, tx, member, data)
    return member


def open_after_reading(house: House, tx: Tx) -> frozenset[bytes]:
    """The peers have been asked: open new epochs on top of the newest that are known. Peers with new outgoing items."""
    reason = Reason(house.recovering)
    house.recovering = ""
    tx.meta.delete("recovering")
    opened = members.open_epochs(house, tx, reason)
    for member in opened:
        adopt_tail(house, tx, member)
    if reason is Reason.RESTORE:
        for member in opened:
            chosen = members.require_log(house, tx, member).standing.guardians
            behind.mark(tx, member, house.clock(), guarded=chosen is not None)
        house.uncopied.update(opened)
        announce_holdings(house, tx, opened)
        _ask_again(house, tx)
    return frozenset(peer.node for peer in tx.peers.all())


def adopt_tail(house: House, tx: Tx, member: bytes) -> None:
    """Documents that the journal entered beyond where an epoch was cut back: entered again, now for good [rule 9]."""
    log = members.require_log(house, tx, member)
    tail = _tail(tx, log)
    given = {key[0]: row for key, row in tx.given.get_many(tail).items() if key[1] == member}
    custody = Custody(house, tx)
    again = []
    for document in tail:
        holding = tx.holdings.get(member, document)
        if holding is None or _is_entered(tx, log, document, holding.verdict, given.get(document)):
            continue
        entry = custody.enter(member, Kind.ADOPTED, document, holding.verdict)
        if document in given:
            again.append(given[document]._replace(epoch=entry.epoch, seq=entry.seq, verdict=holding.verdict))
    tx.given.put_many(again)
    custody.close()


def _ask_again(house: House, tx: Tx) -> None:
    """What was held or waiting at its recipient's may have been decided in the time that is lost: offered again."""
    for node, documents in tx.outgoing.undecided().items():
        outbox.requeue(tx, node, documents)


def _tail(tx: Tx, log: ControlLog) -> list[bytes]:
    """Documents with entries in cut-off ends of epochs, oldest first."""
    rows = [
        row
        for epoch, last in tx.journal.epochs(log.member)
        if not log.covers(epoch, last)
        for row in tx.journal.after(log.member, epoch, 0, last)
        if row.kind in _DOCUMENTS and not log.covers(epoch, row.seq)
    ]
    return list(dict.fromkeys(row.object for row in sorted(rows, key=lambda row: (row.time, row.epoch, row.seq))))


def _is_entered(tx: Tx, log: ControlLog, document: bytes, verdict: str, given: GivenRow | None) -> bool:
    """Does what stands of the journal say the last verdict? Another one may: first it waited, then it took effect."""
    if given is not None and not log.covers(given.epoch, given.seq):
        return False  # its receipt names a position that is cut off
    rows = tx.journal.by_object(log.member, document)
    return any(row.verdict == verdict and log.covers(row.epoch, row.seq) for row in rows)


_DOCUMENTS = frozenset({Kind.SENT.value, Kind.RECEIVED.value, Kind.ADOPTED.value, Kind.DECIDED.value})


# --- partners


def note_reach(house: House, tx: Tx, leaves: Sequence[Leaf]) -> None:
    """Remember how far receipts of each partner's journal have come: what tells that it was cut back."""
    reach: dict[bytes, tuple[int, int, bytes]] = {}
    for leaf in leaves:
        log = members.require_log(house, tx, leaf.recipient)
        if leaf.recipient not in reach:
            reach[leaf.recipient] = _reach(tx, log)
        reach[leaf.recipient] = max(reach[leaf.recipient], (_number(log, leaf.epoch), leaf.seq, leaf.epoch))
    for member, (_, seq, epoch) in reach.items():
        tx.meta.set(f"reach/{member.hex()}", canon.encode((epoch, seq)))


def _reach(tx: Tx, log: ControlLog) -> tuple[int, int, bytes]:
    """(epoch's number, seq, epoch) of the furthest position of a member's journal that a receipt has named."""
    stored = tx.meta.get(f"reach/{log.member.hex()}")
    if stored is None:
        return (0, 0, b"")
    epoch, seq = shape.exactly(canon.decode(stored), "reach", 2)
    return (_number(log, epoch), seq, epoch)


def _number(log: ControlLog, name: bytes) -> int:
    epoch = log.epoch_named(name)
    return epoch.number if epoch is not None else 0


def await_epoch(house: House, tx: Tx, void: Sequence[Leaf]) -> set[bytes]:
    """Receipts that do not count, because their epoch is unknown here or was cut back: wait for the next record.

    Where the record that cut it back is known already, none may ever follow: the document is offered again now, once.
    Peers with new outgoing items.
    """
    known = tx.documents.known({leaf.document for leaf in void}) if void else frozenset()
    news: set[bytes] = set()
    for leaf in void:
        if leaf.document not in known:
            continue
        waits = any(row.missing == leaf.recipient for row in tx.waiting.of(leaf.document) if row.kind == RECEIPT)
        tx.waiting.add_many([WaitingRow(leaf.document, leaf.recipient, RECEIPT)])
        log = members.find_log(house, tx, leaf.recipient)
        if waits or log is None or log.standing.epoch is None or log.epoch.home == house.id:
            continue
        if leaf.epoch and log.epoch_named(leaf.epoch) is not None and not log.covers(leaf.epoch, leaf.seq):
            outbox.requeue(tx, log.epoch.home, [leaf.document])
            news.add(log.epoch.home)
    return news


def epoch_changed(house: House, tx: Tx, log: ControlLog) -> set[bytes]:
    """A member's control log grew: void what no longer counts, re-route what waits. Peers with new outgoing items."""
    epoch = log.standing.epoch
    if epoch is None or epoch.home == house.id:
        return set()
    news = _offer_again(house, tx, log) | reroute(house, tx, log)
    if _was_cut_back(tx, log):
        tx.meta.delete(f"reach/{log.member.hex()}")
        outbox.requeue(tx, epoch.home, _void(tx, log))
        tell_holdings(house, tx, log.member, epoch.home)
        news.add(epoch.home)
    return news


def _offer_again(house: House, tx: Tx, log: ControlLog) -> set[bytes]:
    waiting = [row.document for row in tx.waiting.for_missing([log.member]) if row.kind == RECEIPT]
    if not waiting:
        return set()
    tx.waiting.remove_many([(document, log.member) for document in waiting])
    outbox.requeue(tx, log.epoch.home, waiting)
    return {log.epoch.home}


def reroute(house: House, tx: Tx, log: ControlLog) -> set[bytes]:
    """What waits for a home where the member is no more goes to the new one. Nodes with new outgoing items.

    Where this node is the new one, it goes from hand to hand (:func:`node.services.returning.meet_neighbours`).
    """
    homes = {item.standing.epoch.home for item in log.records.values() if item.standing.epoch is not None}
    moved: set[bytes] = set()
    for old in sorted(homes - {log.epoch.home, house.id}):
        after = 0
        while rows := tx.outgoing.pending(old, after, _PAGE):
            found = [row.object for row in rows if row.kind == DOCUMENT and row.audience == log.member]
            if found:
                tx.outgoing.mark(old, [(document, MOVED, None) for document in found])
            if found and log.epoch.home != house.id:
                tx.outgoing.add_many(log.epoch.home, DOCUMENT, found)
                moved.add(log.epoch.home)
            after = rows[-1].position
    return moved


def _was_cut_back(tx: Tx, log: ControlLog) -> bool:
    _, seq, epoch = _reach(tx, log)
    return bool(epoch) and not log.covers(epoch, seq)


def _void(tx: Tx, log: ControlLog) -> list[bytes]:
    """Documents whose receipts were given at journal positions that are cut off now: their home has to say it again.

    The receipt may be of a home that the member has left since.
    """
    dealings = sorted({document for _, document in tx.holdings.dealings_with(log.member)})
    found = []
    for document, marks in tx.outgoing.marks(dealings).items():
        row = tx.receipts.get(max((mark.receipt or 0 for mark in marks), default=0))
        signer = tx.peers.get(row.node) if row is not None else None
        if row is None or signer is None:
            continue
        if not _counts_still(log, document, receipts.verify(row.wire, signer.key)):
            found.append(document)
    return found


def _counts_still(log: ControlLog, document: bytes, got: Receipt) -> bool:
    leaves = [leaf for leaf in got.leaves if leaf.document == document and leaf.epoch]
    return all(leaf.recipient != log.member or log.covers(leaf.epoch, leaf.seq) for leaf in leaves)


def tell_holdings(house: House, tx: Tx, member: bytes, peer: bytes) -> None:
    """Queue for ``peer`` the ids that this node holds of the dealings between ``member`` and its members."""
    log = members.require_log(house, tx, member)
    for part in holdings.encode(house.network, member, log.epoch.hash, sorted(_held(house, tx, member, peer))):
        outbox.enqueue(tx, peer, ItemKind.HOLDINGS, part)


def announce_holdings(house: House, tx: Tx, restored: Iterable[bytes]) -> set[bytes]:
    """After a restore: every peer learns the new epochs and what is still held of its dealings with each member."""
    told: set[bytes] = set()
    for member in restored:
        for peer in tx.peers.all("accepted"):
            members.tell_history(house, tx, peer.node, member)
            tell_holdings(house, tx, member, peer.node)
            told.add(peer.node)
    return told


def _held(house: House, tx: Tx, member: bytes, peer: bytes) -> set[bytes]:
    """Ids of the dealings between ``member`` and the members at the other side of the link to ``peer``."""
    row = tx.members.get(member)
    if row is not None and (not row.local or was_home(house, tx, member, peer)) and _had(house, tx, member, row.local):
        found = {document for _, document in tx.holdings.dealings_of(member)}  # between two homes of one member: all
        found |= {document for _, document in tx.holdings.dealings_with(member)} if not row.local else set()
    elif row is not None and row.local:
        homes = {other.member for other in tx.members.all(local=False) if other.home == peer}
        found = {document for partner, document in tx.holdings.dealings_of(member) if partner in homes}
    else:
        found = {document for _, document in tx.holdings.dealings_with(member)}
    return found - _unsent(tx)


def was_home(house: House, tx: Tx, member: bytes, node: bytes) -> bool:
    """Was ``member`` at home at ``node`` once?"""
    log = members.require_log(house, tx, member)
    epochs = [item.standing.epoch for item in log.records.values() if item.standing.epoch is not None]
    return any(epoch.home == node for epoch in epochs)


def _had(house: House, tx: Tx, member: bytes, local: bool) -> bool:
    """Is or was this node a home of ``member``?"""
    return local or was_home(house, tx, member, house.id)


def _unsent(tx: Tx) -> set[bytes]:
    """What our own people hold back, or decided never to send: no part of any dealing."""
    rows = [row for verdict in NOT_SENT for row in tx.holdings.after(None, 0, _ALL, verdict=verdict)]
    return {row.document for row in rows if row.direction == Kind.SENT.value and not dealings.reached(tx, row.document)}


NOT_SENT = (Verdict.HELD.value, Verdict.REFUSED.value)
_ALL = 2**31
_PAGE = 500
DOCUMENT = ItemKind.DOCUMENT.value
MOVED = "moved"  # in place of a verdict: it went to the member's new home


def compare_holdings(house: House, tx: Tx, peer: bytes, part: Holdings) -> None:
    """Take a peer's list: offer what it lacks; if we lack something that it has, tell it what we hold."""
    log = members.require_log(house, tx, part.member)
    if part.network == house.network and log.epoch.home not in (peer, house.id) and part.epoch in log.records:
        return  # it has moved on since this was queued
    if part.network != house.network or log.epoch.home not in (peer, house.id):
        raise NotAuthorised("holdings of a member that is at home neither there nor here")
    theirs = _collect(tx, peer, part)
    if theirs is None:
        return
    ours = _held(house, tx, part.member, peer)
    outbox.requeue(tx, peer, _at_home_at(tx, peer, sorted(ours - theirs)))
    if theirs - ours and _is_fresh(tx, peer, part, ours, theirs):
        tell_holdings(house, tx, part.member, peer)


def _at_home_at(tx: Tx, peer: bytes, documents: Sequence[bytes]) -> list[bytes]:
    """Those with a party at home at ``peer``: a home that was left takes nothing of others any more."""
    rows = tx.documents.get_many(documents)
    parties = tx.members.get_many({party for row in rows.values() for party in (row.author, row.audience)})
    there = {member for member, row in parties.items() if row.home == peer}
    return [name for name in documents if name in rows and {rows[name].author, rows[name].audience} & there]


def _is_fresh(tx: Tx, peer: bytes, part: Holdings, ours: set[bytes], theirs: set[bytes]) -> bool:
    """False if the same two lists were compared before: what is missing then stays away, and asking goes in circles.

    Not so in another epoch: the peer may have lost what it had queued for us, and says the same as before.
    """
    key = f"compared/{peer.hex()}/{part.member.hex()}"
    compared = canon.digest(canon.encode((part.epoch, sorted(ours), sorted(theirs))))
    if tx.meta.get(key) == compared:
        return False
    tx.meta.set(key, compared)
    return True


def _collect(tx: Tx, peer: bytes, part: Holdings) -> set[bytes] | None:
    """All ids once every part has come; None before."""
    if part.parts == 1:
        return set(part.ids)
    prefix = f"holdings/{peer.hex()}/{part.member.hex()}/{part.epoch.hex()}/{part.parts}"
    tx.meta.set(f"{prefix}/{part.part}", b"".join(part.ids))
    stored = [tx.meta.get(f"{prefix}/{at}") for at in range(part.parts)]
    if any(item is None for item in stored):
        return None
    for at in range(part.parts):
        tx.meta.delete(f"{prefix}/{at}")
    joined = b"".join(item for item in stored if item is not None)
    return {joined[at : at + 32] for at in range(0, len(joined), 32)}


def deliver_adopted(house: House, tx: Tx, peer: bytes, adopted: Sequence[Entered]) -> None:
    """What came back of our own members' documents goes to their recipients as if sent now."""
    for item in adopted:
        recipient = members.find_log(house, tx, item.arrival.partner)
        home = recipient.epoch.home if recipient is not None and recipient.standing.epoch is not None else peer
        if home != house.id:
            outbox.requeue(tx, home, [item.arrival.document.id])
