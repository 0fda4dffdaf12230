"""The listening side of the peer port: TLS 1.3, live anchors, connections that do not outlive their reason.

Owns the socket. Must not know endpoints: it is given an application. Connections that show no request for a while
are closed, so that strangers cannot hold them open; those of a peer that is no longer accepted are closed at once.
"""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Awaitable, Callable

from aiohttp import web

from node.aio.pins import Pins
from node.aio.tls import ServerTls
from node.certificate import TlsIdentity, fingerprint
from protocol.keys import NodeId

KEEPALIVE_S = 75.0
HANDSHAKE_S = 10.0
FIRST_REQUEST_S = 20.0
SHUTDOWN_S = 5.0
BACKLOG = 128


class PeerServer:
    """Serves ``app`` on one address: ``start``, ``port``, ``stop``."""

    def __init__(
        self, app: web.Application, own: TlsIdentity, pins: Pins, *, first_request_s: float = FIRST_REQUEST_S
    ) -> None:
        self._pins = pins
        self._tls = ServerTls(own, pins.certificates())
        self._first_request_s = first_request_s
        self._spoke: weakref.WeakSet[asyncio.BaseTransport] = weakref.WeakSet()
        self._silent: weakref.WeakSet[asyncio.BaseTransport] = weakref.WeakSet()
        self._sweeping: asyncio.TimerHandle | None = None
        self._listener: asyncio.Server | None = None
        app.middlewares.insert(0, self._note)
        self._runner = web.AppRunner(
            app,
            access_log=None,
            auto_decompress=False,
            lingering_time=0,
            keepalive_timeout=KEEPALIVE_S,
            max_field_size=4096,
            max_line_size=4096,
            handle_signals=False,
            shutdown_timeout=SHUTDOWN_S,
        )
        pins.on_change(self._changed)

    async def start(self, host: str, port: int) -> None:
        """Listen on ``host``:``port`` (0 = any free port). OSError if that is taken."""
        await self._runner.setup()
        server = self._runner.server
        assert server is not None
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(
            server, host, port, ssl=self._tls.context, backlog=BACKLOG, ssl_handshake_timeout=HANDSHAKE_S
        )
        self._sweeping = loop.call_later(self._first_request_s, self._sweep)

    @property
    def port(self) -> int:
        """The port in use."""
        assert self._listener is not None
        return int(self._listener.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Stop listening, let running requests finish for SHUTDOWN_S, close."""
        if self._sweeping is not None:
            self._sweeping.cancel()
        if self._listener is not None:
            self._listener.close()
        await self._runner.cleanup()

    def _transports(self) -> list[asyncio.Transport]:
        server = self._runner.server
        return [link.transport for link in server.connections if link.transport is not None] if server else []

    @web.middleware
    async def _note(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        if request.transport is not None:
            self._spoke.add(request.transport)
        return await handler(request)

    def _sweep(self) -> None:
        """Close the connections that were silent at the last look and still are."""
        for transport in self._transports():
            if transport in self._spoke:
                continue
            if transport in self._silent:
                transport.abort()
            else:
                self._silent.add(transport)
        self._sweeping = asyncio.get_running_loop().call_later(self._first_request_s, self._sweep)

    def _changed(self, _nodes: frozenset[NodeId]) -> None:
        self._tls.replace(self._pins.certificates())
        for transport in self._transports():
            tls = transport.get_extra_info("ssl_object")
            certificate = tls.getpeercert(binary_form=True) if tls is not None else None
            if certificate and self._pins.node_of(fingerprint(certificate)) is None:
                transport.close()
