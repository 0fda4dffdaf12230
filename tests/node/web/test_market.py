"""The marketplace by page: for sale elsewhere, found with price, terms and freshness, ordered in the ordinary form."""

from __future__ import annotations

import re

from tests.node.web.harness import TwoWebs
from tests.node.web.test_offers import put_up, tell


async def test_what_is_for_sale_elsewhere_is_found_and_ordered(webs: TwoWebs) -> None:
    seller, buyer = await webs.kyoto.logged_in("clerk"), await webs.toyota.logged_in("clerk")
    await put_up(seller, "goods", "offer", title="風呂敷を売ります")
    await put_up(seller, "stock", "offer", title="じゃこが余っています")
    await put_up(seller, "goods", "request", title="紙を買いたい", d_item="和紙")
    tell(webs)
    page = await buyer.get("/market?text=風呂敷")
    assert "¥1,150" in page.plain
    assert "10個から" in page.plain
    assert "月末締め翌月末払い、送料別" in page.plain
    assert "現在" in page.plain
    whole = (await buyer.get("/market")).plain
    assert "ちりめんじゃこ" in whole
    assert "和紙" not in whole
    assert "期限11月30日" in whole
    link = re.search(r'href="(/partners/[0-9a-f]{64}/order\?stock=[0-9a-f]{64})"', page.text)
    assert link is not None
    form = await buyer.get(link[1])
    given = form.fields(link[1].split("?")[0])
    assert "風呂敷" in form.text
    assert given["lines.0.quantity"] == "10"
    assert given["lines.0.price"] == "1150"
    sent = await buyer.post(link[1].split("?")[0], {**given, "action": "send"}, csrf=form.csrf)
    assert sent.status == 303, sent.plain
    webs.deliver()
    assert "風呂敷" in (await seller.get("/")).plain
    assert not re.search(r"order\?stock", (await seller.get("/market")).text)  # nobody orders from itself


async def test_what_has_ended_is_not_ordered(webs: TwoWebs) -> None:
    seller, buyer = await webs.kyoto.logged_in("clerk"), await webs.toyota.logged_in("clerk")
    shown = await put_up(seller, "goods", "offer")
    tell(webs)
    page = await buyer.get("/market")
    link = re.search(r'href="(/partners/[0-9a-f]{64}/order\?stock=([0-9a-f]{64}))"', page.text)
    assert link is not None
    await seller.get(f"/offers/{link[2]}")
    await seller.submit(f"/offers/{link[2]}/withdraw", {})
    tell(webs)
    assert (await buyer.ask("GET", link[1])).status == 404
    assert "まだ何も出ていません" in (await buyer.get("/market")).plain
    assert shown.status == 200
