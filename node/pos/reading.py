"""A register's file as rows that DuckDB can read: its encoding, its titles, where its lines begin, whether it is whole.

Owns the way from bytes to UTF-8 CSV beside the partitions. The copy holds all columns, also those that are never
stored, so whoever makes it removes it again. Runs in the POS process.
"""

from __future__ import annotations

import codecs
import contextlib
import csv
import io
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from node.papers.tabular.reading import read as read_table
from protocol.errors import CallerFault, Malformed, TooLarge
from protocol.limits import MIB

MAX_FILE_BYTES: Final = 2048 * MIB
MAX_SHEET_BYTES: Final = 64 * MIB
HEAD_ROWS: Final = 20
HEAD_BYTES: Final = 64 * 1024
SHEETS: Final = (".xlsx", ".xls", ".ods")
_PIECE: Final = 4 * MIB
_BOM: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Source:
    """``path``: UTF-8 without BOM; ``whole``: the last line has its end; ``head``: the first rows."""

    path: Path
    encoding: str
    delimiter: str
    head: tuple[tuple[str, ...], ...]
    whole: bool


def head_of(file: Path) -> list[list[str]]:
    """The first rows, for a person who says which column is what. Malformed if nothing there is a table."""
    if file.suffix.lower() in SHEETS:
        table = read_table(file.read_bytes() if file.stat().st_size <= MAX_SHEET_BYTES else b"", file.name)
        return [list(row) for row in table.rows[:HEAD_ROWS]]
    with file.open("rb") as opened:
        piece = opened.read(HEAD_BYTES).removeprefix(_BOM)
    for encoding in ("utf-8", "cp932"):
        try:
            text = codecs.getincrementaldecoder(encoding)().decode(piece)  # its last letter may be cut
        except UnicodeDecodeError:
            continue
        delimiter = max((",", "\t", ";"), key=text.count)
        with contextlib.suppress(csv.Error):
            rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
            return [row for row, _ in zip(rows, range(HEAD_ROWS), strict=False)]
    raise Malformed("the file is neither UTF-8 nor Shift_JIS (cp932): save it as CSV again")


def source_of(file: Path, copy: Path) -> Source:
    """Read what ``file`` is and write it to ``copy`` in UTF-8. Malformed names the byte that fits no encoding."""
    size = file.stat().st_size
    if size > MAX_FILE_BYTES:
        raise TooLarge(f"a file of {size} bytes, the limit is {MAX_FILE_BYTES}: bring it in parts")
    if size == 0:
        raise CallerFault("file", "is empty")
    if file.suffix.lower() in SHEETS:
        return _sheet(file, copy)
    encoding = "utf-8" if _transcoded(file, copy, "utf-8") else "cp932"
    if encoding == "cp932" and not _transcoded(file, copy, "cp932"):
        raise Malformed("the file is neither UTF-8 nor Shift_JIS (cp932): save it as CSV again")
    with copy.open("rb") as opened:
        opened.seek(-1, os.SEEK_END)
        whole = opened.read(1) in (b"\n", b"\r")
    delimiter = _delimiter(copy)
    return Source(copy, encoding, delimiter, _head(copy, delimiter), whole)


def _transcoded(file: Path, copy: Path, encoding: str) -> bool:
    """Whether all of ``file`` is in ``encoding``; ``copy`` then holds it in UTF-8."""
    decoder = codecs.getincrementaldecoder(encoding)()
    with file.open("rb") as source, copy.open("wb") as target:
        piece = source.read(_PIECE).removeprefix(_BOM)
        try:
            while piece:
                target.write(decoder.decode(piece).encode())
                piece = source.read(_PIECE)
            target.write(decoder.decode(b"", final=True).encode())
        except UnicodeDecodeError:
            return False
    return True


def _sheet(file: Path, copy: Path) -> Source:
    if file.stat().st_size > MAX_SHEET_BYTES:
        raise TooLarge("a workbook of this size: save it as CSV")
    table = read_table(file.read_bytes(), file.name)
    with copy.open("w", encoding="utf-8", newline="") as target:
        csv.writer(target, lineterminator="\n").writerows(table.rows)
    return Source(copy, table.encoding, ",", tuple(tuple(row) for row in table.rows[:HEAD_ROWS]), whole=True)


def _delimiter(copy: Path) -> str:
    with copy.open(encoding="utf-8") as opened:
        head = "".join(opened.readline(10_000) for _ in range(HEAD_ROWS))
    return max((",", "\t", ";"), key=head.count)


def _head(copy: Path, delimiter: str) -> tuple[tuple[str, ...], ...]:
    rows: list[tuple[str, ...]] = []
    with copy.open(encoding="utf-8", newline="") as opened:
        try:
            for row in csv.reader(opened, delimiter=delimiter):
                rows.append(tuple(row))
                if len(rows) == HEAD_ROWS:
                    break
        except csv.Error as error:
            raise Malformed(f"line {len(rows) + 1}: {error}") from None
    return tuple(rows)
