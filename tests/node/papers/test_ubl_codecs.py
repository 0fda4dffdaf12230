"""Spellings of values: what is read, how it is written, what counts as the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.papers.ubl import codecs
from node.papers.ubl.codecs import Forbidden, Minor, Unreadable
from protocol.limits import MAX_INT
from protocol.process.trade.papers import Scaled


@pytest.mark.parametrize(
    ("text", "value", "scale"),
    [
        ("0", 0, 0),
        ("-0", 0, 0),
        ("-0.00", 0, 2),
        ("1", 1, 0),
        ("1.50", 150, 2),
        ("+1.5", 15, 1),
        ("007.5", 75, 1),
        (".5", 5, 1),
        ("5.", 5, 0),
        (" 12 ", 12, 0),
        ("1E2", 100, 0),
        ("1.5e1", 15, 0),
        ("15E-1", 15, 1),
        ("10.000000000000", 10_000_000_000, 9),
        ("1000000000000.0000000", 1_000_000_000_000_000, 3),
        (str(MAX_INT), MAX_INT, 0),
    ],
)
def test_a_decimal_is_read(text: str, value: int, scale: int) -> None:
    assert codecs.NUMBER.read(text) == Scaled(value=value, scale=scale)
    assert codecs.NUMBER.same(text, codecs.NUMBER.write(Scaled(value=value, scale=scale)))


@pytest.mark.parametrize(
    "text", ["", " ", ".", "+", "e1", "1e", "1,5", "1 5", "0x1", "NaN", "INF", "1_0", "１", "1\x00", "--1"]
)
def test_what_is_no_decimal_is_unreadable(text: str) -> None:
    for codec in (codecs.NUMBER, Minor(0), codecs.COUNT):
        with pytest.raises(Unreadable):
            codec.read(text)
        assert not codec.same(text, "1")


@pytest.mark.parametrize("text", ["-1", "-0.01", "-1E5", str(MAX_INT + 1), "1E16", "1E300", "9" * 64])
def test_what_no_paper_may_say_is_forbidden(text: str) -> None:
    for codec in (codecs.NUMBER, Minor(0)):
        with pytest.raises(Forbidden):
            codec.read(text)


def test_a_rounding_may_be_negative() -> None:
    assert Minor(2, signed=True).read("-0.50") == -50
    assert Minor(2, signed=True).write(-50) == "-0.50"
    assert Minor(0, signed=True).write(-5) == "-5"
    assert Minor(3, signed=True).write(-5) == "-0.005"


@pytest.mark.parametrize(
    ("places", "text", "minor", "written"),
    [
        (0, "100", 100, "100"),
        (0, "100.00", 100, "100"),
        (2, "100", 10_000, "100.00"),
        (2, "0.5", 50, "0.50"),
        (2, "0.500", 50, "0.50"),
        (3, "1.234", 1_234, "1.234"),
        (2, "1E2", 10_000, "100.00"),
    ],
)
def test_an_amount_is_read_in_minor_units(places: int, text: str, minor: int, written: str) -> None:
    assert Minor(places).read(text) == minor
    assert Minor(places).write(minor) == written
    assert Minor(places).same(text, written)


@pytest.mark.parametrize(("places", "text"), [(0, "0.5"), (2, "0.001"), (3, "0.0001"), (0, "100.01")])
def test_an_amount_finer_than_its_minor_unit_is_unreadable(places: int, text: str) -> None:
    with pytest.raises(Unreadable, match="minor unit"):
        Minor(places).read(text)


@given(st.integers(0, MAX_INT), st.integers(0, 9))
def test_every_scaled_number_comes_back(value: int, scale: int) -> None:
    number = Scaled(value=value, scale=scale)
    assert codecs.NUMBER.read(codecs.NUMBER.write(number)) == number


@given(st.integers(-MAX_INT, MAX_INT), st.sampled_from([0, 2, 3]))
def test_every_amount_comes_back(minor: int, places: int) -> None:
    codec = Minor(places, signed=True)
    assert codec.read(codec.write(minor)) == minor


@given(st.text(max_size=80), st.text(max_size=80))
def test_two_texts_are_the_same_only_if_they_read_alike(one: str, other: str) -> None:
    canonical = codecs.TEXT.read(other)
    assert codecs.TEXT.same(one, canonical) == (codecs.TEXT.read(one) == canonical)


@given(st.text(alphabet="0123456789.eE+-", max_size=12), st.text(alphabet="0123456789.eE+-", max_size=12))
def test_two_numbers_are_the_same_only_if_they_are_equal(one: str, other: str) -> None:
    from fractions import Fraction

    def value(text: str) -> Fraction | None:
        try:
            digits, scale = codecs.decimal(text, signed=True)
        except (Unreadable, Forbidden):
            return None
        return Fraction(digits, 10**scale)

    left, right = value(one), value(other)
    assert codecs.NUMBER.same(one, other) == (left is not None and left == right)


def test_days_and_times() -> None:
    assert codecs.DAY.read("2026-11-22+09:00") == "2026-11-22"
    assert codecs.DAY.same("2026-11-22Z", "2026-11-22")
    for text in ("2026-02-29", "2026-1-1", "26-01-01", "2026-11-22T00:00:00", "２０２６-11-22"):
        with pytest.raises(Unreadable):
            codecs.DAY.read(text)
    assert codecs.TIME.read("09:00:00.5+09:00") == "09:00:00.5+09:00"
    for text in ("9:00:00", "24:00:00", "09:60:00", "noon"):
        with pytest.raises(Unreadable):
            codecs.TIME.read(text)
    assert codecs.TRUTH.read(" 1 ") is True
    assert codecs.TRUTH.same("0", "false")
    with pytest.raises(Unreadable):
        codecs.TRUTH.read("yes")


def test_codes_we_do_not_know_stand_only_for_what_reading_chose() -> None:
    codec = codecs.Coded(
        {"AP": "accepted", "CA": "changed", "AB": "received"}, frozenset({("AP", "CA")}), ("received",)
    )
    assert codec.same("AP", "AP")
    assert codec.same("AP", "CA")
    assert not codec.same("CA", "AP")
    assert codec.same("ZZ", "AB")
    assert not codec.same("ZZ", "AP")
