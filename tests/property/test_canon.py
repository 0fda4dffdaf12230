"""Canonical form as a property: one value, one byte string; nothing else gets through, and nothing crashes."""

import unicodedata
from typing import Any

import msgpack
from hypothesis import example, given
from hypothesis import strategies as st

from protocol import canon
from protocol.errors import Malformed, PeerFault, TooLarge

texts = st.text(max_size=40).map(lambda text: unicodedata.normalize("NFC", text))
scalars = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.binary(max_size=300) | texts
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=20)
        | st.dictionaries(texts, inner, max_size=20).map(lambda found: dict(sorted(found.items())))
    ),
    max_leaves=60,
)


def typed(value: Any) -> Any:
    """``value`` with the type of every scalar, because True == 1."""
    if isinstance(value, list):
        return [typed(item) for item in value]
    if isinstance(value, dict):
        return {name: typed(item) for name, item in value.items()}
    return type(value), value


@given(values)
def test_every_value_comes_back_as_it_was(value: Any) -> None:
    data = canon.encode(value)
    try:
        found = canon.decode(data, max_bytes=10**6)
    except TooLarge:
        return
    assert typed(found) == typed(value)
    assert canon.encode(found) == data


@given(values, values)
def test_different_values_have_different_bytes(one: Any, other: Any) -> None:
    assert (canon.encode(one) == canon.encode(other)) == (typed(one) == typed(other))


@given(st.binary(max_size=400))
@example(bytes.fromhex("dfffffffff"))
@example(bytes.fromhex("ddffffffff"))
@example(bytes.fromhex("c6ffffffff"))
@example(b"\x91" * 400)
def test_any_bytes_are_refused_or_are_the_bytes_of_their_value(data: bytes) -> None:
    try:
        value = canon.decode(data)
    except (Malformed, TooLarge):
        return
    assert canon.encode(value) == data


@given(values, st.data())
def test_a_changed_byte_never_means_the_same(value: Any, data: st.DataObject) -> None:
    original = canon.encode(value)
    at = data.draw(st.integers(0, len(original) - 1))
    changed = original[:at] + bytes([original[at] ^ data.draw(st.integers(1, 255))]) + original[at + 1 :]
    try:
        found = canon.decode(changed, max_bytes=10**6)
    except (Malformed, TooLarge):
        return
    assert typed(found) != typed(value)


@given(values)
def test_what_another_library_spells_otherwise_is_refused(value: Any) -> None:
    """Old msgpack spells binaries as text; floats for integers; both are other bytes and never the same value."""
    for spelled in (msgpack.packb(value, use_bin_type=False), canon.encode([value, 1.0])):
        try:
            found = canon.decode(spelled, max_bytes=10**6)
        except PeerFault:
            continue
        assert canon.encode(found) == spelled


@given(values)
def test_the_quick_check_of_normal_form_agrees_with_the_exact_one(value: Any) -> None:
    data = canon.encode([value, "か\u3099" if isinstance(value, bool) else "が"])
    try:
        canon.decode(data, max_bytes=10**6)
        exact = True
    except TooLarge:
        return
    except Malformed:
        exact = False
    try:
        canon.require_nfc(data)
        quick = True
    except Malformed:
        quick = False
    assert quick == exact
