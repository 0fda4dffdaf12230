"""A long list on a page, 200 rows at a time. Owns the cut and its name in the address; knows no list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

ROWS: Final = 200  # of the heaviest lists some 150 kB
FIELD: Final = "from"  # in addresses and forms: the number of the first row, from 0 on


class Piece(NamedTuple):
    """``rows`` of ``total``, from number ``at`` on. ``more``: where the next ones begin, 0 where there are none."""

    rows: Sequence[Any]
    at: int
    total: int
    more: int


def cut(rows: Sequence[Any], asked: str) -> Piece:
    """The rows from ``asked`` on, as an address says it; from the beginning where that is no place in the list."""
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 9 else 0
    at = number if number < len(rows) else 0
    end = at + ROWS
    return Piece(rows[at:end], at, len(rows), end if end < len(rows) else 0)
