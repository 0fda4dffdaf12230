"""The API about itself: who calls, whether the node is well, its numbers, its OpenAPI page."""

from __future__ import annotations

import asyncio

from aiohttp import web

from node.api import metrics
from node.api.member.shapes import Health, Me
from node.api.operation import Call, Operation
from node.services import status
from node.services.policy import Scope
from node.services.transaction import Tx


async def me(call: Call) -> object:
    """GET /v1/me."""
    member, house, caller = call.member, call.context.house, call.principal

    def work(tx: Tx) -> Me:
        row = tx.members.get(member)
        return Me(
            member=member.hex(),
            name="" if row is None else row.name,
            node=house.id.hex(),
            network=house.network,
            scopes=sorted(scope.value for scope in caller.scopes),
            label=caller.label,
        )

    return await call.read(work)


async def health(_call: Call) -> object:
    """GET /health: the process answers."""
    return Health(status="ok")


async def ready(call: Call) -> object:
    """GET /ready: it can store and sign."""
    context = call.context
    word = "ok"
    if context.store.broken is not None:
        word = "store-broken"
    elif context.arrivals.closing:
        word = "closing"
    elif context.house.frozen:
        word = "frozen"
    elif context.house.recovering:
        word = "recovering"
    else:
        await call.read(lambda tx: tx.meta.get_int("start/number"))
    if word == "ok":
        return Health(status=word)
    return web.json_response({"status": word}, status=503)


async def numbers(call: Call) -> object:
    """GET /metrics, for Prometheus."""
    gauges = await call.read(status.gauges)
    body = await asyncio.to_thread(call.context.metrics.render, gauges)
    return web.Response(body=body, headers={"Content-Type": metrics.MEDIA_TYPE})


OPERATIONS = (
    Operation("GET", "/v1/me", "who_am_i", "Who the token speaks for", me, Scope.READ, answer=Me),
    Operation("GET", "/health", "health", "The process answers", health, None, answer=Health),
    Operation("GET", "/ready", "ready", "The node can store and sign", ready, None, answer=Health),
    Operation(
        "GET",
        "/metrics",
        "metrics",
        "Numbers for Prometheus",
        numbers,
        Scope.METRICS,
        answer_media="text/plain",
    ),
)
