"""`yui relay …`: mail around a node that does not answer, and carrying sealed batches for others."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cli import output
from cli.client import call
from cli.command import command, family
from cli.output import moment, short, size
from node.i18n import _

app = family(_("Mail around nodes that do not answer: left with guardians, carried for others."))


@command(app, "status", _("What lies here for others, and what of ours lies elsewhere."))
def status() -> None:
    """Show both."""
    found = call("relay.status")
    kept = [
        (
            _("member {id}").format(id=short(row["receiver"])) if row["kind"] == "member" else row["name"],
            row["things"],
            size(row["size"]),
            moment(row["oldest"]),
        )
        for row in found["kept"]
    ]
    left = [(row["name"] or short(row["node"]), row["documents"], row["keepers"]) for row in found["left"]]
    _settings(found)
    if output.Mode.json:
        return
    columns = [_("Lies here for"), _("Parcels"), _("Size"), _("Since")]
    output.table(found, columns, kept, empty=_("nothing lies here for others"))
    columns = [_("Does not answer"), _("Documents"), _("With others")]
    output.table(found, columns, left, empty=_("nothing of ours lies elsewhere"))


@command(app, "allow", _("Carry sealed batches between peers that cannot reach each other."))
def allow(
    room: Annotated[int, typer.Option(min=1, help=_("MiB for all of it."))] = 256,
    days: Annotated[int, typer.Option(min=1, max=90, help=_("How long it may lie here."))] = 7,
) -> None:
    """Carry for others."""
    _settings(call("relay.allow", room=room, days=days))


@command(app, "deny", _("Carry nothing more for others. What lies here stays until it is collected."))
def deny() -> None:
    """Carry no more."""
    _settings(call("relay.allow", room=0))


@command(app, "after", _("How long a node may be silent before mail for it goes another way."))
def after(
    minutes: Annotated[int, typer.Argument(metavar="MINUTES", min=0, help=_("0: never."))],
) -> None:
    """Change it."""
    _settings(call("relay.after", minutes=minutes))


def _settings(found: dict[str, Any]) -> None:
    minutes, room = found["after_minutes"], found["room"]
    never = _("never")
    shown = [
        (_("Goes another way after"), _("{count} minutes").format(count=minutes) if minutes else never),
        (
            _("We carry for others"),
            _("up to {room} MiB, {days} days").format(room=room, days=found["days"]) if room else _("no"),
        ),
    ]
    output.facts(found, shown)
