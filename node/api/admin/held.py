"""Admin commands: documents that wait for a person."""

from __future__ import annotations

from typing import Any

from node.api.admin.command import Ask, Command, document_of, local_member, tell
from node.api.admin.documents import shown
from node.api.context import Context
from node.services import held, reading
from node.services.transaction import Tx


class ListHeld(Ask, frozen=True):
    """``member`` empty: of all members."""

    member: str = ""


class Decide(Ask, frozen=True):
    """``decision``: apply or refuse; ``by``: who decides."""

    document: str
    decision: str
    by: str
    member: str = ""
    note: str = ""


def list_held(context: Context, ask: ListHeld) -> list[dict[str, Any]]:
    """Oldest first, by member."""

    def work(tx: Tx) -> list[dict[str, Any]]:
        members = [local_member(tx, ask.member)] if ask.member else [row.member for row in tx.members.all(local=True)]
        found = []
        for member in members:
            waiting = held.waiting(tx, member)
            views = reading.views(tx, member, [item.holding for item in waiting])
            found += [
                {**shown(view), "member": member.hex(), "first": item.first.hex()}
                for item, view in zip(waiting, views, strict=True)
            ]
        return found

    return context.store.read(work)


def decide(context: Context, ask: Decide) -> dict[str, Any]:
    """Let it take effect, or refuse it."""

    def work(tx: Tx) -> tuple[dict[str, Any], frozenset[bytes]]:
        wanted = local_member(tx, ask.member) if ask.member else None
        member, document = document_of(tx, ask.document, wanted)
        news = held.decide(context.house, tx, member, document, ask.decision, ask.by, ask.note)
        return {"document": document.hex(), "verdict": reading.require(tx, member, document).verdict}, news

    answer, news = context.commit(work)
    tell(context, news)
    return answer


COMMANDS = (
    Command("held.list", ListHeld, list_held, offline=True),
    Command("held.decide", Decide, decide),
)
