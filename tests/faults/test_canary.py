"""A thousand marked strings in a member's documents: at guardians, in backups, logs, on the wire, in a bundle: none.

Four real nodes; everything between them goes through forwarders that keep what passes. The search is proved by what
must have the marks: the two homes, and a forwarder fed with a mark. A backup is sealed under the node's secret.
"""

from __future__ import annotations

import base64
import json
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from cli import client
from cli.bench.orders import template
from cli.bench.pair import BUYER, SELLER, await_member, enrol
from cli.cluster.member_api import MemberApi
from cli.cluster.nodes import Node, befriend, free_ports, stop_all

MARK = "canary" + secrets.token_hex(8)
DOCUMENTS, LINES = 50, 20
PATIENCE_S = 180.0


class Tap:
    """A TCP forwarder on a port of its own that keeps every byte of both directions."""

    def __init__(self, target: int = 0) -> None:
        self.target = target
        self.heard = bytearray()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(("127.0.0.1", self.target), 10)
            except OSError:
                near.close()
                continue
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._pass, args=(one, other), daemon=True).start()

    def _pass(self, one: socket.socket, other: socket.socket) -> None:
        try:
            while data := one.recv(65_536):
                self.heard += data
                other.sendall(data)
        except OSError:
            pass
        finally:
            for end in (one, other):
                end.close()


def disguises(mark: str) -> list[bytes]:
    """A mark as it could stand somewhere: plain, UTF-16, hexadecimal, base64 at each of its three offsets."""
    plain = mark.encode()
    coded = [base64.b64encode(b"\0" * at + plain)[4 * (at > 0) + 4 : -8] for at in range(3)]
    return [plain, mark.encode("utf-16-le"), plain.hex().encode(), *coded]


def marks_in(data: bytes) -> int:
    return sum(data.count(one) for one in disguises(MARK))


def files_of(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def marked(folder: Path) -> list[str]:
    return [path.name for path in files_of(folder) if marks_in(path.read_bytes())]


class Four:
    """``home`` with the buyer, ``host`` with the seller, two guardians of the buyer; every peer port behind a tap."""

    def __init__(self, folder: Path) -> None:
        names = ("home", "host", "keeper1", "keeper2")
        self.taps = {name: Tap() for name in names}  # first: or they might take ports that were found free
        ports = free_ports(2 * len(names))
        self.nodes = {name: Node(folder / name, name, *ports[2 * at : 2 * at + 2]) for at, name in enumerate(names)}
        for at, tap in enumerate(self.taps.values()):
            tap.target = ports[2 * at]
        for name, node in self.nodes.items():
            node.peer = f"https://127.0.0.1:{self.taps[name].port}"

    def __getitem__(self, name: str) -> Node:
        return self.nodes[name]

    def begin(self) -> None:
        for name, node in self.nodes.items():
            node.init("--area", "23211", *(["--guardian-only"] if "keeper" in name else []))
            node.start(directly=True)
        for node in self.nodes.values():
            node.wait_ready()
        befriend(self["home"], self["host"])
        for at, name in enumerate(("keeper1", "keeper2")):
            for home in ("home", "host"):
                befriend(self[home], self[name])
                entity = str(9_999_900_000_200 + at)
                self.ask(home, "guardian.agree", peer=name, part="home", entity=entity, places=["JP"])
                self.ask(name, "guardian.agree", peer=home, part="guardian")
        self.seller = enrol(self["host"], SELLER.name, SELLER.corporate_number)
        self.buyer = enrol(self["home"], BUYER.name, BUYER.corporate_number)
        await_member(self["home"], self.seller.id)

    def ask(self, name: str, command: str, **given: Any) -> Any:
        return client.ask(self[name].folder, command, **given)

    def send_marks(self) -> None:
        with closing(MemberApi(self["home"].api, self.buyer.token)) as api:
            for number in range(DOCUMENTS):
                asked = {"documents": [{"type": "order", "to": self.seller.id, "body": order(number)}]}
                api.post("/v1/documents", asked, key=secrets.token_hex(16))

    def is_settled(self) -> bool:
        kept = self.ask("home", "guardian.status") + self.ask("host", "guardian.status")
        arrived = self.ask("host", "status")["documents"] >= DOCUMENTS
        return arrived and all(row["complete"] == 2 and not row["missing"] for row in kept)


def order(number: int) -> dict[str, Any]:
    """An order with LINES marks: its note, its own number, and its items' names."""
    body = template(BUYER, SELLER, number)
    line = body["lines"][0]
    lines = [
        {**line, "line_id": str(at + 1), "item": {**line["item"], "name": f"{MARK}-{number}-{at}"}}
        for at in range(LINES - 1)
    ]
    plain = {name: value for name, value in body.items() if name not in ("taxes", "totals", "lines")}
    return {**plain, "number": f"K-{number}", "note": f"{MARK}-{number}-note", "lines": lines}


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_nobody_but_the_two_homes_ever_has_a_mark(tmp_path: Path) -> None:
    four = Four(tmp_path)
    try:
        four.begin()
        four.send_marks()
        end = time.monotonic() + PATIENCE_S
        while not four.is_settled():
            assert time.monotonic() < end, four.ask("home", "guardian.status")
            time.sleep(0.5)
        drill = four["home"].yui("drill", "--all", "--page", str(tmp_path / "drill.html"))
        bundles = [tmp_path / f"{name}.json" for name in four.nodes]
        for name, file in zip(four.nodes, bundles, strict=True):
            four[name].yui("support-bundle", str(file))
        backup = Path(four["home"].yui("backup", "now", "--folder", str(tmp_path / "backups"))["path"])
    finally:
        stop_all(four.nodes.values())
        for tap in four.taps.values():
            tap.close()
    for home in ("home", "host"):  # the search finds what is there
        assert "node.db" in marked(four[home].folder)
    for keeper in ("keeper1", "keeper2"):
        assert sum(path.stat().st_size for path in files_of(four[keeper].folder)) > DOCUMENTS * LINES * 40
        assert marked(four[keeper].folder) == []
    for name, tap in four.taps.items():
        assert len(tap.heard) > 1_000, name
        assert marks_in(bytes(tap.heard)) == 0, name
    assert [name for name, node in four.nodes.items() if marks_in(node.log.read_bytes())] == []
    for file in bundles:
        text = file.read_text("utf-8")
        assert not marks_in(text.encode())
        for private in (BUYER.name, SELLER.name, "keeper", four.buyer.id[:12], four.seller.id[:12], str(tmp_path)):
            assert private not in text
        assert json.loads(text)["counts"]["network"] == "test"
    page = (tmp_path / "drill.html").read_text("utf-8")
    assert marks_in(page.encode()) == 0
    assert drill["report"]["verdict"] == "good", drill["report"]
    assert drill["report"]["drilled"] == 1
    assert marked(backup.parent) == []
    assert (backup / "node.db.sealed").stat().st_size > DOCUMENTS * LINES * 40


def test_the_search_and_the_tap_find_a_mark() -> None:
    hidden = [
        MARK.encode(),
        MARK.encode().hex().encode(),
        *(base64.b64encode(b"x" * n + MARK.encode()) for n in range(3)),
    ]
    assert all(marks_in(b"..." + one + b"...") for one in hidden)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        tap = Tap(int(listener.getsockname()[1]))
        with socket.create_connection(("127.0.0.1", tap.port)) as sender:
            sender.sendall(MARK.encode())
            near, _ = listener.accept()
            with near:
                assert near.recv(100) == MARK.encode()
        tap.close()
    assert marks_in(bytes(tap.heard)) == 1


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_what_was_erased_is_nowhere_in_the_files_of_either_home(tmp_path: Path) -> None:
    four = Four(tmp_path)
    try:
        four.begin()
        with closing(MemberApi(four["home"].api, four.buyer.token)) as api:
            plain = {**order(0), "note": "", "lines": template(BUYER, SELLER, 0)["lines"]}
            sent = post(api, {"type": "order", "to": four.seller.id, "body": plain})
            said = {"number": "M-1", "issue_date": "2026-10-05", "kind": "note", "text": "担当をお伝えします。"}
            people = {"contacts": [{"role": "buyer", "name": MARK, "telephone": "0565-00-0000"}]}
            note = {"type": "message", "to": four.seller.id, "body": said, "personal": people, "thread": sent}
            document = post(api, note)
        end = time.monotonic() + PATIENCE_S
        while four.ask("host", "status")["documents"] < 2:
            assert time.monotonic() < end
            time.sleep(0.5)
        for home in ("home", "host"):
            assert marked(four[home].folder)
        assert four["home"].yui("erase", "request", document)["state"] == "erased"
        while four.ask("home", "erase.status", document=document)["erasure"]["partner_state"] != "erased":
            assert time.monotonic() < end, four.ask("home", "erase.list")
            time.sleep(0.5)
        time.sleep(20)  # the engine's own moves: three sweeps, five seconds apart
        left = {home: marked(four[home].folder) for home in ("home", "host")}
    finally:
        stop_all(four.nodes.values())
        for tap in four.taps.values():
            tap.close()
    assert left == {"home": [], "host": []}
    assert [name for name in four.nodes if marked(four[name].folder)] == []


def post(api: MemberApi, submission: dict[str, Any]) -> str:
    """Send one document; its id."""
    answer = api.post("/v1/documents", {"documents": [submission]}, key=secrets.token_hex(16))
    document: str = answer["documents"][0]["id"]
    return document
