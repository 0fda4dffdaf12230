"""Admin commands without a running node: the data folder is opened, its lock taken, one command run, all closed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from node import opening
from node.api import problem
from node.api.admin import commands
from node.api.admin.command import decode, run_offline
from node.api.context import Context
from protocol.errors import NotFound, YuiError


def run(folder: Path, name: str, body: bytes, passphrase: str | None = None) -> tuple[int, Any]:
    """(status, JSON value) as the socket would have answered."""
    try:
        command = commands.ALL.get(name)
        if command is None:
            raise NotFound("command", f"no such command: {name}")
        ask = decode(command, body)
        if not command.offline:
            run_offline(command, None, ask)  # type: ignore[arg-type]  # raises before it looks
        opened = opening.open_folder(folder, passphrase=passphrase)
        try:
            context = Context(opened.house, opened.store, folder)
            try:
                return 200, json.loads(msgspec.json.encode(run_offline(command, context, ask)))
            finally:
                context.close()
        finally:
            opened.store.close()
    except YuiError as error:
        found = problem.problem_of(error)
        return found.status, json.loads(msgspec.json.encode(found))
