"""A document in every form; own lists; the search in the top bar: each only of one's own."""

from __future__ import annotations

from node.papers.tabular import guess, preview, read
from tests.node.web.harness import Browser, TwoWebs
from tests.node.web.test_catalogue import add_item
from tests.node.web.test_imports import here, upload


async def ordered(webs: TwoWebs, number: str = "P-1") -> tuple[Browser, str]:
    """An order of two lines that was sent; its document's id."""
    buyer = await webs.toyota.logged_in("clerk")
    data = (
        "注文番号,仕入先,品番,品名,数量,単位,単価,税率,納期,備考\n"
        f"{number},花咲堂,M-1,抹茶あめ,48,袋,240.5,8,R8.11.6,=急ぎ\n{number},花咲堂,,風呂敷,2,枚,1150,10,,\n"
    )
    shown = await upload(buyer, data.encode(), "o.csv", kind="orders")
    sent = await buyer.submit(here(shown), {"action": "send"})
    assert "1件の注文を送りました" in sent.plain
    page = await buyer.get("/dealings?tab=all")
    dealing = await buyer.get("/dealings/" + page.text.partition('href="/dealings/')[2][:64])
    return buyer, dealing.text.partition('href="/documents/')[2][:64]


async def test_a_paper_goes_out_in_every_form_and_a_table_comes_back_the_same(webs: TwoWebs) -> None:
    buyer, document = await ordered(webs)
    page = await buyer.get(f"/documents/{document}/files")
    assert "中小企業共通EDI" in page.plain
    tables = []
    for form, name in (("csv", "a.csv"), ("xlsx", "a.xlsx")):
        data = await binary(buyer, f"/documents/{document}/files/{form}")
        table = read(data, name)
        seen = preview(table, guess(table, "orders"))
        assert not seen.problems
        tables.append([record.values for record in seen.records])
    assert tables[0] == tables[1]
    first, second = tables[0]
    assert (first["seller_id"], first["unit"], first["note"]) == ("M-1", "XBG", "=急ぎ")
    assert (first["price"].value, first["price"].scale, first["quantity"].value) == (2405, 1, 48)  # type: ignore[union-attr]
    assert (first["delivery_date"], second["name"]) == ("2026-11-06", "風呂敷")
    again = await upload(buyer, await binary(buyer, f"/documents/{document}/files/csv"), "a.csv", kind="orders")
    assert "前と同じ 2行" in again.plain  # sent already: nothing doubled
    sme = await binary(buyer, f"/documents/{document}/files/sme")
    assert "抹茶あめ".encode() in sme
    assert (await buyer.get(f"/documents/{document}/files/docx")).status == 404
    stranger = await webs.kyoto.logged_in("clerk")
    assert (await stranger.get(f"/documents/{document}/files")).status == 404  # not delivered yet
    assert (await stranger.get(f"/documents/{document}/files/csv")).status == 404


async def binary(browser: Browser, path: str) -> bytes:
    """A file as it comes."""
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    async with browser._client.get(path, headers={"Cookie": cookies}) as answer:
        assert answer.status == 200, path
        return await answer.read()


async def test_own_lists_come_back_unchanged(webs: TwoWebs) -> None:
    seller = await webs.kyoto.logged_in("owner")
    await add_item(seller, number="0012", name="-引き算", price="12.5", tax="AA8", gtin="2900000601017")
    for form, name in (("csv", "a.csv"), ("xlsx", "a.xlsx")):
        data = await binary(seller, f"/catalogue/list/{form}")
        shown = await upload(seller, data, name)
        assert "前と同じ 1行" in shown.plain, shown.plain
    assert b"'-" in await binary(seller, "/catalogue/list/csv")
    assert (await seller.get("/partners/list/csv")).status == 200
    viewer = await webs.kyoto.logged_in("viewer")
    assert (await viewer.get("/catalogue/list/csv")).status == 200


async def test_the_search_finds_words_numbers_days_amounts_and_only_ones_own(webs: TwoWebs) -> None:
    buyer, _ = await ordered(webs, "ZX-778")
    for asked in ("抹茶", "ZX-778", "花咲", "2026-10", "zx-778"):
        page = await buyer.get(f"/search?q={asked}")
        assert page.status == 200
        assert ("ZX-778" in page.plain) == (asked != "2026-10"), asked
    page = await buyer.get("/search?q=" + "花咲堂")
    assert f'href="/partners/{webs.seller.hex()}"' in page.text
    dealing = await buyer.get("/dealings?tab=all")
    amount = dealing.plain.partition("¥")[2].partition(" ")[0]
    assert "ZX-778" in (await buyer.get(f"/search?q={amount}")).plain
    stranger = await webs.kyoto.logged_in("clerk")
    page = await stranger.get("/search?q=ZX-778")
    assert "見つかりませんでした" in page.plain
    webs.deliver()
    assert "抹茶あめ" not in (await stranger.get("/search?q=桃")).plain
    assert "ZX-778" in (await stranger.get("/search?q=抹茶")).plain
    viewer = await webs.toyota.logged_in("viewer")
    assert "ZX-778" in (await viewer.get("/search?q=抹茶")).plain
    await add_item(buyer, number="Q-9", name="歯車")
    assert "Q-9" in (await buyer.get("/search?q=歯車")).plain
    assert "Q-9" not in (await stranger.get("/search?q=歯車")).plain


async def test_a_draft_is_kept_resumed_handed_over_and_put_away(webs: TwoWebs) -> None:
    clerk, owner = await webs.toyota.logged_in("clerk"), await webs.toyota.logged_in("owner")
    order = f"/partners/{webs.seller.hex()}/order"
    page = await clerk.get(order)
    fields = {**page.fields(order), "lines.0.name": "歯車", "lines.0.quantity": "三"}
    kept = await clerk.ask(
        "POST", "/drafts", data=fields, headers={"Accept": "application/json", "X-CSRF-Token": page.csrf}
    )
    assert kept.status == 200, kept.text
    again = await clerk.ask(
        "POST",
        "/drafts",
        data={**fields, "draft": kept.text.partition('"draft": "')[2][:32], "lines.0.quantity": "3"},
        headers={"Accept": "application/json", "X-CSRF-Token": page.csrf},
    )
    assert again.status == 200
    listed = await clerk.get("/drafts")
    assert listed.text.count("続きを書く") == 1
    draft = listed.text.partition('href="/drafts/')[2][:32]
    assert (await owner.get(f"/drafts/{draft}")).status == 404
    assert (await clerk.get(f"{order}?draft={draft}")).fields(order)["lines.0.quantity"] == "3"
    assert (await clerk.get(f"/partners/{webs.seller.hex()}/request?draft={draft}")).status == 404
    await clerk.get("/drafts")
    given = await clerk.submit(f"/drafts/{draft}", {"action": "give", "to": "owner"})
    assert "下書きを渡しました" in given.plain
    assert (await clerk.get(f"/drafts/{draft}")).status == 404
    page = await owner.get(f"/drafts/{draft}")
    assert page.fields(order)["lines.0.name"] == "歯車"
    sent = await owner.submit(order, {"action": "send"})
    assert sent.status == 200, sent.plain
    assert "続きを書く" not in (await owner.get("/drafts")).text
    for path in ("/drafts", "/nowhere", "https://example.org/", "/association"):
        bad = await owner.post("/drafts", {"draft_path": path, "x": "y"})
        assert bad.status in (303, 404), path
    viewer = await webs.toyota.logged_in("viewer")
    assert (await viewer.get("/drafts")).status == 403
