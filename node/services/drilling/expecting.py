"""What a return of one member would have to bring back: read from one snapshot of production, to compare with.

Owns the cut: everything that the member's frames cover so far. What is newer is counted, and said, as not copied yet.
Changes nothing.
"""

from __future__ import annotations

from typing import NamedTuple

from node.services import dealings, members, warding
from node.services.belongings import collecting, state
from node.services.guarding import framing, overview, vaulting
from node.services.house import House
from node.store import GuardAckRow, GuardChunkRow, ThreadRow, Tx
from protocol import canon, keys
from protocol.document import envelope
from protocol.errors import YuiError
from protocol.guardian import agreement, frame
from protocol.identity.control import Guardians
from protocol.identity.log import ControlLog

_PAGE = 200


class FramePlace(NamedTuple):
    """A frame that was made: ``hash`` names its header, and the header the sealed bytes."""

    place: int
    epoch: bytes
    number: int
    hash: bytes


class Keeper(NamedTuple):
    """A guardian and what it has acknowledged. ``word``: its last signed acknowledgement holds under its key;
    ``agreed``: a contract that both signed is in force."""

    node: bytes
    key: bytes
    name: str
    frames: int
    chunks: int
    word: bool
    agreed: bool
    finding: str


class Expected(NamedTuple):
    """One member at one moment. ``documents``: id → hash of its bytes; ``entries``: epoch → (seq, hash);
    ``late``: documents that no frame covers yet; ``size``: bytes of all frames; ``back_s``: the usual estimate."""

    member: bytes
    name: str
    log: ControlLog
    history: bytes
    chosen: Guardians
    keepers: tuple[Keeper, ...]
    keys: dict[bytes, bytes]
    frames: tuple[FramePlace, ...]
    chunks: tuple[GuardChunkRow, ...]
    files: dict[bytes, int]
    documents: dict[bytes, bytes]
    entries: dict[bytes, tuple[int, bytes]]
    state: dict[bytes, bytes]
    threads: dict[bytes, ThreadRow]
    late: int
    changed: tuple[str, ...]
    size: int
    back_s: int


def expected(house: House, tx: Tx, member: bytes) -> Expected | None:
    """What is to be found again of a member at home here; None if nobody keeps copies of it."""
    log = framing.guarded_log(house, tx, member)
    row = tx.guarding.get(member)
    chosen = log.standing.guardians if log is not None else None
    if log is None or row is None or chosen is None or not row.vault:
        return None
    at = collecting.decode(row.cursor)
    kept = overview.member(house, tx, members.require_local(tx, member))
    covered = _documents(tx, member, at.holding)
    vault = vaulting.current(log, row)
    return Expected(
        member=member,
        name=kept.name,
        log=log,
        history=members.history(house, tx, member),
        chosen=chosen,
        keepers=tuple(_keeper(house, tx, member, key) for key in chosen.keys),
        keys={item.name: vaulting.open_key(house, tx, item.name) for item in vault.keys},
        frames=_frames(tx, member),
        chunks=_chunks(tx, member),
        files=covered.files,
        documents=covered.documents,
        entries={epoch: (seq, _hash_at(tx, member, epoch, seq)) for epoch, seq in at.epochs.items() if seq},
        state=at.state,
        threads=_threads(tx, member, covered),
        late=len(covered.late),
        changed=tuple(state.differing(house, tx, member, at.state)),
        size=kept.size,
        back_s=kept.back_s,
    )


class _Covered(NamedTuple):
    documents: dict[bytes, bytes]
    files: dict[bytes, int]
    threads: set[bytes]
    late: set[bytes]
    late_threads: set[bytes]


def _documents(tx: Tx, member: bytes, upto: int) -> _Covered:
    found = _Covered({}, {}, set(), set(), set())
    after = 0
    while rows := tx.holdings.after(member, after, _PAGE):
        stored = tx.documents.full_many([row.document for row in rows])
        for row in rows:
            one = stored[row.document]
            thread = one.row.thread or row.document
            after = row.position
            if row.position > upto:
                found.late.add(row.document)
                found.late_threads.add(thread)
                continue
            document = dealings.document_of(one)
            found.documents[row.document] = canon.digest(envelope.encode(document))
            found.threads.add(thread)
            found.files.update((ref.root, ref.size) for ref in document.header.attachments)
    return found


def _threads(tx: Tx, member: bytes, covered: _Covered) -> dict[bytes, ThreadRow]:
    """Dealings of which everything is copied."""
    return tx.threads.get_many(member, covered.threads - covered.late_threads)


def _hash_at(tx: Tx, member: bytes, epoch: bytes, seq: int) -> bytes:
    rows = tx.journal.after(member, epoch, seq - 1, 1)
    return rows[0].hash if rows else b""


def _frames(tx: Tx, member: bytes) -> tuple[FramePlace, ...]:
    found: list[FramePlace] = []
    while rows := tx.guarding.frames_after(member, len(found), _PAGE):
        found += [FramePlace(row.place, row.epoch, row.number, row.hash) for row, _ in rows]
    return tuple(found)


def _chunks(tx: Tx, member: bytes) -> tuple[GuardChunkRow, ...]:
    found: list[GuardChunkRow] = []
    while rows := tx.guarding.chunks_after(member, found[-1].place if found else 0, _PAGE):
        found += rows
    return tuple(found)


def _keeper(house: House, tx: Tx, member: bytes, key: bytes) -> Keeper:
    node = keys.node_id(key)
    ack = tx.guarding.ack(member, node)
    return Keeper(
        node,
        key,
        overview.name_of(tx, key),
        ack.place,
        ack.chunks,
        _holds(house, key, ack),
        _is_agreed(house, tx, node),
        ack.finding,
    )


def _holds(house: House, key: bytes, ack: GuardAckRow) -> bool:
    """Whether what the guardian signed last is stored, and holds under its key."""
    if not ack.kept:
        return False
    try:
        frame.verify_kept(ack.kept, key, house.network, house.id)
    except YuiError:
        return False
    return True


def _is_agreed(house: House, tx: Tx, node: bytes) -> bool:
    if warding.in_force(tx, node, warding.HOME, house.clock()) is None:
        return False
    row = tx.wards.agreement(node, warding.HOME)
    if row is None:
        return False
    try:
        made = agreement.parse(row.wire)[0]  # both signatures are verified
    except YuiError:
        return False
    return bool(made.home_key == house.node.public)
