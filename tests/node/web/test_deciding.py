"""Held papers and the quarantine on pages: the same facts and acts as on the command line."""

from __future__ import annotations

from node.services import held, members
from node.services.trade import Submission
from tests.node.services.town import order
from tests.node.web.harness import TwoWebs


async def twice(webs: TwoWebs, quantity: int = 12) -> str:
    """Toyota types an order a second time; the second is held there."""
    town = webs.toyota.town
    town.submit(webs.buyer, Submission(webs.seller, order("PO-1")))
    second = town.submit(webs.buyer, Submission(webs.seller, order("PO-1", quantity)))
    assert second[0].verdict == "held"
    return second[0].id.hex()


def waiting(webs: TwoWebs) -> int:
    return len(webs.toyota.town.see(lambda tx: held.waiting(tx, webs.buyer)))


async def test_the_two_stand_side_by_side_and_the_owner_lets_the_second_count(webs: TwoWebs) -> None:
    second = await twice(webs, 48)
    owner = await webs.toyota.logged_in("owner")
    assert "/held" in owner.last.text
    page = await owner.get("/held")
    assert "先の書類" in page.plain
    assert "¥2,880" in page.plain
    assert "¥11,520" in page.plain
    assert "まったく同じ" not in page.plain
    done = await owner.post(f"/held/{second}", {"decision": "apply"}, follow=True)
    assert "PO-1 を、先の書類とともに有効にしました" in done.plain
    assert waiting(webs) == 0
    decision = webs.toyota.town.see(lambda tx: tx.decisions.by_document(bytes.fromhex(second)))
    assert [(row.by, row.decision) for row in decision] == [("user:owner", "apply")]
    webs.deliver()
    assert webs.kyoto.town.see(lambda tx: tx.holdings.get(webs.seller, bytes.fromhex(second))) is not None


async def test_a_refusal_needs_its_reason_and_is_done_once(webs: TwoWebs) -> None:
    second = await twice(webs)
    owner = await webs.toyota.logged_in("owner")
    assert "まったく同じ" in (await owner.get("/held")).plain
    empty = await owner.post(f"/held/{second}", {"decision": "refuse", "note": ""})
    assert empty.status == 422
    assert waiting(webs) == 1
    await owner.get("/held")
    await owner.post(f"/held/{second}", {"decision": "refuse", "note": "二重に入力"}, follow=True)
    assert waiting(webs) == 0
    again = await owner.post(f"/held/{second}", {"decision": "apply"}, follow=True)
    assert "もう判断しました" in again.plain
    assert "判断を待っている書類はありません" in again.plain


async def test_clerks_and_viewers_see_and_do_not_decide_and_strangers_see_nothing(webs: TwoWebs) -> None:
    second = await twice(webs)
    for name in ("clerk", "viewer"):
        browser = await webs.toyota.logged_in(name)
        assert "会社の代表者が決めます" in (await browser.get("/held")).plain
        assert (await browser.post(f"/held/{second}", {"decision": "apply"})).status == 403
    toyota = webs.toyota
    toyota.settle_in("すずめ屋", toyota.town.enrol("すずめ屋"), "suzume-")
    stranger = await toyota.logged_in("suzume-owner")
    assert "PO-1" not in (await stranger.get("/held")).text
    assert (await stranger.post(f"/held/{second}", {"decision": "apply"})).status == 404
    assert waiting(webs) == 1


async def test_staff_try_a_set_aside_record_again_and_drop_another(webs: TwoWebs) -> None:
    kyoto = webs.kyoto.town
    kyoto.do(lambda tx: members.suspend(tx, webs.seller))
    for number in ("PO-1", "PO-2"):
        webs.toyota.town.submit(webs.buyer, Submission(webs.seller, order(number)))
    webs.deliver()
    first, second = kyoto.see(lambda tx: tx.quarantine.all())
    staff = await webs.kyoto.logged_in("staff")
    page = await staff.get("/association/quarantine")
    assert "豊田" in page.plain
    assert "suspended" in page.plain
    for secret in ("PO-1", "抹茶", "金太郎機械", "2,880"):
        assert secret not in page.text
    still = await staff.post(f"/association/quarantine/{first.id}/retry", follow=True)
    assert "まだ受け取れません" in still.plain
    kyoto.do(lambda tx: members.suspend(tx, webs.seller, False))
    taken = await staff.post(f"/association/quarantine/{first.id}/retry", follow=True)
    assert "受け取りました" in taken.plain
    dropped = await staff.post(f"/association/quarantine/{second.id}/drop", follow=True)
    assert "取り除きました" in dropped.plain
    assert kyoto.see(lambda tx: tx.quarantine.count()) == 0
    assert "もう判断しました" in (await staff.post(f"/association/quarantine/{second.id}/drop", follow=True)).plain
    for number in ("x", "999"):
        assert (await staff.post(f"/association/quarantine/{number}/drop")).status == 404
    assert "PO" not in (await staff.get("/association/quarantine?state=dropped")).plain
    assert (await staff.get("/association/quarantine?state=nonsense")).status == 200
    log = kyoto.see(lambda tx: tx.access_log.latest(10, member=None))
    assert {"quarantine-retried", "quarantine-dropped"} <= {row.what for row in log}


async def test_what_the_partners_association_set_aside_takes_no_page_away(webs: TwoWebs) -> None:
    webs.kyoto.town.do(lambda tx: members.suspend(tx, webs.seller))
    sent = webs.toyota.town.submit(webs.buyer, Submission(webs.seller, order("PO-1")))[0]
    webs.deliver()
    browser = await webs.toyota.logged_in("owner")
    assert "花咲堂" in browser.last.plain
    for path in ("/dealings?tab=all", "/settings", "/held", f"/dealings/{sent.thread.hex()}"):
        assert (await browser.get(path)).status == 200
    assert "発注者" in browser.last.plain
    assert "保留(確認中)" in browser.last.plain
    assert "回答する" not in browser.last.plain
