"""Row B2: msgpack spells one value in many ways; two readers then see two documents under one signature.

Every record is respelled, one value at a time, as every msgpack library would still read it. Whoever reads records
here refuses all of these spellings. Signed records hold no maps, so no key can stand twice.
"""

from collections.abc import Iterator

import msgpack
import pytest

from protocol import canon
from protocol.errors import PeerFault
from protocol.limits import MAX_PROOF_BYTES
from tests.attacks.records import RECORDS


def pieces(data: bytes, at: int = 0) -> Iterator[tuple[int, int]]:
    """(beginning, end) of every value's header and, for scalars, its content. ``data`` is canonical."""
    while at < len(data):
        head = data[at]
        if head <= 0x7F or head >= 0xE0 or head in (0xC0, 0xC2, 0xC3) or head <= 0x9F:
            end = at + 1
        elif head <= 0xBF:
            end = at + 1 + (head & 0x1F)
        elif head in (0xC4, 0xC5, 0xC6, 0xD9, 0xDA, 0xDB):
            width = {0xC4: 1, 0xC5: 2, 0xC6: 4, 0xD9: 1, 0xDA: 2, 0xDB: 4}[head]
            end = at + 1 + width + int.from_bytes(data[at + 1 : at + 1 + width], "big")
        elif head in (0xDC, 0xDD, 0xDE, 0xDF):
            end = at + (3 if head in (0xDC, 0xDE) else 5)
        else:
            end = at + 1 + {0: 1, 1: 2, 2: 4, 3: 8}[head & 0x03]
        yield at, end
        at = end


def spellings(piece: bytes) -> Iterator[bytes]:
    """Other spellings of the value that begins with ``piece``."""
    head = piece[0]
    if head <= 0x7F or head >= 0xE0 or 0xCC <= head <= 0xD3:
        number = msgpack.unpackb(piece)
        for code, width, signed in (
            (0xCC, 1, False), (0xCD, 2, False), (0xCE, 4, False), (0xCF, 8, False),
            (0xD0, 1, True), (0xD1, 2, True), (0xD2, 4, True), (0xD3, 8, True),
        ):  # fmt: skip
            try:
                yield bytes([code]) + number.to_bytes(width, "big", signed=signed)
            except OverflowError:
                continue
        yield msgpack.packb(float(number))
    elif head in (0xC0, 0xC2, 0xC3):
        yield {0xC0: b"\x90", 0xC2: b"\x00", 0xC3: b"\x01"}[head]
    elif head <= 0x8F:
        yield b"\xde" + (head & 0x0F).to_bytes(2, "big")
    elif head <= 0x9F:
        count = head & 0x0F
        yield b"\xdc" + count.to_bytes(2, "big")
        yield b"\xdd" + count.to_bytes(4, "big")
    elif head in (0xDC, 0xDE):
        yield bytes([head + 1]) + int.from_bytes(piece[1:3], "big").to_bytes(4, "big")
    elif head in (0xC4, 0xC5, 0xC6):
        content = msgpack.unpackb(piece)
        yield b"\xc5" + len(content).to_bytes(2, "big") + content
        yield b"\xc6" + len(content).to_bytes(4, "big") + content
        yield msgpack.packb(content, use_bin_type=False)
    else:
        content = msgpack.unpackb(piece).encode()
        for code, width in ((0xD9, 1), (0xDA, 2), (0xDB, 4)):
            if len(content) < 256**width:
                yield bytes([code]) + len(content).to_bytes(width, "big") + content
        yield msgpack.packb(content)


@pytest.mark.parametrize("name", RECORDS)
def test_no_other_spelling_of_a_value_is_read(name: str) -> None:
    data, read = RECORDS[name]
    read(data)
    tried = 0
    for at, end in pieces(data):
        for spelled in spellings(data[at:end]):
            if spelled != data[at:end]:
                tried += 1
                with pytest.raises(PeerFault):
                    read(data[:at] + spelled + data[end:])
    assert tried > 5


@pytest.mark.parametrize("name", RECORDS)
def test_nothing_may_follow_or_be_missing(name: str) -> None:
    data, read = RECORDS[name]
    for wrong in (data + b"\xc0", data + data, data[:-1], b"\x91" + data, b""):
        with pytest.raises(PeerFault):
            read(wrong)


def test_the_spellings_are_read_by_others() -> None:
    """The library below reads them all to an equal value: refusing them is our doing."""
    data = RECORDS["full header"][0]
    value = msgpack.unpackb(data, raw=True)
    equal = sum(
        msgpack.unpackb(data[:at] + spelled + data[end:], raw=True) == value
        for at, end in pieces(data)
        for spelled in spellings(data[at:end])
    )
    assert equal > 80


def maps_in(value: object) -> int:
    if isinstance(value, list):
        return sum(maps_in(item) for item in value)
    return isinstance(value, dict)


@pytest.mark.parametrize("name", RECORDS)
def test_records_hold_no_maps(name: str) -> None:
    assert maps_in(canon.decode(RECORDS[name][0], max_bytes=MAX_PROOF_BYTES)) == 0


@pytest.mark.parametrize("data", ["82a16101a16102", "82a16101a16101", "83a16101a16201a16102"])
def test_a_key_that_stands_twice_is_refused(data: str) -> None:
    """The library keeps the last one and says nothing."""
    assert msgpack.unpackb(bytes.fromhex(data))
    with pytest.raises(PeerFault):
        canon.decode(bytes.fromhex(data))
