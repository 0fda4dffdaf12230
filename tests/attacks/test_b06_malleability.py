"""Row B6: a signer can make any number of signatures over one record; none of them may make a second record.

An id never covers a signature. A record that comes again under another signature is the record that is known: a
duplicate, not a fork.
"""

import hashlib

import pytest

from node.services.trade import Submission
from protocol import canon, keys
from protocol.document import envelope
from protocol.document.envelope import Document
from protocol.errors import BadSignature, NotAuthorised
from protocol.identity import control, log
from protocol.identity.control import HOME, Proof, Reason, Signed
from protocol.identity.genesis import Rank
from protocol.keys import Purpose
from protocol.link import batch as batches
from protocol.link.batch import Item
from tests.attacks import edwards
from tests.attacks.edwards import BASE, L, challenge, encode, times
from tests.node.services.town import order, two_towns
from tests.vectors import proof_cases, world
from tests.vectors.world import key


def signed_again(seed: bytes, purpose: Purpose, digest: bytes, nonce: int) -> bytes:
    """A genuine signature with a nonce of the signer's choice, as RFC 8032 does not make it."""
    hashed = hashlib.sha512(seed).digest()
    secret = int.from_bytes(hashed[:32], "little") & (2**254 - 8) | 2**254
    message = b"yui/sig/1/" + purpose.value + b"\0" + digest
    commitment = encode(times(nonce, BASE))
    public = encode(times(secret, BASE))
    s = (nonce + challenge(commitment, public, message) * secret) % L
    return commitment + s.to_bytes(32, "little")


def resigned(document: Document, seed: bytes, nonce: int) -> Document:
    signature = signed_again(seed, Purpose.DOCUMENTS, envelope.signed_root(document), nonce)
    return document._replace(signature=signature)


def test_another_signature_of_the_signer_is_genuine_and_the_id_stays() -> None:
    original = proof_cases.single()
    other = resigned(original, key("maker 1").seed(), 12_345)
    assert other.signature != original.signature
    envelope.verify(other, key("maker 1").public)
    assert envelope.parse(envelope.encode(other)).id == original.id


def test_a_stranger_cannot_make_another_signature_of_one_he_saw() -> None:
    original = proof_cases.single()
    r, s = original.signature[:32], int.from_bytes(original.signature[32:], "little")
    for wrong in (s + L, -s % L, s + 2 * L, s ^ 1):
        forged = original._replace(signature=r + wrong.to_bytes(32, "little"))
        with pytest.raises(BadSignature):
            envelope.verify(forged, key("maker 1").public)
    negative = encode(edwards.minus(edwards.decode(r) or edwards.IDENTITY))
    with pytest.raises(BadSignature):
        envelope.verify(original._replace(signature=negative + original.signature[32:]), key("maker 1").public)


def test_another_tree_over_the_same_document_is_the_same_document() -> None:
    drafts = [world.order(world.author_log(), proof_cases.RECIPIENT_ID, number) for number in ("24-0017", "24-0099")]
    in_a_tree = envelope.sign(key("maker 1"), drafts)[0]
    assert in_a_tree.id == proof_cases.single().id
    assert in_a_tree.path
    envelope.verify(in_a_tree, key("maker 1").public)


def test_a_control_record_signed_again_is_known() -> None:
    before = world.author_log()
    record = world.record(before, Rank.NODE, world.epoch(before, "toyota", "x", Reason.RESTART), "x")
    first = control.sign(record, [("node", key("toyota")), (HOME, key("toyota"))])
    at = log.admit(before, first, world.START)
    again = Signed(
        record,
        tuple(
            Proof(proof.role, proof.public, signed_again(key("toyota").seed(), Purpose.CONTROL, record.hash, 99))
            for proof in first.proofs
        ),
    )
    keys.verify(key("toyota").public, Purpose.CONTROL, record.hash, again.proofs[0].signature)
    assert log.admit(at, again, world.START + 1) is at
    assert log.admit(before, again, world.START).standing == at.standing


def test_one_key_does_not_reach_a_threshold_by_signing_twice() -> None:
    before = world.author_log()
    record = world.record(before, Rank.NODE, world.epoch(before, "toyota", "x", Reason.RESTART), "x")
    first = control.sign(record, [("association", key("association"))])
    twice = Proof(
        "association",
        key("association").public,
        signed_again(key("association").seed(), Purpose.CONTROL, record.hash, 5),
    )
    with pytest.raises(NotAuthorised):
        log.admit(before, Signed(record, tuple(sorted((*first.proofs, twice)))), world.START)


def test_a_homes_consent_is_not_said_again_under_another_role() -> None:
    """The role is not signed: whoever sees a home's signature could add it as the node's. Such a record is refused."""
    before = world.author_log()
    record = world.record(before, Rank.WORDS, world.epoch(before, "toyota", "x", Reason.ROTATE), "x")
    signed = control.sign(record, [("words", world.AUTHOR.words), (HOME, key("toyota"))])
    assert log.admit(before, signed, world.START).standing.hash == record.hash
    home = next(proof for proof in signed.proofs if proof.role == HOME)
    for role, why in (("node", "not asked for"), ("association", "does not hold"), ("factor", "does not hold")):
        more = Signed(record, tuple(sorted((*signed.proofs, home._replace(role=role)))))
        with pytest.raises(NotAuthorised, match=why):
            log.admit(before, more, world.START)


def test_a_document_that_comes_again_under_another_signature_is_a_duplicate() -> None:
    toyota, kyoto, buyer, seller = two_towns()
    sent = toyota.submit(buyer, Submission(seller, order("PO-1")))[0]
    toyota.send_all(kyoto)
    stored = toyota.see(lambda tx: tx.documents.full(sent.id))
    assert stored is not None
    epoch = stored.row.epoch
    wire = envelope.encode_raw(stored.row.header, stored.row.signature, canon.decode(stored.row.path), stored.parts)
    again = resigned(envelope.parse(wire), toyota.house.keyring[epoch].seed(), 777)
    batch = batches.Batch(
        "test", toyota.house.id, kyoto.house.id, toyota.house.incarnation, 0,
        (Item(900, "document", envelope.encode(again)),),
    )  # fmt: skip
    before = kyoto.see(lambda tx: (tx.documents.full(sent.id), tx.holdings.after(seller, 0, 100)))
    taken, _ = kyoto.take(toyota, batches.sign(toyota.house.node, batch))
    assert [(leaf.document, leaf.verdict) for leaf in taken.leaves] == [(sent.id, "applied")]
    assert kyoto.see(lambda tx: (tx.documents.full(sent.id), tx.holdings.after(seller, 0, 100))) == before
