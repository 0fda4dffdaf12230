"""`yui carry`: two nodes that are never on at the same time trade by a file, drawings included."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.carry import LENGTH_BYTES
from node.app import Node
from node.services import attachments, trade
from node.services.trade import Submission
from protocol.document.header import AttachmentRef
from protocol.limits import CHUNK_BYTES
from protocol.link.carried import FILE_MARK
from tests.cli.running import Ran, yui
from tests.node.services.town import order
from tests.node.test_app import befriend, enrol, knows, make, started, until


async def run(node: Node, *arguments: str) -> Ran:
    """The command, without what the node in the same process logs meanwhile."""
    ran = await asyncio.to_thread(yui, node.opened.folder, *arguments)
    return ran._replace(out=ran.out.strip().rpartition("\n")[2])


def drawing(node: Node, member: bytes, data: bytes) -> AttachmentRef:
    """Bring a file as the member API does."""
    files, house = node.context.files, node.opened.house
    name = os.urandom(16).hex()
    for index in range(files.begin(name, member, len(data), "application/pdf").chunks):
        files.put_chunk(name, index, data[index * CHUNK_BYTES : (index + 1) * CHUNK_BYTES])
    root = files.finish(name)
    node.opened.store.write(lambda tx: attachments.completed(house, tx, root, len(data), "application/pdf"))
    return AttachmentRef(root, len(data), "application/pdf")


def cut(file: Path, pieces: int) -> bytes:
    """The first ``pieces`` pieces of a carried file."""
    data, at = file.read_bytes(), len(FILE_MARK)
    for _ in range(pieces):
        at += LENGTH_BYTES + int.from_bytes(data[at : at + LENGTH_BYTES], "big")
    return data[:at]


def accepted(node: Node) -> bool:
    """Both sides have said yes, and the node has seen it."""
    return all(row.state == "accepted" for row in node.opened.store.read(lambda tx: tx.peers.all()))


@pytest.fixture
async def houses(tmp_path: Path, unused_tcp_port_factory: Callable[[], int]) -> tuple[Path, Path, bytes, bytes]:
    """Toyota and Kyoto, peers, each with a firm that the other knows; both switched off."""
    ports = unused_tcp_port_factory(), unused_tcp_port_factory()
    folders = make(tmp_path / "toyota", "豊田", ports[0]), make(tmp_path / "kyoto", "京都", ports[1])
    toyota, kyoto = [await started(folder) for folder in folders]
    try:
        buyer, seller = enrol(toyota, "金太郎機械"), enrol(kyoto, "花咲堂")
        await befriend(toyota, kyoto, ports[1])
        await until(knows(toyota, seller))
        await until(knows(kyoto, buyer))
        await until(lambda: accepted(toyota) and accepted(kyoto))
    finally:
        await toyota.stop()
        await kyoto.stop()
    return *folders, buyer, seller


async def test_two_nodes_that_never_meet(tmp_path: Path, houses: tuple[Path, Path, bytes, bytes]) -> None:
    here, there, buyer, seller = houses
    stick = tmp_path / "stick.yui"
    data = os.urandom(2 * CHUNK_BYTES + 5)

    toyota = await started(here)
    try:
        ref = drawing(toyota, buyer, data)
        wanted = Submission(seller, order("PO-1"), attachments=(ref,))
        house, store = toyota.opened.house, toyota.opened.store
        sent = store.write(lambda tx: trade.submit(house, tx, buyer, [wanted])).submitted[0]
        ran = await run(toyota, "carry", "out", str(stick), "--to", "京都", "--json")
        assert (ran.code, ran.json["documents"], ran.json["attachments"], ran.json["pieces"]) == (0, 1, 1, 4), ran.err
        assert stick.stat().st_mode & 0o077 == 0
        assert "抹茶あめ".encode() not in stick.read_bytes()
        again = await run(toyota, "carry", "out", str(stick), "--to", "京都")
        assert again.code == 4
        assert "--force" in again.err
    finally:
        await toyota.stop()

    kyoto = await started(there)
    try:
        part = tmp_path / "part.yui"
        part.write_bytes(cut(stick, 2))  # the drawing's end is missing
        ran = await run(kyoto, "carry", "in", str(part), "--json")
        assert (ran.code, ran.json["verdicts"], len(ran.json["faults"])) == (1, {"waiting": 1}, 1)
        ran = await run(kyoto, "carry", "in", str(stick), "--json")
        assert (ran.code, ran.json["faults"]) == (0, []), ran.err
        assert kyoto.context.files.path(ref.root).read_bytes() == data
        held = kyoto.opened.store.read(lambda tx: tx.holdings.get(seller, sent.id))
        assert held is not None
        assert held.verdict == "applied"
        ran = await run(kyoto, "carry", "out", str(stick), "--to", "豊田", "--json", "--force")
        assert (ran.code, ran.json["documents"]) == (0, 0), ran.err
    finally:
        await kyoto.stop()

    toyota = await started(here)
    try:
        ran = await run(toyota, "carry", "in", str(stick), "--json")
        assert ran.code == 0, ran.err
        mark = toyota.opened.store.read(lambda tx: tx.outgoing.marks([sent.id]))[sent.id][0]
        assert mark.verdict == "applied"
        ran = await run(toyota, "carry", "out", str(tmp_path / "none.yui"), "--to", "京都", "--json")
        assert ran.json["documents"] == 0
    finally:
        await toyota.stop()


async def test_bad_files_say_what_is_wrong(tmp_path: Path, houses: tuple[Path, Path, bytes, bytes]) -> None:
    here, there, buyer, seller = houses
    stick, other = tmp_path / "stick.yui", tmp_path / "other.yui"
    toyota = await started(here)
    try:
        house, store = toyota.opened.house, toyota.opened.store
        store.write(lambda tx: trade.submit(house, tx, buyer, [Submission(seller, order("PO-1"))]))
        assert (await run(toyota, "carry", "out", str(stick), "--to", "京都")).code == 0
        own = await run(toyota, "carry", "in", str(stick))
        assert own.code != 0
        assert "for the node" in own.err
        assert (await run(toyota, "carry", "in", str(tmp_path / "nothing"))).code == 4
        assert (await run(toyota, "carry", "out", str(tmp_path / "no" / "place"), "--to", "京都")).code == 1
        assert (await run(toyota, "carry", "out", str(other), "--to", "鬼ヶ島")).code != 0
        assert not other.exists()
    finally:
        await toyota.stop()
    kyoto = await started(there)
    try:
        other.write_bytes(b"PK\x03\x04 something else")
        assert (await run(kyoto, "carry", "in", str(other))).code == 4
        data = bytearray(stick.read_bytes())
        data[len(FILE_MARK) + LENGTH_BYTES + 400] ^= 1
        other.write_bytes(data)
        ran = await run(kyoto, "carry", "in", str(other), "--json")
        assert ran.code == 1
        assert "damaged" in ran.json["faults"][0]
        assert kyoto.opened.store.read(lambda tx: tx.holdings.after(seller, 0, 10)) == []
        assert (await run(kyoto, "carry", "in", str(stick))).code == 0
    finally:
        await kyoto.stop()
