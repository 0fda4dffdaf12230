"""Mapping rows: which field stands at which place. Each row reads and writes, so the two cannot drift apart.

A mapping is a tuple of rows over a struct. ``fill`` takes field values out of the nodes of a document; ``make`` puts
nodes for the fields of a struct. Owns the machinery for single places; :mod:`node.papers.ubl.amounts` and
:mod:`node.papers.ubl.groups` add to it, and the tables are in the modules beside.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from node.papers.ubl import codecs
from node.papers.ubl.codecs import Codec, Forbidden, Minor, NoNumber, Unreadable
from node.papers.ubl.reading import Finding
from node.papers.ubl.tree import Node
from protocol.errors import CallerFault
from protocol.process import money

Values = dict[str, Any]


class Missing(Exception):
    """A required field has no readable value: the whole item stays as it was said."""


@dataclass
class Context:
    """What rows need besides the node: what the paper as a whole says, the line ids so far, where warnings go."""

    currency: str = ""
    response: str = ""
    digest: str = ""
    lenient: bool = False  # a value that no field may have is kept and told; else the document is refused
    sign: int = 1  # -1: the document states with a minus what the paper states without (a credit)
    line_sign: int = 1  # of the line at hand
    included: bool = False  # amounts of the lines contain the tax
    form: Any = None  # the specification that a bill is written to; None: that of its seller's country
    line_ids: dict[str, None] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def warn(self, path: str, rule: str) -> None:
        self.findings.append(Finding(path, rule))

    def why(self, path: str) -> str:
        """Why a required element has no value: what was wrong with the one that is there, or that there is none."""
        return next((item.rule for item in self.findings if item.field == path), "is required")

    def minor(self, *, signed: bool = False, sign: int = 0) -> Minor:
        return Minor(money.minor_digits(self.currency), signed=signed, sign=sign or self.sign)


class Row(Protocol):
    """One line of a mapping."""

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        """Take the field's value out of ``node`` (at ``path``) into ``values``. Raises Missing or CallerFault."""

    def make(self, struct: Any, node: Node, context: Context) -> None:
        """Put the field's nodes below ``node``."""

    def describe(self) -> list[tuple[str, str]]:
        """(field, path) pairs for the documentation."""


def fill_all(rows: tuple[Row, ...], node: Node, context: Context, path: str) -> Values:
    """Values of all rows."""
    values: Values = {}
    for row in rows:
        row.fill(node, values, context, path)
    return values


def make_all(rows: tuple[Row, ...], struct: Any, node: Node, context: Context) -> None:
    """Nodes of all rows."""
    for row in rows:
        row.make(struct, node, context)


def join(path: str, below: str) -> str:
    """A path below a path."""
    return f"{path}/{below}" if path and below else path or below


def text_at(node: Node, path: str) -> str | None:
    """Text of a leaf below ``node``; None when there is no such leaf."""
    found = node.at(path)
    return found.text if found is not None and not found.children else None


def read_with(codec: Codec[Any], text: str | None, context: Context, path: str, *, wanted: bool = False) -> Any:
    """The value, or None with a warning when it cannot be read. Raises CallerFault on a forbidden value.

    ``wanted``: also on one that is no number.
    """
    if text is None:
        return None
    try:
        return codec.read(text)
    except Unreadable as broken:
        if wanted and isinstance(broken, NoNumber):
            raise CallerFault(path, f"{text.strip()[:40]!r} is {broken}", code="amount") from None
        context.warn(path, str(broken))
        return None
    except Forbidden as broken:
        if context.lenient:
            context.warn(path, f"{broken}: kept as it stands")
            return None
        raise CallerFault(path, str(broken), code="amount") from None


def read_number(text: str | None, context: Context, path: str) -> Any:
    """A quantity or unit price, or None for none. CallerFault for what is no number: nobody could tell how much."""
    return read_with(codecs.NUMBER, text, context, path, wanted=not context.lenient)


def put(node: Node, codec: Codec[Any], value: Any, *, soft: bool = False, optional: bool = False) -> None:
    """Give a node the text of a value."""
    node.text, node.codec, node.soft, node.optional = codec.write(value), codec, soft, optional


def put_attribute(node: Node, key: str, codec: Codec[str], value: str, *, optional: bool = False) -> None:
    """Give a node an attribute, unless it is empty."""
    if value:
        node.attributes[key] = codec.write(value)
        node.attribute_codecs[key] = codec
        if optional:
            node.optional_attributes.add(key)


@dataclass(frozen=True)
class Leaf:
    """A field at an element's text. ``default``: what stands in the field when the element does not (and is written
    only if the document said it); ``required``: without it the struct cannot be."""

    field: str
    path: str
    codec: Codec[Any] = codecs.TEXT
    required: bool = False
    default: Any = None

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        value = read_with(self.codec, text_at(node, self.path), context, join(path, self.path))
        if value is None or value == "":
            if self.required:
                raise Missing(join(path, self.path))
            value = self.default
        if value is not None:
            values[self.field] = value

    def make(self, struct: Any, node: Node, context: Context) -> None:
        value = getattr(struct, self.field)
        if value is not None and value != "":
            stands_in = value == self.default
            codec = codecs.StandIn(self.codec, lenient=context.lenient) if stands_in else self.codec
            put(node.make(self.path), codec, value, optional=stands_in)

    def describe(self) -> list[tuple[str, str]]:
        return [(self.field, self.path)]


@dataclass(frozen=True)
class Attribute:
    """A text field at an attribute of an element; written only where that element is."""

    field: str
    path: str
    key: str
    codec: Codec[str] = codecs.CODE

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        found = node.at(self.path)
        if found is None or self.key not in found.attributes:
            return
        value = read_with(self.codec, found.attributes[self.key], context, f"{join(path, self.path)}/@{self.key}")
        if value:
            values.setdefault(self.field, value)

    def make(self, struct: Any, node: Node, context: Context) -> None:
        found = node.at(self.path)
        if found is not None and found.text is not None:
            put_attribute(found, self.key, self.codec, getattr(struct, self.field))

    def describe(self) -> list[tuple[str, str]]:
        return [(self.field, join(self.path, f"@{self.key}"))]


@dataclass(frozen=True)
class Fixed:
    """An element that a document of ours needs and no field holds. What a document said instead is kept."""

    path: str
    value: Callable[[Any, Context], str]
    where: Callable[[Any, Node], bool] = lambda struct, node: True
    codec: Codec[str] = codecs.TEXT
    attributes: Callable[[Any, Context], Mapping[str, str]] = lambda struct, context: {}
    note: str = ""

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        return None

    def make(self, struct: Any, node: Node, context: Context) -> None:
        if node.at(self.path) is not None or not self.where(struct, node):
            return
        text = self.value(struct, context)
        if text:
            made = node.make(self.path)
            put(made, self.codec, text, soft=True)
            for key, value in self.attributes(struct, context).items():
                put_attribute(made, key, codecs.WORD, value)

    def describe(self) -> list[tuple[str, str]]:
        return [(f"({self.note})", self.path)] if self.note else []


@dataclass(frozen=True)
class Present:
    """An element that must be there even when it holds nothing. Comes after the rows that may fill it."""

    path: str

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        return None

    def make(self, struct: Any, node: Node, context: Context) -> None:
        made = node.make(self.path)
        if not made.children:
            put(made, codecs.TEXT, "", optional=True)

    def describe(self) -> list[tuple[str, str]]:
        return []


@dataclass(frozen=True)
class Flag:
    """A boolean that is written only when true."""

    field: str
    path: str

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        if read_with(codecs.TRUTH, text_at(node, self.path), context, join(path, self.path)):
            values[self.field] = True

    def make(self, struct: Any, node: Node, context: Context) -> None:
        if getattr(struct, self.field):
            put(node.make(self.path), codecs.TRUTH, True)

    def describe(self) -> list[tuple[str, str]]:
        return [(self.field, self.path)]


@dataclass(frozen=True)
class Variant:
    """One place, two fields: a number with a check digit (strict) or any identifier.

    ``read`` tells from (value, scheme) which fields to set; ``write`` gives (value, scheme) back.
    """

    path: str
    read: Callable[[str, str], Values]
    write: Callable[[Any], tuple[str, str] | None]
    fields: tuple[str, ...]
    key: str = "schemeID"

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        found, here = (node.at(self.path)), join(path, self.path)
        if found is None or found.children or not (found.text or "").strip():
            return
        value = read_with(codecs.WORD, found.text, context, here)
        scheme = found.attributes.get(self.key, "") if self.key else ""
        plain = read_with(codecs.WORD, scheme, context, f"{here}/@{self.key}")
        if value and plain is not None:
            values |= self.read(value, plain)

    def make(self, struct: Any, node: Node, context: Context) -> None:
        said = self.write(struct)
        if said is None or not said[0]:
            return
        made = node.make(self.path)
        put(made, codecs.WORD, said[0])
        if self.key:
            put_attribute(made, self.key, codecs.WORD, said[1])

    def describe(self) -> list[tuple[str, str]]:
        pairs = [(" or ".join(self.fields), self.path)]
        return [*pairs, (" or ".join(self.fields), join(self.path, f"@{self.key}"))] if self.key else pairs
