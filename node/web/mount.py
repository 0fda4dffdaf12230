"""Hangs the pages beside the member API, without loading them: a node that only delivers never pays for templates.

Owns which paths are the API's. Everything else is a page's, also what does not exist: people get a page that says so.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiohttp import web

from node.api.context import CONTEXT

if TYPE_CHECKING:
    from node.web.site import Site

#: First words of the API's paths.
API: tuple[str, ...] = ("v1", "health", "ready", "metrics")
_PAGES = "/{page:(?!(?:" + "|".join(API) + ")(?:/|$)).*}"


def mount(app: web.Application) -> None:
    """Serve the pages in ``app`` (:func:`node.api.member.app.build`)."""
    lock = asyncio.Lock()
    made: list[Site] = []

    async def serve(request: web.Request) -> web.StreamResponse:
        if not made:
            async with lock:
                if not made:
                    made.append(await asyncio.to_thread(_load, request.app))
        return await made[0].serve(request)

    app.router.add_route("*", _PAGES, serve)


def _load(app: web.Application) -> Site:
    from node.web.app import build

    return build(app[CONTEXT])
