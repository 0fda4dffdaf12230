"""The story's data: dealings, goods and people as the TOML files beside this module say them.

Owns the shapes of those files and reading them. Knows no paper's own fields and no node.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Any, Final, Literal, TypeVar

import msgspec
from msgspec import Struct

FILES: Final = resources.files("cli.demonstration.october")
STANDARD, REDUCED = 10, 8  # percent
Side = Literal["buyer", "seller"]
Kind = TypeVar("Kind")


class Told(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Root of what the files say."""


class Goods(Told, frozen=True):
    """So many of the seller's item ``item``. ``line``: its number in the order, by default its place in the list."""

    item: str
    quantity: int
    line: str = ""


class Answer(Told, frozen=True):
    """The seller's word on one line; ``parts``: (quantity, day) of each instalment."""

    line: str
    status: Literal["accepted", "changed", "refused"]
    quantity: int = 0
    parts: tuple[tuple[int, str], ...] = ()
    reason: str = ""


class Paper(Told, frozen=True):
    """One paper in a few words; what it leaves out follows from the papers before it.

    ``day``: its business date; ``by``: who writes it, where both sides may. ``amounts``: order line → quantity, by
    default all that was ordered; ``failed``: of these, what did not pass. ``wanted``, ``arrives``, ``received``,
    ``delivered``, ``until``, ``due``: days. ``first_due``: the day of payment that its writer first thought of.
    """

    type: str
    day: str
    by: Side | Literal[""] = ""
    goods: tuple[Goods, ...] = ()
    answers: tuple[Answer, ...] = ()
    amounts: dict[str, int] = {}
    failed: dict[str, int] = {}
    response: str = ""
    reason: str = ""
    note: str = ""
    references: tuple[tuple[str, str], ...] = ()
    wanted: str = ""
    place: str = ""
    inspection_days: int | None = None
    first_due: str = ""
    due: str = ""
    reply_by: str = ""
    until: str = ""
    arrives: str = ""
    received: str = ""
    delivered: str = ""
    kind: str = "note"
    line: str = ""
    price: int = 0
    text: str = ""


class Dealing(Told, frozen=True):
    """A dealing of two firms; ``by_link``: the seller has no node; ``draft``: nothing was sent.

    ``net`` and ``tax``: what is billed or, where nothing is billed yet, ordered; yen.
    """

    key: str
    buyer: str
    seller: str
    papers: tuple[Paper, ...]
    enquiry: str = ""
    by_link: bool = False
    draft: bool = False
    net: int = 0
    tax: int = 0


class Item(Told, frozen=True):
    """An item that ``firm`` sells at ``price`` yen; ``tiers``: (from so many, price)."""

    firm: str
    number: str
    name: str
    kana: str
    description: str
    price: int
    gtin: str = ""
    unit: str = "H87"
    tiers: tuple[tuple[int, int], ...] = ()
    reduced: bool = False

    @property
    def percent(self) -> int:
        """The rate of its consumption tax."""
        return REDUCED if self.reduced else STANDARD


class Catalogue(Told, frozen=True):
    """Which firms ``seller`` offers its items to."""

    seller: str
    buyers: tuple[str, ...]


class Range(Told, frozen=True):
    """The file of goods."""

    items: tuple[Item, ...]
    catalogues: tuple[Catalogue, ...]


class Login(Told, frozen=True):
    """Somebody's login: of a firm, or of an association."""

    name: str
    role: Literal["owner", "clerk", "viewer", "staff"]
    firm: str = ""
    association: str = ""


class People(Told, frozen=True):
    """The file of people."""

    logins: tuple[Login, ...]


@cache
def dealings() -> tuple[Dealing, ...]:
    """Every dealing, by its file's name."""
    names = sorted(item.name for item in FILES.iterdir() if item.name.startswith("t") and item.name.endswith(".toml"))
    return tuple(_read(name, Dealing) for name in names)


@cache
def sent() -> tuple[Dealing, ...]:
    """Those of which something was sent."""
    return tuple(one for one in dealings() if not one.draft)


@cache
def goods() -> Range:
    """What the firms sell."""
    return _read("goods.toml", Range)


@cache
def people() -> tuple[Login, ...]:
    """Who logs in."""
    return _read("people.toml", People).logins


def item(firm: str, number: str) -> Item:
    """An item of a firm."""
    return next(one for one in goods().items if (one.firm, one.number) == (firm, number))


def _read(name: str, kind: type[Kind]) -> Kind:
    plain: dict[str, Any] = tomllib.loads((FILES / name).read_text("utf-8"))
    return msgspec.convert(plain, kind)
