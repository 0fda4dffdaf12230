"""An enquiry to suppliers at two associations, in browsers: asked once, compared, split, the others told."""

from __future__ import annotations

import re
from typing import NamedTuple

from node.services import dealings
from tests.node.web.farm import farm_of
from tests.node.web.harness import Browser, Shown, TwoWebs

WASHERS = {
    "lines.0.name": "座金W-6",
    "lines.0.quantity": "2000",
    "lines.0.unit": "H87",
    "lines.0.tax": "S10",
    "reply.year": "2026",
    "reply.month": "12",
    "reply.day": "9",
}


class Asked(NamedTuple):
    """``buyer`` asked ``near`` (一寸法師精密, the same house), ``far`` (花咲堂, Kyoto); ``threads`` in that order."""

    webs: TwoWebs
    buyer: Browser
    near: Browser
    far: Browser
    path: str
    threads: list[str]

    async def quote(self, browser: Browser, thread: str, price: str, month: str, day: str) -> None:
        """Answer with a price and a day."""
        self.webs.deliver()
        action = f"/dealings/{thread}/quote"
        await browser.get(action)
        typed = {"lines.0.price": price, "wanted.year": "2026", "wanted.month": month}
        sent = await browser.submit(action, {**typed, "wanted.day": day, "action": "send"})
        assert sent.status == 200, sent.plain
        self.webs.deliver()

    async def show(self) -> Shown:
        """The answers side by side."""
        return await self.buyer.get(self.path)


async def ask(webs: TwoWebs, **typed: str) -> Asked:
    town = webs.toyota.town
    near = town.enrol("一寸法師精密")
    webs.toyota.settle_in("一寸法師精密", near, prefix="issun-")
    town.learn_from(webs.kyoto.town)
    buyer = await webs.toyota.logged_in("clerk")
    chosen = f"partner={near.hex()}&partner={webs.seller.hex()}"
    page = await buyer.get(f"/enquiries/new?{chosen}")
    assert page.text.count(" checked") == 2
    form = await buyer.get(f"/enquiries/write?{chosen}")
    assert form.status == 200, form.plain
    action = "/enquiries/write"
    fields = {**form.fields(action), **WASHERS, **{name.replace("__", "."): value for name, value in typed.items()}}
    fields["partner"] = [near.hex(), webs.seller.hex()]  # type: ignore[assignment]
    csrf = fields.pop("csrf")
    review = await buyer.post(action, {**fields, "action": "check"}, csrf=csrf)
    assert review.status == 200, review.plain
    assert "一寸法師精密" in review.plain
    assert "花咲堂" in review.plain
    sent = await buyer.post(action, {**fields, "action": "send"}, csrf=csrf)
    assert sent.status == 303, sent.plain
    webs.deliver()
    asked = town.see(lambda tx: tx.enquiries.asked(webs.buyer, bytes.fromhex(sent.location.rpartition("/")[2])))
    by_partner = {row.partner: row.thread.hex() for row in asked}
    return Asked(
        webs,
        buyer,
        await webs.toyota.logged_in("issun-clerk"),
        await webs.kyoto.logged_in("clerk"),
        sent.location,
        [by_partner[near], by_partner[webs.seller]],
    )


async def test_two_thousand_washers_are_split_between_two(webs: TwoWebs) -> None:
    """Story T9."""
    found = await ask(webs)
    none = await found.show()
    assert "2社のうち0社が回答" in none.plain
    await found.quote(found.near, found.threads[0], "14", "10", "23")
    await found.quote(found.far, found.threads[1], "13", "11", "6")
    page = await found.show()
    assert "2社のうち2社が回答" in page.plain
    rows = re.findall(r"<tr>.*?</tr>", page.text, re.DOTALL)
    cheap = next(row for row in rows if "最安" in row)
    soon = next(row for row in rows if "最速" in row)
    assert ("花咲堂" in cheap, "一寸法師精密" in soon) == (True, True)
    assert found.path in (await found.buyer.get(f"/dealings/{found.threads[0]}")).text
    page = await found.show()
    action = f"{found.path}/order"
    nothing = await found.buyer.submit(action, {"action": "check"})
    assert nothing.status == 422
    names = [name for name in page.fields(action) if name.startswith("q.")]
    assert len(names) == 2
    review = await found.buyer.submit(action, {**dict.fromkeys(names, "1,000"), "action": "check"})
    assert review.status == 200, review.plain
    for amount in ("¥27,000", "¥2,700", "¥29,700"):
        assert amount in review.plain
    sent = await found.buyer.submit(action, {"action": "send"})
    assert sent.status == 200, sent.plain
    webs.deliver()
    for browser, thread, net in ((found.near, found.threads[0], "¥14,000"), (found.far, found.threads[1], "¥13,000")):
        order = await browser.get(f"/dealings/{thread}")
        assert net in order.plain
        assert "注文" in order.plain
    state = webs.toyota.town.see(lambda tx: dealings.fold(tx, bytes.fromhex(found.threads[0]))).state
    assert state.order is not None
    assert [line.quantity.value for line in state.order.lines] == [1000]
    after = await found.show()
    assert "注文を確かめる" not in after.plain
    assert not [name for name in after.fields(action) if name.startswith("q.")]


async def test_everything_from_one_and_the_other_is_told(webs: TwoWebs) -> None:
    found = await ask(webs)
    await found.quote(found.near, found.threads[0], "14", "10", "23")
    await found.quote(found.far, found.threads[1], "13", "11", "6")
    page = await found.show()
    choice = re.search(r'name="all" value="(\d)">[^<]*花咲堂', page.text)
    assert choice is not None
    action = f"{found.path}/order"
    review = await found.buyer.submit(action, {"all": choice[1]})
    assert "¥26,000" in review.plain
    assert "一寸法師精密" not in review.plain
    await found.buyer.submit(action, {"action": "send"})
    page = await found.show()
    action = f"{found.path}/decline"
    nobody = await found.buyer.submit(action, {})
    assert nobody.status == 422
    told = await found.buyer.submit(action, {"thread": found.threads[0]})
    assert told.status == 200
    assert "見送りを連絡済み" in (await found.show()).plain
    webs.deliver()
    assert "見積をありがとうございました" in (await found.near.get(f"/dealings/{found.threads[0]}")).plain


async def test_competitors_see_nothing_of_each_other(webs: TwoWebs) -> None:
    found = await ask(webs)
    await found.quote(found.near, found.threads[0], "14", "10", "23")
    near = await found.near.get(f"/dealings/{found.threads[0]}")
    far = await found.far.get(f"/dealings/{found.threads[1]}")
    assert "花咲堂" not in near.plain
    assert "一寸法師精密" not in far.plain
    assert "/enquiries/" not in near.text + far.text
    for page in (near, far):
        assert "数社" not in page.plain
    assert (await found.near.get(found.path)).status == 404
    assert (await found.near.get(f"/dealings/{found.threads[1]}")).status == 404
    town = webs.toyota.town
    docs = [town.see(lambda tx, t=t: tx.documents.full(bytes.fromhex(t))) for t in found.threads]  # type: ignore[misc]
    first, second = (row.row for row in docs if row is not None)
    assert first.signature != second.signature
    numbers = [re.search(r"RQ-\d{4}-(\w{4})-(\d{3})", page.plain) for page in (near, far)]
    assert [number[2] for number in numbers if number] == ["001", "001"]  # each runs for that partner alone


async def test_a_late_answer_is_shown_as_late_and_the_silent_are_reminded(webs: TwoWebs) -> None:
    found = await ask(webs, reply__month="10", reply__day="8")
    webs.toyota.town.now = webs.kyoto.town.now = 1_791_600_000_000_000  # 10 October 2026
    found = found._replace(
        buyer=await webs.toyota.logged_in("clerk"),
        near=await webs.toyota.logged_in("issun-clerk"),
        far=await webs.kyoto.logged_in("clerk"),
    )
    await found.quote(found.near, found.threads[0], "14", "10", "23")
    page = await found.show()
    assert "遅れ" in page.plain
    assert "締め切り済み" in page.plain
    reminded = await found.buyer.submit(f"{found.path}/remind", {"reminder": "お返事をお待ちしています。"})
    assert reminded.status == 200
    assert "催促済み" in (await found.show()).plain
    webs.deliver()
    assert "お返事をお待ちしています。" in (await found.far.get(f"/dealings/{found.threads[1]}")).plain
    assert "お返事をお待ちしています。" not in (await found.near.get(f"/dealings/{found.threads[0]}")).plain


async def test_a_dealing_that_went_on_stops_the_whole_step(webs: TwoWebs) -> None:
    found = await ask(webs)
    await found.quote(found.near, found.threads[0], "14", "10", "23")
    await found.quote(found.far, found.threads[1], "13", "11", "6")
    page = await found.show()
    action = f"{found.path}/order"
    names = [name for name in page.fields(action) if name.startswith("q.")]
    await found.buyer.submit(action, {**dict.fromkeys(names, "1000"), "action": "check"})
    fields = found.buyer.last.fields(action)
    csrf = fields.pop("csrf")
    await found.quote(found.far, found.threads[1], "15", "11", "6")
    late = await found.buyer.post(action, {**fields, "action": "send"}, csrf=csrf)
    assert late.status == 409
    for thread in found.threads:
        state = webs.toyota.town.see(lambda tx, t=thread: dealings.fold(tx, bytes.fromhex(t))).state  # type: ignore[misc]
        assert state.order is None
    again = await found.buyer.post(action, {**fields, "action": "send", "orders.0.thread": "0" * 64}, csrf=csrf)
    assert again.status == 404


async def test_fewer_than_two_or_unknown_firms_are_no_enquiry(webs: TwoWebs) -> None:
    buyer = await webs.toyota.logged_in("clerk")
    few = await buyer.get(f"/enquiries/write?partner={webs.seller.hex()}")
    assert "2〜20社" in few.plain
    assert (await buyer.get(f"/enquiries/write?partner={'0' * 64}&partner={webs.seller.hex()}")).status == 404
    assert (await buyer.get("/enquiries/write?partner=x")).status == 404
    found = await ask(webs)
    viewer = await webs.toyota.logged_in("viewer")
    assert (await viewer.get(found.path)).status == 200
    assert 'name="q.' not in viewer.last.text
    listed = await viewer.get("/enquiries")
    assert "座金W-6" in listed.plain


async def test_a_guest_is_asked_like_a_member(webs: TwoWebs) -> None:
    farm = await farm_of(webs)
    other = webs.kyoto.town.enrol("浦島水産食品")
    action = "/enquiries/write"
    form = await farm.buyer.get(f"{action}?partner={farm.guest}&partner={other.hex()}")
    fields = {**form.fields(action), **WASHERS, "action": "send"}
    fields["partner"] = [farm.guest, other.hex()]  # type: ignore[assignment]
    csrf = fields.pop("csrf")
    sent = await farm.buyer.post(action, fields, csrf=csrf)
    assert sent.status == 303, sent.plain
    page = await farm.buyer.get(sent.location)
    assert "会員外" in page.plain
    enquiry = bytes.fromhex(sent.location.rpartition("/")[2])
    asked = webs.kyoto.town.see(lambda tx: tx.enquiries.asked(webs.seller, enquiry))
    row = next(one for one in asked if one.partner.hex() == farm.guest)
    farm = farm._replace(thread=row.thread.hex())
    path = await farm.link()
    await farm.phone.get(f"{path}/quote")
    quoted = await farm.phone.submit(f"{path}/quote", {"lines.0.price": "300", "action": "send"})
    assert quoted.status == 200, quoted.plain
    assert "2社のうち1社が回答" in (await farm.buyer.get(sent.location)).plain
