"""Descriptors and cards: they come back, they are signed by whom they must be, and wrong fields are refused."""

from typing import Any

import pytest

from protocol import canon
from protocol.errors import BadSignature, Malformed, PeerFault, TooLarge
from protocol.identity import card, descriptor
from protocol.keys import Purpose
from protocol.limits import MAX_CARD_BYTES
from tests.protocol.mutation import disfigured
from tests.vectors import exchanges
from tests.vectors.world import key

SHOWN = exchanges.descriptor_of("toyota", b"certificate")
CARD = exchanges.CARD


def test_a_descriptor_comes_back() -> None:
    found = descriptor.parse(descriptor.sign(key("toyota"), SHOWN))
    assert found == SHOWN
    assert found.node == SHOWN.node


def test_a_descriptor_is_signed_by_its_own_key() -> None:
    with pytest.raises(Malformed, match="signed by its own key"):
        descriptor.sign(key("kyoto"), SHOWN)
    record = canon.decode(descriptor.sign(key("toyota"), SHOWN))[1]
    forged = canon.encode((descriptor.SIGNED_TAG, record, key("kyoto").sign(Purpose.DESCRIPTOR, canon.digest(record))))
    with pytest.raises(BadSignature):
        descriptor.parse(forged)


def signed_descriptor(record: bytes) -> bytes:
    signature = key("toyota").sign(Purpose.DESCRIPTOR, canon.digest(record))
    return canon.encode((descriptor.SIGNED_TAG, record, signature))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"network": "prod"}, "network"),
        ({"version": 0}, "version"),
        ({"name": ""}, "name"),
        ({"name": "a" * 201}, "name"),
        ({"kind": "a" * 33}, "kind"),
        ({"area": "a" * 17}, "area"),
        ({"endpoints": ("",)}, "endpoints"),
        ({"endpoints": ("a",) * 9}, "endpoints: 9 elements"),
        ({"endpoints": ("a" * 201,)}, "endpoints"),
        ({"certificates": (bytes(31),)}, "certificates"),
        ({"certificates": (bytes(32),) * 5}, "certificates: 5 elements"),
        ({"software": "a" * 65}, "software"),
        ({"speaks": ("a" * 33,)}, "speaks"),
        ({"time": -1}, "time"),
    ],
)
def test_wrong_descriptors_are_named(change: dict[str, Any], message: str) -> None:
    wrong = SHOWN._replace(**change)
    with pytest.raises((Malformed, TooLarge), match=message):
        descriptor.parse(descriptor.sign(key("toyota"), wrong))


def test_no_field_of_another_kind_gets_into_a_descriptor() -> None:
    record = canon.encode((descriptor.TAG, *SHOWN))
    for path, new, data in disfigured(record):
        try:
            found = descriptor.parse(signed_descriptor(data))
        except PeerFault:
            continue
        assert canon.encode((descriptor.TAG, *found)) == data, (path, new)


def test_a_card_comes_back() -> None:
    wire = card.sign(key("maker 1"), CARD)
    assert card.parse(wire) == card.verify(wire, key("maker 1").public) == CARD
    with pytest.raises(BadSignature):
        card.verify(wire, key("maker 2").public)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"network": "prod"}, "network"),
        ({"member": bytes(31)}, "member"),
        ({"epoch": b""}, "epoch"),
        ({"version": 0}, "version"),
        ({"name": ""}, "name"),
        ({"kana": "あ" * 201}, "kana"),
        ({"corporate_number": "1" * 14}, "corporate_number"),
        ({"registration_number": "T" + "1" * 14}, "registration_number"),
        ({"industry": "1" * 9}, "industry"),
        ({"area": "1" * 7}, "area"),
        ({"description": "a" * 1001}, "description"),
        ({"words": ("a" * 41,)}, "words"),
        ({"words": ("a",) * 51}, "words: 51 elements"),
        ({"endpoint": "a" * 101}, "endpoint"),
        ({"time": 2**53}, "time"),
    ],
)
def test_a_wrong_card_is_not_even_signed(change: dict[str, Any], message: str) -> None:
    with pytest.raises((Malformed, TooLarge), match=message):
        card.sign(key("maker 1"), CARD._replace(**change))


def test_no_field_of_another_kind_gets_into_a_card() -> None:
    for path, new, data in disfigured(canon.encode((card.TAG, *CARD))):
        if len(data) > MAX_CARD_BYTES - 200:
            continue
        signature = key("maker 1").sign(Purpose.CARD, canon.digest(data))
        try:
            found = card.verify(canon.encode((card.SIGNED_TAG, data, signature)), key("maker 1").public)
        except PeerFault:
            continue
        assert canon.encode((card.TAG, *found)) == data, (path, new)
