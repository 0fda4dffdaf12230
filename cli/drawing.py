"""`yui drawing …`: drawings and specifications of members: bring a file, say who may read it, see who has."""

from __future__ import annotations

import base64
import mimetypes
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import output
from cli.client import call
from cli.command import command, family
from cli.exits import Exit, Failure
from cli.item import Member
from cli.output import moment, short
from node.i18n import _

app = family(_("Drawings and specifications: bring a file, say who may read it, see who has read it."))
Drawing = Annotated[str, typer.Argument(metavar="DRAWING", help=_("Its number, or the first digits of its id."))]


@command(app, "add", _("Publish a file as a drawing, or as the next version of one (--of)."))
def add(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=_("Up to 1 GB."))],
    number: Annotated[str, typer.Option(help=_("The drawing's number, such as AB-1203."))],
    title: Annotated[str, typer.Option(help=_("What it shows."))],
    of: Annotated[str, typer.Option(metavar="DRAWING", help=_("The drawing of which this is a new version."))] = "",
    specification: Annotated[bool, typer.Option("--specification", help=_("A specification, no drawing."))] = False,
    to: Annotated[
        list[str] | None, typer.Option(metavar="MEMBER", help=_("Who may have the file; may be given again."))
    ] = None,
    show_to: Annotated[
        list[str] | None, typer.Option(metavar="MEMBER", help=_("Who may look at marked pages only."))
    ] = None,
    resume: Annotated[str, typer.Option(metavar="UPLOAD", help=_("Go on with an upload that was interrupted."))] = "",
    member: Member = "",
) -> None:
    """Publish a file."""
    readers = [{"member": one, "may": "file"} for one in to or []]
    readers += [{"member": one, "may": "view"} for one in show_to or []]
    upload = _upload(file, member, resume)
    found = call(
        "drawing.add",
        upload=upload,
        number=number,
        title=title,
        name=file.name,
        media_type=mimetypes.guess_type(file.name)[0] or "application/octet-stream",
        kind="specification" if specification else "drawing",
        drawing=of,
        member=member,
        readers=readers,
    )
    output.facts(found, [*_facts(found), *_readers(found)])


def _upload(file: Path, member: str, resume: str) -> str:
    try:
        size = file.stat().st_size
        begun = call("drawing.begin", size=size, member=member, upload=resume)
        if not resume and len(begun["missing"]) > 1:
            output.warn(_("If this is interrupted, go on with --resume {upload}.").format(upload=begun["upload"]))
        with file.open("rb") as source, output.progress(_("Reading"), size) as advance:
            for index in begun["missing"]:
                source.seek(index * begun["chunk_bytes"])
                data = source.read(begun["chunk_bytes"])
                call("drawing.piece", upload=begun["upload"], index=index, data=base64.b64encode(data).decode())
                advance(len(data))
    except OSError as error:
        raise Failure(Exit.BAD_INPUT, _("{path}: cannot be read: {reason}").format(path=file, reason=error)) from None
    return str(begun["upload"])


@command(app, "list", _("List a member's drawings, newest first."))
def list_drawings(member: Member = "") -> None:
    """List drawings."""
    found = call("drawing.list", member=member)
    rows = [
        (short(one["drawing"]), one["number"], one["title"], one["version"], output.size(one["size"]), _count(one))
        for one in found
    ]
    heads = [_("Id"), _("Number"), _("Title"), _("Version"), _("Size"), _("Readers")]
    output.table(found, heads, rows, empty=_("no drawings"))


@command(app, "show", _("Show a drawing: versions, who may read them, who has."))
def show(drawing: Drawing, member: Member = "") -> None:
    """Show a drawing."""
    _shown(call("drawing.show", drawing=drawing, member=member))


@command(app, "allow", _("Let a firm read a version: the file, or with --view only marked pages."))
def allow(
    drawing: Drawing,
    reader: Annotated[str, typer.Argument(metavar="MEMBER", help=_("The firm that may read it."))],
    view: Annotated[bool, typer.Option("--view", help=_("Only pages with a watermark."))] = False,
    version: Annotated[int, typer.Option(help=_("Which version (default: the last)."))] = 0,
    member: Member = "",
) -> None:
    """Allow."""
    may = "view" if view else "file"
    _shown(call("drawing.allow", drawing=drawing, reader=reader, may=may, version=version, member=member))


@command(app, "withdraw", _("Withdraw a version from a firm: its node deletes its copy and confirms that."))
def withdraw(
    drawing: Drawing,
    reader: Annotated[str, typer.Argument(metavar="MEMBER", help=_("The firm that may not read it any more."))],
    version: Annotated[int, typer.Option(help=_("Which version (default: the last)."))] = 0,
    member: Member = "",
) -> None:
    """Withdraw."""
    _shown(call("drawing.allow", drawing=drawing, reader=reader, may="nothing", version=version, member=member))
    output.say(_("What was printed or saved there before stays there."))


@command(app, "received", _("List what a member was given to read."))
def received(member: Member = "") -> None:
    """List what was given."""
    found = call("drawing.received", member=member)
    rows = [
        (short(one["hash"]), one["owner_name"] or short(one["owner"]), one["number"], one["version"], _state(one))
        for one in found
    ]
    heads = [_("Id"), _("Firm that shows it"), _("Number"), _("Version"), _("State")]
    output.table(found, heads, rows, empty=_("no drawings"))


@command(app, "fetch", _("Fetch the content of a version that a member was given; nothing is opened."))
def fetch(
    version: Annotated[str, typer.Argument(metavar="VERSION", help=_("The first digits of its id."))],
    member: Member = "",
) -> None:
    """Fetch."""
    found = call("drawing.fetch", drawing=version, member=member)
    output.facts(found, [*_facts(found), (_("State"), _state(found))])


def _shown(found: dict[str, Any]) -> None:
    facts: list[tuple[str, Any]] = []
    for one in found["versions"]:
        facts += [*_facts(one), *_readers(one)]
    output.facts(found, facts)


def _facts(one: dict[str, Any]) -> list[tuple[str, Any]]:
    return [
        (_("Id"), one["drawing"]),
        (_("Number"), one["number"]),
        (_("Title"), one["title"]),
        (_("Version"), f"{one['version']} ({moment(one['time'])})"),
        (_("File"), f"{one['name']} ({output.size(one['size'])})"),
    ]


def _readers(one: dict[str, Any]) -> list[tuple[str, Any]]:
    facts = []
    for each in one["readers"]:
        said = {"view": _("may look at marked pages"), "file": _("may have the file"), "nothing": _("withdrawn")}
        text = said[each["may"]]
        if each["deleted"]:
            text = _("withdrawn; deleted there {when}").format(when=moment(each["deleted"]))
        facts.append((each["name"] or short(each["member"]), text))
        facts += [("", _opened(fact)) for fact in each["readings"]]
    return facts


def _opened(fact: dict[str, Any]) -> str:
    return _("opened by {person}, {when}").format(person=fact["person"], when=moment(fact["time"]))


def _count(one: dict[str, Any]) -> int:
    return sum(each["may"] != "nothing" for each in one["readers"])


def _state(one: dict[str, Any]) -> str:
    if one["may"] == "nothing":
        return _("withdrawn")
    if one["here"]:
        return _("here")
    return _("being fetched") if one["wanted"] else _("not fetched yet")
