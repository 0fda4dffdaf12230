"""`yui migrate`: the database of an older version, brought up to date. A backup is made first."""

from __future__ import annotations

from cli import output
from cli.client import data_folder, is_running
from cli.exits import Exit, Failure
from node import rules
from node.i18n import _


def migrate() -> None:
    """Bring the database up to date."""
    import time

    from node import opening
    from protocol.errors import CallerFault, YuiError

    folder = data_folder()
    if is_running(folder):
        raise Failure(Exit.REFUSED, _("stop the node first"))
    backups = folder / "backups"
    copy = backups / f"before-migration-{int(time.time())}.db"
    try:
        opening.load_config(folder)
        backups.mkdir(mode=0o700, exist_ok=True)
        steps = opening.migrate(folder, copy)
    except CallerFault as error:
        raise Failure(Exit.REFUSED if error.code == "newer-schema" else Exit.BAD_INPUT, rules.text_of(error)) from None
    except (YuiError, OSError) as error:
        raise Failure(Exit.REFUSED, rules.text_of(error)) from None
    found = {"steps": steps, "backup": str(copy) if steps else ""}
    if not steps:
        output.facts(found, [(_("Database"), _("up to date"))])
        return
    output.facts(found, [(_("Backup made before"), copy), *((_("Step"), step) for step in steps)])
