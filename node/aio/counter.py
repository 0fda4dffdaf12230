"""The peer office as the admin API calls it: plain mappings in, plain mappings out.

Owns that translation only: everything is done by :class:`node.aio.office.PeerOffice`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import msgspec

from federation.endpoint import parse_endpoint
from federation.peers import PeerEvent
from node.aio.discovery import Discovery
from node.aio.office import PeerOffice, PeerView


@dataclass(frozen=True)
class Counter:
    """Implements :class:`node.api.admin.peers.PeerOffice`."""

    office: PeerOffice
    discovery: Discovery | None = None

    async def invite(self, address: str) -> dict[str, Any]:
        """Exchange introductions with the node at ``https://host:port``; its ``code`` is to be compared."""
        return _plain(await self.office.invite(address))

    async def accept(self, text: str, code: str | None) -> dict[str, Any]:
        """Accept the peer that ``text`` (code, id or name) means."""
        return _plain(await self.office.accept(text, code))

    async def refuse(self, text: str) -> dict[str, Any]:
        """Not this one."""
        return _plain(await self.office.decide(text, PeerEvent.REFUSE))

    async def block(self, text: str) -> dict[str, Any]:
        """Answer it no more."""
        return _plain(await self.office.decide(text, PeerEvent.BLOCK))

    async def unblock(self, text: str) -> dict[str, Any]:
        """Let it in again."""
        return _plain(await self.office.decide(text, PeerEvent.UNBLOCK))

    async def retry(self, text: str) -> dict[str, Any]:
        """Call it now."""
        return _plain(await self.office.retry(text))

    async def check(self, text: str) -> dict[str, Any]:
        """Every step of a diagnosis: ``{"steps": [{"endpoint", "step", "ok", "detail"}], "ok"}``."""
        found = await self.office.check(text)
        steps = [
            {"endpoint": one.endpoint, "step": one.step.value, "ok": one.good, "detail": one.sentence} for one in found
        ]
        return {"steps": steps, "ok": any(one.step.value == "answer" and one.good for one in found)}

    async def change_addresses(self, addresses: tuple[str, ...]) -> dict[str, Any]:
        """This node is reached elsewhere now; every peer is told."""
        endpoints = tuple(str(parse_endpoint(address)) for address in addresses)
        version = await self.office.move(replace(self.office.presence, endpoints=endpoints))
        return {"addresses": list(endpoints), "version": version}

    def suggestions(self) -> list[dict[str, Any]]:
        """What LAN discovery heard: places that could be invited."""
        heard = self.discovery.suggestions() if self.discovery is not None else []
        return [{"node": one.node, "address": str(one.endpoint)} for one in heard]


def _plain(view: PeerView) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(view)
    return plain
