"""One HTTP request to another node, and everything that may go wrong with it.

Owns the session's settings (addresses checked, no redirects, no compression, no cookies, no proxies), the bounded
reading of answers, and turning the library's errors into those of :mod:`protocol.errors`. Must not know who is asked
or why.
"""

from __future__ import annotations

import contextlib
import os
import ssl
from dataclasses import dataclass
from io import BytesIO

import aiohttp

from federation.endpoint import Endpoint
from node.aio.resolver import AddressRefused, CheckedResolver, Lookup, system_lookup
from protocol import canon, shape
from protocol.errors import Malformed, NotAuthorised, PeerFault, TooLarge, WorldFault, YuiError
from protocol.limits import MIB, REQUEST_TIMEOUT_US

MEDIA_TYPE = "application/vnd.yui+msgpack"
CONNECT_TIMEOUT_S = 10.0
MAX_ERROR_BYTES = 4 * 1024
_HEADERS = {"Accept": MEDIA_TYPE, "Accept-Encoding": "identity", "Content-Type": MEDIA_TYPE}


@dataclass(frozen=True)
class TransportOptions:
    """How this node connects. ``allow_private``: to private and loopback addresses of any peer."""

    allow_private: bool = False
    timeout_s: float = REQUEST_TIMEOUT_US / 1_000_000
    lookup: Lookup = system_lookup


def open_session(context: ssl.SSLContext, private_agreed: bool, options: TransportOptions) -> aiohttp.ClientSession:
    """A session of one connection that checks addresses, follows nothing and decompresses nothing."""
    resolver = CheckedResolver(private_agreed=private_agreed, lookup=options.lookup)
    connector = aiohttp.TCPConnector(
        ssl=context,
        resolver=resolver,
        socket_factory=resolver.socket_for,
        use_dns_cache=False,
        limit=1,
        keepalive_timeout=60,
    )
    timeout = aiohttp.ClientTimeout(total=options.timeout_s, connect=min(CONNECT_TIMEOUT_S, options.timeout_s))
    return aiohttp.ClientSession(
        connector=connector,
        timeout=timeout,
        headers=_HEADERS,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
    )


async def exchange(
    session: aiohttp.ClientSession,
    endpoint: Endpoint,
    method: str,
    path: str,
    body: bytes | None,
    max_answer: int,
) -> bytes:
    """One request and its answer at one endpoint. Errors as in :meth:`PeerTransport.request`."""
    data = BytesIO(body) if body is not None and len(body) > MIB else body  # the library's rule for large bodies
    try:
        async with session.request(method, f"{endpoint}{path}", data=data, allow_redirects=False) as answer:
            return await read_answer(answer, max_answer)
    except (aiohttp.ClientError, OSError) as error:
        raise world_fault(endpoint, error) from error


async def read_answer(answer: aiohttp.ClientResponse, max_answer: int) -> bytes:
    """The body of a good answer; otherwise the error that it means."""
    if answer.headers.get("Content-Encoding", "identity") != "identity":
        raise Malformed("answer: compressed, which nobody asked for")
    if answer.status != 200:
        raise await _refusal(answer)
    if answer.content_type != MEDIA_TYPE:
        raise Malformed(f"answer: media type must be {MEDIA_TYPE}")
    return await read_bounded(answer, max_answer)


async def read_bounded(answer: aiohttp.ClientResponse, limit: int) -> bytes:
    """The answer's body of at most ``limit`` bytes; TooLarge as soon as it is longer."""
    if (answer.content_length or 0) > limit:
        raise TooLarge(f"answer: {answer.content_length} bytes, the limit is {limit}")
    pieces: list[bytes] = []
    length = 0
    async for piece in answer.content.iter_any():
        length += len(piece)
        if length > limit:
            raise TooLarge(f"answer: more than {limit} bytes")
        pieces.append(piece)
    return b"".join(pieces)


async def _refusal(answer: aiohttp.ClientResponse) -> YuiError:
    """The error that a status other than 200 means. A peer's words are shortened and never trusted further."""
    code, message = "refused", f"status {answer.status}"
    if answer.content_type == MEDIA_TYPE:
        with contextlib.suppress(PeerFault):
            raw = shape.record(canon.decode(await read_bounded(answer, MAX_ERROR_BYTES)), "yui/error/1", 3)
            code, message = shape.text(raw[1], "code", 64), shape.text(raw[2], "message", 500)
    if answer.status in (401, 403):
        return NotAuthorised(f"the peer refuses this node: {message}", code=code)
    if answer.status >= 500 or answer.status in (408, 429):
        return WorldFault(f"the peer cannot answer now: {message}", code=code)
    return PeerFault(f"the peer refuses the message: {message}", code=code)


def world_fault(endpoint: Endpoint, error: Exception) -> WorldFault:
    """What the network library raised, as a sentence for people. ``code`` names the step that failed."""
    cause = _root(error)
    if isinstance(cause, AddressRefused):
        return WorldFault(f"{endpoint} is not connected to: {cause}", code="address")
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return WorldFault(f"the name {endpoint.host} cannot be resolved", code="name")
    if isinstance(cause, ssl.SSLError):
        return WorldFault(f"{endpoint}: no trusted TLS connection ({_tls_reason(cause)})", code="tls")
    if isinstance(error, TimeoutError):
        return WorldFault(f"{endpoint}: no answer in time", code="timeout")
    if isinstance(error, aiohttp.ClientConnectorError):
        return WorldFault(f"{endpoint}: no connection ({_system_reason(cause)})", code="connect")
    return WorldFault(f"{endpoint}: closed without an answer; it may not accept this node (yet)", code="broken")


def _root(error: BaseException) -> BaseException:
    """The error of the operating system or TLS library inside the HTTP library's wrapping."""
    for _ in range(5):
        inner = getattr(error, "os_error", None) or error.__cause__
        if inner is None or inner is error:
            break
        error = inner
    return error


def _system_reason(error: BaseException) -> str:
    number = getattr(error, "errno", None)
    return os.strerror(number).lower() if isinstance(number, int) and number > 0 else str(error)


def _tls_reason(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return "the server's certificate is not the pinned one"
    if "ALERT_UNKNOWN_CA" in str(error) or "ALERT_CERTIFICATE" in str(error):
        return "the peer does not accept this node's certificate"
    return str(error.reason or "handshake failed").replace("_", " ").lower()
