"""Mapping rows of the SME Common EDI, on top of those shared with UBL: moments, amounts, codes, references.

Each row reads and writes one place. Paths are written without the message's prefix: ``IssueDateTime`` stands for
``sme:IssueDateTime``. Knows no message.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from unicodedata import normalize

from node.papers.sme.tree import STRING
from node.papers.ubl import codecs, rows
from node.papers.ubl.codecs import Codec, Unreadable
from node.papers.ubl.groups import Group, Keyed, Many
from node.papers.ubl.rows import Context, Fixed, Leaf, Missing, Row, Values, join, put, read_with
from node.papers.ubl.tree import Node
from protocol.errors import CallerFault
from protocol.process import checks
from protocol.process.trade.papers import Order, Scaled, TaxCategory

YEN: Final = "JPY"
UNITLESS: Final = "@unitCode"  # marks a quantity of ours that has no unit
_STEP: Final = re.compile(r"(?<![^/])(?=[A-Za-z])(?!\w+:)")


def at(path: str) -> str:
    """``A/B/udt:C`` as ``sme:A/sme:B/udt:C``."""
    return _STEP.sub("sme:", path)


@dataclass
class Sme(Context):
    """What rows need besides the node. ``marks``: at which of several places of a list each own item stood (subjects
    of notes, lines of each sheet of an invoice), by place. ``order``: the order that the paper belongs to, if known.
    ``tax``: that of a line which states none, because the document has only one."""

    message: str = ""
    marks: dict[str, list[str]] = field(default_factory=dict)
    order: Order | None = None
    scope: str = ""
    tax_included: bool = False
    tax: TaxCategory | None = None


def leaf(name: str, path: str, codec: Codec[Any] = codecs.TEXT, *, required: bool = False, default: Any = None) -> Leaf:
    """A field at an element's text."""
    return Leaf(name, at(path), codec, required, default)


def group(name: str, path: str, struct: Callable[..., Any], inner: tuple[Row, ...], *, required: bool = False) -> Group:
    """A struct inside the struct."""
    return Group(name, at(path), struct, inner, required)


def many(
    name: str, path: str, struct: Callable[..., Any], inner: tuple[Row, ...], *, closed: bool = False, most: int = 1_000
) -> Many:
    """A list of structs."""
    return Many(name, at(path), struct, inner, closed=closed, most=most)


def keyed(
    name: str, key: str, word: str, path: str, struct: Callable[..., Any], inner: tuple[Row, ...], *, many: bool = False
) -> Keyed:
    """Structs of one list told apart by a word."""
    return Keyed(name, key, word, at(path), struct, inner, many)


def fixed(path: str, value: str, *, note: str = "") -> Fixed:
    """An element that a document of ours needs and no field holds."""
    return Fixed(at(path), lambda struct, context: value, note=note or value)


def counted(
    path: str,
    value: Callable[[Any, Any], str],
    where: Callable[[Any, Node], bool] = lambda struct, node: True,
    *,
    note: str,
) -> Fixed:
    """As :func:`fixed`, with a value made of the fields."""
    return Fixed(at(path), value, where, note=note)


# ---- days and times ----------------------------------------------------------------------------------------------

_FORMS: Final = (
    re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[T ]([0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?)(Z|[+-][0-9:]{5})?)?"),
    re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})(?:([0-9]{6}))?()"),
    re.compile(r"([0-9]{4})/([0-9]{1,2})/([0-9]{1,2})()()"),
    re.compile(r"([0-9]{4})年([0-9]{1,2})月([0-9]{1,2})日()()"),
)
_ERAS: Final = {"令和": 2018, "R": 2018, "平成": 1988, "H": 1988}
_ERA: Final = re.compile(r"(令和|平成|[RH])([0-9]{1,2}|元)[年./-]([0-9]{1,2})[月./-]([0-9]{1,2})日?")


def day_of(text: str) -> tuple[str, str] | None:
    """(day, time) in any of the usual spellings, 和暦 too; None when it is none. Time is empty at midnight."""
    clean = normalize("NFKC", text).strip()
    era = _ERA.fullmatch(clean)
    if era is not None:
        year = _ERAS[era[1]] + (1 if era[2] == "元" else int(era[2]))
        day = f"{year:04d}-{int(era[3]):02d}-{int(era[4]):02d}"
        return (day, "") if checks.is_date(day) else None
    for form in _FORMS:
        found = form.fullmatch(clean)
        if found is not None:
            day = f"{found[1]}-{int(found[2]):02d}-{int(found[3]):02d}"
            time = found[4] or ""
            if len(time) == 6:
                time = f"{time[:2]}:{time[2:4]}:{time[4:]}"
            time += found[5] or ""
            plain = not time or (time.rstrip("0.") in ("00:00:", "") and not found[5])
            if not checks.is_date(day) or (time and not checks.is_time(time)):
                return None
            return day, "" if plain else time
    return None


class _Moment(Codec[tuple[str, str]]):
    """A day, and a time of day where the field beside holds one."""

    def __init__(self, timed: bool) -> None:
        super().__init__(64)
        self._timed = timed

    def read(self, text: str) -> tuple[str, str]:
        found = day_of(text)
        if found is None:
            raise Unreadable("not a day (YYYY-MM-DDThh:mm:ss)")
        return found

    def write(self, value: tuple[str, str]) -> str:
        return f"{value[0]}T{value[1] or '00:00:00'}"

    def same(self, spelling: str, canonical: str) -> bool:
        left, right = day_of(spelling), day_of(canonical)
        return left is not None and right is not None and left[0] == right[0] and (not self._timed or left == right)


@dataclass(frozen=True)
class Moment:
    """A day field at a moment, with its time of day where ``time`` names a field. The time is as written."""

    field: str
    path: str
    time: str = ""
    required: bool = False
    soft: bool = False

    def _codec(self) -> _Moment:
        return _Moment(bool(self.time))

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        here = f"{at(self.path)}/udt:DateTime"
        value = read_with(self._codec(), rows.text_at(node, here), context, join(path, here))
        if value is None:
            if self.required:
                raise Missing(join(path, here))
            return
        values[self.field] = value[0]
        if self.time and value[1]:
            values[self.time] = value[1]

    def make(self, struct: Any, node: Node, context: Context) -> None:
        day = getattr(struct, self.field)
        if day:
            time = getattr(struct, self.time) if self.time else ""
            put(node.make(f"{at(self.path)}/udt:DateTime"), self._codec(), (day, time), soft=self.soft)

    def describe(self) -> list[tuple[str, str]]:
        found = [(self.field, f"{at(self.path)}")]
        return [*found, (self.time, at(self.path))] if self.time else found


def put_moment(node: Node, path: str, day: str, *, optional: bool = False, soft: bool = False) -> None:
    """A day at a moment, outside a row."""
    put(node.make(f"{at(path)}/udt:DateTime"), _Moment(False), (day, ""), optional=optional, soft=soft)


# ---- money, quantities, codes ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sum:
    """An amount in the paper's currency, written without naming it. One in another currency is kept instead.

    ``default``: what is made of the other fields where no field states it; a document may say something else.
    """

    field: str
    path: str
    required: bool = False

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        value = amount_at(node, self.path, context, path)
        if value is not None:
            values[self.field] = value
        elif self.required:
            raise Missing(join(path, at(self.path)))

    def make(self, struct: Any, node: Node, context: Context) -> None:
        value = getattr(struct, self.field)
        if value is not None:
            put_sum(node, self.path, value, context)

    def describe(self) -> list[tuple[str, str]]:
        return [(self.field, at(self.path))]


def amount_at(node: Node, path: str, context: Context, above: str, *, signed: bool = False) -> int | None:
    """Minor units at a place, or None with a warning when it cannot be read."""
    found, here = node.at(at(path)), join(above, at(path))
    if found is None or found.children or not found.text or not _own_currency(found, context, here):
        return None
    value: int | None = read_with(context.minor(signed=signed), found.text, context, here)
    return value


def put_sum(node: Node, path: str, value: int, context: Context, *, soft: bool = False, optional: bool = False) -> None:
    """An amount at a place, outside a row."""
    put(node.make(at(path)), context.minor(signed=True), value, soft=soft, optional=optional)


def _own_currency(node: Node, context: Context, path: str) -> bool:
    stated = node.attributes.get("currencyID", context.currency).strip()
    if stated != context.currency or not context.currency:
        context.warn(path, f"in {stated[:10] or 'no currency'}, not in the paper's currency: kept as it is")
        return False
    return True


@dataclass(frozen=True)
class UnitPrice:
    """A price as a decimal in major units of the paper's currency."""

    field: str
    path: str
    required: bool = False

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        found, here = node.at(at(self.path)), join(path, at(self.path))
        value = None
        if found is not None and not found.children and found.text and _own_currency(found, context, here):
            value = read_with(codecs.NUMBER, found.text, context, here)
        if value is not None:
            values[self.field] = value
        elif self.required:
            raise Missing(here)

    def make(self, struct: Any, node: Node, context: Context) -> None:
        value = getattr(struct, self.field)
        if value is not None:
            put(node.make(at(self.path)), codecs.NUMBER, value)

    def describe(self) -> list[tuple[str, str]]:
        return [(self.field, at(self.path))]


@dataclass(frozen=True)
class Rate:
    """A rate in percent; written as 0 where the paper has none and the message demands one."""

    field: str
    path: str

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        value = read_with(codecs.NUMBER, rows.text_at(node, at(self.path)), context, join(path, at(self.path)))
        if value is not None and not (value.value == 0 and values.get("category") in UNTAXED):
            values[self.field] = value

    def make(self, struct: Any, node: Node, context: Context) -> None:
        value = getattr(struct, self.field)
        stated = value is not None
        put(node.make(at(self.path)), codecs.NUMBER, value if stated else Scaled(value=0), optional=not stated)

    def describe(self) -> list[tuple[str, str]]:
        return [(self.field, at(self.path))]


UNTAXED: Final = frozenset({"E", "G", "O", "Z"})


@dataclass(frozen=True)
class Category:
    """``category`` of a tax (UNCL5305). Where a document states only the rate: 8 % is AA, another rate S, none or 0
    is O."""

    path: str = "CategoryCode"
    rate: str = "RateApplicablePercent"

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        value = read_with(codecs.CODE, rows.text_at(node, at(self.path)), context, join(path, at(self.path)))
        if not value:
            rate = rows.text_at(node, at(self.rate))
            if rate is None:
                raise Missing(join(path, at(self.path)))
            value = implied_category(read_with(codecs.NUMBER, rate, context, join(path, at(self.rate))))
        values["category"] = value

    def make(self, struct: Any, node: Node, context: Context) -> None:
        implied = struct.category == implied_category(struct.rate)
        put(node.make(at(self.path)), codecs.CODE, struct.category, optional=implied)

    def describe(self) -> list[tuple[str, str]]:
        return [("category", at(self.path))]


def implied_category(rate: Scaled | None) -> str:
    """The tax category that a rate alone tells."""
    if rate is None or rate.value == 0:
        return "O"
    return "AA" if rate.value == 8 * 10**rate.scale else "S"


@dataclass(frozen=True)
class Currency:
    """``currency``: as stated, else yen. Read first: amounts depend on it."""

    path: str

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        stated = (rows.text_at(node, at(self.path)) or "").strip()
        if stated and not checks.is_currency(stated):
            context.warn(at(self.path), "not an ISO 4217 code: the amounts are taken as yen")
            stated = ""
        values["currency"] = context.currency = stated or YEN

    def make(self, struct: Any, node: Node, context: Context) -> None:
        if struct.currency:
            codec = _YEN if struct.currency == YEN else codecs.CODE
            put(node.make(at(self.path)), codec, struct.currency, optional=struct.currency == YEN)

    def describe(self) -> list[tuple[str, str]]:
        return [("currency", at(self.path))]


class _Yen(codecs.Words):
    """``JPY`` stands for whatever a document says that is no currency."""

    def same(self, spelling: str, canonical: str) -> bool:
        return spelling.strip() == canonical or not checks.is_currency(spelling.strip())


_YEN: Final = _Yen(codecs.MAX_CODE_CHARS)


@dataclass(frozen=True)
class NoCurrency:
    """A message without a place for the currency: its amounts are yen. Only where the paper states money."""

    always: bool = True

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        context.currency = YEN
        if self.always:
            values["currency"] = YEN

    def make(self, struct: Any, node: Node, context: Context) -> None:
        if struct.currency not in ("", YEN):
            raise CallerFault(
                "currency", "must be JPY: this message of ver.4.1 has no place for another", code="not-sme"
            )

    def describe(self) -> list[tuple[str, str]]:
        return []


@dataclass(frozen=True)
class Word:
    """A word of ours for a code of theirs; ``unknown``: what a document without a code that we know says.

    ``also``: (code in the document, code of our word) where the lines make another word of it.
    """

    field: str
    path: str
    words: Mapping[str, str]
    unknown: str
    also: frozenset[tuple[str, str]] = frozenset()

    def _codec(self) -> codecs.Coded:
        return codecs.Coded(self.words, self.also, unknown=(self.unknown,))

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        here = join(path, at(self.path))
        text = rows.text_at(node, at(self.path))
        value = read_with(self._codec(), text, context, here)
        if text is None:
            context.warn(here, f"is missing: taken as {self.unknown}")
        values[self.field] = value or self.unknown

    def make(self, struct: Any, node: Node, context: Context) -> None:
        value = getattr(struct, self.field)
        put(node.make(at(self.path)), self._codec(), value, optional=value == self.unknown)

    def describe(self) -> list[tuple[str, str]]:
        return [(self.field, at(self.path))]


@dataclass(frozen=True)
class Quantity:
    """A quantity and its unit (UN/ECE Rec 20). ``borrow``: the unit belongs to another quantity and must agree."""

    field: str
    path: str
    unit: str
    required: bool = False
    borrow: bool = False
    default: Scaled | None = None

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        found, here = node.at(at(self.path)), join(path, at(self.path))
        value = None
        if found is not None and not found.children and found.text:
            value = read_with(codecs.NUMBER, found.text, context, here)
            unit = read_with(codecs.CODE, found.attributes.get("unitCode"), context, f"{here}/@unitCode") or ""
            if self.borrow and unit and unit != values.setdefault(self.unit, unit):
                context.warn(f"{here}/@unitCode", "another unit than the line's: kept as it is")
                value = None
            elif value is not None and not self.borrow:
                values[self.unit] = unit
        if value is not None:
            values[self.field] = value
        elif self.required:
            raise Missing(here)
        elif self.default is not None:
            values[self.field] = self.default
            values.setdefault(self.unit, "")

    def make(self, struct: Any, node: Node, context: Context) -> None:
        value = getattr(struct, self.field)
        if value is None:
            return
        made = node.make(at(self.path))
        stands_in = value == self.default
        put(made, codecs.StandIn(codecs.NUMBER) if stands_in else codecs.NUMBER, value, optional=stands_in)
        unit = getattr(struct, self.unit)
        rows.put_attribute(made, "unitCode", codecs.CODE, unit, optional=self.borrow or stands_in)
        if not unit:
            made.closed.add(UNITLESS)

    def describe(self) -> list[tuple[str, str]]:
        return [(self.field, at(self.path)), (self.unit, f"{at(self.path)}/@unitCode")]


def put_number(node: Node, path: str, value: Scaled, unit: str = "", *, soft: bool = True) -> None:
    """A number at a place, outside a row."""
    made = node.make(at(path))
    put(made, codecs.NUMBER, value, soft=soft)
    rows.put_attribute(made, "unitCode", codecs.CODE, unit, optional=True)


def is_string(node: Node) -> bool:
    """Whether a moment was written as free text."""
    return STRING in node.attributes
