"""Finding a firm of another association and sending it the first paper, in the browser."""

from __future__ import annotations

import re

import pytest

from node.services import dealings, directory, keying, keywatch, members, terms
from node.services.directory import Profile
from protocol.errors import CallerFault
from protocol.identity import words
from protocol.process.trade.papers import Order
from tests.node.web.harness import TwoWebs, Web


async def test_found_by_two_characters_and_ordered_from(webs: TwoWebs) -> None:
    card = Profile(name="花咲堂", kana="はなさかどう", words=("抹茶あめ", "和菓子"), description="京都の菓子屋です。")
    kyoto = webs.kyoto.town
    kyoto.do(lambda tx: directory.publish(kyoto.house, tx, webs.seller, card))
    webs.toyota.town.learn_from(kyoto)
    browser = await webs.toyota.logged_in("clerk")
    page = await browser.get("/partners?q=抹茶")
    assert "花咲堂" in page.plain
    assert page.plain.count("花咲堂") == 1
    assert "抹茶あめ、和菓子" in page.plain
    assert "花咲堂" in (await browser.get("/partners?q=Hanasaka")).plain  # by whoever cannot type Japanese
    assert "花咲堂" not in (await browser.get("/partners?q=Urashima")).plain
    shown = await browser.get(f"/partners/{webs.seller.hex()}")
    assert "京都の菓子屋です。" in shown.plain
    assert re.search(r'class="button filled" href="[^"]*/catalogue">品目表から注文', shown.text)  # as the guide says
    assert page.text.index('id="found"') < page.text.index("/partners/outside")  # what was looked for comes first
    action = f"/partners/{webs.seller.hex()}/order"
    await browser.get(action)
    typed = {
        "lines.0.name": "抹茶あめ",
        "lines.0.quantity": "４８",
        "lines.0.unit": "H87",
        "lines.0.price": "240",
        "lines.0.tax": "AA8",
        "wanted.year": "令和8",
        "wanted.month": "10",
        "wanted.day": "19",
    }
    review = await browser.submit(action, {**typed, "action": "check"})
    assert "¥12,441" in review.plain  # 11,520 and 921 of tax at 8 %
    sent = await browser.submit(action, {"action": "send"})
    assert "注文" in sent.heading
    webs.deliver()
    seller = (await (await webs.kyoto.logged_in("owner")).get("/")).plain
    assert "抹茶あめ" in seller
    again = await browser.get(f"/partners/{webs.seller.hex()}")
    assert "前回と同じ" in again.plain
    link = next(part.split('"')[0] for part in again.text.split('href="') if "like=" in part)
    like = await browser.get(link)
    assert like.fields(action)["lines.0.name"] == "抹茶あめ"
    assert like.fields(action)["base"] != ""


async def test_nothing_found_and_unknown_firms(web: Web) -> None:
    browser = await web.logged_in("owner")
    assert "見つかりませんでした" in (await browser.get("/partners?q=竹ざる")).plain
    for path in ("/partners/" + "0" * 64, f"/partners/{web.firms['ぶんぶく商店'].hex()}", "/partners/x"):
        assert (await browser.get(path)).status == 404
    long = await browser.get("/partners?q=" + "あ" * 300)
    assert long.status == 200
    assert 'class="error"' in long.text


async def test_an_empty_order_is_not_sent(webs: TwoWebs) -> None:
    browser = await webs.toyota.logged_in("clerk")
    action = f"/partners/{webs.seller.hex()}/order"
    await browser.get(action)
    shown = await browser.submit(action, {"action": "send"})
    assert (shown.status, "1行以上" in shown.plain) == (422, True)
    more = await browser.submit(action, {"action": "more-lines"})
    assert "lines.3.name" in more.fields(action)
    viewer = await webs.toyota.logged_in("viewer")
    assert (await viewer.get(action)).status == 403


async def test_an_export_in_dollars_goes_out_as_pdf_and_ubl(webs: TwoWebs) -> None:
    """Terms name the currency; cents are counted, export is taxed with nothing, the papers say the same."""
    kyoto = webs.kyoto.town
    browser = await webs.toyota.logged_in("clerk")
    page = f"/partners/{webs.seller.hex()}/terms"
    await browser.get(page)
    assert (await browser.submit(page, {"currency": "ZZZ"})).status == 422
    assert (await browser.submit(page, {"currency": "USD"})).status == 200
    action = f"/partners/{webs.seller.hex()}/order"
    shown = await browser.get(action)
    assert "米ドル (USD)" in shown.plain
    typed = {
        "lines.0.name": "Matcha drops",
        "lines.0.quantity": "3",
        "lines.0.unit": "H87",
        "lines.0.price": "2.335",
        "lines.0.tax": "G0",
        "action": "check",
    }
    review = await browser.submit(action, typed)
    assert "US$7.00" in review.plain  # 7.005 rounded down once, as terms do unless they say otherwise
    sent = await browser.submit(action, {"action": "send"})
    assert "US$7.00" in sent.plain
    webs.deliver()
    seller = await webs.kyoto.logged_in("owner")
    home = await seller.get("/")
    assert "US$7.00" in home.plain
    order = kyoto.see(lambda tx: tx.holdings.after(webs.seller, 0, 10))[-1].document
    paper = kyoto.see(lambda tx: dealings.paper_of(tx.documents.full(order)))  # type: ignore[arg-type]
    assert isinstance(paper, Order)
    tax = paper.lines[0].tax
    assert (paper.currency, paper.totals and paper.totals.payable, tax and tax.category) == ("USD", 700, "G")
    pdf = await seller.get(f"/documents/{order.hex()}/pdf")
    assert pdf.status == 200


async def test_terms_fill_the_order_and_the_day_of_payment_follows_the_delivery(webs: TwoWebs) -> None:
    browser = await webs.toyota.logged_in("clerk")
    page, action = f"/partners/{webs.seller.hex()}/terms", f"/partners/{webs.seller.hex()}/order"
    await browser.get(page)
    agreed = {"closing_day": "31", "pay_months": "1", "pay_day": "31", "freight": "buyer"}
    assert (await browser.submit(page, agreed)).status == 200
    form = (await browser.get(action)).fields(action)
    assert (form["method"], form["freight"]) == ("transfer", "buyer")
    before = (form["due.year"], form["due.month"])
    assert all(before)
    goods = {"lines.0.name": "竹ざる", "lines.0.quantity": "2", "lines.0.price": "780", "lines.0.tax": "S10"}
    later = {"wanted.year": str(int(before[0]) + 1), "wanted.month": "1", "wanted.day": "15", "action": "check"}
    review = await browser.submit(action, goods | later)
    assert "運賃は買手の負担" in review.plain
    kept = review.fields(action)
    assert (kept["due.year"], kept["due.month"], kept["due.day"]) == (later["wanted.year"], "2", "28")
    sent = await browser.submit(action, {"action": "send"})
    assert "送りました" in sent.plain
    held = webs.toyota.town.see(lambda tx: tx.holdings.after(webs.buyer, 0, 10))[-1].document
    paper = webs.toyota.town.see(lambda tx: dealings.paper_of(tx.documents.full(held)))  # type: ignore[arg-type]
    assert isinstance(paper, Order)
    assert paper.terms is not None
    assert paper.terms.due_date == f"{later['wanted.year']}-02-28"


async def test_a_currency_that_there_is_not_is_refused(webs: TwoWebs) -> None:
    toyota = webs.toyota.town
    with pytest.raises(CallerFault, match="ISO 4217"):
        toyota.do(lambda tx: terms.put(toyota.house, tx, webs.buyer, webs.seller, terms.PartnerTerms(currency="ZZZ")))


async def test_changed_keys_of_a_partner_are_told_for_seven_days(webs: TwoWebs) -> None:
    toyota, kyoto = webs.toyota.town, webs.kyoto.town
    made = kyoto.do(lambda tx: members.enrol(kyoto.house, tx, "鶴織物"))
    toyota.learn_from(kyoto)
    browser = await webs.toyota.logged_in("owner")
    place = f"/partners/{made.member.hex()}"
    assert "鍵が変更されました" not in (await browser.get(place)).plain
    toyota.now += 60_000_000
    kyoto.now += 60_000_000
    held = words.key_of(words.entropy_of(" ".join(made.words)))
    kyoto.do(lambda tx: keying.replace_words(kyoto.house, tx, made.member, held))
    history = kyoto.do(lambda tx: members.history(kyoto.house, tx, made.member))
    toyota.do(lambda tx: members.learn_history(toyota.house, tx, history))
    assert "鍵が変更されました" in (await browser.get(place)).plain
    (change,) = kyoto.do(lambda tx: keywatch.recent(kyoto.house, tx, made.member))
    assert (change.what, change.undone) == (keywatch.KEYS, False)
    toyota.now += 8 * 24 * 3600 * 1_000_000
    assert toyota.do(lambda tx: keywatch.recent(toyota.house, tx, made.member)) == []
