"""`yui guest …`: partners without a node, reached by FAX or mail and by links."""

from __future__ import annotations

from typing import Annotated

import typer

from cli import output
from cli.client import call
from cli.command import command, family
from cli.item import Member
from cli.output import short
from node.i18n import _

app = family(_("Partners without a node."))


@command(app, "list", _("List partners without a node."))
def list_guests(member: Member = "") -> None:
    """List them."""
    found = call("guest.list", member=member)
    rows = [(short(row["id"]), row["name"], row["person"], row["telephone"], row["fax"], row["email"]) for row in found]
    columns = [_("Id"), _("Name"), _("Contact person"), _("Telephone"), _("FAX"), _("E-mail")]
    output.table(found, columns, rows, empty=_("nothing yet"))


@command(app, "add", _("Add a partner without a node. Links to its page are made on the page of a dealing."))
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help=_("Name of the firm."))],
    person: Annotated[str, typer.Option(help=_("Contact person"))] = "",
    telephone: Annotated[str, typer.Option(help=_("Telephone"))] = "",
    fax: Annotated[str, typer.Option(help=_("FAX"))] = "",
    email: Annotated[str, typer.Option(help=_("E-mail"))] = "",
    member: Member = "",
) -> None:
    """Add one."""
    addresses = {"person": person, "telephone": telephone, "fax": fax, "email": email}
    found = call("guest.add", member=member, name=name, addresses=addresses)
    output.facts(found, [(_("Name"), found["name"]), (_("Id"), found["id"])])
