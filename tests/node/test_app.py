"""Two whole nodes on loopback: pinned TLS, enrolment by short code, an order and its answer, a clean stop."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from node import opening
from node.app import Node
from node.services import dealings, directory, members, peers, trade
from node.services.trade import Submission
from protocol.errors import NotFound
from tests.node.services.town import accept_order, order

TOML = """
[node]
name = "{name}"
network = "test"
area = "232114"

[peer]
host = "127.0.0.1"
port = {port}
addresses = ["https://127.0.0.1:{port}"]
allow_private = true

[api]
host = "127.0.0.1"
port = 0

[log]
level = "error"
"""


def make(folder: Path, name: str, port: int) -> Path:
    folder.mkdir(mode=0o700)
    (folder / "yui.toml").write_text(TOML.format(name=name, port=port), "utf-8")
    opening.create_keys(folder, None)
    return folder


async def started(folder: Path) -> Node:
    node = Node(opening.open_folder(folder, {}))
    await node.start()
    return node


async def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what a person would see has no event
            await asyncio.sleep(0.02)


def enrol(node: Node, name: str) -> bytes:
    house, store = node.opened.house, node.opened.store
    member = store.write(lambda tx: members.enrol(house, tx, name)).member
    store.write(lambda tx: directory.publish(house, tx, member, directory.Profile(name=name)))
    return member


def send(node: Node, member: bytes, submission: Submission) -> bytes:
    house, store = node.opened.house, node.opened.store
    outcome = store.write(lambda tx: trade.submit(house, tx, member, [submission]))
    node.context.news(outcome.news)
    return outcome.submitted[0].thread


def state(node: Node, thread: bytes) -> str:
    try:
        return node.opened.store.read(lambda tx: dealings.fold(tx, thread)).state.state.value
    except NotFound:
        return ""


def knows(node: Node, member: bytes) -> Callable[[], bool]:
    return lambda: node.opened.store.read(lambda tx: tx.cards.get(member)) is not None


async def befriend(one: Node, other: Node, port: int) -> None:
    invited = await one.context.peers.invite(f"https://127.0.0.1:{port}")
    await one.context.peers.accept(invited["code"], None)
    await other.context.peers.accept(invited["code"], None)


@pytest.fixture
def ports(unused_tcp_port_factory: Callable[[], int]) -> tuple[int, int]:
    return unused_tcp_port_factory(), unused_tcp_port_factory()


async def test_two_nodes_trade_and_stop_cleanly(tmp_path: Path, ports: tuple[int, int]) -> None:
    toyota = await started(make(tmp_path / "toyota", "豊田", ports[0]))
    kyoto = await started(make(tmp_path / "kyoto", "京都", ports[1]))
    try:
        buyer, seller = enrol(toyota, "金太郎機械"), enrol(kyoto, "花咲堂")
        await befriend(toyota, kyoto, ports[1])
        await until(knows(toyota, seller))
        await until(knows(kyoto, buyer))
        wanted = order("PO-1")
        thread = send(toyota, buyer, Submission(seller, wanted))
        await until(lambda: state(kyoto, thread) == "ordered")
        send(kyoto, seller, Submission(buyer, accept_order("R-1", wanted), thread=thread))
        await until(lambda: state(toyota, thread) == "accepted")
        await until(lambda: not toyota.opened.store.read(lambda tx: tx.outgoing.count_pending()))
    finally:
        await toyota.stop()
        await kyoto.stop()
    again = opening.open_folder(tmp_path / "toyota", {})
    assert again.doubtful is None
    again.store.close()


async def test_a_node_put_back_elsewhere_is_found_although_its_backup_is_older_than_its_last_address(
    tmp_path: Path, unused_tcp_port_factory: Callable[[], int]
) -> None:
    """Backup, change of address, restore of that backup at a third address: peers believe the third one."""
    ports = [unused_tcp_port_factory() for _ in range(4)]
    folder = make(tmp_path / "toyota", "豊田", ports[0])
    toyota, kyoto = await started(folder), await started(make(tmp_path / "kyoto", "京都", ports[1]))
    try:
        buyer, seller = enrol(toyota, "金太郎機械"), enrol(kyoto, "花咲堂")
        await befriend(toyota, kyoto, ports[1])
        await until(knows(toyota, seller))
        await until(knows(kyoto, buyer))
        await toyota.stop()
        shutil.copytree(folder, tmp_path / "backup", ignore=shutil.ignore_patterns("*.sock"))
        toyota = await moved_to(folder, ports[2])
        await until(partial(believes, kyoto, toyota, ports[2]))
        await toyota.stop()
        opening.unmark(tmp_path / "backup")
        toyota = await moved_to(tmp_path / "backup", ports[3])
        await until(partial(believes, kyoto, toyota, ports[3]))
        thread = send(kyoto, seller, Submission(buyer, order("PO-2")))
        await until(lambda: state(toyota, thread) == "ordered")
    finally:
        await toyota.stop()
        await kyoto.stop()


async def test_a_port_in_use_is_one_sentence_and_the_next_start_works(tmp_path: Path, ports: tuple[int, int]) -> None:
    folder = make(tmp_path / "toyota", "豊田", ports[0])
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", ports[0])
    async with server:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "node", str(folder), stderr=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        _, told = await process.communicate()
    assert process.returncode == 1
    assert told.decode().count("\n") == 1
    assert str(ports[0]) in told.decode()
    toyota = await started(folder)
    await toyota.stop()


async def moved_to(folder: Path, port: int) -> Node:
    """The node in ``folder``, started at another address."""
    (folder / "yui.toml").write_text(TOML.format(name="豊田", port=port), "utf-8")
    return await started(folder)


def believes(node: Node, other: Node, port: int) -> bool:
    """Whether ``node`` looks for ``other`` at ``port`` alone."""
    peer = node.opened.store.read(lambda tx: peers.get(node.opened.house, tx, other.opened.house.id))
    return peer is not None and peer.introduction.descriptor.endpoints == (f"https://127.0.0.1:{port}",)
