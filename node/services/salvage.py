"""Attachments of members that came back here, out of the sealed copies that their guardians keep.

Owns which are lacking, who may have them, and under which names: a chunk's name follows from the vault key that sealed
it, so each key of the member's vault is tried, newest first. Knows no file and no network.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from node.services import claiming, members
from node.services.claiming import State
from node.services.errands import MAX_WANTED, ref_in
from node.services.guarding import behind
from node.services.house import House
from node.store import Tx
from protocol import keys, vault
from protocol.document.header import AttachmentRef
from protocol.errors import PeerFault
from protocol.guardian import claim, messages
from protocol.guardian.messages import ReadChunk
from protocol.keys import NodeId


class Copy(NamedTuple):
    """One attachment that guardians may have; ``keys``: of its member's vault, newest first."""

    ref: AttachmentRef
    member: bytes
    fence: bytes
    guardians: tuple[NodeId, ...]
    keys: tuple[bytes, ...]


class _Kept(NamedTuple):
    """A member whose attachments may have been lost here: its vault, and a promised fence or nothing for its home."""

    member: bytes
    vault: bytes
    fence: bytes


def lost(house: House, tx: Tx) -> list[Copy]:
    """What documents of members that came back, or were put back from a backup, name and this node lacks; each once."""
    lacking = tx.attachments.lacking(MAX_WANTED)
    back = _back(house, tx) if lacking else {}
    found: dict[bytes, Copy] = {}
    for root, document in lacking if back else ():
        stored = tx.documents.get(document)
        ref = ref_in(stored.header, root) if stored is not None else None
        for held in tx.holdings.by_document(document):
            if ref is not None and held.member in back and root not in found:
                found[root] = _copy(house, tx, ref, back[held.member])
    return list(found.values())


def _back(house: House, tx: Tx) -> dict[bytes, _Kept]:
    now = house.clock()
    found = {
        row.member: _Kept(row.member, row.vault, bytes(32))
        for row in tx.guarding.all()
        if row.vault and behind.lacks_files(tx, row.member, now)
    }
    for back in tx.returning.all():
        if back.state == State.OPEN.value and back.vault:
            fence = claim.parse_fence(back.fence).fence.hash if back.fence else bytes(32)
            found[back.member] = _Kept(back.member, back.vault, fence)
    return found


def _copy(house: House, tx: Tx, ref: AttachmentRef, row: _Kept) -> Copy:
    log = members.require_log(house, tx, row.member)
    chosen = log.standing.guardians
    nodes = [NodeId(keys.node_id(key)) for key in chosen.keys] if chosen is not None else []
    known = claiming.vault_keys(house, tx)
    named = reversed(claiming.verified_vault(log, row.vault).keys)
    secrets = tuple(known[item.name] for item in named if item.name in known)
    return Copy(ref, row.member, row.fence, tuple(node for node in nodes if node != house.id), secrets)


def questions(one: Copy, index: int) -> Iterator[tuple[bytes, bytes]]:
    """(vault key, message body) to ask a guardian for chunk ``index``."""
    for key in one.keys:
        name = vault.chunk_name(key, one.ref.root, index)
        yield key, messages.encode_read_chunk(ReadChunk(one.fence, one.member, name))


def opened(one: Copy, index: int, key: bytes, sealed: bytes) -> bytes:
    """The chunk. PeerFault if it is not what the home sealed; that all chunks make the root is seen at the end."""
    try:
        return vault.open_chunk(key, one.ref.root, index, sealed)
    except PeerFault:
        raise PeerFault("the guardian does not keep what it was given", code="withheld") from None
