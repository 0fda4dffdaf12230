"""`yui held …`: two documents with one number; a person decides."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

from cli import output
from cli.client import call
from cli.command import command, family
from cli.exits import Exit, Failure
from cli.output import moment, short
from node import words
from node.i18n import _

app = family(_("Documents that wait for a person."))


@command(app, "list", _("List what waits for a decision, oldest first."))
def list_held(member: Annotated[str, typer.Option(help=_("Only of this member."))] = "") -> None:
    """List held documents."""
    found = call("held.list", member=member)
    rows = [
        (
            short(row["id"]),
            words.paper(row["type"]),
            row["number"],
            row["partner_name"] or short(row["partner"]),
            moment(row["time"]),
            short(row["first"]),
            row["reason"],
        )
        for row in found
    ]
    columns = [_("Id"), _("Type"), _("Number"), _("Partner"), _("Time"), _("First with this number"), _("Why")]
    output.table(found, columns, rows, empty=_("nothing waits for a decision"))


@command(app, "decide", _("Let a held document take effect (--apply) or not (--refuse)."))
def decide(
    document: Annotated[str, typer.Argument(metavar="DOCUMENT", help=_("Id of the document, or its first 8 digits."))],
    apply: Annotated[bool, typer.Option("--apply", help=_("It counts, beside the other."))] = False,
    refuse: Annotated[bool, typer.Option("--refuse", help=_("It does not count."))] = False,
    note: Annotated[str, typer.Option(help=_("Why, in words."))] = "",
    member: Annotated[str, typer.Option(help=_("The member that decides, where two of this node hold it."))] = "",
) -> None:
    """Decide about a held document."""
    if apply == refuse:
        raise Failure(Exit.BAD_INPUT, _("one of --apply, --refuse"))
    decision = "apply" if apply else "refuse"
    by = f"cli:{getpass.getuser()}"
    found = call("held.decide", document=document, decision=decision, by=by, note=note, member=member)
    output.facts(found, [(_("Document"), found["document"]), (_("Verdict"), words.verdict(found["verdict"]))])
