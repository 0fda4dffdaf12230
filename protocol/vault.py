"""Vault keys: what a member's copies at guardians are encrypted with, and who can open them.

Owns the encryption of frames and chunks (XChaCha20-Poly1305 by :mod:`protocol.sealing`), their padding, the blind
names of chunks, and the vault record, in which each key is sealed to those who may bring the member back: the holders
of its recovery words, its second factor, its association; and to the home's own node, which may lose it with a disk
and get it back after a restore. No guardian's key stands there. Entropy is an argument.

Frames take a random nonce; a chunk's nonce is its number under a key of its own, since its content never changes.
Source: ``docs/protocol.md`` §15.2.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final, NamedTuple

from protocol import canon, keys, sealing, shape
from protocol.document.header import NETWORKS
from protocol.errors import Malformed, NotAuthorised
from protocol.identity.control import Epoch
from protocol.identity.genesis import KEYED_ROLES, Role
from protocol.keys import Purpose, SigningKey
from protocol.limits import CHUNK_BYTES, KIB, MAX_CONTROL_RECORDS, MAX_FRAME_BYTES, MAX_VAULT_KEYS, MAX_VAULT_WRAPS

TAG: Final = "yui/vault/1"
SIGNED_TAG: Final = "yui/vault-signed/1"
KEY_BYTES: Final = 32
NONCE_BYTES: Final = 24
LEAST_PADDED: Final = 1 * KIB
MAX_SEALED_CHUNK_BYTES: Final = CHUNK_BYTES + CHUNK_BYTES // 8
MAX_VAULT_BYTES: Final = 256 * KIB
_MARK: Final = b"\x80"  # ISO/IEC 7816-4: one mark, then zeros


OPENERS: Final = (*KEYED_ROLES, Role.NODE)


class Wrap(NamedTuple):
    """A vault key sealed to ``public``, which holds ``role`` for the member."""

    role: str
    public: bytes
    sealed: bytes


class VaultKey(NamedTuple):
    """One generation of the key, as others see it: its name and who can open it."""

    name: bytes
    wraps: tuple[Wrap, ...]


class Vault(NamedTuple):
    """All generations, oldest first; the last one is in use. ``version`` grows with every change."""

    network: str
    member: bytes
    epoch: bytes
    version: int
    keys: tuple[VaultKey, ...]


def name_of(key: bytes) -> bytes:
    """The public name of a vault key (32 bytes)."""
    return hashlib.sha256(b"yui/vault-key/1\0" + key).digest()


# --- the record


def wrap(member: bytes, key: bytes, role: Role, public: bytes, seed: bytes) -> Wrap:
    """``key`` for the holder of ``public``. ``seed``: 32 fresh random bytes."""
    return Wrap(role.value, public, sealing.seal(key, _about_key(member, name_of(key)), public, seed))


def unwrap(vault: Vault, holder: SigningKey) -> dict[bytes, bytes]:
    """Every vault key that ``holder`` can open, by name. NotAuthorised if there is none."""
    found: dict[bytes, bytes] = {}
    for item in vault.keys:
        for wrapped in item.wraps:
            if wrapped.public != holder.public:
                continue
            key = sealing.unseal(wrapped.sealed, _about_key(vault.member, item.name), holder)
            if len(key) != KEY_BYTES or name_of(key) != item.name:
                raise Malformed("vault: a sealed key is not the one that it is named after")
            found[item.name] = key
    if not found:
        raise NotAuthorised("the copies of this member are not sealed to this key")
    return found


def _about_key(member: bytes, name: bytes) -> bytes:
    return canon.encode(("yui/vault-about/1", member, name))


def sign(key: SigningKey, vault: Vault) -> bytes:
    """The bytes that travel, signed by the epoch's key."""
    record = canon.encode((TAG, *vault[:4], vault.keys))
    return canon.encode((SIGNED_TAG, record, key.sign(Purpose.VAULT, canon.digest(record))))


def claimed_epoch(data: bytes) -> tuple[bytes, bytes]:
    """(member, epoch) that a vault record names, nothing believed yet."""
    found = _parse(_outer(data)[0])
    return found.member, found.epoch


def read(data: bytes) -> Vault:
    """The vault in ``data`` as it says itself: for who opens it and trusts whoever showed it."""
    return _parse(_outer(data)[0])


def verify(data: bytes, epoch: Epoch) -> Vault:
    """The vault in ``data`` if the signing key of ``epoch`` signed it."""
    record, signature = _outer(data)
    keys.verify(epoch.signing_key, Purpose.VAULT, canon.digest(record), signature)
    found = _parse(record)
    if found.epoch != epoch.hash:
        raise NotAuthorised("vault: signed in another epoch than it names")
    return found


def _outer(data: bytes) -> tuple[bytes, bytes]:
    raw = shape.record(canon.decode(data, max_bytes=MAX_VAULT_BYTES), SIGNED_TAG, 3)
    return shape.binary(raw[1], "record", MAX_VAULT_BYTES), shape.fixed(raw[2], "signature", keys.SIGNATURE_BYTES)


def _parse(data: bytes) -> Vault:
    raw = shape.record(canon.decode(data, max_bytes=MAX_VAULT_BYTES), TAG, 6)
    if raw[1] not in NETWORKS:
        raise Malformed("network: must be live or test")
    found = tuple(_vault_key(item) for item in shape.array(raw[5], "keys", MAX_VAULT_KEYS))
    if not found or len({item.name for item in found}) != len(found):
        raise Malformed("keys: at least one, none twice")
    return Vault(
        raw[1],
        shape.hash32(raw[2], "member"),
        shape.hash32(raw[3], "epoch"),
        shape.integer(raw[4], "version", 1, MAX_CONTROL_RECORDS),
        found,
    )


def _vault_key(value: object) -> VaultKey:
    name, raw = shape.exactly(value, "keys", 2)
    wraps = []
    for item in shape.array(raw, "keys.wraps", MAX_VAULT_WRAPS):
        role, public, sealed = shape.exactly(item, "keys.wraps", 3)
        if role not in {known.value for known in OPENERS}:
            raise Malformed("keys.wraps: words, factor, association or node")
        sealed = shape.fixed(sealed, "keys.wraps.sealed", KEY_BYTES + sealing.OVERHEAD_BYTES)
        wraps.append(Wrap(role, shape.fixed(public, "keys.wraps.public", 32), sealed))
    if wraps != sorted(wraps):
        raise Malformed("keys.wraps: in ascending order")
    return VaultKey(shape.hash32(name, "keys.name"), tuple(wraps))


# --- frames and chunks


def padded_length(length: int) -> int:
    """To how many bytes ``length`` bytes and their mark are padded: at least 1 KiB, at most an eighth more."""
    wanted = max(length + 1, LEAST_PADDED)
    step = max(1, 1 << (wanted.bit_length() - 4))
    return -(-wanted // step) * step


def pad(plain: bytes) -> bytes:
    """``plain`` with its mark and zeros."""
    return (plain + _MARK).ljust(padded_length(len(plain)), b"\0")


def unpad(padded: bytes) -> bytes:
    """What was padded; Malformed if it was not, or to another length."""
    plain = padded.rstrip(b"\0")
    if not plain.endswith(_MARK) or len(padded) != padded_length(len(plain) - 1):
        raise Malformed("padding: not as it must be")
    return plain[:-1]


def seal_frame(key: bytes, about: bytes, plain: bytes, nonce: bytes) -> bytes:
    """Nonce and ciphertext of ``plain``, padded and bound to ``about``. ``nonce``: 24 fresh random bytes."""
    return nonce + sealing.encrypt(pad(plain), about, nonce, key)


def open_frame(key: bytes, about: bytes, sealed: bytes) -> bytes:
    """What :func:`seal_frame` sealed; Malformed if key, place or bytes are others."""
    if not NONCE_BYTES < len(sealed) <= MAX_FRAME_BYTES:
        raise Malformed("frame: of an impossible length")
    return unpad(sealing.decrypt(sealed[NONCE_BYTES:], about, sealed[:NONCE_BYTES], key))


def chunk_name(key: bytes, root: bytes, index: int) -> bytes:
    """The name under which a guardian keeps a chunk: it says nothing of the attachment to who lacks the key."""
    return hashlib.blake2b(root + index.to_bytes(8, "big"), key=key, digest_size=32, person=b"yui/chunk-name").digest()


def seal_chunk(key: bytes, root: bytes, index: int, plain: bytes) -> bytes:
    """Chunk ``index`` of the attachment ``root``; the same bytes every time."""
    padded = pad(plain) if len(plain) < CHUNK_BYTES else plain + _MARK
    return sealing.encrypt(padded, root, _number(index), _chunk_key(key, root))


def open_chunk(key: bytes, root: bytes, index: int, sealed: bytes) -> bytes:
    """What :func:`seal_chunk` sealed. Whether it belongs to ``root`` the caller verifies by its path or whole."""
    padded = sealing.decrypt(sealed, root, _number(index), _chunk_key(key, root))
    return padded[:CHUNK_BYTES] if len(padded) == CHUNK_BYTES + 1 else unpad(padded)


def _chunk_key(key: bytes, root: bytes) -> bytes:
    return hashlib.blake2b(root, key=key, digest_size=32, person=b"yui/chunk-key").digest()


def _number(index: int) -> bytes:
    return index.to_bytes(NONCE_BYTES, "big")


def may_open(vault: Vault, role: Role) -> Sequence[bytes]:
    """The public keys of ``role`` that can open the newest key."""
    return [item.public for item in vault.keys[-1].wraps if item.role == role.value]
