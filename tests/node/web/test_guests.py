"""A partner without a node: the buyer's pages, the partner's page on a telephone, the association's button."""

from __future__ import annotations

import pytest

from node.services import dealings
from protocol.process.trade.papers.base import THROUGH_LINK
from tests.node.web.farm import FARM, farm_of, order_from
from tests.node.web.harness import TwoWebs


async def test_the_farmer_answers_ships_and_bills_on_her_telephone(webs: TwoWebs) -> None:
    farm = await farm_of(webs)
    before = await farm.buyer.get(farm.dealing)
    assert "相手先用ページ" in before.plain
    assert "読まれたかどうかは分かりません" in before.plain
    path = await farm.link()
    page = await farm.phone.get(path)
    assert page.status == 200
    assert "登録は不要です" in page.plain
    assert "干し柿" in page.plain
    await farm.answer(
        path,
        lines__0__status="changed",
        lines__0__quantity="80",
        lines__0__day__year="2026",
        lines__0__day__month="10",
        lines__0__day__day="25",
    )
    shown = await farm.buyer.get(farm.dealing)
    assert "変更の提案あり" in shown.plain
    assert "相手先用ページから" in shown.plain
    action = f"{farm.dealing}/agree"
    await farm.buyer.get(action)
    assert (await farm.buyer.submit(action, {"response": "accepted", "action": "send"})).status == 200
    for step, typed in (
        ("ship", {}),
        ("bill", {"delivered.year": "2026", "delivered.month": "10", "delivered.day": "25"}),
    ):
        action = f"{path}/{step}"
        assert (await farm.phone.get(action)).status == 200, step
        sent = await farm.phone.submit(action, {**typed, "action": "send"})
        assert sent.status == 200, sent.plain
        assert "記録されます" in sent.plain
    end = await farm.buyer.get(farm.dealing)
    assert "¥26,784" in end.plain  # 80 × 310 = 24,800 and 8 %
    thread = bytes.fromhex(farm.thread)
    facts = farm.web.town.see(lambda tx: dealings.fold(tx, thread)).facts
    said = {fact.type: fact.body.origin for fact in facts}
    assert {kind for kind, origin in said.items() if origin == THROUGH_LINK} == {
        "order_response", "despatch_advice", "invoice",
    }  # fmt: skip


async def test_papers_of_the_page(webs: TwoWebs) -> None:
    farm = await farm_of(webs)
    path = await farm.link()
    await farm.phone.get(path)
    order = f"{path}/documents/{farm.thread}"
    pdf = await farm.phone.ask("GET", f"{order}/pdf")
    assert pdf.text.startswith("%PDF-")
    ubl = await farm.phone.ask("GET", f"{order}/ubl")
    assert ubl.status == 200, ubl.plain
    assert "干し柿" in ubl.text
    await farm.answer(path)
    page = await farm.phone.get(path)
    answer = next(one for one in _documents(page.text) if one != farm.thread)
    assert (await farm.phone.ask("GET", f"{path}/documents/{answer}/ubl")).status == 200
    said = await farm.buyer.ask("GET", f"/documents/{answer}/pdf")
    assert said.text.startswith("%PDF-")


def _documents(text: str) -> list[str]:
    import re

    return re.findall(r"/documents/([0-9a-f]{64})/pdf", text)


async def test_the_paper_for_fax_carries_the_link(webs: TwoWebs) -> None:
    farm = await farm_of(webs)
    path = await farm.link()
    action = f"{farm.dealing}/link/paper"
    fields = farm.buyer.last.fields(action)
    assert fields["secret"] == path.rpartition("/")[2]
    paper = await farm.buyer.post(action, {"secret": fields["secret"], "paper": "fax"}, csrf=fields["csrf"])
    assert paper.status == 200
    assert paper.text.startswith("%PDF-")
    wrong = await farm.buyer.post(action, {"secret": "a" * 32, "paper": "fax"}, csrf=fields["csrf"])
    assert wrong.status == 404


async def test_a_withdrawn_link_and_a_new_one(webs: TwoWebs) -> None:
    farm = await farm_of(webs)
    old = await farm.link()
    new = await farm.link()
    assert (await farm.phone.get(old)).status == 404
    assert (await farm.phone.get(new)).status == 200
    await farm.buyer.get(farm.dealing)
    assert (await farm.buyer.submit(f"{farm.dealing}/link/revoke", {})).status == 200
    assert (await farm.phone.get(new)).status == 404


@pytest.mark.parametrize("language", ["ja", "en"])
async def test_the_page_speaks_both_languages(webs: TwoWebs, language: str) -> None:
    farm = await farm_of(webs)
    path = await farm.link()
    page = await farm.phone.get(f"{path}?lang={language}")
    assert page.status == 200
    words = {"ja": "登録は不要です", "en": "No account needed"}
    assert words[language] in page.plain


async def test_a_message_from_the_page(webs: TwoWebs) -> None:
    farm = await farm_of(webs)
    path = await farm.link()
    await farm.phone.get(path)
    sent = await farm.phone.submit(f"{path}/message", {"text": "25日に届けます。"})
    assert sent.status == 200
    assert "25日に届けます。" in (await farm.buyer.get(farm.dealing)).plain


async def test_the_association_enrols_with_one_button(webs: TwoWebs) -> None:
    farm = await farm_of(webs)
    path = await farm.link()
    await farm.answer(path)
    card = f"/partners/{farm.guest}"
    await farm.buyer.get(card)
    asked = await farm.buyer.submit(f"{card}/enrol", {})
    assert "頼みました" in asked.plain
    staff = await farm.web.logged_in("staff")
    assert FARM not in (await staff.get("/association/members")).plain
    page = await staff.get("/association/guests")
    assert FARM in page.plain
    done = await staff.submit(f"/association/guests/{farm.guest}/enrol", {})
    assert done.status == 201
    assert done.text.count("<li>") >= 24
    assert FARM in (await staff.get("/association/members")).plain
    assert (await farm.phone.get(path)).status == 404
    farm.web.settle_in(FARM, bytes.fromhex(farm.guest), prefix="farm-")
    farmer = await farm.web.logged_in("farm-owner")
    mine = await farmer.get(f"/dealings/{farm.thread}")
    assert mine.status == 200
    assert "干し柿" in mine.plain
    action = f"/dealings/{farm.thread}/ship"
    assert (await farmer.get(action)).status == 200
    sent = await farmer.submit(action, {"action": "send"})
    assert sent.status == 200
    assert "出荷" in (await farm.buyer.get(farm.dealing)).plain
    again = await order_from(farm.buyer, farm.guest)
    assert (await farmer.get(f"/dealings/{again}")).status == 200


async def test_another_firm_of_the_house_sees_no_guest(webs: TwoWebs) -> None:
    farm = await farm_of(webs)
    farm.web.settle_in("鶴織物", farm.web.town.enrol("鶴織物"), prefix="tsuru-")
    other = await farm.web.logged_in("tsuru-clerk")
    unknown = await other.get("/partners/" + "0" * 64)
    for path in (f"/partners/{farm.guest}", f"/partners/{farm.guest}/order"):
        assert (await other.get(path)).plain == unknown.plain
    assert (await other.get(f"/partners/outside/edit?guest={farm.guest}")).status == 404
    assert FARM not in (await other.get("/partners/outside")).plain
    assert FARM not in (await other.get("/partners?q=さるかに")).plain.replace("「さるかに」", "")
    await other.get("/partners")
    assert (await other.post(f"/dealings/{farm.thread}/link")).status == 404
