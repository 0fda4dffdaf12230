"""Calls to accepted peers over pinned mutual TLS 1.3.

Owns connections: one session and one SSLContext per peer, one request at a time. Must not know what is said: bodies
are bytes. Every failure is an error of :mod:`protocol.errors`; the network's are WorldFault (try again later). A peer
whose pin changes or goes loses its connections at once.

Where none of a peer's own addresses can be reached (no internet, no DNS), places of this network that say they are that
peer are tried, behind the same pin: an announcement can be false, the certificate cannot.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Callable, Sequence

from aiohttp import ClientSession

from federation.endpoint import Endpoint
from node.aio.pins import Pin, Pins
from node.aio.request import TransportOptions, exchange, open_session
from node.aio.tls import client_context
from node.certificate import TlsIdentity
from protocol.errors import NotAuthorised, WorldFault, YuiError
from protocol.keys import NodeId
from protocol.limits import MAX_ANSWER_BYTES

MAX_NEARBY = 2  # places of this network tried for one request
UNREACHED = frozenset({"name", "connect", "timeout"})  # codes of "nobody there", as opposed to "somebody says no"
Nearby = Callable[[NodeId], Sequence[Endpoint]]


class _Line:
    """What is open towards one peer. ``near``: the place of this network that answered last time."""

    def __init__(self, pin: Pin, own: TlsIdentity, options: TransportOptions) -> None:
        self.pin = pin
        self.turn = asyncio.Lock()
        self.near: Endpoint | None = None
        self._context = client_context(own, pin.certificates)
        self._options = options
        private = pin.private or options.allow_private
        self.session = open_session(self._context, private, options)
        self.nearby_session = self.session if private else None

    def open_nearby(self) -> ClientSession:
        """The session that may connect to private addresses."""
        if self.nearby_session is None:
            self.nearby_session = open_session(self._context, True, self._options)
        return self.nearby_session

    async def close(self) -> None:
        """Close what is open."""
        await self.session.close()
        if self.nearby_session is not None:
            await self.nearby_session.close()


def _nowhere(_node: NodeId) -> Sequence[Endpoint]:
    """Nothing is heard on any network."""
    return ()


class PeerTransport:
    """Speaks to accepted peers and to nobody else. ``nearby``: where a peer was heard on this network, unproved."""

    def __init__(
        self, own: TlsIdentity, pins: Pins, options: TransportOptions | None = None, nearby: Nearby = _nowhere
    ) -> None:
        self._own = own
        self._pins = pins
        self._options = options or TransportOptions()
        self._nearby = nearby
        self._lines: dict[NodeId, _Line] = {}
        self._closing: set[asyncio.Task[None]] = set()
        pins.on_change(self._drop)

    async def post(self, node: NodeId, path: str, body: bytes, *, max_answer: int = MAX_ANSWER_BYTES) -> bytes:
        """POST ``body`` to ``path`` (such as ``/peer/v1/hello``) at ``node``; the answer's body."""
        return await self.request(node, "POST", path, body, max_answer=max_answer)

    async def get(self, node: NodeId, path: str, *, max_answer: int = MAX_ANSWER_BYTES) -> bytes:
        """GET ``path`` at ``node``; the answer's body."""
        return await self.request(node, "GET", path, None, max_answer=max_answer)

    async def request(
        self, node: NodeId, method: str, path: str, body: bytes | None, *, max_answer: int = MAX_ANSWER_BYTES
    ) -> bytes:
        """One exchange with ``node``, at the first of its endpoints that can be reached, else somewhere near.

        Raises:
            WorldFault: nobody answered, too slowly, or the peer is overloaded.
            NotAuthorised: not an accepted peer here, or we are not one there.
            PeerFault: the peer refused the message, or answered out of bounds.
        """
        line = self._line(node)
        async with line.turn:
            if line.near is not None:
                near, line.near = line.near, None
                try:
                    answer = await exchange(line.open_nearby(), near, method, path, body, max_answer)
                except WorldFault:
                    pass
                else:
                    line.near = near
                    return answer
            failure: YuiError = WorldFault("the peer's descriptor names no address")
            for endpoint in line.pin.endpoints:
                try:
                    return await exchange(line.session, endpoint, method, path, body, max_answer)
                except WorldFault as unreachable:
                    failure = unreachable
            if failure.code not in UNREACHED:
                raise failure
            return await self._ask_nearby(line, method, path, body, max_answer, failure)

    async def _ask_nearby(
        self, line: _Line, method: str, path: str, body: bytes | None, max_answer: int, failure: YuiError
    ) -> bytes:
        """The same exchange where the peer was heard on this network; ``failure`` if it is not there either."""
        places = [place for place in self._nearby(line.pin.node) if _is_private(place)]
        for place in places[:MAX_NEARBY]:
            try:
                answer = await exchange(line.open_nearby(), place, method, path, body, max_answer)
            except WorldFault:
                continue
            line.near = place
            return answer
        raise failure

    async def close(self) -> None:
        """Close every connection."""
        lines, self._lines = list(self._lines.values()), {}
        for line in lines:
            await line.close()
        if self._closing:
            await asyncio.gather(*self._closing)

    def _line(self, node: NodeId) -> _Line:
        pin = self._pins.get(node)
        if pin is None:
            raise NotAuthorised(f"{node.hex()[:12]} is not an accepted peer of this node")
        line = self._lines.get(node)
        if line is None:
            line = self._lines[node] = _Line(pin, self._own, self._options)
        return line

    def _drop(self, changed: frozenset[NodeId]) -> None:
        for node in changed:
            line = self._lines.pop(node, None)
            if line is not None:
                task = asyncio.get_running_loop().create_task(line.close())
                self._closing.add(task)
                task.add_done_callback(self._closing.discard)


def _is_private(place: Endpoint) -> bool:
    """Only addresses of local networks: what is heard there must not send us elsewhere."""
    return place.address is not None and ipaddress.ip_address(place.address).is_private
