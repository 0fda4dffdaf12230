"""How well members are kept elsewhere, for people: who could be back within what time, and what would be missing.

Owns the colours and the estimate. Decides nothing.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from federation import guardians
from node.services import warding
from node.services.guarding import behind, catching, framing, sending
from node.services.house import House
from node.store import GuardAckRow, GuardedRow, MemberRow, Tx
from protocol import keys
from protocol.identity.control import Guardians
from protocol.identity.log import ControlLog

GREEN, YELLOW, RED, GREY = "green", "yellow", "red", "grey"
USUAL: Final = 4
LATE_US: Final = 10 * 60 * 1_000_000  # what is missing for so long is red
BEGIN_S: Final = 10  # two rounds over the guardians, and opening
BYTES_PER_S: Final = 2_000_000  # fetched, verified, rebuilt
MAX_COUNTED: Final = 1000


class Copy(NamedTuple):
    """What one guardian has. ``behind``: frames that it lacks; ``kept_at``: µs of its last word; ``agreed``: a contract
    is in force; ``finding``: what is wrong, empty while all is well."""

    node: bytes
    name: str
    behind: int
    kept_at: int
    agreed: bool
    finding: str


class Kept(NamedTuple):
    """One member. ``k`` of ``n`` make a document safe; ``missing``: documents that are not; ``back_s``: about so many
    seconds until it works elsewhere; ``lying``, ``silent``: how many guardians of that kind it survives; ``heard`` of
    ``to_hear``: guardians that were asked since an old backup was put back, 0 of 0 once that is over; ``told``: what of
    copies was not taken in then."""

    member: bytes
    name: str
    light: str
    n: int
    k: int
    complete: int
    missing: int
    size: int
    back_s: int
    safe_at: int
    lying: int
    silent: int
    copies: tuple[Copy, ...]
    heard: int = 0
    to_hear: int = 0
    told: tuple[str, ...] = ()


def members(house: House, tx: Tx) -> list[Kept]:
    """Every member of this node, oldest first."""
    return [member(house, tx, row) for row in tx.members.all(local=True)]


def member(house: House, tx: Tx, row: MemberRow) -> Kept:
    """One member."""
    log = framing.guarded_log(house, tx, row.member)
    state = tx.guarding.get(row.member)
    if log is None or state is None or log.standing.guardians is None:
        missing = _missing(tx, row.member, 0)
        return Kept(row.member, row.name, GREY, 0, 0, 0, missing, 0, 0, 0, 0, 0, ())
    return _kept(house, tx, row, log, log.standing.guardians, state)


def _kept(house: House, tx: Tx, row: MemberRow, log: ControlLog, chosen: Guardians, state: GuardedRow) -> Kept:
    acks = {ack.guardian: ack for ack in tx.guarding.acks_of(row.member)}
    copies = tuple(_copy(house, tx, node, state, acks.get(node)) for node in framing.guardians_of(log))
    complete = sum(not copy.behind and copy.kept_at > 0 for copy in copies)
    missing = _missing(tx, row.member, state.safe_holdings)
    _, size = tx.guarding.size(row.member)
    survives = guardians.budget(len(chosen.keys), chosen.k, chosen.r, chosen.q)
    light = _light(house, tx, row.member, state, copies, missing, chosen)
    return Kept(
        row.member,
        row.name,
        light,
        len(chosen.keys),
        chosen.k,
        complete,
        missing,
        size,
        BEGIN_S + size // BYTES_PER_S,
        state.safe_at,
        *survives,
        copies,
        *catching.progress(house, tx, row.member),
        behind.told(tx, row.member),
    )


def _copy(house: House, tx: Tx, node: bytes, state: GuardedRow, ack: GuardAckRow | None) -> Copy:
    peer = tx.peers.get(node)
    agreed = warding.in_force(tx, node, warding.HOME, house.clock()) is not None
    found = ack or GuardAckRow(state.member, node)
    behind = max(0, state.place - found.place)
    finding = "" if found.finding == sending.READ else found.finding
    return Copy(node, peer.name if peer else node.hex()[:12], behind, found.kept_at, agreed, finding)


def _missing(tx: Tx, member: bytes, behind: int) -> int:
    """Documents of the member that no k guardians have; at most MAX_COUNTED are counted."""
    return len(tx.holdings.after(member, behind, MAX_COUNTED))


def _light(
    house: House,
    tx: Tx,
    member: bytes,
    state: GuardedRow,
    copies: tuple[Copy, ...],
    missing: int,
    chosen: Guardians,
) -> str:
    if missing:
        first = tx.holdings.after(member, state.safe_holdings, 1)[0]
        return RED if house.clock() - first.time > LATE_US or not state.safe_place else YELLOW
    if not state.safe_place:
        return RED
    weak = len(chosen.keys) < USUAL or any(copy.behind or copy.finding or not copy.agreed for copy in copies)
    return YELLOW if weak else GREEN


class Ward(NamedTuple):
    """A member of another association that this node keeps. ``promised``: somebody is bringing it back; ``mail``,
    ``mail_size``: parcels that wait for it here, and their bytes."""

    member: bytes
    home: bytes
    home_name: str
    frames: int
    size: int
    updated: int
    promised: bool
    mail: int = 0
    mail_size: int = 0


def wards(tx: Tx) -> list[Ward]:
    """Every ward."""
    names = {row.node: row.name for row in tx.peers.all()}
    found = []
    for row in tx.wards.all():
        frames = sum(chain.number for chain in tx.wards.chains(row.member))
        open_promise = any(one.promised and not one.accepted for one in tx.registers.of(row.member))
        home_name = names.get(row.home, row.home.hex()[:12])
        room = tx.mail.room("member", row.member)
        waits = (room.things, room.size)
        found.append(Ward(row.member, row.home, home_name, frames, row.size, row.updated, open_promise, *waits))
    return found


def wards_of(tx: Tx, text: str) -> list[bytes]:
    """Wards whose id begins with ``text`` (hex), or all for an empty one."""
    return [row.member for row in tx.wards.all() if row.member.hex().startswith(text.lower())]


def name_of(tx: Tx, key: bytes) -> str:
    """A guardian's name."""
    node = keys.node_id(key)
    peer = tx.peers.get(node)
    return peer.name if peer is not None and peer.name else node.hex()[:12]
