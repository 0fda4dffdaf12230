"""What every service is given: who this node is, its keys, its clock and its dice.

Owns nothing durable. The same class serves under aiohttp and in the simulator, which hands in its own clock and
entropy. Must not know sockets, SQL or argument parsing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, NamedTuple, Protocol

from protocol.errors import CallerFault, Frozen, WorldFault
from protocol.identity.log import ControlLog
from protocol.keys import NodeId, SigningKey, node_id

TEST_NETWORK: Final = "test"  # for practice: what is printed there is a sample

COPY_SEEN = "another copy of this node has been seen: make sure that only one runs, then resolve"


class KeyWrap(Protocol):
    """Keeps secrets at rest: bound to a purpose and a subject, opened only with the node's secret."""

    def wrap(self, purpose: str, subject: bytes, secret: bytes) -> bytes:
        """The sealed form of ``secret``."""
        ...

    def unwrap(self, purpose: str, subject: bytes, wrapped: bytes) -> bytes:
        """The secret again; CallerFault if the node's secret is another."""
        ...


class Standing(NamedTuple):
    """Which run this is, and what keeps it from signing; fields as in :class:`House`."""

    start_number: int
    start_nonce: bytes
    incarnation: bytes
    frozen: str
    recovering: str


class Safe(NamedTuple):
    """Up to where k guardians have copies of a member: journal position, holding and place in the outgoing stream.

    ``policies``: kinds of documents → ``strict`` or ``at-once``. ``silent``: too few guardians have answered lately
    for anything to become safe soon. ``whole``: everything that was laid into frames is safe. ``at``: grows with every
    change.
    """

    epoch: bytes = b""
    seq: int = 0
    holdings: int = 0
    outgoing: int = 0
    policies: Mapping[str, str] = MappingProxyType({})
    silent: bool = False
    whole: bool = False
    at: int = 0


@dataclass
class House:
    """One running node as its services see it.

    ``incarnation``: 16 bytes drawn at every start, names the outgoing streams of this run. ``keyring``: epoch hash →
    signing key of local members. ``frozen``: why nothing may be signed, empty while all is well. ``recovering``: why
    this start was doubtful, until the peers have been asked what they know of us. ``logs``:
    control logs as read from the store, dropped whenever a transaction fails. ``challenges``: what
    each peer has to sign at its hello; ``expected``: what its own hello in an answer has to sign; ``contradictions``:
    another copy's hello, to be shown to a peer of which two copies were seen; ``retold``: how often,
    and at which position of the stream, a member's history up to a record was told again to a peer that lacked it.
    ``guardian_only``: this node has no members, it keeps copies for others. ``guarded``: members with guardians, as of
    the last commit that is known to be durable; ``uncopied``: those of whom something was written since their last
    frame; ``delayed``: peers whose next batch waits for a document to become safe, and until when (µs).
    """

    network: str
    node: SigningKey
    wrap: KeyWrap
    clock: Callable[[], int]
    entropy: Callable[[int], bytes]
    association: bytes = b""
    name: str = ""
    area: str = ""
    guardian_only: bool = False
    incarnation: bytes = b""
    start_number: int = 0
    start_nonce: bytes = b""
    frozen: str = ""
    recovering: str = ""
    keyring: dict[bytes, SigningKey] = field(default_factory=dict)
    logs: dict[bytes, ControlLog] = field(default_factory=dict)
    challenges: dict[bytes, bytes] = field(default_factory=dict)
    expected: dict[bytes, bytes] = field(default_factory=dict)
    contradictions: dict[bytes, bytes] = field(default_factory=dict)
    retold: dict[tuple[bytes, bytes, bytes], tuple[int, int]] = field(default_factory=dict)
    guarded: dict[bytes, Safe] = field(default_factory=dict)
    uncopied: set[bytes] = field(default_factory=set)
    delayed: dict[bytes, int] = field(default_factory=dict)

    @property
    def id(self) -> NodeId:
        """This node's id."""
        return node_id(self.node.public)

    def require_signing(self) -> None:
        """Raise Frozen while another copy of this node is known to exist, WorldFault while peers are being asked."""
        if self.frozen:
            raise Frozen(self.frozen)
        if self.recovering:
            raise WorldFault("this node is asking its peers what they know of it: try again soon", code="recovering")

    def require_members(self) -> None:
        """Raise CallerFault on a node that is a guardian and nothing else."""
        if self.guardian_only:
            raise CallerFault("node", "is a guardian only: it has no members", code="guardian-only")

    def standing(self) -> Standing:
        """What a transaction may change here: to be put back if it fails."""
        return Standing(self.start_number, self.start_nonce, self.incarnation, self.frozen, self.recovering)

    def stand_again(self, before: Standing) -> None:
        """The transaction that began at ``before`` has failed. What froze the node meanwhile keeps it frozen."""
        self.start_number, self.start_nonce, self.incarnation = before[:3]
        self.frozen = self.frozen or before.frozen
        self.recovering = before.recovering

    def forget_caches(self) -> None:
        """Drop what was read from the store: a transaction failed and may have left the caches ahead of it."""
        self.logs.clear()
        self.challenges.clear()
