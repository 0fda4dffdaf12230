"""A firm asks its partner to erase a part of a document, and the answer: two records in extensions of a header.

They travel in messages (:mod:`protocol.process.trade.papers.message`) of the dealing that the document belongs to, so
the firm's own signature covers them, receipts confirm them and everything that carries documents carries them. Homes
that do not know them show the message's text to people. Owns shapes only. Source: ``docs/protocol.md`` §5.6.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Final, NamedTuple

from protocol import canon, shape
from protocol.document.header import Extension
from protocol.errors import Malformed
from protocol.limits import MAX_EXTENSION_BYTES, MAX_PART_NAME_CHARS

REQUEST: Final = 1  # number of the extension
ANSWER: Final = 2
PERSONAL: Final = "personal"  # the one part that may be asked for
MAX_RULE_CHARS: Final = 32
_REQUEST_TAG: Final = "yui/erase/1"
_ANSWER_TAG: Final = "yui/erase-answer/1"


class Word(Enum):
    """What the asked home answers."""

    ERASED = "erased"  # its bytes and salt are not here any more, or never were
    REFUSED = "refused"  # it stays, by the rule that is named


class Request(NamedTuple):
    """``part`` of ``document``; ``hash`` as the document's header states it for that part."""

    document: bytes
    part: str
    hash: bytes


class Answer(NamedTuple):
    """To the request with the document id ``request``. ``rule``, ``until`` (µs UTC, 0: not known) where refused."""

    request: bytes
    document: bytes
    part: str
    word: Word
    rule: str = ""
    until: int = 0


def ask(request: Request) -> Extension:
    """The request, as it stands in a header."""
    return Extension(REQUEST, False, canon.encode((_REQUEST_TAG, *request)))


def say(answer: Answer) -> Extension:
    """The answer, as it stands in a header."""
    fields = (*answer[:3], answer.word.value, answer.rule, answer.until)
    return Extension(ANSWER, False, canon.encode((_ANSWER_TAG, *fields)))


def request_in(extensions: Iterable[Extension]) -> Request | None:
    """The request among the extensions of a header, if there is one. Malformed if it has another shape."""
    value = _value(extensions, REQUEST)
    if value is None:
        return None
    raw = shape.record(canon.decode(value, max_bytes=MAX_EXTENSION_BYTES), _REQUEST_TAG, 4)
    return Request(shape.hash32(raw[1], "erase.document"), _part(raw[2]), shape.hash32(raw[3], "erase.hash"))


def answer_in(extensions: Iterable[Extension]) -> Answer | None:
    """The answer among the extensions of a header, if there is one. Malformed if it has another shape."""
    value = _value(extensions, ANSWER)
    if value is None:
        return None
    raw = shape.record(canon.decode(value, max_bytes=MAX_EXTENSION_BYTES), _ANSWER_TAG, 7)
    word = shape.text(raw[4], "erase-answer.word", 16)
    if word not in {item.value for item in Word}:
        raise Malformed("erase-answer.word: none that is known")
    rule = shape.text(raw[5], "erase-answer.rule", MAX_RULE_CHARS)
    if (word == Word.REFUSED.value) != bool(rule):
        raise Malformed("erase-answer.rule: a refusal names its rule, nothing else does")
    return Answer(
        shape.hash32(raw[1], "erase-answer.request"),
        shape.hash32(raw[2], "erase-answer.document"),
        _part(raw[3]),
        Word(word),
        rule,
        shape.time_us(raw[6], "erase-answer.until"),
    )


def _part(value: object) -> str:
    name = shape.text(value, "erase.part", MAX_PART_NAME_CHARS)
    if name != PERSONAL:
        raise Malformed("erase.part: only the personal part can be asked for")
    return name


def _value(extensions: Iterable[Extension], number: int) -> bytes | None:
    return next((item.value for item in extensions if item.number == number), None)
