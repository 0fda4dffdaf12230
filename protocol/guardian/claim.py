"""How one successor of an epoch is agreed on by a member's guardians: fence and promise, claim and countersignature.

Owns the four records. *Reading is fencing*: one message asks a guardian for its copies and makes it promise to take
nothing more of the old epoch, and no claim of a lower ballot. A claim carries the promises on which it rests. Ballots
are counters. Which of two may win is :mod:`federation.guardians`. Source: ``docs/protocol.md`` §15.5.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from protocol import canon, keys, shape
from protocol.document.header import NETWORKS, NONCE_BYTES
from protocol.errors import Malformed
from protocol.guardian.frame import Tip, parse_tip
from protocol.identity import control
from protocol.identity.control import Proof
from protocol.identity.genesis import Rank
from protocol.keys import Purpose, SigningKey
from protocol.limits import MAX_BALLOT, MAX_GUARDIANS, MAX_PROOFS, MAX_RECORD_BYTES

FENCE_TAG: Final = "yui/fence/1"
FENCE_SIGNED_TAG: Final = "yui/fence-signed/1"
PROMISE_TAG: Final = "yui/promise/1"
PROMISE_SIGNED_TAG: Final = "yui/promise-signed/1"
CLAIM_TAG: Final = "yui/claim/1"
COUNTERSIGNED_TAG: Final = "yui/countersigned/1"
COUNTERSIGNED_SIGNED_TAG: Final = "yui/countersigned-signed/1"
CLAIMED_TAG: Final = "yui/claimed/1"
MAX_TIPS: Final = 16
MAX_CLAIM_BYTES: Final = 6 * MAX_RECORD_BYTES


class Fence(NamedTuple):
    """Who wants to become the member's home: ``claimant`` is its node key, ``parent`` the epoch it means to follow.

    ``undoes``: the epoch that stands now, where the claimant means to undo it (a theft); empty where the parent stands.
    """

    network: str
    member: bytes
    claimant: bytes
    rank: Rank
    ballot: int
    parent: bytes
    undoes: bytes
    time: int
    nonce: bytes
    record: bytes = b""
    hash: bytes = b""


class SignedFence(NamedTuple):
    """A fence and its proofs: of the roles of its rank except guardians', and of the claimant (role ``home``)."""

    fence: Fence
    proofs: tuple[Proof, ...]


class Promise(NamedTuple):
    """What a guardian promised, and what it keeps: the ends of its chains, the newest epoch's first.

    ``accepted``: hash of the control record that it has countersigned for this parent, with its ballot; or empty, 0.
    """

    network: str
    guardian: bytes
    fence: bytes
    member: bytes
    parent: bytes
    ballot: int
    tips: tuple[Tip, ...]
    accepted_ballot: int
    accepted: bytes


class Claim(NamedTuple):
    """A control record that opens the new epoch (guardians' own proofs may still be missing) and what it rests on."""

    fence: bytes
    record: bytes
    promises: tuple[bytes, ...]


class Countersigned(NamedTuple):
    """A guardian's word that this record, under this ballot, is the successor it stands for."""

    network: str
    guardian: bytes
    member: bytes
    parent: bytes
    ballot: int
    record: bytes


# --- fence


def draft_fence(fence: Fence) -> Fence:
    """The fence with its record and hash."""
    return parse_fence_record(canon.encode((FENCE_TAG, *fence[:3], int(fence.rank), *fence[4:9])))


def sign_fence(fence: Fence, signers: Iterable[tuple[str, SigningKey]]) -> bytes:
    """The bytes that travel, with the signatures of ``signers`` ((role, key); the claimant as ``home``)."""
    return encode_fence(fence, [Proof(role, key.public, key.sign(Purpose.FENCE, fence.hash)) for role, key in signers])


def encode_fence(fence: Fence, proofs: Iterable[Proof]) -> bytes:
    """The bytes that travel, with proofs that were made elsewhere."""
    return canon.encode((FENCE_SIGNED_TAG, fence.record, sorted(set(proofs))))


def parse_fence(data: bytes) -> SignedFence:
    """A fence and its proofs; every signature is verified here, what they are worth is not."""
    raw = shape.record(canon.decode(data, max_bytes=2 * MAX_RECORD_BYTES), FENCE_SIGNED_TAG, 3)
    fence = parse_fence_record(shape.binary(raw[1], "record", MAX_RECORD_BYTES))
    proofs = []
    for item in shape.array(raw[2], "proofs", MAX_PROOFS):
        role, public, signature = shape.exactly(item, "proofs", 3)
        proof = Proof(
            shape.text(role, "proofs.role", 16),
            shape.fixed(public, "proofs.key", 32),
            shape.fixed(signature, "proofs.signature", keys.SIGNATURE_BYTES),
        )
        keys.verify(proof.public, Purpose.FENCE, fence.hash, proof.signature)
        proofs.append(proof)
    if proofs != sorted(set(proofs)):
        raise Malformed("proofs: in ascending order, without repetition")
    if not any(proof.role == control.HOME and proof.public == fence.claimant for proof in proofs):
        raise Malformed("proofs: the claimant has not signed")
    return SignedFence(fence, tuple(proofs))


def parse_fence_record(data: bytes) -> Fence:
    """A fence from its record."""
    raw = shape.record(canon.decode(data), FENCE_TAG, 10)
    if raw[1] not in NETWORKS:
        raise Malformed("network: must be live or test")
    return Fence(
        network=raw[1],
        member=shape.hash32(raw[2], "member"),
        claimant=keys.require_valid_public(shape.fixed(raw[3], "claimant", 32)),
        rank=Rank(shape.integer(raw[4], "rank", 1, 5)),
        ballot=shape.integer(raw[5], "ballot", 1, MAX_BALLOT),
        parent=shape.hash32(raw[6], "parent"),
        undoes=shape.hash_or_empty(raw[7], "undoes"),
        time=shape.time_us(raw[8], "time"),
        nonce=shape.fixed(raw[9], "nonce", NONCE_BYTES),
        record=data,
        hash=canon.digest(data),
    )


# --- promise


def sign_promise(key: SigningKey, promise: Promise) -> bytes:
    """The bytes of a promise. Only after it was stored durably."""
    record = canon.encode((PROMISE_TAG, *promise))
    return canon.encode((PROMISE_SIGNED_TAG, record, key.sign(Purpose.PROMISE, canon.digest(record))))


def verify_promise(data: bytes, publics: Sequence[bytes]) -> Promise:
    """The promise, if one of the node keys ``publics`` gave it."""
    record, signature = _outer(data, PROMISE_SIGNED_TAG)
    raw = shape.record(canon.decode(record), PROMISE_TAG, 10)
    found = Promise(
        shape.text(raw[1], "network", 8),
        shape.hash32(raw[2], "guardian"),
        shape.hash32(raw[3], "fence"),
        shape.hash32(raw[4], "member"),
        shape.hash32(raw[5], "parent"),
        shape.integer(raw[6], "ballot", 1, MAX_BALLOT),
        tuple(parse_tip(item) for item in shape.array(raw[7], "tips", MAX_TIPS)),
        shape.integer(raw[8], "accepted_ballot", 0, MAX_BALLOT),
        shape.hash_or_empty(raw[9], "accepted"),
    )
    if bool(found.accepted_ballot) != bool(found.accepted) or any(tip.member != found.member for tip in found.tips):
        raise Malformed("promise: its fields contradict each other")
    keys.verify(_holder(found.guardian, publics), Purpose.PROMISE, canon.digest(record), signature)
    return found


# --- claim


def encode_claim(claim: Claim) -> bytes:
    """The bytes that travel."""
    return canon.encode((CLAIM_TAG, *claim))


def parse_claim(data: bytes) -> Claim:
    """A claim from its bytes; its parts are parsed and judged by whoever it is made to."""
    raw = shape.record(canon.decode(data, max_bytes=MAX_CLAIM_BYTES), CLAIM_TAG, 4)
    promises = tuple(
        shape.binary(item, "promises", MAX_RECORD_BYTES) for item in shape.array(raw[3], "promises", MAX_GUARDIANS)
    )
    return Claim(
        shape.binary(raw[1], "fence", 2 * MAX_RECORD_BYTES),
        shape.binary(raw[2], "record", 2 * MAX_RECORD_BYTES),
        promises,
    )


def sign_countersigned(key: SigningKey, word: Countersigned) -> bytes:
    """The bytes of a countersignature. Only after it was stored durably."""
    record = canon.encode((COUNTERSIGNED_TAG, *word))
    return canon.encode((COUNTERSIGNED_SIGNED_TAG, record, key.sign(Purpose.COUNTERSIGN, canon.digest(record))))


def verify_countersigned(data: bytes, publics: Sequence[bytes]) -> Countersigned:
    """The countersignature, if one of the node keys ``publics`` gave it."""
    record, signature = _outer(data, COUNTERSIGNED_SIGNED_TAG)
    raw = shape.record(canon.decode(record), COUNTERSIGNED_TAG, 7)
    found = Countersigned(
        shape.text(raw[1], "network", 8),
        shape.hash32(raw[2], "guardian"),
        shape.hash32(raw[3], "member"),
        shape.hash32(raw[4], "parent"),
        shape.integer(raw[5], "ballot", 1, MAX_BALLOT),
        shape.hash32(raw[6], "record"),
    )
    keys.verify(_holder(found.guardian, publics), Purpose.COUNTERSIGN, canon.digest(record), signature)
    return found


def encode_claimed(countersigned: bytes, proof: Proof | None) -> bytes:
    """The answer to a claim: the countersignature, and for rank *guardians* the guardian's proof in the record."""
    return canon.encode((CLAIMED_TAG, countersigned, [proof] if proof else []))


def parse_claimed(data: bytes) -> tuple[bytes, Proof | None]:
    """Countersignature (bytes) and proof out of an answer; both still to be verified."""
    raw = shape.record(canon.decode(data), CLAIMED_TAG, 3)
    found = shape.array(raw[2], "proof", 1)
    proof = None
    if found:
        role, public, signature = shape.exactly(found[0], "proof", 3)
        proof = Proof(
            shape.text(role, "proof.role", 16),
            shape.fixed(public, "proof.key", 32),
            shape.fixed(signature, "proof.signature", keys.SIGNATURE_BYTES),
        )
    return shape.binary(raw[1], "countersigned", MAX_RECORD_BYTES), proof


def _outer(data: bytes, tag: str) -> tuple[bytes, bytes]:
    raw = shape.record(canon.decode(data), tag, 3)
    return shape.binary(raw[1], "record", MAX_RECORD_BYTES), shape.fixed(raw[2], "signature", keys.SIGNATURE_BYTES)


def _holder(guardian: bytes, publics: Sequence[bytes]) -> bytes:
    for public in publics:
        if keys.node_id(public) == guardian:
            return public
    raise Malformed("guardian: not one of this member's")
