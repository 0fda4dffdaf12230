"""Files to rows of texts: .csv in the encodings that Japanese programs write, .xlsx and .xls. Owns the size limits."""

from __future__ import annotations

import codecs
import csv
import io
import math
import zipfile
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from node.papers.tabular.writing import FORMULA
from protocol.errors import Malformed, TooLarge
from protocol.limits import MIB

MAX_BYTES: Final = 10 * MIB
MAX_UNPACKED_BYTES: Final = 100 * MIB
MAX_PARTS: Final = 1_000
MAX_ROWS: Final = 20_000
MAX_COLUMNS: Final = 200
MAX_CELL_CHARS: Final = 4_000
DELIMITERS: Final = (",", "\t", ";")
_OLE: Final = bytes.fromhex("d0cf11e0a1b11ae1")


@dataclass(frozen=True)
class Table:
    """``rows`` of texts, blank ones too, so that row n is line n + 1 of the file. ``encoding`` and ``delimiter`` of a
    CSV file; empty for Excel."""

    rows: tuple[tuple[str, ...], ...]
    encoding: str = ""
    delimiter: str = ""


def read(data: bytes, name: str) -> Table:
    """The first sheet of a file whose ``name`` ends in .csv, .txt, .xlsx or .xls and whose bytes are of that kind.

    TooLarge above the limits, Malformed for anything else.
    """
    if len(data) > MAX_BYTES:
        raise TooLarge(f"a file of {len(data)} bytes, the limit is {MAX_BYTES}")
    ending = name.rpartition(".")[2].lower()
    if ending in ("csv", "txt", "tsv"):
        return _csv(data)
    if ending == "xlsx":
        _require_workbook(data)
        return _excel(data)
    if ending == "xls":
        if not data.startswith(_OLE):
            raise Malformed("not an Excel file (.xls)")
        return _excel(data)
    raise Malformed("choose a file that ends in .csv, .xlsx or .xls")


# ---- CSV


def decode(data: bytes) -> tuple[str, str]:
    """The text and its encoding: a byte order mark decides, else strict UTF-8, else cp932. Malformed otherwise."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        order = ("utf-16",)
    elif data.startswith(codecs.BOM_UTF8):
        order = ("utf-8-sig",)
    else:
        order = ("utf-8", "cp932")  # type: ignore[assignment]
    for encoding in order:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break
        return text, encoding
    raise Malformed("the file is neither in UTF-8 nor in Shift_JIS (cp932)")


def _csv(data: bytes) -> Table:
    text, encoding = decode(data)
    delimiter = _delimiter(text)
    csv.field_size_limit(MAX_BYTES)
    rows = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True):
            rows.append(_row(row))
            if len(rows) > MAX_ROWS:
                raise TooLarge(f"more than {MAX_ROWS} lines")
    except csv.Error as error:
        raise Malformed(f"line {len(rows) + 1}: {error}") from None
    return Table(tuple(rows), encoding, delimiter)


def _delimiter(text: str) -> str:
    """The separator that stands most often in the first lines."""
    head = text[:20_000]
    return max(DELIMITERS, key=lambda mark: (head.count(mark), mark == ","))


# ---- Excel


def _require_workbook(data: bytes) -> None:
    """Refuse what is no workbook, or unpacks to more than a workbook does, before any of it is unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError):
        raise Malformed("not an Excel file (.xlsx)") from None
    if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED_BYTES:
        raise TooLarge(f"unpacks to more than {MAX_UNPACKED_BYTES} bytes")
    if not any(part.filename == "xl/workbook.xml" for part in parts):
        raise Malformed("not an Excel file (.xlsx)")
    if any(part.flag_bits & 1 for part in parts):
        raise Malformed("the Excel file has a password: save it without one")


def _excel(data: bytes) -> Table:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        sheet = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0)
        if sheet.total_height > MAX_ROWS or sheet.total_width > MAX_COLUMNS:
            raise TooLarge(f"more than {MAX_ROWS} lines or {MAX_COLUMNS} columns")
        found = sheet.to_python(skip_empty_area=False)
    except (CalamineError, IndexError, OSError, ValueError) as error:
        raise Malformed(f"the Excel file cannot be read: {error}") from None
    return Table(tuple(_row([_text(cell) for cell in row]) for row in found))


def _text(cell: object) -> str:
    """A cell as its text: whole numbers without a fraction, days as YYYY-MM-DD."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        if math.isfinite(cell) and cell.is_integer() and abs(cell) < 1e15:
            return str(int(cell))
        return repr(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ")
    if isinstance(cell, date | time | timedelta):
        return str(cell)
    return str(cell)


def _row(cells: list[str]) -> tuple[str, ...]:
    if len(cells) > MAX_COLUMNS:
        raise TooLarge(f"more than {MAX_COLUMNS} columns")
    for cell in cells:
        if len(cell) > MAX_CELL_CHARS:
            raise TooLarge(f"a cell of {len(cell)} characters, the limit is {MAX_CELL_CHARS}")
    return tuple(_unguarded(cell.strip(" \t\r\n\u3000")) for cell in cells)


def _unguarded(cell: str) -> str:
    """A text without the apostrophe that guards it against being run (:mod:`node.papers.tabular.writing`)."""
    return cell[1:] if cell[:1] == "'" and cell[1:].lstrip(" \u3000").startswith(FORMULA) else cell
