"""What a guardian has of one of our members beyond what is here: taken in as what a restore brings back.

A home that was put back from an old backup finds itself behind its own copies; so does a new home that was opened
without a guardian which had more than the others. Frames of former epochs are read, verified and decrypted; documents
are entered again in the present epoch and so are copied again, rows take the place of those that nobody has changed
since. Frames that are here already are not read, and twice changes nothing. Source: rules 5, 9 and 11 of the
continuity protocol.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from node.services import claiming, dealings, members, outbox, recovery, returning
from node.services.belongings import collecting, items, rebuilding
from node.services.belongings.items import Item, Joiner, What
from node.services.belongings.rebuilding import Rebuilt
from node.services.claiming import NextRead
from node.services.guarding import behind, renewing, sending, vaulting
from node.services.guarding.behind import Behind, End
from node.services.guarding.sending import Advanced, Told
from node.services.house import House
from node.services.intake import SENT
from node.store import Tx
from protocol import keys
from protocol.errors import Malformed, NotAuthorised
from protocol.guardian import frame
from protocol.identity.control import Guardians, Kind
from protocol.identity.log import ControlLog


@dataclass
class Reading:
    """What one guardian has of one member, while it is read. ``done``: epochs of which it has no more."""

    joiner: Joiner = field(default_factory=Joiner)
    ends: dict[bytes, End] = field(default_factory=dict)
    done: set[bytes] = field(default_factory=set)


def next_read(house: House, tx: Tx, member: bytes, reading: Reading) -> NextRead | None:
    """What to ask the guardian for next, or None."""
    log = members.require_log(house, tx, member)
    row = behind.load(tx, member)
    for name in _former(log):
        if name not in reading.done:
            return NextRead(name, (reading.ends.get(name) or _end(tx, member, name, row)).number)
    return None


def _former(log: ControlLog) -> list[bytes]:
    """Epochs that stand, but for the present one, oldest first."""
    epochs = [name for name, item in log.records.items() if item.signed.record.kind is Kind.EPOCH]
    return [name for name in epochs if name != log.epoch.hash and log.epoch_named(name) is not None]


def _end(tx: Tx, member: bytes, epoch: bytes, row: Behind | None) -> End:
    """Up to where frames of an epoch were made or taken in here."""
    made = tx.guarding.last_of(member, epoch)
    own = End(made.number, made.hash) if made is not None else End(0, b"")
    taken = row.ends.get(epoch) if row is not None else None
    return max(own, taken) if taken is not None else own


def unshown(house: House, tx: Tx, guardian: bytes, wanted: Sequence[bytes]) -> list[bytes]:
    """Of which of ``wanted`` the guardian has to show its vault, before frames of them are made here."""
    found = []
    for member in wanted:
        row = behind.load(tx, member)
        if row is not None and guardian not in row.shown:
            found.append(member)
    return found


def take_vaults(house: House, tx: Tx, member: bytes, guardian: bytes, wires: Sequence[bytes]) -> None:
    """The vaults that a guardian keeps of a member that was put back from a backup, the one in force first."""
    log = members.require_log(house, tx, member)
    before, row = behind.load(tx, member), tx.guarding.get(member)
    if before is None or row is None:
        return
    try:
        learned = vaulting.learn(house, tx, log, row, wires)
    except NotAuthorised as sealed:
        learned = row
        behind.tell(tx, member, [str(sealed)])
    if learned != row:
        if row.vault and not vaulting.names(row) <= vaulting.names(learned):  # a key was retired: lay everything again
            learned = learned._replace(cursor=b"")
        tx.guarding.put(learned)
    behind.save(tx, member, before._replace(shown=before.shown | {guardian}))
    if behind.knows_vault(tx, log):
        house.uncopied.add(member)
    conclude(house, tx, member)


def take(house: House, tx: Tx, member: bytes, wires: Sequence[bytes], reading: Reading) -> Rebuilt:
    """Take frames in that follow what is here. Malformed for any others, and for what no key here opens."""
    log = members.require_log(house, tx, member)
    before = behind.load(tx, member)  # None: not put back from a backup
    secrets, gone = claiming.vault_keys(house, tx), renewing.retired(tx, member)
    found: list[Item] = []
    for wire in wires:
        signed = claiming.verified_frame(log, wire)
        place = signed.frame.place
        last = reading.ends.get(place.epoch) or _end(tx, member, place.epoch, before)
        if place.number != last.number + 1 or (last.number and signed.frame.previous != last.hash):
            raise Malformed(f"number: {last.number + 1} comes next", code="gap")
        reading.ends[place.epoch] = End(place.number, signed.frame.hash)
        if signed.frame.key not in gone:
            found += reading.joiner.feed(items.unpack(frame.unseal(signed, secrets)))
    state = behind.known(before) if before is not None else None
    done = rebuilding.rebuild(house, tx, member, found, state)
    if before is not None and state is not None and reading.joiner.is_whole:  # or read again from the last whole item
        cursor = collecting.encode(collecting.decode(before.cursor)._replace(state=state))
        now = behind.load(tx, member) or before
        behind.save(tx, member, now._replace(cursor=cursor, ends={**before.ends, **reading.ends}))
    _follow(house, tx, member, found)
    behind.tell(tx, member, [*done.told, *done.bad])
    return done


def _follow(house: House, tx: Tx, member: bytes, found: Sequence[Item]) -> None:
    """The dealings of what came, as they stand now; what the member had sent is offered again."""
    held = [items.held(item) for item in found if item.kind == What.HOLDING.value]
    rows = tx.documents.get_many([item.document for item in held])
    dealings.refresh(house, tx, dict.fromkeys(row.thread for row in rows.values()))
    for item in held:
        partner = members.find_log(house, tx, item.partner) if item.direction == SENT else None
        home = partner.standing.epoch.home if partner is not None and partner.standing.epoch is not None else b""
        if home and home != house.id and item.document in rows and item.verdict not in recovery.NOT_SENT:
            outbox.requeue(tx, home, [item.document])


def take_kept(house: House, tx: Tx, guardian: bytes, wire: bytes, told: Sequence[Told]) -> Advanced:
    """A guardian's word (:func:`sending.take_kept`), which may be the last one that a member was waiting for."""
    advanced = sending.take_kept(house, tx, guardian, wire, told)
    for item in told:
        conclude(house, tx, item.member)
    return advanced


def settle(house: House, tx: Tx, member: bytes, guardian: bytes) -> frozenset[bytes]:
    """All that ``guardian`` has is here: enter it in the present epoch. Peers that have something waiting."""
    recovery.adopt_tail(house, tx, member)
    returning.meet_neighbours(house, tx, member)
    ack = tx.guarding.ack(member, guardian)
    tx.guarding.put_acks([ack._replace(finding=sending.READ)])
    house.uncopied.add(member)
    conclude(house, tx, member)
    return frozenset(peer.node for peer in tx.peers.all("accepted"))


def conclude(house: House, tx: Tx, member: bytes) -> None:
    """Nothing is missed any more once as many guardians were heard as a return asks."""
    if behind.load(tx, member) is None:
        return
    heard, needed = progress(house, tx, member)
    if needed and heard >= needed and behind.knows_vault(tx, members.require_log(house, tx, member)):
        behind.clear(tx, member)


def progress(house: House, tx: Tx, member: bytes) -> tuple[int, int]:
    """How many guardians were heard since the backup was put back, of how many; (0, 0) if the member is not behind."""
    chosen: Guardians | None = members.require_log(house, tx, member).standing.guardians
    if chosen is None or behind.load(tx, member) is None:
        return 0, 0
    mine = {keys.node_id(key) for key in chosen.keys}
    acks = [ack for ack in tx.guarding.acks_of(member) if ack.guardian in mine]
    return sum(bool(ack.kept) and ack.finding != sending.AHEAD for ack in acks), chosen.r
