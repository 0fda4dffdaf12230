"""Sums modulo 2^64, packed counts, Shamir's sharing, masks that cancel."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol import sealing
from protocol.errors import Malformed
from protocol.keys import AgreementKey
from protocol.statistics import graph, lanes, masks, shamir
from protocol.statistics.lanes import MODULUS, Sum
from tests.vectors.world import octets

words = st.integers(-(2**63), 2**63 - 1)


@given(st.integers(1, 9).flatmap(lambda n: st.lists(st.tuples(st.booleans(), st.lists(words, min_size=n, max_size=n)))))
def test_vectors_add_word_by_word(vectors: list[tuple[bool, list[int]]]) -> None:
    size = len(vectors[0][1]) if vectors else 3
    total, expected = Sum(size), [0] * size
    for plus, values in vectors:
        (total.add if plus else total.subtract)(lanes.of_values(values))
        expected = [(a + b if plus else a - b) % MODULUS for a, b in zip(expected, values, strict=True)]
    assert [value % MODULUS for value in lanes.to_values(total.vector())] == expected


@given(st.lists(st.lists(st.integers(0, 65_535), min_size=5, max_size=5), max_size=6))
def test_counts_lie_four_to_a_word(rows: list[list[int]]) -> None:
    packed = lanes.of_counts(rows)
    assert len(packed) == len(rows) * lanes.words_of_row(5) * lanes.WORD_BYTES
    assert [list(row) for row in lanes.to_counts(packed, 5)] == rows


def test_a_vector_of_another_length_is_refused() -> None:
    with pytest.raises(Malformed, match="16 bytes"):
        Sum(2).add(bytes(8))
    with pytest.raises(Malformed, match="whole number"):
        lanes.to_values(bytes(9))
    with pytest.raises(Malformed, match="whole number"):
        lanes.to_counts(bytes(9), 5)


@settings(max_examples=30)
@given(st.binary(min_size=31, max_size=31), st.integers(1, 9), st.data())
def test_any_threshold_of_shares_opens_and_fewer_do_not(secret: bytes, holders: int, data: st.DataObject) -> None:
    threshold = shamir.threshold_of(holders)
    assert 3 * threshold > 2 * holders >= 3 * (threshold - 1)
    dealt = shamir.split(secret, threshold, holders, sealing.keystream(octets("coefficients"), 40 * (threshold - 1)))
    chosen = data.draw(st.permutations(range(holders)))[:threshold]
    shares = {at + 1: dealt[at] for at in chosen}
    assert shamir.join(shares, threshold) == secret
    shares.popitem()
    with pytest.raises(Malformed, match="needed"):
        shamir.join(shares, threshold)


def test_fewer_shares_fit_every_secret() -> None:
    """Two of three shares say nothing: there is a third with which they open another secret."""
    dealt = shamir.split(b"a" * 31, 3, 3, sealing.keystream(octets("coefficients"), 80))
    other = shamir.split(b"b" * 31, 3, 3, sealing.keystream(octets("coefficients"), 80))
    assert shamir.join({1: dealt[0], 2: dealt[1], 3: dealt[2]}, 3) == b"a" * 31
    assert shamir.join({1: dealt[0], 2: dealt[1], 3: other[2]}, 3) == b"b" * 31


def test_shares_have_one_form() -> None:
    for wrong in (bytes(31), (shamir.PRIME).to_bytes(32, "big"), b"\xff" * 32):
        with pytest.raises(Malformed, match="share"):
            shamir.number(wrong)
    for arguments in ((bytes(30), 2, 3, bytes(40)), (bytes(31), 4, 3, bytes(120)), (bytes(31), 2, 3, bytes(39))):
        with pytest.raises(Malformed, match="shares"):
            shamir.split(*arguments)


def test_the_masks_of_a_pair_cancel_and_differ_by_step_and_setting() -> None:
    one, other = AgreementKey(octets("one")), AgreementKey(octets("other"))
    shared = one.agree(other.public)
    assert shared == other.agree(one.public)
    streams = {masks.pair_stream(shared, setting, step, 4) for setting in (b"a", b"b") for step in (1, 2)}
    assert len(streams) == 4
    with pytest.raises(Malformed, match="X25519"):
        one.agree(bytes(32))


@pytest.mark.parametrize("size", [4, 200, 201, 500])
def test_neighbours_are_mutual_and_drawn_by_the_beacon(size: int) -> None:
    circle = graph.circle(octets("beacon"), range(size))
    near = {at: graph.neighbours(circle, at) for at in range(0, size, 7)}
    assert {len(found) for found in near.values()} == {size - 1 if size <= 200 else 64}
    assert all(at in graph.neighbours(circle, other) for at, found in near.items() for other in found[:5])
    assert graph.circle(octets("another beacon"), range(size)) != circle
    assert len(graph.checkers(octets("beacon"), range(size))) == min(size, 16)
