"""Pieces of a carried file: what is written on them is bound to what is in them."""

from __future__ import annotations

import pytest

from protocol import canon
from protocol.errors import Malformed, YuiError
from protocol.keys import SigningKey, node_id
from protocol.limits import MAX_BATCH_BYTES
from protocol.link import carried, chunk
from protocol.link.carried import Content, Label, Load

OWN = SigningKey(b"\1" * 32)
LABEL = Label("test", b"\7" * 32, node_id(OWN.public), b"\5" * 16, 3)
SEED = b"\3" * 32


@pytest.mark.parametrize(
    "load",
    [
        Load(Content.BATCH, wire=b"signed"),
        Load(Content.CHUNK, b"\6" * 32, 7, b"chunk"),
        Load(Content.END),
        Load(Content.BATCH, wire=bytes(MAX_BATCH_BYTES + 4096)),
        Load(Content.CHUNK, b"\6" * 32, 2047, bytes(chunk.MAX_BYTES)),
    ],
    ids=["batch", "chunk", "end", "largest batch", "largest chunk"],
)
def test_there_and_back(load: Load) -> None:
    piece = carried.seal(LABEL, load, OWN.public, SEED)
    assert len(piece) <= carried.MAX_PIECE_BYTES
    assert carried.read_label(piece) == LABEL
    assert carried.open_piece(piece, OWN) == (LABEL, load)


def test_no_label_can_be_changed() -> None:
    piece = carried.seal(LABEL, Load(Content.END), OWN.public, SEED)
    raw = canon.decode(piece, max_bytes=carried.MAX_PIECE_BYTES)
    for at, other in enumerate(["live", b"\x08" * 32, b"\x09" * 32, b"\4" * 16, 4], start=1):
        changed = [*raw[:at], other, *raw[at + 1 :]]
        with pytest.raises(Malformed, match="damaged, or not sealed"):
            carried.open_piece(canon.encode(changed), OWN)


@pytest.mark.parametrize(
    ("load", "rule"),
    [
        (("other", b"", 0, b""), "neither"),
        (("batch", b"\1" * 32, 0, b""), "root"),
        (("chunk", b"", 0, b""), "root"),
        (("chunk", b"\1" * 32, 2048, b""), "at"),
        (("batch", b"", 0), "4"),
    ],
)
def test_what_is_inside_has_a_shape(load: tuple[object, ...], rule: str) -> None:
    from protocol import sealing

    about = canon.encode((carried.TAG, *LABEL))
    piece = canon.encode((carried.TAG, *LABEL, sealing.seal(canon.encode(load), about, OWN.public, SEED)))
    with pytest.raises(Malformed, match=rule):
        carried.open_piece(piece, OWN)


def test_cut_anywhere_it_is_refused() -> None:
    piece = carried.seal(LABEL, Load(Content.BATCH, wire=b"signed"), OWN.public, SEED)
    for size in range(len(piece)):
        with pytest.raises(YuiError):
            carried.open_piece(piece[:size], OWN)
