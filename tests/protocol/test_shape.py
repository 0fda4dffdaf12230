"""Every check of a shape: what fits, what does not, and that the message names the field."""

from collections.abc import Callable
from typing import Any

import pytest

from protocol import shape
from protocol.errors import Malformed, TooLarge

FITS: list[tuple[Callable[..., Any], tuple[Any, ...], list[Any]]] = [
    (shape.array, (2,), [[], [1, 2]]),
    (shape.exactly, (1,), [[1]]),
    (shape.hash32, (), [bytes(32)]),
    (shape.hash_or_empty, (), [bytes(32), b""]),
    (shape.binary, (3,), [b"", b"abc"]),
    (shape.fixed, (3,), [b"abc"]),
    (shape.text, (3,), ["", "abc", "あいう"]),
    (shape.integer, (1, 3), [1, 3]),
    (shape.flag, (), [True, False]),
    (shape.time_us, (), [0, shape.MAX_TIME_US]),
]
WRONG: list[tuple[Callable[..., Any], tuple[Any, ...], list[Any]]] = [
    (shape.array, (2,), [(), "ab", None]),
    (shape.exactly, (1,), [[], [1, 2], "a", {"a": 1}]),
    (shape.hash32, (), [bytes(31), bytes(33), "a" * 32, [0] * 32]),
    (shape.hash_or_empty, (), [bytes(31), "", None]),
    (shape.binary, (3,), ["abc", None, [1]]),
    (shape.fixed, (3,), [b"ab", b"abcd", "abc"]),
    (shape.text, (3,), [b"abc", 1, None]),
    (shape.integer, (0, 3), [-1, 4, True, "1", None, 1.0]),
    (shape.flag, (), [0, 1, None, "true"]),
    (shape.time_us, (), [-1, 2**53, True]),
]
TOO_LARGE: list[tuple[Callable[..., Any], tuple[Any, ...], Any]] = [
    (shape.array, (2,), [1, 2, 3]),
    (shape.binary, (3,), b"abcd"),
    (shape.text, (3,), "abcd"),
]


@pytest.mark.parametrize(("check", "limits", "values"), FITS)
def test_what_fits_comes_back(check: Callable[..., Any], limits: tuple[Any, ...], values: list[Any]) -> None:
    for value in values:
        assert check(value, "field", *limits) == value


@pytest.mark.parametrize(("check", "limits", "values"), WRONG)
def test_what_does_not_fit_is_named(check: Callable[..., Any], limits: tuple[Any, ...], values: list[Any]) -> None:
    for value in values:
        with pytest.raises(Malformed, match="field: must be"):
            check(value, "field", *limits)


@pytest.mark.parametrize(("check", "limits", "value"), TOO_LARGE)
def test_what_is_too_large_is_named(check: Callable[..., Any], limits: tuple[Any, ...], value: Any) -> None:
    with pytest.raises(TooLarge, match=r"field: .*the limit is"):
        check(value, "field", *limits)


def test_records() -> None:
    assert shape.record(["tag", 1], "tag", 2) == ["tag", 1]
    for value in (["tag"], ["other", 1], ("tag", 1), None, [1, "tag"], "ta"):
        with pytest.raises(Malformed, match="not a tag record of 2 fields"):
            shape.record(value, "tag", 2)


def test_text_that_may_not_be_empty() -> None:
    assert shape.text("a", "field", 1, empty=False) == "a"
    with pytest.raises(Malformed, match="must be text and not empty"):
        shape.text("", "field", 1, empty=False)
