"""Chunks of attachments on their way to one guardian, each sealed by itself under a name that says nothing.

Owns which chunks go next and what the guardian's word about them means. Bytes come from the caller: they are files
beside the store. Source: ``docs/protocol.md`` §15.3.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from node.services.exchange import require_peer
from node.services.guarding import framing, sending, vaulting
from node.services.house import House, Safe
from node.store import GuardChunkRow, Tx
from protocol import vault
from protocol.errors import InvariantBroken, NotFound
from protocol.guardian import frame, messages
from protocol.guardian.messages import Chunks
from protocol.limits import MAX_BATCH_BYTES, MAX_FRAMES_PER_REQUEST

ReadChunk = Callable[[bytes, int], bytes]  # (root, piece) → its bytes; NotFound if they are not here
ROOM: Final = MAX_BATCH_BYTES


class Load(NamedTuple):
    """A message with chunks of one member, up to ``upto``; ``lost``: attachments whose bytes are not here any more."""

    member: bytes
    body: bytes
    upto: int
    lost: int


def next_load(house: House, tx: Tx, guardian: bytes, wanted: Sequence[bytes], read: ReadChunk) -> Load | None:
    """The next chunks that ``guardian`` lacks of one of ``wanted``, or None."""
    for member in wanted:
        row = tx.guarding.get(member)
        log = framing.guarded_log(house, tx, member)
        ack = tx.guarding.ack(member, guardian)
        if row is None or log is None or not ack.kept or ack.chunks >= row.chunks:
            continue
        keys = [vaulting.open_key(house, tx, item.name) for item in reversed(vaulting.current(log, row).keys)]
        return _load(member, tx.guarding.chunks_after(member, ack.chunks, MAX_FRAMES_PER_REQUEST), keys, read)
    return None


def _load(member: bytes, rows: Sequence[GuardChunkRow], keys: Sequence[bytes], read: ReadChunk) -> Load:
    found: list[tuple[bytes, bytes]] = []
    size = upto = lost = 0
    for row in rows:
        try:
            plain = read(row.root, row.piece)
        except NotFound:  # erased since
            upto, lost = row.place, lost + 1
            continue
        if found and size + len(plain) > ROOM:
            break
        sealed = vault.seal_chunk(_key_of(row, keys), row.root, row.piece, plain)
        found.append((row.name, sealed))
        size += len(sealed)
        upto = row.place
        if size > ROOM:
            break
    body = messages.encode_chunks(Chunks(member, tuple(found))) if found else b""
    return Load(member, body, upto, lost)


def _key_of(row: GuardChunkRow, keys: Sequence[bytes]) -> bytes:
    for key in keys:
        if vault.chunk_name(key, row.root, row.piece) == row.name:
            return key
    raise InvariantBroken("a chunk is named by a vault key that is not here")


def take_kept(house: House, tx: Tx, guardian: bytes, load: Load, wire: bytes) -> dict[bytes, Safe]:
    """The guardian's word about the chunks of ``load``; how safe the member is now. NotFound if it names others."""
    peer = require_peer(tx, guardian)
    if load.body:
        kept = frame.verify_kept(wire, peer.key, house.network, house.id)
        sent = {name for name, _ in messages.parse_chunks(load.body).chunks}
        if not sent <= set(kept.chunks):
            raise NotFound("chunks", "the guardian does not name what it was given")
    row = tx.guarding.get(load.member)
    log = framing.guarded_log(house, tx, load.member)
    if row is None or log is None:
        return {}
    ack = tx.guarding.ack(load.member, guardian)
    tx.guarding.put_acks([ack._replace(chunks=max(ack.chunks, load.upto))])
    return {load.member: framing.safe_of(sending.settle(house, tx, log, row))}
