"""A paper as blocks to be set one below the other. Owns the shapes; knows neither fonts nor what the paper means.

A cell is a text; lines after its first are set smaller. Widths of columns are shares of the page's width.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Column:
    """A column of a table. ``align``: left, right, centre."""

    title: str
    share: float
    align: str = "left"


@dataclass(frozen=True)
class Row:
    """A row; ``below`` stands under its cells across the table."""

    cells: tuple[str, ...]
    below: str = ""


@dataclass(frozen=True)
class Table:
    """A table whose heading is repeated on every page."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    heading: str = ""


@dataclass(frozen=True)
class Facts:
    """Labels and values in two columns."""

    rows: tuple[tuple[str, str], ...]
    heading: str = ""


@dataclass(frozen=True)
class Sums:
    """Labels and amounts at the right; ``strong`` are the labels set in bold."""

    rows: tuple[tuple[str, str], ...]
    strong: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Foot:
    """The totals by rate at the left with notes below them, the sums at the right; any may be missing."""

    taxes: Table
    sums: Sums | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Figure:
    """The one thing to see first: a sum to pay, an answer. ``note`` stands below it, smaller."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class Words:
    """Running text."""

    text: str
    heading: str = ""
    strong: bool = False


@dataclass(frozen=True)
class Code:
    """A QR code of ``content`` with text beside it; ``address`` is what to type instead."""

    content: str
    text: str
    address: str = ""
    heading: str = ""


Block = Table | Facts | Foot | Figure | Words | Code


@dataclass(frozen=True)
class Sheet:
    """A whole paper.

    ``numbers`` stand at the top right, ``to`` (whom it is for) at the left below the title, ``by`` (who made it) at the
    right; the first line of each is set larger. ``footing`` are small lines on every page, beside the code ``stamp``.
    """

    title: str
    language: str
    subtitle: str = ""
    marks: tuple[str, ...] = ()
    numbers: tuple[tuple[str, str], ...] = ()
    to: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    lead: str = ""
    blocks: tuple[Block, ...] = field(default=())
    footing: tuple[str, ...] = ()
    stamp: str = ""
    author: str = ""
    subject: str = ""
