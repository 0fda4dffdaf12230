"""Admin commands: the export archive of a member. Pieces come and go as base64; the file is the caller's."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any, NamedTuple

from node.api.admin.command import Ask, Command, local_member
from node.api.context import Context
from node.leaving import archive
from node.leaving.archive import Archive, Wish
from protocol.errors import CallerFault, NotFound

PIECE_BYTES = 1 << 20
MAX_OPEN = 4
IDLE_US = 600 * 1_000_000


class Export(Ask, frozen=True):
    """``language``: ja or en, of PDFs and index; ``pdf`` False: documents are not drawn."""

    member: str
    language: str = "ja"
    pdf: bool = True


class NextPiece(Ask, frozen=True):
    """The next piece of the export ``export`` (as begun)."""

    export: str


class _Open(NamedTuple):
    archive: Archive
    pieces: Iterator[bytes]
    used: int


def begin(context: Context, ask: Export) -> dict[str, Any]:
    """Fix what will be exported; nothing is written at the node."""
    if ask.language not in ("ja", "en"):
        raise CallerFault("language", "ja or en")
    now = context.house.clock()
    for name in [name for name, one in context.exports.items() if one.used < now - IDLE_US]:
        del context.exports[name]
    if len(context.exports) >= MAX_OPEN:
        raise CallerFault("export", f"{MAX_OPEN} exports are under way: wait for them")
    member = context.store.read(lambda tx: local_member(tx, ask.member))
    begun = archive.begin(context, member)
    made = Archive(context, begun, Wish(ask.language, ask.pdf))
    name = context.house.entropy(16).hex()
    context.exports[name] = _Open(made, made.pieces(), now)
    return {"export": name, "member": member.hex(), "name": begun.name, "documents": begun.documents}


def next_piece(context: Context, ask: NextPiece) -> dict[str, Any]:
    """About a megabyte more; ``end``: it was the last."""
    one = context.exports.pop(ask.export, None)
    if one is None:
        raise NotFound("export", "no such export is under way: begin again")
    found = bytearray()
    while len(found) < PIECE_BYTES:
        piece = next(one.pieces, None)
        if piece is None:
            return _answer(found, one.archive.done, end=True)
        found += piece
    context.exports[ask.export] = one._replace(used=context.house.clock())
    return _answer(found, one.archive.done, end=False)


def _answer(found: bytearray, done: int, *, end: bool) -> dict[str, Any]:
    return {"piece": base64.b64encode(found).decode(), "documents": done, "end": end}


COMMANDS = (
    Command("member.export", Export, begin),
    Command("member.export_piece", NextPiece, next_piece),
)
