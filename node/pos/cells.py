"""Sales of each member in each cell of a question: goods whose number begins so, on these business days.

Owns the one query; runs it through whoever holds DuckDB. Voids are left out, returns are negative. Quantities are
thousandths of pieces; what is weighed or measured is no piece. Source: docs/statistics.md §7.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

Rows = Callable[[str, Mapping[str, Any]], list[list[Any]]]

# One join on equality for each length of a code that is asked for: goods by day first, then into their cells.
_QUESTION: Final = """
    WITH cells AS (SELECT unnest($cells) AS cell, unnest($codes) AS code, unnest($sinces) AS since,
                          unnest($untils) AS until),
         sold AS (SELECT member, left(item, $length) AS code, (day - DATE '1970-01-01')::INT AS day,
                         sum(amount)::BIGINT AS amount,
                         coalesce(sum(quantity) FILTER (WHERE unit = 'C62'), 0)::BIGINT AS quantity
                  FROM lines WHERE day >= DATE '1970-01-01' + $first AND day < DATE '1970-01-01' + $last
                  GROUP BY 1, 2, 3)
    SELECT cell, member, sum(amount)::BIGINT, sum(quantity)::BIGINT
    FROM sold JOIN cells ON cells.code = sold.code AND sold.day >= cells.since AND sold.day < cells.until
    GROUP BY 1, 2"""


class Asked(NamedTuple):
    """A cell: goods whose number begins with ``code`` (empty: all), days from 1970: ``since`` ≤ day < ``until``."""

    code: str
    since: int
    until: int


class Sold(NamedTuple):
    """What one member sold in one cell: yen, thousandths of pieces."""

    cell: int
    member: bytes
    amount: int
    quantity: int


def sold(cells: Sequence[Asked], rows: Rows) -> Iterator[Sold]:
    """Every member with sales in every cell; nothing where there are none."""
    for length in sorted({len(cell.code) for cell in cells}):
        chosen = [(at, cell) for at, cell in enumerate(cells) if len(cell.code) == length]
        values = {
            "length": length,
            "cells": [at for at, _ in chosen],
            "codes": [cell.code for _, cell in chosen],
            "sinces": [cell.since for _, cell in chosen],
            "untils": [cell.until for _, cell in chosen],
            "first": min(cell.since for _, cell in chosen),
            "last": max(cell.until for _, cell in chosen),
        }
        for cell, member, amount, quantity in rows(_QUESTION, values):
            yield Sold(cell, bytes.fromhex(member), amount, quantity)
