"""How a command reaches the node: the running one over its admin socket, else the data folder under the store's lock.

Owns the choice and the folder. Both ways run the same admin commands (``node.api.admin``) and answer alike. Must not
know what any command means.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
from pathlib import Path
from typing import Any

from cli.exits import Exit, Failure
from cli.output import problem_text
from node.i18n import _

SOCKET_NAME = "admin.sock"
MAX_SOCKET_PATH = 100  # bytes; the kernel takes 108
TIMEOUT_S = 300.0


class Folder:
    """The data folder of this process: ``--data``, else YUI_DATA, else a folder of the user."""

    path: Path | None = None


def data_folder() -> Path:
    """The node's data folder."""
    if Folder.path is not None:
        return Folder.path
    named = os.environ.get("YUI_DATA")
    if named:
        return Path(named)
    system = Path("/var/lib/yui")
    if (system / "yui.toml").exists() and os.access(system, os.R_OK | os.X_OK):
        return system
    return Path.home() / ".local" / "share" / "yui"


def call(command: str, **ask: Any) -> Any:
    """Run an admin command and give its answer. Failure carries what the node said."""
    folder = data_folder()
    try:
        return _over_socket(folder / SOCKET_NAME, command, ask)
    except (FileNotFoundError, ConnectionRefusedError):
        return _in_folder(folder, command, ask)


def ask(folder: Path, command: str, **given: Any) -> Any:
    """Run an admin command on the node that runs in ``folder``. Failure carries what it said; OSError: none runs."""
    return _over_socket(folder / SOCKET_NAME, command, given)


def is_running(folder: Path | None = None) -> bool:
    """Whether a node answers on the folder's socket."""
    connection = UnixConnection((folder or data_folder()) / SOCKET_NAME, timeout=5)
    try:
        connection.connect()
    except OSError:
        return False
    connection.close()
    return True


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: Path, timeout: float = TIMEOUT_S) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        """Connect; a path too long for the kernel is reached through its folder."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        try:
            self._reach(self.sock)
        except OSError:
            self.close()
            raise

    def _reach(self, sock: socket.socket) -> None:
        if len(os.fsencode(self._path)) <= MAX_SOCKET_PATH:
            sock.connect(str(self._path))
            return
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            sock.connect(f"/proc/self/fd/{folder}/{self._path.name}")
        finally:
            os.close(folder)


def _over_socket(path: Path, command: str, ask: dict[str, Any]) -> Any:
    connection = UnixConnection(path)
    try:
        connection.connect()
        body = json.dumps(ask).encode()
        connection.request("POST", f"/admin/v1/{command}", body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        data = response.read()
    except PermissionError:
        raise Failure(
            Exit.UNREACHABLE, _("{path} belongs to another user: run this as the node's user").format(path=path)
        ) from None
    except (TimeoutError, http.client.HTTPException, ConnectionResetError, BrokenPipeError) as error:
        raise Failure(Exit.UNREACHABLE, _("the node does not answer: {error}").format(error=error)) from None
    finally:
        connection.close()
    value = json.loads(data) if data else None
    if response.status < 400:
        return value
    raise refusal(value if isinstance(value, dict) else {"status": response.status})


def _in_folder(folder: Path, command: str, ask: dict[str, Any]) -> Any:
    if not (folder / "yui.toml").exists():
        raise Failure(
            Exit.UNREACHABLE,
            _("there is no node in {folder}: `yui init` makes one, --data or YUI_DATA names another folder").format(
                folder=folder
            ),
        )
    from node.api.admin import offline

    status, value = offline.run(folder, command, json.dumps(ask).encode())
    if status < 400:
        return value
    raise refusal(value)


def refusal(problem: dict[str, Any]) -> Failure:
    """The failure that a problem from the node means."""
    status = int(problem.get("status") or 500)
    code = Exit.REFUSED
    if status in (400, 411, 413, 415, 422):
        code = Exit.BAD_INPUT
    elif problem.get("code") in ("not-running", "unavailable", "unreachable"):
        code = Exit.UNREACHABLE
    return Failure(code, problem_text(problem), problem)
