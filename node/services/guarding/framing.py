"""The next frames of our members: collected, sealed, signed, stored here to be given to every guardian.

Owns how items are laid into frames and what a frame says of its reach. Works inside the writer's transaction, so that
nothing which was committed before can be missed. Source: ``docs/protocol.md`` §15.3, §15.4.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from node.services import members
from node.services.belongings import collecting
from node.services.belongings import items as belongings
from node.services.belongings.collecting import Reach, collect
from node.services.belongings.items import Item
from node.services.guarding import behind, renewing, vaulting
from node.services.house import House, Safe
from node.store import GuardChunkRow, GuardedRow, GuardFrameRow, Tx
from protocol import canon, keys, vault
from protocol.document import attachment
from protocol.errors import CallerFault, InvariantBroken, PeerFault, WorldFault, YuiError
from protocol.guardian import frame
from protocol.guardian.frame import Frame, Place, Signed
from protocol.identity.log import ControlLog
from protocol.limits import MAX_FRAME_PLAIN_BYTES

ITEM_OVERHEAD: Final = 32
TARGET_BYTES: Final = MAX_FRAME_PLAIN_BYTES - 64 * 1024  # of what is collected at once
MAX_FRAMES_AT_ONCE: Final = 4  # of one member in one transaction
MAX_MEMBERS_AT_ONCE: Final = 32
_VERSION: Final = "vault-version/"  # as :mod:`node.services.claiming` notes it


class Quorum(NamedTuple):
    """A member's guardians by node id, and how many of them make a document safe."""

    guardians: tuple[bytes, ...]
    k: int


class Built(NamedTuple):
    """How safe each member is that was looked at, None if it has no guardians (any more), and its quorum."""

    guarded: dict[bytes, Safe | None]
    quorums: dict[bytes, Quorum]


class Unbuilt(YuiError):
    """Frames of ``member`` cannot be built, of others perhaps: the transaction is given up, its cause says why."""

    code = "unbuilt"

    def __init__(self, member: bytes) -> None:
        super().__init__(f"no frames of {member.hex()[:12]} can be built")
        self.member = member


def build(house: House, tx: Tx, thorough: Collection[bytes]) -> Built:
    """Lay what is new of members in ``house.uncopied`` into frames. The caller commits, and gives them back if not.

    Unbuilt if one of them is in trouble: the caller leaves that one out next time.
    ``thorough``: members of whom also those rows are compared that change without a journal entry.
    """
    taken = sorted(house.uncopied)[:MAX_MEMBERS_AT_ONCE]
    house.uncopied.difference_update(taken)
    found: dict[bytes, Safe | None] = {}
    quorums: dict[bytes, Quorum] = {}
    try:
        for member in taken:
            log = guarded_log(house, tx, member)
            if log is None:
                found[member] = None
                continue
            try:
                row, more = _build(house, tx, log, member in thorough)
            except (CallerFault, PeerFault, InvariantBroken) as trouble:
                raise Unbuilt(member) from trouble
            if more:
                house.uncopied.add(member)
            found[member] = safe_of(row)
            chosen = log.standing.guardians
            quorums[member] = Quorum(tuple(guardians_of(log)), chosen.k if chosen else 0)
    except BaseException:
        house.uncopied.update(taken)
        raise
    return Built(found, quorums)


def build_some(house: House, tx: Tx, log: ControlLog) -> tuple[GuardedRow, bool]:
    """Lay what is new of one member into frames, whether or not it has guardians; whether something is left."""
    before = tx.guarding.get(log.member)
    if vaulting.is_due(house, log, before or GuardedRow(log.member)) and not behind.knows_vault(tx, log):
        raise WorldFault("put back from a backup: its guardians have to show its keys first", code="behind")
    if before is not None and before.vault and vaulting.refresh(house, tx, log, before) == before:
        found = collect(house, tx, log.member, before.cursor, TARGET_BYTES)
        if found.cursor == before.cursor and not found.more:
            return before, False
    row, more = _build(house, tx, log, True)
    if before != row and guardians_of(log):
        house.uncopied.add(log.member)  # they are told of it
    return row, more


def load(tx: Tx) -> dict[bytes, Safe]:
    """Every member with guardians, as the last run left it."""
    return {row.member: safe_of(row) for row in tx.guarding.all()}


def adopt(
    house: House, tx: Tx, member: bytes, chain: Iterable[Signed], wire: bytes, copied: Mapping[bytes, str]
) -> None:
    """A member came here from another home: its frames go on behind those that were read, ``wire`` is its vault.

    ``copied``: verdicts by document, as these frames say. What is here beyond them is laid into the next ones.
    """
    log = members.require_log(house, tx, member)
    kept = vault.read(wire) if wire else None
    before = tx.guarding.get(member)
    tx.guarding.drop(member)  # of an earlier stay here
    tx.renewing.drop(member)
    place, sealing = 0, set()
    for place, signed in enumerate(chain, 1):
        sealing.add(signed.frame.key)
        header = signed.frame
        where = (member, place, header.place.epoch, header.place.number, header.hash)
        row = GuardFrameRow(*where, signed.record, signed.signature, header.entries, 0, 0, 0, header.time, None)
        tx.guarding.add_frame(row, signed.sealed)
    cursor = collecting.encode(collecting.read_back(tx, member, copied))
    version = max(kept.version if kept else 0, tx.meta.get_int(_VERSION + member.hex()))
    policies = before.policies if before is not None else b""
    state = GuardedRow(member, wire, version, cursor=cursor, place=place, policies=policies)
    if kept is not None and log.epoch_named(kept.epoch) is None:
        state = vaulting.signed_anew(house, tx, log, state, kept)
    tx.guarding.put(state)  # its holders are not this home's: the first frame here is under a new key
    for name in sealing - {item.name for item in kept.keys} if kept else ():
        tx.wrapped_keys.destroy(vaulting.PURPOSE, name)  # retired, and set aside where they were opened
    house.uncopied.add(member)


def guarded_log(house: House, tx: Tx, member: bytes) -> ControlLog | None:
    """The control log of a member at home here that has guardians, or None."""
    row = tx.members.get(member)
    if row is None or not row.local:
        return None
    log = members.require_log(house, tx, member)
    return log if guardians_of(log) else None


def guardians_of(log: ControlLog) -> list[bytes]:
    """Node ids of a member's guardians."""
    chosen = log.standing.guardians
    return [keys.node_id(key) for key in chosen.keys] if chosen is not None else []


def safe_of(row: GuardedRow) -> Safe:
    """How safe a member is, as the hot path asks for it."""
    policies = canon.decode(row.policies) if row.policies else {}
    reach = (row.safe_epoch, row.safe_seq, row.safe_holdings, row.safe_outgoing)
    return Safe(*reach, policies, whole=row.safe_place == row.place, at=row.safe_at)


def _build(house: House, tx: Tx, log: ControlLog, thorough: bool) -> tuple[GuardedRow, bool]:
    """Frames of everything new, as far as one transaction goes; whether something is left."""
    row = tx.guarding.get(log.member) or GuardedRow(log.member)
    before = row
    if vaulting.is_due(house, log, row) and not behind.knows_vault(tx, log):
        return row, False  # the guardians are asked for theirs first: :mod:`catching`
    row = renewing.advance(house, tx, log, vaulting.refresh(house, tx, log, row))
    thorough = thorough or renewing.is_laying(tx, log.member)
    chain = _Chain(house, tx, log, row)
    more = True
    while more and chain.made < MAX_FRAMES_AT_ONCE:
        found = collect(house, tx, log.member, row.cursor, TARGET_BYTES, thorough=thorough)
        chain.list_chunks(found.items)
        chain.add(found.items, found.reach)
        row = row._replace(cursor=found.cursor, place=chain.place, chunks=chain.chunks)
        more = found.more
    if not more:
        renewing.laid(house, tx, row)
    if row != before:
        tx.guarding.put(row)
    return row, more


class _Chain:
    """The end of a member's frames, to which more are added."""

    def __init__(self, house: House, tx: Tx, log: ControlLog, row: GuardedRow) -> None:
        self.house = house
        self.tx = tx
        self.log = log
        self.place = row.place
        self.chunks = row.chunks
        self.made = 0
        self._vault = vaulting.current(log, row).keys[-1].name
        self._key = b""
        last = tx.guarding.last_frame(log.member)
        epoch = log.epoch.hash
        self._previous = last.hash if last else b""
        self._number = last.number if last and last.epoch == epoch else 0
        self._reach = Reach(epoch, 0, b"", last.holdings if last else 0, last.outgoing if last else 0)
        if last is not None and last.epoch == epoch:
            self._reach = self._reach._replace(seq=last.seq, head=frame.parse_header(last.record).entries_head)

    def add(self, items: Sequence[Item], reach: Reach | None) -> None:
        """Frames with ``items``; the last of them reaches as far as ``reach`` says."""
        groups = list(laid_out(items))
        for at, group in enumerate(groups):
            if at == len(groups) - 1 and reach is not None and reach.epoch == self.log.epoch.hash:
                self._reach = reach
            self._append(belongings.pack(group))

    def list_chunks(self, items: Sequence[Item]) -> None:
        """Chunks of complete attachments that came up for the first time."""
        files = {root: size for root, size in map(belongings.file_of, items) if root}
        if not files:
            return
        here = {root for root, row in self.tx.attachments.get_many(files).items() if row.complete}
        rows = []
        for root in sorted(here):
            for piece in range(attachment.chunk_count(files[root])):
                name = vault.chunk_name(self._open(), root, piece)
                rows.append(GuardChunkRow(self.log.member, 0, root, piece, name))
        known = {row.name for row in self.tx.guarding.chunks_named(self.log.member, [row.name for row in rows])}
        fresh = [row for row in rows if row.name not in known]
        self.tx.guarding.add_chunks([row._replace(place=self.chunks + at) for at, row in enumerate(fresh, 1)])
        self.chunks += len(fresh)

    def _open(self) -> bytes:
        self._key = self._key or vaulting.open_key(self.house, self.tx, self._vault)
        return self._key

    def _append(self, plain: bytes) -> None:
        house, epoch = self.house, self.log.epoch
        self._number += 1
        self.place += 1
        self.made += 1
        now = house.clock()
        place = Place(self.log.member, epoch.hash, self._number)
        sealed = vault.seal_frame(self._open(), frame.about(place), plain, house.entropy(vault.NONCE_BYTES))
        header = Frame(house.network, place, self._previous, self._vault, b"", self._reach.seq, self._reach.head, now)
        signed = frame.sign(house.keyring[epoch.hash], header, sealed)
        self._previous = signed.frame.hash
        row = GuardFrameRow(
            *(place.member, self.place, place.epoch, place.number, signed.frame.hash, signed.record, signed.signature),
            *(self._reach.seq, self._reach.holding, self._reach.outgoing, self.chunks, now, None),
        )
        self.tx.guarding.add_frame(row, sealed)


def laid_out(items: Iterable[Item]) -> Iterator[list[Item]]:
    """Items in groups that fit a frame."""
    group: list[Item] = []
    size = 0
    for item in items:
        length = len(item.payload) + ITEM_OVERHEAD
        if group and size + length > MAX_FRAME_PLAIN_BYTES:
            yield group
            group, size = [], 0
        group.append(item)
        size += length
    if group:
        yield group
