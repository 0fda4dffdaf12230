"""Admin command: a register's file on behalf of a member, for the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from node import selling
from node.api.admin.command import Ask, Command, local_member
from node.api.admin.documents import member_or_only
from node.api.context import Context
from node.i18n import translations

BY = "yui pos import"


class SalesBrought(Ask, frozen=True, kw_only=True):
    """``file``: where the file lies on this machine, readable for the node; ``mapping``: field → title."""

    file: str
    member: str = ""
    store: str = ""
    layout: str = "generic"
    mapping: dict[str, str] | None = None
    tax: str = "in"
    correct: bool = False
    commit: bool = False
    lang: str = "en"


def bring(context: Context, ask: SalesBrought) -> Any:
    """Look at a file, or take it over."""
    member = context.store.read(lambda tx: local_member(tx, ask.member) if ask.member else member_or_only(tx, ""))
    path = Path(ask.file)
    sold = selling.Sold(
        path, path.name, member, BY, ask.store, ask.layout, ask.mapping, ask.tax, ask.correct, ask.commit
    )
    told = selling.bring(context.store, context.warehouse, context.house.clock, sold)
    say = translations(ask.lang).gettext
    problems = [
        {"line": line, "column": column, "rule": say(rule) + (f" ({value})" if value else "")}
        for line, column, rule, value in told["problems"]
    ]
    return {**told, "problems": problems}


class Watch(Ask, frozen=True, kw_only=True):
    """``on``: files that a register writes are taken over by themselves."""

    member: str
    on: bool = True


def watch(context: Context, ask: Watch) -> Any:
    """Make a member's watched folder, or put it aside with what is in it."""
    member = context.store.read(lambda tx: local_member(tx, ask.member))
    folder = context.folder / "in" / member.hex()
    if ask.on:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    elif folder.exists():
        folder.rename(folder.with_name(f"{folder.name}.off-{context.house.clock()}"))
    return {"member": member.hex(), "folder": str(folder), "on": ask.on}


COMMANDS = (
    Command("pos.watch", Watch, watch, offline=True),
    Command("pos.import", SalesBrought, bring, offline=True),
)
