"""`yui restore`: a data folder from a backup. The next start opens new epochs, whatever the backup says."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli import output
from cli.client import data_folder
from cli.exits import Exit, Failure
from cli.output import moment
from node import rules
from node.i18n import _


def restore(
    path: Annotated[Path, typer.Argument(metavar="BACKUP", help=_("The backup's folder."))],
    secret: Annotated[
        Path | None, typer.Option(help=_("File with the node's secret (node.secret), where there is no passphrase."))
    ] = None,
) -> None:
    """Make a data folder from a backup."""
    from node import backup
    from protocol.errors import CallerFault, PeerFault, YuiError

    folder = data_folder()
    if secret is not None and not secret.is_file():
        raise Failure(Exit.BAD_INPUT, _("{path}: no such file").format(path=secret))
    try:
        with output.progress(_("restoring"), None) as advance:
            manifest = backup.restore(path, folder, secret, lambda _name: advance(1), _passphrase(path, secret))
    except PeerFault as error:
        raise Failure(Exit.NOT_VERIFIED, rules.text_of(error), {"holds": False, "detail": str(error)}) from None
    except CallerFault as error:
        raise Failure(Exit.BAD_INPUT, rules.text_of(error)) from None
    except (YuiError, OSError) as error:
        raise Failure(Exit.REFUSED, rules.text_of(error)) from None
    _check_secret(folder)
    found = {"data": str(folder), "node": manifest.node, "made": manifest.made}
    output.facts(
        found, [(_("Data folder"), folder), (_("Node"), manifest.node), (_("Backup made"), moment(manifest.made))]
    )
    output.say(
        _(
            "Make sure that the old node never runs again. `yui serve` opens new epochs and asks every peer for what "
            "is missing."
        )
    )


def _passphrase(path: Path, secret: Path | None) -> str | None:
    """What opens a backup of a node that starts attended: handed over as at a start, or typed."""
    import os

    from node import opening
    from node.keyfile import PASSPHRASE_FILE

    if secret is not None or not (path / "keys" / PASSPHRASE_FILE).exists():
        return None
    given = opening.passphrase_of(os.environ)
    return given or str(typer.prompt(_("The node's passphrase"), hide_input=True, err=True))


def _check_secret(folder: Path) -> None:
    """A wrong secret is found now, not in the next emergency."""
    from node import opening
    from protocol.errors import YuiError

    try:
        opening.make_house(folder, opening.load_config(folder), opening.open_secret(folder))
    except YuiError as error:
        output.warn(_("Warning: the keys do not open: {reason}").format(reason=error))
