"""Admin commands: what peers sent and could not be taken."""

from __future__ import annotations

from typing import Any

from node.api.admin.command import Ask, Command
from node.api.context import Context
from node.services import quarantine
from node.services.transaction import Tx


class ListQuarantine(Ask, frozen=True):
    """``state``: open, retried or dropped."""

    state: str = "open"
    after: int = 0
    limit: int = 100


class Numbered(Ask, frozen=True):
    """A record by its number in the list."""

    number: int


def list_quarantine(context: Context, ask: ListQuarantine) -> list[dict[str, Any]]:
    """Oldest first."""

    def work(tx: Tx) -> list[dict[str, Any]]:
        peers = {row.node: row.name for row in tx.peers.all()}
        return [
            {
                "number": row.id,
                "node": row.node.hex(),
                "peer": peers.get(row.node, ""),
                "object": row.object.hex(),
                "code": row.code,
                "reason": row.reason,
                "time": row.time,
                "state": row.state,
                "size": row.size,
            }
            for row in tx.quarantine.all(ask.state, after=ask.after, limit=ask.limit)
        ]

    return context.store.read(work)


def retry(context: Context, ask: Numbered) -> dict[str, Any]:
    """Judge a quarantined record again, as if it came now."""
    done = context.commit(lambda tx: quarantine.retry(context.house, tx, ask.number))
    context.news(done.news)
    return {"number": ask.number, "verdict": done.verdict, "reason": done.reason}


def drop(context: Context, ask: Numbered) -> dict[str, Any]:
    """Put a record aside for good; its bytes stay for evidence."""
    context.commit(lambda tx: quarantine.drop(tx, ask.number))
    return {"number": ask.number, "state": "dropped"}


COMMANDS = (
    Command("quarantine.list", ListQuarantine, list_quarantine, offline=True),
    Command("quarantine.retry", Numbered, retry),
    Command("quarantine.drop", Numbered, drop),
)
