"""One value, one byte string: what the decoders refuse."""

from typing import Annotated, Literal, NamedTuple

import msgpack
import msgspec
import pytest
from msgspec import Meta

from protocol import canon
from protocol.errors import Malformed, TooLarge
from protocol.limits import MAX_DEPTH, MAX_NODES, MAX_RECORD_BYTES


def nested(depth: int) -> bytes:
    """``depth`` arrays around nil."""
    return b"\x91" * depth + b"\xc0"


def test_depth_limit_counts_what_lies_around_a_value() -> None:
    assert canon.decode(nested(MAX_DEPTH))
    with pytest.raises(TooLarge, match="nested deeper than 16"):
        canon.decode(nested(MAX_DEPTH + 1))
    wide = canon.encode([[0] * 200, 0])[:-1]
    assert canon.decode(wide + nested(MAX_DEPTH - 1))
    with pytest.raises(TooLarge, match="nested deeper than 16"):
        canon.decode(wide + nested(MAX_DEPTH))


def test_value_limit_counts_the_record_its_elements_and_the_values_of_maps() -> None:
    fits = canon.encode([0] * (MAX_NODES - 1))
    assert len(canon.decode(fits)) == MAX_NODES - 1
    for value in (
        [0] * MAX_NODES,
        [0] * 15_000,
        [0] * 40_000,
        [[0] * 5_000, [0] * 5_000],
        [[0] * 100] * 100,
        {f"{n:05}": 0 for n in range(MAX_NODES)},
    ):
        with pytest.raises(TooLarge, match="more than 10000 values"):
            canon.decode(canon.encode(value), max_bytes=10**6)


def test_keys_of_maps_do_not_count() -> None:
    value = {f"{number:05}": 0 for number in range(MAX_NODES - 1)}
    assert canon.decode(canon.encode(value), max_bytes=10**6) == value


def test_size_limit() -> None:
    data = canon.encode(bytes(MAX_RECORD_BYTES - 3))
    assert len(data) == MAX_RECORD_BYTES
    assert canon.decode(data) == bytes(MAX_RECORD_BYTES - 3)
    with pytest.raises(TooLarge, match="record of 16385 bytes"):
        canon.decode(canon.encode(bytes(MAX_RECORD_BYTES - 2)))


def test_long_arrays_and_large_records_come_through_the_counting_way() -> None:
    for value in ([1] * 200, [b"x" * 70_000, ["text", "が" * 3_000]], {"a": [0] * 200, "b": -(2**40)}):
        assert canon.decode(canon.encode(value), max_bytes=10**6) == value


LAYOUTS = [
    None, True, 0, 127, 128, 2**8, 2**16, 2**32, 2**63, -1, -33, -129, -(2**15) - 1, -(2**31) - 1,
    "", "a" * 31, "a" * 32,
    "a" * 300, "a" * 70_000, b"", b"a" * 300, b"a" * 70_000, [], [0] * 20, [0] * 200, {}, {"k": 0},
    {f"{number:03}": number for number in range(300)},
]  # fmt: skip


@pytest.mark.parametrize("value", LAYOUTS, ids=lambda value: f"{type(value).__name__} {str(value)[:12]}")
def test_counting_reads_every_kind_of_header(value: object) -> None:
    """Behind each kind of value a long array follows, so that a wrong step would be seen as a wrong count."""
    data = canon.encode([value, [0] * 200])
    assert canon.decode(data, max_bytes=10**6) == [value, [0] * 200]


@pytest.mark.parametrize("head", ["c7", "c8", "c9", "ca", "cb", "d4", "d5", "d6", "d7", "d8", "c1"])
def test_headers_outside_the_profile_are_refused_whatever_follows(head: str) -> None:
    with pytest.raises((Malformed, TooLarge)):
        canon.decode(b"\x92" + bytes.fromhex(head) + bytes(20) + canon.encode([0] * 200))


def test_a_record_that_was_cut_is_called_so() -> None:
    whole = canon.encode(("yui/some/1", b"abc", 7))
    for length in range(len(whole)):
        with pytest.raises(Malformed, match="cut off"):
            canon.decode(whole[:length])


def test_float_is_outside_the_profile() -> None:
    with pytest.raises(Malformed, match="a float is outside"):
        canon.decode(msgpack.packb([1.0]))


def test_maps() -> None:
    with pytest.raises(Malformed, match="map keys must be text"):
        canon.decode(msgpack.packb({b"a": 1}))
    with pytest.raises(Malformed, match="not in ascending order"):
        canon.decode(msgpack.packb({"b": 1, "a": 2}))
    with pytest.raises(Malformed, match="not in canonical form"):
        canon.decode(bytes.fromhex("82a16101a16101"))
    with pytest.raises(Malformed, match="not msgpack"):
        canon.decode(msgpack.packb({1: 1}))


def test_text_must_be_nfc() -> None:
    assert canon.decode(canon.encode("が")) == "が"
    with pytest.raises(Malformed, match="normal form C"):
        canon.decode(canon.encode(["か\u3099"]))
    with pytest.raises(Malformed, match="normal form C"):
        canon.decode(canon.encode({"か\u3099": 1}))


class TestRequireNfc:
    """The quick check may only fail too often; then each text is looked at."""

    def test_plain_and_composed_text_passes(self) -> None:
        canon.require_nfc(canon.encode({"a": "order"}))
        canon.require_nfc(canon.encode({"a": "がぎぐ"}))

    def test_decomposed_text_is_refused(self) -> None:
        with pytest.raises(Malformed, match="normal form C"):
            canon.require_nfc(canon.encode({"a": ["か\u3099"]}))

    def test_bytes_that_only_look_decomposed_pass(self) -> None:
        canon.require_nfc(canon.encode([b"\xe3\x81\x8b\xe3\x82\x99", "order"]))


def test_a_digest_is_sha256() -> None:
    assert canon.digest(b"").hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


class Inner(NamedTuple):
    """A field inside a field."""

    name: Annotated[str, Meta(max_length=3)]
    kind: Literal["a", "b"]


class Shaped(NamedTuple):
    """A record that a decoder knows."""

    tag: Literal["yui/shaped/1"]
    inners: Annotated[tuple[Inner, ...], Meta(max_length=2)]
    one: Inner


SHAPED = msgspec.msgpack.Decoder(Shaped)


def read(*fields: object) -> Shaped:
    return canon.decode_typed(SHAPED, canon.encode(fields), 100, "shaped")


class TestTyped:
    """Records that are read in one typed pass are canonical too, and what is wrong is named by field."""

    def test_a_record_comes_back(self) -> None:
        assert read("yui/shaped/1", [["x", "a"]], ["y", "b"]) == ("yui/shaped/1", (("x", "a"),), ("y", "b"))

    @pytest.mark.parametrize(
        ("fields", "message"),
        [
            (["yui/shaped/2", [], ["y", "b"]], "shaped: tag: Invalid enum value$"),
            (
                ["yui/shaped/1", [["x", "a"], ["xxxx", "a"]], ["y", "b"]],
                r"inners\[1\].name: Expected `str` of length",
            ),
            (["yui/shaped/1", [["x", "a"]] * 3, ["y", "b"]], "inners: Expected `array` of length <= 2"),
            (["yui/shaped/1", [], ["y", "か\u3099\n`"]], "one.kind: Invalid enum value$"),
            (["yui/shaped/1", [], ["y"]], "one: Expected `array` of length 2"),
            (["yui/shaped/1", []], "shaped: Expected `array` of length 3"),
        ],
    )
    def test_the_field_is_named_and_the_peer_is_not_quoted(self, fields: list[object], message: str) -> None:
        with pytest.raises(Malformed, match=message):
            read(*fields)

    def test_other_spellings_are_refused(self) -> None:
        data = canon.encode(["yui/shaped/1", [], ["y", "b"]])
        assert canon.decode_typed(SHAPED, data, 100, "shaped")
        with pytest.raises(Malformed, match="not in canonical form"):
            canon.decode_typed(SHAPED, data.replace(b"\xa1y", b"\xd9\x01y"), 100, "shaped")

    def test_what_is_no_msgpack_and_what_is_too_long(self) -> None:
        for data in (b"", b"\xc1", b"\x93", b"\xa1\xff", b"\x91" * 90):
            with pytest.raises(Malformed, match="shaped: "):
                canon.decode_typed(SHAPED, data, 100, "shaped")
        with pytest.raises(TooLarge, match="shaped of 101 bytes"):
            canon.decode_typed(SHAPED, bytes(101), 100, "shaped")

    def test_texts(self) -> None:
        canon.require_text("order", "が", "")
        with pytest.raises(Malformed, match="normal form C"):
            canon.require_text("order", "か\u3099")
