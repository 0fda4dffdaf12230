"""`yui enquiry …`: requests for quotations to several suppliers, and their answers side by side."""

from __future__ import annotations

from typing import Annotated

import typer

from cli import output
from cli.client import call
from cli.command import command, family
from cli.item import Member
from cli.output import moment, money, short, yes_no
from node.i18n import _

app = family(_("Enquiries: one request to several suppliers, answers side by side."))


@command(app, "list", _("List enquiries, latest first."))
def list_enquiries(member: Member = "") -> None:
    """List enquiries."""
    found = call("enquiry.list", member=member)
    rows = [(short(row["id"]), row["title"], row["deadline"], row["asked"], row["answered"]) for row in found]
    columns = [_("Id"), _("Title"), _("Answer wanted by"), _("Asked"), _("Answered")]
    output.table(found, columns, rows, empty=_("nothing yet"))


@command(app, "show", _("Show the answers to an enquiry."))
def show(
    enquiry: Annotated[str, typer.Argument(metavar="ID", help=_("At least 8 digits of the id."))], member: Member = ""
) -> None:
    """Show an enquiry."""
    found = call("enquiry.show", member=member, id=enquiry)
    rows = []
    for one in found["suppliers"]:
        quotation = one["quotation"] or {}
        total = (quotation.get("totals") or {}).get("payable")
        price = money(total, quotation.get("currency", "JPY"))
        rows.append((one["name"], moment(one["answered"]), price, yes_no(one["late"]), yes_no(one["ordered"])))
    output.table(found, [_("Supplier"), _("Answered"), _("Total"), _("Late"), _("Ordered")], rows)
