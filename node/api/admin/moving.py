"""Admin commands: members that move to another association, or come from one, while both nodes live."""

from __future__ import annotations

from typing import Any

from node.api.admin.command import Ask, Command, Nothing, local_member, tell
from node.api.context import Context
from node.services import addressing, peers
from node.services.moving import arriving, leaving, overview
from node.services.moving.overview import Coming, Leaving
from node.services.transaction import Tx
from protocol.errors import CallerFault, NotFound
from protocol.identity.control import Proof

BY = "command line"


class Named(Ask, frozen=True):
    """A member by name or id."""

    member: str


class Leave(Ask, frozen=True):
    """``to``: the association that takes the member in, by name or id."""

    member: str
    to: str


class Sign(Ask, frozen=True):
    """``record``: hash of what was signed; ``proofs`` [role, key, signature]. All hex."""

    member: str
    record: str
    proofs: list[tuple[str, str, str]]


class Come(Ask, frozen=True):
    """``source``: the association where the member is now, by name or id; ``code``: as it was read out."""

    source: str
    code: str


def ask(context: Context, given: Leave) -> dict[str, Any]:
    """A one-time code."""

    def work(tx: Tx) -> dict[str, Any]:
        member = local_member(tx, given.member)
        made = leaving.ask(context.house, tx, member, peers.find(tx, given.to), BY)
        return {"member": member.hex(), "code": made.code, "expires": made.expires}

    return context.commit(work)


def look(context: Context, given: Named) -> dict[str, Any]:
    """How far a move away has come; the record that waits for the words, and whose words those are."""

    def work(tx: Tx) -> dict[str, Any]:
        member = addressing.resolve_loosely(tx, given.member, "member")
        found = overview.leaving_one(context.house, tx, member)
        return {
            "member": member.hex(),
            "node": context.house.id.hex(),
            "network": context.house.network,
            "words": [key.hex() for key in overview.words_of(context.house, tx, member)],
            "wanted": leaving.wanted(context.house, tx, member).hex(),
            "move": _left(found) if found is not None else None,
        }

    return context.store.read(work)


def sign(context: Context, given: Sign) -> dict[str, Any]:
    """The words have signed: the member is at home there from now on. ``switched`` False: look again."""
    proofs = [Proof(role, _hex(key, "proofs"), _hex(by, "proofs")) for role, key, by in given.proofs]

    def work(tx: Tx) -> leaving.Left | None:
        member = local_member(tx, given.member)
        return leaving.switch(context.house, tx, member, _hex(given.record, "record"), proofs, BY)

    left = context.commit(work)
    if left is not None:
        tell(context, left.news)
    return {"switched": left is not None}


def cancel(context: Context, given: Named) -> dict[str, Any]:
    """Cancel a move away, or one to this node."""

    def work(tx: Tx) -> dict[str, Any]:
        member = addressing.resolve_loosely(tx, given.member, "member")
        coming = tx.moving.coming(member)
        if coming is not None and not arriving.is_over(coming):
            arriving.want_cancel(context.house, tx, member, BY)
        elif tx.moving.leaving(member) is not None:
            leaving.cancel(context.house, tx, member, BY)
        else:
            raise NotFound("member", "does not move")
        return {"member": member.hex()}

    return context.commit(work)


async def come(context: Context, given: Come) -> dict[str, Any]:
    """Say a code to the old home."""
    source = context.store.read(lambda tx: peers.find(tx, given.source))
    member = await context.moves.come(source, given.code, BY)
    found = context.store.read(lambda tx: overview.coming_of(context.house, tx))
    return next(_came(row) for row in found if row.member == member)


def list_moves(context: Context, _ask: Nothing) -> dict[str, Any]:
    """Every move, away and to this node."""

    def work(tx: Tx) -> dict[str, Any]:
        return {
            "leaving": [_left(row) for row in overview.leaving_of(context.house, tx)],
            "coming": [_came(row) for row in overview.coming_of(context.house, tx)],
        }

    return context.store.read(work)


def _left(row: Leaving) -> dict[str, Any]:
    return {**row._asdict(), "member": row.member.hex(), "target": row.target.hex()}


def _came(row: Coming) -> dict[str, Any]:
    return {**row._asdict(), "member": row.member.hex(), "source": row.source.hex()}


def _hex(text: str, field: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise CallerFault(field, "hexadecimal digits") from None


COMMANDS = (
    Command("move.ask", Leave, ask),
    Command("move.look", Named, look),
    Command("move.sign", Sign, sign),
    Command("move.cancel", Named, cancel),
    Command("move.come", Come, come),
    Command("move.list", Nothing, list_moves),
)
