"""`yui item …`: a member's own items."""

from __future__ import annotations

import json as jsonlib
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import output
from cli.client import call
from cli.command import command, family, read_file
from cli.exits import Exit, Failure
from cli.output import moment
from node.i18n import _

app = family(_("Own items: list, add, remove."))
Member = Annotated[str, typer.Option(help=_("The member (default: the only one of this node)."))]


@command(app, "list", _("List items by number."))
def list_items(
    text: Annotated[str, typer.Argument(metavar="TEXT", help=_("In number, JAN, name or kana."))] = "",
    member: Member = "",
    limit: Annotated[int, typer.Option(min=1, max=500)] = 50,
    after: Annotated[str, typer.Option(help=_("Go on behind this number."))] = "",
) -> None:
    """List items."""
    found = call("item.list", member=member, text=text, limit=limit, after=after)
    rows = [
        (one["number"], one.get("gtin", ""), one["name"], decimal(one.get("price")), one.get("unit", "H87"), moment(at))
        for one, at in ((row["item"], row["updated"]) for row in found)
    ]
    columns = [_("Number"), _("JAN"), _("Name"), _("Price"), _("Unit"), _("Changed")]
    output.table(found, columns, rows, empty=_("no items"))


def decimal(scaled: dict[str, int] | None) -> str:
    """A scaled number as people write it."""
    if scaled is None:
        return ""
    scale = scaled.get("scale", 0)
    digits = str(scaled["value"]).rjust(scale + 1, "0")
    return f"{digits[:-scale]}.{digits[-scale:]}" if scale else digits


@command(app, "put", _("Add items, or replace those of the same number, from JSON: one object or an array."))
def put_items(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=_("JSON as in the member API (PUT /v1/items)."))],
    member: Member = "",
) -> None:
    """Add or replace items."""
    try:
        given: Any = jsonlib.loads(read_file(file))
    except ValueError as error:
        raise Failure(Exit.BAD_INPUT, _("{file}: not JSON: {error}").format(file=file, error=error)) from None
    found = call("item.put", member=member, items=given if isinstance(given, list) else [given])
    rows = [(row["item"]["number"], row["item"]["name"], row["version"]) for row in found]
    output.table(found, [_("Number"), _("Name"), _("Version")], rows)


@command(app, "drop", _("Remove an item from the list; papers that name it stay as they are."))
def drop_item(
    number: Annotated[str, typer.Argument(metavar="NUMBER", help=_("The item's number."))], member: Member = ""
) -> None:
    """Remove an item."""
    found = call("item.drop", member=member, number=number)
    output.facts(found, [(_("Removed"), found["number"])])
