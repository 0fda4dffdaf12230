"""The peer office: everything that people do with peers, and what strangers ask of this node.

Owns joining the enrolment machine, the store, the pins and the transport of one running node. Decides nothing:
:mod:`federation.peers` and :mod:`federation.enrolment` do. Effects are run here after each commit; what concerns links
is handed on to ``heard``.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import msgspec
import structlog

from federation.effects import LinkWoken, PeerEffect, PinsChanged
from federation.endpoint import parse_endpoint
from federation.enrolment import NONCE_BYTES, TICKET_BYTES, Caller, Desk, Invitation, shown_code
from federation.peers import Decision, Peer, PeerEvent, PeerState
from node.aio import check
from node.aio.meeting import meet
from node.aio.patience import Patience
from node.aio.pins import Pin, Pins
from node.aio.request import TransportOptions
from node.aio.tls import client_context
from node.aio.transport import PeerTransport
from node.certificate import TlsIdentity, require_profile
from node.services import peers
from node.services.house import House
from node.services.peers import Presence
from node.store import Store, Tx
from protocol.errors import CallerFault, YuiError
from protocol.keys import NodeId

T = TypeVar("T")
INTRODUCTION = "/peer/v1/introduction"
LOOK_S = 2.0  # between two looks at who has not been told of us
EXPIRE_S = 300.0  # between two looks at invitations that nobody decided
MAX_ANNOUNCEMENTS = 8  # at once
log = structlog.get_logger("peer")


class PeerView(msgspec.Struct, frozen=True, kw_only=True):
    """A peer as people see it. ``code``: eight digits to compare, while an exchange is open; times in µs UTC."""

    node: str
    name: str
    kind: str
    area: str
    state: str
    endpoints: tuple[str, ...]
    version: int
    code: str = ""
    expires: int = 0
    invited_here: bool = False
    private: bool = False
    added: int = 0
    last_contact: int = 0
    failures: int = 0
    retry_at: int = 0
    last_error: str = ""
    last_success: int = 0


def _nobody(_effect: PeerEffect) -> None:
    """Nobody listens."""


@dataclass
class PeerOffice:
    """One per running node. ``heard``: told every effect after its commit, in the loop."""

    house: House
    store: Store
    tls: TlsIdentity
    pins: Pins
    transport: PeerTransport
    presence: Presence
    options: TransportOptions
    heard: Callable[[PeerEffect], None] = _nobody

    def __post_init__(self) -> None:
        self._desk = Desk(self.house.network, self.house.node)
        self._own = b""
        self._told: set[NodeId] = set()
        self._patience = Patience()
        self._confirmed: set[NodeId] = set()
        self._announcing: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._announcements = asyncio.Semaphore(MAX_ANNOUNCEMENTS)

    # --- a run begins and ends

    async def start(self) -> None:
        """Bring the own introduction up to date, pin the accepted peers, tell them of us."""
        shown = await self._write(partial(peers.introduce_self, self.house, presence=self.presence))
        self._own = shown.wire
        await self._pin()
        self._announcing = asyncio.get_running_loop().create_task(self._announce())

    async def stop(self) -> None:
        """End what runs."""
        if self._announcing is not None:
            self._announcing.cancel()
            await asyncio.gather(self._announcing, return_exceptions=True)

    async def move(self, presence: Presence) -> int:
        """This node says something else of itself from now on (another address): the descriptor's new version."""
        self.presence = presence
        shown = await self._write(partial(peers.introduce_self, self.house, presence=presence))
        if shown.wire != self._own:
            self._own = shown.wire
            self._told.clear()
            self._wake.set()
        return shown.descriptor.version

    # --- what people do

    async def invite(self, address: str) -> PeerView:
        """Exchange introductions with the node at ``https://host:port``; its code is to be compared."""
        endpoint = parse_endpoint(address)
        caller = Caller(self.house.network, self._own, self.house.node, self.house.entropy(NONCE_BYTES))
        finished = await meet(endpoint, caller, self.options, self.house.clock())
        await self._settle(lambda tx: peers.exchanged(self.house, tx, finished))
        return await self.view(finished.node.hex())

    async def accept(self, text: str, typed_code: str | None = None) -> PeerView:
        """Accept the peer ``text``: its code, or its id or name with ``typed_code`` (None: confirmed)."""
        if _looks_like_code(text) and typed_code is None:
            decision = await self._settle(lambda tx: peers.accept_code(self.house, tx, text))
        else:
            decision = await self._settle(lambda tx: peers.accept(self.house, tx, peers.find(tx, text), typed_code))
        return await self.view(decision.peer.node.hex())

    async def decide(self, text: str, event: PeerEvent) -> PeerView:
        """REFUSE, BLOCK or UNBLOCK the peer ``text``."""
        if event not in (PeerEvent.REFUSE, PeerEvent.BLOCK, PeerEvent.UNBLOCK):
            raise CallerFault("event", "people refuse, block or unblock")
        decision = await self._settle(lambda tx: peers.decide(self.house, tx, peers.find(tx, text), event))
        return await self.view(decision.peer.node.hex())

    async def all(self) -> list[PeerView]:
        """Every peer, oldest first, with the codes of open exchanges."""
        return await self._read(partial(_views, self.house))

    async def view(self, text: str) -> PeerView:
        """One peer. Raises NotFound."""
        node = await self._read(lambda tx: peers.find(tx, text))
        return next(view for view in await self.all() if view.node == node.hex())

    async def check(self, text: str) -> list[check.Finding]:
        """Diagnosis of the peer ``text``: :mod:`node.aio.check`."""
        node = await self._read(lambda tx: peers.find(tx, text))
        pin = self.pins.get(node)
        if pin is None:
            raise CallerFault("peer", "is not accepted here: accept it first")
        context = client_context(self.tls, pin.certificates)
        return await check.check_peer(self.transport, pin, context, self.options, self.house.clock)

    async def retry(self, text: str) -> PeerView:
        """Call the peer ``text`` now, whatever its back-off says."""
        node = await self._read(lambda tx: peers.find(tx, text))
        if self.pins.get(node) is None:
            raise CallerFault("peer", "is not accepted here: accept it first")
        self._told.discard(node)
        self._patience.forget(node)
        self._wake.set()
        self.heard(LinkWoken(node))
        return await self.view(node.hex())

    def broken_off(self) -> int:
        """Enrolments of strangers that stopped half-way since the start: many mean that somebody guesses codes."""
        return self._desk.broken_off

    # --- what other nodes ask (part of node.api.peer.services)

    async def enrol_commit(self, body: bytes) -> bytes:
        """Message 1 of an enrolment."""
        ticket, nonce = self.house.entropy(TICKET_BYTES), self.house.entropy(NONCE_BYTES)
        return self._desk.committed(body, self._own, ticket, nonce, _monotonic_us())

    async def enrol_reveal(self, body: bytes) -> bytes:
        """Message 3 of an enrolment."""
        waiting = await self._read(partial(peers.waiting_strangers, self.house))
        finished, noted = self._desk.revealed(body, require_profile, waiting, _monotonic_us(), self.house.clock())
        await self._settle(lambda tx: peers.exchanged(self.house, tx, finished))
        return noted

    async def introduce(self, node: NodeId, body: bytes) -> bytes:
        """A peer shows its present introduction; ours goes back."""
        await self._settle(lambda tx: peers.renew(self.house, tx, node, body))
        return self._own

    async def answer_check(self, body: bytes) -> bytes:
        """A peer checks us."""
        check.said_time(body)
        return check.question(self.house.clock())

    async def met(self, node: NodeId) -> None:
        """An authenticated request or answer came from ``node``: cheap unless it is the first one."""
        if node in self._confirmed:
            self._confirmed.discard(node)
            await self._settle(lambda tx: peers.met(self.house, tx, node))

    # --- inside

    async def _settle(self, work: Callable[[Tx], Decision]) -> Decision:
        decision = await self._write(work)
        if any(isinstance(effect, PinsChanged) for effect in decision.effects):
            await self._pin()
        for effect in decision.effects:
            if isinstance(effect, LinkWoken):
                self._told.discard(effect.node)
                self._patience.forget(effect.node)
                self._wake.set()
            self.heard(effect)
        return decision

    async def _pin(self) -> None:
        pinned = await self._read(partial(peers.pinned, self.house))
        self._confirmed = {peer.node for peer in pinned if peer.state is PeerState.CONFIRMED}
        self.pins.replace(_pin_of(peer) for peer in pinned)

    async def _announce(self) -> None:
        """Show our introduction to every pinned peer once per run and version, and take theirs."""
        expired_at = 0.0
        while True:
            self._wake.clear()
            await asyncio.gather(*(self._announce_to(node) for node in self.pins.nodes() if self._is_due(node)))
            now = asyncio.get_running_loop().time()
            if now >= expired_at + EXPIRE_S:
                expired_at = now
                await self._write(partial(peers.expire, self.house))
            try:
                async with asyncio.timeout(LOOK_S):
                    await self._wake.wait()
            except TimeoutError:
                continue

    def _is_due(self, node: NodeId) -> bool:
        pin = self.pins.get(node)
        answers = pin is not None and bool(pin.endpoints)  # one that nobody can call introduces itself to us
        return answers and node not in self._told and self._patience.may(node)

    async def _announce_to(self, node: NodeId) -> None:
        shown = self._own
        try:
            async with self._announcements:
                theirs = await self.transport.post(node, INTRODUCTION, shown)
            await self._settle(lambda tx: peers.renew(self.house, tx, node, theirs))
            await self.met(node)
        except YuiError as error:
            log.info("not introduced", peer=node.hex()[:12], code=error.code)
            self._patience.failed(node)
            return
        self._patience.forget(node)
        if shown == self._own:
            self._told.add(node)

    async def _write(self, work: Callable[[Tx], T]) -> T:
        return await asyncio.wrap_future(self.store.submit(work))

    async def _read(self, work: Callable[[Tx], T]) -> T:
        return await asyncio.to_thread(self.store.read, work)


def _pin_of(peer: Peer) -> Pin:
    shown = peer.introduction
    return Pin(peer.node, shown.certificates, shown.endpoints, peer.private)


def _views(house: House, tx: Tx) -> list[PeerView]:
    codes = {invitation.node: invitation for invitation in peers.invitations(house, tx)}
    return [_view(house, tx, row.node, codes.get(NodeId(row.node))) for row in tx.peers.all()]


def _view(house: House, tx: Tx, node: bytes, invitation: Invitation | None) -> PeerView:
    row, peer, link = tx.peers.get(node), peers.get(house, tx, node), tx.links.get(node)
    assert row is not None
    assert peer is not None
    shown = peer.introduction.descriptor
    return PeerView(
        node=node.hex(),
        name=shown.name,
        kind=shown.kind,
        area=shown.area,
        state=peer.state.value,
        endpoints=shown.endpoints,
        version=shown.version,
        code=shown_code(invitation.code) if invitation else "",
        expires=invitation.expires if invitation else 0,
        invited_here=bool(invitation and invitation.ours),
        private=peer.private,
        added=row.added,
        last_contact=row.last_contact,
        failures=link.failures if link else 0,
        retry_at=link.retry_at if link else 0,
        last_error=link.last_error if link else "",
        last_success=link.last_success if link else 0,
    )


def _looks_like_code(text: str) -> bool:
    digits = "".join(character for character in text if character not in " -")
    return len(digits) == 8 and digits.isdecimal()


def _monotonic_us() -> int:
    return time.monotonic_ns() // 1_000
