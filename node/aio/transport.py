"""Calls to accepted peers over pinned mutual TLS 1.3.

Owns connections: one session and one SSLContext per peer, one request at a time. Must not know what is said: bodies
are bytes. Every failure is an error of :mod:`protocol.errors`; the network's are WorldFault (try again later). A peer
whose pin changes or goes loses its connections at once.
"""

from __future__ import annotations

import asyncio

from node.aio.pins import Pin, Pins
from node.aio.request import TransportOptions, exchange, open_session
from node.aio.tls import client_context
from node.certificate import TlsIdentity
from protocol.errors import NotAuthorised, WorldFault, YuiError
from protocol.keys import NodeId
from protocol.limits import MAX_ANSWER_BYTES


class _Line:
    """What is open towards one peer."""

    def __init__(self, pin: Pin, own: TlsIdentity, options: TransportOptions) -> None:
        self.pin = pin
        self.turn = asyncio.Lock()
        self.session = open_session(
            client_context(own, pin.certificates), pin.private or options.allow_private, options
        )


class PeerTransport:
    """Speaks to accepted peers and to nobody else."""

    def __init__(self, own: TlsIdentity, pins: Pins, options: TransportOptions | None = None) -> None:
        self._own = own
        self._pins = pins
        self._options = options or TransportOptions()
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
        """One exchange with ``node``, at the first of its endpoints that can be reached.

        Raises:
            WorldFault: nobody answered, too slowly, or the peer is overloaded.
            NotAuthorised: not an accepted peer here, or we are not one there.
            PeerFault: the peer refused the message, or answered out of bounds.
        """
        line = self._line(node)
        async with line.turn:
            failure: YuiError = WorldFault("the peer's descriptor names no address")
            for endpoint in line.pin.endpoints:
                try:
                    return await exchange(line.session, endpoint, method, path, body, max_answer)
                except WorldFault as unreachable:
                    failure = unreachable
            raise failure

    async def close(self) -> None:
        """Close every connection."""
        lines, self._lines = list(self._lines.values()), {}
        for line in lines:
            await line.session.close()
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
                task = asyncio.get_running_loop().create_task(line.session.close())
                self._closing.add(task)
                task.add_done_callback(self._closing.discard)
