"""`yui notice …`: firms to telephone because nobody opens their papers; whether mail leaves the node."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

from cli import output
from cli.client import call
from cli.command import command, family
from cli.output import moment
from node.i18n import _

app = family(_("Notices that nobody opened, and mail."))


@command(app, "list", _("List the firms to telephone: papers wait and nobody has opened them."))
def list_calls() -> None:
    """List firms to call."""
    found = call("notice.list")
    rows = [
        (row["name"], row["telephone"] or "-", row["papers"], moment(row["since"]), moment(row["called"] or 0))
        for row in found["calls"]
    ]
    columns = [_("Firm"), _("Telephone"), _("Papers"), _("Since"), _("Called")]
    output.table(found, columns, rows, empty=_("nobody needs to be called"))
    for row in found["bounces"]:
        output.warn(_("mail does not reach {login} of {house}: {why}").format(**row))


@command(app, "called", _("Note that the association telephoned a firm."))
def called(
    member: Annotated[
        str, typer.Argument(metavar="MEMBER", help=_("Id of the member, its first digits, or its name."))
    ],
) -> None:
    """Note a call."""
    found = call("notice.called", member=member, by=f"cli:{getpass.getuser()}")
    output.facts(found, [(_("Member"), found["member"]), (_("Papers"), found["papers"])])


@command(app, "test", _("Send a test mail by the settings in yui.toml ([smtp])."))
def test(
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help=_("Where the mail goes."))],
) -> None:
    """Send a test mail."""
    found = call("notice.test", address=address)
    output.facts(found, [(_("Sent to"), found["address"]), (_("Server"), found["server"])])
