"""The pages of payments over two nodes: terms, our account, the look over a bank file, its bytes, marking as paid."""

from __future__ import annotations

import datetime
import re

from node.papers import zengin
from node.services import banking
from node.services.drafting import Step
from node.services.terms import PartnerTerms
from node.web.pages.terms import LABELS
from tests.node.services import october
from tests.node.web.harness import Browser, TwoWebs

ACCOUNT = {"bank": "9999", "branch": "001", "kind": "1", "number": "１２３４５６７", "kana": "株式会社はなさかどう"}
OWN = {**ACCOUNT, "code": "1234567890", "number": "7654321", "kana": "キンタロウキカイ"}


def bill(webs: TwoWebs, number: str = "PO-1", **more: int) -> bytes:
    """An order that is delivered, inspected and billed; its thread."""
    buyer, seller = webs.toyota.town, webs.kyoto.town
    order = october.order(number, **more)
    return october.billed(buyer, seller, webs.buyer, webs.seller, order)


async def set_terms(browser: Browser, partner: bytes, **typed: str) -> None:
    path = f"/partners/{partner.hex()}/terms"
    await browser.get(path)
    shown = await browser.submit(path, typed)
    assert shown.status == 200, shown.plain
    assert "保存しました" in shown.plain


async def set_own(browser: Browser) -> None:
    await browser.get("/settings/account")
    shown = await browser.submit("/settings/account", OWN)
    assert "保存しました" in shown.plain, shown.plain


def bills_on(text: str) -> list[str]:
    return re.findall(r'name="bill" value="([^"]*)"', text)


async def test_from_the_list_to_the_bytes_and_back_to_the_partner(webs: TwoWebs) -> None:
    thread = bill(webs)
    owner = await webs.toyota.logged_in("owner")
    await set_own(owner)
    await set_terms(owner, webs.seller, **ACCOUNT)
    listed = await owner.get("/payments")
    assert "¥25,300" in listed.plain
    keys = bills_on(listed.text)
    assert len(keys) == 1
    look = await owner.post("/payments", {"bill": keys})
    assert look.status == 200, look.plain
    assert "ｶ)ﾊﾅｻｶﾄﾞｳ" in look.plain
    made = await owner.submit("/payments", {"action": "make"})
    assert "振込ファイルを作りました(1件、¥25,300)。まだ支払済ではありません" in made.plain
    files = re.search(r"/payments/files/([0-9a-f]{32})/download", made.text)
    assert files is not None
    saved = await owner.get(files[0])
    assert saved.headers["Content-Disposition"].startswith("attachment")
    data = saved.body
    records = data.split(b"\r\n")[:-1]
    assert [len(one) for one in records] == [120] * 4
    read = zengin.parse(data)
    assert (read.count, read.total) == (1, 25300)
    assert read.payments[0].holder == "ｶ)ﾊﾅｻｶﾄﾞｳ"
    assert read.payments[0].first
    assert records[1] == expected()
    action = f"/payments/files/{files[1]}/paid"
    await owner.get(f"/payments/files/{files[1]}")
    paid = await owner.submit(action, {"day.year": "2025", "day.month": "11", "day.day": "28"})
    assert "支払通知を1件送りました" in paid.plain, paid.plain
    webs.deliver()
    clerk = await webs.kyoto.logged_in("clerk")
    assert "支払通知" in (await clerk.get(f"/dealings/{thread.hex()}")).plain
    assert "支払うものはありません" in (await owner.get("/payments")).plain
    again = await owner.post(action, {"day.year": "2025", "day.month": "11", "day.day": "28"})
    assert again.status == 409


def expected() -> bytes:
    """The data record of 花咲堂, field by field as the bank's table has it."""
    fields = (
        "2", "9999", " " * 15, "001", " " * 15, "0000", "1", "1234567", "ｶ)ﾊﾅｻｶﾄﾞｳ".ljust(30), "0000025300", "1",
        " " * 10, " " * 10, "7", " ", " " * 7,
    )  # fmt: skip
    return "".join(fields).encode("cp932")


async def test_the_bill_that_was_pressed_is_the_one_that_is_ticked(webs: TwoWebs) -> None:
    bill(webs, "PO-1")
    second = bill(webs, "PO-2")
    owner = await webs.toyota.logged_in("owner")
    home = await owner.get("/")
    assert f'href="/payments?dealing={second.hex()}"' in home.text
    listed = await owner.get(f"/payments?dealing={second.hex()}")
    ticked = re.findall(r'name="bill" value="([^"]*)" checked', listed.text)
    assert [one.partition(":")[0] for one in ticked] == [second.hex()]
    assert len(bills_on(listed.text)) == 2


async def test_what_hinders_a_file_is_said_with_a_link(webs: TwoWebs) -> None:
    bill(webs)
    clerk = await webs.toyota.logged_in("clerk")
    keys = bills_on((await clerk.get("/payments")).text)
    look = await clerk.post("/payments", {"bill": keys})
    assert "/settings/account" in look.text
    assert f"/partners/{webs.seller.hex()}/terms#f-bank" in look.text
    assert 'value="make"' not in look.text
    forced = await clerk.post("/payments", {"bill": keys, "action": "make"})
    assert forced.status == 422
    assert webs.toyota.town.see(lambda tx: tx.money.transfers(webs.buyer, 1)) == []
    empty = await clerk.post("/payments", {})
    assert empty.status == 422
    assert "1つ以上" in empty.plain


async def test_a_day_on_which_banks_rest(webs: TwoWebs) -> None:
    bill(webs)
    owner = await webs.toyota.logged_in("owner")
    await set_own(owner)
    await set_terms(owner, webs.seller, **ACCOUNT)
    keys = bills_on((await owner.get("/payments")).text)
    shown = await owner.post("/payments", {"bill": keys, "day.year": "R8", "day.month": "11", "day.day": "1"})
    assert "field-wrong" in shown.text
    assert "2026-10-30" in shown.plain
    nonsense = await owner.post("/payments", {"bill": keys, "day.year": "2026", "day.month": "13", "day.day": "1"})
    assert nonsense.status in (200, 422)
    assert "field-wrong" in nonsense.text


async def test_two_people_at_once(webs: TwoWebs) -> None:
    bill(webs)
    owner, clerk = await webs.toyota.logged_in("owner"), await webs.toyota.logged_in("clerk")
    await set_own(owner)
    await set_terms(owner, webs.seller, **ACCOUNT)
    keys = bills_on((await owner.get("/payments")).text)
    await owner.post("/payments", {"bill": keys})
    await clerk.get("/payments")
    await clerk.post("/payments", {"bill": keys})
    first = await clerk.submit("/payments", {"action": "make"})
    assert first.status == 200
    second = await owner.submit("/payments", {"action": "make"})
    assert second.status == 409
    assert "clerk" in second.plain
    warned = await owner.submit("/payments", {"action": "make"})
    assert warned.status == 422  # only with the box ticked
    twice = await owner.submit("/payments", {"action": "make", "again": "1"})
    assert twice.status == 200, twice.plain
    assert len(webs.toyota.town.see(lambda tx: tx.money.transfers(webs.buyer, 9))) == 2


async def test_roles_and_foreign_ids(webs: TwoWebs) -> None:
    bill(webs)
    owner = await webs.toyota.logged_in("owner")
    await set_own(owner)
    await set_terms(owner, webs.seller, **ACCOUNT)
    keys = bills_on((await owner.get("/payments")).text)
    await owner.post("/payments", {"bill": keys})
    await owner.submit("/payments", {"action": "make"})
    made = webs.toyota.town.see(lambda tx: tx.money.transfers(webs.buyer, 1))[0]
    path = f"/payments/files/{made.id.hex()}"
    viewer, clerk = await webs.toyota.logged_in("viewer"), await webs.toyota.logged_in("clerk")
    assert (await viewer.get(path)).status == 200
    assert (await viewer.get("/payments")).text.count('type="checkbox"') == 0
    assert (await viewer.get(f"{path}/download")).status == 403
    assert (await viewer.post("/payments", {"bill": keys})).status == 403
    day = {"day.year": "2026", "day.month": "10", "day.day": "30"}
    await clerk.get(path)
    assert (await clerk.post(f"{path}/paid", day)).status == 403
    assert (await clerk.get("/settings/account")).status == 200
    assert (await clerk.post("/settings/account", OWN)).status == 403
    stranger = await webs.kyoto.logged_in("owner")
    for foreign in (path, f"{path}/download", f"/payments/files/{'0' * 32}", "/payments/files/x"):
        assert (await stranger.get(foreign)).status == 404
    assert (await stranger.post(f"{path}/paid", day)).status == 404
    assert (await stranger.post(f"{path}/withdraw", {})).status == 404
    assert (await stranger.post("/payments", {"bill": [keys[0].replace(keys[0][:8], "0" * 8)]})).status == 404
    assert (await owner.post(f"{path}/withdraw", {})).status == 303
    assert (await owner.post(f"{path}/withdraw", {})).status == 409
    assert (await owner.post(f"{path}/paid", day)).status == 409


async def test_terms_stand_in_the_forms_and_in_their_history(webs: TwoWebs) -> None:
    town = webs.kyoto.town
    thread = october.billed(webs.toyota.town, town, webs.buyer, webs.seller, october.order("PO-1"), until=Step.INSPECT)
    owner = await webs.kyoto.logged_in("owner")
    await set_terms(owner, webs.buyer, closing_day="20", pay_months="2", pay_day="10", rounding="up")
    form = await owner.get(f"/dealings/{thread.hex()}/bill")
    fields = form.fields(f"/dealings/{thread.hex()}/bill")
    assert fields["rounding"] == "up"
    assert (fields["due.year"], fields["due.month"], fields["due.day"]) != ("", "", "")
    page = await owner.get(f"/partners/{webs.buyer.hex()}/terms")
    assert "締日: 20" in page.plain
    wrong = await owner.submit(
        f"/partners/{webs.buyer.hex()}/terms", {**ACCOUNT, "bank": "99", "closing_day": "40", "kana": "漢字"}
    )
    assert wrong.status == 422
    assert 'id="f-closing_day-error"' in wrong.text
    narrow = await owner.submit(f"/partners/{webs.buyer.hex()}/terms", {"closing_day": "20"})
    assert narrow.status == 422
    assert 'id="f-bank-error"' in narrow.text
    assert 'id="f-kana-error"' in narrow.text
    assert (await owner.get(f"/partners/{'0' * 64}/terms")).status == 404


async def test_terms_changed_by_two(webs: TwoWebs) -> None:
    owner, clerk = await webs.kyoto.logged_in("owner"), await webs.kyoto.logged_in("clerk")
    path = f"/partners/{webs.buyer.hex()}/terms"
    await owner.get(path)
    await set_terms(clerk, webs.buyer, closing_day="20")
    late = await owner.submit(path, {"closing_day": "25"})
    assert late.status == 409
    assert (await owner.submit(path, {})).status == 200


def test_the_day_that_is_checked_with_is_a_banking_day() -> None:
    assert zengin.is_banking_day(datetime.date(2026, 10, 5))
    assert banking.problems(banking.NONE)


def test_every_field_of_the_terms_has_a_word_in_the_history() -> None:
    assert set(LABELS) == set(PartnerTerms.__struct_fields__)
