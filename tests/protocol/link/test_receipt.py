"""Receipts: one signature over all verdicts, one leaf provable without the others."""

from typing import Any

import pytest

from protocol import canon
from protocol.errors import BadSignature, Malformed, PeerFault, TooLarge
from protocol.keys import Purpose
from protocol.link import receipt
from protocol.link.receipt import Leaf
from tests.protocol.mutation import disfigured
from tests.vectors import exchanges
from tests.vectors.world import NETWORK, key, node, octets

KYOTO = key("kyoto")
WIRE = exchanges.five()
FIVE = receipt.verify(WIRE, KYOTO.public)
LEAF = FIVE.leaves[0]


def sign(*leaves: Leaf) -> bytes:
    return receipt.sign(KYOTO, NETWORK, node("toyota"), octets("incarnation", 16), 6, leaves, 1)


def test_a_receipt_comes_back() -> None:
    found = receipt.verify(sign(LEAF), KYOTO.public)
    assert found.leaves == (LEAF,)
    assert found.head == receipt.Head(
        NETWORK, node("kyoto"), node("toyota"), octets("incarnation", 16), 6, found.head.root, 1, 1
    )


def test_a_receipt_without_leaves_says_the_cursor() -> None:
    found = receipt.verify(sign(), KYOTO.public)
    assert (found.head.cursor, found.head.leaves, found.head.root) == (6, 0, receipt.EMPTY_ROOT)


def test_it_is_signed_by_the_node_that_it_names() -> None:
    with pytest.raises(BadSignature):
        receipt.verify(WIRE, key("toyota").public)
    tag, record, _, leaves = canon.decode(WIRE)
    forged = key("toyota").sign(Purpose.RECEIPT, canon.digest(record))
    with pytest.raises(Malformed, match="signer: is not the node that signed"):
        receipt.verify(canon.encode((tag, record, forged, leaves)), key("toyota").public)


def with_leaves(leaves: list[Any]) -> bytes:
    tag, record, signature, _ = canon.decode(WIRE)
    return canon.encode((tag, record, signature, leaves))


def test_its_leaves_are_the_signed_ones() -> None:
    leaves = [list(leaf) for leaf in FIVE.leaves]
    for wrong in (leaves[:4], [*leaves, leaves[0]], leaves[::-1], [*leaves[:4], [*leaves[4][:6], "other"]], []):
        with pytest.raises(Malformed, match="its leaves are not the signed ones"):
            receipt.verify(with_leaves(wrong), KYOTO.public)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"verdict": "accepted"}, "leaf.verdict: unknown"),
        ({"epoch": b""}, "leaf.epoch"),
        ({"epoch": bytes(31)}, "leaf.epoch"),
        ({"seq": 0}, "leaf.epoch"),
        ({"seq": -1}, "seq"),
        ({"document": bytes(31)}, "document"),
        ({"recipient": b""}, "recipient"),
        ({"reason": "a" * 301}, "reason"),
        ({"reason": "か\u3099"}, "normal form C"),
    ],
)
def test_wrong_leaves_are_named(change: dict[str, Any], message: str) -> None:
    wire = sign(LEAF._replace(**change))
    with pytest.raises((Malformed, TooLarge), match=message):
        receipt.verify(wire, KYOTO.public)


def test_no_field_of_another_kind_gets_through() -> None:
    for path, new, data in disfigured(WIRE):
        with pytest.raises(PeerFault):
            receipt.verify(data, KYOTO.public)
        assert path is not None, new
    record = canon.decode(WIRE)[1]
    for path, new, data in disfigured(record):
        signature = KYOTO.sign(Purpose.RECEIPT, canon.digest(data))
        wire = canon.encode((receipt.SIGNED_TAG, data, signature, [list(leaf) for leaf in FIVE.leaves]))
        try:
            found = receipt.verify(wire, KYOTO.public)
        except PeerFault:
            continue
        assert canon.encode((receipt.TAG, *found.head)) == data, (path, new)


@pytest.mark.parametrize("index", range(5))
def test_one_leaf_is_proved_and_no_other_shown(index: int) -> None:
    leaf = FIVE.leaves[index]
    proof = receipt.prove(WIRE, leaf.document, leaf.recipient)
    assert proof is not None
    assert receipt.verify_proof(proof, KYOTO.public) == (FIVE.head, leaf)
    assert receipt.claimed_leaf(proof) == leaf
    for other in FIVE.leaves:
        assert (other.document in proof) is (other == leaf)


def test_what_is_not_in_a_receipt_cannot_be_proved() -> None:
    assert receipt.prove(WIRE, octets("no document"), LEAF.recipient) is None
    assert receipt.prove(WIRE, LEAF.document, octets("no member")) is None


def test_a_proof_leads_to_the_signed_root() -> None:
    proof = receipt.prove(WIRE, LEAF.document, LEAF.recipient)
    assert proof is not None
    with pytest.raises(BadSignature):
        receipt.verify_proof(proof, key("toyota").public)
    tag, record, signature, leaf, path = canon.decode(proof)
    for wrong in ((leaf, path[:-1]), (leaf, path[::-1]), ([*leaf[:4], "held", *leaf[5:]], path)):
        with pytest.raises(Malformed, match="does not lead to the signed root"):
            receipt.verify_proof(canon.encode((tag, record, signature, *wrong)), KYOTO.public)


def test_no_field_of_another_kind_gets_into_a_proof() -> None:
    proof = receipt.prove(WIRE, LEAF.document, LEAF.recipient)
    assert proof is not None
    for path, new, data in disfigured(proof):
        with pytest.raises(PeerFault):
            receipt.verify_proof(data, KYOTO.public)
        assert path is not None, new
