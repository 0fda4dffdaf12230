"""Admin commands: erasing personal parts."""

from __future__ import annotations

from typing import Any

from node.api.admin.command import Ask, Command, document_of, local_member
from node.api.context import Context
from node.services import reading
from node.services.erasing import asking
from node.services.erasing.asking import Erasure
from node.services.house import House
from node.services.transaction import Tx


class Request(Ask, frozen=True):
    """``member`` empty: whoever of this node holds the document; ``by``: who asks."""

    document: str
    by: str
    member: str = ""


class Status(Ask, frozen=True):
    """One document."""

    document: str
    member: str = ""


class List(Ask, frozen=True):
    """``member`` empty: of all members."""

    member: str = ""


def _shown(house: House, tx: Tx, row: Erasure) -> dict[str, Any]:
    plain = {
        **row._asdict(),
        **{f"copies_{name}": value for name, value in asking.copies_of(house, tx, row)._asdict().items()},
    }
    return {name: value.hex() if isinstance(value, bytes) else value for name, value in plain.items()}


def request(context: Context, ask: Request) -> dict[str, Any]:
    """Erase the personal part here and ask the partner, or say what keeps it."""

    def work(tx: Tx) -> dict[str, Any]:
        wanted = local_member(tx, ask.member) if ask.member else None
        member, document = document_of(tx, ask.document, wanted)
        return _shown(context.house, tx, asking.ask(context.house, tx, member, document, by=ask.by))

    return context.commit(work)


def status(context: Context, ask: Status) -> dict[str, Any]:
    """Whether the part is there, what keeps it, and what was asked."""

    def work(tx: Tx) -> dict[str, Any]:
        wanted = local_member(tx, ask.member) if ask.member else None
        member, document = document_of(tx, ask.document, wanted)
        seen = asking.look(context.house, tx, member, document)
        return {
            "document": document.hex(),
            "member": member.hex(),
            "named": seen.named,
            "here": seen.here,
            "rule": seen.kept.rule,
            "until": seen.kept.until,
            "erasure": _shown(context.house, tx, seen.row) if seen.row is not None else None,
        }

    return context.store.read(work)


def listed(context: Context, ask: List) -> list[dict[str, Any]]:
    """The latest first, by member."""

    def work(tx: Tx) -> list[dict[str, Any]]:
        members = [local_member(tx, ask.member)] if ask.member else [row.member for row in tx.members.all(local=True)]
        found = []
        for member in members:
            rows = asking.listed(tx, member)
            names = reading.names_of(tx, {row.partner for row in rows} | {member})
            found += [
                {
                    **_shown(context.house, tx, row),
                    "partner_name": names.get(row.partner, ""),
                    "member_name": names.get(member, ""),
                }
                for row in rows
            ]
        return found

    return context.store.read(work)


COMMANDS = (
    Command("erase.request", Request, request, offline=True),
    Command("erase.status", Status, status, offline=True),
    Command("erase.list", List, listed, offline=True),
)
