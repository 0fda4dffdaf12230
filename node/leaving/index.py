"""The index of an archive: a list for spreadsheets, one for programs, and the page that searches without a server.

Owns the columns and the page. Rows are written to files as they come: nothing grows with the number of documents.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import tempfile
from collections.abc import Iterator, Sequence
from importlib import resources
from typing import IO, Any, Final, NamedTuple

from node import bookarchive, words
from node.bookarchive import File
from node.i18n import translations
from node.services.books import Line

PIECE: Final = 1 << 20
_LANGUAGES: Final = ("ja", "en")


class Attached(NamedTuple):
    """An attachment of a document; ``file``: its name in the archive, empty if its bytes are not here."""

    root: bytes
    size: int
    media_type: str
    name: str
    file: str


class Row(NamedTuple):
    """A document in the index. ``given``: the first verdict on it and where the journal entered it, if it was one."""

    line: Line
    reason: str
    read: int
    files: Sequence[File]
    attached: Sequence[Attached]
    given: dict[str, Any] | None


class Index:
    """Collects rows in temporary files; a context manager."""

    def __init__(self, owner: str, language: str) -> None:
        self._owner, self._language = owner, language
        self._say = translations(language).gettext
        self._spoken = {name: translations(name).gettext for name in _LANGUAGES}
        self._csv, self._json, self._page = (tempfile.TemporaryFile() for _ in range(3))  # noqa: SIM115  closed below
        self._csv.write(b"\xef\xbb\xbf" + _csv_line([self._say(column) for column in bookarchive.COLUMNS]))
        self.count = 0

    def __enter__(self) -> Index:
        return self

    def __exit__(self, *_: object) -> None:
        for file in (self._csv, self._json, self._page):
            file.close()

    def add(self, row: Row) -> None:
        """One more document."""
        self._csv.write(_csv_line(bookarchive.index_row(row.line, list(row.files), self._say)))
        mark = b",\n" if self.count else b""
        self._json.write(mark + _json(self._machine(row)))
        self._page.write(mark + _json(self._shown(row)).replace(b"<", b"\\u003c"))
        self.count += 1

    def files(self) -> Iterator[tuple[str, Iterator[bytes]]]:
        """(name, pieces) of index.csv, index.json and search.html."""
        yield "index.csv", _pieces(self._csv)
        yield "index.json", _around(b'{"documents":[\n', self._json, b"\n]}\n")
        before, after = page(self._owner, self._language)
        yield "search.html", _around(before, self._page, after)

    @staticmethod
    def _machine(row: Row) -> dict[str, Any]:
        line = row.line
        fields = {name: value.hex() if isinstance(value, bytes) else value for name, value in line._asdict().items()}
        fields["id"] = fields.pop("document")
        attached = [{**one._asdict(), "root": one.root.hex()} for one in row.attached]
        more = {"reason": row.reason, "read": row.read, "files": kinds(row.files), "attachments": attached}
        return {**fields, **more, "given": row.given}

    def _shown(self, row: Row) -> dict[str, Any]:
        line = row.line
        said = {name: words.paper(line.type, say) for name, say in self._spoken.items()}
        return {
            "day": line.day, "type": line.type, **said, "direction": "sent" if line.direction == "sent" else "received",
            "partner": line.partner_name or line.partner.hex()[:12], "number": line.number, "revision": line.revision,
            "amount": bookarchive.amount_text(line.amount, line.currency) or None, "currency": line.currency,
            "files": kinds(row.files),
            "attachments": [[one.name or one.root.hex()[:12], one.file] for one in row.attached],
        }  # fmt: skip


def kinds(files: Sequence[File]) -> dict[str, str]:
    """Kind of file → its name."""
    words_of = {"yui-proof": "proof", "yui-envelope": "envelope", "xml": "ubl"}
    endings = [(file.name.rsplit(".", 1)[-1], file.name) for file in files]
    return {words_of.get(ending, ending): name for ending, name in endings}


def page(owner: str, language: str) -> tuple[bytes, bytes]:
    """The search page before and behind its rows. Its policy allows its own script and style and no address at all."""
    style, script = _text("search.css"), _text("search.js")
    policy = (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; base-uri 'none'; form-action 'none'"
    )
    about = _json({"owner": owner, "language": language}).replace(b"<", b"\\u003c").decode()
    html = _text("search.html").replace("@STYLE@", style).replace("@SCRIPT@", script).replace("@CSP@", policy)
    before, after = html.split("@DATA@")
    return f'{before}{about[:-1]},"rows":[\n'.encode(), f"\n]}}{after}".encode()


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _text(name: str) -> str:
    return resources.files("node.leaving").joinpath(name).read_text("utf-8")


def _csv_line(cells: Sequence[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerow([bookarchive.safe(cell) for cell in cells])
    return text.getvalue().encode()


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    file.seek(0)
    while piece := file.read(PIECE):
        yield piece


def _around(before: bytes, file: IO[bytes], after: bytes) -> Iterator[bytes]:
    yield before
    yield from _pieces(file)
    yield after
