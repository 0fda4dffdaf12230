"""移動: an owner gets a code, staff of the new association say it, both see how far it has come, and either cancels."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from node import moving
from node.moving import Moving
from node.services.trade import Submission
from tests.node.services.town import order
from tests.node.six_towns import Six
from tests.node.web.harness import web_of


class OnTheStreet:
    """What staff's page asks of the running node, on virtual time."""

    def __init__(self, six: Six, name: str) -> None:
        self.six, self.running = six, six.at[name]

    async def come(self, source: Any, code: str, by: str) -> bytes:
        outcome: list[Any] = []
        house = self.running.town.house
        self.running.driver.run(moving.say_code(house, source, code, by), outcome.append, outcome.append)
        self.six.street.wait(8)
        (found,) = outcome
        if isinstance(found, Exception):
            raise found
        self.running.driver.run(Moving(house, found, self.running.runtime.notice).run(), outcome.append, outcome.append)
        self.six.street.wait(8)
        return bytes(found)


async def test_a_code_on_one_page_and_the_copy_on_another(tmp_path: Path) -> None:
    six = Six()
    six.at["豊田"].submit(six.buyer, Submission(six.seller, order("PO-1")))
    six.street.wait(10)
    (tmp_path / "old").mkdir()
    (tmp_path / "new").mkdir()
    async with (
        web_of(six.towns["豊田"], tmp_path / "old") as old,
        web_of(six.towns["四国"], tmp_path / "new") as new,
    ):
        old.settle_in("金太郎機械", six.buyer)
        new.settle_in("月見屋", six.towns["四国"].enrol("月見屋"))
        new.context.moves = OnTheStreet(six, "四国")
        owner, staff = await old.logged_in("owner"), await new.logged_in("staff")
        assert "ほかの団体へ移る" in (await owner.get("/settings")).plain
        await owner.get("/settings/move")
        shown = await owner.submit("/settings/move", {"to": six.at["四国"].id.hex()})
        code = re.search(r"[0-9]{4}-[0-9]{4}", shown.plain)
        assert code is not None
        assert code[0] not in (await owner.get("/settings/move")).plain  # once
        await staff.get("/association/moves")
        source = six.at["豊田"].id.hex()
        refused = await staff.submit("/association/moves", {"source": source, "code": "1234-0000"})
        assert refused.status == 422
        assert "番号が違う" in refused.plain
        came = await staff.submit("/association/moves", {"source": source, "code": code[0]})
        assert "コピーを始めました" in came.plain
        page = await staff.get("/association/moves")
        assert "金太郎機械" in page.plain
        assert "すべて揃いました" in page.plain
        assert "すべて揃いました" in (await owner.get("/settings/move")).plain
        leavers = await (await old.logged_in("staff")).get("/association/moves")
        assert "yui move out" in leavers.plain
        clerk = await old.logged_in("clerk")
        assert (await clerk.get("/settings/move")).status in (403, 404)
        await owner.get("/settings/move")
        assert "すべて元のままです" in (await owner.submit("/settings/move/cancel", {})).plain
        six.street.wait(10)
        assert "取消済" in (await staff.get("/association/moves")).plain
        assert six.held("四国", six.buyer) == {}
