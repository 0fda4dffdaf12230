"""共同発注 in the browser: a firm pledges, sees totals only from three firms on, and reads what it pays and saved."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from node.joint import Courier
from node.services.joint import overview, receiving, rounds
from protocol.keys import NodeId
from protocol.process.joint.pledge import Want
from tests.node.services.test_joint import HOUR, Town
from tests.node.web.harness import Browser, Shown, Web, web_of

KYOTO = 0


class Street:
    """The three associations; the pages of the first."""

    def __init__(self, town: Town, web: Web) -> None:
        self.town, self.web = town, web

    async def ask(self, node: NodeId, _path: str, body: bytes) -> bytes:
        answer, _ = self.town.post(KYOTO, self.town.index(node), body)
        return answer

    async def settled(self) -> None:
        """What the courier does behind the page has ended."""
        for _ in range(200):
            if not self.web.context.joint._tasks:
                return
            await asyncio.sleep(0.01)

    def pledge_elsewhere(self, name: bytes) -> None:
        self.town.pledge(name, 1, Want(0, 8, 1, 1))
        self.town.pledge(name, 2, Want(0, 12, 2, 2))


@pytest.fixture
async def street(tmp_path: Path) -> AsyncIterator[Street]:
    town = Town()
    async with web_of(town.nodes[KYOTO], tmp_path) as web:
        web.settle_in("すずめ屋", town.firms[KYOTO])
        found = Street(town, web)
        kyoto = town.nodes[KYOTO]
        courier = Courier(kyoto.house, kyoto.store, found.ask)
        courier.seats = town.machines[KYOTO]
        web.context.joint = courier
        yield found
        await courier.stop()


async def pledged(browser: Browser, name: bytes, **typed: str) -> Shown:
    path = f"/together/{name.hex()}"
    await browser.get(path)
    return await browser.submit(path, {f"wants.0.{field}": value for field, value in typed.items()})


async def test_the_whole_way_of_a_shop(street: Street) -> None:
    town, name = street.town, street.town.open()
    clerk = await street.web.logged_in("clerk")
    first_page = await clerk.get("/")
    assert "紙袋の共同発注 10月" in first_page.plain
    listed = await clerk.get("/together")
    assert "紙袋の共同発注 10月" in listed.plain
    assert "まだ申し込んでいません" in listed.plain
    shown = await pledged(clerk, name, wanted="９", least="8", most="10")
    assert shown.status == 200
    assert "3団体のうち0団体に届いています" in shown.plain
    town.carry(name)
    again = await clerk.get(f"/together/{name.hex()}")
    assert "3団体のうち3団体に届いています" in again.plain
    assert "何が起きても有効です" in again.plain
    await street.settled()
    alone = await clerk.get(f"/together/{name.hex()}")
    assert "3社から合計を表示します" in alone.plain
    assert "いま9" not in alone.plain

    street.pledge_elsewhere(name)
    town.carry(name)
    street.web.context.joint._meters.clear()
    await clerk.get(f"/together/{name.hex()}")
    await street.settled()
    three = await clerk.get(f"/together/{name.hex()}")
    assert "3社が申し込んでいます" in three.plain
    assert "いま29箱、1箱あたり¥4,320です" in three.plain
    assert "あと1箱で¥3,960" in three.plain
    assert "約¥40,742" in three.plain  # 9 of 29 boxes at 4,320 yen, and of a freight of 6,000

    town.later()
    closing = await clerk.get(f"/together/{name.hex()}")
    assert "締切を過ぎました" in closing.plain
    assert 'name="wants.0.wanted"' not in closing.text
    town.call(name, KYOTO)
    town.carry(name)
    done = await clerk.get(f"/together/{name.hex()}")
    seen = town.seen(name, KYOTO)
    (told,) = seen.told
    assert told.slip is not None
    assert f"¥{told.slip.pays:,}" in done.plain
    assert f"¥{told.alone:,}" in done.plain
    assert f"¥{told.alone - told.slip.pays:,}" in done.plain
    assert "成立" in (await clerk.get("/together")).plain
    assert "成立" in (await clerk.get("/")).plain


async def test_what_is_typed_wrong_stands_beside_its_field(street: Street) -> None:
    name = street.town.open()
    clerk = await street.web.logged_in("clerk")
    for typed, words in (
        ({}, "数量を1品以上入力してください"),
        ({"wanted": "十"}, "数字"),
        ({"wanted": "9", "least": "10"}, "最低数は希望数以下"),
        ({"wanted": "9", "most": "8"}, "最大数は希望数以上"),
        ({"least": "3"}, "希望数"),
        ({"wanted": "-3"}, "0以上"),
        ({"wanted": "3000000"}, "2000000以下"),
    ):
        shown = await pledged(clerk, name, **typed)
        assert (shown.status, words in shown.plain) == (422, True), (typed, shown.plain)
    assert street.town.seen(name, KYOTO).own == ()


async def test_a_pledge_is_replaced_and_taken_back(street: Street) -> None:
    town, name = street.town, street.town.open()
    owner = await street.web.logged_in("owner")
    await pledged(owner, name, wanted="9")
    again = await pledged(owner, name, wanted="12", least="10", most="12")
    assert "12" in again.plain
    await owner.get(f"/together/{name.hex()}")
    back = await owner.submit(f"/together/{name.hex()}/withdraw", {})
    assert "申し込みを取り下げました" in back.plain
    town.carry(name)
    town.later()
    town.call(name, KYOTO)
    town.carry(name)
    off = await owner.get(f"/together/{name.hex()}")
    assert "何も注文しません" in off.plain
    assert "申し込みはありませんでした" in off.plain


async def test_who_may_and_what_is_not_there(street: Street) -> None:
    name = street.town.open()
    viewer = await street.web.logged_in("viewer")
    shown = await viewer.get(f"/together/{name.hex()}")
    assert (shown.status, 'name="wants.0.wanted"' in shown.text) == (200, False)
    assert (await viewer.post(f"/together/{name.hex()}", {"wants.0.wanted": "1"})).status == 403
    for wrong in ("00" * 32, "zz", "12"):
        assert (await viewer.get(f"/together/{wrong}")).status == 404
    staff = await street.web.logged_in("staff")
    assert (await staff.get("/together")).status in (403, 404)


async def test_a_late_pledge_is_refused_and_what_was_typed_is_kept(street: Street) -> None:
    town, name = street.town, street.town.open()
    clerk = await street.web.logged_in("clerk")
    await clerk.get(f"/together/{name.hex()}")
    body = {"wants.0.wanted": "7", "drop": "0"}
    town.nodes[KYOTO].now += 2 * HOUR
    late = await clerk.post(f"/together/{name.hex()}", body)
    assert late.status == 422
    assert "締切" in late.plain
    kyoto = town.nodes[KYOTO]
    assert kyoto.see(lambda tx: rounds.look(kyoto.house, tx, name)).own == ()


# ---------------------------------------------------------------------- the association


def filled(street: Street) -> dict[str, str]:
    """The form of a round, as staff fill it in."""
    shikoku, toyota = street.town.nodes[1:]
    return {
        "name": "紙袋 11月",
        "supplier": "わらしべ商会",
        "deadline.year": "2025",
        "deadline.month": "10",
        "deadline.day": "31",
        "deadline_time": "17:00",
        "buyer": street.town.firms[KYOTO].hex(),
        "deputies.0.node": shikoku.house.id.hex(),
        "deputies.0.buyer": "桃の里商店",
        "deputies.1.node": toyota.house.id.hex(),
        "deputies.1.buyer": "ぶんぶく商店",
        "items.0.code": "bags",
        "items.0.name": "紙袋",
        "items.0.unit": "箱",
        "items.0.tax": "100",
        "tiers.0.since": "1",
        "tiers.0.price": "4,800",
        "tiers.1.since": "30",
        "tiers.1.price": "3,960",
        "freight.flat": "6000",
        "alone.flat": "3600",
        "freight_rule": "quantity",
        "rebate_rule": "value",
        "origin.prefecture": "愛知県",
        "origin.city": "豊田市",
        "drops.0.name": "すずめ屋",
        "drops.0.prefecture": "京都府",
        "drops.0.city": "京都市左京区",
        "market.name": "紙袋 3市",
        "market.share": "1.2",
        "market.source": "推計",
    }


NEW = "/association/together/new"


async def test_staff_open_a_round_and_look_it_over_first(street: Street) -> None:
    staff = await street.web.logged_in("staff")
    await staff.get(NEW)
    kyoto = street.town.nodes[KYOTO]
    preview = await staff.submit(NEW, filled(street) | {"action": "check"})
    assert preview.status == 200, preview.plain
    assert "会員にはこう見えます" in preview.plain
    assert "30箱以上" in preview.plain
    assert kyoto.see(lambda tx: tx.joint.all(10)) == []
    sent = await staff.submit(NEW, {"action": "send"})
    assert "つながっているすべての団体に知らせました" in sent.plain, sent.plain
    (row,) = kyoto.see(lambda tx: tx.joint.all(10))
    seen = kyoto.see(lambda tx: rounds.look(kyoto.house, tx, row.round)).round
    assert (seen.drops[0].latitude, seen.drops[0].longitude) == (35_011_636, 135_768_029)
    assert [tier.price for tier in seen.items[0].tiers] == [4_800, 3_960]
    assert seen.market.share == 12
    assert seen.supplier == street.town.supplier


async def test_what_staff_type_wrong_stands_beside_its_field(street: Street) -> None:
    staff = await street.web.logged_in("staff")
    for changes, words in (
        ({"deputies.1.node": "", "deputies.1.buyer": ""}, "ほかに2団体以上"),
        ({"drops.0.city": "豊田市"}, "その市区町村はありません"),
        ({"deadline.year": "2020"}, "締切が過去"),
        ({"deadline_time": "夕方"}, "17:00のように"),
        ({"items.0.unit": "はこぶね"}, "その単位はありません"),
        ({"tiers.0.code": "other"}, "このコードはありません"),
        ({"tiers.0.price": "", "tiers.1.price": ""}, "入力してください"),
        ({"supplier": ""}, "どちらか一方"),
        ({"market.share": "120"}, "100以下"),
    ):
        await staff.get(NEW)
        shown = await staff.submit(NEW, filled(street) | changes | {"action": "check"})
        assert (shown.status, words in shown.plain) == (422, True), (changes, shown.plain)
        assert 'value="紙袋 11月"' in shown.text
    more = await staff.submit(NEW, filled(street) | {"action": "more-drops"})
    assert 'name="drops.3.city"' in more.text


async def test_staff_see_shares_send_the_order_and_share_out_the_bill(street: Street) -> None:
    town, name = street.town, street.town.open()
    town.pledge(name, KYOTO, Want(0, 9, 1, 1))
    street.pledge_elsewhere(name)
    town.carry(name)
    staff = await street.web.logged_in("staff")
    path = f"/association/together/{name.hex()}"
    before = await staff.get(path)
    assert "受け取った申し込み:3件" in before.plain
    assert "桃の里商店" not in before.plain.split("取りまとめ")[0]  # nobody's pledge before the deadline
    town.later()
    town.call(name, KYOTO)
    town.carry(name)
    after = await staff.get(path)
    for firm in ("すずめ屋", "桃の里商店", "ぶんぶく商店"):
        assert firm in after.plain
    assert "配送の順番" in after.plain
    sent = await staff.submit(f"{path}/order", {})
    assert "仕入先へ注文を送りました" in sent.plain
    kyoto = town.nodes[KYOTO]
    row = kyoto.see(lambda tx: tx.joint.get(name))
    assert row is not None
    assert row.ordered
    again = await staff.post(f"{path}/order", follow=True)
    assert again.status == 200
    await staff.get(path)
    wrong = await staff.submit(f"{path}/bill", {"tax.100": "abc"})
    assert wrong.status == 422
    told = town.seen(name, KYOTO).closed[0]
    net = told.goods - told.rebate + told.freight
    tax = net // 10
    shared = await staff.submit(f"{path}/bill", {"tax.100": str(tax), "action": "show"})
    assert f"合計¥{net + tax:,}" in shared.plain
    file = await staff.submit(f"{path}/bill", {"tax.100": str(tax), "action": "file"})
    rows = file.text.removeprefix("\ufeff").splitlines()[1:]
    assert sum(int(row.split(",")[5]) for row in rows) == net + tax
    await staff.get(path)
    missing = await staff.submit(f"{path}/bill", {"tax.100": str(tax), "action": "paper"})
    assert (missing.status, "請求書" in missing.plain) == (422, True)
    day = {"invoice_day.year": "2026", "invoice_day.month": "10", "invoice_day.day": "20"}
    given = {"tax.100": str(tax), "action": "paper", "invoice": "W-77", **day}
    wrong = await staff.submit(f"{path}/bill", given | {"registration": "T12"})
    assert (wrong.status, "T12" in wrong.plain) == (422, True)
    paper = await staff.submit(f"{path}/bill", given | {"registration": "T7000012050002"})
    assert (paper.status, paper.headers["Content-Type"]) == (200, "application/pdf")
    assert (await staff.get("/association/together")).status == 200
    clerk = await street.web.logged_in("clerk")
    assert (await clerk.get(path)).status in (403, 404)


async def test_what_came_and_the_settlement(street: Street) -> None:
    """A firm says what came; who runs the round sees what is short, and sends settlements that are the bill."""
    town, name = street.town, street.town.open()
    town.pledge(name, KYOTO, Want(0, 9, 1, 1))
    street.pledge_elsewhere(name)
    town.carry(name)
    town.later()
    town.call(name, KYOTO)
    town.carry(name)
    clerk, staff = await street.web.logged_in("clerk"), await street.web.logged_in("staff")
    path, theirs = f"/together/{name.hex()}", f"/association/together/{name.hex()}"
    shown = await clerk.get(path)
    assert "届いた数" in shown.plain
    wrong = await clerk.submit(f"{path}/came", {"came.0.quantity": "11"})
    assert (wrong.status, "10以下" in wrong.plain) == (422, True)
    said = await clerk.submit(f"{path}/came", {"came.0.quantity": "9"})
    assert "9 / 10" in said.plain
    kyoto, shikoku, toyota = town.nodes
    for at, node, quantity in ((1, shikoku, 8), (2, toyota, 12)):
        node.do(lambda tx, n=node, at=at, q=quantity: receiving.say(n.house, tx, town.firms[at], name, {0: q}))  # type: ignore[misc]
    await staff.get(theirs)
    assert "まだ" in (await staff.get(theirs)).plain
    town.carry(name)
    short = await staff.get(theirs)
    assert "すずめ屋：紙袋 200枚入り 1箱 不足" in short.plain.replace("\n", " ")
    assert "¥120,840" in short.plain  # 29 boxes at 3,960 yen, and the freight
    await staff.submit(f"{theirs}/order", {})
    typed = {"tax.100": "12084", "invoice": "W-77", "invoice_day.year": "2026", "invoice_day.month": "10",
             "invoice_day.day": "20", "action": "send"}  # fmt: skip
    done = await staff.submit(f"{theirs}/bill", typed)
    assert done.status == 200, done.plain
    assert "送りました" in done.plain
    again = await staff.submit(f"{theirs}/bill", typed)
    assert again.status == 422
    kyoto.send_all(toyota)
    card = toyota.see(lambda tx: overview.one(toyota.house, tx, name, town.firms[2]))
    (bill,) = toyota.see(lambda tx: tx.books.open_bills(town.firms[2], receivable=False))
    assert card.settlement == bill.thread
