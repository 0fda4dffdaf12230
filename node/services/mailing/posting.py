"""Mail that this node leaves with others for a node that does not answer: parcels with guardians, pieces with relays.

Owns which documents are laid into what, and when it may be forgotten. A document stays in the stream to its home until
that has receipted it: what is left elsewhere is one more way, never the only one. Source: ``docs/protocol.md`` §15.7.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Final, NamedTuple

from node.services import carrying, exchange, members, recovery
from node.services.exchange import require_peer
from node.services.guarding import framing, patience
from node.services.house import House
from node.services.mailing.collecting import NO_STREAM
from node.services.mailing.rules import MEMBER, NODE
from node.store import LeftLabel, LeftRow, Pending, Tx
from protocol import canon, sealing
from protocol.errors import NotAuthorised
from protocol.guardian import frame, mail
from protocol.guardian.mail import Box, BoxAnswer, Label
from protocol.identity.log import ControlLog
from protocol.limits import MAIL_LIFETIME_US, MAX_PARCEL_DOCUMENTS, MAX_PARCEL_PLAIN_BYTES
from protocol.link import batch as batches
from protocol.link.batch import Batch, Item, ItemKind
from protocol.link.carried import FILE_ID_BYTES

PAGE: Final = 250
DOCUMENT: Final = ItemKind.DOCUMENT.value
_ITEM_OVERHEAD: Final = 64
_BATCH_OVERHEAD: Final = 512


class Addressed(NamedTuple):
    """Documents of the stream to a dark node that are for one member with guardians, by position."""

    member: bytes
    guardians: tuple[bytes, ...]
    positions: tuple[int, ...]


class Page(NamedTuple):
    """One look at the stream: what is to be laid into parcels, and behind which position to look on (0: the end)."""

    addressed: tuple[Addressed, ...]
    after: int


class Learnt(NamedTuple):
    """A guardian's word on a member: the box if it is to be believed, and peers with new outgoing items."""

    box: Box | None
    news: frozenset[bytes]


class Piece(NamedTuple):
    """Where the pieces for one dark node have come: the position they reach, their file, the last one's number."""

    after: int
    file: bytes
    number: int


def next_page(house: House, tx: Tx, node: bytes, after: int) -> Page:
    """What waits for members at ``node`` behind a position, and was not laid into a parcel yet."""
    rows: Sequence[Pending] = tx.outgoing.pending(node, after, PAGE)
    going_on = rows[-1].position if len(rows) == PAGE else 0
    rows = patience.ready(house, tx, node, rows) if house.guarded else rows
    documents = [row for row in rows if row.kind == DOCUMENT]
    laid = tx.mail.of_documents((row.object for row in documents), MEMBER)
    by_member: dict[bytes, list[int]] = {}
    for row in documents:
        if row.object not in laid:
            by_member.setdefault(row.audience, []).append(row.position)
    found = []
    for member, positions in by_member.items():
        guardians = _guardians(house, tx, node, member)
        if guardians:
            found.append(Addressed(member, guardians, tuple(positions)))
    return Page(tuple(found), going_on)


def _guardians(house: House, tx: Tx, node: bytes, member: bytes) -> tuple[bytes, ...]:
    """Those of a member's guardians that this node knows, if the member is at home at ``node``."""
    log = members.find_log(house, tx, member)
    if log is None or log.standing.epoch is None or log.epoch.home != node:
        return ()
    return guardians_of(house, tx, member)


def guardians_of(house: House, tx: Tx, member: bytes) -> tuple[bytes, ...]:
    """With whom mail for a member can be left: those of its guardians that are accepted peers."""
    log = members.find_log(house, tx, member)
    found = framing.guardians_of(log) if log is not None else []
    rows = {node: tx.peers.get(node) for node in found if node != house.id}
    return tuple(node for node, row in rows.items() if row is not None and row.state in exchange.PINNED_STATES)


def learn(house: House, tx: Tx, member: bytes, answer: BoxAnswer) -> Learnt:
    """Take a guardian's answer: what it knows of the member's log, and the box that the member's home signed."""
    news: set[bytes] = set()
    if answer.history:
        log = members.learn_history(house, tx, answer.history)
        news = recovery.epoch_changed(house, tx, log)
    known = members.find_log(house, tx, member)
    if known is None or not answer.box:
        return Learnt(None, frozenset(news))
    return Learnt(_box(house, known, answer.box), frozenset(news))


def _box(house: House, log: ControlLog, wire: bytes) -> Box:
    claimed = mail.claimed_box(wire)
    epoch = log.epoch_named(claimed.epoch)
    if epoch is None or claimed.member != log.member or claimed.network != house.network:
        raise NotAuthorised("box: of another member, network or epoch")
    return mail.verify_box(wire, epoch)


def pack(house: House, tx: Tx, node: bytes, box: Box, positions: Sequence[int]) -> list[bytes]:
    """Lay documents into parcels for a member, and note them; the parcels' ids. The caller commits."""
    house.require_signing()
    log = members.require_log(house, tx, box.member)
    if log.epoch.home != node:
        return []  # it has moved: its documents have another way now
    rows = [row for row in tx.outgoing.at_positions(positions) if row.kind == DOCUMENT and row.audience == box.member]
    packed = []
    for group in _groups(house, tx, node, rows):
        packed.append(_parcel(house, tx, node, box, group))  # noqa: PERF401 - each writes
    return packed


def _groups(house: House, tx: Tx, node: bytes, rows: Sequence[Pending]) -> list[list[Pending]]:
    """Documents that fit into one parcel together with the histories of their authors. What alone is too large waits
    for the link."""
    groups: list[list[Pending]] = []
    size, authors = MAX_PARCEL_PLAIN_BYTES, set[bytes]()
    for row in rows:
        own = len(exchange.payload(house, tx, node, row)) + _ITEM_OVERHEAD
        history = len(members.history(house, tx, row.author)) + _ITEM_OVERHEAD
        added = own + (history if row.author not in authors else 0)
        if not groups or size + added > MAX_PARCEL_PLAIN_BYTES or len(groups[-1]) >= MAX_PARCEL_DOCUMENTS:
            if own + history + _BATCH_OVERHEAD > MAX_PARCEL_PLAIN_BYTES:
                continue
            groups.append([])
            size, authors, added = _BATCH_OVERHEAD, set(), own + history
        groups[-1].append(row)
        authors.add(row.author)
        size += added
    return groups


def _parcel(house: House, tx: Tx, node: bytes, box: Box, rows: Sequence[Pending]) -> bytes:
    authors = dict.fromkeys(row.author for row in rows)
    payloads = [(ItemKind.HISTORY.value, members.history(house, tx, author)) for author in authors]
    payloads += [(DOCUMENT, exchange.payload(house, tx, node, row)) for row in rows]
    items = tuple(Item(at, kind, payload) for at, (kind, payload) in enumerate(payloads, 1))
    wire = batches.sign(house.node, Batch(house.network, house.id, box.member, NO_STREAM, 0, items))
    now = house.clock()
    label = Label(house.network, house.id, box.member, box.name, now + MAIL_LIFETIME_US)
    parcel = mail.seal(label, wire, box.public, house.entropy(sealing.SEED_BYTES))
    name = canon.digest(parcel)
    left = LeftRow(name, MEMBER, node, box.member, rows[-1].position, now, label.expires, parcel)
    tx.mail.leave(left, [row.object for row in rows])
    return name


def next_piece(house: House, tx: Tx, node: bytes, at: Piece | None) -> tuple[bytes, Piece] | None:
    """The next piece of the whole stream to a dark node, for a relay: its id. None: there is nothing more."""
    require_peer(tx, node)
    if at is None:  # from the beginning: what was left before is in it again, if it has not arrived
        tx.mail.take_back([row.id for row in tx.mail.left_for(node) if row.kind == NODE])
        at = Piece(0, house.entropy(FILE_ID_BYTES), 0)
    written = carrying.write_batch(house, tx, node, at.file, at.number + 1, at.after, patient=True)
    if written is None:
        return None
    now = house.clock()
    name = canon.digest(written.piece)
    row = LeftRow(name, NODE, node, node, written.after, now, now + MAIL_LIFETIME_US, written.piece)
    tx.mail.leave(row, written.ids)
    return name, Piece(written.after, at.file, at.number + 1)


class ToLeave(NamedTuple):
    """Something that was made, and who has acknowledged it."""

    row: LeftLabel
    have: frozenset[bytes]


def to_leave(tx: Tx, node: bytes, kind: str) -> list[ToLeave]:
    """What was made for a dark node, oldest first."""
    rows = [row for row in tx.mail.left_for(node) if row.kind == kind]
    have = tx.mail.keepers(row.id for row in rows)
    return [ToLeave(row, frozenset(have.get(row.id, ()))) for row in rows]


def take_kept(house: House, tx: Tx, keeper: bytes, name: bytes, wire: bytes) -> None:
    """A keeper's signed word that it has something."""
    row = require_peer(tx, keeper)
    kept = frame.verify_kept(wire, row.key, house.network, house.id)
    if name not in kept.chunks:
        raise NotAuthorised("kept: does not name what was left")
    tx.mail.put_keeper(name, keeper, house.clock(), wire)


def forget(house: House, tx: Tx, dark: Collection[bytes]) -> int:
    """Forget what has arrived, whose time is over, or (pieces) whose node answers again; how much is left."""
    now = house.clock()
    rows = tx.mail.left_all()
    inside = tx.mail.documents_of(row.id for row in rows)
    over = []
    for row in rows:
        documents = inside.get(row.id, [])
        if row.expires <= now or (documents and arrived(tx, documents)) or (not documents and row.node not in dark):
            over.append(row.id)
    tx.mail.take_back(over)
    return len(rows) - len(over)


def arrived(tx: Tx, documents: Iterable[bytes]) -> bool:
    """Has every one of them a receipt?"""
    wanted = list(documents)
    marks = tx.outgoing.marks(wanted)
    return all(any(mark.receipt is not None for mark in marks.get(document, ())) for document in wanted)
