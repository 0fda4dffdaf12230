"""One running node, put together: store, house, links, peer port, member API, admin socket, background jobs.

Owns the order of start and stop, and nothing that any of the parts decides. A node that is told to stop says no to new
requests, lets running ones end, writes its marker and closes the store, in seconds.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import ssl
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from aiohttp import web

from federation.effects import LinkWoken, PeerEffect, PinsChanged
from federation.endpoint import Endpoint
from node import jobs, logs, opening
from node.aio.clock import Clock
from node.aio.driver import Driver
from node.aio.errands import Errands
from node.aio.moves import Moves
from node.aio.office import PeerOffice
from node.aio.pins import Pins
from node.aio.questions import Questions
from node.aio.request import TransportOptions
from node.aio.returns import Returns
from node.aio.server import PeerServer
from node.aio.transport import PeerTransport
from node.api.admin import app as admin
from node.api.context import Context
from node.api.member import app as member
from node.api.peer.routes import peer_app
from node.attachments import AttachmentFiles
from node.certificate import TlsIdentity, create_identity, load_identity
from node.drawingfiles import DrawingFiles
from node.drawings import Drawings
from node.groups import Groups
from node.joint import Courier
from node.opening import Opened
from node.peer_desk import PeerDesk
from node.peer_port import PeerPort
from node.runtime import Runtime
from node.services.peers import Presence
from node.services.questions import figures
from node.services.questions.answering import Figures, Wanted
from node.services.questions.figures import contributing
from node.services.transaction import Tx
from node.web.mount import mount
from protocol.keys import NodeId

if TYPE_CHECKING:
    from node.aio.discovery import Discovery

TLS_KEY = "tls.pem"
SHUTDOWN_S = 5.0
log = structlog.get_logger("node")


@dataclass(frozen=True)
class Addresses:
    """Where a running node listens: ports as bound, 0 where it does not."""

    peer_port: int
    api_port: int


def software() -> str:
    """Name and version of this program, as the descriptor says it."""
    try:
        return f"yui/{metadata.version('yui-node')}"
    except metadata.PackageNotFoundError:
        return "yui/source"


def tls_identity(opened: Opened) -> TlsIdentity:
    """The node's transport key and certificate, made at the first start."""
    path = opened.folder / "keys" / TLS_KEY
    password = opened.secret.password("tls")
    if path.exists():
        return load_identity(path, password)
    return create_identity(opened.house.id, path, password)


class Node:
    """A node that runs from :meth:`start` to :meth:`stop`."""

    def __init__(self, opened: Opened) -> None:
        self.opened = opened
        house, config = opened.house, opened.config
        self._clock = Clock()
        identity = tls_identity(opened)
        options = TransportOptions(allow_private=config.peer.allow_private)
        self._pins = Pins()
        self._transport = PeerTransport(identity, self._pins, options, self._nearby)
        self._runtime = Runtime(house, self._clock.monotonic_us)
        self._driver = Driver(self._runtime, opened.store, self._transport, self._clock)
        self.context = Context(
            house=house,
            store=opened.store,
            folder=opened.folder,
            base_url=config.api.base_url,
            trusted_proxies=frozenset(config.api.trusted_proxies),
            cluster=(config.reports.cluster, config.reports.address),
        )
        self._office = PeerOffice(
            house, opened.store, identity, self._pins, self._transport, self._presence(identity), options, self._heard
        )
        files = AttachmentFiles(opened.folder / "attachments")
        self._runtime.guarding.read_chunk = files.read_chunk
        self._errands = Errands(house, opened.store, files, self._transport, self._pins, self._news)
        self._courier = Courier(house, opened.store, self._driver.ask)
        self.context.joint = self._courier
        sealed = DrawingFiles(opened.folder / "drawings")
        self._drawings = Drawings(house, opened.store, self._driver.ask, sealed, self.context.arrivals.notify)
        self.context.drawings = self._drawings
        self._groups = Groups(house, opened.store, self._driver.ask)
        self.context.groups = self._groups
        port = PeerPort(
            house,
            opened.store,
            self._office,
            self._driver,
            self._errands,
            self.context.arrivals.notify,
            self._courier,
            self._drawings,
            self._groups,
        )
        self._peer_server = PeerServer(peer_app(port, self._pins), identity, self._pins)
        self._discovery: Discovery | None = None
        self._runners: list[web.AppRunner] = []
        self._jobs = jobs.Jobs(self.context, config)
        self.context.news = self._news
        self.context.peers = PeerDesk(self._office, self._driver, self._errands, lambda: self._discovery)
        self._returns = Returns(house, opened.store, self._driver)
        self.context.returns = self._returns
        self._moves = Moves(house, opened.store, self._driver)
        self.context.moves = self._moves
        self._runtime.questioning.source = partial(_figures, self.context)
        self.context.questions = Questions(self._driver, self._runtime.questioning)
        self.addresses = Addresses(0, 0)

    def _presence(self, identity: TlsIdentity) -> Presence:
        node = self.opened.config.node
        return Presence(
            name=node.name or self.opened.house.id.hex()[:12],
            kind=node.kind,
            area=node.area,
            endpoints=self.opened.config.peer.addresses,
            certificates=(identity.certificate,),
            software=software(),
        )

    # --- start and stop

    async def start(self) -> Addresses:
        """Open this run. Nothing is signed before the marker says that a run is under way.

        What cannot be opened (a port in use) closes the rest again: the marker stays as it is, so that the next start
        asks the peers first.
        """
        try:
            return await self._open()
        except BaseException:
            await self._close()
            raise

    async def _open(self) -> Addresses:
        opened = self.opened
        await self._driver.start(opened.doubtful)
        opening.mark(opened.folder, opened.house.start_number, clean=False)
        config = opened.config
        await self._office.start()
        await self._peer_server.start(config.peer.host, config.peer.port)
        api_port = await self._serve_members()
        self._runners.append(await admin.serve(self.context))
        await self._errands.start()
        await self._jobs.start()
        await self._moves.start()
        if config.discovery.interfaces:
            from node.aio.discovery import Discovery  # only where it is wanted: three megabytes

            self._discovery = Discovery(
                opened.house.id, self._peer_server.port, config.discovery.interfaces, self._clock
            )
            await self._discovery.start()
        self.addresses = Addresses(self._peer_server.port, api_port)
        log.info("started", node=opened.house.id.hex()[:12], peer=self._peer_server.port, api=api_port)
        return self.addresses

    async def _serve_members(self) -> int:
        api = self.opened.config.api
        application = member.build(self.context)
        mount(application)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=SHUTDOWN_S)
        await runner.setup()
        self._runners.append(runner)
        await web.TCPSite(runner, api.host, api.port, ssl_context=self._api_tls()).start()
        addresses = runner.addresses
        return int(addresses[0][1]) if addresses else 0

    def _api_tls(self) -> ssl.SSLContext | None:
        api = self.opened.config.api
        if api.tls == "proxy":
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if api.tls == "own":
            context.load_cert_chain(api.certificate, api.key)
        else:
            path = self.opened.folder / "keys" / TLS_KEY
            context.load_cert_chain(path, password=self.opened.secret.password("tls"))
        return context

    async def stop(self) -> None:
        """End this run. The marker is clean only if everything before it went well."""
        await self._close()
        opening.mark(self.opened.folder, self.opened.house.start_number, clean=True)
        log.info("stopped")

    async def _close(self) -> None:
        self.context.arrivals.close()
        if self._discovery is not None:
            await self._discovery.stop()
        await self._jobs.stop()
        await self._courier.stop()
        await self._drawings.stop()
        await self._returns.stop()
        await self._moves.stop()
        for runner in self._runners:
            await runner.cleanup()
        await self._peer_server.stop()
        await self._errands.stop()
        await self._office.stop()
        await self._driver.stop()
        await self._transport.close()
        self.opened.store.close()

    # --- what the parts tell each other

    def _nearby(self, node: NodeId) -> list[Endpoint]:
        """Where on this network something says that it is ``node``; nothing of it is proved."""
        heard = self._discovery.suggestions() if self._discovery is not None else []
        return [one.endpoint for one in heard if one.node == node.hex()]

    def _news(self, nodes: Iterable[bytes]) -> None:
        self._driver.notice(nodes)
        self.context.arrivals.notify()

    def _heard(self, effect: PeerEffect) -> None:
        if isinstance(effect, LinkWoken):
            self._driver.accept(effect.node)
            self._errands.wake(effect.node)
        elif isinstance(effect, PinsChanged) and self._pins.get(effect.node) is None:
            self._driver.block(effect.node)


def _figures(context: Context, tx: Tx, wanted: Wanted) -> Figures:
    """What this node answers a question with: sales are read by the process that holds them."""
    files = [row.file for row in tx.pos.partitions()]
    return figures.contributions(
        tx, wanted.question, contributing, lambda text, values: context.warehouse.rows(text, values, files),
        wanted.before,
    )  # fmt: skip


@contextlib.asynccontextmanager
async def running(opened: Opened) -> AsyncIterator[Node]:
    """A node that runs inside the block."""
    node = Node(opened)
    await node.start()
    try:
        yield node
    finally:
        await node.stop()


async def serve(folder: Path, ready: asyncio.Event | None = None) -> None:
    """Run the node in ``folder`` until SIGTERM or SIGINT."""
    opened = opening.open_folder(folder)
    logs.configure(opened.config.log)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    async with running(opened):
        logs.notify_systemd("READY=1")
        if ready is not None:
            ready.set()
        await stop.wait()
        logs.notify_systemd("STOPPING=1")
