"""What the pure machines ask their driver to do. Data only; the driver (asyncio or simulator) carries it out.

Owns the vocabulary. Every effect is a frozen dataclass; machines return them in order, the driver runs them after
the transaction that made them true has committed.
"""

from __future__ import annotations

from dataclasses import dataclass

from protocol.keys import NodeId


@dataclass(frozen=True)
class PinsChanged:
    """Who may connect has changed: give the transport the accepted peers anew. ``node`` is the one that differs."""

    node: NodeId


@dataclass(frozen=True)
class PersonAsked:
    """Somebody at this node should compare a short code and decide about ``node``."""

    node: NodeId
    code: str


@dataclass(frozen=True)
class LinkWoken:
    """There is reason to call ``node`` now: just accepted, or moved."""

    node: NodeId


PeerEffect = PinsChanged | PersonAsked | LinkWoken
