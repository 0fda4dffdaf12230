"""One chunk of an attachment on its way between two nodes, provable alone.

Owns the record ``["yui/chunk/1", index, path, bytes]`` with ``path`` = ``[[left?, sibling], …]`` from the chunk's leaf
to the Merkle root: a receiver keeps nothing that does not belong to the root it asked for, chunk by chunk. Must not
know files. Source: ``docs/protocol.md`` §6.
"""

from __future__ import annotations

from collections.abc import Sequence

from protocol import canon, keys, shape
from protocol.document import attachment
from protocol.errors import Malformed
from protocol.keys import Step
from protocol.limits import CHUNK_BYTES, KIB, MAX_ATTACHMENT_CHUNKS, MAX_PROOF_PATH

TAG = "yui/chunk/1"
MAX_BYTES = CHUNK_BYTES + 4 * KIB


def paths(leaves: Sequence[bytes]) -> list[tuple[Step, ...]]:
    """The path of each chunk of an attachment with these leaves."""
    return keys.tree(leaves)[1]


def encode(index: int, path: Sequence[Step], chunk: bytes) -> bytes:
    """The bytes that travel."""
    return canon.encode((TAG, index, [tuple(step) for step in path], chunk))


def parse(data: bytes, root: bytes, size: int, index: int) -> bytes:
    """Chunk ``index`` of the attachment with ``root`` and ``size``. Raises Malformed, TooLarge."""
    raw = shape.record(canon.decode(data, max_bytes=MAX_BYTES), TAG, 4)
    if shape.integer(raw[1], "index", 0, MAX_ATTACHMENT_CHUNKS - 1) != index:
        raise Malformed(f"index: chunk {raw[1]} came, {index} was meant")
    path = [_step(item) for item in shape.array(raw[2], "path", MAX_PROOF_PATH)]
    chunk = shape.binary(raw[3], "chunk", CHUNK_BYTES)
    if len(chunk) != attachment.chunk_size(size, index):
        raise Malformed(f"chunk {index}: {len(chunk)} bytes, {attachment.chunk_size(size, index)} expected")
    merkle = keys.climb(attachment.chunk_leaf(index, chunk), path)
    if attachment.root_of_tree(size, merkle) != root:
        raise Malformed(f"chunk {index}: does not belong to this attachment")
    return chunk


def _step(value: object) -> Step:
    left, sibling = shape.exactly(value, "path", 2)
    return Step(shape.flag(left, "path.left"), shape.hash32(sibling, "path.sibling"))
