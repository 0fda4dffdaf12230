"""`yui address …`: this node moves to another address; every peer learns it from a descriptor signed by this node."""

from __future__ import annotations

from typing import Annotated

import typer

from cli import output
from cli.client import call
from cli.command import command, family
from node.i18n import _

app = family(_("The address under which this node is reached."))


@command(app, "change", _("Tell every peer a new address, and keep it for the next start."))
def change(
    addresses: Annotated[
        list[str],
        typer.Argument(
            metavar="ADDRESS…",
            help=_('https://host:port; several are tried in turn; "none": this node cannot be called.'),
        ),
    ],
) -> None:
    """Change the addresses."""
    found = call("address.change", addresses=[item for item in addresses if item != "none"])
    output.facts(
        found,
        [(_("Addresses"), " ".join(found["addresses"]) or "–")],
    )
