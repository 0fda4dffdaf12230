"""What a sheet is: its fields, its table of lines, and the two ways between a paper and a form. Owns shapes only."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from node.web.forms import Form
from protocol.process.trade.papers import Paper

Choices = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Field:
    """One field beside the table. ``kind``: text, area, date, number, select, radio, tick; texts are messages."""

    name: str
    label: str
    kind: str = "text"
    required: bool = True
    support: str = ""
    choices: Choices = ()
    unit: str = ""
    most: int = 200


@dataclass(frozen=True)
class Column:
    """One column of the table of lines. ``kind``: show (text only), text, number, date, select."""

    name: str
    label: str
    kind: str = "text"
    required: bool = False
    choices: Choices = ()
    size: str = ""


@dataclass(frozen=True)
class Sheet:
    """``values``: what the draft puts into the form. ``read``: the draft with what was typed; faults go to the form.

    ``act`` is the word on the button that sends; ``lines`` names the table, empty where there is none; ``more``: a
    person may add lines; ``files``: files may go with the paper; ``typed``: the writer types what is in it, so that it
    is looked over before it goes (a paper that is filled in from the last one is its own look over).
    """

    title: str
    act: str
    values: Callable[[Any], dict[str, Any]]
    read: Callable[[Form, Any], Paper]
    fields: Sequence[Field] = ()
    columns: Sequence[Column] = field(default=())
    lines: str = ""
    more: bool = False
    files: bool = False
    typed: bool = False


def as_day(text: str) -> datetime.date | None:
    """A paper's day as a form shows it; None for none."""
    return datetime.date.fromisoformat(text) if text else None


def day_text(form: Form, name: str, label: str, *, required: bool = True) -> str:
    """A day of a form as papers write it: YYYY-MM-DD, or empty."""
    found = form.day(name, label, required=required)
    return "" if found is None else found.isoformat()


def dated(**days: str) -> dict[str, Any]:
    """Days for a form; those that are not stated are left out."""
    return {name: as_day(text) for name, text in days.items() if text}
