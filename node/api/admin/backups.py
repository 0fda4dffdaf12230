"""Admin commands: backups. Restoring is no command of a node: it makes one (:mod:`node.backup`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from node import backup, opening, settings
from node.api.admin.command import Ask, Command, Nothing
from node.api.context import Context


class MakeBackup(Ask, frozen=True):
    """``folder`` empty: the configured one."""

    folder: str = ""


class Schedule(Ask, frozen=True):
    """``every_hours`` 0 switches scheduled backups off."""

    every_hours: int
    keep: int


def target_of(context: Context) -> Path:
    """Where this node's backups go."""
    configured = opening.load_config(context.folder).backup.folder
    return Path(configured) if configured else context.folder / "backups"


def make(context: Context, ask: MakeBackup) -> dict[str, Any]:
    """A backup now, verified."""
    keep = 0 if ask.folder else opening.load_config(context.folder).backup.keep
    target = Path(ask.folder) if ask.folder else target_of(context)
    made = backup.make(context.folder, target, context.store, context.house, context.house.clock(), keep)
    return {
        "path": str(made.path),
        "bytes": made.bytes,
        "attachments": made.manifest.attachments,
        "secret_needed": made.manifest.secret_needed,
    }


def list_backups(context: Context, _ask: Nothing) -> dict[str, Any]:
    """Where backups are, how often they are made, which there are."""
    config = opening.load_config(context.folder).backup
    target = target_of(context)
    return {
        "folder": str(target),
        "every_hours": config.every_hours,
        "keep": config.keep,
        "backups": [str(path) for path in backup.list_of(target)],
    }


def schedule(context: Context, ask: Schedule) -> dict[str, Any]:
    """How often, and how many are kept; written to ``yui.toml``, in force at once."""
    settings.change(context.folder, {"backup": {"every_hours": ask.every_hours, "keep": ask.keep}})
    return list_backups(context, Nothing())


COMMANDS = (
    Command("backup.now", MakeBackup, make, offline=True),
    Command("backup.list", Nothing, list_backups, offline=True),
    Command("backup.schedule", Schedule, schedule, offline=True),
)
