"""What suppliers see, by page: a grant, a report of imported sales, the maker's page, a proposal, an order."""

from __future__ import annotations

import asyncio
from pathlib import Path

from node import selling
from node.notices.wording import words_of
from node.services.notices.sending import Bundle
from node.services.supplying import grants
from tests.node.web.harness import Browser, TwoWebs, Web

HEAD = "営業日,レシート番号,行,JANコード,商品名,数量,小計\n"
JAN = "2900000601017"
SUPPLIERS, SUPPLIED = "/sales/suppliers", "/sales/supplied"
SALES = f"2025-09-29,R1,1,{JAN},抹茶あめ,10,2400\n2025-10-01,R2,1,{JAN},抹茶あめ,4,960\n"


async def bring(web: Web, member: bytes, folder: Path) -> None:
    file = folder / "pos.csv"
    file.write_text(HEAD + SALES, encoding="utf-8")
    sold = selling.Sold(file, file.name, member, "test", "本店")
    context = web.context
    told = await asyncio.to_thread(selling.bring, context.store, context.warehouse, context.house.clock, sold)
    assert told["new"] == 2


async def offered(webs: TwoWebs, seller: Browser) -> None:
    await seller.get("/catalogue/item")
    await seller.submit(
        "/catalogue/item", {"number": "M-1", "name": "抹茶あめ", "price": "150", "tax": "AA8", "gtin": JAN}
    )
    await seller.get(f"/partners/{webs.buyer.hex()}")
    await seller.submit(f"/partners/{webs.buyer.hex()}/catalogue/send", {})
    webs.deliver()


async def granted(webs: TwoWebs, owner: Browser) -> None:
    page = await owner.get(f"{SUPPLIERS}?partner={webs.seller.hex()}")
    assert "売上を見せている仕入先はありません" in page.plain
    webs.toyota.town.do(lambda tx: grants.set_area(tx, webs.buyer, "", "23211"))
    given = {"partner": webs.seller.hex(), "since.year": "2025", "since.month": "9", "since.day": "1"}
    saved = await owner.submit(SUPPLIERS, given)
    assert "保存しました" in saved.plain
    assert "抹茶あめ" in saved.plain  # of what it will be told
    assert "仕入先に商品の売れ行きを見せること" in (await owner.get("/people/log")).plain


async def test_from_the_grant_to_the_order(webs: TwoWebs, tmp_path: Path) -> None:
    owner, seller = await webs.toyota.logged_in("owner"), await webs.kyoto.logged_in("clerk")
    await offered(webs, seller)
    await bring(webs.toyota, webs.buyer, tmp_path)
    assert f'href="{SUPPLIED}"' in (await seller.get("/sales")).text  # a maker has no register
    assert "報告した店はありません" in (await seller.get(SUPPLIED)).plain
    await granted(webs, owner)
    await owner.get(SUPPLIERS)
    at = f"{SUPPLIERS}/{webs.seller.hex()}"
    assert "1週分を報告しました" in (await owner.submit(f"{at}/report", {})).plain
    assert "まだ送っていない週はありません" in (await owner.submit(f"{at}/report", {})).plain
    webs.deliver()
    page = await seller.get(SUPPLIED)
    assert "抹茶あめ" in page.plain
    assert "14" in page.plain
    assert "23211" in (await seller.get(f"{SUPPLIED}?item=M-1&unit=C62")).plain
    form = f"{SUPPLIED}/{webs.buyer.hex()}"
    page = await seller.get(form)
    assert page.fields(form)["lines.0.quantity"] == "28"  # 14 a week, two weeks
    nothing = await seller.submit(form, {"lines.0.quantity": ""})
    assert nothing.status == 422
    sent = await seller.submit(form, {"lines.0.quantity": "30", "note": "そろそろ"})
    assert "提案を送りました" in sent.plain, sent.plain[150:600]
    webs.deliver()
    await ordered(webs, owner, seller)
    await owner.get(SUPPLIERS)
    assert "もう何も送りません" in (await owner.submit(f"{at}/revoke", {})).plain
    assert (await owner.post(f"{at}/report", {})).status == 404


async def ordered(webs: TwoWebs, owner: Browser, seller: Browser) -> None:
    page = await owner.get(SUPPLIERS)
    assert "返事を待っています" in page.plain
    (path,) = {part for part in page.text.split('"') if part.startswith("/sales/proposals/")}
    page = await owner.get(path)
    assert "30" in page.plain
    assert "150" in page.plain
    viewer = await webs.toyota.logged_in("viewer")
    assert "この内容で発注する" not in (await viewer.get(path)).plain
    assert (await viewer.post(f"{path}/order", {})).status == 403
    done = await owner.submit(f"{path}/order", {})
    assert "発注しました" in done.plain
    assert (await owner.post(f"{path}/decline", {})).status == 422
    webs.deliver()
    assert "発注しました" not in (await seller.get(path)).plain
    assert "PO-" in (await seller.get(SUPPLIED)).plain
    assert "抹茶あめ" in (await seller.get("/")).plain


def test_a_notice_of_a_proposal_leads_to_the_proposals() -> None:
    bundle = Bundle(b"", "mail", b"", "ja", (("replenishment", 1),), b"\7" * 32, 0, "", "", (), ())
    assert words_of(bundle).path == SUPPLIERS
    assert words_of(bundle._replace(counts=(("orders", 1),))).path == f"/dealings/{bundle.thread.hex()}"


async def test_a_wrong_form_says_what_is_missing_and_clerks_grant_nothing(webs: TwoWebs) -> None:
    owner, clerk = await webs.toyota.logged_in("owner"), await webs.toyota.logged_in("clerk")
    await owner.get(SUPPLIERS)
    wrong = await owner.post(SUPPLIERS, {"partner": "x", "since.year": "2025", "since.month": "13", "since.day": "1"})
    assert wrong.status == 422
    await clerk.get(SUPPLIERS)
    assert (await clerk.post(SUPPLIERS, {"partner": webs.seller.hex()})).status == 403
    assert (await clerk.get(f"/sales/proposals/{'0' * 64}")).status == 404
    assert (await clerk.get(f"{SUPPLIED}/{webs.seller.hex()}")).status == 404
