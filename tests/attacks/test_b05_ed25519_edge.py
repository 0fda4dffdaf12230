"""Row B5: Ed25519 libraries disagree at the edges; who is laxer than the others accepts what nobody signed.

Each vector satisfies the equation that some libraries check (shown here by verifiers in plain integers); all but the
last three are made without any private key, or from a genuine signature. None verifies here, and no key among them is
let in. Sources: "Taming the many EdDSAs" (Chalkias et al.); the duplicate-signature attack on Let's Encrypt.
"""

from collections.abc import Callable, Iterator
from functools import cache
from typing import NamedTuple

import pytest

from protocol import keys
from protocol.errors import BadSignature, Malformed
from protocol.keys import Purpose, SigningKey
from tests.attacks import edwards
from tests.attacks.edwards import BASE, IDENTITY, L, P, add, challenge, encode, times

SECRET = 7**77 % L
HONEST = encode(times(SECRET, BASE))


class Edge(NamedTuple):
    """``accepted``: by which kind of lax verifier. ``key``: whether the public key itself is unfit."""

    name: str
    public: bytes
    digest: bytes
    signature: bytes
    accepted: Callable[[bytes, bytes, bytes], bool]
    key: bool


def message(digest: bytes) -> bytes:
    return b"yui/sig/1/" + Purpose.DOCUMENTS.value + b"\0" + digest


def digests() -> Iterator[bytes]:
    yield from (number.to_bytes(32, "big") for number in range(10_000))


def number(value: int) -> bytes:
    return value.to_bytes(32, "little")


def without_key(name: str, public: bytes) -> Edge:
    """A signature that holds for a key of small order: R = [S]B, for a digest whose challenge wipes the key out."""
    for digest in digests():
        signature = encode(times(5, BASE)) + number(5)
        if edwards.lax(public, message(digest), signature):
            return Edge(name, public, digest, signature, edwards.lax, True)
    raise AssertionError(name)


def small_orders() -> Iterator[Edge]:
    for at, point in enumerate(edwards.torsion()):
        yield without_key(f"key of small order, {at} of 8", encode(point))


def other_spellings() -> Iterator[Edge]:
    yield without_key("identity with the sign bit", number(1 | 1 << 255))
    yield without_key("order 2 with the sign bit", number(P - 1 | 1 << 255))
    yield without_key("identity as p + 1", number(P + 1))
    yield without_key("identity as p + 1 with the sign bit", number(P + 1 | 1 << 255))
    yield without_key("order 4 as p", number(P))
    yield without_key("order 4 as p with the sign bit", number(P | 1 << 255))


def malleable() -> Iterator[Edge]:
    digest = bytes(32)
    r = encode(times(9, BASE))
    s = (9 + challenge(r, HONEST, message(digest)) * SECRET) % L
    yield Edge("S + L", HONEST, digest, r + number(s + L), edwards.lax, False)


def chosen_commitments() -> Iterator[Edge]:
    digest = bytes(32)
    for name, r in (("R is the identity", encode(IDENTITY)), ("R is the identity, spelled p + 1", number(P + 1))):
        s = challenge(r, HONEST, message(digest)) * SECRET % L
        yield Edge(name, HONEST, digest, r + number(s), edwards.lax, False)
    r = encode(add(times(9, BASE), edwards.torsion()[1]))
    s = (9 + challenge(r, HONEST, message(digest)) * SECRET) % L
    yield Edge("R of mixed order", HONEST, digest, r + number(s), edwards.cofactored, False)


@cache
def mixed_key(divisible: bool) -> Edge:
    """A signature under A = [a]B + T; ``divisible``: for a digest whose challenge wipes T out."""
    public = encode(add(times(SECRET, BASE), edwards.torsion()[1]))
    r = encode(times(9, BASE))
    for digest in digests():
        k = challenge(r, public, message(digest))
        # libsodium reduces the challenge modulo L before it multiplies the key
        if (k % L % 8 == 0) is divisible:
            signature = r + number((9 + k * SECRET) % L)
            return Edge("key of mixed order", public, digest, signature, edwards.cofactored, True)
    raise AssertionError


EDGES = [*small_orders(), *other_spellings(), *malleable(), *chosen_commitments(), mixed_key(False)]


def test_there_are_enough() -> None:
    assert len(EDGES) >= 15
    assert len({edge.signature + edge.public for edge in EDGES}) == len(EDGES)


@pytest.mark.parametrize("edge", EDGES, ids=lambda edge: edge.name)
def test_a_lax_library_accepts_it_and_we_do_not(edge: Edge) -> None:
    assert edge.accepted(edge.public, message(edge.digest), edge.signature)
    with pytest.raises(BadSignature):
        keys.verify(edge.public, Purpose.DOCUMENTS, edge.digest, edge.signature)


@pytest.mark.parametrize("edge", [edge for edge in EDGES if edge.key], ids=lambda edge: edge.name)
def test_such_a_key_is_not_let_in(edge: Edge) -> None:
    with pytest.raises(Malformed, match="not a valid Ed25519 public key"):
        keys.require_valid_public(edge.public)


def test_a_key_of_mixed_order_must_be_refused_when_it_is_introduced() -> None:
    """Every library accepts it for one message in eight: verification alone is not enough."""
    edge = mixed_key(True)
    keys.verify(edge.public, Purpose.DOCUMENTS, edge.digest, edge.signature)
    with pytest.raises(Malformed):
        keys.require_valid_public(edge.public)


def test_the_curve_agrees_with_the_library() -> None:
    for seed in (bytes(32), bytes(range(32))):
        key = SigningKey(seed)
        signature = key.sign(Purpose.DOCUMENTS, bytes(32))
        assert edwards.lax(key.public, message(bytes(32)), signature)
        assert not edwards.lax(key.public, message(bytes([1]) * 32), signature)
        assert edwards.encode(edwards.decode(key.public) or IDENTITY) == key.public
    assert keys.require_valid_public(HONEST)
    assert all(times(8, point) == IDENTITY for point in edwards.torsion())
    assert len(set(edwards.torsion())) == 8


def test_one_signature_does_not_fit_a_second_key_of_the_attackers_choice() -> None:
    """Duplicate-signature key selection: the public key is hashed into the challenge, and the epoch into the header."""
    key = SigningKey(bytes(32))
    signature = key.sign(Purpose.DOCUMENTS, bytes(32))
    for edge in EDGES:
        with pytest.raises(BadSignature):
            keys.verify(edge.public, Purpose.DOCUMENTS, bytes(32), signature)
