"""Two network namespaces joined by one cable, of which either direction can be cut by itself.

Owns what it makes and takes it away again. A direction is cut by a wrong hardware address for the other end in the
sender's neighbour table: frames leave and nobody takes them, without a word to the sender. Needs root and iproute2.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cli import client
from cli.cluster.nodes import READY_S, Failed, Node, environment

PEER_PORT, API_PORT = 7443, 7080
NOBODY = "02:00:00:00:00:99"


def missing() -> str:
    """Why this machine cannot do it, or nothing."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        return "needs root and iproute2"
    name = f"yui-try-{os.getpid()}"
    if subprocess.run(["ip", "netns", "add", name], check=False, capture_output=True).returncode:
        return "network namespaces cannot be made here"
    subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)
    return ""


class Cable:
    """``a`` at 10.77.0.1 and ``b`` at 10.77.0.2, each in a namespace of its own."""

    def __init__(self) -> None:
        self.names = {side: f"yui-{side}-{os.getpid()}" for side in "ab"}
        self.addresses = {"a": "10.77.0.1", "b": "10.77.0.2"}

    def plug(self) -> None:
        """Make the namespaces and the cable."""
        for name in self.names.values():
            _ip("netns", "add", name)
        a, b = self.names["a"], self.names["b"]
        _ip("link", "add", "eth0", "netns", a, "type", "veth", "peer", "name", "eth0", "netns", b)
        for side, name in self.names.items():
            _ip("-n", name, "addr", "add", f"{self.addresses[side]}/24", "dev", "eth0")
            _ip("-n", name, "link", "set", "eth0", "up")
            _ip("-n", name, "link", "set", "lo", "up")

    def unplug(self) -> None:
        """Take them away."""
        for name in self.names.values():
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)

    def cut(self, side: str) -> None:
        """Nothing that ``side`` sends arrives any more; what is sent to it does."""
        _ip("-n", self.names[side], "neigh", "replace", *self._other(side), "lladdr", NOBODY, "nud", "permanent")

    def mend(self, side: str) -> None:
        """What ``side`` sends arrives again."""
        _ip("-n", self.names[side], "neigh", "del", *self._other(side))

    def _other(self, side: str) -> tuple[str, str, str]:
        return self.addresses["b" if side == "a" else "a"], "dev", "eth0"


class Placed(Node):
    """A node whose process runs in the namespace of one side."""

    def __init__(self, folder: Path, cable: Cable, side: str) -> None:
        super().__init__(folder, side, PEER_PORT, API_PORT)
        self._namespace = cable.names[side]
        self._address = cable.addresses[side]
        self.peer = f"https://{self._address}:{PEER_PORT}"

    def init(self, *more: str) -> Any:
        """A node of the test network that listens at its end of the cable."""
        made = super().init(*more)
        path = self.folder / "yui.toml"
        peer, api = path.read_text("utf-8").split("[api]")
        path.write_text(peer.replace('host = "127.0.0.1"', f'host = "{self._address}"') + "[api]" + api, "utf-8")
        return made

    def start(self, *, directly: bool = False) -> None:
        """Start the node in its namespace."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                ["ip", "netns", "exec", self._namespace, sys.executable, "-P", "-m", "node", str(self.folder)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment(),
            )

    def wait_ready(self, seconds: float = READY_S) -> None:
        """Ready is what it says on its own socket: its pages are in another namespace."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                client.ask(self.folder, "status")
            except Exception:  # noqa: BLE001 - whatever keeps it from answering, it is not ready
                time.sleep(0.1)
                continue
            return
        raise Failed(f"{self.name}: is not ready\n{self.log_tail()}")


@contextmanager
def cable() -> Iterator[Cable]:
    """A cable for the time of a test."""
    found = Cable()
    try:
        found.plug()
        yield found
    finally:
        found.unplug()


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)
