"""Attachments: chunks, their sizes and the root over them."""

import pytest

from protocol.document import attachment
from protocol.errors import Malformed
from protocol.limits import CHUNK_BYTES, MAX_ATTACHMENT_BYTES, MAX_ATTACHMENT_CHUNKS


@pytest.mark.parametrize(
    ("size", "sizes"),
    [
        (0, [0]),
        (1, [1]),
        (CHUNK_BYTES - 1, [CHUNK_BYTES - 1]),
        (CHUNK_BYTES, [CHUNK_BYTES]),
        (CHUNK_BYTES + 1, [CHUNK_BYTES, 1]),
        (3 * CHUNK_BYTES, [CHUNK_BYTES] * 3),
    ],
)
def test_chunks_share_out_every_byte(size: int, sizes: list[int]) -> None:
    assert attachment.chunk_count(size) == len(sizes)
    assert [attachment.chunk_size(size, index) for index in range(len(sizes))] == sizes
    for index in (-1, len(sizes)):
        with pytest.raises(Malformed, match=f"chunk {index} of {len(sizes)}"):
            attachment.chunk_size(size, index)


def test_limits() -> None:
    assert attachment.chunk_count(MAX_ATTACHMENT_BYTES) == MAX_ATTACHMENT_CHUNKS
    for size in (-1, MAX_ATTACHMENT_BYTES + 1):
        with pytest.raises(Malformed, match="the limit is"):
            attachment.chunk_count(size)


def test_the_root_names_content_order_and_size() -> None:
    root = attachment.root_of(5, [b"hello"])
    assert root == attachment.root_of_leaves(5, [attachment.chunk_leaf(0, b"hello")])
    assert root != attachment.root_of(5, [b"hellO"])
    assert root != attachment.root_of(6, [b"hello"])
    assert attachment.chunk_leaf(0, b"hello") != attachment.chunk_leaf(1, b"hello")
    one, two = bytes(CHUNK_BYTES), b"\1" * CHUNK_BYTES
    assert attachment.root_of(2 * CHUNK_BYTES, [one, two]) != attachment.root_of(2 * CHUNK_BYTES, [two, one])


def test_the_number_of_leaves_must_fit_the_size() -> None:
    with pytest.raises(Malformed, match="0 chunks named, 1 expected"):
        attachment.root_of_leaves(0, [])
    with pytest.raises(Malformed, match="2 chunks named, 1 expected"):
        attachment.root_of(5, [b"hel", b"lo"])
