"""Every paper as PDF: what the law and the reader ask for is in it, in both languages; same paper, same bytes."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from functools import cache

import pypdf
import pytest
from msgspec.structs import replace
from pypdf.generic import NameObject

from node.papers.pdf import Context, render, sheets
from node.papers.pdf.frame import Frame
from protocol.errors import CallerFault
from protocol.process.trade.check import check
from protocol.process.trade.papers import (
    PAPERS,
    TYPE_OF,
    Catalogue,
    CatalogueRequest,
    CatalogueWithdrawal,
    DeedAnswer,
    DeedProposal,
    DeedReport,
    Item,
    Message,
    Paper,
    Price,
    ProposedLine,
    ReplenishmentAnswer,
    ReplenishmentProposal,
    SalesReport,
    Scaled,
    SoldArea,
    SoldLine,
    Undecided,
)
from protocol.process.trade.papers.catalogue import CatalogueItem, PriceTier
from tests.node.papers import full
from tests.node.papers.pdf import story


def text_of(pdf: bytes) -> str:
    """The text of all pages without white space: where a line ends is not what is tested."""
    return "".join(text_of_page(page) for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)


def text_of_page(page: pypdf.PageObject) -> str:
    """The reader knows no codes made for one file; ours have two bytes each, as those that it knows."""
    for font in page["/Resources"]["/Font"].values():  # type: ignore[index]
        font.get_object()[NameObject("/Encoding")] = NameObject("/Identity-H")
    return re.sub(r"\s", "", page.extract_text())


def texts_in(value: object) -> Iterator[str]:
    """Every text of a sheet, as it is set from top to bottom."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for one in value:
            yield from texts_in(one)
    elif is_dataclass(value):
        for part in fields(value):
            yield from texts_in(getattr(value, part.name))


def said(paper: Paper, **more: object) -> str:
    """What stands on the sheet of a paper, without white space."""
    check(paper)
    return re.sub(r"\s", "", "".join(texts_in(sheets.compose(paper, story.context(paper, **more)))))


@cache
def printed(make: Callable[[], Paper], **more: object) -> bytes:
    paper = make()
    check(paper)
    return render(paper, story.context(paper, **more))


def require(found: bytes | str, *texts: str) -> None:
    found = text_of(found) if isinstance(found, bytes) else found
    for text in texts:
        assert re.sub(r"\s", "", text) in found, text


TITLES = {
    "request_for_quotation": ("見積依頼書", "Request for Quotation"),
    "quotation": ("見積書", "Quotation"),
    "order": ("注文書", "Purchase Order"),
    "order_response": ("注文回答書", "Order Response"),
    "order_change": ("変更の申し入れ", "Request to Change an Order"),
    "order_cancellation": ("取り消しの申し入れ", "Request to Cancel an Order"),
    "change_response": ("申し入れへの回答", "Answer to a Request"),
    "despatch_advice": ("出荷案内書", "Despatch Advice"),
    "receiving_advice": ("検収書", "Receiving Advice"),
    "invoice": ("請求書", "Invoice"),
    "corrective_invoice": ("返還請求書", "Credit Note"),
    "self_billed_statement": ("仕入明細書", "Self-billed Statement"),
    "self_billed_response": ("仕入明細書への回答", "Answer to a Self-billed Statement"),
    "payment_notice": ("支払通知書", "Payment Notice"),
}


@pytest.mark.parametrize("make", story.STORY, ids=lambda make: make.__name__)
def test_each_paper_has_its_title_numbers_firms_and_proof(make: Callable[[], Paper]) -> None:
    paper = make()
    japanese, _english = TITLES[make.__name__]
    to_buyer = make.__name__ in {"quotation", "order_response", "despatch_advice", "invoice", "corrective_invoice"}
    to_buyer |= make.__name__ in {"change_response", "self_billed_response"}
    to, by = ("金太郎機械", "一寸法師精密") if to_buyer else ("一寸法師精密", "金太郎機械")
    sheet = sheets.compose(paper, story.context(paper))
    assert (sheet.title, sheet.to[0], sheet.by[0]) == (japanese, f"{to} 御中", by)
    assert (sheet.author, sheet.subject) == (by, f"{japanese} {paper.number}")
    require(said(paper), paper.number, "3f" * 32, f"電子署名: {by}(8a8a8a8a8a8a)", "d4" * 8, "令和8年")


@pytest.mark.parametrize("make", [story.order, story.invoice])
def test_all_that_the_sheet_says_is_in_the_pdf(make: Callable[[], Paper]) -> None:
    paper, pdf = make(), printed(make)
    sheet = sheets.compose(paper, story.context(paper))
    meant = list(texts_in((sheet.numbers, sheet.to, sheet.by, sheet.lead, sheet.blocks, sheet.footing)))
    found = text_of(pdf)
    for text in meant:
        if text not in {"left", "right", "centre"}:
            for line in text.splitlines():
                assert re.sub(r"\s", "", line) in found or "…" in line, line
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    assert reader.metadata is not None
    assert (reader.metadata.title, reader.metadata.author) == (sheet.subject, sheet.author)
    assert reader.root_object["/Lang"] == "ja"
    assert reader.metadata.creation_date is not None
    assert reader.metadata.creation_date.isoformat() == "2026-10-08T00:00:00+00:00"
    title, entries = reader.outline
    assert title["/Title"] == sheet.subject  # type: ignore[call-overload,index]
    assert "明細" in [entry["/Title"] for entry in entries]  # type: ignore[call-overload,index,union-attr]
    assert {round(float(side)) for side in reader.pages[0].mediabox[2:]} == {595, 842}


@pytest.mark.parametrize("make", story.STORY, ids=lambda make: make.__name__)
def test_each_paper_reads_in_english(make: Callable[[], Paper]) -> None:
    paper = make()
    sheet = sheets.compose(paper, story.context(paper, language="en"))
    assert sheet.title == TITLES[make.__name__][1]
    assert sheet.language == "en"
    ours = str(sheet)
    for japanese in ("御中", "令和", "合計", "納期"):
        assert japanese not in ours


def test_an_english_pdf_says_so() -> None:
    pdf = printed(story.self_billed_response, language="en")
    require(pdf, "Answer to a Self-billed Statement", "Confirmed", "Document ID", "2 November 2026")
    assert pypdf.PdfReader(io.BytesIO(pdf)).root_object["/Lang"] == "en"


def test_every_type_of_paper_is_printed() -> None:
    assert set(sheets.SHEETS) == set(PAPERS)


def test_the_same_paper_gives_the_same_bytes() -> None:
    paper = story.order()
    again = render(paper, story.context(paper))
    assert again == printed(story.order)
    assert render(paper, story.context(paper, time=1)) != again


def test_fonts_are_embedded_and_subset() -> None:
    pdf = printed(story.order)
    assert len(pdf) < 200_000
    page = pypdf.PdfReader(io.BytesIO(pdf)).pages[0]
    fonts = page["/Resources"]["/Font"]  # type: ignore[index]
    assert len(fonts) == 2
    for font in fonts.values():
        descendant = font.get_object()["/DescendantFonts"][0].get_object()
        name, descriptor = str(descendant["/BaseFont"]), descendant["/FontDescriptor"].get_object()
        assert re.match(r"/[A-Z]{6}\+NotoSansCJKJP", name), "a subset"
        assert "/FontFile3" in descriptor or "/FontFile2" in descriptor


# ---- what the law asks for


def test_an_order_states_every_item_of_the_order_statement() -> None:
    require(
        said(story.order()),
        "金太郎機械",  # 1 names of both
        "一寸法師精密",
        "2026年10月8日",  # 2 day of the order
        "ブラケット B-1",  # 3 what, how much
        "1,200個",
        "明細に記載",  # 4 day of delivery, in the lines
        "納期 2026/10/26",
        "金太郎機械 第二工場",  # 5 place
        "検査完了期日 2026年10月30日",  # 6
        "抜取検査",
        "注文金額 ¥334,400",  # 7 amount
        "230",
        "276,000",
        "支払期日 2026年11月30日",  # 8
        "一括決済方式、¥17,200",  # 10 institution, amount, period, due date
        "金融機関 見本信用金庫",
        "支払を受けられる期間の始期 2026年11月1日",
        "電子記録債権、¥150,000",  # 11
        "金融機関 見本電子債権記録",
        "満期日 2026年11月30日",
        "SPCC 鋼板 1.6mm",  # 12 supplied material: what, how much, price, handover, settlement
        "180kg",
        "¥32,400",
        "2026/10/12",
        "2026/11/30",
        "代金と相殺",
        "未定の事項",  # what is undecided, why, until when
        "代金の額 (明細2)",
        "めっきの単価を協議中",
        "納期 (明細2)",
        "2026年10月20日",
    )


def test_an_order_that_lacks_an_item_says_so() -> None:
    bare = replace(story.order(), delivery=None, inspection=None, terms=None, undecided=())
    require(said(bare), "納品場所 記載なし", "検査完了期日 記載なし", "支払期日 記載なし")
    later = replace(bare, undecided=(Undecided(field="terms.due_date", reason="締日を協議中", expected_date=""),))
    require(said(later), "支払期日 未定(下の「未定の事項」を参照)", "締日を協議中")


def test_an_invoice_states_every_item_of_a_qualified_invoice() -> None:
    require(
        said(story.invoice()),
        "適格請求書",
        "一寸法師精密",
        "登録番号 T8999900000001",  # 1 issuer and number
        "2026/10/12",  # 2 days
        "2026年10月1日(令和8年) から 2026年10月31日(令和8年) まで",
        "だしパック 24袋入",  # 3 goods, the reduced rate marked
        "8%※",
        "※は軽減税率(8%)の対象です。",
        "8%対象 (軽減税率)※ ¥36,000 ¥2,880",  # 4, 5 total and tax of each rate
        "10%対象 ¥14,905 ¥1,490",
        "金太郎機械御中",  # 6 recipient
        "ご請求金額 ¥50,275",
        "税率ごとに1回、切捨て",
        "支払期日 2026年11月30日",
        "見本信用金庫 (9999) 本店 (001) 普通 0000001",
    )


def test_an_invoice_without_a_number_is_not_called_qualified() -> None:
    paper = story.invoice()
    plain = replace(paper, seller=replace(paper.seller, registration_number=""), kind="480")
    found = said(plain)
    assert "適格請求書" not in found
    assert "法人番号8999900000001" in found


def test_what_is_taken_off_within_a_bill_stands_with_its_sign() -> None:
    paper = story.invoice()
    lines = (*paper.lines[:2], replace(paper.lines[2], negative=True))
    reduced = replace(paper.taxes[0])
    standard = replace(paper.taxes[1], basis=-14_905, tax=-1_490)
    totals = replace(paper.totals, lines=21_110, net=21_095, tax=1_390, gross=22_485, prepaid=None, payable=22_485)
    back = replace(paper, lines=lines, taxes=(reduced, standard), totals=totals)
    require(said(back), "-11個", "-14,905", "-¥14,905", "-¥1,490")


def test_a_correction_names_what_it_corrects_and_why() -> None:
    numbers = ("元の請求書番号 I-2026-10-3", "元の請求書の日付 2026年10月31日", "しみのある2枚の返品")
    require(said(story.corrective_invoice()), "返還請求書", "適格返還請求書", "返還金額", *numbers)
    replaced = story.corrective_invoice("replaced")
    require(said(replaced), "訂正請求書", "元の請求書は無効です", *numbers)


def test_the_other_papers_state_what_they_are_about() -> None:
    require(said(story.request_for_quotation()), "回答希望日 2026年10月9日", "1,200個", "納期 2026/10/26")
    require(said(story.quotation()), "見積金額 ¥334,400", "有効期間 2026年10月31日(令和8年) まで", "見積依頼 RQ-7")
    require(said(story.order_response()), "変更して承諾", "2026/10/26 700個", "2026/10/29 500個", "めっき先が休業中")
    require(said(story.order_change()), "1,200個", "1,000個", "取り消し", "追加", "スペーサー S-2", "受領後5日以内")
    require(said(story.order_cancellation()), "客先の注文が取り消された", "ワッシャー W-6", "下記の明細")
    require(said(story.change_response()), "お断り", "C-3", "材料を手配済みです")
    require(
        said(story.despatch_advice()), "700個", "500個", "うさぎとかめ運輸", "到着予定日 2026年10月27日(令和8年) 10:30"
    )
    require(
        said(story.receiving_advice()), "一部合格", "698個", "690個", "8個", "2個", "穴位置のずれ", "返品", "¥1,500"
    )
    require(said(story.self_billed_statement()), "仕入金額 ¥50,275", "登録番号 T8999900000001", "確認を受けると")
    require(said(story.self_billed_response()), "確認しました", "仕入明細書番号 S-8")
    require(
        said(story.payment_notice()),
        "支払金額 ¥54,163",
        "I-2026-10-3",
        "-32,400",
        "支給材 SPCC 鋼板",
        "2026年11月30日",
    )


def test_a_delivery_note_comes_from_the_despatch_advice() -> None:
    require(said(story.despatch_advice(), form="delivery_note"), "納品書", "700個", "受領印", "230")
    with pytest.raises(CallerFault, match="delivery note"):
        render(story.order(), story.context(story.order(), form="delivery_note"))


def test_every_field_of_a_full_paper_can_be_set() -> None:
    for paper in (full.order(), full.order_response()):
        found = said(paper, personal=full.personal(*full.RESPONSE_ROLES), writer=None, recipient=None)
        for text in (
            "SUS304",
            "電話は午後に",
            "carrier@firm.example",
            "納期変更" if paper.number == "R-1" else "摘要一",
        ):
            assert text in found


# ---- options


def test_a_sample_is_marked_on_every_page() -> None:
    paper = story.order()
    reader = pypdf.PdfReader(io.BytesIO(render(paper, story.context(paper, sample=True))))
    for page in reader.pages:
        assert "見本" in text_of_page(page).replace("見本信用金庫", "").replace("愛知県見本市", "").replace(
            "見本電子", ""
        )


def test_a_fax_has_no_grey_and_the_link_of_its_page() -> None:
    paper = story.order()
    link = "https://node.example.jp/p/AbCdEfGh0123"
    pdf = render(paper, story.context(paper, fax=True, sample=True, link=link))
    require(pdf, link, "登録は不要です")
    for page in pypdf.PdfReader(io.BytesIO(pdf)).pages:
        contents = page.get_contents()
        assert contents is not None
        greys = set(re.findall(rb"(?<![\d.])([\d.]+) [gG]\b", contents.get_data()))
        assert greys <= {b"0"}, greys
    assert pdf != printed(story.order)


def test_what_cannot_be_asked_for_is_named() -> None:
    with pytest.raises(CallerFault) as caught:
        render(story.order(), Context(language="fr"))
    assert caught.value.field == "lang"
    with pytest.raises(CallerFault) as caught:
        render(story.order(), Context(form="poster"))
    assert caught.value.field == "form"


# ---- hard texts


def test_a_long_table_repeats_its_heading_and_numbers_its_pages() -> None:
    lines = tuple(story.order_line(str(place), f"品目 {place}", 2, 100) for place in range(1, 121))
    long = replace(story.order(), lines=lines, taxes=(), totals=None, undecided=())
    reader = pypdf.PdfReader(io.BytesIO(render(long, story.context(long))))
    pages = [text_of_page(page) for page in reader.pages]
    assert len(pages) > 5
    whole = "".join(pages)
    for place in (1, 99, 120):
        assert f"品目{place}" in whole
    for number, page in enumerate(pages, 1):
        assert f"{number}/{len(pages)}" in page
        if "納期2026/10/26" in page:
            assert "No.品名数量単価金額税" in page


def test_texts_of_any_length_and_script_fit() -> None:
    name = "特殊精密極小部品" * 40 + "・" + "A" * 300 + "（補足）"
    item = Item(name=name, description="摘要" * 1_900)
    line = replace(story.LINES[0], item=item, note="注" * 3_000)
    odd = replace(
        story.order(), lines=(line,), note="{nb} \U0001f600 葛\U000e0100飾 \u202eabc <b> &amp; **太字** 🏭髙﨑①㈱"
    )
    pdf = render(odd, story.context(odd))
    found = text_of(pdf)
    assert found.count("特殊精密極小部品") == 40
    assert found.count("摘") >= 1_900
    assert found.count("注") >= 3_000
    assert "A" * 300 in found
    assert "{nb}" in found
    assert "葛飾abc<b>&amp;**太字**〓髙﨑①㈱" in found


def test_names_of_goods_come_from_the_order_where_the_paper_has_only_line_numbers() -> None:
    paper = story.receiving_advice()
    require(said(paper), "ブラケット B-1")
    require(said(paper, order=None), "注文の明細 1")


def test_currencies_with_minor_units() -> None:
    paper = replace(story.order(), currency="EUR", totals=None, taxes=(), supplied=(), terms=None)
    line = replace(paper.lines[0], amount=27_600_000)
    paper = replace(paper, lines=(line,))
    require(said(paper), "276,000.00")


def test_catalogues_and_messages() -> None:
    tier = PriceTier(minimum=Scaled(value=10), price=Price(value=Scaled(value=4320)))
    item = CatalogueItem(
        item=Item(name="紙手提げ袋", seller_id="B-200", gtin="2900000401013"),
        unit="XBX",
        price=Price(value=Scaled(value=4800)),
        tiers=(tier,),
        pack_size=Scaled(value=200),
        lead_days=3,
    )
    sides = {"buyer": story.BUYER, "seller": story.SELLER}
    papers: list[tuple[Paper, tuple[str, ...]]] = [
        (
            Catalogue(**story.head("CAT-1"), **sides, edition="2026秋", items=(item,)),
            ("品目表", "4,800", "10~ 4,320", "B-200"),
        ),
        (CatalogueRequest(**story.head("CR-1"), **sides, words="紙袋"), ("品目表の依頼", "紙袋")),
        (CatalogueWithdrawal(**story.head("CW-1"), reason="改定のため"), ("改定のため", "すべて")),
        (
            Message(**story.head("M-1"), kind="price_talk", text="材料費が上がりました。"),
            ("価格の相談", "材料費が上がりました。"),
        ),
    ]
    for paper, texts in papers:
        check(paper)
        require(said(paper), *texts)
        assert TYPE_OF[type(paper)] in sheets.SHEETS


def test_reports_of_sales_and_proposals() -> None:
    sides = {"buyer": story.BUYER, "seller": story.SELLER}
    lines = (
        SoldLine(gtin="2900000401013", unit="H87", sold=48_000, amount=1_152_000),
        SoldLine(seller_id="P-2", unit="KGM", sold=-1_500),
    )
    wanted = ProposedLine(
        item=Item(name="抹茶あめ", seller_id="P-2"), quantity=Scaled(30), unit="H87", reason="週末前に"
    )
    papers: list[tuple[Paper, tuple[str, ...]]] = [
        (
            SalesReport(**story.head("SL-1"), **sides, week="2026-W40", areas=(SoldArea(area="26104", lines=lines),)),
            ("販売報告書", "2026-W40", "26104", "48", "1,152,000", "-1.5", "P-2"),
        ),
        (
            ReplenishmentProposal(**story.head("RP-1"), **sides, lines=(wanted,), valid_until="2026-12-31"),
            ("補充のご提案", "抹茶あめ", "30", "週末前に"),
        ),
        (ReplenishmentAnswer(**story.head("RR-1"), proposal="ab" * 32, answer="ordered", order="PO-7"), ("PO-7",)),
        (
            DeedProposal(
                **story.head("DP-1"),
                **sides,
                offer="cd" * 32,
                kind="capacity",
                subject="45tプレスの空き",
                amount=48_000,
                until=1_790_000_000_000_000,
            ),
            ("条件のご提示", "45tプレスの空き", "48,000"),
        ),
        (DeedAnswer(**story.head("DR-1"), proposal="ab" * 32, answer="accepted"), ("承諾",)),
        (DeedReport(**story.head("DF-1"), proposal="ab" * 32, word="fulfilled", day="2026-10-20"), ("履行",)),
    ]
    for paper, texts in papers:
        check(paper)
        require(said(paper), *texts)


def test_the_frame_names_no_contact_twice() -> None:
    paper = story.order()
    frame = Frame(paper, story.context(paper), "Purchase Order", to=paper.seller, by=paper.buyer)
    sheet = frame.sheet()
    assert sum("坂田" in line for line in (*sheet.to, *sheet.by)) == 1
    assert [block for block in sheet.blocks if "堀川" in str(block)] == []
