"""Admin commands: members that come back here after their node was lost. Their words and keys stay outside."""

from __future__ import annotations

from typing import Any

from node.api.admin.command import Ask, Command, Nothing
from node.api.context import Context
from node.services.transaction import Tx
from protocol.errors import CallerFault
from protocol.identity.control import Proof
from protocol.keys import NodeId


class Find(Ask, frozen=True):
    """A question whose key it is, signed by its holder (hex), to one peer."""

    peer: str
    question: str


class Begin(Ask, frozen=True):
    """Members by id (hex), and who brings them back: words or association."""

    members: list[str]
    by: str


class Look(Ask, frozen=True):
    """Members by id (hex)."""

    members: list[str]


class Sign(Ask, frozen=True):
    """What was signed: ``proofs`` [role, key, signature]; or opened: ``keys`` by name. All hex."""

    member: str
    kind: str
    proofs: list[tuple[str, str, str]] = []
    keys: dict[str, str] = {}


def who(context: Context, _ask: Nothing) -> dict[str, Any]:
    """This node, and the peers that can be asked."""

    def work(tx: Tx) -> dict[str, Any]:
        rows = tx.peers.all("accepted")
        return {
            "node": context.house.id.hex(),
            "key": context.house.node.public.hex(),
            "network": context.house.network,
            "peers": [{"node": row.node.hex(), "name": row.name} for row in rows],
        }

    return context.store.read(work)


async def find(context: Context, ask: Find) -> dict[str, Any]:
    """Members for whom a key stands, as one peer knows them."""
    members, more = await context.returns.find(NodeId(_hex(ask.peer, "peer")), _hex(ask.question, "question"))
    rows = context.store.read(lambda tx: tx.members.get_many(members))
    return {
        "more": more,
        "members": [
            {
                "member": member.hex(),
                "name": rows[member].name if member in rows else "",
                "home": (rows[member].home or b"").hex() if member in rows else "",
                "local": bool(member in rows and rows[member].local),
            }
            for member in members
        ],
    }


async def begin(context: Context, ask: Begin) -> dict[str, Any]:
    """Begin, or go on."""
    for member in ask.members:
        context.returns.begin(_hex(member, "members"), ask.by)
    return {"begun": len(ask.members)}


async def look(context: Context, ask: Look) -> dict[str, Any]:
    """How far they have come, and what has to be signed."""
    members = [_hex(member, "members") for member in ask.members]
    return {
        "returns": [context.returns.describe(member) for member in members],
        "wanted": [
            {"member": item.member.hex(), "kind": item.kind, "data": item.data.hex()}
            for item in context.returns.wanted(members)
        ],
    }


async def sign(context: Context, ask: Sign) -> dict[str, Any]:
    """What a person signed or opened."""
    member = _hex(ask.member, "member")
    if ask.kind == "vault":
        found = {_hex(name, "keys"): _hex(key, "keys") for name, key in ask.keys.items()}
        context.returns.bring(member, ask.kind, found)
    else:
        proofs = tuple(Proof(role, _hex(key, "proofs"), _hex(by, "proofs")) for role, key, by in ask.proofs)
        context.returns.bring(member, ask.kind, proofs)
    return {"member": ask.member}


async def list_returns(context: Context, _ask: Nothing) -> list[dict[str, Any]]:
    """Every return at this node."""
    return [context.returns.describe(member) for member in context.returns.all()]


def _hex(text: str, field: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise CallerFault(field, "hexadecimal digits") from None


COMMANDS = (
    Command("return.who", Nothing, who),
    Command("return.find", Find, find),
    Command("return.begin", Begin, begin),
    Command("return.look", Look, look),
    Command("return.sign", Sign, sign),
    Command("return.list", Nothing, list_returns),
)
