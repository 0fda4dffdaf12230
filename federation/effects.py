"""What the pure machines ask their driver to do. Data only; the driver (asyncio or simulator) carries it out.

Owns the vocabulary. Every effect is a frozen dataclass; machines return them in order, the driver runs them after
the transaction that made them true has committed.
"""

from __future__ import annotations

from dataclasses import dataclass

from protocol.keys import NodeId
from protocol.statistics.ledger import Event


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


@dataclass(frozen=True)
class SayHello:
    """Greet ``peer``: the comparison of start numbers that shows a restored or cloned node. ``attempt`` comes back."""

    peer: NodeId
    attempt: int
    returning: bool = True


@dataclass(frozen=True)
class SendBatch:
    """Send ``peer`` the next items of its stream behind position ``after``, if there are any."""

    peer: NodeId
    attempt: int
    after: int
    returning: bool = False


@dataclass(frozen=True)
class PullBatch:
    """Ask ``peer`` for the next items of its stream to us."""

    peer: NodeId
    attempt: int
    returning: bool = False


@dataclass(frozen=True)
class SaveLink:
    """Write down how the link stands, for people and for the next start. ``failures`` 0 means that it works."""

    peer: NodeId
    failures: int
    retry_in_us: int
    error: str


Exchange = SayHello | SendBatch | PullBatch  # what takes a place in service (see node.runtime)
LinkEffect = Exchange | SaveLink


@dataclass(frozen=True)
class Tell:
    """Give the node with the key ``to`` a message of a question."""

    to: bytes
    body: bytes


@dataclass(frozen=True)
class Blamed:
    """A node broke a rule of a question and is left out from here on; people should know."""

    node: bytes
    rule: str


@dataclass(frozen=True)
class Note:
    """Enter this into the ledger of questions before anything that follows is told. ``cells``: by number."""

    event: Event
    cells: tuple[int, ...] = ()
    answerers: bytes = b""
    detail: str = ""


@dataclass(frozen=True)
class Opened:
    """The question is answered: the signed result, and its sums by number of the cell."""

    signed: bytes
    sums: tuple[tuple[int, int], ...]
    nodes: tuple[bytes, ...]


@dataclass(frozen=True)
class Unopened:
    """The question ended without a result."""

    reason: str


QuestionEffect = Tell | Blamed | Note | Opened | Unopened
