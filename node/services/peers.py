"""Peers as a node keeps them: introductions, decisions of people, and the list of who is pinned.

Owns the translation between :mod:`federation.peers` (which decides) and the store. One function, one transaction;
the effects that come back are run after the commit. Must not know connections.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from federation import introduction as introductions
from federation import peers as rules
from federation.effects import PeerEffect, PersonAsked
from federation.enrolment import Invitation, check_typed_code
from federation.introduction import Introduction
from federation.peers import Decision, Peer, PeerEvent, PeerState
from node.certificate import fingerprint, require_profile
from node.services.house import House
from node.store import InvitationRow, PeerRow, Tx
from protocol import canon, shape
from protocol.errors import CallerFault, NotFound
from protocol.identity import descriptor as descriptors
from protocol.identity.control import Reason
from protocol.identity.descriptor import Descriptor
from protocol.keys import NodeId

OWN = "introduction"  # meta key of this node's own introduction
INVITATION_TAG = "yui/invitation/1"


class Side(Enum):
    """Whose operator began an exchange."""

    OURS = "ours"
    THEIRS = "theirs"


@dataclass(frozen=True)
class Presence:
    """What this node says of itself; a change raises the descriptor's version."""

    name: str
    kind: str
    area: str
    endpoints: tuple[str, ...]
    certificates: tuple[bytes, ...]  # DER
    software: str


# --- this node's own introduction


def introduce_self(house: House, tx: Tx, presence: Presence) -> Introduction:
    """This node's introduction for ``presence``: the kept one, or a new one of a higher version.

    A version is the time at which it was made, or the one after the kept one: a node that was put back from a backup
    does not know its latest, and peers believe only a higher one. Such a node makes a new one in any case.
    """
    kept = own_introduction(house, tx)
    put_back = house.recovering == Reason.RESTORE.value
    if kept is not None and not put_back and _says(kept, presence):
        return kept
    now = house.clock()
    shown = Descriptor(
        network=house.network,
        public=house.node.public,
        version=max(now, 1 if kept is None else kept.descriptor.version + 1),
        name=presence.name,
        kind=presence.kind,
        area=presence.area,
        endpoints=presence.endpoints,
        certificates=tuple(fingerprint(certificate) for certificate in presence.certificates),
        software=presence.software,
        speaks=descriptors.SPEAKS,
        time=now,
    )
    wire = introductions.encode(descriptors.sign(house.node, shown), presence.certificates)
    made = introductions.parse(wire, house.network, require_profile)
    tx.meta.set(OWN, wire)
    return made


def own_introduction(house: House, tx: Tx) -> Introduction | None:
    """The introduction that this node shows, if it has made one."""
    wire = tx.meta.get(OWN)
    return introductions.parse(wire, house.network, require_profile) if wire else None


def _says(kept: Introduction, presence: Presence) -> bool:
    shown = kept.descriptor
    said = (shown.name, shown.kind, shown.area, shown.endpoints, kept.certificates, shown.software, shown.speaks)
    return said == (
        presence.name,
        presence.kind,
        presence.area,
        presence.endpoints,
        presence.certificates,
        presence.software,
        descriptors.SPEAKS,
    )


# --- reading


def get(house: House, tx: Tx, node: bytes) -> Peer | None:
    """One peer, or None."""
    row = tx.peers.get(node)
    return None if row is None else _peer(house, row)


def pinned(house: House, tx: Tx) -> list[Peer]:
    """The peers that may connect and are connected to."""
    return [peer for peer in (_peer(house, row) for row in tx.peers.all()) if peer.pinned]


def find(tx: Tx, text: str) -> NodeId:
    """The peer whose name is ``text``, or whose id (hex) begins with it (6 digits or more).

    Raises NotFound; CallerFault if several fit.
    """
    wanted = text.strip().lower()
    rows = [
        row for row in tx.peers.all() if row.name == text or (len(wanted) >= 6 and row.node.hex().startswith(wanted))
    ]
    if not rows:
        raise NotFound("peer", f"no peer with this id or name: {text[:64]}")
    if len(rows) > 1:
        raise CallerFault("peer", f"{len(rows)} peers fit {text[:64]}: give more of the id")
    return NodeId(rows[0].node)


def invitations(house: House, tx: Tx) -> list[Invitation]:
    """The exchanges that wait for people and have not expired."""
    now = house.clock()
    return [_invitation(house, row) for row in tx.invitations.all() if row.state == "open" and row.expires > now]


# --- what happens


def exchanged(house: House, tx: Tx, finished: Invitation) -> Decision:
    """An enrolment exchange ended: keep it for people to compare.

    A pinned peer's is a renewal and decides nothing here; its code is shown all the same, because the other side may
    have lost what it knew. Raises NotAuthorised for a blocked peer.
    """
    known = get(house, tx, finished.node)
    event = PeerEvent.INVITE_ANSWERED if finished.ours else PeerEvent.INTRODUCED
    decision = rules.introduced(known, finished.other, event)
    _keep(house, tx, decision.peer)
    for older in invitations(house, tx):
        if older.node == finished.node:
            tx.invitations.delete(older.id)
    tx.invitations.put(_invitation_row(finished))
    asked: tuple[PeerEffect, ...] = (PersonAsked(finished.node, finished.code),)
    return Decision(decision.peer, decision.effects + asked)


def waiting_strangers(house: House, tx: Tx) -> int:
    """Undecided introductions that came by themselves."""
    return sum(not invitation.ours for invitation in invitations(house, tx))


def accept(house: House, tx: Tx, node: NodeId, typed_code: str | None) -> Decision:
    """A person compared the code and accepts ``node``. ``typed_code`` None: the person confirmed the code shown.

    Raises NotFound, CallerFault: nothing waits for this node, or another code.
    """
    open_ones = [invitation for invitation in invitations(house, tx) if invitation.node == node]
    known = _required(house, tx, node)
    if not known.pinned:
        if not open_ones:
            raise CallerFault("peer", "no introduction of this node is open: invite it (again)")
        if typed_code is not None:
            check_typed_code(open_ones[0], typed_code, house.clock())
    decision = rules.decided(known, PeerEvent.ACCEPT)
    return _decide(house, tx, decision)


def accept_code(house: House, tx: Tx, typed_code: str) -> Decision:
    """A person typed the code that the other side read out; it says which node is meant. NotFound if none has it."""
    digits = "".join(character for character in typed_code if character.isdecimal())
    for invitation in invitations(house, tx):
        if invitation.code == digits:
            return accept(house, tx, invitation.node, digits)
    raise NotFound("code", "no open introduction has this code: compare all eight digits again")


def decide(house: House, tx: Tx, node: NodeId, event: PeerEvent) -> Decision:
    """REFUSE, BLOCK or UNBLOCK by a person, or MET. Raises NotFound, and CallerFault for an impossible change."""
    return _decide(house, tx, rules.decided(_required(house, tx, node), event))


def met(house: House, tx: Tx, node: NodeId) -> Decision:
    """An authenticated request went over the pinned link, in either direction: both sides have accepted."""
    known = _required(house, tx, node)
    if known.state is not PeerState.CONFIRMED:
        return Decision(known)
    return _decide(house, tx, rules.decided(known, PeerEvent.MET))


def renew(house: House, tx: Tx, node: NodeId, wire: bytes) -> Decision:
    """A pinned peer showed its introduction over the link. Raises PeerFault for an unfit one."""
    shown = introductions.parse(wire, house.network, require_profile)
    known = _required(house, tx, node)
    decision = rules.renewed(known, shown)
    if decision.peer is not known:
        _keep(house, tx, decision.peer)
    return decision


def expire(house: House, tx: Tx) -> int:
    """Forget introductions that nobody decided in time, and the peers that were only introduced; how many."""
    now = house.clock()
    gone = [row for row in tx.invitations.all() if row.expires <= now]
    for row in gone:
        tx.invitations.delete(row.id)
        node = _invitation(house, row).node
        known = get(house, tx, node)
        if known is not None and (known.state, PeerEvent.EXPIRE) in rules.TABLE:
            tx.peers.delete(node)
    return len(gone)


# --- rows


def _decide(house: House, tx: Tx, decision: Decision) -> Decision:
    _keep(house, tx, decision.peer)
    for invitation in invitations(house, tx):
        if invitation.node == decision.peer.node:
            tx.invitations.delete(invitation.id)
    return decision


def _required(house: House, tx: Tx, node: NodeId) -> Peer:
    peer = get(house, tx, node)
    if peer is None:
        raise NotFound("peer", "no such peer")
    return peer


def _peer(house: House, row: PeerRow) -> Peer:
    shown = introductions.parse(row.introduction, house.network, require_profile)
    return Peer(shown, PeerState(row.state), row.vouched, row.private)


def _keep(house: House, tx: Tx, peer: Peer) -> None:
    shown = peer.introduction
    before = tx.peers.get(peer.node)
    tx.peers.put(
        PeerRow(
            node=peer.node,
            key=shown.descriptor.public,
            state=peer.state.value,
            descriptor=shown.signed,
            descriptor_signature=b"",
            name=shown.descriptor.name,
            kind=shown.descriptor.kind,
            area=shown.descriptor.area,
            tls=" ".join(fingerprint(certificate).hex() for certificate in shown.certificates),
            endpoint=shown.descriptor.endpoints[0] if shown.descriptor.endpoints else "",
            start_number=before.start_number if before else 0,
            start_nonce=before.start_nonce if before else b"",
            added=before.added if before else house.clock(),
            last_contact=before.last_contact if before else 0,
            note=before.note if before else "",
            introduction=shown.wire,
            vouched=peer.vouched,
            private=peer.private,
        )
    )


def _invitation_row(finished: Invitation) -> InvitationRow:
    side = Side.OURS if finished.ours else Side.THEIRS
    data = canon.encode((INVITATION_TAG, side.value, finished.other.wire, finished.code))
    return InvitationRow(finished.id, "open", finished.expires, data)


def _invitation(house: House, row: InvitationRow) -> Invitation:
    raw = shape.record(canon.decode(row.data, max_bytes=1 << 16), INVITATION_TAG, 4)
    other = introductions.parse(raw[2], house.network, require_profile)
    return Invitation(row.id, raw[1] == Side.OURS.value, other, raw[3], row.expires)
