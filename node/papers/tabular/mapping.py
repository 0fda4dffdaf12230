"""Which column is what: guessed from titles, kept per partner as a struct; and the lines of a file read through it.

Nothing is stored. A wrong line is told with its number, the column's title and the rule; the other lines stay good.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from unicodedata import normalize

from msgspec import Struct

from node.i18n import N_
from node.papers.tabular.layouts import LAYOUTS, Field
from node.papers.tabular.reading import Table
from node.papers.tabular.values import READERS, Value, Wrong
from protocol.errors import CallerFault

HEADER_ROWS: Final = 20  # titles stand in the first rows, below a heading at most
REQUIRED = N_("Enter {title}.")
TOTALS: Final = re.compile(r"(合計|小計|総計|計|total|subtotal)[:：]?", re.IGNORECASE)


class Mapping(Struct, frozen=True, kw_only=True):
    """A remembered layout. ``kind``: a key of LAYOUTS; ``header``: the row of the titles (0: the first);
    ``columns``: field → title of its column as the file writes it."""

    kind: str
    header: int = 0
    columns: dict[str, str] = {}


@dataclass(frozen=True)
class Problem:
    """A wrong value: ``line`` of the file (1: the first), title of the ``column``, ``rule`` with ``values``."""

    line: int
    column: str
    rule: str
    values: tuple[tuple[str, str], ...] = ()

    def text(self, say: Callable[[str], str]) -> str:
        """The rule in the reader's language."""
        return say(self.rule).format(**dict(self.values))


@dataclass(frozen=True)
class Record:
    """A good line: its number and its values by field; empty cells are left out."""

    line: int
    values: dict[str, Value]


@dataclass(frozen=True)
class Preview:
    """All that a file says under a mapping. ``skipped``: lines without content, and lines of totals."""

    records: tuple[Record, ...]
    problems: tuple[Problem, ...]
    skipped: int


def guess(table: Table, kind: str) -> Mapping:
    """The likeliest mapping: the row with most known titles, each field to the first column of one of its names."""
    fields = fields_of(kind)
    rows = table.rows[:HEADER_ROWS]
    found = [(_columns(row, fields), place) for place, row in enumerate(rows)]
    columns, header = max(found, key=lambda one: (len(one[0]), -one[1]), default=({}, 0))
    return Mapping(kind=kind, header=header, columns=columns)


def fields_of(kind: str) -> tuple[Field, ...]:
    """The fields of a kind of file. CallerFault for a kind that there is not."""
    if kind not in LAYOUTS:
        raise CallerFault("kind", f"one of {', '.join(LAYOUTS)}")
    return LAYOUTS[kind]


def _columns(row: Sequence[str], fields: tuple[Field, ...]) -> dict[str, str]:
    titles = {_key(title): title for title in reversed(row) if title}
    columns: dict[str, str] = {}
    for field in fields:
        for name in field.names:
            title = titles.get(_key(name))
            if title is not None and title not in columns.values():
                columns[field.name] = title
                break
    return columns


def _key(title: str) -> str:
    """A title as it is compared: half width, small letters, without marks around it."""
    return re.sub(r"[\s_*※:：・]|\((必須|任意|円|税抜|税込)\)", "", normalize("NFKC", title)).lower()


def preview(table: Table, mapping: Mapping) -> Preview:
    """Read every line below the titles. CallerFault when the titles are not where the mapping says."""
    fields = {field.name: field for field in fields_of(mapping.kind)}
    titles = table.rows[mapping.header] if 0 <= mapping.header < len(table.rows) else ()
    places: dict[str, int] = {}
    for name, title in mapping.columns.items():
        if name not in fields:
            raise CallerFault(f"columns.{name}", "no such field")
        if title not in titles:
            raise CallerFault(f"columns.{name}", f"the file has no column {title!r} in line {mapping.header + 1}")
        places[name] = titles.index(title)
    for field in fields.values():
        if field.required and field.name not in places:
            raise CallerFault(f"columns.{field.name}", "must be chosen")
    records: list[Record] = []
    problems: list[Problem] = []
    skipped = 0
    for line, row in enumerate(table.rows[mapping.header + 1 :], mapping.header + 2):
        if _is_empty(row):
            skipped += 1
            continue
        values, wrong = _read_line(line, row, fields, places, mapping)
        problems += wrong
        if not wrong:
            records.append(Record(line, values))
    return Preview(tuple(records), tuple(problems), skipped)


def _is_empty(row: Sequence[str]) -> bool:
    """A line without content, or one of totals: its first text says so."""
    first = next((cell for cell in row if cell), "")
    return not first or bool(TOTALS.fullmatch(normalize("NFKC", first).replace(" ", "")))


def _read_line(
    line: int, row: Sequence[str], fields: dict[str, Field], places: dict[str, int], mapping: Mapping
) -> tuple[dict[str, Value], list[Problem]]:
    values: dict[str, Value] = {}
    wrong: list[Problem] = []
    for name, place in places.items():
        field, title = fields[name], mapping.columns[name]
        cell = row[place] if place < len(row) else ""
        if not cell:
            if field.required:
                wrong.append(Problem(line, title, REQUIRED, (("title", title),)))
            continue
        try:
            values[name] = READERS[field.kind](cell)
        except Wrong as fault:
            wrong.append(Problem(line, title, fault.rule, tuple(fault.values.items())))
    return values, wrong
