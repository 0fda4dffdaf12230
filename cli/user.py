"""`yui user …`: logins of members."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from cli import output
from cli.client import call
from cli.command import command, family
from cli.exits import Exit, Failure
from cli.output import moment, short, yes_no
from node.i18n import _

app = family(_("Logins of members."))


@command(app, "add", _("Add a login. The password is asked for, or read from standard input."))
def add(
    member: Annotated[str, typer.Argument(metavar="MEMBER", help=_("Name, or first digits of the id."))],
    name: Annotated[str, typer.Argument(metavar="LOGIN", help=_("Login name."))],
    role: Annotated[str, typer.Option(help=_("owner, clerk or viewer."))] = "clerk",
) -> None:
    """Add a login."""
    found = call("user.add", member=member, name=name, role=role, password=_password())
    output.facts(
        found, [(_("Login"), found["name"]), (_("Role"), found["role"]), (_("Member"), short(found["member"]))]
    )


def _password() -> str:
    if sys.stdin.isatty() and not output.Mode.json:
        return str(
            typer.prompt(_("Password (at least 12 characters)"), hide_input=True, confirmation_prompt=True, err=True)
        )
    password = sys.stdin.readline().rstrip("\n")
    if not password:
        raise Failure(Exit.BAD_INPUT, _("give the password on standard input"))
    return password


@command(app, "invite", _("Make a one-time link by which somebody makes a login. It is shown once."))
def invite(
    member: Annotated[
        str, typer.Option(metavar="MEMBER", help=_("The member (leave it out for staff and admin)."))
    ] = "",
    role: Annotated[str, typer.Option(help=_("owner, clerk, viewer; supporter, staff, admin."))] = "clerk",
    note: Annotated[str, typer.Option(help=_("For whom, in your own words."))] = "",
    login: Annotated[str, typer.Option(metavar="LOGIN", help=_("Of somebody who lost password or device."))] = "",
) -> None:
    """Invite somebody."""
    found = call("user.invite", member=member, role=role, note=note, login=login)
    output.facts(
        found, [(_("Link"), found["link"]), (_("Role"), found["role"]), (_("Until"), moment(found["expires"]))]
    )


@command(app, "list", _("List logins."))
def list_users(
    member: Annotated[str, typer.Option(help=_("Only of this member."))] = "",
) -> None:
    """List logins."""
    found = call("user.list", member=member)
    rows = [
        (row["name"], row["role"], short(row["member"]), moment(row["created"]), yes_no(not row["disabled"]))
        for row in found
    ]
    output.table(found, [_("Login"), _("Role"), _("Member"), _("Since"), _("Active")], rows)


@command(app, "disable", _("Stop a login and its tokens."))
def disable(name: Annotated[str, typer.Argument(metavar="LOGIN")]) -> None:
    """Stop a login."""
    _show(call("user.disable", name=name, disabled=True))


@command(app, "enable", _("Let a login in again."))
def enable(name: Annotated[str, typer.Argument(metavar="LOGIN")]) -> None:
    """Let a login in again."""
    _show(call("user.disable", name=name, disabled=False))


def _show(found: dict[str, object]) -> None:
    output.facts(found, [(_("Login"), found["name"]), (_("Active"), yes_no(not found["disabled"]))])
