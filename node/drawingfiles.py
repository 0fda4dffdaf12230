"""The sealed content of drawings on this disk: written piece by piece, opened piece by piece, whatever its size.

Owns ``<data>/drawings``: the form of :mod:`node.attachments` (named by the root of what is sealed), and the step from a
plain file to its sealed form. Memory stays flat: one piece of 1 MiB at a time. Must not know who may read.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from node.attachments import AttachmentFiles
from protocol.document import attachment
from protocol.errors import CallerFault
from protocol.limits import MAX_DRAWING_BYTES
from protocol.process.drawing import content
from protocol.process.drawing.content import Sealed


class DrawingFiles:
    """The folder of drawings. Blocking: call it in threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.chunks = AttachmentFiles(folder)

    def seal(self, source: Path, key: bytes, drawing: bytes, version: int) -> Sealed:
        """``source`` sealed under ``key``, durably. CallerFault for an empty file or one that is too large."""
        size = source.stat().st_size
        if not 1 <= size <= MAX_DRAWING_BYTES:
            raise CallerFault("file", f"1 byte to {MAX_DRAWING_BYTES >> 20} MiB")
        about, digest, leaves = content.about(drawing, version, size), hashlib.sha256(), []
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = self._folder / f".sealing.{os.urandom(8).hex()}"
        try:
            with source.open("rb") as file, os.fdopen(_created(part), "wb") as out:
                for index in range(content.pieces(size)):
                    plain = file.read(content.PIECE_BYTES)
                    digest.update(plain)
                    sealed = content.seal_piece(plain, key, about, index)
                    leaves.append(attachment.chunk_leaf(index, sealed))
                    out.write(sealed)
                out.flush()
                os.fsync(out.fileno())
            root = attachment.root_of_leaves(content.sealed_size(size), leaves)
            self.chunks.adopt(part, root)
        finally:
            part.unlink(missing_ok=True)
        return Sealed(root, size, digest.digest())

    def pieces(self, root: bytes, size: int, key: bytes, drawing: bytes, version: int) -> Iterator[bytes]:
        """The file again, piece by piece. NotFound if it is not here, Malformed where it was changed."""
        about = content.about(drawing, version, size)
        for index in range(content.pieces(size)):
            yield content.open_piece(self.chunks.read_chunk(root, index), key, about, index)

    def has(self, root: bytes) -> bool:
        """Whether the sealed content is here."""
        return self.chunks.has(root)

    def delete(self, root: bytes) -> None:
        """Remove it, also what has come of it so far; durably."""
        self.chunks.drop(root.hex())
        self.chunks.delete(root)


def _created(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
