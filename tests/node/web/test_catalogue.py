"""Items typed in at one association, offered to a partner of another, ordered from there; then found in the books."""

from __future__ import annotations

import csv
import io

from msgspec.structs import replace

from node.services import items, sharing
from node.services.items import OwnItem
from protocol.process.trade.papers import Price, PriceTier, Scaled
from tests.node.web.harness import Browser, TwoWebs, Web


async def add_item(browser: Browser, **typed: str) -> None:
    await browser.get("/catalogue/item")
    shown = await browser.submit("/catalogue/item", typed)
    assert shown.status == 200, shown.plain


async def test_an_order_out_of_a_catalogue(webs: TwoWebs) -> None:
    seller, buyer = await webs.kyoto.logged_in("clerk"), await webs.toyota.logged_in("clerk")
    await add_item(seller, number="M-1", name="抹茶あめ", price="２４０", tax="AA8", gtin="2900000601017")
    await add_item(seller, number="M-2", name="風呂敷包み", price="1150", tax="S10")
    at_seller, at_buyer = f"/partners/{webs.buyer.hex()}", f"/partners/{webs.seller.hex()}"
    empty = await buyer.get(f"{at_buyer}/catalogue")
    assert "品目表を頼む" in empty.plain
    await buyer.submit(f"{at_buyer}/catalogue/ask", {})
    webs.deliver()
    waits = await buyer.get(f"{at_buyer}/catalogue")
    assert "に頼みました" in waits.plain
    assert "もう一度頼む" in waits.plain
    first = await seller.get("/")
    assert "品目表を頼まれています" in first.plain
    assert f'href="{at_seller}"' in first.text
    card = await seller.get(at_seller)
    assert "この会社から品目表を頼まれました" in card.plain
    sent = await seller.submit(f"{at_seller}/catalogue/send", {})
    assert "品目表を送りました" in sent.plain
    assert "頼まれました" not in (await seller.get(at_seller)).plain
    assert "品目表を頼まれています" not in (await seller.get("/")).plain
    webs.deliver()
    page = await buyer.get(f"{at_buyer}/catalogue")
    assert "風呂敷包み" in page.plain
    nothing = await buyer.submit(f"{at_buyer}/catalogue", {})
    assert nothing.status == 422
    sheet = await buyer.submit(f"{at_buyer}/catalogue", {"items.0.quantity": "48"})
    assert sheet.fields(f"{at_buyer}/order")["lines.0.name"] == "抹茶あめ"
    done = await buyer.submit(f"{at_buyer}/order", {"action": "send"})
    assert "送りました" in done.plain
    webs.deliver()
    today = await seller.get("/")
    assert "抹茶あめ" in today.plain
    assert "¥12,441" in today.plain
    # and both find it in their books
    for browser in (buyer, seller):
        found = await browser.get("/books?low=12000&high=13000")
        assert "¥12,441" in found.plain
        assert "見つかりません" in (await browser.get("/books?low=13000")).plain
    wrong = await buyer.get("/books?low=13000&high=12000&since.year=2026&since.month=13&since.day=1")
    assert wrong.status == 422
    listed = await buyer.ask("GET", "/books/download?type=order")
    rows = list(csv.reader(io.StringIO(listed.text.lstrip("\ufeff"))))
    assert len(rows) == 2
    assert rows[1][5:7] == ["12441", "JPY"]


async def test_an_item_is_changed_and_wrong_ones_are_not_kept(web: Web) -> None:
    browser = await web.logged_in("owner")
    await add_item(browser, number="B-1", name="竹ざる", price="780")
    await browser.get("/catalogue/item")
    wrong = {"number": "B-2", "name": "かご", "price": "やすい", "gtin": "4912345678905"}
    shown = await browser.submit("/catalogue/item", wrong)
    assert shown.status == 422
    assert shown.fields("/catalogue/item")["price"] == "やすい"
    shown = await browser.submit("/catalogue/item", {"price": "1400"})
    assert shown.status == 422  # the JAN
    await browser.get("/catalogue/item?number=B-1")
    await browser.submit("/catalogue/item", {"price": "800"})
    page = await browser.get("/catalogue")
    assert "800" in page.plain
    assert "かご" not in page.plain
    assert (await browser.get("/catalogue/item?number=B-9")).status == 404
    viewer = await web.logged_in("viewer")
    assert (await viewer.get("/catalogue")).status == 200
    assert (await viewer.get("/catalogue/item")).status == 403


async def test_a_name_is_no_formula(webs: TwoWebs) -> None:
    buyer = await webs.toyota.logged_in("clerk")
    action = f"/partners/{webs.seller.hex()}/order"
    await buyer.get(action)
    base = buyer.last.fields(action)["base"].replace('"number":"PO', '"number":"=PO')
    typed = {"base": base, "lines.0.name": "あめ", "lines.0.quantity": "1", "lines.0.price": "10", "action": "send"}
    await buyer.submit(action, typed)
    listed = await buyer.ask("GET", "/books/download")
    assert "'=PO" in listed.text


async def test_one_cart_over_two_catalogues_with_tiers_and_least_quantities(webs: TwoWebs) -> None:
    kyoto = webs.kyoto.town
    bags = OwnItem(
        number="P-1",
        name="紙袋",
        unit="BX",
        price=Scaled(4800),
        tiers=(PriceTier(minimum=Scaled(10), price=Price(value=Scaled(4320))),),
        pack_size=Scaled(200),
        minimum=Scaled(2),
        step=Scaled(2),
    )
    sweets = OwnItem(number="M-1", name="抹茶あめ", unit="H87", price=Scaled(240))

    def offer(item: OwnItem, off: OwnItem, name: str) -> None:
        both = [replace(item, on_sale=True), replace(off, on_sale=False)]
        kyoto.do(lambda tx: items.put(kyoto.house, tx, webs.seller, both))
        share = kyoto.see(lambda tx: tx.desk.share(webs.seller, webs.buyer))
        if share is not None:  # a second catalogue beside the first: a thread of its own
            kyoto.do(lambda tx: tx.desk.put_share(share._replace(thread=b"")))
        kyoto.do(lambda tx: sharing.publish(kyoto.house, tx, webs.seller, webs.buyer, "2026-10-05", name=name))

    offer(bags, sweets, "包材")
    offer(sweets, bags, "菓子")
    webs.deliver()
    buyer = await webs.toyota.logged_in("clerk")
    action = f"/partners/{webs.seller.hex()}/catalogue"
    page = await buyer.get(action)
    for word in ("包材", "菓子", "入数200", "最低2", "2きざみ", "10箱から"):
        assert word in page.plain, word
    place = {name: page.plain.index(name) for name in ("紙袋", "抹茶あめ")}
    bag, sweet = ("items.0.quantity", "items.1.quantity") if place["紙袋"] < place["抹茶あめ"] else (
        "items.1.quantity", "items.0.quantity",
    )  # fmt: skip
    for typed, message in (("1", "2以上"), ("3", "2きざみ")):
        wrong = await buyer.submit(action, {bag: typed, sweet: "5"})
        assert wrong.status == 422
        assert message in wrong.plain
        assert wrong.fields(action)[sweet] == "5"
    sheet = await buyer.submit(action, {bag: "12", sweet: "48"})
    assert sheet.status == 200, sheet.plain
    order = f"/partners/{webs.seller.hex()}/order"
    fields = sheet.fields(order)
    lines = {fields[f"lines.{n}.name"]: (fields[f"lines.{n}.quantity"], fields[f"lines.{n}.price"]) for n in (0, 1)}
    assert lines == {"紙袋": ("12", "4320"), "抹茶あめ": ("48", "240")}
    await buyer.get(action)
    offer(replace(sweets, price=Scaled(250)), bags, "菓子")
    webs.deliver()
    stale = await buyer.submit(action, {bag: "12"})
    assert stale.status == 422
    assert "品目表が新しくなりました" in stale.plain


async def test_an_item_is_offered_to_all_by_one_button(web: Web) -> None:
    """The form of goods opens with what the catalogue says; the rest is asked as ever."""
    clerk = await web.logged_in("clerk")
    await add_item(
        clerk, number="M-1/赤", name="抹茶あめ", price="240", tax="AA8", gtin="2900000601017", description="宇治"
    )
    await add_item(clerk, number="M-2", name="量り売り", price="12.5", tax="S10")
    shown = await clerk.get("/catalogue/item?number=M-1%2F%E8%B5%A4")
    link = "/offers/new/goods/offer?item=M-1/%E8%B5%A4"
    assert f'href="{link}"' in shown.text
    form = (await clerk.get(link)).fields("/offers/new/goods/offer")
    assert (form["title"], form["text"], form["d_item"], form["d_gtin"], form["d_unit"], form["d_price_yen"]) == (
        "抹茶あめ", "宇治", "抹茶あめ", "2900000601017", "H87", "240",
    )  # fmt: skip
    other = (await clerk.get("/offers/new/goods/offer?item=M-2")).fields("/offers/new/goods/offer")
    assert (other["d_item"], other.get("d_price_yen", "")) == ("量り売り", "")  # 12.5 yen is no whole number
    assert (await clerk.get("/offers/new/goods/offer?item=none")).status == 404
