"""Trust between two nodes: what state a peer is in, and what moves it.

Owns the table of states and the rules of renewal. Must not know how introductions travel
(:mod:`federation.enrolment`), nor where peers are stored. Trust is two-sided: each side's people compare the short
code and accept; only the pinned link that both then open makes a peer *accepted*. Addresses come from the accepted
descriptor alone, and a newer one signed by the same key replaces it, over whatever way it came.

===========  =====================================================================
state        meaning here
===========  =====================================================================
unknown      never met (not stored)
invited      we asked it; its introduction is here, nobody here has decided
pending      it asked us; nobody here has decided
confirmed    accepted and pinned here; the other side has not opened a link yet
accepted     both sides have accepted: a pinned link has been open
refused      declined here; it may introduce itself again
blocked      nothing of it is answered, until a person unblocks it
===========  =====================================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum

from federation.addresses import is_private
from federation.effects import LinkWoken, PeerEffect, PinsChanged
from federation.introduction import Introduction
from protocol.errors import CallerFault, Misdirected, NotAuthorised
from protocol.keys import NodeId


class PeerState(Enum):
    """As in the module's table."""

    UNKNOWN = "unknown"
    INVITED = "invited"
    PENDING = "pending"
    CONFIRMED = "confirmed"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    BLOCKED = "blocked"


class PeerEvent(Enum):
    """What can happen to a peer. The last five are decisions of a person here or the passing of time."""

    INVITE_ANSWERED = "invite-answered"
    INTRODUCED = "introduced"
    MET = "met"  # an authenticated request in either direction over the pinned link
    ACCEPT = "accept"
    REFUSE = "refuse"
    BLOCK = "block"
    UNBLOCK = "unblock"
    EXPIRE = "expire"


S, E = PeerState, PeerEvent

# What is not in the table is impossible. UNBLOCK of a peer that nobody ever accepted leads to REFUSED instead.
TABLE: Mapping[tuple[PeerState, PeerEvent], PeerState] = {
    (S.UNKNOWN, E.INVITE_ANSWERED): S.INVITED,
    (S.UNKNOWN, E.INTRODUCED): S.PENDING,
    (S.INVITED, E.INVITE_ANSWERED): S.INVITED,
    (S.INVITED, E.INTRODUCED): S.INVITED,
    (S.INVITED, E.ACCEPT): S.CONFIRMED,
    (S.INVITED, E.REFUSE): S.REFUSED,
    (S.INVITED, E.BLOCK): S.BLOCKED,
    (S.INVITED, E.EXPIRE): S.UNKNOWN,
    (S.PENDING, E.INVITE_ANSWERED): S.INVITED,
    (S.PENDING, E.INTRODUCED): S.PENDING,
    (S.PENDING, E.ACCEPT): S.CONFIRMED,
    (S.PENDING, E.REFUSE): S.REFUSED,
    (S.PENDING, E.BLOCK): S.BLOCKED,
    (S.PENDING, E.EXPIRE): S.UNKNOWN,
    (S.CONFIRMED, E.INVITE_ANSWERED): S.CONFIRMED,
    (S.CONFIRMED, E.INTRODUCED): S.CONFIRMED,
    (S.CONFIRMED, E.MET): S.ACCEPTED,
    (S.CONFIRMED, E.ACCEPT): S.CONFIRMED,
    (S.CONFIRMED, E.REFUSE): S.REFUSED,
    (S.CONFIRMED, E.BLOCK): S.BLOCKED,
    (S.ACCEPTED, E.INVITE_ANSWERED): S.ACCEPTED,
    (S.ACCEPTED, E.INTRODUCED): S.ACCEPTED,
    (S.ACCEPTED, E.MET): S.ACCEPTED,
    (S.ACCEPTED, E.ACCEPT): S.ACCEPTED,
    (S.ACCEPTED, E.BLOCK): S.BLOCKED,
    (S.REFUSED, E.INVITE_ANSWERED): S.INVITED,
    (S.REFUSED, E.INTRODUCED): S.PENDING,
    (S.REFUSED, E.REFUSE): S.REFUSED,
    (S.REFUSED, E.BLOCK): S.BLOCKED,
    (S.BLOCKED, E.BLOCK): S.BLOCKED,
    (S.BLOCKED, E.UNBLOCK): S.CONFIRMED,
}

PINNED = frozenset({S.CONFIRMED, S.ACCEPTED})  # may connect, and is connected to


@dataclass(frozen=True)
class Peer:
    """One other node. ``vouched``: a person here has accepted it once; ``private``: it may lie on our own networks."""

    introduction: Introduction
    state: PeerState = S.UNKNOWN
    vouched: bool = False
    private: bool = False

    @property
    def node(self) -> NodeId:
        """Its id."""
        return self.introduction.node

    @property
    def pinned(self) -> bool:
        """Whether its certificates are anchors here."""
        return self.state in PINNED


@dataclass(frozen=True)
class Decision:
    """What to store and what to do after the commit."""

    peer: Peer
    effects: tuple[PeerEffect, ...] = ()


def introduced(known: Peer | None, shown: Introduction, event: PeerEvent) -> Decision:
    """A node showed its introduction, answering our invitation (INVITE_ANSWERED) or coming by itself (INTRODUCED).

    For a pinned peer this is a renewal and decides nothing. Raises NotAuthorised for a blocked one.
    """
    if known is None:
        known = Peer(shown)
    if known.state is S.BLOCKED:
        raise NotAuthorised("this node does not accept introductions from you")
    if known.pinned:
        return renewed(known, shown)
    return Decision(replace(known, introduction=shown, state=TABLE[known.state, event]))


def renewed(known: Peer, shown: Introduction) -> Decision:
    """A pinned peer showed a descriptor signed by its own key: a higher version replaces ours, others change nothing.

    A peer that lay on public addresses only stays so: it needs a person's word to lead us into our own networks.
    Raises Misdirected if it is another node's.
    """
    if shown.node != known.node:
        raise Misdirected("descriptor: it is another node's than the link's")
    if not known.pinned or shown.descriptor.version <= known.introduction.descriptor.version:
        return Decision(known)
    moved = replace(known, introduction=shown)
    return Decision(moved, (PinsChanged(known.node), LinkWoken(known.node)))


def decided(known: Peer, event: PeerEvent) -> Decision:
    """A person's decision, expiry, or the first meeting over the pinned link. CallerFault if the table has no row."""
    after = TABLE.get((known.state, event))
    if after is None:
        raise CallerFault("peer", f"a peer that is {known.state.value} cannot be changed by {event.value}")
    if event is E.UNBLOCK and not known.vouched:
        after = S.REFUSED
    peer = replace(known, state=after)
    if event is E.ACCEPT and not known.pinned:
        peer = replace(peer, vouched=True, private=_on_private_address(known.introduction))
    effects: list[PeerEffect] = []
    if peer.pinned != known.pinned:
        effects.append(PinsChanged(peer.node))
        if peer.pinned:
            effects.append(LinkWoken(peer.node))
    return Decision(peer, tuple(effects))


def _on_private_address(shown: Introduction) -> bool:
    """Whether the descriptor that a person accepts names, as a literal address, one of a private network."""
    return any(is_private(endpoint.host) for endpoint in shown.endpoints)
