"""`yui quarantine …`: what peers sent and could not be taken."""

from __future__ import annotations

from typing import Annotated

import typer

from cli import output
from cli.client import call
from cli.command import command, family
from cli.exits import Exit
from cli.output import moment, short
from node import words
from node.i18n import _

app = family(_("What peers sent and could not be taken."))
Number = Annotated[int, typer.Argument(metavar="NUMBER", help=_("Number in the list."))]


@command(app, "list", _("List the quarantine, oldest first."))
def list_quarantine(
    state: Annotated[str, typer.Option(help=_("open, retried or dropped."))] = "open",
    after: Annotated[int, typer.Option(min=0, help=_("Go on behind this number."))] = 0,
) -> None:
    """List the quarantine."""
    found = call("quarantine.list", state=state, after=after)
    rows = [
        (
            row["number"],
            row["peer"] or short(row["node"]),
            short(row["object"]),
            row["code"],
            row["reason"],
            output.size(row["size"]),
            moment(row["time"]),
        )
        for row in found
    ]
    columns = [_("Number"), _("Peer"), _("Id"), _("Code"), _("Why"), _("Size"), _("Time")]
    output.table(found, columns, rows, empty=_("the quarantine is empty"))


@command(app, "retry", _("Judge a record again, as if it came now; exit code 1 when it is still bad."))
def retry(number: Number) -> None:
    """Judge a record again."""
    found = call("quarantine.retry", number=number)
    output.facts(found, [(_("Number"), found["number"]), (_("Verdict"), found["verdict"]), (_("Why"), found["reason"])])
    if found["verdict"] == "quarantined":
        raise typer.Exit(Exit.REFUSED)


@command(app, "drop", _("Put a record aside for good."))
def drop(number: Number) -> None:
    """Put a record aside."""
    found = call("quarantine.drop", number=number)
    output.facts(found, [(_("Number"), found["number"]), (_("State"), words.quarantine(found["state"]))])
