"""An owner decides by a page where the firm's figures count, and reads in which sums they did."""

from __future__ import annotations

from node.services import datause
from node.services.datause import Data, Reach
from node.store import Tx
from tests.node.web.harness import Web

PATH = "/settings/data-use"


async def test_what_is_ticked_counts_and_what_was_counted_is_listed(web: Web) -> None:
    owner = await web.logged_in("owner")
    assert "数字の使われ方" in (await owner.get("/settings")).plain
    shown = await owner.get(PATH)
    assert "まだありません" in shown.plain
    saved = await owner.submit(PATH, {"street": "さくら通り", "sales.street": "1", "dealings.area": "1"})
    assert "保存しました" in saved.plain
    assert saved.fields(PATH)["dealings.area"] == "1"
    assert "sales.area" not in saved.fields(PATH)

    def count(tx: Tx) -> set[str]:
        datause.note_use(web.town.house, tx, Data.DEALINGS, Reach.AREA, "月見市 産業課", "2026-10")
        datause.note_use(web.town.house, tx, Data.SALES, Reach.FEDERATION, "京都", "牛乳")
        return {found.street for found in datause.contributors(tx, Data.SALES, Reach.STREET).values()}

    assert web.town.do(count) == {"さくら通り"}
    again = await owner.get(PATH)
    assert "月見市 産業課" in again.plain
    assert "京都" not in again.plain  # it was not allowed
    assert "数字の使われ方を変更" in (await owner.get("/people/log")).plain


async def test_a_street_that_is_too_long_stays_typed_and_clerks_choose_nothing(web: Web) -> None:
    owner = await web.logged_in("owner")
    await owner.get(PATH)
    wrong = await owner.submit(PATH, {"street": "さくら" * 30, "sales.street": "1"}, follow=False)
    assert wrong.status == 422
    assert wrong.fields(PATH)["street"] == "さくら" * 30
    clerk = await web.logged_in("clerk")
    assert (await clerk.get(PATH)).status in (403, 404)
