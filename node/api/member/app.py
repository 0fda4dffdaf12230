"""The member API's application: every operation's row, the OpenAPI page made from them, the outermost middleware.

Owns the list. Serve it behind a proxy that speaks TLS, or with the node's own certificate (``node.app``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec
from aiohttp import web

from node.api import openapi, problem
from node.api.context import CONTEXT, Context
from node.api.member import (
    about,
    attachments,
    books,
    choices,
    closings,
    datause,
    deeds,
    desk,
    directory,
    documents,
    drawings,
    enquiries,
    erasing,
    feed,
    groups,
    guests,
    held,
    imports,
    joint,
    leaving,
    offers,
    pdf,
    proofs,
    sales,
    sme,
    supplying,
    threads,
    transfers,
    ubl,
)
from node.api.operation import Call, Operation, route
from protocol.limits import MAX_API_BODY_BYTES
from protocol.process.trade.papers import PAPERS

VERSION = "1"


async def _openapi(call: Call) -> object:
    """GET /v1/openapi.json."""
    page = await asyncio.to_thread(describe, call.context.base_url)
    return web.Response(body=msgspec.json.encode(page), content_type="application/json")


PAGE = Operation("GET", "/v1/openapi.json", "openapi", "This description", _openapi, None)

OPERATIONS: Sequence[Operation] = (
    *sme.OPERATIONS,  # before documents, as UBL
    *ubl.OPERATIONS,  # before documents: its fixed path must not be read as an id
    *closings.OPERATIONS,
    *deeds.OPERATIONS,  # before documents: its fixed words must not be read as ids
    *drawings.OPERATIONS,
    *enquiries.OPERATIONS,
    *erasing.OPERATIONS,
    *groups.OPERATIONS,
    *guests.OPERATIONS,
    *transfers.OPERATIONS,
    *choices.OPERATIONS,
    *datause.OPERATIONS,
    *supplying.OPERATIONS,
    *books.OPERATIONS,  # before documents and threads: longer paths
    *desk.OPERATIONS,
    *imports.OPERATIONS,
    *joint.OPERATIONS,
    *sales.OPERATIONS,
    *documents.OPERATIONS,
    *pdf.OPERATIONS,
    *proofs.OPERATIONS,
    *threads.OPERATIONS,
    *feed.OPERATIONS,
    *held.OPERATIONS,
    *offers.OPERATIONS,
    *leaving.OPERATIONS,
    *directory.OPERATIONS,
    *attachments.OPERATIONS,
    *about.OPERATIONS,
    PAGE,
)


def describe(url: str = "") -> dict[str, Any]:
    """The OpenAPI page."""
    return openapi.build(OPERATIONS, title="Yui member API", version=VERSION, url=url, also=list(PAPERS.values()))


def build(context: Context) -> web.Application:
    """The application over ``context``."""
    app = web.Application(middlewares=[_quiet, problem.middleware], client_max_size=MAX_API_BODY_BYTES)
    app[CONTEXT] = context
    app.router.add_routes([route(operation) for operation in OPERATIONS])
    return app


@web.middleware
async def _quiet(request: web.Request, handler: problem.Handler) -> web.StreamResponse:
    """Headers that every answer has: nothing here is for a browser to guess at, frame or keep."""
    answer = await handler(request)
    answer.headers.setdefault("X-Content-Type-Options", "nosniff")
    answer.headers.setdefault("Cache-Control", "no-store")
    return answer
