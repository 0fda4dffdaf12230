"""Admin commands: keys of members. What needs words or the association's key is signed by the command line."""

from __future__ import annotations

import asyncio
from typing import Any

from node.api.admin.command import Ask, Command, local_member
from node.api.context import Context
from node.services import addressing, deciding, keying
from node.services.transaction import Tx
from protocol.errors import CallerFault
from protocol.identity import control


class MemberNamed(Ask, frozen=True):
    """A member by id, first digits of it, or name."""

    member: str


class Draft(Ask, frozen=True):
    """``role`` empty: a new epoch (signing key), else new keys ``public`` (hex) of that role. ``by``: who signs it.

    ``undo``: the record (hex, at least 8 digits) whose place it takes.
    """

    member: str
    by: str = "words"
    role: str = ""
    public: str = ""
    undo: str = ""


class Take(Ask, frozen=True):
    """A draft that was signed: its wire in hex."""

    member: str
    signed: str


def list_keys(context: Context, ask: MemberNamed) -> list[dict[str, Any]]:
    """A member's control log."""

    def work(tx: Tx) -> list[dict[str, Any]]:
        member = addressing.resolve_loosely(tx, ask.member, "member")
        return [line._asdict() for line in keying.lines(tx, member)]

    return context.store.read(work)


def rotate(context: Context, ask: MemberNamed) -> dict[str, Any]:
    """A new signing key by the node itself."""

    def work(tx: Tx) -> tuple[dict[str, Any], frozenset[bytes]]:
        member = local_member(tx, ask.member)
        epoch = keying.rotate(context.house, tx, member)
        return {"member": member.hex(), "epoch": epoch.hex()}, frozenset(tx.knows.by_member(member))

    answer, news = context.commit(work)
    context.news(news)
    return answer


def draft(context: Context, ask: Draft) -> dict[str, Any]:
    """A record that waits for a signature from outside."""

    def work(tx: Tx) -> dict[str, Any]:
        member = local_member(tx, ask.member)
        undo = _record(tx, member, ask.undo) if ask.undo else b""
        if ask.role:
            made = keying.draft_keys(context.house, tx, member, ask.role, _hex(ask.public, "public"), undo)
        else:
            made = keying.draft_epoch(context.house, tx, member, ask.by, undo)
        return {"member": member.hex(), "draft": control.encode(made).hex()}

    return context.commit(work)


def take(context: Context, ask: Take) -> dict[str, Any]:
    """Admit a draft that came back signed."""

    def work(tx: Tx) -> tuple[dict[str, Any], frozenset[bytes]]:
        member = local_member(tx, ask.member)
        line = keying.take(context.house, tx, member, _hex(ask.signed, "signed"))
        return line._asdict(), frozenset(tx.knows.by_member(member))

    answer, news = context.commit(work)
    context.news(news)
    return answer


def fork(context: Context, ask: MemberNamed) -> dict[str, Any]:
    """Both branches of a member with two successors of one record, and the draft that takes the place of both."""

    def work(tx: Tx) -> dict[str, Any]:
        member = local_member(tx, ask.member)
        return {"member": member.hex(), **_shown(deciding.show(context.house, tx, member))}

    return context.store.read(work)


def decide(context: Context, ask: MemberNamed) -> dict[str, Any]:
    """The record that takes the place of both branches: it waits for the words."""

    def work(tx: Tx) -> dict[str, Any]:
        member = local_member(tx, ask.member)
        return {"member": member.hex(), "draft": control.encode(deciding.draft(context.house, tx, member)).hex()}

    return context.commit(work)


async def decided(context: Context, ask: Take) -> dict[str, Any]:
    """Admit the decision. Once nothing is left to decide, the node goes on like a restored one."""

    def work(tx: Tx) -> tuple[dict[str, Any], bool]:
        member = local_member(tx, ask.member)
        line, over = deciding.take(context.house, tx, member, _hex(ask.signed, "signed"))
        return line._asdict(), over

    answer, over = await asyncio.to_thread(context.commit, work)
    if over and context.peers is not None:
        await context.peers.resolve()
    return {**answer, "frozen": context.house.frozen}


def _shown(found: deciding.Shown) -> dict[str, Any]:
    branches = {"ours": found.ours, "theirs": found.theirs}
    shown = {
        name: {"records": [line._asdict() for line in branch.lines], "sent": branch.sent}
        for name, branch in branches.items()
    }
    return {"point": found.point, "rank": found.rank, **shown}


def _record(tx: Tx, member: bytes, text: str) -> bytes:
    found = [line.hash for line in keying.lines(tx, member) if line.hash.startswith(text.lower())]
    if len(text) < 8 or len(found) != 1:
        raise CallerFault("record", "no such record, or several: give at least 8 digits as `yui key list` shows them")
    return bytes.fromhex(found[0])


def _hex(text: str, field: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise CallerFault(field, "hexadecimal digits") from None


COMMANDS = (
    Command("key.list", MemberNamed, list_keys, offline=True),
    Command("key.rotate", MemberNamed, rotate),
    Command("key.draft", Draft, draft),
    Command("key.take", Take, take),
    Command("key.fork", MemberNamed, fork),
    Command("key.decide", MemberNamed, decide),
    Command("key.decided", Take, decided),
)
