"""The export archive of a member, made while it is sent: a zip with its documents, attachments, journal and records.

Owns the names of the files and their order. The journal's end is fixed at the beginning: what comes later is not in the
archive. Every page of documents is read in a transaction of its own; only one document's files are in memory at a
time. ``SHA256SUMS`` names every file, and the member's epoch key signs it with the journal's end (``signature.yui``).
"""

from __future__ import annotations

import hashlib
import json
import mimetypes
import re
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from importlib import resources
from typing import Any, Final, NamedTuple

from node import bookarchive
from node.api.context import Context
from node.bookarchive import File, Sink
from node.i18n import translations
from node.leaving import records
from node.leaving.index import Attached, Index, Row
from node.services import attachments, dealings, members, reading
from node.services.booking import amount_of, day_of, transaction_day
from node.services.books import Line
from node.store import GivenRow, HeadRow, HoldingRow, StoredDocument, Tx
from protocol import export
from protocol.document import envelope
from protocol.errors import NotFound
from protocol.export import Export
from protocol.journal import Position
from protocol.limits import CHUNK_BYTES

FORMAT: Final = "yui-export/1"
PAGE: Final = 50
ENTRIES: Final = 1_000
_FIRST: Final = zipfile.ZipInfo("x").date_time
_UNSAFE: Final = re.compile(r"[^\w.\-]+")


class Wish(NamedTuple):
    """``language``: of PDFs, index and page; ``pdf``: whether each document is drawn as well (the slow part)."""

    language: str = "ja"
    pdf: bool = True


class Begun(NamedTuple):
    """What the export will bring: the journal's end, the last holding, and how many documents there are now."""

    member: bytes
    name: str
    at: Position
    head: HeadRow | None
    last: int
    documents: int
    epochs: list[tuple[int, bytes, int]]


def begin(context: Context, member: bytes) -> Begun:
    """Fix where the export ends. NotFound for a member of another node; Frozen while nothing may be signed."""
    house = context.house

    def work(tx: Tx) -> Begun:
        row = tx.members.get(member)
        if row is None or not row.local or not row.epoch:
            raise NotFound("member", "no such member at this node")
        house.require_signing()
        head = tx.heads.get(member)
        log = members.require_log(house, tx, member)
        at = Position(member, row.epoch, head.seq, head.hash) if head and head.epoch == row.epoch else None
        found = ((log.epoch_named(epoch), epoch, last) for epoch, last in tx.journal.epochs(member))
        epochs = sorted((known.number if known else 0, epoch, last) for known, epoch, last in found)
        newest = tx.holdings.before(member, 1)
        documents = len(tx.holdings.dealings_of(member))
        ends = at or Position(member, row.epoch, 0, b"")
        return Begun(member, row.name, ends, head, newest[0].position if newest else 0, documents, epochs)

    return context.store.read(work)


class Archive:
    """One export. ``pieces`` gives the zip; ``done``: documents so far. Blocking: run it in a thread."""

    def __init__(self, context: Context, begun: Begun, wish: Wish) -> None:
        self._context, self._begun, self._wish = context, begun, wish
        self._sink = Sink()
        self._known: dict[bytes, str] = {}  # attachments: root → name of the file
        self._partners: set[bytes] = set()
        self._say = translations(wish.language).gettext
        self.done = 0

    def pieces(self) -> Iterator[bytes]:
        """The archive, piece by piece."""
        with (
            tempfile.TemporaryFile() as sums,
            Index(self._begun.name, self._wish.language) as index,
            zipfile.ZipFile(self._sink, "w", zipfile.ZIP_DEFLATED) as target,  # type: ignore[call-overload]
        ):
            for name, pieces in self._files(index):
                hashed = hashlib.sha256()
                info = zipfile.ZipInfo(name, _FIRST)
                info.external_attr = 0o600 << 16
                stored = name.startswith("attachments/")
                info.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
                with target.open(info, "w", force_zip64=stored) as file:
                    for piece in pieces:
                        hashed.update(piece)
                        file.write(piece)
                        yield self._sink.taken()
                sums.write(f"{hashed.hexdigest()}  {name}\n".encode())
            sums.seek(0)
            listed = sums.read()
            target.writestr(zipfile.ZipInfo("SHA256SUMS", _FIRST), listed, zipfile.ZIP_DEFLATED)
            target.writestr(zipfile.ZipInfo("signature.yui", _FIRST), self._signature(listed))
            yield self._sink.taken()
        yield self._sink.taken()

    def _files(self, index: Index) -> Iterator[tuple[str, Iterable[bytes]]]:
        for row, found in self._documents():
            for file in row.files:
                yield file.name, (file.content,)
            for attached in found:
                yield attached.file, self._chunks(attached)
            index.add(row)
            self.done += 1
        yield from self._histories()
        for number, epoch, last in self._begun.epochs:
            yield journal_name(number, epoch), self._journal(epoch, last)
        member, partners = self._begun.member, self._partners
        for name, content in self._context.store.read(lambda tx: list(records.tables(tx, member, partners))):
            yield name, (content,)
        yield from index.files()
        yield "about.json", (json.dumps(self._about(index.count), ensure_ascii=False, indent=1).encode(),)
        for name, content in texts(self._begun.name, index.count, self._made()):
            yield name, (content,)

    def _signature(self, listed: bytes) -> bytes:
        house, at = self._context.house, self._begun.at
        house.require_signing()
        return export.sign(house.keyring[at.epoch], Export(house.network, at, hashlib.sha256(listed).digest()))

    def _made(self) -> str:
        return datetime.fromtimestamp(self._context.house.clock() / 1_000_000, UTC).strftime("%Y-%m-%d %H:%M UTC")

    def _about(self, documents: int) -> dict[str, Any]:
        begun, house = self._begun, self._context.house
        head = begun.head
        return {
            "format": FORMAT, "network": house.network, "member": begun.member.hex(), "name": begun.name,
            "node": house.id.hex(), "node_name": house.name, "made": self._made(), "documents": documents,
            "attachments": len(self._known),
            "epochs": [
                {"number": number, "epoch": epoch.hex(), "last": self._last(epoch, last),
                 "file": journal_name(number, epoch)}
                for number, epoch, last in begun.epochs
            ],
            "head": None if head is None else {
                "epoch": head.epoch.hex(), "seq": head.seq, "hash": head.hash.hex(), "signature": head.signature.hex(),
            },
        }  # fmt: skip

    def _last(self, epoch: bytes, last: int) -> int:
        return self._begun.at.seq if epoch == self._begun.at.epoch else last

    # --- documents

    def _documents(self) -> Iterator[tuple[Row, list[Attached]]]:
        at = 0
        while at < self._begun.last:
            rows, stored, given, names = self._context.store.read(lambda tx, a=at: self._page(tx, a))  # type: ignore[misc]
            if not rows:
                return
            for holding in rows:
                if holding.position <= self._begun.last:
                    verdict = given.get((holding.document, self._begun.member))
                    yield self._row(holding, stored[holding.document], verdict, names)
            at = rows[-1].position

    def _page(self, tx: Tx, after: int) -> tuple[list[HoldingRow], dict[bytes, StoredDocument], Any, dict[bytes, str]]:
        rows = tx.holdings.after(self._begun.member, after, PAGE)
        ids = [row.document for row in rows]
        names = reading.names_of(tx, {row.partner for row in rows})
        return rows, tx.documents.full_many(ids), tx.given.get_many(ids), names

    def _row(
        self, holding: HoldingRow, stored: StoredDocument, given: GivenRow | None, names: dict[bytes, str]
    ) -> tuple[Row, list[Attached]]:
        self._partners.add(holding.partner)
        line = line_of(holding, stored, names.get(holding.partner, ""))
        forms = ("pdf", "ubl", "json", "proof") if self._wish.pdf else ("ubl", "json", "proof")
        wish = bookarchive.Wish(forms, self._wish.language, self._say)
        made = bookarchive.files_of(self._context, self._begun.member, line, wish)
        files = [file._replace(name=f"documents/{file.name}") for file in made]
        if not any(file.name.endswith(".yui-proof") for file in files):  # its author's epoch was undone: no proof
            content = envelope.encode(dealings.document_of(stored))
            files.append(File(f"documents/{line.day}/{holding.document.hex()}.yui-envelope", content))
        attached, new = self._attached(stored)
        said = None if given is None else {
            "verdict": given.verdict, "epoch": given.epoch.hex(), "seq": given.seq, "reason": given.reason
        }  # fmt: skip
        return Row(line, holding.reason, holding.read, files, attached, said), new

    # --- attachments

    def _attached(self, stored: StoredDocument) -> tuple[list[Attached], list[Attached]]:
        """All of a document, and those that are not in the archive yet."""
        refs = dealings.document_of(stored).header.attachments
        found, new = [], []
        paper = dealings.paper_of(stored) if refs else None
        for ref, file in zip(
            refs, self._context.store.read(lambda tx: attachments.files_of(tx, refs, paper)), strict=True
        ):
            name = self._known.get(ref.root, "")
            here = file.here and self._context.files.has(ref.root)
            one = Attached(ref.root, ref.size, ref.media_type, file.name, name)
            if here and not name:
                one = one._replace(file=f"attachments/{ref.root.hex()}/{file_name(file.name, ref.media_type)}")
                self._known[ref.root] = one.file
                new.append(one)
            found.append(one)
        return found, new

    def _chunks(self, attached: Attached) -> Iterator[bytes]:
        for at in range(max(1, -(-attached.size // CHUNK_BYTES))):
            yield self._context.files.read_chunk(attached.root, at)

    # --- journal and histories

    def _histories(self) -> Iterator[tuple[str, Iterable[bytes]]]:
        house = self._context.house
        for member in sorted({self._begun.member, *self._partners}):
            log: Callable[[Tx], bytes] = lambda tx, m=member: members.history(house, tx, m)  # type: ignore[misc]  # noqa: E731
            yield f"history/{member.hex()}.yui-history", (self._context.store.read(log),)

    def _journal(self, epoch: bytes, last: int) -> Iterator[bytes]:
        member, seq, end = self._begun.member, 0, self._last(epoch, last)
        while seq < end:
            work = lambda tx, s=seq: tx.journal.after(member, epoch, s, min(ENTRIES, end - s))  # noqa: E731
            rows = self._context.store.read(work)
            for row in rows:
                fields = (
                    row.seq,
                    row.previous.hex(),
                    row.kind,
                    row.object.hex(),
                    row.verdict,
                    row.hash.hex(),
                    row.time,
                )
                yield json.dumps(fields).encode() + b"\n"
            seq = rows[-1].seq


def stream(context: Context, member: bytes, wish: Wish) -> Iterator[bytes]:
    """The whole archive."""
    return Archive(context, begin(context, member), wish).pieces()


def line_of(holding: HoldingRow, stored: StoredDocument, name: str) -> Line:
    """The document as a line of the books, also where no book has it (unknown types, refused papers)."""
    paper = dealings.paper_of(stored)
    day = day_of(holding.document_time) if paper is None else transaction_day(paper)
    amount = None if paper is None else amount_of(paper)
    currency = str(getattr(paper, "currency", "") or "")
    return Line(
        holding.document, holding.thread, holding.type, holding.direction, holding.partner, name, holding.business_key,
        holding.revision, day, amount, currency, holding.verdict, holding.time,
    )  # fmt: skip


def journal_name(number: int, epoch: bytes) -> str:
    """The file of an epoch's journal."""
    return f"journal/{number:04d}-{epoch.hex()[:12]}.jsonl"


def file_name(name: str, media_type: str) -> str:
    """What an attachment is called in the archive: no path, nothing that a file system refuses."""
    plain = _UNSAFE.sub("_", name).strip("._")[:80] or "attachment"
    ending = mimetypes.guess_extension(media_type) or ""
    return plain if "." in plain else plain + ending


def texts(name: str, documents: int, made: str) -> Iterator[tuple[str, bytes]]:
    """README.txt (with a mark, for Windows) and verify.py."""
    folder = resources.files("node.leaving")
    readme = folder.joinpath("readme.txt").read_text("utf-8").format(name=name, documents=documents, made=made)
    yield "README.txt", b"\xef\xbb\xbf" + readme.replace("\n", "\r\n").encode()
    yield "verify.py", folder.joinpath("verify.py").read_bytes()
