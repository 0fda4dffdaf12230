"""Forms: what was typed, kept as typed; what is wrong with it, beside the field; values out of what people write.

Owns the parsing of texts (full-width digits, commas, ▲, R8.10.5) and the messages of pages.md §4 for fields. Knows no
rule of a service: what a service refuses is put beside its field by :meth:`Form.refuse`.

Names: a date is NAME.year, NAME.month, NAME.day; line tables are lines.0.quantity. Errors are under the same names.
"""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from urllib.parse import parse_qs, urlencode

from aiohttp.web_request import FileField

from node import wareki
from node.i18n import N_
from protocol.errors import CallerFault, TooLarge
from protocol.process.trade.papers import Scaled

Say = Callable[..., str]
MAX_FIELDS: Final = 20_000
MAX_INDEX: Final = 2_000
_INDEXED: Final = re.compile(r"\[(\d+)\]")
_NUMBER: Final = re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII)
_MINUS: Final = str.maketrans({"▲": "-", "△": "-", "−": "-", "ー": "-", "‐": "-", "–": "-"})

MISSING: Final = N_("Enter: {label}.")
MISSING_CHOICE: Final = N_("Choose: {label}.")
TOO_LONG: Final = N_("{label}: at most {most} characters (you entered {n}).")
NOT_A_NUMBER: Final = N_("{label}: enter a number, for example 1200 (you entered {value}).")
NOT_WHOLE: Final = N_("{label}: enter a whole number (you entered {value}).")
TOO_SMALL: Final = N_("{label}: enter {least} or more (you entered {value}).")
TOO_GREAT: Final = N_("{label}: enter {most} or less (you entered {value}).")
TOO_FINE: Final = N_("{label}: at most {places} digits behind the point (you entered {value}).")
NO_SUCH_DAY: Final = N_("{label}: there is no such day ({value}). Check year, month and day.")
PART_MISSING: Final = N_("{label}: enter year, month and day.")
NO_SUCH_CHOICE: Final = N_("{label}: choose one of those that are shown.")


class Form:
    """The fields of a form. ``values``: as typed; ``errors``: message by field; ``files``: uploads by field."""

    def __init__(
        self, say: Say, values: Mapping[str, Sequence[str]], files: Mapping[str, FileField] | None = None
    ) -> None:
        self.say = say
        self.values = {name: list(given) for name, given in values.items()}
        self.files = dict(files or {})
        self.errors: dict[str, str] = {}

    # --- made

    @classmethod
    def empty(cls, say: Say) -> Form:
        """A form that nobody has touched."""
        return cls(say, {})

    @classmethod
    def of(cls, say: Say, values: Mapping[str, Any]) -> Form:
        """A prefilled form: texts, numbers, days, Scaled, and lists of mappings for line tables."""
        form = cls(say, {})
        form.fill(values)
        return form

    @classmethod
    def parse(cls, say: Say, body: bytes) -> Form:
        """An ``application/x-www-form-urlencoded`` body. TooLarge above MAX_FIELDS fields."""
        try:
            found = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MAX_FIELDS)
        except ValueError:
            raise TooLarge(f"a form of more than {MAX_FIELDS} fields") from None
        return cls(say, found)

    @classmethod
    def of_multipart(cls, say: Say, posted: Mapping[str, Any]) -> Form:
        """A ``multipart/form-data`` body as aiohttp reads it."""
        values: dict[str, list[str]] = {}
        files: dict[str, FileField] = {}
        for name, value in posted.items():
            if isinstance(value, FileField):
                files[name] = value
            else:
                values.setdefault(name, []).append(str(value))
        return cls(say, values, files)

    def fill(self, values: Mapping[str, Any], prefix: str = "") -> None:
        """Put values into fields, as they are typed."""
        for name, value in values.items():
            path = prefix + name
            if isinstance(value, datetime.date):
                for part in ("year", "month", "day"):
                    self.values[f"{path}.{part}"] = [str(getattr(value, part))]
            elif isinstance(value, Mapping):
                self.fill(value, path + ".")
            elif isinstance(value, list | tuple):
                for at, item in enumerate(value):
                    if isinstance(item, Mapping):
                        self.fill(item, f"{path}.{at}.")
                    else:
                        self.values.setdefault(path, []).append(_typed(item))
            else:
                self.values[path] = [_typed(value)]

    def encoded(self, *, without: Container[str] = ()) -> bytes:
        """What :meth:`parse` reads, leaving some fields out."""
        return urlencode({name: given for name, given in self.values.items() if name not in without}, True).encode()

    # --- looked at by templates

    def value(self, name: str) -> str:
        """What was typed, or nothing."""
        given = self.values.get(name)
        return given[-1] if given else ""

    def all(self, name: str) -> list[str]:
        """Every value of a field that may have several (boxes ticked)."""
        return list(self.values.get(name, ()))

    def error(self, name: str) -> str:
        """What is wrong with a field, or nothing; of a date also what is wrong with a part of it."""
        return self.errors.get(name, "")

    def rows(self, name: str) -> list[int]:
        """The numbers of the lines of a table, in order; lines that nobody typed into count when they were sent."""
        found = set()
        for field in self.values:
            table, _, rest = field.partition(".")
            number = rest.partition(".")[0]
            if table == name and number.isascii() and number.isdigit() and int(number) < MAX_INDEX:
                found.add(int(number))
        return sorted(found)

    def blank(self, name: str, row: int, fields: Iterable[str]) -> bool:
        """Whether nobody typed into these fields of a line: it is left out, not an error."""
        return not any(self.value(f"{name}.{row}.{field}").strip() for field in fields)

    @property
    def ok(self) -> bool:
        """Nothing is wrong so far."""
        return not self.errors

    # --- faults

    def wrong(self, field: str, message: str, /, **values: object) -> None:
        """Put a message (of the catalogue) beside a field; the first one stays."""
        self.errors.setdefault(field, self.say(message, **values))

    def refuse(self, fault: CallerFault, names: Mapping[str, str] | None = None) -> None:
        """Put a service's refusal beside its field; ``names``: its field → ours, where they differ."""
        path = _INDEXED.sub(r".\1", fault.field)
        self.errors.setdefault((names or {}).get(path, path), self.say(fault.rule))

    # --- values out of texts

    def text(self, name: str, label: str, *, required: bool = True, most: int = 200) -> str:
        """One line, without spaces around; NFC."""
        value = unicodedata.normalize("NFC", self.value(name)).strip()
        if not value and required:
            self.wrong(name, MISSING, label=label)
        if len(value) > most:
            self.wrong(name, TOO_LONG, label=label, most=most, n=len(value))
        return value

    def choice(self, name: str, label: str, allowed: Iterable[str], *, required: bool = True) -> str:
        """One of a few."""
        value = self.value(name)
        if not value:
            if required:
                self.wrong(name, MISSING_CHOICE, label=label)
        elif value not in allowed:
            self.wrong(name, NO_SUCH_CHOICE, label=label)
        return value

    def ticked(self, name: str) -> bool:
        """A box."""
        return bool(self.value(name))

    def decimal(
        self,
        name: str,
        label: str,
        *,
        required: bool = True,
        places: int = 6,
        least: Decimal | int | None = 0,
        most: Decimal | int | None = None,
    ) -> Decimal | None:
        """A number: full-width digits, commas, ¥, ▲ for less than nothing. None where nothing (good) was typed."""
        typed = self.value(name).strip()
        if not typed:
            if required:
                self.wrong(name, MISSING, label=label)
            return None
        found = number(typed)
        if found is None:
            self.wrong(name, NOT_A_NUMBER, label=label, value=typed[:30])
            return None
        exponent = found.as_tuple().exponent
        if isinstance(exponent, int) and -exponent > places:
            self.wrong(name, NOT_WHOLE if places == 0 else TOO_FINE, label=label, value=typed[:30], places=places)
        elif least is not None and found < least:
            self.wrong(name, TOO_SMALL, label=label, least=least, value=typed[:30])
        elif most is not None and found > most:
            self.wrong(name, TOO_GREAT, label=label, most=most, value=typed[:30])
        return found

    def integer(
        self, name: str, label: str, *, required: bool = True, least: int | None = 0, most: int | None = None
    ) -> int | None:
        """A whole number."""
        found = self.decimal(name, label, required=required, places=0, least=least, most=most)
        return None if found is None or found != found.to_integral_value() else int(found)

    def scaled(self, name: str, label: str, *, required: bool = True, places: int = 6, **bounds: Any) -> Scaled | None:
        """A quantity or price as papers carry it: 12.5 is 125 × 10^-1."""
        found = self.decimal(name, label, required=required, places=places, **bounds)
        if found is None or name in self.errors:
            return None
        exponent = found.as_tuple().exponent
        scale = max(0, -exponent) if isinstance(exponent, int) else 0
        return Scaled(value=int(found.scaleb(scale)), scale=scale)

    def money(
        self, name: str, label: str, *, digits: int = 0, required: bool = True, least: int | None = 0
    ) -> int | None:
        """An amount in minor units; ``digits`` behind the point of its currency."""
        found = self.decimal(name, label, required=required, places=digits, least=least)
        return None if found is None or name in self.errors else int(found.scaleb(digits))

    def day(self, name: str, label: str, *, required: bool = True) -> datetime.date | None:
        """A date in three fields; a whole date typed (or pasted) into the first of them counts too."""
        parts = [
            unicodedata.normalize("NFKC", self.value(f"{name}.{part}")).strip() for part in ("year", "month", "day")
        ]
        if not any(parts):
            if required:
                self.wrong(name, MISSING, label=label)
            return None
        found = wareki.parse(parts[0]) if not any(parts[1:]) else _day_of(parts)
        if found is None:
            message = NO_SUCH_DAY if all(parts) else PART_MISSING
            self.wrong(name, message, label=label, value="/".join(part[:12] for part in parts))
        return found


def _typed(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, Scaled):
        return f"{Decimal(value.value).scaleb(-value.scale):f}"
    return str(value)


def _day_of(parts: Sequence[str]) -> datetime.date | None:
    year = wareki.year(parts[0])
    if year is None or not all(re.fullmatch(r"\d{1,2}", part, re.ASCII) for part in parts[1:]):
        return None
    try:
        return datetime.date(year, int(parts[1]), int(parts[2]))
    except ValueError:
        return None


def number(typed: str) -> Decimal | None:
    """The number that somebody wrote, or None."""
    plain = unicodedata.normalize("NFKC", typed).translate(_MINUS)
    plain = re.sub(r"[\s,¥\\円]", "", plain)
    if plain.startswith("(") and plain.endswith(")"):
        plain = "-" + plain[1:-1]
    if len(plain) > 40 or not _NUMBER.fullmatch(plain):
        return None
    try:
        return Decimal(plain)
    except InvalidOperation:
        return None
