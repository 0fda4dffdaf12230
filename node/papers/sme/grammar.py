"""What the SME Common EDI ver.4.1 allows: which elements stand in which, in which order, how often, with what values.

Reads our own table ``elements.txt``; the official schemas carry no licence and are not part of this. A test compares
the table with them where they are at hand. Names are in the notation of :mod:`node.papers.ubl.names`: ``sme:ID`` in the
message's namespace, ``udt:DateTime`` in that of UN/CEFACT's data types. Knows no field.

Source: 中小企業共通EDI ver.4.1 (2023-08-01), message structures; UN/CEFACT unqualified data types 32.
"""

from __future__ import annotations

import importlib.resources
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final, NamedTuple

UDT: Final = "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:32"
NAMESPACE: Final = "urn:un:unece:uncefact:3055:413:data:standard:"
_MESSAGE: Final = NAMESPACE + "{name}:{version}"
_ROOT: Final = re.compile(r"\{urn:un:unece:uncefact:3055:413:data:standard:(\w{1,60}):(\d{1,3}p\d{1,3})\}(\w{1,60})")
VERSION: Final = "4p1"

MOMENT, INDICATOR = "moment", "indicator"
NUMBERS: Final = frozenset({"amount", "quantity", "percent", "rate", "numeric"})
WORDS: Final = frozenset({"id", "code", "text", "string"})
_VALUES: Final = NUMBERS | WORDS | {MOMENT, INDICATOR, "binary", "dateTime", "boolean"}
ATTRIBUTES: Final[Mapping[str, frozenset[str]]] = {
    "amount": frozenset({"currencyID", "currencyCodeListVersionID"}),
    "quantity": frozenset({"unitCode", "unitCodeListID", "unitCodeListAgencyID", "unitCodeListAgencyName"}),
    "percent": frozenset({"format"}),
    "rate": frozenset({"format"}),
    "numeric": frozenset({"format"}),
    "text": frozenset({"languageID", "languageLocaleID"}),
    "id": frozenset(
        {
            "schemeID",
            "schemeName",
            "schemeAgencyID",
            "schemeAgencyName",
            "schemeVersionID",
            "schemeDataURI",
            "schemeURI",
        }
    ),
    "code": frozenset(
        {
            "listID",
            "listAgencyID",
            "listAgencyName",
            "listVersionID",
            "name",
            "listName",
            "languageID",
            "listURI",
            "listSchemeURI",
        }
    ),
    "binary": frozenset({"format", "mimeCode", "encodingCode", "characterSetCode", "uri", "filename"}),
    "string": frozenset({"format"}),
}
"""Attributes that a kind of value may have. All other kinds have none."""


class Child(NamedTuple):
    """An element in a sequence. ``most`` None: any number. ``kind``: of value, empty for a class of elements."""

    name: str
    least: int
    most: int | None
    kind: str


_INSIDE: Final = {
    MOMENT: (Child("udt:DateTime", 1, 1, "dateTime"),),
    INDICATOR: (Child("udt:Indicator", 1, 1, "boolean"),),
}


class Grammar:
    """Elements of one message. Lookups only."""

    def __init__(self, message: str, classes: Mapping[str, tuple[Child, ...]], kinds: Mapping[str, str]) -> None:
        self.message = message
        self._classes = classes  # element name → its children
        self._kinds = kinds  # element name → kind of its value
        self._ranks = {name: {child.name: at for at, child in enumerate(below)} for name, below in classes.items()}

    @property
    def root(self) -> str:
        """Tag of the root element, as the XML library writes it."""
        return f"{{{_MESSAGE.format(name=self.message, version=VERSION)}}}{self.message}"

    def children(self, name: str) -> tuple[Child, ...] | None:
        """What may stand in element ``name``; None for a leaf or an unknown name."""
        return self._classes.get(name)

    def ranks(self, name: str) -> Mapping[str, int] | None:
        """Position of each child of ``name``."""
        return self._ranks.get(name)

    def kind(self, name: str) -> str | None:
        """Kind of value of element ``name``: empty for a class, None for an unknown name."""
        return self._kinds.get(name)

    def child(self, parent: str, name: str) -> Child | None:
        """The declaration of ``name`` in ``parent``."""
        ranks = self._ranks.get(parent)
        return None if ranks is None or name not in ranks else self._classes[parent][ranks[name]]


def message_of(tag: str) -> tuple[str, str] | None:
    """(message, version) of a root tag; None when it is none of the SME Common EDI."""
    found = _ROOT.fullmatch(tag)
    return (found[1], found[2]) if found is not None and found[1] == found[3] else None


def messages() -> tuple[str, ...]:
    """The messages in the table."""
    return tuple(f"SME{name}" for name in _table()["all"])


@lru_cache(maxsize=32)
def grammar(message: str) -> Grammar:
    """The elements of ``message``; KeyError when the table has no such message."""
    types = _types(message.removeprefix("SME"))
    classes: dict[str, tuple[Child, ...]] = {}
    kinds: dict[str, str] = {f"sme:{message}": ""}
    waiting = [(f"sme:{message}", message)]
    while waiting:
        name, of = waiting.pop()
        if name in classes:
            continue
        below = []
        for child, least, most, kind in types[of]:
            value = kind if kind in _VALUES else ""
            below.append(Child(f"sme:{child}", least, most, value))
            kinds[f"sme:{child}"] = value
            if value in _INSIDE:
                classes[f"sme:{child}"] = _INSIDE[value]
            elif not value:
                waiting.append((f"sme:{child}", kind))
        classes[name] = tuple(below)
    for inside in _INSIDE.values():
        kinds |= {child.name: child.kind for child in inside}
    return Grammar(message, classes, kinds)


_Row = tuple[str, int, int | None, str]


def _types(message: str) -> dict[str, list[_Row]]:
    found: dict[str, list[_Row]] = {}
    for heading, rows in _table().items():
        name, _, forms = heading.partition(": ")
        if forms and (forms == "all" or message in forms.split(" ")):
            found[name] = [_row(row) for row in rows]
    return found


def _row(text: str) -> _Row:
    name, often, *kind = text.split(" ")
    least, most = _often(often)
    return name, least, most, kind[0] if kind else name


def _often(text: str) -> tuple[int, int | None]:
    known: dict[str, tuple[int, int | None]] = {"1": (1, 1), "?": (0, 1), "*": (0, None), "+": (1, None)}
    if text in known:
        return known[text]
    least, _, most = text.partition("-")
    return int(least), int(most)


@lru_cache(maxsize=1)
def _table() -> dict[str, list[str]]:
    """Heading (``class: messages``) → its rows; ``all``: the messages themselves."""
    text = (importlib.resources.files("node.papers.sme") / "elements.txt").read_text("utf-8")
    found: dict[str, list[str]] = {"all": []}
    heading = ""
    for line in text.splitlines():
        if line.startswith(" "):
            found[heading].append(line.strip())
        elif line and not line.startswith("#"):
            heading = line
            found[heading] = []
            name, _, forms = line.partition(": ")
            if name == f"SME{forms}":
                found["all"].append(forms)
    return found
