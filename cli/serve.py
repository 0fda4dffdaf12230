"""`yui serve`: the node itself, in the foreground. A service manager or a terminal ends it."""

from __future__ import annotations

import os
import sys

import typer

from cli.client import data_folder, is_running
from cli.exits import Exit, Failure
from node.i18n import _


def serve() -> None:
    """Run until SIGTERM or Ctrl-C. This process becomes the node: what only people need is not carried along."""
    folder = data_folder()
    if not (folder / "yui.toml").exists():
        raise Failure(Exit.BAD_INPUT, _("there is no node in {folder}: make one with `yui init`").format(folder=folder))
    if is_running(folder):
        raise Failure(Exit.REFUSED, _("a node is running in {folder} already").format(folder=folder))
    _ask_passphrase(folder)
    environment = {**MEMORY, **os.environ}
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(sys.executable, [sys.executable, "-P", "-m", "node", str(folder)], environment)  # noqa: S606 - our own interpreter


# One allocator arena: a node of many threads stays small. What a batch has freed is kept for the next one, up to 2 MiB:
# given back at once and fetched again it costs seven page faults for each document.
MEMORY = {"MALLOC_ARENA_MAX": "1", "MALLOC_TRIM_THRESHOLD_": "2097152", "MALLOC_MMAP_THRESHOLD_": "262144"}


def _ask_passphrase(folder: object) -> None:
    """At a terminal a passphrase is asked for; it is handed on by a pipe, which no other process sees."""
    from pathlib import Path

    from node.keyfile import PASSPHRASE_FILE
    from node.opening import PASSPHRASE_PIPE, passphrase_of

    if not (Path(str(folder)) / "keys" / PASSPHRASE_FILE).exists() or passphrase_of(os.environ):
        return
    if not sys.stdin.isatty():
        raise Failure(
            Exit.BAD_INPUT, _("the node's keys are under a passphrase: set YUI_PASSPHRASE or a systemd credential")
        )
    given = str(typer.prompt(_("Passphrase"), hide_input=True, err=True))
    reader, writer = os.pipe()
    os.write(writer, given.encode())
    os.close(writer)
    os.set_inheritable(reader, True)
    os.environ[PASSPHRASE_PIPE] = str(reader)
