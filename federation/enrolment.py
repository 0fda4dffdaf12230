"""How two nodes that have never met exchange introductions, so that two people can compare one short code.

Owns the four messages, the code, and the two machines: :class:`Caller` for the node whose operator typed an address,
:class:`Desk` for the node that answers strangers. Must not know HTTP, nor what people decide afterwards
(:mod:`federation.peers`). Messages (canonical arrays):

1. caller → desk  ``["yui/enrol/commit/1", network, commitment]``, commitment = SHA-256 of
   ``["yui/enrol/commitment/1", nonce A, introduction A]``
2. desk → caller  ``["yui/enrol/answer/1", ticket, nonce B, introduction B]``
3. caller → desk  ``["yui/enrol/reveal/1", ticket, nonce A, introduction A, signature A]``
4. desk → caller  ``["yui/enrol/noted/1", enrolment id, signature B]``

*Transcript* = ``[network, introduction A, nonce A, introduction B, nonce B]``. Enrolment id = SHA-256 of
``["yui/enrol/id/1", transcript]``; both nodes sign it with their node keys. Code = SHA-256 of
``["yui/enrol/code/1", transcript]`` as a big-endian integer modulo 10^8, eight digits (the bias is below 2^-229).
An introduction holds the descriptor and the TLS certificates, so the code stands for both keys of both nodes.

**Why eight digits are enough.** Somebody in the middle runs one exchange with A (showing a false B) and one with B
(showing a false A); people notice unless both give the same code. Towards A it must choose nonce and introduction
knowing only A's commitment; towards B it is bound by its own commitment before it sees B's nonce. Whichever exchange
it finishes last has a code uniformly distributed over 10^8 values after everything in its power is fixed: one guess,
probability 10^-8. More guesses cost: towards A, a person who invites again; towards B, another commitment, and the desk
answers at most MAX_COMMITMENTS_PER_HOUR (30) of all strangers together, whether or not they go on to reveal. While A's
code waits to be compared, at most a week, that is 5,040 guesses: 5 × 10^-5. A commitment that is not followed by its
reveal is counted in ``broken_off``, which operators see.

Source: ``docs/protocol.md`` §10; commit–reveal as in RFC 6189 (ZRTP) §4.4.1.1.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass

from federation import introduction as introductions
from federation.introduction import CertificateCheck, Introduction
from protocol import canon, keys, shape
from protocol.errors import BadSignature, CallerFault, Malformed, Misdirected, TooLarge
from protocol.keys import NodeId, Purpose, SigningKey
from protocol.limits import (
    COMMITMENT_LIFETIME_US,
    INVITATION_LIFETIME_US,
    MAX_COMMITMENTS_PER_HOUR,
    MAX_INTRODUCTION_BYTES,
    MAX_OPEN_COMMITMENTS,
    MAX_PENDING_INVITATIONS,
    SHORT_CODE_DIGITS,
)

NONCE_BYTES = 32
TICKET_BYTES = 16
HOUR_US = 3600 * 1_000_000
MAX_MESSAGE_BYTES = MAX_INTRODUCTION_BYTES + 1024


@dataclass(frozen=True)
class Invitation:
    """A finished exchange that waits for people. ``ours``: our operator typed the address; ``code`` is eight digits."""

    id: bytes
    ours: bool
    other: Introduction
    code: str
    expires: int  # µs UTC, by this node's clock

    @property
    def node(self) -> NodeId:
        """The other node."""
        return self.other.node


def shown_code(code: str) -> str:
    """The code as people read it aloud: ``1234 5678``."""
    return f"{code[:4]} {code[4:]}"


def check_typed_code(invitation: Invitation, typed: str, now: int) -> None:
    """Return if ``typed`` is the invitation's code and it is still open; CallerFault otherwise."""
    if now >= invitation.expires:
        raise CallerFault("code", "this invitation has expired; invite again")
    digits = "".join(character for character in typed if character.isdecimal())
    if digits != invitation.code:
        raise CallerFault("code", "this is not the code; compare all eight digits with the other association again")


class Caller:
    """The side whose operator typed an address. Use once: :meth:`commitment`, :meth:`answered`, :meth:`noted`."""

    def __init__(self, network: str, own: bytes, key: SigningKey, nonce: bytes) -> None:
        """``own``: our introduction's wire bytes; ``nonce``: 32 random bytes, never used before."""
        self._network = network
        self._own = own
        self._key = key
        self._nonce = shape.fixed(nonce, "nonce", NONCE_BYTES)
        self._transcript: tuple[object, ...] = ()
        self._other: Introduction | None = None

    def commitment(self) -> bytes:
        """Message 1."""
        return canon.encode(("yui/enrol/commit/1", self._network, _commitment(self._nonce, self._own)))

    def answered(self, message: bytes, met_certificate: bytes, check: CertificateCheck) -> bytes:
        """Message 3, from message 2 and the certificate that the server proved to hold.

        Raises Malformed, TooLarge, BadSignature, Misdirected: the answer is unfit or somebody stands in between.
        """
        raw = shape.record(canon.decode(message, max_bytes=MAX_MESSAGE_BYTES), "yui/enrol/answer/1", 4)
        ticket = shape.fixed(raw[1], "ticket", TICKET_BYTES)
        nonce = shape.fixed(raw[2], "nonce", NONCE_BYTES)
        other = introductions.parse(shape.binary(raw[3], "introduction", MAX_INTRODUCTION_BYTES), self._network, check)
        if met_certificate not in other.certificates:
            raise Misdirected("certificate: the server's is not the introduced one; the address leads elsewhere")
        if other.node == keys.node_id(self._key.public):
            raise Misdirected("node: this address is our own")
        self._other = other
        self._transcript = (self._network, self._own, self._nonce, other.wire, nonce)
        signature = self._key.sign(Purpose.ENROL, _enrolment_id(self._transcript))
        return canon.encode(("yui/enrol/reveal/1", ticket, self._nonce, self._own, signature))

    def noted(self, message: bytes, now: int) -> Invitation:
        """The finished exchange, from message 4. Raises Malformed, BadSignature, Misdirected."""
        if self._other is None:
            raise Malformed("noted: before an answer")
        raw = shape.record(canon.decode(message), "yui/enrol/noted/1", 3)
        if raw[1] != _enrolment_id(self._transcript):
            raise Misdirected("enrolment id: the other side saw another exchange")
        keys.verify(self._other.descriptor.public, Purpose.ENROL, raw[1], _signature(raw[2]))
        return _invitation(self._transcript, self._other, ours=True, now=now)


@dataclass(frozen=True)
class _Open:
    commitment: bytes
    own: bytes
    nonce: bytes
    expires: int


class Desk:
    """The side that answers strangers. Bounded in memory and in guesses; knows nothing after a restart."""

    def __init__(self, network: str, key: SigningKey) -> None:
        self._network = network
        self._key = key
        self._open: OrderedDict[bytes, _Open] = OrderedDict()
        self._recent: deque[int] = deque()
        self.broken_off = 0  # exchanges that stopped before the reveal, or revealed something else

    def committed(self, message: bytes, own: bytes, ticket: bytes, nonce: bytes, now: int) -> bytes:
        """Message 2, from message 1. ``own`` is our introduction; ``ticket`` (16) and ``nonce`` (32) are random bytes.

        ``now`` is monotonic µs. Raises Malformed, Misdirected; TooLarge when strangers are too many.
        """
        raw = shape.record(canon.decode(message), "yui/enrol/commit/1", 3)
        if raw[1] != self._network:
            raise Misdirected(f"network: this node is on {self._network}")
        commitment = shape.hash32(raw[2], "commitment")
        self._forget_old(now)
        if len(self._recent) >= MAX_COMMITMENTS_PER_HOUR or len(self._open) >= MAX_OPEN_COMMITMENTS:
            raise TooLarge("too many introductions in this hour: try later, or let this node invite yours")
        self._recent.append(now)
        self._open[ticket] = _Open(commitment, own, nonce, now + COMMITMENT_LIFETIME_US)
        return canon.encode(("yui/enrol/answer/1", ticket, nonce, own))

    def revealed(
        self, message: bytes, check: CertificateCheck, waiting: int, now: int, wall: int
    ) -> tuple[Invitation, bytes]:
        """The finished exchange and message 4, from message 3. One try per ticket.

        ``waiting``: invitations of strangers that nobody has decided yet; ``now`` is monotonic, ``wall`` UTC, in µs.
        Raises Malformed, TooLarge, BadSignature, Misdirected.
        """
        raw = shape.record(canon.decode(message, max_bytes=MAX_MESSAGE_BYTES), "yui/enrol/reveal/1", 5)
        self._forget_old(now)
        opened = self._open.pop(shape.fixed(raw[1], "ticket", TICKET_BYTES), None)
        if opened is None:
            raise Malformed("ticket: unknown or too old; begin again")
        try:
            return self._finish(opened, raw, check, waiting, wall)
        except (Malformed, TooLarge, BadSignature, Misdirected):
            self.broken_off += 1
            raise

    def _finish(
        self, opened: _Open, raw: list[object], check: CertificateCheck, waiting: int, wall: int
    ) -> tuple[Invitation, bytes]:
        nonce = shape.fixed(raw[2], "nonce", NONCE_BYTES)
        wire = shape.binary(raw[3], "introduction", MAX_INTRODUCTION_BYTES)
        if _commitment(nonce, wire) != opened.commitment:
            raise Malformed("reveal: not what was committed to")
        other = introductions.parse(wire, self._network, check)
        if other.node == keys.node_id(self._key.public):
            raise Misdirected("node: this address is your own")
        if waiting >= MAX_PENDING_INVITATIONS:
            raise TooLarge("too many undecided introductions; let this node invite yours")
        transcript = (self._network, wire, nonce, opened.own, opened.nonce)
        enrolment = _enrolment_id(transcript)
        keys.verify(other.descriptor.public, Purpose.ENROL, enrolment, _signature(raw[4]))
        noted = canon.encode(("yui/enrol/noted/1", enrolment, self._key.sign(Purpose.ENROL, enrolment)))
        return _invitation(transcript, other, ours=False, now=wall), noted

    def _forget_old(self, now: int) -> None:
        while self._recent and self._recent[0] <= now - HOUR_US:
            self._recent.popleft()
        while self._open and next(iter(self._open.values())).expires <= now:
            self._open.popitem(last=False)
            self.broken_off += 1


def _commitment(nonce: bytes, introduction: bytes) -> bytes:
    return canon.digest(canon.encode(("yui/enrol/commitment/1", nonce, introduction)))


def _enrolment_id(transcript: tuple[object, ...]) -> bytes:
    return canon.digest(canon.encode(("yui/enrol/id/1", transcript)))


def _signature(value: object) -> bytes:
    return shape.fixed(value, "signature", keys.SIGNATURE_BYTES)


def _invitation(transcript: tuple[object, ...], other: Introduction, *, ours: bool, now: int) -> Invitation:
    number = int.from_bytes(canon.digest(canon.encode(("yui/enrol/code/1", transcript))), "big")
    code = str(number % 10**SHORT_CODE_DIGITS).zfill(SHORT_CODE_DIGITS)
    return Invitation(_enrolment_id(transcript), ours, other, code, now + INVITATION_LIFETIME_US)
