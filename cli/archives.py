"""Export archives of members, written to a file and read from one. Owns the file; what is in it is the node's."""

from __future__ import annotations

import base64
import os
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from cli import output
from cli.client import call
from cli.exits import Exit, Failure
from node.i18n import _
from protocol.limits import CHUNK_BYTES

if TYPE_CHECKING:
    from node.leaving.reading import Attachment, Reader


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


def take_in(file: Path, *, check: bool, damaged: bool) -> None:
    """Verify an archive, show what it has, and hand it to the node; a second time changes nothing."""
    from node.leaving import reading, verify
    from protocol import keys

    own, verify.is_signed = verify.is_signed, keys.holds  # a hundred times as fast as its own
    problems = (verify.Refused, KeyError, IndexError, TypeError, ValueError, zipfile.BadZipFile)
    try:
        output.say(_("verifying"))
        found, faults = verify.verify(file)
        reader = reading.Reader(file)
    except OSError as error:
        raise Failure(Exit.BAD_INPUT, _("{path} cannot be read: {error}").format(path=file, error=error)) from None
    except problems as error:
        reason = _("{path} is no export archive: {reason}").format(path=file, reason=error)
        raise Failure(Exit.NOT_VERIFIED, reason) from None
    finally:
        verify.is_signed = own
    for fault in faults:
        output.say(f"! {fault}")
    if faults and not (damaged and not check):
        text = _("{n} faults: nothing was taken in. `--damaged` takes in what holds.").format(n=len(faults))
        raise Failure(Exit.NOT_VERIFIED, text, {"faults": faults})
    rows: list[tuple[str, object]] = [
        (_("Member"), reader.about["name"]),
        (_("Id"), reader.about["member"]),
        (_("Expected"), reader.about["documents"]),
        (_("Found"), found["documents"] + found["unproven"]),
    ]
    if check:
        output.facts({**found, "faults": faults}, rows)
        return
    done = _hand_over(reader, damaged=damaged)
    rows += [(_("New here"), done["new"]), (_("Journal entries"), done["entries"])]
    rows += [(_("Left out"), line) for line in done["bad"]]
    output.facts({**found, "faults": faults, **done}, rows)
    text = _(
        "It can be read here: `yui books search --member {member}`. To go on working here, the member comes back with "
        "its recovery words."
    )
    output.say(text.format(member=reader.about["member"][:12]))


def _hand_over(reader: Reader, *, damaged: bool) -> dict[str, Any]:
    """Everything in the archive, to the node."""
    about = reader.about
    member = about["member"]
    call("member.import", member=member, network=about["network"], expected=about["documents"])
    bad: list[str] = []
    new = 0
    with output.progress(_("taking in"), about["documents"] or None) as advance:
        for group in reader.groups():
            sent = [(item.kind, base64.b64encode(item.payload).decode()) for item in group]
            done = call("member.import_items", member=member, items=sent)
            new, bad = new + int(done["documents"]), bad + done["bad"]
            advance(sum(item.kind == "document" for item in group))
        for name, rows in reader.records():
            call("member.import_records", member=member, name=name, rows=rows)
        for one in reader.attachments():
            _bring(reader, member, one)
    ended = call("member.import_end", member=member, damaged=damaged)
    return {**ended, "new": new, "bad": bad}


def _bring(reader: Reader, member: str, one: Attachment) -> None:
    asked: dict[str, Any] = {"member": member, "root": one.root, "size": one.size, "media_type": one.media_type}
    missing = set(call("member.import_file", **asked)["missing"])
    with reader.open(one.file) as file:
        at = 0
        while missing and ((chunk := file.read(CHUNK_BYTES)) or not at):
            if at in missing:
                call("member.import_file", index=at, chunk=base64.b64encode(chunk).decode(), **asked)
            at += 1
