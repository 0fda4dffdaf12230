"""Documents of the books taken away at once: a zip that is made while it is sent, with an index in CSV.

Owns the names of the files and the columns of the index. Every page of documents is read in a transaction of its own,
and only one document's files are in memory at a time. The index comes last and says the SHA-256 of every file.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import msgspec

from node import words
from node.api.context import Context
from node.i18n import N_
from node.papers.ubl import TYPES
from node.services import books, dealings, printing, proof, reading
from node.services.books import Asked, Line
from node.services.transaction import Tx
from protocol.errors import YuiError
from protocol.process.money import minor_digits
from protocol.process.trade import papers

PAGE: Final = 100
FORMS: Final = ("pdf", "ubl", "json", "proof")
INDEX: Final = "index.csv"
COLUMNS: Final = (
    N_("transaction date"), N_("document"), N_("sent or received"), N_("partner"), N_("number"), N_("version"),
    N_("amount"), N_("currency"), N_("state"), N_("stored at (UTC)"), N_("dealing"), N_("document id"), N_("files"),
    N_("SHA-256"),
)  # fmt: skip
_FIRST: Final = zipfile.ZipInfo("x").date_time  # the same bytes for the same books: no clock in the archive
_UNSAFE: Final = re.compile(r"[^\w.\-]+")
#: Also in full width: a Japanese Excel takes them.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_BEFORE: Final = " \"'\ufeff\u3000"  # what spreadsheets may pass over in front of a formula

Say = Callable[[str], str]


class File(NamedTuple):
    """One file of a document."""

    name: str
    content: bytes


class Wish(NamedTuple):
    """Which forms of each document are wanted, and the language of PDFs and of the index."""

    forms: tuple[str, ...]
    language: str
    say: Say


def stream(context: Context, member: bytes, asked: Asked, wish: Wish) -> Iterator[bytes]:
    """The zip, piece by piece. Blocking: run it in a thread."""
    sink = Sink()
    rows: list[list[str]] = [[wish.say(column) for column in COLUMNS]]
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[call-overload]  # it only writes
        for line in lines(context, member, asked):
            files = files_of(context, member, line, wish)
            for file in files:
                archive.writestr(zipfile.ZipInfo(file.name, _FIRST), file.content, zipfile.ZIP_DEFLATED)
                yield sink.taken()
            rows.append(index_row(line, files, wish.say))
        archive.writestr(zipfile.ZipInfo(INDEX, _FIRST), index(rows), zipfile.ZIP_DEFLATED)
    yield sink.taken()


def lines(context: Context, member: bytes, asked: Asked) -> Iterator[Line]:
    """Everything that the question finds, page by page."""
    behind = ""
    while True:
        page = context.store.read(lambda tx, b=behind: books.search(tx, member, asked, PAGE, b))  # type: ignore[misc]
        yield from page.lines
        if not page.next:
            return
        behind = page.next


def files_of(context: Context, member: bytes, line: Line, wish: Wish) -> list[File]:
    """The files of one document. A form that cannot be made of it (erased, unknown, no UBL) is left out."""
    stem = f"{line.day}/{line.type}-{_UNSAFE.sub('_', line.number)[:60]}-{line.document.hex()[:8]}"
    makers: dict[str, Callable[[], bytes]] = {
        "pdf": lambda: _pdf(context, member, line, wish.language),
        "ubl": lambda: _ubl(context, member, line),
        "json": lambda: _json(context, line),
        "proof": lambda: context.store.read(lambda tx: proof.export(context.house, tx, member, line.document)),
    }
    endings = {"pdf": "pdf", "ubl": "xml", "json": "json", "proof": "yui-proof"}
    found = []
    for form in wish.forms:
        try:
            content = makers[form]()
        except YuiError:
            continue
        if content:
            found.append(File(f"{stem}.{endings[form]}", content))
    return found


def _pdf(context: Context, member: bytes, line: Line, language: str) -> bytes:
    wanted = printing.Wish(language)
    paper, around = context.store.read(lambda tx: printing.prepare(context.house, tx, member, line.document, wanted))
    return context.pdf.render(paper, around)


def _ubl(context: Context, member: bytes, line: Line) -> bytes:
    if line.type not in TYPES:
        return b""

    def work(tx: Tx) -> Any:
        view = reading.full(tx, member, line.document)
        return dealings.paper_of(view.stored), view

    paper, view = context.store.read(work)
    if paper is None:
        return b""
    personal = next((part.content for part in view.stored.parts if part.name == "personal"), None)
    return context.ubl.write(paper, None if personal is None else papers.decode_personal(personal))


def _json(context: Context, line: Line) -> bytes:
    stored = context.store.read(lambda tx: tx.documents.full(line.document))
    paper = None if stored is None else dealings.paper_of(stored)
    return b"" if paper is None else msgspec.json.format(msgspec.json.encode(paper), indent=1)


# ---------------------------------------------------------------------- the index


def index_row(line: Line, files: list[File], say: Say) -> list[str]:
    """One line of the index."""
    return [
        line.day,
        words.paper(line.type, say),
        words.direction(line.direction, say),
        line.partner_name or line.partner.hex(),
        line.number,
        str(line.revision),
        amount_text(line.amount, line.currency),
        line.currency,
        words.verdict(line.verdict, say),
        _moment(line.stored),
        line.thread.hex(),
        line.document.hex(),
        "\n".join(file.name for file in files),
        "\n".join(hashlib.sha256(file.content).hexdigest() for file in files),
    ]


def index(rows: list[list[str]]) -> bytes:
    """The index as CSV: UTF-8 with its mark, so that spreadsheets read it; no cell begins a formula."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerows([safe(cell) for cell in row] for row in rows)
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def safe(cell: str) -> str:
    """The cell, with an apostrophe before what a spreadsheet would run as a formula; numbers stay numbers."""
    if cell.lstrip(_BEFORE).startswith(_FORMULA) and not re.fullmatch(r"-?\d+(\.\d+)?", cell):
        return f"'{cell}"
    return cell


def amount_text(amount: int | None, currency: str) -> str:
    """Minor units as people write them: 25300 yen, 12.50 euros."""
    if amount is None:
        return ""
    digits = minor_digits(currency) if currency else 0
    sign, whole = ("-" if amount < 0 else ""), str(abs(amount)).rjust(digits + 1, "0")
    return f"{sign}{whole[:-digits]}.{whole[-digits:]}" if digits else f"{sign}{whole}"


def _moment(time: int) -> str:
    return datetime.fromtimestamp(time / 1_000_000, UTC).strftime("%Y-%m-%d %H:%M:%S")


class Sink:
    """What a zip is written to: it keeps what was not taken yet."""

    def __init__(self) -> None:
        self._kept: list[bytes] = []
        self._at = 0

    def write(self, data: bytes) -> int:
        """Keep it."""
        self._kept.append(bytes(data))
        self._at += len(data)
        return len(data)

    def tell(self) -> int:
        """How much was written."""
        return self._at

    def flush(self) -> None:
        """Nothing to do."""

    def taken(self) -> bytes:
        """What was written since the last time."""
        found, self._kept = b"".join(self._kept), []
        return found
