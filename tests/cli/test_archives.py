"""`yui member export` and `yui member import`: a member's past from one running node to another, by a file."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

from cli.exits import Exit
from node.services import trade
from node.services.trade import Submission
from tests.cli.test_carry import drawing, run
from tests.node.services.town import order
from tests.node.test_app import enrol, make, started


async def test_a_past_goes_from_one_node_to_another(tmp_path: Path, unused_tcp_port_factory: Callable[[], int]) -> None:
    toyota = await started(make(tmp_path / "toyota", "豊田", unused_tcp_port_factory()))
    kyoto = await started(make(tmp_path / "kyoto", "京都", unused_tcp_port_factory()))
    file, data = tmp_path / "all.zip", os.urandom(2_500_000)
    try:
        buyer, seller = enrol(toyota, "金太郎機械"), enrol(toyota, "花咲堂")
        ref, house = drawing(toyota, buyer, data), toyota.opened.house
        sent = [Submission(seller, order("PO-1"), attachments=(ref,)), Submission(seller, order("PO-2"))]
        toyota.opened.store.write(lambda tx: trade.submit(house, tx, buyer, sent))
        made = await run(toyota, "member", "export", "金太郎機械", str(file), "--json")
        assert made.code == Exit.OK, made
        assert json.loads(made.out)["documents"] == 2
        assert file.stat().st_mode & 0o777 == 0o600
        assert (await run(toyota, "member", "export", "金太郎機械", str(file))).code == Exit.BAD_INPUT
        assert (await run(toyota, "member", "import", str(file))).code == Exit.BAD_INPUT  # at home here
        checked = await run(kyoto, "member", "import", str(file), "--check", "--json")
        assert (checked.code, json.loads(checked.out)["attachments"]) == (Exit.OK, 1)
        asked = ("books", "search", "--member", "金太郎機械", "--json")
        assert (await run(kyoto, *asked)).code != Exit.OK
        for new in (2, 0):
            taken = await run(kyoto, "member", "import", str(file), "--json")
            assert taken.code == Exit.OK, taken
            assert {**json.loads(taken.out), "bad": []}["new"] == new
        assert json.loads(taken.out)["missing"] == 0
        found = await run(kyoto, *asked)
        assert sorted(line["number"] for line in json.loads(found.out)["lines"]) == ["PO-1", "PO-2"]
        assert kyoto.context.files.path(ref.root).read_bytes() == data
        broken = tmp_path / "broken.zip"
        with zipfile.ZipFile(file) as old, zipfile.ZipFile(broken, "w") as new_zip:
            for name in old.namelist():
                if not name.endswith(".json") or not name.startswith("documents/"):
                    new_zip.writestr(name, old.read(name))
        bad = await run(kyoto, "member", "import", str(broken), "--json")
        assert bad.code == Exit.NOT_VERIFIED
        assert (await run(kyoto, "member", "import", str(tmp_path / "node.db"))).code == Exit.BAD_INPUT
    finally:
        await toyota.stop()
        await kyoto.stop()
