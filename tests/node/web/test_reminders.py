"""A reminder of an overdue bill from the ledger to the partner's page; payment notices that came, in the ledger."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from node.services import books, dealings, payments, reminding
from node.services.drafting import Step
from protocol.errors import CallerFault, NotFound
from protocol.process.trade.papers import Message
from tests.node.services import october
from tests.node.web.harness import TwoWebs
from tests.node.web.test_payments import set_own

AUGUST = "2025-08-20"  # the nodes' clock stands in October 2025


def overdue(webs: TwoWebs, number: str = "PO-1", day: str = AUGUST) -> tuple[bytes, str]:
    """A bill of the seller; its thread and number."""
    towns = webs.toyota.town, webs.kyoto.town
    thread = october.billed(*towns, webs.buyer, webs.seller, october.order(number, day=day), day=day)
    (bill,) = webs.kyoto.town.see(lambda tx: tx.books.bills_of(webs.seller, thread))
    return thread, bill.number


def reminder(thread: bytes, number: str, **more: str) -> str:
    return f"/dealings/{thread.hex()}/reminder?{urlencode({'kind': 'invoice', 'number': number, **more})}"


async def test_a_reminder_goes_from_the_ledger_to_the_partner(webs: TwoWebs) -> None:
    thread, number = overdue(webs)
    owner = await webs.kyoto.logged_in("owner")
    await set_own(owner)
    ledger = await owner.get("/books/ledger/receivable")
    assert "お支払いのお願いを書く" in ledger.plain
    page = await owner.get(reminder(thread, number))
    text = page.fields(f"/dealings/{thread.hex()}/reminder")["text"]
    for part in ("御中", number, "2025年9月30日", "¥25,300", "お振込先", "7654321", "行き違い"):
        assert part in text, part
    assert "前回までのお願い" not in page.plain
    english = await owner.get(reminder(thread, number, text="en"))
    wording = english.fields(f"/dealings/{thread.hex()}/reminder")["text"]
    assert "past its day of payment" in wording
    assert "御中" not in wording
    await owner.get(reminder(thread, number))
    action = f"/dealings/{thread.hex()}/reminder"
    assert (await owner.submit(action, {"text": text + "\n担当 花咲", "action": "check"})).status == 200
    sent = await owner.submit(action, {"text": text + "\n担当 花咲", "action": "send"})
    assert "連絡を送りました" in sent.plain
    assert "前回までのお願い" in (await owner.get(reminder(thread, number))).plain
    webs.deliver()
    buyer = await webs.toyota.logged_in("clerk")
    assert "担当 花咲" in (await buyer.get(f"/dealings/{thread.hex()}")).plain
    stored = webs.toyota.town.see(lambda tx: tx.documents.by_thread(thread))[-1]
    message = dealings.paper_of(stored)
    assert isinstance(message, Message)
    assert [(one.kind, one.number) for one in message.references] == [("invoice", number)]


async def test_only_the_seller_of_an_overdue_bill_reminds(webs: TwoWebs) -> None:
    thread, number = overdue(webs)
    later, not_due = overdue(webs, "PO-2", "2025-10-05")
    owner, viewer = await webs.kyoto.logged_in("owner"), await webs.kyoto.logged_in("viewer")
    buyer = await webs.toyota.logged_in("owner")
    assert (await viewer.get(reminder(thread, number))).status == 403
    assert "お支払いのお願いを書く" not in (await viewer.get("/books/ledger/receivable")).plain
    for browser, address in (
        (buyer, reminder(thread, number)),
        (owner, reminder(thread, "IN-0")),
        (owner, reminder(b"\0" * 32, number)),
    ):
        assert (await browser.get(address)).status == 404
    town, seller = webs.kyoto.town, webs.seller
    with pytest.raises(CallerFault, match="not overdue"):
        town.see(lambda tx: reminding.draft(tx, seller, later, "invoice", not_due, "2025-10-09", "ja"))
    with pytest.raises(NotFound):
        webs.toyota.town.see(lambda tx: reminding.draft(tx, webs.buyer, thread, "invoice", number, "2025-10-09", "ja"))
    bill = town.see(lambda tx: books.bill_of(tx, seller, thread, "invoice", number))
    mark = payments.Mark(thread, "invoice", number)
    town.do(lambda tx: payments.mark_paid(town.house, tx, seller, "owner", [mark], "2025-10-08"))
    assert bill.open == 25_300
    with pytest.raises(CallerFault, match="not overdue"):
        town.see(lambda tx: reminding.draft(tx, seller, thread, "invoice", number, "2025-10-09", "ja"))


async def test_a_payment_notice_is_listed_and_the_money_marked_by_a_person(webs: TwoWebs) -> None:
    thread, number = overdue(webs)
    october.step(webs.toyota.town, webs.buyer, thread, Step.PAY, "2025-09-30")
    webs.deliver()
    owner, clerk = await webs.kyoto.logged_in("owner"), await webs.kyoto.logged_in("clerk")
    first = await owner.get("/")
    assert "入金のお知らせ" in first.plain
    assert "25,300" in first.plain
    page = await owner.get("/books/ledger/receivable")
    assert "届いた支払通知" in page.plain
    assert f"{number} ¥25,300 未入金の請求と一致" in page.plain
    assert "入金を確認した" not in (await clerk.get("/books/ledger/receivable")).plain
    (notice,) = webs.kyoto.town.see(lambda tx: payments.notices(tx, webs.seller))
    action, given = "/books/ledger/receivable/notices", {"document": notice.document.hex()}
    assert (await clerk.post(action, given)).status == 403
    assert (await owner.post(action, {"document": "0" * 64})).status == 404
    done = await owner.post(action, given, follow=True)
    assert "1件を入金済みにしました" in done.plain
    assert "入金済みの請求" in done.plain
    assert "入金のお知らせ" not in (await owner.get("/")).plain
    again = await owner.post(action, given, follow=True)
    assert "一致する明細がありません" in again.plain
