"""Names to addresses: resolve once, check, connect to that address.

Owns the two gates that every outgoing connection of a node passes. Must not know peers: it is told for each
connection whether private addresses were agreed to. The table of addresses is :mod:`federation.addresses`.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable

from aiohttp import AddrInfoType
from aiohttp.abc import AbstractResolver, ResolveResult

from federation.addresses import address_problem

Lookup = Callable[[str, int, socket.AddressFamily], Awaitable[list[str]]]


class AddressRefused(OSError):
    """The name has no address that this node may connect to (an OSError, as the HTTP library expects one)."""


async def system_lookup(host: str, port: int, family: socket.AddressFamily) -> list[str]:
    """The addresses that the operating system's resolver knows for ``host``. Raises OSError."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


class CheckedResolver(AbstractResolver):
    """Resolves a name once per connection and passes on only addresses that this node may connect to."""

    def __init__(self, *, private_agreed: bool, lookup: Lookup = system_lookup) -> None:
        self._private_agreed = private_agreed
        self._lookup = lookup

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The allowed addresses of ``host``, in the resolver's order. OSError if there are none."""
        addresses = await self._lookup(host, port, family)
        problems = {address: address_problem(address, private_agreed=self._private_agreed) for address in addresses}
        allowed = [address for address, problem in problems.items() if not problem]
        if not allowed:
            raise AddressRefused("; ".join(problems.values()) or f"{host} has no address")
        return [_result(host, address, port) for address in allowed]

    async def close(self) -> None:
        """Nothing is held."""

    def socket_for(self, address: AddrInfoType) -> socket.socket:
        """A socket towards one resolved address: the last gate, which literal addresses pass as well.

        Raises AddressRefused.
        """
        family, kind, protocol, _name, target = address
        problem = address_problem(str(target[0]), private_agreed=self._private_agreed)
        if problem:
            raise AddressRefused(problem)
        made = socket.socket(family=family, type=kind, proto=protocol)
        made.setblocking(False)
        return made


def _result(host: str, address: str, port: int) -> ResolveResult:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    flags = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    return ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=flags)
