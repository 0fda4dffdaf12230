"""Hellos between two houses: copies of a node are found, and a node is never taken for a copy of itself."""

from __future__ import annotations

import pytest

from node.services import greeting
from protocol.identity.control import Reason
from tests.node.services.town import Association, two_towns


def hello(town: Association, other: Association, challenge: bytes = b"") -> bytes:
    return town.do(lambda tx: greeting.hello(town.house, tx, other.house.id, challenge))


def answer(town: Association, other: Association, wire: bytes) -> greeting.Answer:
    """What ``town`` says to ``other``'s hello, as ``other`` takes it."""
    said = town.do(lambda tx: greeting.answer_hello(town.house, tx, other.house.id, wire))
    return other.do(lambda tx: greeting.take_answer(other.house, tx, town.house.id, said))


@pytest.fixture
def towns() -> tuple[Association, Association]:
    toyota, kyoto, *_ = two_towns()
    return toyota, kyoto


def begin(town: Association, doubtful: Reason | None) -> None:
    """A new run that has not asked anybody yet."""
    town.house = town._make_house()
    town.do(lambda tx: greeting.start(town.house, tx, doubtful=doubtful))


def copies(toyota: Association, kyoto: Association, doubtful: Reason | None) -> None:
    """Kyoto hears of two runs of Toyota with one start number; the second of them is Toyota's house now."""
    image = toyota.store.serialize()
    begin(toyota, None)
    assert toyota.greet(kyoto) == greeting.OK
    toyota.store = type(toyota.store)(image)
    begin(toyota, doubtful)


def test_two_runs_of_one_start_number_are_copies(towns: tuple[Association, Association]) -> None:
    toyota, kyoto = towns
    copies(toyota, kyoto, None)
    assert toyota.greet(kyoto) == greeting.COPY
    assert "another copy" in toyota.house.frozen


def test_a_restored_node_goes_beyond_the_copy(towns: tuple[Association, Association]) -> None:
    toyota, kyoto = towns
    copies(toyota, kyoto, Reason.RESTORE)
    number = toyota.house.start_number
    assert toyota.greet(kyoto) == greeting.OK
    assert toyota.house.start_number == number + 1
    assert not toyota.house.frozen


def test_a_late_hello_from_before_it_went_beyond_is_no_copy(towns: tuple[Association, Association]) -> None:
    """Its nonce says that it is of the same run. Taken for a copy, it could never be resolved: both are this node."""
    toyota, kyoto = towns
    begin(toyota, Reason.RESTORE)
    challenge = answer(kyoto, toyota, hello(toyota, kyoto)).challenge
    late = hello(toyota, kyoto, challenge)
    toyota.house.start_number += 1  # another peer has shown it a copy meanwhile
    assert kyoto.greet(toyota) == greeting.OK  # and Kyoto has greeted it, and got the new number
    said = kyoto.do(lambda tx: greeting.answer_hello(kyoto.house, tx, toyota.house.id, late))
    assert kyoto.see(lambda tx: tx.meta.get(f"copy/{toyota.house.id.hex()}")) is None
    toyota.house.expected[kyoto.house.id] = greeting._hello(greeting._read(late, greeting.HELLO_SIGNED)[0]).fresh
    taken = toyota.do(lambda tx: greeting.take_answer(toyota.house, tx, kyoto.house.id, said))
    assert taken.verdict == greeting.OK
    assert toyota.greet(kyoto) == greeting.OK
    row = kyoto.see(lambda tx: tx.peers.get(toyota.house.id))
    assert row is not None
    assert row.start_number == toyota.house.start_number  # the late one has put nothing back


def test_a_copy_behind_a_raised_number_is_still_found(towns: tuple[Association, Association]) -> None:
    toyota, kyoto = towns
    image = toyota.store.serialize()
    begin(toyota, Reason.RESTORE)
    toyota.house.start_number += 1
    assert toyota.greet(kyoto) == greeting.OK
    toyota.store = type(toyota.store)(image)
    begin(toyota, None)
    assert toyota.greet(kyoto) == greeting.COPY
    assert toyota.house.frozen
