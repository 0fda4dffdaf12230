"""Mapping rows for structs inside a struct and for lists of them. Knows no table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from node.papers.ubl import codecs
from node.papers.ubl.codecs import Codec
from node.papers.ubl.names import Step
from node.papers.ubl.rows import (
    Context,
    Missing,
    Row,
    Values,
    fill_all,
    join,
    make_all,
    put,
    read_with,
    text_at,
)
from node.papers.ubl.tree import Node
from protocol.errors import CallerFault
from protocol.limits import MAX_LINES


@dataclass(frozen=True)
class Group:
    """A struct inside the struct, at ``path`` (empty: here). None when no field of it is said."""

    field: str
    path: str
    struct: Callable[..., Any]
    rows: tuple[Row, ...]
    required: bool = False

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        found, here = (node.at(self.path)), join(path, self.path)
        value = None
        if found is not None or self.required:
            value = self._read(found or Node(Step("cbc:None")), context, here)
        if value is not None:
            values[self.field] = value

    def _read(self, node: Node, context: Context, path: str) -> Any:
        try:
            inner = fill_all(self.rows, node, context, path)
        except Missing as broken:
            if self.required:
                raise
            if node.children:
                context.warn(str(broken), "has no value: the whole element is kept as it is")
            return None
        return self.struct(**inner) if inner or self.required else None

    def make(self, struct: Any, node: Node, context: Context) -> None:
        value = getattr(struct, self.field)
        if value is not None:
            make_all(self.rows, value, node.make(self.path), context)

    def describe(self) -> list[tuple[str, str]]:
        return [(f"{self.field}.{name}", join(self.path, path)) for row in self.rows for name, path in row.describe()]


@dataclass(frozen=True)
class Many:
    """A list. Each item is a struct by ``rows``, or a text by ``codec`` where there are none.

    Reading stops at the first item that cannot be read: it and what follows is kept. ``closed``: nothing but the field
    may make such elements.
    """

    field: str
    path: str
    struct: Callable[..., Any] | None = None
    rows: tuple[Row, ...] = ()
    codec: Codec[str] = codecs.TEXT
    leaf: str = ""
    closed: bool = False
    most: int = MAX_LINES

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        found: list[Any] = []
        places = list(node.items(self.path))
        if len(places) > self.most:
            raise CallerFault(join(path, self.path), f"more than {self.most} of them", code="too-large")
        for step, child in places:
            here = join(path, self.path.rpartition("/")[0])
            item = self._read(child, context, join(here, str(step)))
            if item is None or item == "":
                break
            found.append(item)
        if found:
            values[self.field] = tuple(found)

    def _read(self, node: Node, context: Context, path: str) -> Any:
        if self.struct is None:
            return read_with(self.codec, text_at(node, self.leaf), context, join(path, self.leaf))
        try:
            return self.struct(**fill_all(self.rows, node, context, path))
        except Missing as broken:
            if self.closed:
                raise CallerFault(str(broken), context.why(str(broken))) from None
            context.warn(str(broken), "has no value: the element and those after it are kept as they are")
            return None

    def make(self, struct: Any, node: Node, context: Context) -> None:
        above, _, name = self.path.rpartition("/")
        items = getattr(struct, self.field)
        if self.closed:
            node.make(above).closed.add(name)
        for index, item in enumerate(items, 1):
            made = node.make(above).child(Step(name, index))
            made.item = True
            if self.struct is None:
                put(made.make(self.leaf), self.codec, item)
            else:
                make_all(self.rows, item, made, context)

    def describe(self) -> list[tuple[str, str]]:
        if self.struct is None:
            return [(f"{self.field}[n]", join(f"{self.path}(n)", self.leaf))]
        return [
            (f"{self.field}[n].{name}" if not name.startswith("(") else name, join(f"{self.path}(n)", path))
            for row in self.rows
            for name, path in row.describe()
        ]


@dataclass(frozen=True)
class Keyed:
    """Structs of one list told apart by a word (``role``, ``kind``), each word at its own place."""

    field: str
    key: str
    word: str
    path: str
    struct: Callable[..., Any]
    rows: tuple[Row, ...]
    many: bool = False

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        found: list[Any] = []
        places = list(node.items(self.path)) if self.many else []
        if not self.many and (single := node.at(self.path)) is not None:
            places = [(single.step, single)]
        above = self.path.rpartition("/")[0]
        for step, child in places:
            here = join(join(path, above), str(step))
            item = self._read(child, context, here)
            if item is None:
                break
            found.append(item)
        if found:
            values[self.field] = (*values.get(self.field, ()), *found)

    def _read(self, node: Node, context: Context, path: str) -> Any:
        try:
            inner = fill_all(self.rows, node, context, path)
        except Missing:
            return None
        return self.struct(**{self.key: self.word}, **inner) if inner or self.many else None

    def make(self, struct: Any, node: Node, context: Context) -> None:
        above, _, name = self.path.rpartition("/")
        items = [item for item in getattr(struct, self.field) if getattr(item, self.key) == self.word]
        for index, item in enumerate(items if self.many else items[:1], 1):
            made = node.make(above).child(Step(name, index))
            made.item = self.many
            make_all(self.rows, item, made, context)

    def describe(self) -> list[tuple[str, str]]:
        place = f"{self.path}(n)" if self.many else self.path
        head = f"{self.field}[{self.key}={self.word}]"
        return [(f"{head}.{name}", join(place, path)) for row in self.rows for name, path in row.describe()]
