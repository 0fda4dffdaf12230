"""Fences, promises, claims and countersignatures: what each says, and whose word it is."""

import pytest

from protocol.errors import Malformed, PeerFault
from protocol.guardian import claim
from protocol.guardian.claim import Claim, Countersigned, Fence, Promise
from protocol.guardian.frame import Tip
from protocol.identity.control import HOME, Proof
from protocol.identity.genesis import Rank
from tests.vectors import world
from tests.vectors.world import AUTHOR, START, key, node, octets

EPOCH = world.author_log().epoch
KEYS = [key(name).public for name in world.GUARDIANS]
FENCE = claim.draft_fence(
    Fence(
        world.NETWORK, AUTHOR.id, key("kyoto").public, Rank.WORDS, 1, EPOCH.hash, b"", START, octets("fence", 16)
    )
)  # fmt: skip
WORDS, CLAIMANT = ("words", AUTHOR.words), (HOME, key("kyoto"))
TIP = Tip(AUTHOR.id, EPOCH.hash, 9, octets("frame 9"))
PROMISE = Promise(world.NETWORK, node("guardian a"), FENCE.hash, AUTHOR.id, EPOCH.hash, 1, (TIP,), 0, b"")
WORD = Countersigned(world.NETWORK, node("guardian b"), AUTHOR.id, EPOCH.hash, 1, octets("record"))


def test_a_fence_names_its_signers() -> None:
    got = claim.parse_fence(claim.sign_fence(FENCE, [WORDS, CLAIMANT]))
    assert got.fence == FENCE
    assert {(proof.role, proof.public) for proof in got.proofs} == {
        ("words", AUTHOR.words.public),
        ("home", key("kyoto").public),
    }


def test_a_fence_without_its_claimant_is_nobodys() -> None:
    with pytest.raises(Malformed, match="claimant"):
        claim.parse_fence(claim.sign_fence(FENCE, [WORDS]))
    with pytest.raises(Malformed, match="claimant"):
        claim.parse_fence(claim.sign_fence(FENCE, [WORDS, (HOME, key("thief"))]))


def test_every_changed_byte_of_a_fence_is_noticed() -> None:
    wire = claim.sign_fence(FENCE, [WORDS, CLAIMANT])
    for at in range(len(wire)):
        changed = wire[:at] + bytes([wire[at] ^ 1]) + wire[at + 1 :]
        try:
            got = claim.parse_fence(changed)
        except PeerFault:
            continue
        assert got.fence == FENCE
        assert got.proofs != claim.parse_fence(wire).proofs  # a role is not signed: it is judged later
        assert {proof.public for proof in got.proofs} == {AUTHOR.words.public, key("kyoto").public}


def test_a_promise_is_one_of_the_members_guardians_word() -> None:
    wire = claim.sign_promise(key("guardian a"), PROMISE)
    assert claim.verify_promise(wire, KEYS) == PROMISE
    with pytest.raises(Malformed, match="not one of this member's"):
        claim.verify_promise(wire, KEYS[1:] if KEYS[0] == key("guardian a").public else [key("thief").public])
    with pytest.raises(PeerFault):
        claim.verify_promise(claim.sign_promise(key("guardian b"), PROMISE), KEYS)


@pytest.mark.parametrize(
    "broken",
    [
        PROMISE._replace(accepted=octets("record")),
        PROMISE._replace(accepted_ballot=1),
        PROMISE._replace(tips=(TIP._replace(member=bytes(32)),)),
        PROMISE._replace(ballot=0),
    ],
)
def test_a_promise_that_contradicts_itself(broken: Promise) -> None:
    with pytest.raises(Malformed):
        claim.verify_promise(claim.sign_promise(key("guardian a"), broken), KEYS)


def test_a_claim_and_its_answer_travel() -> None:
    made = Claim(
        claim.sign_fence(FENCE, [WORDS, CLAIMANT]), b"record", (claim.sign_promise(key("guardian a"), PROMISE),)
    )
    assert claim.parse_claim(claim.encode_claim(made)) == made
    word = claim.sign_countersigned(key("guardian b"), WORD)
    assert claim.verify_countersigned(word, KEYS) == WORD
    proof = Proof("guardian", key("guardian b").public, bytes(64))
    assert claim.parse_claimed(claim.encode_claimed(word, proof)) == (word, proof)
    assert claim.parse_claimed(claim.encode_claimed(word, None)) == (word, None)
