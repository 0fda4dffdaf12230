"""The pages that say how copies stand: to a firm's own people, and to the association's staff."""

from __future__ import annotations

from pathlib import Path

from node.services.trade import Submission
from tests.node.services.guarding.province import Province
from tests.node.services.town import order
from tests.node.web.harness import web_of


async def test_a_firm_sees_where_its_copies_are_and_staff_see_every_firm(tmp_path: Path) -> None:
    province = Province(4)
    sent = province.home.submit(province.member, Submission(to=province.seller, paper=order("A-1")))
    province.street.wait(2)
    async with web_of(province.home_town, tmp_path) as web:
        web.settle_in("桃太郎商事", province.member)
        viewer = await web.logged_in("viewer")
        shown = await viewer.get("/copies")
        assert shown.status == 200
        assert "すべての書類の控えが、ほかの団体にもあります" in shown.plain
        assert "控え: そろっています" in shown.plain
        assert all(town.name in shown.plain for town in province.guardian_towns)
        dealing = await viewer.get(f"/dealings/{sent.thread.hex()}")
        assert "控えがほかの団体に届きました" in dealing.plain
        province.darken(*province.guardians[:2])
        province.home.submit(province.member, Submission(to=province.seller, paper=order("A-2")))
        province.street.wait(4)
        shown = await viewer.get("/copies")
        assert "預け先が足りないか、まだ届いていないものがあります" in shown.plain
        assert "控え: 遅れています" in shown.plain
        staff = await web.logged_in("staff")
        table = await staff.get("/association/copies")
        assert table.status == 200
        assert "桃太郎商事" in table.plain
        assert "当団体の控えを預かる" in table.plain
    async with web_of(province.guardian_towns[0], tmp_path) as web:
        web.settle_in("月見屋", province.guardian_towns[0].enrol("月見屋"))
        staff = await web.logged_in("staff")
        assert "豊田" in (await staff.get("/association/copies")).plain
