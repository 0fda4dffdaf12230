"""Requests and answers about erasing a part, in extensions of a header."""

from __future__ import annotations

import pytest

from protocol import canon, erasure
from protocol.document.header import Extension
from protocol.erasure import Answer, Request, Word
from protocol.errors import Malformed

REQUEST = Request(b"d" * 32, "personal", b"h" * 32)
ANSWER = Answer(b"r" * 32, b"d" * 32, "personal", Word.REFUSED, "books", 7)


def test_what_was_said_is_what_is_heard() -> None:
    other = Extension(7, False, b"x")
    assert erasure.request_in([erasure.ask(REQUEST), other]) == REQUEST
    assert erasure.answer_in([erasure.say(ANSWER), other]) == ANSWER
    gone = Answer(b"r" * 32, b"d" * 32, "personal", Word.ERASED)
    assert erasure.answer_in([erasure.say(gone)]) == gone
    assert erasure.request_in([other]) is None
    assert erasure.answer_in([other]) is None
    assert not erasure.ask(REQUEST).critical


@pytest.mark.parametrize(
    "value",
    [
        ("yui/erase/2", b"d" * 32, "personal", b"h" * 32),
        ("yui/erase/1", b"d" * 31, "personal", b"h" * 32),
        ("yui/erase/1", b"d" * 32, "business", b"h" * 32),
        ("yui/erase/1", b"d" * 32, "personal"),
    ],
)
def test_a_request_of_another_shape_is_none(value: tuple[object, ...]) -> None:
    with pytest.raises(Malformed):
        erasure.request_in([Extension(erasure.REQUEST, False, canon.encode(value))])


@pytest.mark.parametrize(
    ("word", "rule", "until"), [("erased", "books", 0), ("refused", "", 0), ("maybe", "", 0), ("refused", "books", -1)]
)
def test_an_answer_of_another_shape_is_none(word: str, rule: str, until: int) -> None:
    value = ("yui/erase-answer/1", b"r" * 32, b"d" * 32, "personal", word, rule, until)
    with pytest.raises(Malformed):
        erasure.answer_in([Extension(erasure.ANSWER, False, canon.encode(value))])
