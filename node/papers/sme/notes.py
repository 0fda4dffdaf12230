"""Notes (注釈): the paper's own note, and what ver.4.1 has no item for, told in notes that say what they are.

A Japanese order must state by when it is paid and inspected (取適法 4条); the SME Common EDI has items for neither.
Such a field is written as a note whose subject (表題) names it, and read back from one, in whatever spelling of a day.
Notes that are not ours stay where they stood. Owns the subjects and the spelling of their contents.

Source: domain rules on the order statement; 標準仕様書 3.3.5 leaves notes free.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final
from unicodedata import normalize

from msgspec.structs import replace

from node.papers.sme.rows import Sme, at, day_of
from node.papers.ubl import codecs
from node.papers.ubl.codecs import Codec, Forbidden, Unreadable
from node.papers.ubl.names import Step
from node.papers.ubl.rows import Context, Values, join, put, read_with
from node.papers.ubl.tree import Node
from protocol.process import money
from protocol.process.trade.papers import (
    Inspection,
    PaymentMeans,
    PaymentTerms,
    Scaled,
    Shipment,
    SuppliedMaterial,
    Undecided,
)

NOTE: Final = "IncludedCINote"
MARK: Final = "notes"


class Spelled(ABC):
    """A field of the paper as the content of a note with ``subject``."""

    subject: str
    field: str

    @abstractmethod
    def contents(self, struct: Any, context: Context) -> Iterator[str]:
        """What the field says, one text for each note."""

    @abstractmethod
    def codec(self, context: Context) -> Codec[Any]:
        """How a content is read and compared."""

    @abstractmethod
    def store(self, values: Values, value: Any) -> None:
        """Put a value that was read into the fields."""


class _Plain(codecs.Words):
    """Text that says itself."""

    def read(self, text: str) -> str:
        clean = super().read(text)
        if not clean:
            raise Unreadable("is empty")
        return clean


class _DayCodec(Codec[str]):
    """A day in any usual spelling; written as YYYY-MM-DD."""

    def read(self, text: str) -> str:
        found = day_of(text)
        if found is None:
            raise Unreadable("not a day: kept as a note")
        return found[0]

    def write(self, value: str) -> str:
        return value


class _FlagCodec(Codec[bool]):
    """One word, or no note at all."""

    def __init__(self, word: str) -> None:
        super().__init__()
        self._word = word

    def read(self, text: str) -> bool:
        if normalize("NFKC", text).strip() != normalize("NFKC", self._word):
            raise Unreadable(f"not {self._word}: kept as a note")
        return True

    def write(self, value: bool) -> str:
        return self._word


@dataclass(frozen=True)
class Single(Spelled):
    """One field, maybe inside a struct: ``terms.due_date``. ``kind``: day, text, count, number,
    amount, or the word of a flag."""

    subject: str
    field: str
    kind: str = "text"
    struct: Callable[..., Any] | None = None

    def codec(self, context: Context) -> Codec[Any]:
        if self.kind == "text":
            return _Plain()
        if self.kind == "day":
            return _DayCodec()
        if self.kind == "number":
            return codecs.NUMBER
        if self.kind == "amount":
            return codecs.Minor(money.minor_digits(context.currency or "JPY"))
        return codecs.COUNT if self.kind == "count" else _FlagCodec(self.kind)

    def contents(self, struct: Any, context: Context) -> Iterator[str]:
        outer, _, inner = self.field.rpartition(".")
        holder = getattr(struct, outer) if outer else struct
        value = None if holder is None else getattr(holder, inner)
        if value is not None and value != "" and value is not False:
            yield self.codec(context).write(value)

    def store(self, values: Values, value: Any) -> None:
        outer, _, inner = self.field.rpartition(".")
        if not outer:
            values.setdefault(inner, value)
        else:
            assert self.struct is not None
            holder = values.get(outer)
            values[outer] = self.struct(**{inner: value}) if holder is None else replace(holder, **{inner: value})


_PIECES: Final = "／"
_ESCAPED: Final = (("\\", "\\\\"), (_PIECES, "\\s"), ("=", "\\e"), ("\n", "\\n"))


def _escape(text: str) -> str:
    for plain, written in _ESCAPED:
        text = text.replace(plain, written)
    return text


def _unescape(text: str) -> str:
    plain = {"\\": "\\", "s": _PIECES, "e": "=", "n": "\n"}
    found, rest = "", text
    while rest:
        before, sign, after = rest.partition("\\")
        found += before + (plain.get(after[:1], after[:1]) if sign else "")
        rest = after[1:]
    return found


class _StructCodec(Codec[Any]):
    """``品名=鋼材／数量=180 KGM``: a struct as labelled pieces."""

    def __init__(self, struct: type[Any], labels: dict[str, str], places: int) -> None:
        super().__init__()
        self._struct = struct
        self._labels = labels
        self._places = places

    def read(self, text: str) -> Any:
        values: Values = {}
        fields = {label: name for name, label in self._labels.items()}
        for piece in text.strip().split(_PIECES):
            label, sign, said = piece.partition("=")
            name = fields.get(label.strip())
            if not sign or name is None or name in values:
                raise Unreadable("not in the form of our notes: kept as a note")
            values[name] = self._value(name, _unescape(said.strip()), values)
        try:
            return self._struct(**values)
        except TypeError:
            raise Unreadable("lacks a piece: kept as a note") from None

    def _value(self, name: str, text: str, values: Values) -> Any:
        if name == "quantity":
            number, _, unit = text.partition(" ")
            if unit:
                values["unit"] = codecs.CODE.read(unit)
            return codecs.NUMBER.read(number)
        if name == "percent":
            return codecs.NUMBER.read(text.removesuffix("%"))
        if name == "amount":
            return codecs.Minor(self._places).read(text)
        if name.endswith("_date") or name == "maturity":
            return _DayCodec().read(text)
        value = (codecs.TEXT if name in ("name", "reason", "institution", "settlement_method") else codecs.CODE).read(
            text
        )
        if not value:
            raise Unreadable("has an empty piece: kept as a note")
        return value

    def write(self, value: Any) -> str:
        pieces = []
        for name, label in self._labels.items():
            one = getattr(value, name)
            if one is None or one == "":
                continue
            if name == "amount":
                said = codecs.spell(one, self._places)
            elif isinstance(one, Scaled):
                said = codecs.NUMBER.write(one)
                unit = getattr(value, "unit", "")
                said += "%" if name == "percent" else f" {unit}" if unit else ""
            else:
                said = str(one)
            pieces.append(f"{label}={_escape(said)}")
        return _PIECES.join(pieces)


@dataclass(frozen=True)
class Several(Spelled):
    """A list of structs, one note for each; ``outer`` for a list inside a struct."""

    subject: str
    field: str
    of: type[Any]
    labels: tuple[tuple[str, str], ...]
    struct: Callable[..., Any] | None = None

    def codec(self, context: Context) -> Codec[Any]:
        places = money.minor_digits(context.currency) if context.currency else 0
        return _StructCodec(self.of, dict(self.labels), places)

    def contents(self, struct: Any, context: Context) -> Iterator[str]:
        outer, _, inner = self.field.rpartition(".")
        holder = getattr(struct, outer) if outer else struct
        for one in () if holder is None else getattr(holder, inner):
            text = self.codec(context).write(one)
            if text:
                yield text

    def store(self, values: Values, value: Any) -> None:
        outer, _, inner = self.field.rpartition(".")
        if not outer:
            values[inner] = (*values.get(inner, ()), value)
        else:
            assert self.struct is not None
            holder = values.get(outer) or self.struct()
            values[outer] = replace(holder, **{inner: (*getattr(holder, inner), value)})


@dataclass(frozen=True)
class Notes:
    """The notes at ``path``: ``note`` in the first that has no subject of ours, and the fields of ``own``."""

    own: tuple[Spelled, ...] = ()
    path: str = NOTE
    note: str = "note"
    most: int = 1_000

    def _own(self, subject: str) -> Spelled | None:
        clean = normalize("NFKC", subject).strip()
        return next((one for one in self.own if normalize("NFKC", one.subject) == clean), None)

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        above = at(self.path).rpartition("/")[0]
        marks: list[str] = []
        noted = False
        for step, child in node.items(at(self.path)):
            here = join(join(path, above), str(step))
            content = child.at(at("Content"))
            subject = child.at(at("Subject"))
            spelled = self._own(subject.text or "") if subject is not None else None
            mark = ""
            if spelled is not None and content is not None and content.text:
                value = self._read(spelled, content.text, context, f"{here}/{at('Content')}")
                if value is not None and self._fits(spelled, marks):
                    spelled.store(values, value)
                    mark = spelled.subject
            elif not noted and self.note and content is not None and content.text and spelled is None:
                value = read_with(codecs.TEXT, content.text, context, f"{here}/{at('Content')}")
                if value:
                    values[self.note], noted, mark = value, True, "."
            marks.append(mark)
        if any(marks) and isinstance(context, Sme) and marks != self._usual(marks):
            context.marks[_key(node, context)] = marks

    def _fits(self, spelled: Spelled, marks: list[str]) -> bool:
        return isinstance(spelled, Several) or spelled.subject not in marks

    def _usual(self, marks: list[str]) -> list[str]:
        """The same notes in the order in which we write them."""
        ranks = {".": 0, **{one.subject: rank for rank, one in enumerate(self.own, 1)}}
        return sorted((mark for mark in marks if mark), key=lambda mark: ranks[mark])

    def _read(self, spelled: Spelled, text: str, context: Context, path: str) -> Any:
        try:
            return spelled.codec(context).read(text)
        except (Unreadable, Forbidden) as broken:
            context.warn(path, str(broken))
            return None

    def make(self, struct: Any, node: Node, context: Context) -> None:
        wanted: list[tuple[str, str, Codec[Any]]] = []
        note = getattr(struct, self.note) if self.note else ""
        if note:
            wanted.append((".", note, codecs.TEXT))
        for spelled in self.own:
            wanted += [(spelled.subject, text, spelled.codec(context)) for text in spelled.contents(struct, context)]
        free = _places(context.marks.get(_key(node, context), []) if isinstance(context, Sme) else [])
        last = max((place for places in free.values() for place in places), default=0)
        above, _, name = at(self.path).rpartition("/")
        for subject, text, codec in wanted:
            places = free.get(subject, [])
            place = places.pop(0) if places else last + 1
            last = max(last, place)
            if place > self.most:
                continue
            made = node.make(above).child(Step(name, place))
            if subject != ".":
                put(made.make(at("Subject")), _SUBJECT, subject)
            inner = made.make(at("Content"))
            inner.text, inner.codec = text, codec

    def describe(self) -> list[tuple[str, str]]:
        found = [(self.note, f"{at(self.path)}/{at('Content')}")] if self.note else []
        return found + [(one.field, f"{at(self.path)}[表題={one.subject}]/{at('Content')}") for one in self.own]


class _Subject(codecs.Words):
    def same(self, spelling: str, canonical: str) -> bool:
        return normalize("NFKC", spelling).strip() == normalize("NFKC", canonical)


_SUBJECT: Final = _Subject(codecs.MAX_CODE_CHARS)


def _places(marks: list[str]) -> dict[str, list[int]]:
    """Where each note of ours stood; foreign notes keep their places."""
    free: dict[str, list[int]] = {}
    for place, mark in enumerate(marks, 1):
        free.setdefault(mark, []).append(place)
    return free


def _key(node: Node, context: Sme) -> str:
    return f"{MARK}:{context.scope}{node.step}"


MEANS: Final = Several(
    "支払方法",
    "terms.means",
    PaymentMeans,
    (
        ("method", "方法"),
        ("code", "コード"),
        ("amount", "金額"),
        ("percent", "割合"),
        ("institution", "金融機関"),
        ("start_date", "開始日"),
        ("maturity", "満期日"),
    ),
    PaymentTerms,
)
DUE_DATE: Final = Single("支払期日", "terms.due_date", "day", PaymentTerms)
TAX_INCLUDED: Final = Single("税計算方式", "tax_included", "税込み")
ORDER: Final[tuple[Spelled, ...]] = (
    DUE_DATE,
    Single("検査完了期日", "inspection.completion_date", "day", Inspection),
    Single("検査期間（受領後日数）", "inspection.days_after_receipt", "count", Inspection),
    Single("検査方法", "inspection.method", "text", Inspection),
    Single("検査", "inspection.waived", "なし", Inspection),
    MEANS,
    Several(
        "有償支給",
        "supplied",
        SuppliedMaterial,
        (
            ("name", "品名"),
            ("quantity", "数量"),
            ("amount", "対価"),
            ("handover_date", "引渡日"),
            ("settlement_date", "決済日"),
            ("settlement_method", "決済方法"),
        ),
    ),
    Several(
        "未定事項", "undecided", Undecided, (("field", "項目"), ("reason", "理由"), ("expected_date", "決定予定日"))
    ),
    TAX_INCLUDED,
)
FORMULA: Final = Single("算定方法", "formula")
REASON: Final = Single("理由", "reason")


def says_included(root: Node, path: str) -> bool:
    """Whether a note of the document says that its amounts contain the tax. Read first: amounts depend on it."""
    for _, child in root.items(path):
        subject, content = child.at(at("Subject")), child.at(at("Content"))
        if subject is not None and content is not None:
            said = normalize("NFKC", subject.text or "").strip(), normalize("NFKC", content.text or "").strip()
            if said == (TAX_INCLUDED.subject, "税込み"):
                return True
    return False


SHIPMENT: Final[tuple[Spelled, ...]] = (
    Single("到着予定日", "shipment.arrival_date", "day", Shipment),
    Single("運送事業者", "shipment.carrier", "text", Shipment),
    Single("車両番号", "shipment.vehicle", "text", Shipment),
    Single("温度帯", "shipment.temperature", "text", Shipment),
    Single("代替出荷", "replacement", "あり"),
)
RECEIPT: Final[tuple[Spelled, ...]] = (
    Single("検収日", "inspection_date", "day"),
    Single("出荷案内書", "despatch"),
)
RECEIPT_LINE: Final[tuple[Spelled, ...]] = (
    Single("合格数量", "passed", "number"),
    Single("不合格数量", "failed", "number"),
    Single("返品数量", "returned", "number"),
    Single("不合格品の処置", "disposition"),
    Single("値引額", "discount", "amount"),
    REASON,
)
BILLING: Final[tuple[Spelled, ...]] = (TAX_INCLUDED,)
CORRECTION: Final[tuple[Spelled, ...]] = (REASON, TAX_INCLUDED)
