"""Encryption: sealing bytes to a key, or with one. The only module that encrypts; signing is :mod:`protocol.keys`.

Owns the way from two keys to one use of an authenticated cipher: X25519 (RFC 7748) between a throw-away key and the
node's key in its X25519 form, SHA-256 over both, XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03) nonce zero, since
every sealing has a key of its own. Draws no entropy: the caller brings the seed. Says nothing of who sealed.
"""

from __future__ import annotations

import hashlib
from typing import Final

import nacl.bindings as sodium
from nacl.exceptions import CryptoError

from protocol.errors import Malformed
from protocol.keys import SigningKey, agreeable

SEED_BYTES: Final = 32
OVERHEAD_BYTES: Final = 48  # the throw-away public key and the authentication tag
_NONCE: Final = bytes(24)


def seal(plain: bytes, about: bytes, public: bytes, seed: bytes) -> bytes:
    """``plain`` for the holder of the Ed25519 key ``public``, bound to ``about``. ``seed``: 32 fresh random bytes."""
    throwaway = SigningKey(seed)
    ephemeral, receiver = agreeable(throwaway.public), agreeable(public)
    key = _key(throwaway.agree(receiver), ephemeral, receiver)
    return ephemeral + sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(plain, about, _NONCE, key)


def unseal(sealed: bytes, about: bytes, own: SigningKey) -> bytes:
    """What was sealed to ``own`` and bound to ``about``; Malformed if it was not, or was changed."""
    ephemeral, receiver = sealed[:32], agreeable(own.public)
    try:
        key = _key(own.agree(ephemeral), ephemeral, receiver)
        return sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(sealed[32:], about, _NONCE, key)
    except (CryptoError, ValueError, TypeError):
        raise Malformed("damaged, or not sealed to this key") from None


def encrypt(plain: bytes, about: bytes, nonce: bytes, key: bytes) -> bytes:
    """``plain`` under a 32-byte key and a 24-byte nonce that the caller never uses twice for other bytes."""
    return sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(plain, about, nonce, key)


def decrypt(sealed: bytes, about: bytes, nonce: bytes, key: bytes) -> bytes:
    """What :func:`encrypt` made; Malformed if key, nonce, ``about`` or one byte is another."""
    try:
        return sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(sealed, about, nonce, key)
    except (CryptoError, ValueError, TypeError):
        raise Malformed("damaged, or not encrypted with this key for this place") from None


def keystream(key: bytes, length: int) -> bytes:
    """The first ``length`` bytes of ChaCha20 (RFC 8439 §2.4) under a key that is used for nothing else, nonce zero.

    Block counter from 1: what the AEAD of the same RFC would add to a message of zeros; its tag is dropped.
    """
    return sodium.crypto_aead_chacha20poly1305_ietf_encrypt(bytes(length), None, bytes(12), key)[:length]


def _key(shared: bytes, ephemeral: bytes, receiver: bytes) -> bytes:
    return hashlib.sha256(b"yui/sealed/1\0" + shared + ephemeral + receiver).digest()
