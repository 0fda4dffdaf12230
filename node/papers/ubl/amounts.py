"""Mapping rows for money, prices and quantities: a number with its currency or unit. Knows no table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from node.papers.ubl import codecs
from node.papers.ubl.rows import Context, Missing, Values, join, put, put_attribute, read_number, read_with
from node.papers.ubl.tree import Node
from protocol.process.trade.papers import Scaled


@dataclass(frozen=True)
class Money:
    """An amount in the paper's currency. One in another currency, or finer than its minor unit, is kept instead."""

    field: str
    path: str
    required: bool = False
    signed: bool = False
    plain: bool = False  # never with a minus, also in a credit

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        value = self._read(node, context, join(path, self.path))
        if value is not None:
            values[self.field] = value
        elif self.required:
            raise Missing(join(path, self.path))

    def _read(self, node: Node, context: Context, path: str) -> int | None:
        found = node.at(self.path)
        if found is None or found.children or not same_currency(found, context, path):
            return None
        codec = context.minor(signed=self.signed, sign=1 if self.plain else 0)
        value: int | None = read_with(codec, found.text, context, path)
        return value

    def make(self, struct: Any, node: Node, context: Context) -> None:
        value = getattr(struct, self.field)
        if value is not None:
            put_amount(node.make(self.path), context, value, signed=self.signed, sign=1 if self.plain else 0)

    def describe(self) -> list[tuple[str, str]]:
        return [(self.field, self.path), ("currency", f"{self.path}/@currencyID")]


def put_amount(node: Node, context: Context, value: int, *, signed: bool = False, sign: int = 0) -> None:
    """Text and currency of an amount."""
    put(node, context.minor(signed=signed, sign=sign), value)
    put_attribute(node, "currencyID", codecs.CODE, context.currency, optional=True)


def same_currency(node: Node, context: Context, path: str) -> bool:
    """Whether an amount is in the paper's currency (or names none); warns if not."""
    stated = node.attributes.get("currencyID", context.currency).strip()
    if stated != context.currency or not context.currency:
        context.warn(path, f"in {stated[:10] or 'no currency'}, not in the document's currency: kept as it is")
        return False
    return True


@dataclass(frozen=True)
class UnitPrice:
    """A price as a decimal in major units of the paper's currency."""

    field: str
    path: str
    required: bool = False

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        found, here = node.at(self.path), join(path, self.path)
        value = None
        if found is not None and not found.children and same_currency(found, context, here):
            value = read_number(found.text, context, here)
        if value is not None:
            values[self.field] = value
        elif self.required:
            raise Missing(here)

    def make(self, struct: Any, node: Node, context: Context) -> None:
        value = getattr(struct, self.field)
        if value is not None:
            made = node.make(self.path)
            put(made, codecs.NUMBER, value)
            put_attribute(made, "currencyID", codecs.CODE, context.currency, optional=True)

    def describe(self) -> list[tuple[str, str]]:
        return [(self.field, self.path), ("currency", f"{self.path}/@currencyID")]


@dataclass(frozen=True)
class Quantity:
    """A quantity and its unit. ``borrow``: the unit field belongs to another quantity; this one's unit must agree."""

    field: str
    path: str
    unit: str
    required: bool = False
    borrow: bool = False
    default: Scaled | None = None

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        found, here = node.at(self.path), join(path, self.path)
        value = None
        if found is not None and not found.children:
            value = read_number(found.text, context, here)
            unit = read_with(codecs.CODE, found.attributes.get("unitCode"), context, f"{here}/@unitCode") or ""
            if self.borrow and unit != values.setdefault(self.unit, unit):
                context.warn(f"{here}/@unitCode", "another unit than the line's: kept as it is")
                value = None
            elif value is not None:
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
        if value is not None:
            made = node.make(self.path)
            stands_in = value == self.default
            stand_in = codecs.StandIn(codecs.NUMBER, lenient=context.lenient)
            put(made, stand_in if stands_in else codecs.NUMBER, value, optional=stands_in)
            put_attribute(made, "unitCode", codecs.CODE, getattr(struct, self.unit))

    def describe(self) -> list[tuple[str, str]]:
        return [(self.field, self.path), (self.unit, f"{self.path}/@unitCode")]
