"""Admin commands: guardians. Agreements with other associations, who guards whom, how well members are kept."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from federation import guardians
from node.api.admin.command import Ask, Command, Nothing, local_member
from node.api.context import Context
from node.services import peers, warding
from node.services.guarding import agreeing, choosing, overview, patience, settings
from node.services.transaction import Tx
from protocol import keys
from protocol.errors import CallerFault, NotFound, WorldFault, YuiError
from protocol.guardian import messages
from protocol.identity import control

T = TypeVar("T")
GIB = 1024**3


class Agree(Ask, frozen=True):
    """``part``: what this node is, home or guardian. Empty ``entity``: sign what the other side has proposed.

    ``entity``: registered number of the guardian's operator; ``room``: GiB for each member; ``places``: countries.
    """

    peer: str
    part: str = ""
    entity: str = ""
    places: tuple[str, ...] = ("JP",)
    subcontracting: bool = False
    erase_days: int = agreeing.DEFAULT_ERASE_DAYS
    wards: int = 0
    room: int = 0


class End(Ask, frozen=True):
    """The agreement in which this node is ``part``."""

    peer: str
    part: str


class Propose(Ask, frozen=True):
    """``n``: how many guardians are wanted."""

    n: int = choosing.USUAL


class Choose(Ask, frozen=True):
    """Guardians of a member, by name or id."""

    member: str
    guardians: tuple[str, ...]


class Policy(Ask, frozen=True):
    """Kinds of documents that leave only when they are safe, and kinds that do not wait; ``change``: set them."""

    member: str
    strict: tuple[str, ...] = ()
    at_once: tuple[str, ...] = ()
    change: bool = False


class Consent(Ask, frozen=True):
    """People here agree that ``claimant`` (a peer) brings wards back: one by id, or all of ``home``."""

    claimant: str
    ward: str = ""
    home: str = ""


def list_agreements(context: Context, _ask: Nothing) -> list[dict[str, Any]]:
    """Every agreement."""

    def work(tx: Tx) -> list[dict[str, Any]]:
        return [_shown(tx, item) for item in agreeing.shown(context.house, tx)]

    return context.store.read(work)


def _shown(tx: Tx, item: agreeing.Shown) -> dict[str, Any]:
    peer = tx.peers.get(item.node)
    terms = item.terms
    return {
        "node": item.node.hex(),
        "name": peer.name if peer else "",
        "area": peer.area if peer else "",
        "part": item.part,
        "state": item.state,
        "version": item.version,
        **terms._asdict(),
    }


async def agree(context: Context, ask: Agree) -> object:
    """Propose an agreement, or sign the other side's, and send it there."""
    node, part, wire = await _write(context, lambda tx: _agree(context, tx, ask))
    return await _send(context, node, part, wire)


def _agree(context: Context, tx: Tx, ask: Agree) -> tuple[bytes, str, bytes]:
    house = context.house
    node = peers.find(tx, ask.peer)
    if not ask.entity:
        part = agreeing.part_of(ask.part) if ask.part else _asked(context, tx, node)
        return node, part, agreeing.agree(house, tx, node, part)
    part = agreeing.part_of(ask.part or warding.HOME)
    row = tx.peers.get(node)
    name = (row.name if row else "") if part == warding.HOME else house.name
    usual = agreeing.terms_of(ask.entity, name or node.hex()[:12], house.clock())
    terms = usual._replace(
        places=tuple(sorted(set(ask.places))),
        subcontracting=ask.subcontracting,
        erase_days=ask.erase_days,
        wards=ask.wards or usual.wards,
        ward_bytes=ask.room * GIB or usual.ward_bytes,
    )
    return node, part, agreeing.propose(house, tx, node, part, terms)


def _asked(context: Context, tx: Tx, node: bytes) -> str:
    """The part in which the other side's proposal waits for this one."""
    found = [item for item in agreeing.shown(context.house, tx) if item.node == node]
    asked = [item.part for item in found if item.state == "asked"] or [item.part for item in found]
    if not asked:
        raise CallerFault("entity", "the other side has proposed nothing: name the guardian's registered number")
    return asked[0]


async def end(context: Context, ask: End) -> object:
    """End an agreement; the guardian erases within the days that were agreed."""

    def work(tx: Tx) -> tuple[bytes, str, bytes]:
        node, part = peers.find(tx, ask.peer), agreeing.part_of(ask.part)
        return node, part, agreeing.end(context.house, tx, node, part)

    node, part, wire = await _write(context, work)
    return await _send(context, node, part, wire)


async def _send(context: Context, node: bytes, part: str, wire: bytes) -> dict[str, Any]:
    """Give it to the other side; if that does not answer, it is given when this is called again."""
    told = ""
    if context.peers is None:
        raise WorldFault("this node does not serve peers now", code="not-running")
    try:
        answer = await context.peers.ask(node, messages.AGREEMENT, wire)
        await _write(context, lambda tx: warding.take_agreement(context.house, tx, node, answer))
    except YuiError as error:
        told = str(error)

    def work(tx: Tx) -> dict[str, Any]:
        found = [item for item in agreeing.shown(context.house, tx) if (item.node, item.part) == (node, part)]
        return {**_shown(tx, found[0]), "told": told}

    shown = await asyncio.to_thread(context.store.read, work)
    context.news(())
    return shown


async def _write(context: Context, work: Callable[[Tx], T]) -> T:
    return await asyncio.wrap_future(context.submit(work))


def propose(context: Context, ask: Propose) -> dict[str, Any]:
    """Whom the node would take as guardians, and what that many survive."""

    def work(tx: Tx) -> dict[str, Any]:
        found = choosing.proposed(context.house, tx, context.house.area, "", ask.n)
        k, r, q = guardians.quorum(len(found)) if found else (0, 0, 0)
        survives = guardians.budget(len(found), k, r, q) if found else guardians.Budget(0, 0)
        return {
            "guardians": [
                {
                    "name": overview.name_of(tx, item.key),
                    "node": keys.node_id(item.key).hex(),
                    "area": item.area,
                    "entity": item.entity,
                }
                for item in found
            ],
            "needed": k,
            "lying": survives.lying,
            "silent": survives.silent,
        }

    return context.store.read(work)


def draft(context: Context, ask: Choose) -> dict[str, Any]:
    """The record that names a member's guardians, to be signed with its words."""

    def work(tx: Tx) -> dict[str, Any]:
        member = local_member(tx, ask.member)
        public = [_key(tx, text) for text in ask.guardians]
        made = choosing.draft(context.house, tx, member, public)
        return {
            "member": member.hex(),
            "draft": control.encode(made).hex(),
            "guardians": [overview.name_of(tx, key) for key in public],
            "keys": [key.hex() for key in public],
        }

    return context.commit(work)


def _key(tx: Tx, text: str) -> bytes:
    row = tx.peers.get(peers.find(tx, text))
    if row is None:
        raise NotFound("guardians", f"no peer {text[:64]}")
    return row.key


def status(context: Context, _ask: Nothing) -> list[dict[str, Any]]:
    """How well each member is kept."""

    def work(tx: Tx) -> list[dict[str, Any]]:
        return [_kept(item) for item in overview.members(context.house, tx)]

    return context.store.read(work)


def _kept(item: overview.Kept) -> dict[str, Any]:
    copies = [{**copy._asdict(), "node": copy.node.hex()} for copy in item.copies]
    return {**item._asdict(), "member": item.member.hex(), "copies": copies}


def wards(context: Context, _ask: Nothing) -> list[dict[str, Any]]:
    """Members of others that this node keeps."""

    def work(tx: Tx) -> list[dict[str, Any]]:
        found = overview.wards(tx)
        return [{**item._asdict(), "member": item.member.hex(), "home": item.home.hex()} for item in found]

    return context.store.read(work)


def policy(context: Context, ask: Policy) -> dict[str, Any]:
    """What a member's documents wait for."""

    def work(tx: Tx) -> dict[str, Any]:
        member = local_member(tx, ask.member)
        if ask.change:
            wanted = {**dict.fromkeys(ask.at_once, patience.AT_ONCE), **dict.fromkeys(ask.strict, patience.STRICT)}
            settings.set_policies(context.house, tx, member, wanted)
        return {"member": member.hex(), "policies": dict(settings.policies(tx, member))}

    return context.commit(work)


def consent(context: Context, ask: Consent) -> dict[str, Any]:
    """People here agree to a return, for 7 days."""

    def work(tx: Tx) -> dict[str, Any]:
        claimant = peers.find(tx, ask.claimant)
        if bool(ask.ward) == bool(ask.home):
            raise CallerFault("ward", "one ward, or all of one home")
        found = overview.wards_of(tx, ask.ward) if ask.ward else _of_home(tx, ask.home)
        if not found or (ask.ward and len(found) > 1):
            raise NotFound("ward", "no such ward, or several")
        count = warding.consent(context.house, tx, found, claimant, "command line")
        return {"claimant": claimant.hex(), "wards": count}

    return context.commit(work)


def _of_home(tx: Tx, text: str) -> list[bytes]:
    home = peers.find(tx, text)
    return [row.member for row in tx.wards.all() if row.home == home]


async def audit(context: Context, _ask: Nothing) -> object:
    """Ask every guardian now for random pieces of what it says that it keeps."""
    if context.peers is None:
        raise WorldFault("this node does not serve peers now", code="not-running")
    return await context.peers.audit()


COMMANDS = (
    Command("guardian.list", Nothing, list_agreements, offline=True),
    Command("guardian.agree", Agree, agree),
    Command("guardian.end", End, end),
    Command("guardian.propose", Propose, propose, offline=True),
    Command("guardian.draft", Choose, draft),
    Command("guardian.status", Nothing, status, offline=True),
    Command("guardian.wards", Nothing, wards, offline=True),
    Command("guardian.policy", Policy, policy),
    Command("guardian.consent", Consent, consent, offline=True),
    Command("guardian.audit", Nothing, audit),
)
