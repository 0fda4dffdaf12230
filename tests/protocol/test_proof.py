"""Proofs as they are built: from what a node has, checked before they are given out."""

import pytest

from protocol import canon, proof
from protocol.document import envelope
from protocol.document.header import Audience
from protocol.errors import BadSignature, Malformed, NotAuthorised, PeerFault, TooLarge
from protocol.identity import log
from protocol.limits import MAX_PROOF_BYTES
from tests.protocol.mutation import disfigured
from tests.vectors import proof_cases, world
from tests.vectors.proof_cases import RECIPIENT_ID, receipt_proof, single

AUTHOR, RECIPIENT = world.author_log(), world.recipient_log()
WIRE = envelope.encode(single())
RECEIPT = receipt_proof(world.receipt_of([single().id], RECIPIENT_ID, RECIPIENT.epoch.hash), single().id)


def test_what_is_proved() -> None:
    found = proof.verify(proof.build(WIRE, AUTHOR, RECIPIENT, RECEIPT))
    assert found.document == single()
    assert found.author.member == AUTHOR.member
    assert found.epoch == AUTHOR.epoch
    assert found.receipt is not None
    assert found.receipt.epoch == RECIPIENT.epoch
    assert found.receipt.leaf.verdict == "applied"
    assert found.receipt.head.signer == world.node("kyoto")


def test_without_a_receipt() -> None:
    assert proof.verify(proof.build(WIRE, AUTHOR)).receipt is None


def test_what_does_not_prove_is_not_given_out() -> None:
    with pytest.raises(Malformed, match="author: the history of another member"):
        proof.build(WIRE, RECIPIENT)
    with pytest.raises(Malformed, match="stand together"):
        proof.build(WIRE, AUTHOR, RECIPIENT)
    with pytest.raises(Malformed, match="recipient: the history of another member"):
        proof.build(WIRE, AUTHOR, AUTHOR, RECEIPT)
    forged = envelope.encode(single()._replace(signature=bytes(64)))
    with pytest.raises(BadSignature):
        proof.build(forged, AUTHOR)
    with pytest.raises(NotAuthorised, match="author: its history has no such epoch"):
        proof.build(WIRE, log.start(AUTHOR.genesis_bytes))


def test_a_document_to_a_group_proves_its_author_only() -> None:
    header = single().header._replace(audience=Audience(1, RECIPIENT_ID, bytes(32)))
    document = world.signed(envelope.draft(header, single().parts))
    assert proof.verify(proof.build(envelope.encode(document), AUTHOR)).receipt is None
    receipt = receipt_proof(world.receipt_of([document.id], RECIPIENT_ID, RECIPIENT.epoch.hash), document.id)
    with pytest.raises(Malformed, match="only for a document to one member"):
        proof.build(envelope.encode(document), AUTHOR, RECIPIENT, receipt)


def test_a_member_may_write_to_itself() -> None:
    document = world.signed(world.order(AUTHOR, AUTHOR.member))
    receipt = receipt_proof(
        world.receipt_of([document.id], AUTHOR.member, AUTHOR.epoch.hash, home="toyota"), document.id, AUTHOR.member
    )
    assert proof.verify(proof.build(envelope.encode(document), AUTHOR, AUTHOR, receipt)).receipt is not None


def test_no_field_of_another_kind_gets_through() -> None:
    data = proof.build(WIRE, AUTHOR, RECIPIENT, RECEIPT)
    for path, new, mutant in disfigured(data):
        with pytest.raises(PeerFault):
            proof.verify(mutant)
        assert path is not None, new


def test_each_record_inside_is_canonical_too() -> None:
    fields = canon.decode(proof.build(WIRE, AUTHOR, RECIPIENT, RECEIPT))
    for index in range(1, 5):
        with pytest.raises(PeerFault):
            proof.verify(canon.encode([*fields[:index], fields[index] + b"\xc0", *fields[index + 1 :]]))


def test_a_proof_is_not_larger_than_its_limit() -> None:
    with pytest.raises(TooLarge, match="limit is"):
        proof.verify(bytes(MAX_PROOF_BYTES + 1))


def test_a_truncated_history_proves_less_or_the_same() -> None:
    """Records behind the document's epoch may be left out; the result is then older, never something else."""
    late = world.eventful_log()
    document = world.signed(world.order(late, RECIPIENT_ID, epoch=next(iter(late.records))), "maker 1")
    records = world.signed_records(late)
    for kept in range(1, len(records) + 1):
        history = world.history(world.AUTHOR.genesis, records[:kept])
        assert proof.verify(proof_cases.raw(document, history)).document.id == document.id
