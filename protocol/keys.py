"""Ed25519 keys, purposes and Merkle trees. The only module that signs, verifies or agrees on secrets.

Owns domain separation and the one Ed25519 implementation (libsodium). A signature never covers bytes that a stranger
chose: it covers ``"yui/sig/1/" + purpose + NUL + SHA-256 of a record built here``. Knows nothing of storage of keys.

Source: RFC 8032; tree hashing as in RFC 6962 §2.1 (leaf prefix 0, node prefix 1).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from enum import Enum
from typing import Annotated, NamedTuple, NewType

import nacl.bindings as sodium
from msgspec import Meta
from nacl.exceptions import BadSignatureError
from nacl.exceptions import RuntimeError as SodiumError

from protocol.errors import BadSignature, Malformed
from protocol.limits import MAX_PROOF_PATH

PublicKey = NewType("PublicKey", bytes)  # 32 bytes
NodeId = NewType("NodeId", bytes)  # SHA-256 of "yui/node/1\0" and the node's public key
MemberId = NewType("MemberId", bytes)  # SHA-256 of the genesis record
DocumentId = NewType("DocumentId", bytes)  # SHA-256 of the header
EpochHash = NewType("EpochHash", bytes)  # SHA-256 of the epoch record

HASH_BYTES = 32
SIGNATURE_BYTES = 64


class Purpose(Enum):
    """What a signature is for; one key's signature for one purpose is worthless for another."""

    DESCRIPTOR = b"descriptor"
    CONTROL = b"control"
    DOCUMENTS = b"documents"
    HEAD = b"head"
    BATCH = b"batch"
    RECEIPT = b"receipt"
    CARD = b"card"
    HELLO = b"hello"
    ENROL = b"enrol"
    VAULT = b"vault"
    FRAME = b"frame"
    KEPT = b"kept"
    CUSTODY = b"custody"
    FENCE = b"fence"
    PROMISE = b"promise"
    COUNTERSIGN = b"countersign"
    EXPORT = b"export"
    BOX = b"box"
    DRILL = b"drill"
    STATISTICS = b"statistics"
    FORGOTTEN = b"forgotten"
    JOINT = b"joint"
    OFFER = b"offer"
    DRAWING = b"drawing"
    GROUP = b"group"


class SigningKey:
    """An Ed25519 private key. ``public`` is its 32-byte public key; the seed does not leave by accident."""

    __slots__ = ("_secret", "public")

    def __init__(self, seed: bytes) -> None:
        if len(seed) != 32:
            raise Malformed("a signing seed has 32 bytes")
        public, self._secret = sodium.crypto_sign_seed_keypair(seed)
        self.public = PublicKey(public)

    def sign(self, purpose: Purpose, digest: bytes) -> bytes:
        """64-byte signature over a 32-byte digest of a record that this program built."""
        return sodium.crypto_sign(_message(purpose, digest), self._secret)[:SIGNATURE_BYTES]

    def agree(self, other: bytes) -> bytes:
        """The 32-byte X25519 secret shared with whoever holds the secret of ``other`` (32 bytes); Malformed if weak.

        This key's X25519 form is derived from it: RFC 7748 with the birational map of its §4.1.
        """
        try:
            return sodium.crypto_scalarmult(sodium.crypto_sign_ed25519_sk_to_curve25519(self._secret), other)
        except (ValueError, TypeError, SodiumError):
            raise Malformed("not an X25519 key that can be agreed with") from None

    def seed(self) -> bytes:
        """The 32-byte seed, for wrapping at rest only."""
        return self._secret[:32]

    def __repr__(self) -> str:
        return f"SigningKey(public={self.public.hex()[:12]}…)"


class AgreementKey:
    """An X25519 private key of one use (RFC 7748): ``public`` and the 32 bytes that both sides come to."""

    __slots__ = ("_secret", "public")

    def __init__(self, secret: bytes) -> None:
        if len(secret) != 32:
            raise Malformed("an agreement key has 32 bytes")
        self._secret = secret
        self.public = sodium.crypto_scalarmult_base(secret)

    def agree(self, other: bytes) -> bytes:
        """The shared secret with the holder of ``other``; Malformed if that is no key to agree with."""
        try:
            return sodium.crypto_scalarmult(self._secret, other)
        except (ValueError, TypeError, SodiumError):
            raise Malformed("not an X25519 key that can be agreed with") from None

    def __repr__(self) -> str:
        return f"AgreementKey(public={self.public.hex()[:12]}…)"


def _message(purpose: Purpose, digest: bytes) -> bytes:
    if len(digest) != HASH_BYTES:
        raise Malformed("only 32-byte digests are signed")
    return b"yui/sig/1/" + purpose._value_ + b"\0" + digest


def verify(public: bytes, purpose: Purpose, digest: bytes, signature: bytes) -> None:
    """Return if ``signature`` was made by ``public`` for ``purpose`` over ``digest``; raise BadSignature otherwise."""
    if len(signature) != SIGNATURE_BYTES or len(public) != 32:
        raise BadSignature("signature or key has the wrong length")
    try:
        sodium.crypto_sign_open(signature + _message(purpose, digest), public)
    except (BadSignatureError, ValueError, TypeError):
        raise BadSignature(f"the {purpose.value.decode()} signature does not verify") from None


def holds(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether ``signature`` covers exactly these bytes, prefix and purpose included; for verifiers that build them."""
    try:
        sodium.crypto_sign_open(signature + message, public)
    except (BadSignatureError, ValueError, TypeError):
        return False
    return True


def require_valid_public(public: bytes) -> PublicKey:
    """A public key on the curve, in the prime-order group and canonical; Malformed otherwise (checked at enrolment)."""
    if len(public) != 32 or not sodium.crypto_core_ed25519_is_valid_point(public):
        raise Malformed("not a valid Ed25519 public key")
    return PublicKey(public)


def agreeable(public: bytes) -> bytes:
    """The X25519 form of an Ed25519 public key: what :meth:`SigningKey.agree` of its holder answers to."""
    return sodium.crypto_sign_ed25519_pk_to_curve25519(require_valid_public(public))


def node_id(public: bytes) -> NodeId:
    """The id of the node that owns ``public``."""
    return NodeId(hashlib.sha256(b"yui/node/1\0" + public).digest())


class Step(NamedTuple):
    """One step of a Merkle path: the sibling's hash and whether it stands on the left."""

    left: bool
    sibling: Annotated[bytes, Meta(min_length=32, max_length=32)]


def leaf_hash(item: bytes) -> bytes:
    """Hash of one leaf (RFC 6962)."""
    return hashlib.sha256(b"\0" + item).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node (RFC 6962)."""
    return hashlib.sha256(b"\1" + left + right).digest()


def tree(items: Sequence[bytes]) -> tuple[bytes, list[tuple[Step, ...]]]:
    """Root over ``items`` in their order, and each item's path from leaf to root.

    A lone node at the end of a level is carried up unchanged. One item: its leaf hash, an empty path.
    """
    if not items:
        raise Malformed("a tree needs at least one item")
    if len(items) == 1:
        return leaf_hash(items[0]), [()]
    level = [leaf_hash(item) for item in items]
    steps: list[list[Step]] = [[] for _ in items]
    groups: list[list[int]] = [[index] for index in range(len(items))]
    while len(level) > 1:
        level, groups = _climb(level, groups, steps)
    return level[0], [tuple(path) for path in steps]


def _climb(level: list[bytes], groups: list[list[int]], steps: list[list[Step]]) -> tuple[list[bytes], list[list[int]]]:
    above: list[bytes] = []
    joined: list[list[int]] = []
    for index in range(0, len(level) - 1, 2):
        left, right = level[index], level[index + 1]
        for item in groups[index]:
            steps[item].append(Step(False, right))
        for item in groups[index + 1]:
            steps[item].append(Step(True, left))
        above.append(node_hash(left, right))
        joined.append(groups[index] + groups[index + 1])
    if len(level) % 2:
        above.append(level[-1])
        joined.append(groups[-1])
    return above, joined


def root(items: Sequence[bytes]) -> bytes:
    """Root over ``items`` without paths."""
    sha256 = hashlib.sha256
    level = [sha256(b"\0" + item).digest() for item in items]
    if not level:
        raise Malformed("a tree needs at least one item")
    while len(level) > 1:
        above = [sha256(b"\1" + left + right).digest() for left, right in zip(level[::2], level[1::2], strict=False)]
        if len(level) % 2:
            above.append(level[-1])
        level = above
    return level[0]


def climb(item: bytes, path: Sequence[Step]) -> bytes:
    """The root that ``item`` reaches by ``path``. Raises Malformed above MAX_PROOF_PATH steps."""
    if len(path) > MAX_PROOF_PATH:
        raise Malformed("Merkle path is too long")
    value = leaf_hash(item)
    for step in path:
        value = node_hash(step.sibling, value) if step.left else node_hash(value, step.sibling)
    return value
