"""Admin commands: peers. Owns what the command line may ask of the node's links and enrolment."""

from __future__ import annotations

from typing import Any, Protocol

from node import settings
from node.api.admin.command import Ask, Command, Nothing
from node.api.context import Context
from node.services import status
from protocol.errors import CallerFault, WorldFault


class PeerOffice(Protocol):
    """What the running node's transport does for people. ``text``: an id's first digits, a name, or an address."""

    async def invite(self, address: str) -> dict[str, Any]:
        """Ask the node at ``https://host:port``; its name and the short code to compare."""
        ...

    async def accept(self, text: str, code: str | None) -> dict[str, Any]:
        """The codes are equal: pin it."""
        ...

    async def refuse(self, text: str) -> dict[str, Any]:
        """Not this one."""
        ...

    async def block(self, text: str) -> dict[str, Any]:
        """Answer it no more."""
        ...

    async def unblock(self, text: str) -> dict[str, Any]:
        """Let it in again."""
        ...

    async def retry(self, text: str) -> dict[str, Any]:
        """Call it now, not when the back-off ends."""
        ...

    async def check(self, text: str) -> dict[str, Any]:
        """Step by step: name, connection, certificate, hello, clock; ``steps`` of {endpoint, step, good, sentence}."""
        ...

    async def resolve(self) -> dict[str, Any]:
        """A person has made sure that no other copy of this node runs: end the freeze, as a restored node."""
        ...

    async def change_addresses(self, addresses: tuple[str, ...]) -> dict[str, Any]:
        """This node is reached elsewhere now: a new descriptor for every peer."""
        ...

    def suggestions(self) -> list[dict[str, Any]]:
        """Nodes that LAN discovery saw."""
        ...


class Address(Ask, frozen=True):
    """Where the other node is reached."""

    address: str


class PeerNamed(Ask, frozen=True):
    """``code``: the short code that the other side read out; needed to accept."""

    peer: str
    code: str | None = None


class Addresses(Ask, frozen=True):
    """Where this node is reached from now on."""

    addresses: tuple[str, ...]


def _office(context: Context) -> PeerOffice:
    if context.peers is None:
        raise WorldFault("this node does not serve peers now", code="not-running")
    office: PeerOffice = context.peers
    return office


async def invite(context: Context, ask: Address) -> object:
    """Begin an enrolment."""
    return await _office(context).invite(ask.address)


async def accept(context: Context, ask: PeerNamed) -> object:
    """Accept a peer."""
    return await _office(context).accept(ask.peer, ask.code)


async def refuse(context: Context, ask: PeerNamed) -> object:
    """Refuse a peer."""
    return await _office(context).refuse(ask.peer)


async def block(context: Context, ask: PeerNamed) -> object:
    """Block a peer."""
    return await _office(context).block(ask.peer)


async def unblock(context: Context, ask: PeerNamed) -> object:
    """Unblock a peer."""
    return await _office(context).unblock(ask.peer)


async def retry(context: Context, ask: PeerNamed) -> object:
    """Call a peer now."""
    return await _office(context).retry(ask.peer)


async def check(context: Context, ask: PeerNamed) -> object:
    """Diagnose a link."""
    return await _office(context).check(ask.peer)


async def resolve(context: Context, _ask: Nothing) -> object:
    """End the freeze."""
    if not context.house.frozen:
        raise CallerFault("node", "is not frozen: there is nothing to resolve", code="not-frozen")
    return await _office(context).resolve()


async def change_addresses(context: Context, ask: Addresses) -> object:
    """Tell every peer a new address, and keep it for the next start."""
    told = await _office(context).change_addresses(ask.addresses)
    settings.change(context.folder, {"peer": {"addresses": list(ask.addresses)}})
    return told


def list_peers(context: Context, _ask: Nothing) -> dict[str, Any]:
    """Every peer with the state of its link, who waits for a decision, and what discovery saw."""
    house = context.house
    found: dict[str, Any] = context.store.read(lambda tx: {"peers": status.peers(house, tx)})
    found["suggestions"] = context.peers.suggestions() if context.peers is not None else []
    return found


COMMANDS = (
    Command("peer.invite", Address, invite),
    Command("peer.accept", PeerNamed, accept),
    Command("peer.refuse", PeerNamed, refuse),
    Command("peer.block", PeerNamed, block),
    Command("peer.unblock", PeerNamed, unblock),
    Command("peer.retry", PeerNamed, retry),
    Command("peer.check", PeerNamed, check),
    Command("peer.list", Nothing, list_peers, offline=True),
    Command("node.resolve", Nothing, resolve),
    Command("address.change", Addresses, change_addresses),
)
