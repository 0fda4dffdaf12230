"""One real node on this machine: its data folder, its process, and the ``yui`` command run on it.

Owns starting, killing and freezing the processes that it started itself, by their ids, and nothing else on the
machine. Uses the command line as a person does. Must not know the inside of a node.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from cli.cluster.member_api import MemberApi, Refused

ROOT = Path(__file__).resolve().parents[2]
COMMAND_S = 120.0
READY_S = 60.0
STOP_S = 20.0
LOG_TAIL = 3_000


class Failed(RuntimeError):
    """A command or a node did not do what was asked; the message carries what it said."""


def yui(*arguments: str, folder: Path | None = None, given: str = "", seconds: float = COMMAND_S) -> Any:
    """Run ``yui ARGUMENTS --json`` as a process of its own; its JSON answer. Failed with its error output."""
    place = [] if folder is None else ["--data", str(folder)]
    done = subprocess.run(
        [*command(), *arguments, *place, "--json"],
        check=False,
        capture_output=True,
        text=True,
        input=given,
        timeout=seconds,
        env=environment(),
    )
    if done.returncode:
        raise Failed(f"yui {' '.join(arguments)}: {done.stderr.strip() or done.stdout.strip()}")
    return json.loads(done.stdout) if done.stdout.strip() else None


def command() -> list[str]:
    """How this installation's ``yui`` is started."""
    return [sys.executable, "-P", "-m", "cli.main"]


def environment() -> dict[str, str]:
    """The environment for processes of the cluster: this installation, and no settings of another node."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("YUI_") or name == "YUI_LANG"}
    paths = [str(ROOT), *kept.get("PYTHONPATH", "").split(os.pathsep)]
    return kept | {"PYTHONPATH": os.pathsep.join(path for path in paths if path), "PYTHONUTF8": "1"}


def free_ports(count: int) -> list[int]:
    """Loopback ports that nobody uses now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    try:
        return [int(item.getsockname()[1]) for item in sockets]
    finally:
        for item in sockets:
            item.close()


class Node:
    """One node in ``folder``. ``peer`` and ``api`` are its addresses, ``port`` that of the API and the pages."""

    def __init__(self, folder: Path, name: str, peer_port: int, api_port: int) -> None:
        self.folder = folder
        self.name = name
        self.peer = f"https://127.0.0.1:{peer_port}"
        self.api = f"http://127.0.0.1:{api_port}"
        self.port = api_port
        self._ports = (peer_port, api_port)
        self._process: subprocess.Popen[bytes] | None = None
        self.log = folder.parent / f"{folder.name}.log"

    @property
    def store(self) -> Path:
        """The SQLite file."""
        return self.folder / "node.db"

    @property
    def pid(self) -> int:
        """The process id. Failed when it does not run."""
        if self._process is None or self._process.poll() is not None:
            raise Failed(f"{self.name}: does not run\n{self.log_tail()}")
        return self._process.pid

    def yui(self, *arguments: str, given: str = "") -> Any:
        """A command on this node."""
        return yui(*arguments, folder=self.folder, given=given)

    def init(self, *more: str) -> Any:
        """Make the data folder: a node of the test network on loopback with an unattended key."""
        peer_port, api_port = self._ports
        made = self.yui(
            "init",
            *("--name", self.name, "--host", "localhost", "--network", "test"),
            *("--listen", "127.0.0.1", "--peer-port", str(peer_port), "--address", self.peer),
            *("--api-port", str(api_port), "--allow-private"),
            *more,
        )
        self._name_pages()
        return made

    def _name_pages(self) -> None:
        """Write into the settings where people reach the pages here: links that leave a page (mail, QR) begin so."""
        path = self.folder / "yui.toml"
        said = path.read_text("utf-8")
        path.write_text(re.sub(r'(?m)^base_url = ".*"$', f'base_url = "{self.page}"', said), "utf-8")

    @property
    def page(self) -> str:
        """Where people reach the pages. By a name: passkeys do not work for numbers."""
        return f"http://localhost:{self.port}"

    def start(self, *, directly: bool = False) -> None:
        """Start ``yui serve`` and return at once. ``directly``: start what it becomes, a second sooner."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "node", str(self.folder)]
                if directly
                else [*command(), "serve", "--data", str(self.folder)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment(),
            )

    def wait_ready(self, seconds: float = READY_S) -> None:
        """Return when the node says that it can store and sign. Failed with the end of its log otherwise."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self._process is None or self._process.poll() is not None:
                break
            if self.is_ready():
                return
            time.sleep(0.05)
        raise Failed(f"{self.name}: is not ready\n{self.log_tail()}")

    def is_ready(self) -> bool:
        """Whether GET /ready says ok."""
        try:
            with closing(MemberApi(self.api, timeout=2)) as api:
                api.download("/ready")
        except (OSError, http.client.HTTPException, Refused):
            return False
        return True

    def kill(self) -> None:
        """``kill -9``, and wait until it is gone."""
        os.kill(self.pid, signal.SIGKILL)
        self._gone()

    def freeze(self) -> None:
        """Stop the process where it stands (SIGSTOP): the network sees a machine that does not answer."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen process go on."""
        os.kill(self.pid, signal.SIGCONT)

    def stop(self) -> float:
        """Ask the node to stop, as a service manager does; seconds that it took. Killed if it takes too long."""
        if self._process is None or self._process.poll() is not None:
            return 0.0
        began = time.monotonic()
        os.kill(self._process.pid, signal.SIGCONT)
        self._process.terminate()
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        return time.monotonic() - began

    def _gone(self) -> None:
        if self._process is not None:
            self._process.wait()

    def log_tail(self) -> str:
        """The end of the node's log."""
        try:
            return self.log.read_text("utf-8", "replace")[-LOG_TAIL:]
        except OSError:
            return ""


def stop_all(nodes: Iterable[Node]) -> None:
    """Stop every node, whatever happens to one of them."""
    for node in nodes:
        try:
            node.stop()
        except OSError:
            continue


def befriend(one: Node, other: Node) -> str:
    """Make two nodes peers as two people do it: one invites, both compare the code, both accept. The code.

    Failed when the codes differ: somebody stands between.
    """
    code = _digits(one.yui("peer", "invite", other.peer)["code"])
    if code not in [_digits(peer["code"]) for peer in other.yui("peer", "list")["peers"]]:
        raise Failed(f"{one.name} and {other.name} see different codes")
    other.yui("peer", "accept", code)
    one.yui("peer", "accept", code)
    return code


def _digits(code: str) -> str:
    return "".join(filter(str.isdigit, code))
