"""`yui backup …`: made while the node runs, verified, on a schedule."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli import output
from cli.client import call
from cli.command import command, family
from cli.exits import Exit, Failure
from cli.output import moment
from node import rules
from node.i18n import _

app = family(_("Backups."))


@command(app, "now", _("Make a backup now and verify it."))
def now(
    folder: Annotated[str, typer.Option(help=_("Where to (default: the configured folder)."))] = "",
) -> None:
    """Make a backup."""
    target = str(Path(folder).absolute()) if folder else ""
    found = call("backup.now", folder=target)
    output.facts(
        found,
        [
            (_("Backup"), found["path"]),
            (_("Size"), output.size(found["bytes"])),
            (_("Attachments beside it"), found["attachments"]),
        ],
    )
    if found["secret_needed"]:
        output.say(_("The node's secret (keys/node.secret) is not in it: keep a copy of that elsewhere."))


@command(app, "list", _("List backups, latest first, and how often they are made."))
def list_backups() -> None:
    """List backups."""
    _show(call("backup.list"))


@command(app, "schedule", _("How often a backup is made, and how many are kept."))
def schedule(
    every_hours: Annotated[int, typer.Option(min=0, help=_("Hours between backups; 0: none."))] = 24,
    keep: Annotated[int, typer.Option(min=1, help=_("How many to keep."))] = 7,
) -> None:
    """Change the schedule."""
    _show(call("backup.schedule", every_hours=every_hours, keep=keep))


def _show(found: dict[str, object]) -> None:
    listed = found["backups"]
    assert isinstance(listed, list)
    rows = [(_("Folder"), found["folder"]), (_("Every (hours)"), found["every_hours"]), (_("Kept"), found["keep"])]
    output.facts(found, [*rows, *((_("Backup"), path) for path in listed)])


@command(app, "verify", _("Check that a backup is whole; needs no node. Exit code 5 when it is not."))
def verify(path: Annotated[Path, typer.Argument(metavar="BACKUP", help=_("The backup's folder."))]) -> None:
    """Check a backup."""
    from node import backup
    from protocol.errors import CallerFault, YuiError

    try:
        manifest = backup.verify(path)
    except CallerFault as error:
        raise Failure(Exit.BAD_INPUT, rules.text_of(error)) from None
    except (YuiError, OSError) as error:
        raise Failure(Exit.NOT_VERIFIED, rules.text_of(error), {"holds": False, "detail": str(error)}) from None
    found = {
        "holds": True,
        "path": str(path),
        "node": manifest.node,
        "made": manifest.made,
        "files": len(manifest.files),
    }
    output.facts(
        found,
        [
            (_("Whole"), _("yes")),
            (_("Node"), manifest.node),
            (_("Made"), moment(manifest.made)),
            (_("Files"), len(manifest.files)),
        ],
    )
