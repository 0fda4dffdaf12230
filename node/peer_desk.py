"""The peer office as the admin API sees it: answers as plain objects, effects on the links included.

Owns the translation between :mod:`node.api.admin.peers` and :class:`node.aio.office.PeerOffice`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from federation.endpoint import stated_endpoint
from federation.peers import PeerEvent
from node.aio.driver import Driver
from node.aio.errands import Errands
from node.aio.office import PeerOffice
from node.procedure import Steps
from protocol.errors import CallerFault, Malformed
from protocol.keys import NodeId

if TYPE_CHECKING:
    from node.aio.discovery import Discovery

T = TypeVar("T")


class PeerDesk:
    """What people do with peers, for the command line."""

    def __init__(
        self, office: PeerOffice, driver: Driver, errands: Errands, discovery: Callable[[], Discovery | None]
    ) -> None:
        self._office = office
        self._driver = driver
        self._errands = errands
        self._discovery = discovery

    async def invite(self, address: str) -> dict[str, Any]:
        """Exchange introductions with the node at ``address``."""
        return _plain(await self._office.invite(address))

    async def accept(self, text: str, code: str | None) -> dict[str, Any]:
        """Accept a peer by its code, or by id or name with the code."""
        return _plain(await self._office.accept(text, code))

    async def refuse(self, text: str) -> dict[str, Any]:
        """Refuse a peer."""
        return _plain(await self._office.decide(text, PeerEvent.REFUSE))

    async def block(self, text: str) -> dict[str, Any]:
        """Block a peer."""
        return _plain(await self._office.decide(text, PeerEvent.BLOCK))

    async def unblock(self, text: str) -> dict[str, Any]:
        """Let a blocked peer in again."""
        return _plain(await self._office.decide(text, PeerEvent.UNBLOCK))

    async def retry(self, text: str) -> dict[str, Any]:
        """Call a peer now."""
        await self._office.retry(text)
        view = await self._office.view(text)
        self._driver.retry(NodeId(bytes.fromhex(view.node)))
        return _plain(view)

    async def check(self, text: str) -> dict[str, Any]:
        """Diagnosis, step by step."""
        view = await self._office.view(text)
        findings = await self._office.check(text)
        return {**_plain(view), "steps": [_plain(finding) for finding in findings]}

    async def resolve(self) -> dict[str, Any]:
        """A person has made sure that no other copy of this node runs."""
        await self._driver.resolve()
        return {"resolved": True}

    async def change_addresses(self, addresses: tuple[str, ...]) -> dict[str, Any]:
        """This node is reached elsewhere from now on. CallerFault for an address that is not ``https://host:port``."""
        for address in addresses:
            try:
                stated_endpoint(address)
            except Malformed as fault:
                raise CallerFault("addresses", f"{address}: {fault}") from None
        presence = dataclasses.replace(self._office.presence, endpoints=addresses)
        return {"version": await self._office.move(presence), "addresses": list(addresses)}

    async def give_chunk(self, node: NodeId, root: bytes, index: int) -> bytes:
        """One chunk for a carried file, if a document for ``node`` names it."""
        return await self._errands.give_chunk(node, root, index)

    async def take_chunk(self, node: NodeId, root: bytes, index: int, body: bytes) -> bytes:
        """One chunk out of a carried file from ``node``."""
        return await self._errands.take_chunk(node, root, index, body)

    async def ask(self, node: bytes, path: str, body: bytes) -> bytes:
        """One message to an accepted peer; errors as the transport's."""
        return await self._driver.ask(NodeId(node), path, body)

    async def audit(self) -> dict[str, Any]:
        """Ask every guardian for random pieces of what it keeps: how many were asked, and what was found."""
        return _plain(await self._driver.audit())

    async def run(self, steps: Steps[T]) -> T:
        """Run a procedure that somebody waits for."""
        return await self._driver.run(steps)

    def suggestions(self) -> list[dict[str, Any]]:
        """What LAN discovery heard."""
        discovery = self._discovery()
        found = discovery.suggestions() if discovery is not None else []
        return [{"node": item.node, "address": str(item.endpoint)} for item in found]


def _plain(value: object) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(value)
    return plain
