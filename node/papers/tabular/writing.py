"""Rows to files that other programs open: CSV in UTF-8 with a mark or in cp932, Excel. Owns the guard against formulas.

A text that a spreadsheet would take for a formula gets an apostrophe in front; numbers stay numbers.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Final

from protocol.errors import CallerFault

Cell = str | int | None
ENCODINGS: Final = ("utf-8-sig", "cp932")
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
_GETA: Final = "〓"


def guarded(cell: Cell) -> Cell:
    """A cell that no spreadsheet runs."""
    if isinstance(cell, str) and cell.lstrip(" \u3000").startswith(FORMULA):
        return f"'{cell}"
    return cell


def write_csv(titles: Sequence[str], rows: Iterable[Sequence[Cell]], encoding: str = "utf-8-sig") -> bytes:
    """A CSV file with CR LF. What cp932 does not have is written 〓."""
    if encoding not in ENCODINGS:
        raise CallerFault("encoding", f"one of {', '.join(ENCODINGS)}")
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([guarded(title) for title in titles])
    for row in rows:
        writer.writerow(["" if cell is None else guarded(cell) for cell in row])
    text = out.getvalue()
    if encoding == "cp932":
        text = "".join(char if _fits(char) else _GETA for char in text)
    return text.encode(encoding)


def _fits(char: str) -> bool:
    try:
        char.encode("cp932")
    except UnicodeEncodeError:
        return False
    return True


def write_xlsx(titles: Sequence[str], rows: Iterable[Sequence[Cell]], sheet: str = "Sheet1") -> bytes:
    """An Excel file: titles in bold and frozen, texts as texts, so that codes keep their zeros."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    book = Workbook(write_only=True)
    page = book.create_sheet(sheet[:31])
    page.freeze_panes = "A2"
    heading = []
    for title in titles:
        cell = WriteOnlyCell(page, value=guarded(title))
        cell.font = Font(bold=True)
        heading.append(cell)
    page.append(heading)
    for row in rows:
        cells = []
        for value in row:
            cell = WriteOnlyCell(page, value=guarded(value))
            if isinstance(value, str):
                cell.number_format = "@"
            cells.append(cell)
        page.append(cells)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
