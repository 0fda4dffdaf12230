"""`yui serve`: the node itself, in the foreground. A service manager or a terminal ends it."""

from __future__ import annotations

import os
import sys

import typer

from cli import output
from cli.client import data_folder, is_running, refusal
from cli.exits import Exit, Failure
from node.i18n import _


def serve() -> None:
    """Run until SIGTERM or Ctrl-C."""
    import asyncio
    import json

    import msgspec

    from node import app
    from node.api.problem import problem_of
    from protocol.errors import YuiError

    folder = data_folder()
    if not (folder / "yui.toml").exists():
        raise Failure(Exit.BAD_INPUT, _("there is no node in {folder}: make one with `yui init`").format(folder=folder))
    if is_running(folder):
        raise Failure(Exit.REFUSED, _("a node is running in {folder} already").format(folder=folder))
    _ask_passphrase(folder)
    try:
        asyncio.run(app.serve(folder))
    except YuiError as error:
        raise refusal(json.loads(msgspec.json.encode(problem_of(error)))) from None
    except OSError as error:
        raise Failure(Exit.REFUSED, _("cannot listen: {reason}").format(reason=error.strerror or error)) from None
    output.say(_("stopped"))


def _ask_passphrase(folder: object) -> None:
    """At a terminal a passphrase is asked for; it is handed on inside this process only."""
    from pathlib import Path

    from node.keyfile import PASSPHRASE_FILE
    from node.opening import PASSPHRASE_VARIABLE, passphrase_of

    if not (Path(str(folder)) / "keys" / PASSPHRASE_FILE).exists() or passphrase_of(os.environ):
        return
    if not sys.stdin.isatty():
        raise Failure(
            Exit.BAD_INPUT, _("the node's keys are under a passphrase: set YUI_PASSPHRASE or a systemd credential")
        )
    os.environ[PASSPHRASE_VARIABLE] = str(typer.prompt(_("Passphrase"), hide_input=True, err=True))
