"""`yui closing …`: a month's closings with every partner, and the list of what was billed in one."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Annotated

import typer

from cli import output
from cli.client import call
from cli.command import command, family
from cli.item import Member
from cli.output import money
from node import words
from node.i18n import _

app = family(_("Closing: what falls into a month with each partner, and the list of what was billed."))
Month = Annotated[str, typer.Argument(metavar="MONTH", help=_("A month, YYYY-MM."))]


@command(app, "list", _("List every partner with something billed or to be billed in a month."))
def list_month(month: Month, member: Member = "") -> None:
    """List closings."""
    found = call("closing.list", member=member, month=month)
    rows = [
        (
            row["partner_name"],
            _("we sell") if row["side"] == "sales" else _("we buy: self-billing"),
            row["closing"],
            money(row["agreed"], row["currency"]),
            money(row["open"], row["currency"]),
            money(row["billed"], row["currency"]),
        )
        for row in found
    ]
    columns = [
        _("Partner"),
        _("Side"),
        _("Closing day"),
        _("To be billed, inspected"),
        _("Not yet inspected"),
        _("Billed in this closing"),
    ]
    output.table(found, columns, rows, empty=_("Nothing to bill and nothing billed in this month."))


@command(app, "statement", _("List what was billed to a partner in a closing; with --pdf also as a sheet to print."))
def statement(
    partner: Annotated[
        str, typer.Argument(metavar="PARTNER", help=_("Id, first digits of it, corporate number or exact name."))
    ],
    month: Month,
    purchases: Annotated[bool, typer.Option("--purchases", help=_("What we stated to have bought."))] = False,
    pdf: Annotated[Path | None, typer.Option(help=_("File to write the sheet to."))] = None,
    lang: Annotated[str, typer.Option(help=_("Language of the sheet: ja or en."))] = "ja",
    member: Member = "",
) -> None:
    """Show a closing's list."""
    side = "purchases" if purchases else "sales"
    found = call(
        "closing.statement", member=member, partner=partner, month=month, side=side, lang=lang, pdf=pdf is not None
    )
    data = base64.b64decode(found.pop("pdf"))
    if pdf is not None:
        pdf.write_bytes(data)
    rows = [
        (
            row["day"],
            words.paper(row["kind"]),
            row["number"],
            row["order"],
            *(money(row[name], one["currency"]) for name in ("net", "tax", "total")),
        )
        for one in found["lists"]
        for row in one["listed"]
    ]
    columns = [_("Date"), _("Type"), _("Number"), _("Order number"), _("Without tax"), _("Tax"), _("Total")]
    output.table(found, columns, rows)
