"""The books over the API: questions, the archive, bills, marks of payment, closing."""

from __future__ import annotations

import asyncio
import csv
import hashlib
import zipfile
from io import BytesIO, StringIO

from node import bookarchive
from node.services import users
from node.services.drafting import Step
from node.services.trade import Submission
from protocol import proof
from tests.node.api.town import BUYER, SELLER, STRANGER, Api
from tests.node.services.october import order, step


async def october(api: Api) -> str:
    """A dealing that was billed, all at one node; its thread."""

    def work() -> str:
        buyer, seller = api.members[BUYER], api.members[SELLER]
        thread = api.town.submit(buyer, Submission(seller, order("=PO-1")))[0].thread
        for what, member in ((Step.ANSWER, seller), (Step.SHIP, seller), (Step.INSPECT, buyer), (Step.BILL, seller)):
            step(api.town, member, thread, what, "2026-10-20")
        return thread.hex()

    return await asyncio.to_thread(work)


async def test_search_with_totals_and_pages(api: Api) -> None:
    await october(api)
    page = (await api.call(BUYER, "GET", "/v1/books?amount_min=25300&since=2026-10-01&limit=500")).json
    assert [(line["type"], line["amount"]) for line in page["lines"]] == [("invoice", 25300)]
    assert page["totals"] == [{"currency": "JPY", "documents": 1, "amount": 25300}]
    first = (await api.call(SELLER, "GET", "/v1/books?limit=2&order=oldest")).json
    more = (await api.call(SELLER, "GET", f"/v1/books?limit=500&order=oldest&behind={first['next']}")).json
    assert len(first["lines"]) + len(more["lines"]) == 5
    assert (await api.call(STRANGER, "GET", "/v1/books")).json == {"lines": [], "totals": [], "next": ""}
    assert (await api.call(BUYER, "GET", "/v1/books?since=2026-10-02&until=2026-10-01")).status == 422
    assert (await api.call(BUYER, "GET", "/v1/books?behind=nonsense")).status == 422


async def test_the_archive_holds_every_document_and_an_index_that_fits(api: Api) -> None:
    await october(api)
    answer = await api.call(BUYER, "GET", "/v1/books/archive?forms=json,proof,ubl&lang=ja")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/zip")
    with zipfile.ZipFile(BytesIO(answer.body)) as archive:
        assert archive.testzip() is None
        rows = list(csv.reader(StringIO(archive.read("index.csv").decode("utf-8-sig"))))
        assert len(rows) == 6
        assert len(rows[0]) == len(bookarchive.COLUMNS)
        listed = [name for row in rows[1:] for name in row[12].split("\n")]
        assert sorted([*listed, "index.csv"]) == sorted(archive.namelist())
        for row in rows[1:]:
            for name, digest in zip(row[12].split("\n"), row[13].split("\n"), strict=True):
                assert hashlib.sha256(archive.read(name)).hexdigest() == digest
                if name.endswith(".yui-proof"):
                    assert proof.verify(archive.read(name)).document.id.hex() == row[11]
        assert "'=PO-1" in [row[4] for row in rows]
        assert not any(cell.startswith(("=", "+", "@")) for row in rows for cell in row)
        assert "25300" in [row[6] for row in rows]
    empty = await api.call(STRANGER, "GET", "/v1/books/archive")
    with zipfile.ZipFile(BytesIO(empty.body)) as archive:
        assert archive.namelist() == ["index.csv"]
    assert (await api.call(BUYER, "GET", "/v1/books/archive?forms=exe")).status == 422


async def test_the_same_books_give_the_same_archive(api: Api) -> None:
    await october(api)
    path = "/v1/books/archive?forms=json"
    assert (await api.call(BUYER, "GET", path)).body == (await api.call(BUYER, "GET", path)).body


def test_amounts_and_formulas() -> None:
    assert bookarchive.amount_text(1250, "EUR") == "12.50"
    assert bookarchive.amount_text(-5, "EUR") == "-0.05"
    assert bookarchive.amount_text(None, "JPY") == ""
    assert [bookarchive.safe(cell) for cell in ("=1+1", "-5", "-5+2", "@x", "\t=1", "普通")] == [
        "'=1+1", "-5", "'-5+2", "'@x", "'\t=1", "普通",
    ]  # fmt: skip


async def test_bills_payments_and_who_may_mark(api: Api) -> None:
    thread = await october(api)
    (owed,) = (await api.call(SELLER, "GET", "/v1/bills?side=receivable")).json["bills"]
    assert (owed["bill"]["open"], owed["pay_on"]) == (25300, "2026-11-30")
    assert (await api.call(SELLER, "GET", "/v1/bills?side=payable")).json["bills"] == []
    assert (await api.call(STRANGER, "GET", "/v1/bills?side=receivable")).json["bills"] == []
    (month,) = (await api.call(BUYER, "GET", "/v1/bills/months?side=payable&since=2026-10&until=2026-10")).json[
        "months"
    ]
    assert month["open"] == 25300
    (age,) = (await api.call(BUYER, "GET", "/v1/bills/ages?side=payable&today=2026-12-01")).json["ages"]
    assert (age["months"], age["overdue"]) == ([0, 0, 25300, 0], 25300)
    mark = {"bills": [{"thread": thread, "kind": "invoice", "number": owed["bill"]["number"]}], "day": "2026-11-30"}
    await asyncio.to_thread(
        api.town.do, lambda tx: users.add(api.town.house, tx, api.members[BUYER], "clerk", "clerk", "hash")
    )
    clerk = await asyncio.to_thread(api.token, BUYER, user="clerk")
    assert (await api.call("", "POST", "/v1/payments", mark, token=clerk)).status == 403
    assert (await api.call(STRANGER, "POST", "/v1/payments", mark)).status == 404
    paid = await api.call(BUYER, "POST", "/v1/payments", mark)
    assert (paid.status, paid.json["payments"][0]["amount"]) == (201, 25300)
    assert (await api.call(BUYER, "GET", "/v1/bills?side=payable")).json["bills"] == []
    assert len((await api.call(SELLER, "GET", "/v1/bills?side=receivable")).json["bills"]) == 1
    identity = {"id": paid.json["payments"][0]["id"]}
    assert (await api.call(SELLER, "POST", "/v1/payments/undo", identity)).status == 404
    assert (await api.call(BUYER, "POST", "/v1/payments/undo", identity)).json["payments"][0]["undone_by"] == "api:test"
    (entry,) = (await api.call(BUYER, "GET", "/v1/payments")).json["payments"]
    assert entry["undone"] is not None


async def test_closing_and_history(api: Api) -> None:
    thread = await october(api)
    path = f"/v1/partners/{api.members[BUYER].hex()}/closing"
    assert (await api.call(SELLER, "GET", f"{path}?day=2026-10-31")).json["dealings"] == []
    assert (await api.call(SELLER, "POST", path, {"day": "2026-10-31", "threads": [thread]})).status == 404
    (line,) = (await api.call(BUYER, "GET", "/v1/books?type=order")).json["lines"]
    history = (await api.call(BUYER, "GET", f"/v1/documents/{line['document']}/history")).json["history"]
    assert [one["relation"] for one in history] == ["original", "response"]
    assert (await api.call(STRANGER, "GET", f"/v1/documents/{line['document']}/history")).status == 404
    assert (await api.call(SELLER, "GET", "/v1/payment-notices")).json["notices"] == []


async def test_a_month_of_closings_and_the_list_of_what_was_billed(api: Api) -> None:
    await october(api)
    (line,) = (await api.call(SELLER, "GET", "/v1/closings?month=2026-10")).json["closings"]
    assert (line["side"], line["bills"], line["billed"], line["dealings"]) == ("sales", 1, 25_300, 0)
    path = f"/v1/partners/{api.members[BUYER].hex()}/closing/list"
    (listed,) = (await api.call(SELLER, "GET", f"{path}?month=2026-10")).json["lists"]
    assert [row["order"] for row in listed["listed"]] == ["=PO-1"]
    assert [(one["basis"], one["tax"]) for one in listed["rates"]] == [(23_000, 2_300)]
    assert (listed["closing"], listed["payable"]) == ("2026-10-31", 25_300)
    pdf = await api.call(SELLER, "GET", f"{path}/pdf?month=2026-10&lang=en")
    assert (pdf.status, pdf.body[:5]) == (200, b"%PDF-")
    assert (await api.call(SELLER, "GET", f"{path}?month=2026-10&side=purchases")).status == 404
    assert (await api.call(STRANGER, "GET", f"{path}?month=2026-10")).status == 404
    assert (await api.call(SELLER, "GET", f"{path}?month=2026-13")).status == 422


async def test_a_number_that_no_store_can_count_to_is_refused(api: Api) -> None:
    huge = 2**70
    for path in (
        "payments?before=",
        "price-talks?before=",
        "books?amount_min=",
        "documents?amount_max=",
        "feed?after=",
    ):
        answer = await api.call(SELLER, "GET", f"/v1/{path}={huge}")
        assert answer.status == 422, (path, answer.body)
