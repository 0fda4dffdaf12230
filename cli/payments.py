"""`yui payments …`: what is to be paid, and marking as paid."""

from __future__ import annotations

import base64
import getpass
from pathlib import Path
from typing import Annotated

import typer

from cli import output
from cli.books import Partner
from cli.client import call
from cli.command import command, family
from cli.item import Member
from cli.output import moment, money, short
from node import words
from node.i18n import _

app = family(_("Payments: what is due, what was paid."))


@command(app, "list", _("List open bills by bank day: to be paid, or with --receivable to be received."))
def list_due(
    receivable: Annotated[bool, typer.Option("--receivable", help=_("What others owe."))] = False,
    until: Annotated[str, typer.Option(help=_("Only what is due at the latest then, YYYY-MM-DD."))] = "",
    member: Member = "",
) -> None:
    """List open bills."""
    side = "receivable" if receivable else "payable"
    found = call("payments.list", member=member, side=side, until=until)
    rows = [
        (
            row["pay_on"],
            row["partner_name"] or short(row["bill"]["partner"]),
            words.paper(row["bill"]["kind"]),
            row["bill"]["number"],
            money(row["bill"]["open"], row["bill"]["currency"]),
            row["overdue"] or "",
        )
        for row in found
    ]
    columns = [_("Bank day"), _("Partner"), _("Type"), _("Number"), _("Open"), _("Days overdue")]
    output.table(found, columns, rows, empty=_("nothing is open"))


@command(app, "paid", _("Write down that a bill was paid. It is for yourselves: no partner is told."))
def paid(
    number: Annotated[str, typer.Argument(metavar="NUMBER", help=_("Number of the bill."))],
    day: Annotated[str, typer.Option(help=_("When it was paid, YYYY-MM-DD."))],
    amount: Annotated[
        int | None, typer.Option(min=1, help=_("In minor units (yen, cents); default: all that is open."))
    ] = None,
    partner: Partner = "",
    note: Annotated[str, typer.Option(help=_("A note to it."))] = "",
    member: Member = "",
) -> None:
    """Mark a bill as paid."""
    found = call(
        "payments.paid", member=member, number=number, day=day, amount=amount, partner=partner, note=note,
        by=f"cli:{getpass.getuser()}",
    )  # fmt: skip
    rows = [(row["id"][:12], row["number"], row["day"], row["amount"], row["by"]) for row in found]
    output.table(found, [_("Id"), _("Number"), _("Day"), _("Amount"), _("By")], rows)


@command(app, "undo", _("Take a payment back; the log keeps both."))
def undo(
    payment: Annotated[str, typer.Argument(metavar="ID", help=_("At least 8 digits of the id in the log."))],
    member: Member = "",
) -> None:
    """Take a payment back."""
    found = call("payments.undo", member=member, payment=payment, by=f"cli:{getpass.getuser()}")
    output.facts(found, [(_("Number"), found["number"]), (_("Taken back"), moment(found["undone"]))])


@command(app, "log", _("What was marked as paid and taken back, latest first."))
def log(member: Member = "") -> None:
    """The log."""
    found = call("payments.log", member=member)
    rows = [
        (
            row["id"][:12],
            row["number"],
            row["day"],
            row["amount"],
            row["by"],
            moment(row["time"]),
            moment(row["undone"]),
            row["undone_by"],
        )
        for row in found
    ]
    columns = [_("Id"), _("Number"), _("Day"), _("Amount"), _("By"), _("Time"), _("Taken back"), _("By")]
    output.table(found, columns, rows, empty=_("nothing yet"))


@command(app, "files", _("List bank files (総合振込) that were made on the pages or over the API."))
def files(member: Member = "") -> None:
    """List bank files."""
    found = call("transfer.list", member=member)
    rows = [
        (short(row["id"]), moment(row["time"]), row["day"], len(row["bills"]), money(row["total"], "JPY"), row["state"])
        for row in found
    ]
    columns = [_("Id"), _("Made"), _("Day"), _("Bills"), _("Total"), _("State")]
    output.table(found, columns, rows, empty=_("nothing yet"))


@command(app, "file", _("Write a bank file to disk, byte for byte. Nothing is paid by that."))
def file(
    transfer: Annotated[str, typer.Argument(metavar="ID", help=_("At least 8 digits of the id."))],
    out: Annotated[Path, typer.Option("--out", "-o", help=_("File to write."))],
    member: Member = "",
) -> None:
    """Write a bank file."""
    found = call("transfer.file", member=member, id=transfer)
    data = base64.b64decode(found.pop("data"))
    out.write_bytes(data)
    output.facts(found, [(_("File"), out), (_("Total"), money(found["total"], "JPY"))])
