"""The bytes of attachments: files named by their root, and what has come in of those that are not complete.

Owns ``<data>/attachments``: ``ab/cdef…`` (complete, named by the hexadecimal root) and ``incoming/<name>/<chunk>``. A
chunk is written to a temporary name, synced and renamed, so a killed process leaves only whole chunks; a complete
file is checked against its root before it gets its name. Names are hexadecimal only: nothing a stranger says becomes a
path. Knows neither store nor HTTP; what is known *of* an attachment is a row in the store.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from protocol.document import attachment
from protocol.errors import CallerFault, Malformed, NotFound, TooLarge
from protocol.limits import CHUNK_BYTES

_NAME = re.compile(r"[0-9a-f]{32,64}")


class Incoming(NamedTuple):
    """An attachment on its way in. ``owner``: hex of the member or node that brings it."""

    name: str
    owner: str
    size: int
    media_type: str
    chunks: int
    missing: tuple[int, ...]


class AttachmentFiles:
    """The folder of attachments. Safe for several threads: every step is a rename."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._incoming = folder / "incoming"

    def path(self, root: bytes) -> Path:
        """Where the complete attachment lies (or would lie)."""
        name = root.hex()
        return self._folder / name[:2] / name[2:]

    def has(self, root: bytes) -> bool:
        """Whether every byte is here."""
        return self.path(root).exists()

    def read_chunk(self, root: bytes, index: int) -> bytes:
        """Chunk ``index`` of a complete attachment. NotFound if it is not here or has no such chunk."""
        path = self.path(root)
        try:
            with path.open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                length = attachment.chunk_size(size, index)
                file.seek(index * CHUNK_BYTES)
                return file.read(length)
        except (FileNotFoundError, Malformed):
            raise NotFound("attachment", "no such attachment or chunk") from None

    def begin(self, name: str, owner: bytes, size: int, media_type: str) -> Incoming:
        """Start (or find again) an attachment on its way in under ``name`` (hexadecimal)."""
        attachment.chunk_count(size)
        folder = self._folder_of(name)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        about = folder / "about.json"
        if not about.exists():
            self._write(about, json.dumps({"owner": owner.hex(), "size": size, "media_type": media_type}).encode())
        return self.find(name)

    def find(self, name: str) -> Incoming:
        """How far an attachment on its way in has come. NotFound if there is none."""
        folder = self._folder_of(name)
        try:
            about = json.loads((folder / "about.json").read_bytes())
        except FileNotFoundError:
            raise NotFound("upload", "no such upload") from None
        chunks = attachment.chunk_count(about["size"])
        here = {int(path.name) for path in folder.iterdir() if path.name.isdigit()}
        missing = tuple(index for index in range(chunks) if index not in here)
        return Incoming(name, about["owner"], about["size"], about["media_type"], chunks, missing)

    def put_chunk(self, name: str, index: int, chunk: bytes) -> Incoming:
        """Store one chunk; the same one twice is once. CallerFault if its length is not the one its place has."""
        found = self.find(name)
        try:
            wanted = attachment.chunk_size(found.size, index)
        except Malformed as error:
            raise CallerFault("chunk", str(error)) from None
        if len(chunk) != wanted:
            fault = TooLarge if len(chunk) > CHUNK_BYTES else None
            if fault is not None:
                raise fault(f"chunk {index}: {len(chunk)} bytes, {wanted} expected")
            raise CallerFault("chunk", f"chunk {index} has {wanted} bytes, {len(chunk)} came")
        self._write(self._folder_of(name) / str(index), chunk)
        return found._replace(missing=tuple(at for at in found.missing if at != index))

    def finish(self, name: str, root: bytes | None = None) -> bytes:
        """Put the chunks together; the root. ``root``: what it must be. CallerFault while chunks are missing."""
        found = self.find(name)
        if found.missing:
            raise CallerFault("upload", f"{len(found.missing)} of {found.chunks} chunks are missing", code="incomplete")
        folder = self._folder_of(name)
        whole = folder / "whole"
        with whole.open("wb") as file:
            whole.chmod(0o600)
            made = attachment.root_of(found.size, self._joined(folder, found.chunks, file))
            file.flush()
            os.fsync(file.fileno())
        if root is not None and made != root:
            shutil.rmtree(folder)
            raise Malformed("attachment: its chunks do not make the root that was named")
        self.adopt(whole, made)
        shutil.rmtree(folder, ignore_errors=True)
        return made

    def adopt(self, whole: Path, root: bytes) -> None:
        """Take over a file of this folder's own disk that is complete, synced and known to have this root."""
        target = self.path(root)
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        whole.replace(target)
        _sync_folder(target.parent)

    def open_uploads(self, owner: bytes) -> int:
        """How many attachments of ``owner`` are on their way in."""
        mark = f'"owner": "{owner.hex()}"'.encode()
        return sum(mark in path.read_bytes() for path in self._incoming.glob("*/about.json"))

    def forget_stale(self, older_than_s: float, now_s: float) -> int:
        """Forget what nobody has gone on with since ``now_s - older_than_s`` (seconds since 1970); how many."""
        stale = [
            folder
            for folder in (self._incoming.iterdir() if self._incoming.is_dir() else ())
            if folder.is_dir() and folder.stat().st_mtime < now_s - older_than_s
        ]
        for folder in stale:
            shutil.rmtree(folder, ignore_errors=True)
        return len(stale)

    def drop(self, name: str) -> None:
        """Forget an attachment on its way in."""
        shutil.rmtree(self._folder_of(name), ignore_errors=True)

    def delete(self, root: bytes) -> None:
        """Remove a complete attachment."""
        self.path(root).unlink(missing_ok=True)

    @staticmethod
    def _joined(folder: Path, chunks: int, file: object) -> Iterator[bytes]:
        write = file.write  # type: ignore[attr-defined]
        for index in range(chunks):
            chunk = (folder / str(index)).read_bytes()
            write(chunk)
            yield chunk

    def _folder_of(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise NotFound("upload", "no such upload")
        return self._incoming / name

    @staticmethod
    def _write(path: Path, data: bytes) -> None:
        part = path.with_name(f".{path.name}.{os.urandom(4).hex()}")
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
