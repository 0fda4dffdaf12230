"""`yui token …`: how programs prove who they are at the member API."""

from __future__ import annotations

from typing import Annotated

import typer

from cli import output
from cli.client import call
from cli.command import command, family
from cli.output import moment, short
from node.i18n import _

app = family(_("Tokens for programs that use the member API."))


@command(app, "create", _("Make a token. It is shown once."))
def create(
    label: Annotated[str, typer.Argument(metavar="LABEL", help=_("What the token is for."))],
    member: Annotated[
        str, typer.Option(help=_("The member that it speaks for; without one: the node's own monitoring."))
    ] = "",
    user: Annotated[str, typer.Option(help=_("The login that it belongs to."))] = "",
    scope: Annotated[
        list[str] | None,
        typer.Option(
            help=_(
                "documents:read, documents:write, held:decide, payments:mark, directory:read, sales:write, "
                "member:export, metrics:read (may be repeated; default: all)."
            )
        ),
    ] = None,
    days: Annotated[int | None, typer.Option(min=1, help=_("Days until it expires (default: never)."))] = None,
) -> None:
    """Make a token."""
    found = call("token.create", label=label, member=member, user=user, scopes=" ".join(scope or []), days=days)
    output.facts(
        found,
        [
            (_("Token"), found["token"]),
            (_("Id"), found["id"]),
            (_("Member"), short(found["member"])),
            (_("Scopes"), found["scopes"]),
            (_("Expires"), moment(found["expires"])),
        ],
    )
    output.say(_("The token is shown only now: the node keeps its hash."))


@command(app, "list", _("List tokens."))
def list_tokens() -> None:
    """List tokens."""
    found = call("token.list")
    rows = [
        (
            row["id"],
            row["label"],
            short(row["member"]),
            row["scopes"],
            moment(row["created"]),
            moment(row["expires"]),
            moment(row["revoked"]),
        )
        for row in found
    ]
    columns = [_("Id"), _("Label"), _("Member"), _("Scopes"), _("Since"), _("Expires"), _("Revoked")]
    output.table(found, columns, rows)


@command(app, "revoke", _("Take a token out of use, at once."))
def revoke(
    token: Annotated[str, typer.Argument(metavar="ID", help=_("At least 8 digits of the id in the list."))],
) -> None:
    """Take a token out of use."""
    found = call("token.revoke", token=token)
    output.facts(
        found, [(_("Token"), found["id"]), (_("Label"), found["label"]), (_("Revoked"), moment(found["revoked"]))]
    )
