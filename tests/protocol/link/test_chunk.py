"""One chunk on its way: believed only if it belongs, at its place, to the attachment that was asked for."""

import pytest

from protocol import canon
from protocol.document import attachment
from protocol.errors import Malformed, PeerFault, TooLarge
from protocol.limits import CHUNK_BYTES
from protocol.link import chunk
from tests.protocol.mutation import disfigured

SIZE = 2 * CHUNK_BYTES + 3
CHUNKS = [b"a" * CHUNK_BYTES, b"b" * CHUNK_BYTES, b"end"]
LEAVES = [attachment.chunk_leaf(index, content) for index, content in enumerate(CHUNKS)]
ROOT = attachment.root_of(SIZE, CHUNKS)
PATHS = chunk.paths(LEAVES)
LAST = chunk.encode(2, PATHS[2], CHUNKS[2])


@pytest.mark.parametrize("index", range(3))
def test_a_chunk_comes_back(index: int) -> None:
    assert chunk.parse(chunk.encode(index, PATHS[index], CHUNKS[index]), ROOT, SIZE, index) == CHUNKS[index]


@pytest.mark.parametrize(
    ("data", "index", "message"),
    [
        (LAST, 1, "chunk 2 came, 1 was meant"),
        (chunk.encode(1, PATHS[2], CHUNKS[2]), 1, "3 bytes, 1048576 expected"),
        (chunk.encode(2, PATHS[2], b"End"), 2, "does not belong"),
        (chunk.encode(2, PATHS[1], CHUNKS[2]), 2, "does not belong"),
        (chunk.encode(1, PATHS[1], CHUNKS[0]), 1, "does not belong"),
        (chunk.encode(2048, PATHS[2], CHUNKS[2]), 2, "index"),
        (bytes(chunk.MAX_BYTES + 1), 2, "limit is"),
    ],
)
def test_what_does_not_belong_is_refused(data: bytes, index: int, message: str) -> None:
    with pytest.raises((Malformed, TooLarge), match=message):
        chunk.parse(data, ROOT, SIZE, index)


def test_a_chunk_of_another_attachment_is_refused() -> None:
    with pytest.raises(Malformed, match="does not belong"):
        chunk.parse(LAST, bytes(32), SIZE, 2)


def test_no_field_of_another_kind_gets_through() -> None:
    for path, new, data in disfigured(LAST):
        with pytest.raises(PeerFault):
            chunk.parse(data, ROOT, SIZE, 2)
        assert path is not None, new
    assert canon.decode(LAST)[0] == chunk.TAG
