"""A field of an offer's typed part: its type, unit, bounds, who has to fill it, and the law that asks for it.

Owns the strict reading of one value and nothing of which kind has which field (:mod:`protocol.offer.kinds`). No value
is a float: sizes are whole millimetres, tolerances whole micrometres, money whole yen. Source: ``docs/protocol.md``
§20.3.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Any, Final, NamedTuple

from protocol.errors import Malformed
from protocol.limits import MAX_OFFER_LIST, MAX_OFFER_WORD_CHARS
from protocol.process import checks

_AREA: Final = re.compile(r"[0-9]{2}(?:[0-9]{3,4})?", re.ASCII)
_INDUSTRY: Final = re.compile(r"[A-T]|[0-9]{2,4}", re.ASCII)
_COUNTRY: Final = re.compile(r"[A-Z]{2}", re.ASCII)
_UNIT: Final = re.compile(r"[A-Z0-9]{1,3}", re.ASCII)
_CONTROL: Final = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


class Type(Enum):
    """What a value is on the wire: text, an integer, true or false, or an array of texts."""

    TEXT = "text"
    NUMBER = "number"
    YEN = "yen"
    FLAG = "flag"
    DATE = "date"
    AREA = "area"
    GTIN = "gtin"
    UNIT = "unit"
    CHOICE = "choice"
    CHOICES = "choices"
    WORDS = "words"
    COUNTRIES = "countries"


class Needed(Enum):
    """Which side has to fill a field."""

    NO = "no"
    OFFER = "offer"
    REQUEST = "request"
    BOTH = "both"


class Field(NamedTuple):
    """``low``, ``high``: bounds of a number, of the characters of a text, or of how many a list holds. ``unit``: of a
    number. ``law``: a name of :data:`protocol.offer.laws.LAWS`."""

    name: str
    type: Type
    needed: Needed = Needed.NO
    low: int = 0
    high: int = 0
    unit: str = ""
    choices: tuple[str, ...] = ()
    law: str = ""

    def needed_by(self, side: str) -> bool:
        """Whether an offer (or a request) without it is refused."""
        return self.needed is Needed.BOTH or self.needed.value == side


def unfit(field: str, rule: str) -> Malformed:
    """What is wrong with which field: read by whoever publishes it, left out where it comes from a peer."""
    return Malformed(f"{field}: {rule}")


def is_area(text: str) -> bool:
    """Two digits of a prefecture, or five or six of a municipality (全国地方公共団体コード)."""
    return _AREA.fullmatch(text) is not None and "01" <= text[:2] <= "47"


def is_industry(text: str) -> bool:
    """A code of JSIC: a division's letter, or two to four digits."""
    return _INDUSTRY.fullmatch(text) is not None


def is_plain(text: str) -> bool:
    """No control characters beside the line feed, none that turn the direction of what follows."""
    return _CONTROL.search(text) is None


def read(field: Field, value: Any) -> Any:
    """The value of one field; a list as a tuple. Malformed names the field and the rule."""
    return _READERS[field.type](field, value)


def _text(field: Field, value: Any) -> str:
    least = max(field.low, 1)
    if type(value) is not str or not least <= len(value) <= field.high or not value.strip() or not is_plain(value):
        raise unfit(field.name, f"text of {least} to {field.high} characters")
    return value


def _number(field: Field, value: Any) -> int:
    if type(value) is not int or not field.low <= value <= field.high:
        raise unfit(field.name, f"a whole number from {field.low} to {field.high}")
    return value


def _flag(field: Field, value: Any) -> bool:
    if type(value) is not bool:
        raise unfit(field.name, "true or false")
    return value


def _date(field: Field, value: Any) -> str:
    if type(value) is not str or not checks.is_date(value):
        raise unfit(field.name, "a day of the calendar, YYYY-MM-DD")
    return value


def _area(field: Field, value: Any) -> str:
    if type(value) is not str or not is_area(value):
        raise unfit(field.name, "a code of a prefecture (2 digits) or municipality (5 or 6)")
    return value


def _gtin(field: Field, value: Any) -> str:
    if type(value) is not str or not checks.is_gtin(value):
        raise unfit(field.name, "a JAN or GTIN of 8, 12, 13 or 14 digits with its check digit")
    return value


def _unit(field: Field, value: Any) -> str:
    if type(value) is not str or _UNIT.fullmatch(value) is None:
        raise unfit(field.name, "a code of UN/ECE Recommendation 20")
    return value


def _choice(field: Field, value: Any) -> str:
    if type(value) is not str or value not in field.choices:
        raise unfit(field.name, f"one of {', '.join(field.choices)}")
    return value


def _listed(field: Field, value: Any) -> tuple[str, ...]:
    if type(value) not in {list, tuple} or not max(field.low, 1) <= len(value) <= (field.high or MAX_OFFER_LIST):
        raise unfit(field.name, f"a list of {max(field.low, 1)} to {field.high or MAX_OFFER_LIST}")
    if any(type(item) is not str for item in value) or len({*value}) != len(value):
        raise unfit(field.name, "texts, none twice")
    return tuple(value)


def _choices(field: Field, value: Any) -> tuple[str, ...]:
    found = _listed(field, value)
    if any(item not in field.choices for item in found):
        raise unfit(field.name, f"out of {', '.join(field.choices)}")
    return found


def _words(field: Field, value: Any) -> tuple[str, ...]:
    found = _listed(field, value)
    if any(not item.strip() or len(item) > MAX_OFFER_WORD_CHARS or not is_plain(item) for item in found):
        raise unfit(field.name, f"each of 1 to {MAX_OFFER_WORD_CHARS} characters")
    return found


def _countries(field: Field, value: Any) -> tuple[str, ...]:
    found = _listed(field, value)
    if any(_COUNTRY.fullmatch(item) is None for item in found):
        raise unfit(field.name, "codes of two capital letters (ISO 3166-1)")
    return found


_READERS: Final = {
    Type.TEXT: _text,
    Type.NUMBER: _number,
    Type.YEN: _number,
    Type.FLAG: _flag,
    Type.DATE: _date,
    Type.AREA: _area,
    Type.GTIN: _gtin,
    Type.UNIT: _unit,
    Type.CHOICE: _choice,
    Type.CHOICES: _choices,
    Type.WORDS: _words,
    Type.COUNTRIES: _countries,
}
