"""Admin commands: how the node is, and what may be wrong with it."""

from __future__ import annotations

from typing import Any

from node.api.admin.command import Command, Nothing
from node.api.context import Context
from node.services import doctor, status, support
from node.services.transaction import Tx


def show(context: Context, _ask: Nothing) -> dict[str, Any]:
    """Counts, peers, addresses."""

    def work(tx: Tx) -> dict[str, Any]:
        return status.summary(context.house, tx)

    return {**context.store.read(work), "running": context.peers is not None, "data": str(context.folder)}


def examine(context: Context, _ask: Nothing) -> dict[str, Any]:
    """Every check that needs no other node."""
    findings = doctor.examine(context.house, context.store, context.folder)
    return {
        "ok": all(item.ok for item in findings),
        "findings": [{**item._asdict(), "given": dict(item.given)} for item in findings],
    }


def bundle(context: Context, _ask: Nothing) -> dict[str, Any]:
    """What may be handed to somebody who helps: nothing of anybody's business."""
    return support.bundle(context.house, context.store, context.folder)


COMMANDS = (
    Command("status", Nothing, show, offline=True),
    Command("doctor", Nothing, examine, offline=True),
    Command("support.bundle", Nothing, bundle, offline=True),
)
