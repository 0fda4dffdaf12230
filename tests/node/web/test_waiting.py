"""An owner decides by a page which kinds of documents wait for their copies; it holds when they are sent."""

from __future__ import annotations

from pathlib import Path

from node.services.guarding import settings
from node.services.trade import Submission
from tests.node.services.guarding.province import Province
from tests.node.services.town import order
from tests.node.web.harness import Web, web_of

PATH = "/settings/waiting"


async def test_an_order_that_is_to_wait_stays_until_there_are_copies(tmp_path: Path) -> None:
    province = Province(4)
    async with web_of(province.home_town, tmp_path) as web:
        web.settle_in("桃太郎商事", province.member)
        owner = await web.logged_in("owner")
        assert "控えを待ってから送る" in (await owner.get("/settings")).plain
        shown = await owner.get(PATH)
        assert shown.fields(PATH)["order"] == "usual"
        saved = await owner.submit(PATH, {"order": "strict", "message": "at-once"})
        assert "保存しました" in saved.plain
        assert saved.fields(PATH)["order"] == "strict"
        chosen = province.home_town.do(lambda tx: settings.policies(tx, province.member))
        assert chosen == {"order": "strict", "message": "at-once"}
        assert "控えを待つ書類を変更" in (await owner.get("/people/log")).plain
        province.street.wait(2)
        province.darken(*province.guardians[:2])
        sent = province.home.submit(province.member, Submission(to=province.seller, paper=order("A-1")))
        province.street.wait(30)
        assert not _has_arrived(province, sent.id)
        province.street.dark -= {guardian.id for guardian in province.guardians[:2]}
        province.street.wait(120)
        assert _has_arrived(province, sent.id)


def _has_arrived(province: Province, document: bytes) -> bool:
    return province.partner_town.do(lambda tx: tx.holdings.get(province.seller, document)) is not None


async def test_wrong_choices_and_firms_without_copies(web: Web) -> None:
    owner = await web.logged_in("owner")
    shown = await owner.get(PATH)
    assert "控えを預かる団体がまだありません" in shown.plain
    usual = dict.fromkeys(("order", "invoice"), "usual")
    assert (await owner.post(PATH, usual)).status == 422  # the other kinds are missing
    clerk = await web.logged_in("clerk")
    assert (await clerk.get(PATH)).status in (403, 404)
