"""`yui restore`: a data folder from a backup. The next start opens new epochs, whatever the backup says.

``--in-place``: nothing is copied; a database that was put back by other means is only called restored.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli import output
from cli.client import data_folder, is_running
from cli.exits import Exit, Failure
from cli.output import moment
from node import rules
from node.i18n import _


def restore(
    path: Annotated[Path | None, typer.Argument(metavar="[BACKUP]", help=_("The backup's folder."))] = None,
    secret: Annotated[
        Path | None, typer.Option(help=_("File with the node's secret (node.secret), where there is no passphrase."))
    ] = None,
    in_place: Annotated[
        bool, typer.Option("--in-place", help=_("The files or the database were put back by other means: only say so."))
    ] = False,
) -> None:
    """Make a data folder from a backup, or say of one that it is restored."""
    folder = data_folder()
    if in_place != (path is None) or (in_place and secret is not None):
        raise Failure(Exit.BAD_INPUT, _("name a backup, or say --in-place"))
    if path is None:
        _in_place(folder)
    else:
        _from_backup(path, folder, secret)


def _in_place(folder: Path) -> None:
    """Without its marker the next start is one on a restored database, whatever is in the folder."""
    from node import opening
    from protocol.errors import CallerFault

    if is_running(folder):
        raise Failure(Exit.REFUSED, _("stop the node first"))
    try:
        opening.load_config(folder)
        opening.unmark(folder)
    except CallerFault as error:
        raise Failure(Exit.BAD_INPUT, rules.text_of(error)) from None
    except OSError as error:
        raise Failure(Exit.REFUSED, str(error)) from None
    output.facts({"data": str(folder), "in_place": True}, [(_("Data folder"), folder)])
    _warn_of_old()


def _warn_of_old() -> None:
    output.say(
        _(
            "Make sure that the old node never runs again. `yui serve` opens new epochs and asks every peer for what "
            "is missing."
        )
    )


def _from_backup(path: Path, folder: Path, secret: Path | None) -> None:
    from node import backup
    from protocol.errors import CallerFault, PeerFault, YuiError

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
    _warn_of_old()


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
