"""`yui import KIND FILE`: lists from CSV and Excel."""

from __future__ import annotations

import base64
import json as jsonlib
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import output
from cli.client import call
from cli.command import read_file
from cli.exits import Exit, Failure
from node.i18n import _, language


def bring(
    kind: Annotated[str, typer.Argument(metavar="KIND", help=_("items, prices, partners, balances or orders."))],
    file: Annotated[Path, typer.Argument(metavar="FILE", help=_("CSV (UTF-8, Shift_JIS) or Excel."))],
    member: Annotated[str, typer.Option(help=_("The member (default: the only one of this node)."))] = "",
    partner: Annotated[str, typer.Option(help=_("Whose file it is, for lines that name no firm."))] = "",
    mapping: Annotated[
        Path | None, typer.Option(metavar="JSON", help=_('Columns: {"header": 1, "columns": {"name": "品名"}}.'))
    ] = None,
    user: Annotated[str, typer.Option(help=_("Whose drafts the orders become."))] = "",
    send: Annotated[bool, typer.Option("--send", help=_("Send the orders at once."))] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=_("Only say what would happen."))] = False,
) -> None:
    """Take a list over, or say what it would do."""
    content = base64.b64encode(read_file(file)).decode()
    found = call(
        "import.bring", kind=kind, name=file.name, content=content, member=member, partner=partner,
        mapping=None if mapping is None else mapping_in(mapping), user=user, send=send, commit=not dry_run,
        lang=language(),
    )  # fmt: skip
    rows = [(str(one["line"]), one["column"], one["rule"]) for one in found["problems"]]
    output.facts(found, [
        (_("New"), str(found["new"])),
        (_("Changed"), str(found["changed"])),
        (_("As it is already"), str(found["same"])),
        (_("Left out"), str(found["left_out"])),
        *((_("Line {n}").format(n=line), f"{column}: {rule}") for line, column, rule in rows),
    ])  # fmt: skip


def mapping_in(file: Path) -> Any:
    """The JSON of a mapping's file."""
    try:
        return jsonlib.loads(read_file(file))
    except ValueError as error:
        raise Failure(Exit.BAD_INPUT, _("{file}: not JSON: {error}").format(file=file, error=error)) from None
