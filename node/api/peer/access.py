"""Who may call the peer port, how often, and how many at once.

Owns the gate in front of every endpoint. The certificate of the connection is compared with the pinned ones on
*every* request, so a peer that is blocked is refused on the next one, also on a connection opened before. Strangers
reach only the enrolment endpoints. Must not know what is asked.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web
from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter, SlidingWindowCounterRateLimiter

from node.aio.pins import Pins
from node.api.peer.messages import READ_TIMEOUT_S, UnfitBody, answer_unread, refusal, refusal_of
from node.certificate import fingerprint
from protocol.errors import InvariantBroken, YuiError
from protocol.keys import NodeId
from protocol.limits import MAX_REQUESTS_IN_SERVICE, PEER_REQUESTS_PER_MINUTE, STRANGER_REQUESTS_PER_MINUTE

ENROL_PREFIX = "/peer/v1/enrol/"
CALLER: web.RequestKey[bytes] = web.RequestKey("caller", bytes)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
log = structlog.get_logger("peer")


def caller(request: web.Request) -> NodeId:
    """The peer that the pinned certificate of this request's connection proves."""
    return NodeId(request[CALLER])


class Gate:
    """What every request passes: identity, rate, turn, and the one form of errors."""

    def __init__(
        self,
        pins: Pins,
        *,
        peer_per_minute: int = PEER_REQUESTS_PER_MINUTE,
        stranger_per_minute: int = STRANGER_REQUESTS_PER_MINUTE,
    ) -> None:
        self._pins = pins
        self._peers = SlidingWindowCounterRateLimiter(MemoryStorage())  # two numbers for each peer
        self._strangers = MovingWindowRateLimiter(MemoryStorage())  # exact; a few times for each address
        self._peer_rate = RateLimitItemPerMinute(peer_per_minute)
        self._stranger_rate = RateLimitItemPerMinute(stranger_per_minute)
        self._turns = asyncio.Semaphore(MAX_REQUESTS_IN_SERVICE)

    @web.middleware
    async def guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuse, or pass on with the caller's id set."""
        node = self._identify(request)
        if node is not None:
            request[CALLER] = node
            limited = not await self._peers.hit(self._peer_rate, node.hex())
        elif request.path.startswith(ENROL_PREFIX):
            limited = not await self._strangers.hit(self._stranger_rate, _address_block(request.remote or ""))
        else:
            message = "only accepted peers may ask this; introduce yourself first"
            return refusal(403, "not-authorised", message, hang_up=True)
        if limited:
            return refusal(429, "too-many-requests", "too many requests in this minute", hang_up=node is None)
        return await self._serve(request, handler)

    def _identify(self, request: web.Request) -> NodeId | None:
        transport = request.transport
        tls = transport.get_extra_info("ssl_object") if transport is not None else None
        certificate = tls.getpeercert(binary_form=True) if tls is not None else None
        return self._pins.node_of(fingerprint(certificate)) if certificate else None

    async def _serve(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            async with asyncio.timeout(READ_TIMEOUT_S), self._turns:
                return await handler(request)
        except UnfitBody as unfit:
            return await answer_unread(request, unfit.response) if CALLER in request else unfit.response
        except InvariantBroken:
            raise
        except YuiError as error:
            log.info("refused", path=_route(request), code=error.code, why=str(error))
            return refusal_of(error)
        except TimeoutError:
            return refusal(503, "busy", "busy, or the body came too slowly", hang_up=True)
        except web.HTTPException as error:
            return refusal(error.status, "http", error.reason or "", hang_up=error.status >= 400)
        except Exception:
            log.exception("failed", path=_route(request))
            return refusal(500, "internal", "internal error", hang_up=True)


def _route(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "unknown"


def _address_block(text: str) -> str:
    """What counts as one stranger: an IPv4 address, or the /64 of an IPv6 address."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return "unknown"
    if address.version == 4:
        return str(address)
    return str(ipaddress.ip_network((address, 64), strict=False))
