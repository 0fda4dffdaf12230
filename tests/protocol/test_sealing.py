"""Sealing to a node's key: only its holder opens it, bound to what it is about, and not a bit may change."""

from __future__ import annotations

import hashlib

import nacl.bindings as sodium
import pytest

from protocol import sealing
from protocol.errors import Malformed
from protocol.keys import SigningKey, agreeable

OWN, OTHER = SigningKey(b"\1" * 32), SigningKey(b"\2" * 32)
SEED = b"\3" * 32


def test_only_the_holder_of_the_key_opens_it() -> None:
    sealed = sealing.seal(b"a paper", b"label", OWN.public, SEED)
    assert sealing.unseal(sealed, b"label", OWN) == b"a paper"
    assert len(sealed) == len(b"a paper") + sealing.OVERHEAD_BYTES
    with pytest.raises(Malformed, match="not sealed to this key"):
        sealing.unseal(sealed, b"label", OTHER)
    with pytest.raises(Malformed):
        sealing.unseal(sealed, b"another label", OWN)


def test_every_byte_counts() -> None:
    sealed = sealing.seal(b"a paper", b"label", OWN.public, SEED)
    for at in range(len(sealed)):
        changed = bytearray(sealed)
        changed[at] ^= 1
        with pytest.raises(Malformed):
            sealing.unseal(bytes(changed), b"label", OWN)
    for size in range(len(sealed)):
        with pytest.raises(Malformed):
            sealing.unseal(sealed[:size], b"label", OWN)


@pytest.mark.parametrize("ephemeral", [bytes(32), b"\1" + bytes(31), b"\xff" * 32])
def test_keys_that_agree_with_everybody_are_refused(ephemeral: bytes) -> None:
    """A point of small order makes the same secret with every key."""
    with pytest.raises(Malformed):
        sealing.unseal(ephemeral + bytes(64), b"", OWN)


def test_the_way_is_the_one_that_is_written_down() -> None:
    """Made again with libsodium's functions by themselves: another program must be able to open it."""
    sealed = sealing.seal(b"a paper", b"label", OWN.public, SEED)
    throwaway_public, throwaway_secret = sodium.crypto_sign_seed_keypair(SEED)
    receiver = sodium.crypto_sign_ed25519_pk_to_curve25519(OWN.public)
    shared = sodium.crypto_scalarmult(sodium.crypto_sign_ed25519_sk_to_curve25519(throwaway_secret), receiver)
    ephemeral = sodium.crypto_sign_ed25519_pk_to_curve25519(throwaway_public)
    key = hashlib.sha256(b"yui/sealed/1\0" + shared + ephemeral + receiver).digest()
    assert sealed[:32] == ephemeral == agreeable(SigningKey(SEED).public)
    assert sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(sealed[32:], b"label", bytes(24), key) == b"a paper"
