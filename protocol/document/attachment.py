"""Attachments: bytes of up to 2 GiB, named by the root of a tree over their 1 MiB chunks.

Owns the arithmetic and hashing of chunks; files and transport are elsewhere. Chunk ``i`` is the bytes from
``i * CHUNK_BYTES``; its leaf is ``SHA-256("yui/chunk/1\\0" + index (8 bytes, big endian) + chunk)``; an attachment of
zero bytes has one empty chunk. Source: ``docs/protocol.md`` §6.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from protocol import keys
from protocol.errors import Malformed
from protocol.limits import CHUNK_BYTES, MAX_ATTACHMENT_BYTES


def chunk_count(size: int) -> int:
    """How many chunks an attachment of ``size`` bytes has (at least one). Malformed beyond MAX_ATTACHMENT_BYTES."""
    if not 0 <= size <= MAX_ATTACHMENT_BYTES:
        raise Malformed(f"attachment of {size} bytes, the limit is {MAX_ATTACHMENT_BYTES}")
    return max(1, -(-size // CHUNK_BYTES))


def chunk_size(size: int, index: int) -> int:
    """The length in bytes of chunk ``index`` of an attachment of ``size`` bytes."""
    if not 0 <= index < chunk_count(size):
        raise Malformed(f"chunk {index} of {chunk_count(size)}")
    return min(CHUNK_BYTES, size - index * CHUNK_BYTES)


def chunk_leaf(index: int, chunk: bytes) -> bytes:
    """The 32-byte name of one chunk at its place."""
    return hashlib.sha256(b"yui/chunk/1\0" + index.to_bytes(8, "big") + chunk).digest()


def root_of_leaves(size: int, leaves: Sequence[bytes]) -> bytes:
    """The attachment's root: SHA-256 over tag, size (8 bytes, big endian) and the Merkle root of its chunk leaves."""
    if len(leaves) != chunk_count(size):
        raise Malformed(f"{len(leaves)} chunks named, {chunk_count(size)} expected")
    return root_of_tree(size, keys.root(leaves))


def root_of_tree(size: int, merkle_root: bytes) -> bytes:
    """The attachment's root from its size and the Merkle root of its chunk leaves."""
    return hashlib.sha256(b"yui/attachment/1\0" + size.to_bytes(8, "big") + merkle_root).digest()


def root_of(size: int, chunks: Iterable[bytes]) -> bytes:
    """The root of an attachment read chunk by chunk."""
    return root_of_leaves(size, [chunk_leaf(index, chunk) for index, chunk in enumerate(chunks)])
