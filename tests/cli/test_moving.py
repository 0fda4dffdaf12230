"""`yui move`: a firm goes from one running node to another with a code and its words, drawings included."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

from node.services import members, trade
from node.services.moving import leaving
from node.services.trade import Submission
from protocol.limits import CHUNK_BYTES
from tests.cli.running import Ran, yui
from tests.cli.test_carry import accepted, drawing
from tests.node.services.town import order
from tests.node.test_app import befriend, enrol, knows, make, started, until


async def run(folder: Path, *arguments: str, given: str = "") -> Ran:
    ran = await asyncio.to_thread(yui, folder, *arguments, "--json", given=given)
    return ran._replace(out=ran.out.strip().rpartition("\n")[2])


async def test_a_firm_moves(tmp_path: Path, unused_tcp_port_factory: Callable[[], int]) -> None:
    ports = unused_tcp_port_factory(), unused_tcp_port_factory()
    here, there = make(tmp_path / "toyota", "豊田", ports[0]), make(tmp_path / "kyoto", "京都", ports[1])
    toyota, kyoto = await started(here), await started(there)
    try:
        house, store = toyota.opened.house, toyota.opened.store
        made = store.write(lambda tx: members.enrol(house, tx, "金太郎機械"))
        firm, words = made.member, " ".join(made.words)
        neighbour, seller = enrol(toyota, "となりの店"), enrol(kyoto, "花咲堂")
        await befriend(toyota, kyoto, ports[1])
        await until(knows(toyota, seller))
        await until(lambda: accepted(toyota) and accepted(kyoto))
        data = os.urandom(CHUNK_BYTES + 5)
        ref = drawing(toyota, firm, data)
        papers = [Submission(neighbour, order("N-1"), attachments=(ref,)), Submission(neighbour, order("N-2"))]
        sent = store.write(lambda tx: trade.submit(house, tx, firm, papers)).submitted

        other = " ".join(store.write(lambda tx: members.enrol(house, tx, "浦島水産")).words)
        wrong = await run(here, "move", "out", "金太郎機械", "--to", "京都", given=other)
        assert (wrong.code, "words" in wrong.err) == (1, True), wrong.err
        assert (await run(here, "move", "list")).json == {"leaving": [], "coming": []}
        target = kyoto.opened.house.id
        code = store.write(lambda tx: leaving.ask(house, tx, firm, target, "staff")).code
        refused = await run(there, "move", "in", "豊田", "00000000")
        assert (refused.code, "code" in refused.err) == (1, True), refused.err
        came = await run(there, "move", "in", "豊田", code)
        assert came.code == 0, came.err
        assert came.json["name"] == "金太郎機械"
        ended = await run(here, "move", "out", "金太郎機械", "--to", "京都", given=words)
        assert ended.code == 0, ended.err
        row = kyoto.opened.store.read(lambda tx: tx.members.get(firm))
        assert row is not None
        assert row.local
        held = kyoto.opened.store.read(lambda tx: tx.holdings.get_many(firm, [item.id for item in sent]))
        assert len(held) == 2
        await until(lambda: kyoto.context.files.has(ref.root))
        assert kyoto.context.files.path(ref.root).read_bytes() == data
    finally:
        await toyota.stop()
        await kyoto.stop()
