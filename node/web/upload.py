"""Files that people attach on a page: taken as they come, never whole in memory, kept as attachments of their member.

Owns the limits (100 MB a file, a few at once), the order (the form token stands before any file) and what a file's name
may hold. What a file is inside nobody here looks at: it goes to the partner as it is, and comes back as a download.
"""

from __future__ import annotations

import asyncio
import mimetypes
import os
import tempfile
import unicodedata
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Final, NamedTuple
from urllib.parse import quote

from aiohttp import BodyPartReader

from node.i18n import N_
from node.services import attachments
from node.services.transaction import Tx
from node.web.forms import Form
from protocol.document.header import AttachmentRef
from protocol.limits import CHUNK_BYTES, MIB

if TYPE_CHECKING:
    from node.web.visit import Visit

MAX_FILE_BYTES: Final = 100 * MIB
MAX_FILES: Final = 5
MAX_FIELD_BYTES: Final = 64 * 1024
MAX_PARTS: Final = 40
MAX_NAME_CHARS: Final = 120
PIECE_BYTES: Final = 256 * 1024
PLAIN: Final = "application/octet-stream"
TOO_LARGE: Final = N_("{name} is larger than 100 MB.")
LARGER: Final = N_("{name} is larger than {mb} MB: bring it in parts.")
TOO_MANY: Final = N_("At most {n} files at once.")


class Attached(NamedTuple):
    """A file that came in."""

    ref: AttachmentRef
    name: str


async def receive(
    visit: Visit, field: str, *, parts: int = MAX_PARTS, text_bytes: int = MAX_FIELD_BYTES
) -> tuple[Form, list[Attached]]:
    """The form of a page that streams, with the files in ``field``. Refused without the form's token before them.

    ``parts``: at most so many fields and files; ``text_bytes``: at most so much text in all fields together.
    """
    request = visit.request
    if request.content_type != "multipart/form-data":
        form = Form.parse(visit.say, await request.read())
        visit.site.require_ours(visit, form)
        return form, []
    form, found, count, room = Form.empty(visit.say), list[Attached](), 0, text_bytes
    async for part in await request.multipart():
        count += 1
        if not isinstance(part, BodyPartReader) or count > parts:
            break
        if part.filename is None:
            text = await _text(part, room)
            room -= len(text.encode())
            form.values.setdefault(part.name or "", []).append(text)
            continue
        visit.site.require_ours(visit, form)
        if part.name != field or not part.filename:
            continue
        if len(found) == MAX_FILES:
            form.wrong(field, TOO_MANY, n=MAX_FILES)
            break
        taken = await _take(visit, part, clean(part.filename), form, field)
        if taken is None:
            break
        found += [taken] if taken.ref.size else []
    visit.site.require_ours(visit, form)
    return form, found


async def receive_to(
    visit: Visit, field: str, folder: Path, stem: str, suffixes: Sequence[str], most: int
) -> tuple[Form, str, Path | None]:
    """The form of a page that streams; the one file in ``field`` goes to ``folder`` as it comes, named ``stem``.

    Gives the form, the file's own name, and where it lies (None: no file, or refused in the form). A suffix that is
    none of ``suffixes`` becomes the first of them.
    """
    request = visit.request
    if request.content_type != "multipart/form-data":
        form = Form.parse(visit.say, await request.read())
        visit.site.require_ours(visit, form)
        return form, "", None
    form, name, path, count, room = Form.empty(visit.say), "", None, 0, MAX_FIELD_BYTES
    async for part in await request.multipart():
        count += 1
        if not isinstance(part, BodyPartReader) or count > MAX_PARTS:
            break
        if part.filename is None:
            text = await _text(part, room)
            room -= len(text.encode())
            form.values.setdefault(part.name or "", []).append(text)
            continue
        visit.site.require_ours(visit, form)
        if part.name != field or not part.filename or path is not None:
            continue
        name = clean(part.filename)
        suffix = PurePosixPath(name).suffix.lower()
        path = folder / (stem + (suffix if suffix in suffixes else suffixes[0]))
        if not await _pour(part, path, most):
            form.wrong(field, LARGER, name=name, mb=most >> 20)
            return form, name, None
    visit.site.require_ours(visit, form)
    return form, name, path


async def _pour(part: BodyPartReader, path: Path, most: int) -> bool:
    """A part's content into a new file that only the owner may read; whether it fitted. What did not is gone."""
    size = 0
    file = await asyncio.to_thread(lambda: os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb"))
    try:
        while (piece := await part.read_chunk(PIECE_BYTES)) and size <= most:
            size += len(piece)
            await asyncio.to_thread(file.write, piece)
    except BaseException:
        await asyncio.to_thread(path.unlink, missing_ok=True)
        raise
    finally:
        await asyncio.to_thread(file.close)
    if size > most:
        await asyncio.to_thread(path.unlink)
    return size <= most


async def _text(part: BodyPartReader, room: int) -> str:
    """A field's text; what is beyond ``room`` bytes is left out, so a rule of the field refuses it."""
    data = bytearray()
    while piece := await part.read_chunk(8192):
        data += piece[: max(room - len(data), 0)]
    return data.decode("utf-8", "replace")


async def _take(visit: Visit, part: BodyPartReader, name: str, form: Form, field: str) -> Attached | None:
    """One file into the member's attachments; None (with the message in the form) if it is too large."""
    folder = visit.context.folder / "attachments"
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True, mode=0o700)
    with await asyncio.to_thread(_spool, folder) as file:
        size = 0
        while piece := await part.read_chunk(PIECE_BYTES):
            size += len(piece)
            if size > MAX_FILE_BYTES:
                form.wrong(field, TOO_LARGE, name=name)
                return None
            await asyncio.to_thread(file.write, piece)
        kind = mimetypes.guess_type(name)[0] or PLAIN
        if not size:
            return Attached(AttachmentRef(bytes(32), 0, kind), name)
        root = await asyncio.to_thread(_keep, visit, file, size, kind)
    house, member = visit.context.house, visit.member

    def work(tx: Tx) -> frozenset[bytes]:
        news = attachments.completed(house, tx, root, size, kind)
        attachments.brought(tx, member, root)
        return news

    news = await visit.write(work)
    if news:
        visit.context.news(news)
    return Attached(AttachmentRef(root, size, kind), name)


def _spool(folder: Path) -> IO[bytes]:
    return tempfile.TemporaryFile(dir=folder)


def _keep(visit: Visit, file: IO[bytes], size: int, kind: str) -> bytes:
    files = visit.context.files
    name = os.urandom(16).hex()
    begun = files.begin(name, visit.member, size, kind)
    file.seek(0)
    try:
        for index in range(begun.chunks):
            files.put_chunk(name, index, file.read(CHUNK_BYTES))
        return files.finish(name)
    except BaseException:
        files.drop(name)
        raise


def clean(name: str) -> str:
    """A file's name without folders, controls and signs that change the direction of text; never empty."""
    name = unicodedata.normalize("NFC", PurePosixPath(name.replace("\\", "/")).name)
    kept = "".join(c for c in name if unicodedata.category(c)[0] != "C").strip(" .")
    stem, dot, suffix = kept.rpartition(".")
    if len(kept) > MAX_NAME_CHARS and dot and len(suffix) <= 10:
        return f"{stem[: MAX_NAME_CHARS - len(suffix) - 1]}.{suffix}"
    return kept[:MAX_NAME_CHARS] or "file"


def download_headers(name: str, size: int) -> dict[str, str]:
    """Headers of a file that a browser saves and never opens by itself."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in clean(name))
    return {
        "Content-Type": PLAIN,
        "Content-Length": str(size),
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(clean(name), safe='')}",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
