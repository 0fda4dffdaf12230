"""Files sealed for who has the node's secret: read and written piece by piece, whatever their size.

Owns the form: ``YUI sealed 1\\n || length of the wrapped key (2) || wrapped key || header (24) || pieces``. Each file
has a key of its own, wrapped under its purpose and name, so that a file in another's place does not open; pieces are
those of libsodium's *secretstream* (XChaCha20-Poly1305) over 1 MiB each, the last one marked, so that a cut file does
not open either. Must not know what the files are for.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final, Protocol

import nacl.bindings as sodium
from nacl.exceptions import CryptoError

from protocol.errors import Malformed

MAGIC: Final = b"YUI sealed 1\n"
PURPOSE: Final = "sealed-file"
PIECE_BYTES: Final = 1024 * 1024
_KEY_BYTES: Final = sodium.crypto_secretstream_xchacha20poly1305_KEYBYTES
_HEADER_BYTES: Final = sodium.crypto_secretstream_xchacha20poly1305_HEADERBYTES
_MORE: Final = sodium.crypto_secretstream_xchacha20poly1305_ABYTES
_MESSAGE: Final = sodium.crypto_secretstream_xchacha20poly1305_TAG_MESSAGE
_FINAL: Final = sodium.crypto_secretstream_xchacha20poly1305_TAG_FINAL
_MAX_WRAPPED: Final = 1024


class Wrapping(Protocol):
    """The node's secret, as far as it is needed here."""

    def wrap(self, purpose: str, subject: bytes, secret: bytes) -> bytes:
        """Seal a key."""
        ...

    def unwrap(self, purpose: str, subject: bytes, wrapped: bytes) -> bytes:
        """Open it. CallerFault under another secret."""
        ...


def seal(secret: Wrapping, name: str, source: Path, target: Path) -> None:
    """``source`` sealed as the new file ``target`` (mode 0600), durably. ``name`` must be said again to open it."""
    key = os.urandom(_KEY_BYTES)
    wrapped = secret.wrap(PURPOSE, name.encode(), key)
    state = sodium.crypto_secretstream_xchacha20poly1305_state()
    header = sodium.crypto_secretstream_xchacha20poly1305_init_push(state, key)
    with source.open("rb") as file, _Created(target) as out:
        out.write(MAGIC + len(wrapped).to_bytes(2, "big") + wrapped + header)
        for piece, last in _pieces(file, PIECE_BYTES):
            tag = _FINAL if last else _MESSAGE
            out.write(sodium.crypto_secretstream_xchacha20poly1305_push(state, piece, None, tag))


def unseal(secret: Wrapping, name: str, source: Path, target: Path) -> None:
    """What :func:`seal` sealed, as the new file ``target``, durably.

    CallerFault under another secret; Malformed for another file, a changed or a cut one: ``target`` is removed then.
    """
    with source.open("rb") as file:
        try:
            state = _opened(secret, name, file)
            with _Created(target) as out:
                for piece in _plain(state, name, file):
                    out.write(piece)
        except Malformed:
            target.unlink(missing_ok=True)
            raise


def _opened(secret: Wrapping, name: str, file: IO[bytes]) -> sodium.crypto_secretstream_xchacha20poly1305_state:
    if file.read(len(MAGIC)) != MAGIC:
        raise Malformed(f"{name}: is no sealed file")
    length = int.from_bytes(file.read(2), "big")
    if not 0 < length <= _MAX_WRAPPED:
        raise Malformed(f"{name}: is damaged")
    key = secret.unwrap(PURPOSE, name.encode(), file.read(length))
    header = file.read(_HEADER_BYTES)
    if len(key) != _KEY_BYTES or len(header) != _HEADER_BYTES:
        raise Malformed(f"{name}: is damaged")
    state = sodium.crypto_secretstream_xchacha20poly1305_state()
    sodium.crypto_secretstream_xchacha20poly1305_init_pull(state, header, key)
    return state


def _plain(state: sodium.crypto_secretstream_xchacha20poly1305_state, name: str, file: IO[bytes]) -> Iterator[bytes]:
    for sealed, last in _pieces(file, PIECE_BYTES + _MORE):
        try:
            piece, tag = sodium.crypto_secretstream_xchacha20poly1305_pull(state, sealed)
        except (CryptoError, ValueError, RuntimeError):
            raise Malformed(f"{name}: is damaged") from None
        if (tag == _FINAL) != last:
            raise Malformed(f"{name}: its end is missing, or something follows it")
        yield piece


def _pieces(file: IO[bytes], size: int) -> Iterator[tuple[bytes, bool]]:
    """Pieces of ``size`` bytes, and whether each is the last; an empty file is one empty piece."""
    piece = file.read(size)
    while True:
        following = file.read(size)
        yield piece, not following
        if not following:
            return
        piece = following


class _Created:
    """A new file of mode 0600 that is on the disk when it is closed."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)

    def __enter__(self) -> IO[bytes]:
        self._file = os.fdopen(self._descriptor, "wb")
        return self._file

    def __exit__(self, *raised: object) -> None:
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
        finally:
            self._file.close()
