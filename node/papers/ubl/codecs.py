"""How a value is written as UBL text and read back: one codec per kind of value.

Each codec has one canonical spelling (``write``), reads every legal one (``read``) and tells whether two spellings mean
the same (``same``), so that a stranger's spelling can be kept beside the field without ever contradicting it.
Knows no element and no field.

Source: W3C XML Schema 1.0 part 2 (decimal, date, time, boolean); UBL 2.1 unqualified data types.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Generic, TypeVar
from unicodedata import is_normalized, normalize

from protocol.limits import MAX_INT, MAX_SCALE, MAX_TEXT_CHARS
from protocol.process import checks
from protocol.process.trade.papers import Scaled
from protocol.process.trade.papers.base import MAX_WORD_CHARS

V = TypeVar("V")
MAX_CODE_CHARS = 35
_NUMBER = re.compile(r"([+-]?)([0-9]{0,64})(?:\.([0-9]{0,64}))?(?:[eE]([+-]?[0-9]{1,3}))?")
_LONG = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)?(?:[eE][+-]?[0-9]+)?", re.ASCII)
_LOOKED_AT = 1_000
_DATE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(Z|[+-][0-9]{2}:[0-9]{2})?")


class Unreadable(Exception):
    """The text has no value of this kind. ``str`` is the rule it breaks. The element is kept as it is."""


class NoNumber(Unreadable):
    """A number is wanted, and the text is none, of any length."""


class Forbidden(Exception):
    """A value that no paper may have (negative, overflowing). ``str`` is the rule. The document is refused."""


class Codec(ABC, Generic[V]):
    """Text of any length up to ``most`` characters, in NFC, without white space around it."""

    def __init__(self, most: int = MAX_TEXT_CHARS) -> None:
        self.most = most

    @abstractmethod
    def read(self, text: str) -> V:
        """The value; raises Unreadable or Forbidden."""

    @abstractmethod
    def write(self, value: V) -> str:
        """The canonical spelling."""

    def same(self, spelling: str, canonical: str) -> bool:
        """Whether ``spelling`` is another way to say ``canonical``."""
        try:
            return self.write(self.read(spelling)) == canonical
        except (Unreadable, Forbidden):
            return False


class Words(Codec[str]):
    """Text. Empty text is no value."""

    def read(self, text: str) -> str:
        clean = normalise(text).strip()
        if len(clean) > self.most:
            raise Unreadable(f"longer than {self.most} characters")
        return clean

    def write(self, value: str) -> str:
        return value


class Day(Codec[str]):
    """A date; a time zone is dropped from the value."""

    def read(self, text: str) -> str:
        clean = text.strip()
        found = _DATE.fullmatch(clean)
        if not clean:
            return ""
        if found is None or not checks.is_date(found[1]):
            raise Unreadable("not a date (YYYY-MM-DD)")
        return found[1]

    def write(self, value: str) -> str:
        return value


class Time(Codec[str]):
    """A time of day with optional fraction and zone, kept as written."""

    def read(self, text: str) -> str:
        clean = text.strip()
        if clean and not checks.is_time(clean):
            raise Unreadable("not a time (HH:MM:SS)")
        return clean

    def write(self, value: str) -> str:
        return value


class Truth(Codec[bool]):
    """true or false."""

    def read(self, text: str) -> bool:
        clean = text.strip()
        if clean not in ("true", "false", "1", "0"):
            raise Unreadable("neither true nor false")
        return clean in ("true", "1")

    def write(self, value: bool) -> str:
        return "true" if value else "false"


class Coded(Codec[str]):
    """A word of ours for a code of theirs.

    ``also``: (code in the document, code of our word) where reading chose another word than the code's own.
    ``unknown``: the words that reading may have chosen for a code that we do not know.
    """

    def __init__(
        self, words: Mapping[str, str], also: frozenset[tuple[str, str]] = frozenset(), unknown: tuple[str, ...] = ()
    ) -> None:
        super().__init__()
        self._words = dict(words)
        self._codes = {word: code for code, word in words.items()}
        self._also = also
        self._unknown = [self._codes[word] for word in unknown]

    def read(self, text: str) -> str:
        clean = text.strip()
        if clean not in self._words:
            raise Unreadable(f"{clean[:40]!r} is none of {', '.join(self._words)}")
        return self._words[clean]

    def write(self, value: str) -> str:
        return self._codes.get(value, value)

    def same(self, spelling: str, canonical: str) -> bool:
        clean = spelling.strip()
        if clean not in self._words:
            return canonical in self._unknown
        return clean == canonical or (clean, canonical) in self._also


class Number(Codec[Scaled]):
    """A decimal that is not negative: quantities, prices, rates. The number of decimals belongs to the value."""

    def read(self, text: str) -> Scaled:
        digits, scale = decimal(text)
        while scale > MAX_SCALE and digits % 10 == 0:
            digits, scale = digits // 10, scale - 1
        if scale > MAX_SCALE:
            raise Unreadable(f"more than {MAX_SCALE} decimals")
        if digits > MAX_INT and digits // 10**scale <= MAX_INT:
            digits, scale = _shorter(digits, scale)
        if digits > MAX_INT:
            raise Forbidden(f"larger than {MAX_INT}")
        return Scaled(value=digits, scale=scale)

    def write(self, value: Scaled) -> str:
        return spell(value.value, value.scale)

    def same(self, spelling: str, canonical: str) -> bool:
        return _equal(spelling, canonical)


class Turned(Codec[Scaled]):
    """A quantity that the document states with a minus and the field without."""

    def read(self, text: str) -> Scaled:
        clean = text.strip()
        if clean.startswith("-"):
            return NUMBER.read(clean[1:])
        value = NUMBER.read(clean)
        if value.value:
            raise Forbidden("must not be positive here")
        return value

    def write(self, value: Scaled) -> str:
        return spell(-value.value, value.scale)

    def same(self, spelling: str, canonical: str) -> bool:
        return _equal(spelling, canonical)


class Minor(Codec[int]):
    """An amount of a currency with ``places`` decimals, as minor units.

    ``sign`` -1: the document states with a minus what the field states without.
    """

    def __init__(self, places: int, *, signed: bool = False, sign: int = 1) -> None:
        super().__init__()
        self._places = places
        self._signed = signed
        self._sign = sign

    def read(self, text: str) -> int:
        digits, scale = decimal(text, signed=True)
        digits *= self._sign
        if digits < 0 and not self._signed:
            raise Forbidden("must not be negative" if self._sign > 0 else "must not be positive here")
        while scale > self._places and digits % 10 == 0:
            digits, scale = digits // 10, scale - 1
        if scale > self._places:
            raise Unreadable("finer than the minor unit of its currency")
        minor = digits * int(10 ** (self._places - scale))
        if abs(minor) > MAX_INT:
            raise Forbidden(f"larger than {MAX_INT} minor units")
        return minor

    def write(self, value: int) -> str:
        return spell(self._sign * value, self._places)

    def same(self, spelling: str, canonical: str) -> bool:
        return _equal(spelling, canonical)


def decimal(text: str, *, signed: bool = False) -> tuple[int, int]:
    """Digits and number of decimals of a decimal, exponents allowed. Raises Unreadable; Forbidden when below zero."""
    found = _NUMBER.fullmatch(text.strip())
    if found is None or not (found[2] or found[3]):
        long = len(text) > _LOOKED_AT or _LONG.fullmatch(text.strip())  # it may be a number, of more digits than fit
        raise Unreadable("not a decimal number") if long else NoNumber("not a decimal number")
    digits = int((found[2] or "") + (found[3] or ""))
    scale = len(found[3] or "") - int(found[4] or 0)
    if found[1] == "-" and digits:
        if not signed:
            raise Forbidden("must not be negative")
        digits = -digits
    return (digits, scale) if scale >= 0 else (digits * int(10 ** min(-scale, 999)), 0)


def _shorter(digits: int, scale: int) -> tuple[int, int]:
    while scale and digits > MAX_INT and digits % 10 == 0:
        digits, scale = digits // 10, scale - 1
    if digits > MAX_INT:
        raise Unreadable("has more digits than fit")
    return digits, scale


def spell(digits: int, scale: int) -> str:
    """``1250``, 2 → ``12.50``."""
    if scale == 0:
        return str(digits)
    sign, text = ("-", str(-digits)) if digits < 0 else ("", str(digits))
    text = text.rjust(scale + 1, "0")
    return f"{sign}{text[:-scale]}.{text[-scale:]}"


def _equal(spelling: str, canonical: str) -> bool:
    try:
        left, right = decimal(spelling, signed=True), decimal(canonical, signed=True)
    except (Unreadable, Forbidden):
        return False
    return left[0] * int(10 ** right[1]) == right[0] * int(10 ** left[1])


def normalise(text: str) -> str:
    """Text in Unicode normal form C."""
    return text if text.isascii() or is_normalized("NFC", text) else normalize("NFC", text)


class Whole(Codec[int]):
    """A count."""

    def read(self, text: str) -> int:
        digits, scale = decimal(text)
        if digits % 10**scale or digits // 10**scale > MAX_INT:
            raise Unreadable("not a count")
        return digits // int(10**scale)

    def write(self, value: int) -> str:
        return str(value)


class StandIn(Codec[V]):
    """A value that reading put in the place of one it could not read: what it may stand for is nothing readable.

    ``lenient``: a forbidden value counts as one that cannot be read.
    """

    def __init__(self, base: Codec[V], *, lenient: bool = False) -> None:
        super().__init__(base.most)
        self._base = base
        self._lenient = lenient

    def read(self, text: str) -> V:
        return self._base.read(text)

    def write(self, value: V) -> str:
        return self._base.write(value)

    def same(self, spelling: str, canonical: str) -> bool:
        try:
            self._base.read(spelling)
        except Unreadable:
            return True
        except Forbidden:
            return self._lenient
        return self._base.same(spelling, canonical)


class Position(Codec[str]):
    """A line's number with its position behind it, because another line has the same number: ``1#2`` for ``1``."""

    def __init__(self, position: int) -> None:
        super().__init__(MAX_WORD_CHARS)
        self._mark = f"#{position}"

    def read(self, text: str) -> str:
        return WORD.read(text)

    def write(self, value: str) -> str:
        return value

    def same(self, spelling: str, canonical: str) -> bool:
        try:
            clean = self.read(spelling)
        except Unreadable:
            return canonical == self._mark
        return canonical in (clean, clean[:100] + self._mark)

    def placeholder(self, value: str) -> bool:
        """Whether ``value`` stands for no number at all."""
        return value == self._mark


TEXT = Words()
WORD = Words(MAX_WORD_CHARS)
CODE = Words(MAX_CODE_CHARS)
DAY = Day()
TIME = Time()
TRUTH = Truth()
NUMBER = Number()
TURNED = Turned()
COUNT = Whole()
