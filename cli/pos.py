"""`yui pos …`: sales of registers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli import output
from cli.client import call
from cli.command import command, family
from cli.exits import Exit, Failure
from cli.imports import mapping_in
from node.i18n import _, language

app = family(_("Sales of registers (POS)."))


@command(app, "import", _("Take over a register's file; bad lines are named, the good ones kept."))
def bring(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=_("CSV (UTF-8, Shift_JIS) or Excel."))],
    member: Annotated[str, typer.Option(help=_("The member (default: the only one of this node)."))] = "",
    store: Annotated[str, typer.Option(help=_("The store, if the file does not name it."))] = "",
    layout: Annotated[str, typer.Option(help=_("Whose file it is: generic, smaregi, square."))] = "generic",
    mapping: Annotated[
        Path | None, typer.Option(metavar="JSON", help=_('Columns: {"columns": {"day": "営業日"}}.'))
    ] = None,
    tax: Annotated[str, typer.Option(help=_("Amounts where no column says: in, out, none."))] = "in",
    correct: Annotated[
        bool, typer.Option("--correct", help=_("Lines that differ from what is stored become new versions."))
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=_("Only say what would happen."))] = False,
) -> None:
    """Take a register's file over, or say what it would do."""
    if not file.is_file():
        raise Failure(Exit.BAD_INPUT, _("{file}: no such file").format(file=file))
    found = call(
        "pos.import", file=str(file.resolve()), member=member, store=store, layout=layout,
        mapping=None if mapping is None else mapping_in(mapping).get("columns"), tax=tax, correct=correct,
        commit=not dry_run, lang=language(),
    )  # fmt: skip
    output.facts(found, [
        (_("New"), str(found["new"])),
        (_("Changed"), str(found["changed"])),
        (_("As it is already"), str(found["same"])),
        (_("Left out"), str(found["bad"])),
        *((_("Line {n}").format(n=one["line"]), f"{one['column']}: {one['rule']}") for one in found["problems"]),
    ])  # fmt: skip


@command(app, "watch", _("Take over by itself what a register writes into a folder (on), or no longer (off)."))
def watch(
    member: Annotated[str, typer.Argument(metavar="MEMBER", help=_("Name or id of the member."))],
    state: Annotated[str, typer.Argument(metavar="on|off")] = "on",
) -> None:
    """Switch the watched folder."""
    if state not in ("on", "off"):
        raise Failure(Exit.BAD_INPUT, _("on or off"))
    found = call("pos.watch", member=member, on=state == "on")
    output.facts(found, [(_("Folder"), found["folder"]), (_("On"), output.yes_no(found["on"]))])
