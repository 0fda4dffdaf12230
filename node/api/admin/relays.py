"""Admin commands: mail around who does not answer, and carrying for others."""

from __future__ import annotations

from typing import Any

from node.api.admin.command import Ask, Command, Nothing
from node.api.context import Context
from node.services.mailing import overview, rules
from node.services.transaction import Tx
from protocol.limits import MIB


class Allow(Ask, frozen=True):
    """``room``: MiB for what others leave here for third nodes, 0: none; ``days``: for how long at most."""

    room: int = rules.DEFAULT_ROOM_MIB
    days: int = rules.DEFAULT_DAYS


class After(Ask, frozen=True):
    """``minutes`` since the last contact after which mail goes another way; 0: never."""

    minutes: int


def status(context: Context, _ask: Nothing) -> dict[str, Any]:
    """Settings, what lies here for others, what of ours lies elsewhere."""
    return context.store.read(_shown)


def _shown(tx: Tx) -> dict[str, Any]:
    found = overview.show(tx)
    return {
        "after_minutes": found.dark_after // rules.MINUTE_US,
        "room": found.relay.room // MIB,
        "days": found.relay.keep // rules.DAY_US,
        "kept": [{**item._asdict(), "receiver": item.receiver.hex()} for item in found.kept],
        "left": [{**item._asdict(), "node": item.node.hex()} for item in found.left],
    }


def allow(context: Context, ask: Allow) -> dict[str, Any]:
    """Carry for others, or (room 0) no more."""

    def work(tx: Tx) -> dict[str, Any]:
        rules.set_relay(tx, ask.room, ask.days)
        return _shown(tx)

    return context.commit(work)


def after(context: Context, ask: After) -> dict[str, Any]:
    """Change when mail goes another way."""

    def work(tx: Tx) -> dict[str, Any]:
        rules.set_dark_after(tx, ask.minutes)
        return _shown(tx)

    return context.commit(work)


COMMANDS = (
    Command("relay.status", Nothing, status, offline=True),
    Command("relay.allow", Allow, allow, offline=True),
    Command("relay.after", After, after, offline=True),
)
