"""The messages of the guard port: each comes out as it went in, and nothing else does."""

from collections.abc import Callable
from typing import Any

import pytest

from protocol import canon
from protocol.errors import PeerFault
from protocol.guardian import messages
from protocol.guardian.messages import Audit, Chunks, Fenced, Found, Frames, Pages, Read, ReadChunk, WriteBack
from protocol.limits import MAX_FRAMES_PER_REQUEST
from tests.protocol import mutation
from tests.vectors.world import key, octets

A, B, C = octets("a"), octets("b"), octets("c")
CASES: list[tuple[Any, Callable[[Any], bytes], Callable[[bytes], Any]]] = [
    (Frames((b"h",), (b"v",), (b"f", b"g")), messages.encode_frames, messages.parse_frames),
    ((A, B), messages.encode_tips, messages.parse_tips),
    (Chunks(A, ((B, b"sealed"),)), messages.encode_chunks, messages.parse_chunks),
    (Fenced(b"p", b"", b"h", b""), messages.encode_fenced, messages.parse_fenced),
    (Read(A, B, C, 7), messages.encode_read, messages.parse_read),
    (Pages((b"f",), True), messages.encode_pages, messages.parse_pages),
    (ReadChunk(A, B, C), messages.encode_read_chunk, messages.parse_read_chunk),
    (WriteBack(A, (b"f",)), messages.encode_write_back, messages.parse_write_back),
    (Found((b"h",), False), messages.encode_found, messages.parse_found),
    (Audit(A, B, 3, b"", 0, 9, bytes(16)), messages.encode_audit, messages.parse_audit),
]


@pytest.mark.parametrize(("message", "encode", "parse"), CASES, ids=lambda item: getattr(item, "__name__", ""))
def test_it_comes_out_as_it_went_in(
    message: Any, encode: Callable[[Any], bytes], parse: Callable[[bytes], Any]
) -> None:
    wire = encode(message)
    assert parse(wire) == message
    raw = canon.decode(wire)
    for path in mutation.paths(raw):
        for wrong in mutation.WRONG:
            changed = canon.encode(mutation.replaced(raw, path, wrong))
            try:
                again = parse(changed)
            except PeerFault:
                continue
            assert encode(again) == changed  # another message, not a loosely read one


def test_lists_are_bounded() -> None:
    for wire in (
        messages.encode_frames(Frames((), (), (b"f",) * (MAX_FRAMES_PER_REQUEST + 1))),
        messages.encode_tips([A] * (MAX_FRAMES_PER_REQUEST + 1)),
    ):
        with pytest.raises(PeerFault):
            messages.parse_frames(wire) if wire[1:20].find(b"frames") >= 0 else messages.parse_tips(wire)


def test_only_the_holder_of_a_key_asks_whose_it_is() -> None:
    wire = messages.sign_find(key("association"), "test", A, "association", B)
    found = messages.parse_find(wire)
    assert found[:5] == ("test", A, "association", key("association").public, B)
    for at in range(len(wire)):
        with pytest.raises(PeerFault):
            messages.parse_find(wire[:at] + bytes([wire[at] ^ 1]) + wire[at + 1 :])
