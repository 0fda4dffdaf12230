"""LAN discovery by multicast DNS: it suggests addresses, and nothing else.

Owns the service ``_yui._tcp.local.`` on the interfaces that the configuration names, and a bounded table of what was
heard. Multicast DNS is unauthenticated: whatever is heard is shown to an operator as a place that could be invited, and
is tried for an accepted peer that cannot be reached otherwise, behind its pin; no peer changes because of it.
Source: RFC 6762, RFC 6763; ``docs/threats.md`` row 24.
"""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from zeroconf import ServiceStateChange, Zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from federation.endpoint import Endpoint
from node.aio.clock import Clock
from protocol.keys import NodeId
from protocol.limits import MAX_SUGGESTIONS, SUGGESTION_LIFETIME_US

SERVICE = "_yui._tcp.local."
VERSION = "1"
MAX_LOOKUPS = 16  # of services whose address did not come along with their name
LOOKUP_TIMEOUT_MS = 3_000
_NODE = re.compile(rb"[0-9a-f]{64}")


@dataclass(frozen=True)
class Suggestion:
    """Something on this network says that it is node ``node`` (hex) at ``endpoint``. Nothing of it is proved."""

    node: str
    endpoint: Endpoint
    heard: int  # monotonic µs


class Suggestions:
    """What was heard, by service name: at most MAX_SUGGESTIONS, the longest unheard goes first, each for a while."""

    def __init__(self, limit: int = MAX_SUGGESTIONS, lifetime_us: int = SUGGESTION_LIFETIME_US) -> None:
        self._limit = limit
        self._lifetime_us = lifetime_us
        self._heard: OrderedDict[str, Suggestion] = OrderedDict()

    def __len__(self) -> int:
        return len(self._heard)

    def note(self, name: str, suggestion: Suggestion) -> None:
        """It was heard (again)."""
        self._heard.pop(name, None)
        self._heard[name] = suggestion
        if len(self._heard) > self._limit:
            self._heard.popitem(last=False)

    def forget(self, name: str) -> None:
        """It said goodbye."""
        self._heard.pop(name, None)

    def current(self, now: int) -> list[Suggestion]:
        """What was heard within the lifetime, the latest first."""
        while self._heard and next(iter(self._heard.values())).heard <= now - self._lifetime_us:
            self._heard.popitem(last=False)
        return list(reversed(self._heard.values()))


def read_service(properties: dict[bytes, bytes | None], addresses: Sequence[str], port: int) -> Suggestion | None:
    """The suggestion in a service's record, or None if it does not look like a node of this version."""
    node = properties.get(b"id") or b""
    if not _NODE.fullmatch(node) or properties.get(b"v") != VERSION.encode() or not 1 <= port <= 65535:
        return None
    plain = [address for address in addresses if "%" not in address]
    if not plain:
        return None
    return Suggestion(node.decode(), Endpoint(plain[0], port), 0)


class Discovery:
    """Announces this node and listens for others on the given interfaces (addresses of this machine)."""

    def __init__(self, node: NodeId, port: int, interfaces: Sequence[str], clock: Clock) -> None:
        self._own = node.hex()
        self._port = port
        self._interfaces = list(interfaces)
        self._clock = clock
        self._table = Suggestions()
        self._lookups: set[asyncio.Task[None]] = set()
        self._zeroconf: AsyncZeroconf | None = None
        self._browser: AsyncServiceBrowser | None = None

    async def start(self) -> None:
        """Announce and listen. OSError if an interface cannot be used."""
        self._zeroconf = AsyncZeroconf(interfaces=self._interfaces)
        await self._zeroconf.async_register_service(self._service(), allow_name_change=True)
        handlers: list[Callable[..., None]] = [self._changed]
        self._browser = AsyncServiceBrowser(self._zeroconf.zeroconf, SERVICE, handlers=handlers)

    async def stop(self) -> None:
        """Say goodbye and be silent."""
        if self._browser is not None:
            await self._browser.async_cancel()
        for lookup in self._lookups:
            lookup.cancel()
        await asyncio.gather(*self._lookups, return_exceptions=True)
        if self._zeroconf is not None:
            await self._zeroconf.async_unregister_all_services()
            await self._zeroconf.async_close()

    def suggestions(self) -> list[Suggestion]:
        """Other nodes that say they are here, the latest heard first."""
        return self._table.current(self._clock.monotonic_us())

    def _service(self) -> AsyncServiceInfo:
        name = f"yui-{self._own[:12]}.{SERVICE}"
        return AsyncServiceInfo(
            SERVICE,
            name,
            port=self._port,
            properties={"id": self._own, "port": str(self._port), "v": VERSION},
            server=f"yui-{self._own[:12]}.local.",
            parsed_addresses=self._interfaces,
        )

    def _changed(self, zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange) -> None:
        if state_change is ServiceStateChange.Removed:
            self._table.forget(name)
            return
        info = AsyncServiceInfo(service_type, name)
        if info.load_from_cache(zeroconf):
            self._note(name, info)
        elif len(self._lookups) < MAX_LOOKUPS:
            lookup = asyncio.get_running_loop().create_task(self._look_up(zeroconf, name, info))
            self._lookups.add(lookup)
            lookup.add_done_callback(self._lookups.discard)

    async def _look_up(self, zeroconf: Zeroconf, name: str, info: AsyncServiceInfo) -> None:
        if await info.async_request(zeroconf, LOOKUP_TIMEOUT_MS):
            self._note(name, info)

    def _note(self, name: str, info: AsyncServiceInfo) -> None:
        found = read_service(info.properties, info.parsed_scoped_addresses(), info.port or 0)
        if found is not None and found.node != self._own:
            self._table.note(name, Suggestion(found.node, found.endpoint, self._clock.monotonic_us()))
