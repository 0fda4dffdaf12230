"""The admin API: every command at ``POST /admin/v1/NAME`` on a unix socket that only the node's user may open.

Owns the list of commands, the socket and who may speak on it. The command line is its client; the same commands run
without a node through :mod:`node.api.admin.offline`.
"""

from __future__ import annotations

import os
import socket
import struct
import time
from pathlib import Path

import msgspec
from aiohttp import web

from node.api import problem
from node.api.admin import commands
from node.api.admin.command import decode, run_online
from node.api.context import CONTEXT, Context
from node.api.problem import Refused
from protocol.errors import NotFound, YuiError
from protocol.limits import MAX_API_BODY_BYTES

SOCKET_NAME = "admin.sock"
MAX_SOCKET_PATH = 100  # bytes; the kernel takes 108
MAX_BODY_BYTES = 2 * MAX_API_BODY_BYTES


def build(context: Context) -> web.Application:
    """The application over ``context``."""
    app = web.Application(middlewares=[problem.middleware, _own_user], client_max_size=MAX_BODY_BYTES)
    app[CONTEXT] = context
    app.router.add_post("/admin/v1/{command}", _run)
    return app


async def serve(context: Context) -> web.AppRunner:
    """Serve on ``<data>/admin.sock``, mode 0600; a socket that a dead process left is replaced.

    The caller holds the store's lock, so no other node serves this folder.
    """
    runner = web.AppRunner(build(context), access_log=None, shutdown_timeout=5)
    await runner.setup()
    site = web.SockSite(runner, bind(context.folder / SOCKET_NAME))
    await site.start()
    return runner


def bind(path: Path) -> socket.socket:
    """A listening unix socket at ``path``; a path too long for the kernel is reached through its folder."""
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        if len(os.fsencode(path)) <= MAX_SOCKET_PATH:
            listener.bind(str(path))
        else:
            folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                listener.bind(f"/proc/self/fd/{folder}/{path.name}")
            finally:
                os.close(folder)
    except BaseException:
        listener.close()
        raise
    finally:
        os.umask(before)
    listener.setblocking(False)
    return listener


@web.middleware
async def _own_user(request: web.Request, handler: problem.Handler) -> web.StreamResponse:
    """Only the node's own user and root, whatever the file's mode has become."""
    found = None if request.transport is None else request.transport.get_extra_info("socket")
    if found is not None and hasattr(socket, "SO_PEERCRED") and found.family == socket.AF_UNIX:
        credentials = found.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        user = struct.unpack("3i", credentials)[1]
        if user not in (0, os.getuid()):
            raise Refused(403, "other-user", "this socket is for the node's own user")
    return await handler(request)


async def _run(request: web.Request) -> web.Response:
    context = request.app[CONTEXT]
    command = commands.ALL.get(request.match_info["command"])
    if command is None:
        raise NotFound("command", "the node does not know this command: is it older than the command line?")
    started = time.perf_counter()
    status = 500
    try:
        answer = await run_online(command, context, decode(command, await request.read()))
        status = 200
    except YuiError as error:
        status = problem.problem_of(error).status
        raise
    finally:
        context.metrics.request("POST", f"/admin/v1/{command.name}", status, time.perf_counter() - started)
    return web.Response(body=msgspec.json.encode(answer), content_type="application/json")
