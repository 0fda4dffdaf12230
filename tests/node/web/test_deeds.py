"""From an offer to a deed by page: answered, waits on the first page, agreed, booked once, done."""

from __future__ import annotations

import re

from tests.node.services.offers import fair
from tests.node.web.harness import TwoWebs

HOURS = {
    "starts.year": "2025", "starts.month": "11", "starts.day": "4", "starts_at": "9:00",
    "ends.year": "2025", "ends.month": "11", "ends.day": "4", "ends_at": "17:00",
}  # fmt: skip


async def test_an_offer_is_answered_agreed_and_done_over_two_associations(webs: TwoWebs) -> None:
    town, other = webs.kyoto.town, webs.toyota.town
    series = fair.publish(town, webs.seller, title="45tプレスの空き").series.hex()
    fair.tell(town, other)
    shop, press = await webs.toyota.logged_in("clerk"), await webs.kyoto.logged_in("owner")
    page = await shop.get(f"/offers/{series}")
    assert f'href="/deeds/offer/{series}"' in page.text
    form = await shop.get(f"/deeds/offer/{series}")
    assert form.status == 200
    bad = await shop.post(
        f"/deeds/offer/{series}", {"subject": "", "starts_at": "25:99", **HOURS, "amount": "x"}, csrf=form.csrf
    )
    assert bad.status == 422
    assert 'id="f-subject-error"' in bad.text
    typed = {"subject": "ブラケット500個", "terms": "材料は支給", "amount": "48,000", **HOURS}
    sent = await shop.post(f"/deeds/offer/{series}", typed, csrf=form.csrf)
    assert sent.status == 303, sent.plain
    webs.deliver()
    at = sent.location
    assert "取り決めが1件" in (await press.get("/")).plain
    theirs = await press.get(at)
    assert "ブラケット500個" in theirs.plain
    assert "48,000" in theirs.plain
    terms = re.search(r'name="terms" value="([0-9a-f]{64})"', theirs.text)
    assert terms is not None
    stale = await press.post(f"{at}/agree", {"terms": "ab" * 32}, csrf=theirs.csrf)
    assert stale.status == 422
    assert (await press.post(f"{at}/agree", {"terms": terms[1]}, csrf=theirs.csrf)).status == 303
    webs.deliver()
    ours = await shop.get(at)
    assert "成立" in ours.plain
    done = {"day.year": "2025", "day.month": "10", "day.day": "8", "on_time": "1", "passed": "1"}
    told = await shop.post(f"{at}/fulfil", done, csrf=ours.csrf)
    assert told.status == 303, told.plain
    ours = await shop.get(at)
    assert "履行済み" in ours.plain
    assert "履行1件: 期日どおり1件、検収に合格1件" in ours.plain
    assert "履行1件: 期日どおり1件" in (await shop.get(f"/partners/{webs.seller.hex()}")).plain
    assert "履行" not in (await press.get(f"/partners/{webs.buyer.hex()}")).plain
    again = await shop.post(f"/deeds/offer/{series}", typed, csrf=form.csrf)
    webs.deliver()
    page = await press.get(again.location)
    terms = re.search(r'name="terms" value="([0-9a-f]{64})"', page.text)
    assert terms is not None
    refused = await press.post(f"{again.location}/agree", {"terms": terms[1]}, csrf=page.csrf)
    assert refused.status == 422
    assert "2025-11-04 09:00" in refused.plain
    counter = await press.get(f"{again.location}/counter")
    assert 'value="ブラケット500個"' in counter.text


async def test_a_viewer_reads_and_a_stranger_sees_nothing(webs: TwoWebs) -> None:
    series = fair.publish(webs.kyoto.town, webs.seller).series.hex()
    fair.tell(webs.kyoto.town, webs.toyota.town)
    viewer = await webs.toyota.logged_in("viewer")
    assert f"/deeds/offer/{series}" not in (await viewer.get(f"/offers/{series}")).text
    assert (await viewer.get("/deeds")).status == 200
    assert (await viewer.get(f"/deeds/{'ab' * 32}")).status == 404
