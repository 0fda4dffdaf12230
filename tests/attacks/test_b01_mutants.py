"""Row B1: a signature over a meaning that can be rearranged (JSON-LD and SAML wrapping attacks).

What is signed are bytes, and what is read is read from exactly these bytes. So no mutant of a valid record is valid
with another meaning. A mutant may be valid if it means the same or less: a part erased, a superfluous proof missing.
"""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from protocol import proof
from protocol.document import envelope
from protocol.errors import PeerFault
from protocol.identity import card, control, descriptor, genesis, log
from protocol.link import batch, receipt
from tests.attacks.mutants import Mutator
from tests.vectors import exchanges, proof_cases, world
from tests.vectors.world import AUTHOR, RECIPIENT, key

Meaning = Any
AUTHOR_LOG = world.author_log()
BEFORE_EVENTS = world.signed_records(world.eventful_log())


def document(data: bytes) -> Meaning:
    found = envelope.parse(data)
    envelope.verify(found, key("maker 1").public)
    return found.id, found.header, frozenset(found.parts.items())


def genesis_of(data: bytes) -> Meaning:
    found = genesis.parse(data)
    if genesis.identify(data) != AUTHOR.id:
        raise PeerFault("another member")
    return found


def first_record(data: bytes) -> Meaning:
    at = log.admit(log.start(AUTHOR.genesis), control.parse(data), world.START)
    return at.standing


def second_record(data: bytes) -> Meaning:
    return log.admit(AUTHOR_LOG, control.parse(data), world.START).standing


def history(data: bytes) -> Meaning:
    first, records = log.parse_history(data, 10**6)
    at = log.admit_all(log.start(first), records, world.START)
    if at.member != AUTHOR.id:
        raise PeerFault("another member")
    return [(name, item.signed.record, item.standing) for name, item in at.records.items()]


def a_batch(data: bytes) -> Meaning:
    return batch.verify(data, key("toyota").public)


def a_receipt(data: bytes) -> Meaning:
    return receipt.verify(data, key("kyoto").public)


def receipt_proof(data: bytes) -> Meaning:
    return receipt.verify_proof(data, key("kyoto").public)


def a_card(data: bytes) -> Meaning:
    return card.verify(data, key("maker 1").public)


def a_descriptor(data: bytes) -> Meaning:
    found = descriptor.parse(data)
    if found.public != key("toyota").public:
        raise PeerFault("another node")
    return found


def whole_proof(data: bytes) -> Meaning:
    found = proof.verify(data)
    receipted = found.receipt and (found.receipt.head, found.receipt.leaf)
    return found.document.id, frozenset(found.document.parts.items()), found.epoch, receipted


def same(one: Meaning, other: Meaning) -> bool:
    return bool(one == other)


def same_or_less(mutant: Meaning, original: Meaning) -> bool:
    """A document with fewer parts."""
    return bool(mutant[:2] == original[:2] and mutant[2] <= original[2])


def same_or_earlier(mutant: Meaning, original: Meaning) -> bool:
    """A history that ends earlier, or does not tell of what was undone."""
    undone = world.eventful_log().superseded
    told = [item for item in original if item in mutant]
    kept = [item for item in original[: original.index(told[-1]) + 1] if item[0] not in undone] if told else []
    return bool(mutant == told and all(item in mutant for item in kept))


def same_or_unreceipted(mutant: Meaning, original: Meaning) -> bool:
    """A proof with fewer parts, or without its receipt."""
    same = mutant[0] == original[0] and mutant[1] <= original[1] and mutant[2] == original[2]
    return bool(same and mutant[3] in (None, original[3]))


Reader = Callable[[bytes], Meaning]
Allowed = Callable[[Meaning, Meaning], bool]
READERS: dict[str, tuple[bytes, Reader, Allowed]] = {
    "single document": (envelope.encode(proof_cases.single()), document, same_or_less),
    "document of five": (envelope.encode(proof_cases.bulk()[2]), document, same_or_less),
    "full header": (envelope.encode(exchanges.answer()), document, same_or_less),
    "genesis": (AUTHOR.genesis, genesis_of, same),
    "first record": (control.encode(BEFORE_EVENTS[0]), first_record, same),
    "guardians": (control.encode(BEFORE_EVENTS[1]), second_record, same),
    "history": (log.encode_history(world.eventful_log()), history, same_or_earlier),
    "batch": (dict(exchanges.batches())["batch: a history and two documents behind position 2"], a_batch, same),
    "receipt": (exchanges.five(), a_receipt, same),
    "receipt proof": (
        proof_cases.receipt_proof(exchanges.five(), proof_cases.bulk()[1].id, RECIPIENT.id),
        receipt_proof,
        same,
    ),
    "card": (card.sign(key("maker 1"), exchanges.CARD), a_card, same),
    "descriptor": (
        descriptor.sign(key("toyota"), exchanges.descriptor_of("toyota", b"certificate")),
        a_descriptor,
        same,
    ),
    "proof": (
        next(data for name, _, data in proof_cases.good() if name == "one-of-five"),
        whole_proof,
        same_or_unreceipted,
    ),
}
RECORDS = {name: data for name, (data, _, _) in READERS.items()}


def attack(name: str, count: int, seed: int) -> tuple[int, int]:
    """(mutants refused, mutants valid with the same meaning or less) of ``count``; fails on any other."""
    original, read, allowed = READERS[name]
    meaning = read(original)
    mutator = Mutator(RECORDS, Random(f"{name} {seed}"))
    refused = harmless = 0
    for _ in range(count):
        mutant = mutator.mutant(name)
        try:
            found = read(mutant)
        except PeerFault:
            refused += 1
            continue
        assert allowed(found, meaning), f"seed {seed}: valid with another meaning: {mutant.hex()}"
        harmless += 1
    return refused, harmless


@pytest.mark.parametrize("name", READERS)
def test_no_mutant_is_valid_with_another_meaning(name: str) -> None:
    refused, _ = attack(name, 400, 1)
    assert refused > 300, "the mutants are too tame"


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", READERS)
def test_none_of_100_000_mutants_is_valid_with_another_meaning(name: str) -> None:
    assert 7_700 * len(READERS) > 100_000
    refused, harmless = attack(name, 7_700, 2)
    print(f"{name}: {refused} refused, {harmless} valid with the same meaning or less")
    assert refused > 6_000


def test_the_mutants_find_a_reader_that_trusts() -> None:
    """A reader that forgets the signature, or reads other bytes than it verified, is found."""

    def trusting(data: bytes) -> Meaning:
        found = envelope.parse(data)
        return found.id, found.header, frozenset(found.parts.items())

    original = RECORDS["single document"]
    meaning = trusting(original)
    mutator = Mutator({"single document": original}, Random(3))
    found = 0
    for _ in range(3_000):
        try:
            found += not same_or_less(trusting(mutator.mutant("single document")), meaning)
        except PeerFault:
            continue
    assert found > 10
