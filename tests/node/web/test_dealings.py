"""A dealing in two browsers at two associations: every paper by its form, as two people would."""

from __future__ import annotations

import re

import pytest

from node.services.drafting import Step
from node.services.trade import Submission
from node.web.sheets import SHEETS
from protocol.process.trade.papers import Item, OrderLine, Party, RequestForQuotation, Scaled, TaxCategory
from tests.node.services.town import order
from tests.node.web.harness import Browser, TwoWebs


def enquiry() -> RequestForQuotation:
    line = OrderLine(
        line_id="1",
        item=Item(name="抹茶あめ"),
        quantity=Scaled(48),
        unit="H87",
        tax=TaxCategory(category="AA", rate=Scaled(8)),
    )
    return RequestForQuotation(
        number="E-1",
        issue_date="2026-10-01",
        currency="JPY",
        buyer=Party(name="金太郎機械"),
        seller=Party(name="花咲堂"),
        lines=(line,),
    )


class Desks:
    """Two clerks, each before a browser, with one dealing between them."""

    def __init__(self, webs: TwoWebs, buyer: Browser, seller: Browser, thread: str) -> None:
        self.webs, self.buyer, self.seller, self.thread = webs, buyer, seller, thread

    @property
    def path(self) -> str:
        return f"/dealings/{self.thread}"

    async def take(self, browser: Browser, step: Step, **typed: str) -> None:
        """Open the step's form, fill in, look it over, send it, let it travel."""
        action = f"{self.path}/{step.value}"
        page = await browser.get(action)
        assert page.status == 200, page.plain
        names = {name.replace("__", "."): value for name, value in typed.items()}
        review = await browser.submit(action, {**names, "action": "check"})
        assert review.status == 200, review.plain
        sent = await browser.submit(action, {"action": "send"})
        assert sent.status == 200, sent.plain
        assert "送りました" in sent.plain
        self.webs.deliver()


async def desks(webs: TwoWebs, start: RequestForQuotation | None = None) -> Desks:
    paper = start or enquiry()
    sent = webs.toyota.town.submit(webs.buyer, Submission(webs.seller, paper))[0]
    webs.deliver()
    return Desks(webs, await webs.toyota.logged_in("clerk"), await webs.kyoto.logged_in("clerk"), sent.thread.hex())


async def test_the_whole_way(webs: TwoWebs) -> None:
    found = await desks(webs)
    buyer, seller = found.buyer, found.seller
    await found.take(seller, Step.QUOTE, lines__0__price="２４０", until__year="R8", until__month="12", until__day="31")
    assert "見積済" in (await buyer.get(found.path)).plain
    place = {"wanted__year": "2026", "wanted__month": "10", "wanted__day": "19", "place": "本店"}
    await found.take(buyer, Step.ORDER, **place)
    await found.take(seller, Step.ANSWER)
    await found.take(seller, Step.SHIP, lines__0__quantity="40", carrier="さるかに運輸")
    await found.take(buyer, Step.INSPECT, lines__0__passed="38", lines__0__failed="2", lines__0__reason="つぶれ")
    await found.take(seller, Step.BILL, lines__0__quantity="38")
    page = await buyer.get(found.path)
    assert "¥9,849" in page.plain  # 38 × 240 = 9,120 and 729.6 of tax, rounded down once
    await found.take(buyer, Step.PAY)
    end = await seller.get(found.path)
    for word in ("支払通知", "検収", "さるかに運輸", "つぶれ", "本店"):
        assert word in end.plain
    assert "送り返す" in end.plain or "返品" in end.plain


async def test_a_partial_answer_is_agreed_to(webs: TwoWebs) -> None:
    found = await desks(webs)
    await found.take(found.seller, Step.QUOTE, lines__0__price="240")
    place = {"wanted__year": "2026", "wanted__month": "10", "wanted__day": "19", "place": "本店"}
    await found.take(found.buyer, Step.ORDER, **place)
    asked = await found.seller.get(f"{found.path}/answer")
    for word in ("10月19日", "本店", "¥12,441", "48 個"):  # whoever answers sees what is asked
        assert word in asked.plain
    await found.take(
        found.seller,
        Step.ANSWER,
        lines__0__status="changed",
        lines__0__quantity="24",
        lines__0__day__year="2026",
        lines__0__day__month="10",
        lines__0__day__day="25",
    )
    page = await found.buyer.get(found.path)
    assert "変更の提案あり" in page.plain
    assert "–" in page.text.partition("<h2>明細</h2>")[2].partition("</table>")[0]  # nothing is accepted yet: no zero
    proposed = await found.buyer.get(f"{found.path}/agree")
    assert "24 個" in proposed.plain
    assert "48 個" in proposed.plain  # what was ordered stands beside it
    assert "10月25日(日)" in proposed.plain
    assert "2026-10-25" not in proposed.plain
    await found.take(found.buyer, Step.AGREE, response="accepted")
    assert "承諾" in (await found.seller.get(found.path)).plain


#: The three parts of a day in a line of a table, as a clerk types them.
DAY = {"lines__0__day__year": "R8", "lines__0__day__month": "10", "lines__0__day__day": "25"}


async def test_the_day_of_a_line_has_three_parts_and_its_fault_stands_beside_them(webs: TwoWebs) -> None:
    found = await desks(webs)
    await found.take(found.seller, Step.QUOTE, lines__0__price="240")
    await found.take(found.buyer, Step.ORDER)
    form = await found.seller.get(f"{found.path}/answer")
    assert [form.text.count(f'name="lines.0.day.{part}"') for part in ("year", "month", "day")] == [1, 1, 1]
    typed = {
        "lines.0.status": "changed",
        "lines.0.day.year": "2026",
        "lines.0.day.month": "10",
        "lines.0.day.day": "32",
    }
    wrong = await found.seller.submit(f"{found.path}/answer", typed | {"action": "send"})
    assert wrong.status == 422
    assert 'id="f-lines-0-day-error"' in wrong.text
    assert 'value="32"' in wrong.text


async def test_what_a_person_types_is_looked_over_before_it_goes(webs: TwoWebs) -> None:
    found = await desks(webs)
    await found.take(found.seller, Step.QUOTE, lines__0__price="240")
    form = await found.buyer.get(f"{found.path}/order")
    assert 'value="send"' not in form.text  # the form itself cannot send an order
    assert re.search(r'data-main name="action" value="check">確認へ', form.text)
    review = await found.buyer.submit(f"{found.path}/order", {"action": "check"})
    assert "送る前の確認" in review.plain
    assert "理由" not in review.plain  # nothing that nobody filled in
    assert re.search(r'data-main name="action" value="send">注文を送る', review.text)
    await found.take(found.buyer, Step.ORDER)
    answer = await found.seller.get(f"{found.path}/answer")  # filled in from the order: two clicks from today
    assert re.search(r'data-main name="action" value="send">回答を送る', answer.text)
    assert "※必須" in answer.text.partition('data-label="回答"')[2].partition("</td>")[0]


async def test_the_day_that_was_agreed_is_the_day_from_then_on(webs: TwoWebs) -> None:
    found = await desks(webs)
    await found.take(found.seller, Step.QUOTE, lines__0__price="240")
    await found.take(found.buyer, Step.ORDER, wanted__year="2026", wanted__month="10", wanted__day="19")
    await found.take(found.seller, Step.ANSWER, lines__0__status="changed", **DAY)
    await found.take(found.buyer, Step.AGREE, response="accepted")
    asked = await found.seller.get(f"{found.path}/ship")
    assert "10月25日(日)" in asked.plain  # of the line: the order's own day is another
    review = await found.seller.submit(f"{found.path}/ship", {"action": "check"})
    assert "まだ送っていません" in review.plain
    assert "10月25日" in review.plain
    assert "10月19日" not in review.plain
    await found.take(found.seller, Step.SHIP)
    today = await found.buyer.get("/")
    assert "10月25日(日)まで" in today.plain
    sheet = await found.buyer.get(f"{found.path}/inspect")
    assert "48 個" in sheet.plain
    done = await found.buyer.submit(f"{found.path}/inspect", {"action": "check"})
    assert "結果 合格" in " ".join(done.plain.split())


async def test_a_change_and_a_refusal_of_it(webs: TwoWebs) -> None:
    found = await desks(webs)
    await found.take(found.seller, Step.QUOTE, lines__0__price="240")
    await found.take(found.buyer, Step.ORDER)
    await found.take(found.seller, Step.ANSWER)
    action = f"{found.path}/change"
    await found.buyer.get(action)
    same = await found.buyer.submit(action, {"reason": "多すぎました", "action": "check"})
    assert same.status == 422
    await found.take(found.buyer, Step.CHANGE, lines__0__quantity="30", reason="多すぎました")
    action = f"{found.path}/decide"
    await found.seller.get(action)
    silent = await found.seller.submit(action, {"response": "refused", "action": "send"})
    assert silent.status == 422  # a refusal says why
    await found.take(found.seller, Step.DECIDE, response="refused", reason="もう作りました")
    assert "もう作りました" in (await found.buyer.get(found.path)).plain


async def test_what_is_wrong_stands_beside_its_field_and_nothing_is_lost(webs: TwoWebs) -> None:
    found = await desks(webs)
    action = f"{found.path}/quote"
    await found.seller.get(action)
    page = await found.seller.submit(
        action, {"lines.0.price": "たかい", "lines.0.gtin": "4912345678905", "action": "send"}
    )
    assert page.status == 422
    assert page.text.count('class="error"') == 2
    fields = page.fields(action)
    assert fields["lines.0.price"] == "たかい"
    assert fields["lines.0.gtin"] == "4912345678905"
    more = await found.seller.submit(action, {"lines.0.price": "240", "lines.0.gtin": "", "action": "more-lines"})
    assert "lines.1.name" in more.fields(action)
    assert webs.kyoto.town.pending(webs.toyota.town) == 0


async def test_somebody_was_faster(webs: TwoWebs) -> None:
    found = await desks(webs)
    first, second = found.seller, await webs.kyoto.logged_in("owner")
    action = f"{found.path}/quote"
    await first.get(action)
    await second.get(action)
    await first.submit(action, {"lines.0.price": "240", "action": "send"})
    late = await second.submit(action, {"lines.0.price": "250", "action": "send"})
    assert late.status == 409
    assert late.fields(action)["lines.0.price"] == "250"
    again = await second.submit(action, {"action": "send"})  # having seen it, it is a second quotation
    assert again.status == 200


async def test_a_message_changes_nothing(webs: TwoWebs) -> None:
    found = await desks(webs)
    await found.buyer.get(found.path)
    shown = await found.buyer.submit(f"{found.path}/message", {"text": "急ぎます。よろしくお願いします。"})
    assert "よろしくお願いします" in shown.plain
    webs.deliver()
    assert "よろしくお願いします" in (await found.seller.get(found.path)).plain
    empty = await found.buyer.submit(f"{found.path}/message", {"text": " "})
    assert "何も送っていません" in empty.plain or "送っていません" in empty.plain


async def test_others_see_nothing_and_viewers_write_nothing(webs: TwoWebs) -> None:
    found = await desks(webs)
    webs.toyota.settle_in("すずめ屋", webs.toyota.town.enrol("すずめ屋"), prefix="suzume-")
    stranger, viewer = await webs.toyota.logged_in("suzume-owner"), await webs.toyota.logged_in("viewer")
    unknown = "/dealings/" + "0" * 64
    for path in (found.path, f"{found.path}/quote"):
        foreign = await stranger.get(path)
        assert (foreign.status, foreign.plain) == (404, (await stranger.get(unknown + path[len(found.path) :])).plain)
    assert (await viewer.get(found.path)).status == 200
    assert (await viewer.get(f"{found.path}/order")).status == 403
    assert "注文" not in re.findall(r'class="button filled"[^>]*>([^<]*)<', viewer.last.text)


@pytest.mark.parametrize("language", ["ja", "en"])
async def test_every_form_opens_in_both_languages(webs: TwoWebs, language: str) -> None:
    found = await desks(webs)
    await found.seller.get(f"/?lang={language}")
    page = await found.seller.get(f"{found.path}/quote")
    assert page.status == 200
    titles = {"ja": "見積を書く", "en": "Write a quotation"}
    assert titles[language] in page.heading
    assert (await found.seller.get("/dealings?tab=all")).status == 200


async def test_a_step_that_is_not_there_now_leads_back(webs: TwoWebs) -> None:
    found = await desks(webs)
    shown = await found.seller.get(f"{found.path}/ship")
    assert shown.status == 200
    assert (await found.seller.get(f"{found.path}/nonsense")).status == 404
    assert set(SHEETS) == set(Step)


async def test_the_proof_can_be_taken_home(webs: TwoWebs) -> None:
    sent = webs.toyota.town.submit(webs.buyer, Submission(webs.seller, order("PO-9")))[0]
    webs.deliver()
    browser = await webs.toyota.logged_in("viewer")
    shown = await browser.ask("GET", f"/documents/{sent.id.hex()}/proof")
    assert shown.status == 200
    assert shown.headers["Content-Disposition"].endswith('.yui-proof"')
    other = await webs.kyoto.logged_in("staff")
    assert (await other.ask("GET", f"/documents/{sent.id.hex()}/proof")).status in (403, 404)


async def test_every_paper_is_a_pdf(webs: TwoWebs) -> None:
    sent = webs.toyota.town.submit(webs.buyer, Submission(webs.seller, order("PO-9")))[0]
    webs.deliver()
    for web, name in ((webs.toyota, "viewer"), (webs.kyoto, "clerk")):
        browser = await web.logged_in(name)
        assert f"/documents/{sent.id.hex()}/pdf" in (await browser.get(f"/dealings/{sent.thread.hex()}")).text
        shown = await browser.ask("GET", f"/documents/{sent.id.hex()}/pdf")
        assert shown.status == 200
        assert shown.text.startswith("%PDF-")
    stranger = await webs.kyoto.logged_in("admin")
    assert (await stranger.ask("GET", f"/documents/{sent.id.hex()}/pdf")).status in (403, 404)
