"""Closing, receivables and payables, the bulk download and advice, as pages over two nodes."""

from __future__ import annotations

import csv
import io
import zipfile

from msgspec.structs import replace

from node.services.drafting import Step
from protocol.process.trade.papers import Party, PaymentTerms
from tests.node.services import october
from tests.node.web.harness import TwoWebs
from tests.node.web.test_payments import bill, set_terms

MONTH = "2026-10"


def inspected(webs: TwoWebs, number: str) -> bytes:
    towns = webs.toyota.town, webs.kyoto.town
    return october.billed(*towns, webs.buyer, webs.seller, october.order(number), until=Step.INSPECT)


async def test_a_closing_from_the_month_to_the_invoices(webs: TwoWebs) -> None:
    threads = [inspected(webs, "PO-1"), inspected(webs, "PO-2")]
    owner, viewer = await webs.kyoto.logged_in("owner"), await webs.kyoto.logged_in("viewer")
    await set_terms(owner, webs.buyer, closing_day="31")
    listed = await owner.get(f"/closing?month={MONTH}")
    assert "¥50,600" in listed.plain
    path = f"/closing/{webs.buyer.hex()}/sales"
    page = await owner.get(f"{path}?month={MONTH}")
    assert page.plain.count("¥25,300") == 2
    assert page.text.count("checked") == 2
    nothing = await owner.post(path, {"month": MONTH, "action": "send"})
    assert nothing.status == 422
    looked = await owner.post(path, {"month": MONTH, "thread": [threads[0].hex()]})
    assert looked.status == 200  # Enter looks it over and sends nothing
    assert webs.kyoto.town.see(lambda tx: tx.books.bills_of(webs.seller, threads[0])) == []
    sent = await owner.post(
        path, {"month": MONTH, "thread": [one.hex() for one in threads], "action": "send"}, follow=True
    )
    assert "2通を送りました" in sent.plain
    webs.deliver()
    bills = [webs.toyota.town.see(lambda tx, t=one: tx.books.bills_of(webs.buyer, t)) for one in threads]
    assert [(row.due, row.open) for rows in bills for row in rows] == [("2026-11-30", 25_300)] * 2
    again = await owner.post(path, {"month": MONTH, "thread": [threads[0].hex()], "action": "send"})
    assert again.status == 409
    await viewer.get(f"{path}?month={MONTH}")
    assert (await viewer.post(path, {"month": MONTH, "thread": [threads[0].hex()]})).status == 403
    for wrong in (f"/closing/{'0' * 64}/sales", f"/closing/{webs.buyer.hex()}/other"):
        assert (await owner.get(wrong)).status == 404


async def test_what_was_billed_is_one_list_as_pdf_and_csv(webs: TwoWebs) -> None:
    bill(webs, "PO-1")
    bill(webs, "PO-2")
    seller, viewer = await webs.kyoto.logged_in("owner"), await webs.kyoto.logged_in("viewer")
    path = f"/closing/{webs.buyer.hex()}/sales"
    page = await viewer.get(f"{path}?month={MONTH}")
    assert "合計請求書 (PDF)" in page.plain
    pdf = await viewer.get(f"{path}/list/pdf?month={MONTH}")
    assert (pdf.status, pdf.headers["Content-Type"], pdf.body[:5]) == (200, "application/pdf", b"%PDF-")
    listed = await viewer.get(f"{path}/list/csv?month={MONTH}")
    rows = list(csv.reader(io.StringIO(listed.text.lstrip("\ufeff"))))
    assert [row[3] for row in rows[1:3]] == ["PO-1", "PO-2"]
    assert rows[3][1:] == ["税率ごとの合計", "", "", "S 10%", "46000", "4600", "50600", "JPY"]
    for wrong in ("sales/list/xml", "purchases/list/pdf", "sales/list/pdf?month=2026-09"):
        address = f"/closing/{webs.buyer.hex()}/{wrong}"
        assert (await seller.get(address if "?" in wrong else f"{address}?month={MONTH}")).status == 404
    buyer = await webs.toyota.logged_in("owner")
    assert (await buyer.get(f"{path}/list/pdf?month={MONTH}")).status == 404


async def test_a_buyer_states_what_it_bought(webs: TwoWebs) -> None:
    thread = inspected(webs, "PO-1")
    owner = await webs.toyota.logged_in("owner")
    path = f"/closing/{webs.seller.hex()}/purchases"
    await owner.get(f"{path}?month={MONTH}")
    sent = await owner.post(path, {"month": MONTH, "thread": [thread.hex()], "action": "send"}, follow=True)
    assert "1通を送りました" in sent.plain, sent.plain
    webs.deliver()
    seller = await webs.kyoto.logged_in("clerk")
    assert "仕入明細書" in (await seller.get(f"/dealings/{thread.hex()}")).plain


async def test_receivables_and_payables_as_pages_and_files(webs: TwoWebs) -> None:
    bill(webs)
    seller, buyer = await webs.kyoto.logged_in("viewer"), await webs.toyota.logged_in("clerk")
    for browser, side in ((seller, "receivable"), (buyer, "payable")):
        page = await browser.get(f"/books/ledger/{side}")
        assert "¥25,300" in page.plain
        for name in ("bills", "ageing", "months"):
            saved = await browser.get(f"/books/ledger/{side}/{name}")
            assert saved.status == 200
            assert "25300" in saved.body.decode("utf-8-sig")
        other = {"receivable": "payable", "payable": "receivable"}[side]
        assert "¥25,300" not in (await browser.get(f"/books/ledger/{other}")).plain
    assert (await seller.get("/books/ledger/nothing")).status == 404
    assert (await seller.get("/books/ledger/payable/nothing")).status == 404


async def test_no_cell_of_the_lists_is_a_formula(webs: TwoWebs) -> None:
    towns = webs.toyota.town, webs.kyoto.town
    thread = october.billed(*towns, webs.buyer, webs.seller, october.order("PO-1"), until=Step.INSPECT)
    october.step(webs.kyoto.town, webs.seller, thread, Step.BILL, "2026-10-21", number="＝cmd|'/C calc'!A1")
    webs.deliver()
    buyer = await webs.toyota.logged_in("clerk")
    saved = (await buyer.get("/books/ledger/payable/bills")).body.decode("utf-8-sig")
    assert "'＝cmd" in saved
    archive = zipfile.ZipFile(io.BytesIO((await buyer.get("/books/archive?type=invoice")).body))
    assert "'＝cmd" in archive.read("index.csv").decode("utf-8-sig")


async def test_the_zip_has_what_the_search_finds(webs: TwoWebs) -> None:
    bill(webs)
    viewer = await webs.toyota.logged_in("viewer")
    saved = await viewer.get("/books/archive?type=invoice&low=25300&high=25300")
    assert saved.headers["Content-Type"] == "application/zip"
    assert "Content-Security-Policy" in saved.headers
    names = zipfile.ZipFile(io.BytesIO(saved.body)).namelist()
    assert sorted(name.rpartition(".")[2] for name in names) == ["csv", "pdf", "yui-proof"]
    empty = zipfile.ZipFile(io.BytesIO((await viewer.get("/books/archive?low=99999999")).body))
    assert empty.namelist() == ["index.csv"]
    assert (await viewer.get("/books/archive?low=x", follow=False)).status == 303


async def test_advice_in_sentences_with_the_name_of_the_rule(webs: TwoWebs) -> None:
    late = october.order("PO-1", terms=PaymentTerms(due_date="2027-02-28"))
    bare = replace(late, number="PO-2", seller=Party(name="花咲堂"), terms=None)
    towns = webs.toyota.town, webs.kyoto.town
    thread = october.start(*towns, webs.buyer, webs.seller, bare)
    buyer = await webs.toyota.logged_in("clerk")
    page = await buyer.get(f"/dealings/{thread.hex()}")
    assert "取適法の助言" in page.plain
    assert "対象かどうかの判断はしていません。" in page.plain
    seller = await webs.kyoto.logged_in("clerk")
    assert "取適法の助言" not in (await seller.get(f"/dealings/{thread.hex()}")).plain  # the buyer states it


async def test_the_first_page_has_closings_and_files(webs: TwoWebs) -> None:
    inspected(webs, "PO-1")
    owner = await webs.kyoto.logged_in("owner")
    today = (await owner.get("/")).plain
    assert "締めと振込" not in today
    day = october_day(webs)
    await set_terms(owner, webs.buyer, closing_day=str(day))
    assert "締めと振込" in (await owner.get("/")).plain
    buyer = await webs.toyota.logged_in("owner")
    await set_terms(buyer, webs.seller, closing_day=str(day))
    assert "締めと振込" not in (await buyer.get("/")).plain  # it is the seller who bills


def october_day(webs: TwoWebs) -> int:
    from node.web.render import as_day

    return as_day(webs.kyoto.town.now).day
