"""Row B11: a few bytes that become many (depth, claimed lengths, empty containers), in every record that is read.

What a reader may spend on a record is bounded by the record's own size and its limit, before it knows who sent it.
"""

import time
import tracemalloc

import msgpack
import pytest

from protocol import canon
from protocol.errors import Malformed, PeerFault, TooLarge
from protocol.limits import CHUNK_BYTES, KIB, MAX_DOCUMENT_BYTES, MAX_PROOF_BYTES
from protocol.link import batch
from protocol.process.trade import papers
from tests.attacks.records import RECORDS

MIB = 1024 * KIB
ARRAY, MAP, TEXT, BINARY = b"\xdd", b"\xdf", b"\xdb", b"\xc6"


def array(count: int) -> bytes:
    return b"\xdc" + count.to_bytes(2, "big")


BOMBS = {
    "1,000 arrays inside each other": b"\x91" * 1_000,
    "100,000 arrays inside each other": b"\x91" * 100_000,
    "1,000 maps inside each other": b"\x81\xa1a" * 1_000,
    "1,000 nested headers that claim 10,000 elements": array(10_000) * 1_000,
    "an array that claims 4 billion elements": ARRAY + b"\xff" * 4,
    "a map that claims 4 billion pairs": MAP + b"\xff" * 4,
    "a text that claims 4 GiB": TEXT + b"\xff" * 4,
    "a binary that claims 4 GiB": BINARY + b"\xff" * 4,
    "an extension that claims 4 GiB": b"\xc9" + b"\xff" * 5,
    "1 MB of empty maps": array(105) + (array(10_000) + b"\x80" * 10_000) * 105,
    "1 MB of empty arrays": array(105) + (array(10_000) + b"\x90" * 10_000) * 105,
    "1 MB of short texts": array(105) + (array(3_300) + b"\xa2zy" * 3_300) * 105,
    "1 MB of numbers": array(105) + (array(3_300) + b"\xcd\x7f\x7f" * 3_300) * 105,
    "200 kB of nil": ARRAY + (200_000).to_bytes(4, "big") + b"\xc0" * 200_000,
}


def cost(work: object, data: bytes) -> tuple[int, float]:
    """(peak of memory in bytes, seconds) of ``work`` refusing ``data``."""
    assert callable(work)
    tracemalloc.start()
    try:
        with pytest.raises((Malformed, TooLarge)):
            work(data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    began = time.process_time()
    with pytest.raises(PeerFault):
        work(data)
    return peak, time.process_time() - began


def roomy(data: bytes) -> object:
    return canon.decode(data, max_bytes=2 * MIB)


@pytest.mark.parametrize("bomb", BOMBS)
def test_the_general_reader(bomb: str) -> None:
    peak, seconds = cost(roomy, BOMBS[bomb])
    assert peak < 4 * MIB
    assert seconds < 0.5


@pytest.mark.parametrize("bomb", BOMBS)
@pytest.mark.parametrize("name", RECORDS)
def test_every_reader(name: str, bomb: str) -> None:
    peak, seconds = cost(RECORDS[name][1], BOMBS[bomb])
    assert peak < 4 * MIB
    assert seconds < 0.5


def places(data: bytes) -> list[int]:
    """Where an array's header stands in a short record, roughly: a bomb is put in its place."""
    return [at for at, byte in enumerate(data) if 0x90 <= byte <= 0x9F][:40]


@pytest.mark.parametrize(
    "bomb", ["1,000 nested headers that claim 10,000 elements", "an array that claims 4 billion elements"]
)
@pytest.mark.parametrize("name", RECORDS)
def test_bombs_inside_records(name: str, bomb: str) -> None:
    data, read = RECORDS[name]
    for at in places(data):
        peak, seconds = cost(read, data[:at] + BOMBS[bomb] + data[at + 1 :])
        assert peak < 4 * MIB
        assert seconds < 0.5


@pytest.mark.parametrize("bomb", BOMBS)
def test_bodies_of_documents(bomb: str) -> None:
    for kind in ("order", "invoice"):
        for data in (BOMBS[bomb], b"\x82\xa5lines" + BOMBS[bomb]):
            tracemalloc.start()
            try:
                with pytest.raises(Exception, match=r".+") as caught:
                    papers.decode(kind, 1, data)
                peak = tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()
            assert not isinstance(caught.value, MemoryError | RecursionError)
            assert peak < 4 * MIB


def test_what_is_too_large_is_refused_before_it_is_looked_at() -> None:
    for limit, name in (
        (MAX_DOCUMENT_BYTES, "envelope"),
        (batch.MAX_BYTES, "batch"),
        (CHUNK_BYTES + 4 * KIB, "chunk"),
        (MAX_PROOF_BYTES, "proof"),
    ):
        data = bytes(limit + 1)
        began = time.process_time()
        with pytest.raises(TooLarge):
            RECORDS[name][1](data)
        assert time.process_time() - began < 0.05


def test_the_library_alone_would_have_paid() -> None:
    """3 kB that make msgpack reserve tens of megabytes: the bound is ours."""

    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=r".*"):
            msgpack.unpackb(BOMBS["1,000 nested headers that claim 10,000 elements"], max_array_len=10_000)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak > 40 * MIB
