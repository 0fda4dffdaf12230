"""Files brought by page: looked at, matched, taken over once; wrong lines given back; bad files refused."""

from __future__ import annotations

import csv
import io
import zipfile
from typing import Any

from aiohttp import FormData

from node.papers.tabular import write_xlsx
from node.services import items, terms
from node.store import Tx
from tests.node.web.harness import Browser, Shown, TwoWebs, Web

ITEMS = (
    "品目一覧,,,,\n\n品番,品名,JAN,単価,税率\n"
    'M-1,抹茶あめ,2900000601017,"1,240",8%\nM-2,風呂敷,2900000501010,１１５０,10\n'
    "M-3,かご,4.90123E+12,780,10\nM-4,,,5,10\n合計,,,3170,\n"
)


async def upload(browser: Browser, data: bytes, name: str, kind: str = "items", at: str = "/import") -> Shown:
    page = await browser.get(f"{at}?kind={kind}")
    form = FormData({"csrf": page.csrf, "kind": kind})
    form.add_field("file", io.BytesIO(data), filename=name, content_type="application/octet-stream")
    shown = await browser.ask("POST", at, data=form)
    return await browser.get(shown.location) if shown.status == 303 else shown


def here(shown: Shown) -> str:
    """The address of the file that is shown."""
    return (
        shown.text.partition('action="/')[2]
        and "/"
        + next(
            part for part in shown.text.split('action="/')[1:] if part.startswith(("import/", "association/import/"))
        ).partition('"')[0]
    )


async def stored(web: Web) -> list[Any]:
    member = next(iter(web.firms.values()))
    return [kept.item for kept in web.town.see(lambda tx: items.search(tx, member))]


async def test_items_come_in_once_and_the_wrong_lines_go_back(web: Web) -> None:
    browser = await web.logged_in("clerk")
    shown = await upload(browser, ITEMS.encode("cp932"), "品目.csv")
    assert shown.status == 200, shown.plain
    assert "Shift_JIS" in shown.plain
    assert "6行目「JAN」" in shown.plain
    assert "4.90123E+12" in shown.plain
    assert "7行目「品名」" in shown.plain
    assert "ほかの2行は取り込めます" in shown.plain
    assert await stored(web) == []  # nothing before the person says so
    path = here(shown)
    left = await browser.ask("GET", f"{path}/left-out")
    rows = list(csv.reader(io.StringIO(left.text.lstrip("\ufeff"))))
    assert [row[0] for row in rows] == ["品番", "M-3", "M-4"]
    await browser.get(path)
    done = await browser.submit(path, {"action": "take"})
    assert "2行を取り込みました" in done.plain
    found = await stored(web)
    assert [(item.number, item.price.value, item.tax.category) for item in found] == [
        ("M-1", 1240, "AA"),
        ("M-2", 1150, "S"),
    ]
    again = await upload(browser, ITEMS.encode("cp932"), "品目.csv")
    assert "このファイルは" in again.plain
    assert "取り込み済み" in again.plain
    assert "取り込む</button>" not in again.text
    versions = web.town.see(lambda tx: [kept.version for kept in items.search(tx, next(iter(web.firms.values())))])
    assert versions == [1, 1]


async def test_columns_are_chosen_and_remembered(web: Web) -> None:
    browser = await web.logged_in("owner")
    data = "あ,い,う\nK-1,釘,12.5\n".encode()
    shown = await upload(browser, data, "a.csv")
    path = here(shown)
    assert shown.text.count("を選んでください") >= 1
    chosen = {"column.seller_id": "あ", "column.name": "い", "column.price": "う", "header": "1", "action": "columns"}
    shown = await browser.post(path, chosen, follow=True)
    assert "1行" in shown.plain
    await browser.submit(path, {"action": "take"})
    assert [item.name for item in await stored(web)] == ["釘"]
    shown = await upload(browser, "あ,い,う\nK-2,ねじ,3\n".encode(), "b.csv")
    assert "前回選んだ列" in shown.plain
    assert "新規" in shown.plain


async def test_excel_and_files_that_are_none(web: Web) -> None:
    browser = await web.logged_in("clerk")
    book = write_xlsx(["品番", "品名", "単価"], [["0012", "針", 30]])
    shown = await upload(browser, book, "a.xlsx")
    await browser.submit(here(shown), {"action": "take"})
    assert [item.number for item in await stored(web)] == ["0012"]
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"\0" * (101 << 20))
    evil = b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'
    for data, name in (
        (b"%PDF-1.7", "a.pdf"),
        (b"PK\3\4 no zip", "a.xlsx"),
        (bomb.getvalue(), "a.xlsx"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 600, "a.xls"),
        (b"\xff\xfe\xfa", "a.csv"),
        (b'a,b\n"c,d\n', "a.csv"),
        (b"", "a.csv"),
        (evil, "a.xml"),
        (b"<a/>", "a.xml"),
        (b"x" * 4_194_305, "a.csv"),
    ):
        shown = await upload(browser, data, name)
        assert shown.status in (413, 422), name
    nothing = await browser.ask("POST", "/import", data=FormData({"csrf": browser.last.csrf, "kind": "items"}))
    assert nothing.status in (422, 403)


async def test_a_file_is_its_bringers_own(web: Web) -> None:
    clerk, owner, staff = [await web.logged_in(name) for name in ("clerk", "owner", "staff")]
    path = here(await upload(clerk, ITEMS.encode(), "a.csv"))
    for other in (owner, staff):
        assert (await other.get(path)).status == 404
        assert (await other.get(f"{path}/left-out")).status == 404
    shown = await upload(clerk, ITEMS.encode(), "a.csv", kind="members")
    assert shown.status == 422  # the roster is the association's
    await clerk.get(path)
    gone = await clerk.submit(path, {"action": "drop"})
    assert gone.status == 200
    assert (await clerk.get(path)).status == 404


async def test_orders_become_drafts_or_are_sent(webs: TwoWebs) -> None:
    buyer = await webs.toyota.logged_in("clerk")
    data = (
        "注文番号,仕入先,品名,数量,単価,納期\nP-1,花咲堂,抹茶あめ,48,240,R8.11.6\nP-1,花咲堂,風呂敷,2,1150,\n"
        "P-2,花咲堂,かご,三,780,\nP-2,花咲堂,ざる,1,780,\nP-3,どこにもない商店,ざる,1,780,\n"
    )
    shown = await upload(buyer, data.encode("cp932"), "o.csv", kind="orders")
    assert "注文 P-2 に誤りのある行があるため" in shown.plain
    assert "6行目「仕入先」" in shown.plain
    shown = await buyer.submit(here(shown), {"action": "take"})
    assert "下書きにしました" in shown.plain
    draft = shown.text.partition('href="/drafts/')[2][:32]
    page = await buyer.get(f"/drafts/{draft}")
    order = f"/partners/{webs.seller.hex()}/order"
    fields = page.fields(order)
    assert [fields[f"lines.{at}.name"] for at in (0, 1)] == ["抹茶あめ", "風呂敷"]
    sent = await buyer.submit(order, {"action": "send"})
    assert "P-1" in sent.plain
    assert draft not in (await buyer.get("/drafts")).text  # put away when it was sent
    again = await upload(buyer, data.encode("cp932"), "o.csv", kind="orders")
    assert "そのまま" in again.plain or "2行" in again.plain
    assert "下書きにする</button>" not in again.text
    other = "注文番号,仕入先,品名,数量\nP-9,花咲堂,針,5\n"
    shown = await upload(buyer, other.encode(), "p.csv", kind="orders")
    shown = await buyer.submit(here(shown), {"action": "send"})
    assert "1件の注文を送りました" in shown.plain
    webs.deliver()
    seller = await webs.kyoto.logged_in("clerk")
    assert "針" in (await seller.get("/")).plain


async def test_terms_and_balances(webs: TwoWebs) -> None:
    town = webs.toyota.town
    browser = await webs.toyota.logged_in("owner")
    data = "取引先,締日,支払月,支払日,端数処理,担当者,TEL\n花咲堂,末,翌月,25,四捨五入,花子,312345678\n".encode()
    shown = await upload(browser, data, "t.csv", kind="partners")
    await browser.submit(here(shown), {"action": "take"})
    agreed = town.see(lambda tx: terms.of(tx, webs.buyer, webs.seller))
    assert (agreed.closing_day, agreed.pay_months, agreed.pay_day, agreed.rounding) == (31, 1, 25, "half_up")
    assert agreed.contacts[0].telephone == "0312345678"
    data = '取引先,区分,基準日,残高\n花咲堂,買掛金,2026/9/30,"50,000"\n花咲堂,売掛,令和8年9月30日,▲3\n'.encode()
    shown = await upload(browser, data, "b.csv", kind="balances")
    assert "3行目" in shown.plain
    path = here(shown)
    await browser.submit(path, {"action": "take"})

    def owed(tx: Tx) -> list[tuple[int, str, bool]]:
        return [(row.open, row.due, row.receivable) for row in tx.books.open_with(webs.buyer, webs.seller)]

    assert town.see(owed) == [(50_000, "2026-10-25", False)]
    (bill,) = town.see(lambda tx: tx.books.open_with(webs.buyer, webs.seller))
    shown = await browser.get(f"/dealings/{bill.thread.hex()}")
    assert "期首残高に取引のページはありません" in shown.plain
    assert "期首残高 OB-2026-09-30" in shown.plain
    stranger = await webs.kyoto.logged_in("owner")
    assert (await stranger.get(f"/dealings/{bill.thread.hex()}")).status == 404
    await browser.get(path)
    again = await browser.post(path, {"action": "take"}, follow=True)
    assert again.status == 200
    assert town.see(owed) == [(50_000, "2026-10-25", False)]  # not doubled


async def test_prices_are_for_one_partner(webs: TwoWebs) -> None:
    browser = await webs.kyoto.logged_in("owner")
    for text, kind in (
        ("品番,品名,単価\nM-1,抹茶あめ,240\n", "items"),
        ("品番,得意先,単価,数量\nM-1,金太郎機械,230,\nM-1,金太郎機械,220,100\nX-9,金太郎機械,1,\n", "prices"),
    ):
        shown = await upload(browser, text.encode(), "a.csv", kind=kind)
        shown = await browser.submit(here(shown), {"action": "take"})
    assert "1行は取り込みませんでした" in shown.plain
    found = webs.kyoto.town.see(lambda tx: items.prices(tx, webs.seller, webs.buyer))
    assert found["M-1"].price is not None
    assert (found["M-1"].price.value, [tier.price.value.value for tier in found["M-1"].tiers]) == (230, [220])


async def test_the_roster_is_staffs(web: Web) -> None:
    staff = await web.logged_in("staff")
    data = "会員名,法人番号,代表者\n打出小槌プレス,8999900000001,一寸\n名無し,1234567890123,\n".encode("cp932")
    shown = await upload(staff, data, "r.csv", kind="members", at="/association/import")
    path = here(shown)
    made = await staff.submit(path, {"action": "take"})
    assert made.status == 201
    assert "/join/" in made.text
    assert made.text.count('<ol class="words">') == 1
    assert "打出小槌プレス" in (await staff.get("/association/members")).plain
    again = await upload(staff, data, "r.csv", kind="members", at="/association/import")
    assert "取り込む</button>" not in again.text


async def test_xml_is_shown_as_the_paper_it_is_and_sent(webs: TwoWebs) -> None:
    from node.papers import sme
    from protocol.process.trade.papers import Item, Order, OrderLine, Party, Scaled

    paper = Order(
        number="X-1",
        issue_date="2026-10-05",
        currency="JPY",
        buyer=Party(name="金太郎機械"),
        seller=Party(name="花咲堂"),
        lines=(OrderLine(line_id="1", item=Item(name="座金"), quantity=Scaled(5), unit="H87"),),
    )
    buyer = await webs.toyota.logged_in("clerk")
    shown = await upload(buyer, sme.write(paper), "x.xml")
    assert "座金" in shown.plain
    path = here(shown)
    assert "送る</button>" not in shown.text
    shown = await buyer.submit(path, {"to": webs.seller.hex(), "action": "check"})
    assert "花咲堂" in shown.plain
    sent = await buyer.submit(path, {"action": "send"})
    assert "X-1" in sent.plain
    assert (await buyer.get(path)).status == 404
    again = await upload(buyer, sme.write(paper), "x.xml")
    assert "送信済み" in again.plain


async def test_a_unit_that_the_form_does_not_offer_is_not_changed_by_it(webs: TwoWebs) -> None:
    from node.services import drafts
    from protocol.process.trade.papers import Item, Order, OrderLine, Party, Scaled

    line = OrderLine(line_id="1", item=Item(name="紙"), quantity=Scaled(5), unit="RM")
    paper = Order(
        number="U-1",
        issue_date="2026-10-05",
        currency="JPY",
        buyer=Party(name="金太郎機械"),
        seller=Party(name="花咲堂"),
        lines=(line,),
    )
    town, path = webs.toyota.town, f"/partners/{webs.seller.hex()}/order"
    draft = town.do(lambda tx: drafts.keep_paper(town.house, tx, webs.buyer, "clerk", path, paper, partner=webs.seller))
    buyer = await webs.toyota.logged_in("clerk")
    page = await buyer.get(f"/drafts/{draft.id.hex()}")
    assert page.fields(path)["lines.0.unit"] == "RM"
    sent = await buyer.submit(path, {"action": "send"})
    assert sent.status == 200
    document = sent.text.partition('href="/documents/')[2][:64]
    assert "RM" in (await buyer.get(f"/documents/{document}/files/csv")).text
