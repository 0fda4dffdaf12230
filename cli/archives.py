"""Export archives of members, written to a file and read from one. Owns the file; what is in it is the node's."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Any, BinaryIO

from cli import output
from cli.client import call
from cli.exits import Exit, Failure
from node.i18n import _


def export(file: Path, member: str, language: str, *, pdf: bool, force: bool) -> None:
    """Write the archive; it gets its name when it is whole and on the disk."""
    if file.exists() and not force:
        raise Failure(Exit.BAD_INPUT, _("{path} is there already: name another file, or --force").format(path=file))
    begun = call("member.export", member=member, language=language, pdf=pdf)
    part = file.with_name(f".{file.name}.part")
    try:
        with part.open("wb") as target:
            part.chmod(0o600)
            documents = _fetch(begun, target)
            target.flush()
            os.fsync(target.fileno())
        part.replace(file)
    except OSError as error:
        raise Failure(Exit.REFUSED, _("{path} cannot be written: {error}").format(path=file, error=error)) from None
    finally:
        part.unlink(missing_ok=True)
    size = file.stat().st_size
    found = {"file": str(file), "member": begun["member"], "documents": documents, "bytes": size}
    shown = [
        (_("File"), file),
        (_("Member"), begun["name"]),
        (_("Documents"), documents),
        (_("Size"), output.size(size)),
    ]
    output.facts(found, shown)
    output.say(_("Whoever has the file reads everything in it. README.txt in it says how it is checked."))


def _fetch(begun: dict[str, Any], target: BinaryIO) -> int:
    done = 0
    with output.progress(_("exporting"), begun["documents"] or None) as advance:
        while True:
            found = call("member.export_piece", export=begun["export"])
            target.write(base64.b64decode(found["piece"]))
            advance(found["documents"] - done)
            done = int(found["documents"])
            if found["end"]:
                return done
