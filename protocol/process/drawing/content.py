"""The content of one version of a drawing: pieces, each encrypted under the version's own key; 1 MiB when sealed.

Owns the arithmetic between a file and its sealed form, which travels and is named like an attachment (§6): sealed piece
``i`` is chunk ``i``. A key is used for one version only, so that the place of a piece is its nonce. Source:
``docs/protocol.md`` §22.3.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from protocol import sealing
from protocol.errors import Malformed
from protocol.limits import CHUNK_BYTES, MAX_DRAWING_BYTES

KEY_BYTES: Final = 32
TAG_BYTES: Final = 16
PIECE_BYTES: Final = CHUNK_BYTES - TAG_BYTES
_NONCE_BYTES: Final = 24


class Sealed(NamedTuple):
    """A file that was sealed: root of what is sealed, length and SHA-256 of the file."""

    root: bytes
    size: int
    digest: bytes


def pieces(size: int) -> int:
    """How many pieces a file of ``size`` bytes has. Malformed unless it has 1 to MAX_DRAWING_BYTES bytes."""
    if not 1 <= size <= MAX_DRAWING_BYTES:
        raise Malformed(f"size: 1 to {MAX_DRAWING_BYTES} bytes")
    return -(-size // PIECE_BYTES)


def sealed_size(size: int) -> int:
    """How long a file of ``size`` bytes is when it is sealed."""
    return size + TAG_BYTES * pieces(size)


def seal_piece(plain: bytes, key: bytes, about: bytes, index: int) -> bytes:
    """Piece ``index``, sealed. ``about``: what :func:`about` gives."""
    return sealing.encrypt(plain, about, index.to_bytes(_NONCE_BYTES, "big"), key)


def open_piece(sealed: bytes, key: bytes, about: bytes, index: int) -> bytes:
    """What :func:`seal_piece` sealed; Malformed for another key, drawing, version, size or place."""
    return sealing.decrypt(sealed, about, index.to_bytes(_NONCE_BYTES, "big"), key)


def about(drawing: bytes, version: int, size: int) -> bytes:
    """What every piece is bound to: the drawing, the number of its version, and how long the file is."""
    return b"yui/drawing-piece/1\0" + drawing + version.to_bytes(8, "big") + size.to_bytes(8, "big")
