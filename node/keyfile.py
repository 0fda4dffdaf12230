"""The node secret and what it seals: keys at rest.

Owns the files under ``keys/`` (mode 0600) and the one wrapping. The *secret* is 32 bytes: either the content of a key
file (a machine that must start alone) or derived by Argon2id from a passphrase. It never signs; it only opens
wrapped keys. Must not know what the keys are for: they come as (purpose, subject, bytes).

Wrapped form: ``1 || nonce (24) || XChaCha20-Poly1305(secret's wrapping key, AAD = "yui/wrap/1" NUL purpose NUL
subject)``, so a wrapped key put in another's place does not open. Source: ``docs/protocol.md`` §4, RFC 9106.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec
import nacl.bindings as sodium
from nacl import pwhash
from nacl.exceptions import CryptoError

from protocol.errors import CallerFault, WorldFault

SECRET_BYTES = 32
NONCE_BYTES = sodium.crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
VERSION = b"\x01"
MIN_PASSPHRASE_CHARS = 12
SECRET_FILE = "node.secret"  # noqa: S105 - the name of the file that holds the unattended secret
PASSPHRASE_FILE = "passphrase.json"  # noqa: S105 - a file's name: salt and cost of the attended secret, and a check value

Entropy = Callable[[int], bytes]


class NodeSecret:
    """Wraps and unwraps keys; derives passwords for files of other formats. Never printed, never stored by itself."""

    __slots__ = ("_entropy", "_secret")

    def __init__(self, secret: bytes, entropy: Entropy = os.urandom) -> None:
        if len(secret) != SECRET_BYTES:
            raise CallerFault("secret", f"must be {SECRET_BYTES} bytes")
        self._secret = secret
        self._entropy = entropy

    def wrap(self, purpose: str, subject: bytes, secret: bytes) -> bytes:
        """``secret`` sealed for (purpose, subject)."""
        nonce = self._entropy(NONCE_BYTES)
        sealed = sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(
            secret, _bound_to(purpose, subject), nonce, self.derive("wrap")
        )
        return VERSION + nonce + sealed

    def unwrap(self, purpose: str, subject: bytes, wrapped: bytes) -> bytes:
        """What was sealed for (purpose, subject). CallerFault if the secret, purpose, subject or bytes are others."""
        if wrapped[:1] != VERSION:
            raise CallerFault("wrapped key", "is of an unknown version")
        nonce, sealed = wrapped[1 : 1 + NONCE_BYTES], wrapped[1 + NONCE_BYTES :]
        try:
            return sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(
                sealed, _bound_to(purpose, subject), nonce, self.derive("wrap")
            )
        except (CryptoError, ValueError, TypeError):
            raise CallerFault("node secret", f"does not open the {purpose} key: another secret or damaged") from None

    def derive(self, purpose: str) -> bytes:
        """32 bytes for one purpose, from which the secret cannot be found."""
        return hashlib.blake2b(b"yui/derive/1\0" + purpose.encode(), key=self._secret, digest_size=32).digest()

    def password(self, purpose: str) -> bytes:
        """The derived bytes as ASCII, for file formats that want a password (the TLS key's PEM)."""
        return self.derive(purpose).hex().encode()

    def __repr__(self) -> str:
        return "NodeSecret(…)"


def _bound_to(purpose: str, subject: bytes) -> bytes:
    return b"yui/wrap/1\0" + purpose.encode() + b"\0" + subject


class Cost(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Argon2id's cost: passes, and memory in KiB."""

    passes: int = pwhash.argon2id.OPSLIMIT_MODERATE
    memory_kib: int = pwhash.argon2id.MEMLIMIT_MODERATE // 1024


class _Passphrase(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: int
    salt: str
    passes: int
    memory_kib: int
    check: str


@dataclass(frozen=True)
class KeyFolder:
    """The folder ``keys/`` of a data folder: made with mode 0700, every file in it 0600."""

    path: Path

    def create_unattended(self, entropy: Entropy = os.urandom) -> NodeSecret:
        """A new random secret, kept in a file: the node starts without anybody. CallerFault if there is one."""
        self._require_none()
        secret = entropy(SECRET_BYTES)
        write_private(self.path / SECRET_FILE, secret)
        return NodeSecret(secret, entropy)

    def create_with_passphrase(
        self, passphrase: str, cost: Cost | None = None, entropy: Entropy = os.urandom
    ) -> NodeSecret:
        """A secret derived from ``passphrase``; the file holds salt, cost and a check value only."""
        self._require_none()
        if len(passphrase) < MIN_PASSPHRASE_CHARS:
            raise CallerFault("passphrase", f"must have at least {MIN_PASSPHRASE_CHARS} characters")
        cost = cost or Cost()
        salt = entropy(pwhash.argon2id.SALTBYTES)
        secret = NodeSecret(_stretch(passphrase, salt, cost), entropy)
        kept = _Passphrase(1, salt.hex(), cost.passes, cost.memory_kib, secret.derive("check").hex())
        write_private(self.path / PASSPHRASE_FILE, msgspec.json.encode(kept))
        return secret

    def needs_passphrase(self) -> bool:
        """Whether :meth:`open` wants one. CallerFault if there is no secret at all."""
        if (self.path / SECRET_FILE).exists():
            return False
        if (self.path / PASSPHRASE_FILE).exists():
            return True
        raise CallerFault("keys", f"there is no node secret in {self.path}")

    def open(self, passphrase: str | None = None, entropy: Entropy = os.urandom) -> NodeSecret:
        """The node's secret. CallerFault for a wrong passphrase or a file that others can read."""
        if not self.needs_passphrase():
            return NodeSecret(read_private(self.path / SECRET_FILE), entropy)
        if passphrase is None:
            raise CallerFault("passphrase", "this node's keys are kept under a passphrase")
        try:
            kept = msgspec.json.decode(read_private(self.path / PASSPHRASE_FILE), type=_Passphrase)
            salt = bytes.fromhex(kept.salt)
        except (msgspec.DecodeError, ValueError):
            raise CallerFault(PASSPHRASE_FILE, "is damaged") from None
        secret = NodeSecret(_stretch(passphrase, salt, Cost(kept.passes, kept.memory_kib)), entropy)
        if not hmac.compare_digest(secret.derive("check").hex(), kept.check):
            raise CallerFault("passphrase", "is not this node's")
        return secret

    def _require_none(self) -> None:
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path.chmod(0o700)
        for name in (SECRET_FILE, PASSPHRASE_FILE):
            if (self.path / name).exists():
                raise CallerFault(
                    "keys", f"{self.path / name} exists already: a second secret would lock the first out"
                )


def _stretch(passphrase: str, salt: bytes, cost: Cost) -> bytes:
    try:
        return pwhash.argon2id.kdf(
            SECRET_BYTES, passphrase.encode(), salt, opslimit=cost.passes, memlimit=cost.memory_kib * 1024
        )
    except (CryptoError, ValueError, MemoryError):
        raise WorldFault("Argon2id: not enough memory on this machine for the passphrase's cost") from None


def write_private(path: Path, data: bytes) -> None:
    """Write a new file of mode 0600 durably; FileExistsError if it is there already."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read_private(path: Path) -> bytes:
    """The bytes of a file that only this user may read; CallerFault otherwise."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    with os.fdopen(descriptor, "rb") as file:
        mode = os.fstat(file.fileno()).st_mode
        if mode & 0o077:
            raise CallerFault(path.name, f"others can read it: chmod 600 {path}")
        return file.read()
