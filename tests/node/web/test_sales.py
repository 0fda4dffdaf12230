"""Sales by page: a file brought, looked at, taken over once; one item beside others'; what is shown and what is not."""

from __future__ import annotations

import asyncio
import csv
import datetime
import io
import re
from pathlib import Path

from aiohttp import FormData

from node import selling
from node.services import datause, directory
from node.services.directory import Profile
from tests.node.web.harness import Browser, Shown, Web

HEAD = "営業日,レシート番号,行,JANコード,商品コード,商品名,数量,単位,小計,電話\n"
JAN, OTHER = "2900000101012", "2900000801011"
MONDAY = datetime.date(2025, 7, 14)  # the towns' clock stands in October 2025
WEEKS = 12


def line(week: int, receipt: str, number: int, code: str, name: str, pieces: int, yen: int, day: int = 0) -> str:
    at = MONDAY + datetime.timedelta(days=7 * week + day)
    jan, own = (code, "") if len(code) == 13 else ("", code)
    return f"{at.isoformat()},{receipt},{number},{jan},{own},{name},{pieces},個,{yen},090-1234-5678\n"


def own_sales() -> str:
    """Ten a week, then two: 金具, with an umbrella of the shop's own in each purchase."""
    made = HEAD
    for week in range(WEEKS):
        pieces = 10 if week < 8 else 2
        made += line(week, f"R{week}", 1, JAN, "金具 B-1", pieces, 230 * pieces)
        made += line(week, f"R{week}", 2, "8", "傘", 1, 900)
    return made


def sales_of(shop: int) -> str:
    """Every week ``shop`` pieces, and an item that nobody else has."""
    made = HEAD
    for week in range(WEEKS):
        made += line(week, f"S{week}", 1, JAN, "金具", shop, 230 * shop, day=1)
        made += line(week, f"S{week}", 2, OTHER, "張り子", shop, 500 * shop, day=1)
    return made


async def upload(browser: Browser, text: str, store: str = "本店", name: str = "pos.csv") -> Shown:
    page = await browser.get("/sales/import")
    form = FormData({"csrf": page.csrf, "layout": "generic", "store": store, "tax": "in"})
    form.add_field("file", io.BytesIO(text.encode()), filename=name, content_type="text/csv")
    shown = await browser.ask("POST", "/sales/import", data=form)
    return await settled(browser, shown.location) if shown.status == 303 else shown


async def settled(browser: Browser, path: str) -> Shown:
    """The page of a file once it is no longer being read."""
    while True:
        shown = await browser.get(path)
        if "<progress" not in shown.text:
            return shown
        await asyncio.sleep(0.2)


def here(shown: Shown) -> str:
    found = re.search(r'action="(/sales/import/[0-9a-f]{64})"', shown.text)
    assert found is not None, shown.plain
    return found[1]


def waiting(web: Web) -> list[Path]:
    return list(selling.waiting_folder(web.context.warehouse).iterdir())


async def bring(web: Web, member: bytes, text: str, folder: Path) -> None:
    file = folder / "shop.csv"
    file.write_text(text, encoding="utf-8")
    sold = selling.Sold(file, file.name, member, "test", "店")
    told = await asyncio.to_thread(
        selling.bring, web.context.store, web.context.warehouse, web.context.house.clock, sold
    )
    assert told["bad"] == 0, told


def settle(web: Web, member: bytes, street: str) -> None:
    """A card with the municipality, and the street that the owner names."""
    house = web.town.house
    web.town.do(lambda tx: directory.publish(house, tx, member, Profile(name="店", area="232114")))
    web.town.do(lambda tx: datause.set_street(tx, member, street))


async def test_a_file_comes_in_once_and_its_bad_lines_are_named(web: Web) -> None:
    browser = await web.logged_in("clerk")
    assert "売上がまだありません" in (await browser.get("/sales")).plain
    text = own_sales() + line(0, "R99", 1, "4901234567890", "割れ", 1, 5)
    shown = await upload(browser, text)
    assert shown.status == 200
    assert "26行目「JANコード」" in shown.plain
    assert "090" not in shown.plain.replace("0900", "")
    path = here(shown)
    left = await browser.ask("GET", f"{path}/left-out")
    assert [row[0] for row in csv.reader(io.StringIO(left.text.lstrip("\ufeff")))][1:] == ["26"]
    assert "売上がまだありません" in (await browser.get("/sales")).plain  # nothing before the person says so
    assert len(waiting(web)) == 1
    await browser.get(path)
    sent = await browser.submit(path, {"action": "take"}, follow=False)
    done = await settled(browser, sent.location)
    assert "24" in done.plain
    assert waiting(web) == []
    sales = await browser.get("/sales")
    assert "pos.csv" in sales.plain
    again = await upload(browser, text)
    assert "新しい行はありません" in again.plain or "二重には数えません" in again.plain
    await browser.submit(here(again), {"action": "drop"})
    assert waiting(web) == []
    assert (await browser.get(here(again))).status == 404
    owner = await web.logged_in("owner")
    assert (await owner.get(path)).status == 404  # it is the clerk's
    viewer = await web.logged_in("viewer")
    assert (await viewer.get("/sales")).status == 200
    assert (await viewer.get("/sales/import")).status == 403


async def test_columns_are_chosen_and_remembered(web: Web) -> None:
    browser = await web.logged_in("owner")
    strange = own_sales().replace("営業日,レシート番号", "いつ,伝票")
    shown = await upload(browser, strange)
    assert "ファイルを読めませんでした" in shown.plain
    path = here(shown)
    typed = {"action": "columns", "column_day": "いつ", "column_receipt": "伝票", "column_jan": "JANコード",
             "column_item": "商品コード", "column_name": "商品名", "column_quantity": "数量",
             "column_amount": "小計"}  # fmt: skip
    assert "いつ" in shown.plain
    sent = await browser.post(path, {"layout": "generic", "store": "本店", "tax": "in", **typed})
    ready = await settled(browser, sent.location)
    assert "取り込む" in ready.plain
    await browser.submit(path, {"action": "take"}, follow=False)
    await settled(browser, path)
    # the next file of this kind is understood by itself
    second = await upload(browser, strange.replace(",R", ",Q"))
    assert "新規 10 取り込めない 14" in second.plain  # of two months that are closed
    assert here(second)


async def test_what_is_no_register_file_is_said(web: Web) -> None:
    browser = await web.logged_in("owner")
    assert (await upload(browser, "")).status in (200, 422)
    shown = await upload(browser, "a,b\n1,2\n")
    assert "読めませんでした" in shown.plain
    nothing = await browser.ask("POST", "/sales/import", data=FormData({"csrf": shown.csrf, "layout": "generic"}))
    assert nothing.status == 422
    forged = FormData({"csrf": "x", "layout": "generic"})
    forged.add_field("file", io.BytesIO(b"a"), filename="a.csv", content_type="text/csv")
    assert (await browser.ask("POST", "/sales/import", data=forged)).status == 403
    assert [path for path in waiting(web) if path.stat().st_size == 1] == []


async def test_own_sales_beside_others(web: Web, tmp_path: Path) -> None:
    browser = await web.logged_in("owner")
    (member,) = web.firms.values()
    shops = [web.town.enrol(f"店{number}") for number in range(1, 5)]
    await bring(web, member, own_sales(), tmp_path)
    for number, shop in enumerate(shops, 1):
        await bring(web, shop, sales_of(number), tmp_path)
    link = f"/sales/item?item={JAN}"
    alone = await browser.get(link)
    assert "金具 B-1" in alone.heading
    assert "表示できません" in alone.plain  # nobody agreed to be counted
    settle(web, member, "本通り")
    for at, shop in enumerate(shops):
        settle(web, shop, "本通り" if at < 2 else "裏通り")
        web.town.do(lambda tx, m=shop: datause.choose(web.town.house, tx, m, datause.CHOICES, "owner"))
    street = await browser.get(f"{link}&ring=street")
    assert "表示できません" in street.plain  # two shops
    city = await browser.get(f"{link}&ring=city")
    assert "ほかの4店" in city.plain
    # (1 + 2 + 3 + 4) / 4 pieces a week, mine 2 in the last four weeks and 10 before
    assert re.search(r"うちは\s*−80%、ほかは\s*±0%", city.plain)
    rows = re.findall(r'<tr><th scope="row">(.*?)</th>(.*?)</tr>', city.text, re.DOTALL)
    newest = re.findall(r"<td[^>]*>(.*?)</td>", rows[0][1], re.DOTALL)
    assert newest[:2] == ["2", "2.5"]
    assert city.text.count('<svg class="chart"') == 2
    assert "20%" in city.plain  # level: 8 of 40
    assert "chart-others" in city.text
    assert "chart-others" not in street.text
    used = web.town.see(lambda tx: datause.uses_of(tx, shops[0]))
    assert [use.what for use in used] == ["Sales of shops side by side"] * 2
    code = await browser.get("/sales/item?item=8&ring=all")
    assert "傘" in code.heading
    assert "表示できません" in code.plain
    stock = await browser.get("/sales/stock")
    assert "張り子" in stock.plain
    assert "金具 B-1 + 傘" in stock.plain or "傘 + 金具 B-1" in stock.plain
    trends = await browser.get("/sales/trends")
    assert "20%" in trends.plain
    overview = await browser.get("/sales")
    assert "¥1,360" in overview.plain  # 2 × 230 + 900
    assert (await browser.get("/sales/item?item=4901234567894")).status == 200
    other = await browser.get(f"/sales/item?item={OTHER}&ring=all")
    assert "ほかの4店" in other.plain


async def test_a_withheld_figure_is_nowhere_on_the_page(web: Web, tmp_path: Path) -> None:
    browser = await web.logged_in("owner")
    (member,) = web.firms.values()
    shops = [web.town.enrol(f"店{number}") for number in range(2)]
    await bring(web, member, own_sales(), tmp_path)
    for shop in shops:
        await bring(web, shop, sales_of(7777), tmp_path)
    for shop in (member, *shops):
        settle(web, shop, "本通り")
        web.town.do(lambda tx, m=shop: datause.choose(web.town.house, tx, m, datause.CHOICES, "owner"))
    for path in (f"/sales/item?item={JAN}&ring=all", f"/sales/item?item={OTHER}&ring=all", "/sales/stock", "/sales"):
        shown = await browser.get(path)
        assert "7777" not in shown.text.replace(",", ""), path
        assert "張り子" not in shown.text, path
