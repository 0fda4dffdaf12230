"""`yui carry out|in FILE`: what a link would send, in a sealed file that a person carries, where no network is."""

from __future__ import annotations

import base64
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer

from cli import output
from cli.client import call
from cli.command import command, family
from cli.exits import Exit, Failure
from node import words
from node.i18n import _

app = family(_("Files that carry what a connection would send, where there is no network."))
LENGTH_BYTES = 4
File = Annotated[Path, typer.Argument(metavar="FILE", help=_("The file, for example on a USB stick."))]


@command(app, "out", _("Write what waits for a peer into a file that only that peer can open."))
def out(
    file: File,
    to: Annotated[str, typer.Option(metavar="PEER", help=_("Name, or first digits of the id."))],
    force: Annotated[bool, typer.Option("--force", help=_("Replace a file that is there already."))] = False,
) -> None:
    """Write a file; it gets its name when it is whole and on the disk."""
    if file.exists() and not force:
        raise Failure(Exit.BAD_INPUT, _("{path} is there already: name another file, or --force").format(path=file))
    begun = call("carry.begin", peer=to)
    part = file.with_name(f".{file.name}.part")
    try:
        with part.open("wb") as target:
            part.chmod(0o600)
            written = _write(begun, target)
            target.flush()
            os.fsync(target.fileno())
        if not written["documents"] and not written["pieces"]:
            output.facts({"file": None, **written}, [(_("Nothing waits for {name}.").format(name=begun["name"]), "")])
            return
        part.replace(file)
    except OSError as error:
        raise Failure(Exit.REFUSED, _("{path} cannot be written: {error}").format(path=file, error=error)) from None
    finally:
        part.unlink(missing_ok=True)
    shown = [
        (_("File"), str(file)),
        (_("For"), begun["name"]),
        (_("Documents"), written["documents"]),
        (_("Attachments"), written["attachments"]),
        (_("Size"), output.size(file.stat().st_size)),
    ]
    output.facts({"file": str(file), "peer": begun["peer"], **written}, shown)
    output.say(_("There it is taken in with `yui carry in FILE`. Bring back the answer the same way."))


def _write(begun: dict[str, Any], target: BinaryIO) -> dict[str, int]:
    from protocol.document.attachment import chunk_count
    from protocol.link.carried import FILE_MARK

    about = {"peer": begun["peer"], "file": begun["file"]}
    attachments: dict[str, int] = {}
    documents = pieces = after = 0
    target.write(FILE_MARK)
    with output.progress(_("Writing"), begun["waiting"] or None) as advance:
        while True:
            found = call("carry.next", number=pieces + 1, after=after, **about)
            if not found["piece"]:
                break
            pieces += _put(target, found)
            documents, after = documents + found["documents"], found["after"]
            attachments.update({each["root"]: each["size"] for each in found["attachments"]})
            advance(found["documents"])
        for root, size in attachments.items():
            for at in range(chunk_count(size)):
                pieces += _put(target, call("carry.chunk", number=pieces + 1, root=root, index=at, **about))
    if pieces:
        _put(target, call("carry.end", number=pieces + 1, **about))
    return {"documents": documents, "attachments": len(attachments), "pieces": pieces}


def _put(target: BinaryIO, found: dict[str, Any]) -> int:
    piece = base64.b64decode(found["piece"])
    target.write(len(piece).to_bytes(LENGTH_BYTES, "big") + piece)
    return 1


@command(
    app, "in", _("Take in a file that a peer wrote for this node; exit code 1 when part of it is missing or damaged.")
)
def take_in(file: File) -> None:
    """Take in a file, piece by piece; twice is once."""
    verdicts: Counter[str] = Counter()
    faults: list[str] = []
    pieces = repeated = 0
    ended, name = False, ""
    try:
        with file.open("rb") as source, output.progress(_("Reading"), file.stat().st_size) as advance:
            for piece in _pieces(source):
                advance(len(piece) + LENGTH_BYTES)
                found = _take(piece, faults)
                if found is None:
                    continue
                pieces, name = pieces + 1, found["name"]
                verdicts.update(found["verdicts"])
                repeated += found["repeated"]
                ended = found["content"] == "end"
                if found["gap"]:
                    faults.append(_("Piece {n}: what comes before it is missing.").format(n=found["number"]))
    except OSError as error:
        raise Failure(Exit.BAD_INPUT, _("{path} cannot be read: {error}").format(path=file, error=error)) from None
    if not ended:
        faults.append(_("The file is cut off. What was before the cut has been taken in."))
    shown: list[tuple[str, Any]] = [(_("From"), name)]
    shown += [(words.verdict(verdict), count) for verdict, count in sorted(verdicts.items())]
    shown += [(_("Had come before"), _("yes"))] if repeated and not verdicts.total() else []
    shown += [(_("Not in order"), fault) for fault in faults]
    output.facts({"sender": name, "pieces": pieces, "verdicts": dict(verdicts), "faults": faults}, shown)
    if faults:
        raise typer.Exit(Exit.REFUSED)
    output.say(_("The receipts go back with the next file: `yui carry out FILE --to {name}`.").format(name=name))


def _take(piece: bytes, faults: list[str]) -> dict[str, Any] | None:
    """What the node did with one piece. A damaged one is noted and the rest goes on; another refusal ends it."""
    try:
        found: dict[str, Any] = call("carry.take", piece=base64.b64encode(piece).decode())
        return found
    except Failure as failure:
        if (failure.problem or {}).get("code") not in ("malformed", "too-large", "bad-signature"):
            raise
        faults.append(str(failure))
        return None


def _pieces(source: BinaryIO) -> Iterator[bytes]:
    """The pieces of a file, as far as they are whole."""
    from protocol.link.carried import FILE_MARK, MAX_PIECE_BYTES

    if source.read(len(FILE_MARK)) != FILE_MARK:
        raise Failure(Exit.BAD_INPUT, _("This is no file of `yui carry out`."))
    while len(length := source.read(LENGTH_BYTES)) == LENGTH_BYTES:
        size = int.from_bytes(length, "big")
        if size > MAX_PIECE_BYTES:
            raise Failure(Exit.BAD_INPUT, _("The file is damaged: a piece of it would have {n} bytes.").format(n=size))
        piece = source.read(size)
        if len(piece) < size:
            return
        yield piece
