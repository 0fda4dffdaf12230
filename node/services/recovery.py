"""What two nodes do when one of them may have lost something: epochs that changed, holdings compared, tails adopted.

Owns the rules 7–9 and 11 of the continuity protocol as far as they need no guardians. Both directions: whoever lacks
a document is offered it again; a document's id is its identity, so offering twice does no harm.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from node.services import members, outbox
from node.services.house import House
from node.services.intake import Entered
from node.store import Tx, WaitingRow
from protocol import canon, shape
from protocol.errors import NotAuthorised
from protocol.identity.log import ControlLog
from protocol.link import holdings
from protocol.link.batch import ItemKind
from protocol.link.holdings import Holdings
from protocol.link.receipt import Leaf

RECEIPT = "receipt"


def note_reach(tx: Tx, reach: Mapping[bytes, Leaf]) -> None:
    """Remember how far receipts of each partner's journal have come: what tells that it was cut back."""
    for member, leaf in reach.items():
        tx.meta.set(f"reach/{member.hex()}", canon.encode((leaf.epoch, leaf.seq)))


def await_epoch(tx: Tx, void: Sequence[Leaf]) -> None:
    """Receipts that do not count, because their epoch is unknown here or was cut back: wait for the next record."""
    if void:
        tx.waiting.add_many([WaitingRow(leaf.document, leaf.recipient, RECEIPT) for leaf in void])


def epoch_changed(house: House, tx: Tx, log: ControlLog) -> set[bytes]:
    """A member's control log grew: void what no longer counts, re-route what waits. Peers with new outgoing items."""
    epoch = log.standing.epoch
    if epoch is None or epoch.home == house.id:
        return set()
    news = _offer_again(house, tx, log)
    if _was_cut_back(tx, log):
        tx.meta.delete(f"reach/{log.member.hex()}")
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


def _was_cut_back(tx: Tx, log: ControlLog) -> bool:
    stored = tx.meta.get(f"reach/{log.member.hex()}")
    if stored is None:
        return False
    epoch, seq = shape.exactly(canon.decode(stored), "reach", 2)
    return not log.covers(epoch, seq)


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
    if row is not None and row.local:
        homes = {other.member for other in tx.members.all(local=False) if other.home == peer}
        return {document for partner, document in tx.holdings.dealings_of(member) if partner in homes}
    return {document for _, document in tx.holdings.dealings_with(member)}


def compare_holdings(house: House, tx: Tx, peer: bytes, part: Holdings) -> None:
    """Take a peer's list: offer what it lacks; if we lack something that it has, tell it what we hold."""
    log = members.require_log(house, tx, part.member)
    if part.network != house.network or log.epoch.home not in (peer, house.id):
        raise NotAuthorised("holdings of a member that is at home neither there nor here")
    theirs = _collect(tx, peer, part)
    if theirs is None:
        return
    ours = _held(house, tx, part.member, peer)
    outbox.requeue(tx, peer, sorted(ours - theirs))
    if theirs - ours:
        tell_holdings(house, tx, part.member, peer)


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
