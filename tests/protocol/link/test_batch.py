"""Batches: signed by their sender, in ascending positions, and nothing else."""

from typing import Any

import pytest

from protocol import canon, keys
from protocol.errors import BadSignature, Malformed, PeerFault, TooLarge
from protocol.keys import Purpose
from protocol.limits import MAX_BATCH_BYTES, MAX_BATCH_ITEMS, MAX_HISTORY_BYTES
from protocol.link import batch
from protocol.link.batch import Batch, Item
from tests.protocol.mutation import disfigured
from tests.vectors.world import NETWORK, key, node, octets

TOYOTA = key("toyota")
ITEMS = (Item(3, "document", b"one"), Item(7, "history", b"two"))
PLAIN = Batch(NETWORK, node("toyota"), node("kyoto"), octets("incarnation", 16), 2, ITEMS)


def test_a_batch_comes_back() -> None:
    for sent in (PLAIN, PLAIN._replace(items=(), after=0)):
        assert batch.verify(batch.sign(TOYOTA, sent), TOYOTA.public) == sent


def test_it_is_signed_by_the_node_that_it_names() -> None:
    wire = batch.sign(TOYOTA, PLAIN)
    with pytest.raises(BadSignature):
        batch.verify(wire, key("kyoto").public)
    with pytest.raises(Malformed, match="sender: is not the node that signed"):
        batch.verify(batch.sign(key("kyoto"), PLAIN), key("kyoto").public)


def test_it_may_hold_what_its_limits_say() -> None:
    many = tuple(Item(number, "document", b"") for number in range(1, MAX_BATCH_ITEMS + 1))
    assert len(batch.verify(batch.sign(TOYOTA, PLAIN._replace(after=0, items=many)), TOYOTA.public).items) == 512
    large = (Item(3, "document", bytes(MAX_BATCH_BYTES)),)
    assert batch.verify(batch.sign(TOYOTA, PLAIN._replace(items=large)), TOYOTA.public).items == large


def signed(record: bytes) -> bytes:
    return canon.encode((batch.SIGNED_TAG, record, TOYOTA.sign(Purpose.BATCH, canon.digest(record))))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"items": (ITEMS[1], ITEMS[0])}, "items.position: in ascending order"),
        ({"items": (ITEMS[0], ITEMS[0])}, "items.position: in ascending order"),
        ({"after": 3}, "items.position: in ascending order"),
        ({"after": -1}, "after"),
        ({"items": (Item(0, "document", b""),), "after": 0}, r"items\[0\].position"),
        ({"items": (Item(3, "a" * 17, b""),)}, r"items\[0\].kind"),
        ({"items": (Item(3, "か\u3099", b""),)}, "normal form C"),
        ({"items": tuple(Item(number, "document", b"") for number in range(3, 516))}, "items"),
        ({"items": (Item(3, "document", bytes(MAX_BATCH_BYTES + 1)),)}, r"items\[0\].payload"),
        ({"network": "a" * 9}, "network"),
        ({"network": "か\u3099"}, "normal form C"),
        ({"receiver": bytes(31)}, "receiver"),
        ({"incarnation": bytes(15)}, "incarnation"),
    ],
)
def test_what_is_wrong_is_named(change: dict[str, Any], message: str) -> None:
    wire = batch.sign(TOYOTA, PLAIN._replace(**change))
    with pytest.raises((Malformed, TooLarge), match=message):
        batch.verify(wire, TOYOTA.public)


def test_no_field_of_another_kind_gets_through() -> None:
    for path, new, data in disfigured(canon.encode((batch.TAG, *PLAIN))):
        try:
            found = batch.verify(signed(data), TOYOTA.public)
        except PeerFault:
            continue
        assert canon.encode((batch.TAG, *found)) == data, (path, new)


def test_what_holds_the_record_and_its_signature_has_its_shape_too() -> None:
    for path, new, data in disfigured(batch.sign(TOYOTA, PLAIN)):
        with pytest.raises(PeerFault):
            batch.verify(data, TOYOTA.public)
        assert path is not None, new


def test_a_batch_is_not_larger_than_its_limit() -> None:
    with pytest.raises(TooLarge, match="batch of"):
        batch.split(bytes(batch.MAX_BYTES + 1))


def test_a_long_history_comes_alone() -> None:
    long = Item(3, "history", bytes(MAX_HISTORY_BYTES))
    assert batch.verify(batch.sign(TOYOTA, PLAIN._replace(items=(long,))), TOYOTA.public).items == (long,)
    half = bytes(MAX_BATCH_BYTES // 2 + 2048)
    for items in (
        (long, Item(4, "document", b"")),
        (Item(3, "history", half), Item(4, "history", half)),
        (Item(3, "document", bytes(MAX_BATCH_BYTES + 4096)),),
        (Item(3, "receipt", bytes(MAX_HISTORY_BYTES)),),
        (Item(3, "history", bytes(MAX_HISTORY_BYTES + 1)),),
    ):
        with pytest.raises((Malformed, TooLarge)):
            batch.verify(batch.sign(TOYOTA, PLAIN._replace(items=items)), TOYOTA.public)


def test_a_batch_splits_into_what_was_signed_and_by_what() -> None:
    record, signature = batch.split(batch.sign(TOYOTA, PLAIN))
    keys.verify(TOYOTA.public, Purpose.BATCH, canon.digest(record), signature)
