"""Records of drawings: form, signatures, sealed keys and pieces; each wrong thing is refused with its reason."""

from __future__ import annotations

from typing import Any

import pytest

from protocol import canon
from protocol.errors import BadSignature, Malformed, Misdirected, NotAuthorised, PeerFault
from protocol.keys import SigningKey
from protocol.limits import CHUNK_BYTES, MAX_DRAWING_BYTES
from protocol.process.drawing import content, records
from protocol.process.drawing.records import Deleted, Grant, How, Kind, May, Reading, Version

OWNER, READER, NODE = (SigningKey(bytes([number]) * 32) for number in (1, 2, 3))
IDS = {name: bytes([number]) * 32 for number, name in enumerate(("owner", "reader", "epoch", "root", "digest"), 16)}
KEY = bytes(range(32))


def version(**changes: Any) -> Version:
    found = Version(
        "test", b"d" * 16, IDS["owner"], IDS["epoch"], Kind.DRAWING, "AB-1203", "ブラケット", 1, b"",
        IDS["root"], 3_000_000, IDS["digest"], "application/pdf", "AB-1203_v1.pdf", 1_700_000_000_000_000,
    )  # fmt: skip
    return found._replace(**changes)


def grant(name: bytes, **changes: Any) -> Grant:
    sealed = records.seal_key(KEY, name, IDS["reader"], NODE.public, b"s" * 32)
    found = Grant(name, IDS["owner"], IDS["epoch"], IDS["reader"], NODE.public, 0, May.FILE, sealed, 5)
    return found._replace(**changes)


def key_of(member: bytes, epoch: bytes) -> bytes | None:
    known = {IDS["owner"]: OWNER.public, IDS["reader"]: READER.public}
    return known.get(member) if epoch == IDS["epoch"] else None


def test_there_and_back() -> None:
    data = records.sign_version(OWNER, version())
    known = records.verify(data, key_of)
    assert known.record == version()
    given = records.verify(records.sign_grant(OWNER, grant(known.hash)), key_of).record
    assert records.unseal_key(given.sealed, known.hash, IDS["reader"], NODE) == KEY
    read = Reading(known.hash, IDS["owner"], IDS["reader"], IDS["epoch"], b"g" * 32, 1, How.VIEW, "金太郎", 9)
    assert records.verify(records.sign_reading(READER, read), key_of).record == read
    gone = Deleted(known.hash, IDS["owner"], IDS["reader"], IDS["epoch"], b"g" * 32, 9)
    assert records.verify(records.sign_deleted(READER, gone), key_of).record == gone
    assert records.unsigned(data) == version()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"network": "other"}, "network"),
        ({"drawing": b"short"}, "drawing"),
        ({"number": ""}, "number"),
        ({"title": ""}, "title"),
        ({"version": 0}, "version"),
        ({"version": 2}, "supersedes"),
        ({"supersedes": b"x" * 32}, "supersedes"),
        ({"size": 0}, "size"),
        ({"size": MAX_DRAWING_BYTES + 1}, "size"),
        ({"media_type": "nonsense"}, "media_type"),
        ({"name": "../passwd"}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"time": -1}, "time"),
    ],
)
def test_a_version_that_cannot_be(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(PeerFault, match=field):
        records.sign_version(OWNER, version(**changes))


def test_a_grant_carries_a_key_only_where_something_is_allowed() -> None:
    name = b"v" * 32
    with pytest.raises(Malformed, match="sealed"):
        records.sign_grant(OWNER, grant(name, may=May.NOTHING))
    with pytest.raises(Malformed, match="sealed"):
        records.sign_grant(OWNER, grant(name, sealed=b""))
    assert records.sign_grant(OWNER, grant(name, may=May.NOTHING, sealed=b"", revision=1))


def test_who_has_to_sign() -> None:
    with pytest.raises(Misdirected):
        records.verify(records.sign_version(READER, version()), key_of)
    with pytest.raises(NotAuthorised):
        records.verify(records.sign_version(OWNER, version(epoch=b"e" * 32)), key_of)
    envelope = canon.decode(records.sign_version(OWNER, version()))
    envelope[3] = bytes(64)
    with pytest.raises(BadSignature):
        records.verify(canon.encode(tuple(envelope)), key_of)
    read = Reading(b"v" * 32, IDS["owner"], IDS["reader"], IDS["epoch"], b"g" * 32, 1, How.FILE, "", 9)
    with pytest.raises(Misdirected):  # an owner cannot say that somebody read
        records.verify(records.sign_reading(OWNER, read), key_of)


@pytest.mark.parametrize("wire", [b"", b"\x90", b"\xc0", canon.encode(("yui/drawing-signed/1", b"\x90", b"", b""))])
def test_what_is_no_record(wire: bytes) -> None:
    with pytest.raises(PeerFault):
        records.verify(wire, key_of)


def test_a_key_is_bound_to_version_reader_and_node() -> None:
    sealed = records.seal_key(KEY, b"v" * 32, IDS["reader"], NODE.public, b"s" * 32)
    for name, reader, node in (
        (b"w" * 32, IDS["reader"], NODE),
        (b"v" * 32, IDS["owner"], NODE),
        (b"v" * 32, IDS["reader"], OWNER),
    ):
        with pytest.raises(Malformed):
            records.unseal_key(sealed, name, reader, node)


def test_pieces() -> None:
    plain = bytes(content.PIECE_BYTES)
    about = content.about(b"d" * 16, 1, content.PIECE_BYTES + 1)
    sealed = content.seal_piece(plain, KEY, about, 0)
    assert len(sealed) == CHUNK_BYTES
    assert content.open_piece(sealed, KEY, about, 0) == plain
    other = content.about(b"d" * 16, 2, content.PIECE_BYTES + 1)
    for key, bound, index in ((bytes(32), about, 0), (KEY, other, 0), (KEY, about, 1)):
        with pytest.raises(Malformed):
            content.open_piece(sealed, key, bound, index)
    assert [content.pieces(size) for size in (1, content.PIECE_BYTES, content.PIECE_BYTES + 1)] == [1, 1, 2]
    assert content.sealed_size(content.PIECE_BYTES + 1) == content.PIECE_BYTES + 1 + 32
    for size in (0, MAX_DRAWING_BYTES + 1):
        with pytest.raises(Malformed, match="size"):
            content.pieces(size)
