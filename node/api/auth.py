"""Bearer tokens on the member API: who calls, and whether it may. Owns the checks before any handler runs.

Tokens are 32 random bytes, known here by their SHA-256 only. An unknown, expired or revoked one is refused alike.
Rates: by token; refusals by address, so that guessing is slow. Source: RFC 6750.
"""

from __future__ import annotations

import asyncio

from aiohttp import web
from limits import RateLimitItemPerMinute

from node.api.context import Context
from node.api.problem import Refused
from node.services import tokens
from node.services.policy import Scope
from node.services.tokens import ANYBODY, Principal


async def principal(context: Context, request: web.Request, scope: Scope | None) -> Principal:
    """Who calls. Raises Refused: 401 without a good token, 403 without ``scope``, 429 above the rate."""
    if scope is None:
        return ANYBODY
    address = address_of(request, context.trusted_proxies)
    header = request.headers.get("Authorization", "")
    kind, _, secret = header.partition(" ")
    if kind.lower() != "bearer" or not secret:
        raise await _refused(context, address, "no-token", "Authorization: Bearer TOKEN is needed")
    hashed, now = tokens.hash_of(secret.strip()), context.house.clock()
    found = await asyncio.to_thread(context.store.read, lambda tx: tokens.check(tx, hashed, now))
    if found is None:
        raise await _refused(context, address, "bad-token", "the token is unknown, expired or revoked")
    await _within_rate(context, found)
    if now - found.last_used > tokens.TOUCH_EVERY_US:
        context.submit(lambda tx: tx.tokens.touch(hashed, now))  # nobody waits for it
    if scope not in found.scopes:
        challenge = f'Bearer error="insufficient_scope", scope="{scope.value}"'
        raise Refused(
            403, "insufficient-scope", f"the token lacks {scope.value}", headers={"WWW-Authenticate": challenge}
        )
    if found.member is not None and found.suspended:
        raise Refused(403, "suspended", "this member is suspended at its node")
    return found


def address_of(request: web.Request, proxies: frozenset[str]) -> str:
    """Where the request came from: behind a trusted proxy the last address that it and its like did not add."""
    address = request.remote or "unknown"
    chain = [part.strip() for header in request.headers.getall("X-Forwarded-For", ()) for part in header.split(",")]
    while address in proxies and chain:
        address = chain.pop()[:64]
    return address


async def _refused(context: Context, address: str, code: str, detail: str) -> Refused:
    limit = RateLimitItemPerMinute(context.limits.refused_per_address)
    if not await context.limits.limiter.hit(limit, "refused", address):
        return _too_many()
    challenge = 'Bearer realm="yui"' if code == "no-token" else 'Bearer realm="yui", error="invalid_token"'
    return Refused(401, code, detail, headers={"WWW-Authenticate": challenge})


async def _within_rate(context: Context, found: Principal) -> None:
    limit = RateLimitItemPerMinute(context.limits.per_token)
    if not await context.limits.limiter.hit(limit, "token", found.token.hex()):
        raise _too_many()


def _too_many() -> Refused:
    return Refused(429, "too-many-requests", "too many requests: wait and try again", headers={"Retry-After": "10"})
