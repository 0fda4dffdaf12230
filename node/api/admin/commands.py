"""Every admin command by name. Owns the list only."""

from __future__ import annotations

from node.api.admin import (
    archives,
    backups,
    carrying,
    desk,
    documents,
    drills,
    erasing,
    guardians,
    held,
    imports,
    joint,
    keys,
    leaving,
    members,
    moving,
    notices,
    overview,
    peers,
    pos,
    quarantine,
    reach,
    relays,
    returning,
    statistics,
    supplying,
    users,
)
from node.api.admin.command import Command

FAMILIES = (
    joint,
    archives,
    members,
    moving,
    users,
    peers,
    pos,
    documents,
    erasing,
    desk,
    imports,
    held,
    quarantine,
    notices,
    keys,
    leaving,
    guardians,
    drills,
    backups,
    carrying,
    overview,
    reach,
    relays,
    returning,
    statistics,
    supplying,
)

ALL: dict[str, Command] = {command.name: command for family in FAMILIES for command in family.COMMANDS}
